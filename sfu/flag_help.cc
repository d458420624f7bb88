// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/flag_help.h"

#include <absl/flags/commandlineflag.h>
#include <absl/flags/reflection.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

namespace sfu {
namespace {

constexpr size_t kWidth = 78;
constexpr std::string_view kIndent = "      ";

void PrintWrapped(std::string_view text) {
  std::string line(kIndent);
  while (!text.empty()) {
    const size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (line.size() > kIndent.size() && line.size() + word.size() >= kWidth) {
      std::printf("%s\n", line.c_str());
      line = kIndent;
    }
    if (line.size() > kIndent.size()) line += ' ';
    line += word;
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  std::printf("%s\n", line.c_str());
}

void PrintFlag(std::string_view name, const absl::CommandLineFlag& flag) {
  if (flag.IsOfType<bool>()) {
    std::printf("  --[no]%.*s\n", static_cast<int>(name.size()), name.data());
  } else {
    const std::string value = flag.DefaultValue();
    std::printf("  --%.*s=%s\n", static_cast<int>(name.size()), name.data(),
                value.empty() ? "\"\"" : value.c_str());
  }
  PrintWrapped(flag.Help());
}

}  // namespace

bool AnswerHelp(int argc, char** argv, const char* usage) {
  bool help = false;
  bool version = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    help = help || argument == "--help" || argument == "-h" ||
           argument == "-help" || argument == "--helpfull";
    version = version || argument == "--version";
  }
  if (version) std::printf("carillon %s\n", CARILLON_VERSION);
  if (!help) return version;
  std::printf("%s\n\nFlags, with their defaults:\n\n", usage);
  std::map<std::string_view, const absl::CommandLineFlag*> sorted;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    // absl's own, for programs that are started from many places.
    if (name == "fromenv" || name == "tryfromenv" || name == "undefok") {
      continue;
    }
    if (!flag->IsRetired()) {
      sorted.emplace(std::string_view(name.data(), name.size()), flag);
    }
  }
  for (const auto& [name, flag] : sorted) PrintFlag(name, *flag);
  return true;
}

}  // namespace sfu
