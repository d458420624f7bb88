// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs a fuzz program without libFuzzer: over every file of the directories
// given as arguments, in order of name, and over the mutations of the small
// ones that need no luck to find.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

// Larger files are run as they are.
constexpr size_t kMaxMutated = 2048;
// What a byte is combined with: lowest bit, highest bit, all of them.
constexpr std::array<uint8_t, 3> kFlips = {0x01, 0x80, 0xFF};

std::vector<std::filesystem::path> FilesOf(const char* directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Runs one input, in memory of just its size so that a sanitizer sees a read
// past its end.
void Run(const std::vector<uint8_t>& input, size_t size, size_t* count) {
  const std::vector<uint8_t> exact(
      input.begin(), input.begin() + static_cast<ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  ++*count;
}

void RunMutations(std::vector<uint8_t> input, size_t* count) {
  for (size_t size = 0; size < input.size(); ++size) Run(input, size, count);
  for (uint8_t& byte : input) {
    const uint8_t original = byte;
    for (const uint8_t flip : kFlips) {
      byte = original ^ flip;
      Run(input, input.size(), count);
    }
    byte = original;
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::filesystem::path> files = FilesOf(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "%s: no corpus here\n", argv[i]);
      return 1;
    }
    for (const std::filesystem::path& path : files) {
      std::ifstream file(path, std::ios::binary);
      const std::vector<uint8_t> input{std::istreambuf_iterator<char>(file),
                                       std::istreambuf_iterator<char>()};
      if (!file) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return 1;
      }
      Run(input, input.size(), &count);
      if (input.size() <= kMaxMutated) RunMutations(input, &count);
    }
  }
  if (count == 0) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY...\n", argv[0]);
    return 1;
  }
  std::printf("%zu inputs\n", count);
  return 0;
}
