// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/static_files.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace sfu {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = "/index.html";

struct ContentType {
  std::string_view extension;
  std::string_view type;
};
constexpr std::array<ContentType, 18> kContentTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".webm", "video/webm"},
}};

std::string ContentTypeOf(const fs::path& path) {
  const std::string extension = path.extension().string();
  for (const ContentType& known : kContentTypes) {
    if (known.extension == extension) return std::string(known.type);
  }
  return "application/octet-stream";
}

// FNV-1a, 64 bits: tells versions of a file apart, protects nothing.
std::string EtagOf(std::string_view content) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : content) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  char text[48];
  std::snprintf(text, sizeof(text), "\"%016llx-%zx\"",
                static_cast<unsigned long long>(hash), content.size());
  return text;
}

bool IsHidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

// Whether `path` lies beneath `root`; both canonical.
bool IsBeneath(const fs::path& path, const fs::path& root) {
  const fs::path relative = path.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string content((std::istreambuf_iterator<char>(file)),
                      std::istreambuf_iterator<char>());
  if (file.bad()) return std::nullopt;
  return content;
}

}  // namespace

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::optional<StaticFiles> StaticFiles::Load(const std::string& directory,
                                             std::string* error) {
  std::error_code code;
  const fs::path root = fs::canonical(directory, code);
  if (code) {
    *error = "cannot read " + directory + ": " + code.message();
    return std::nullopt;
  }
  fs::recursive_directory_iterator entry(root, code);
  if (code) {
    *error = "cannot read " + directory + ": " + code.message();
    return std::nullopt;
  }
  StaticFiles files;
  size_t bytes = 0;
  for (; entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    if (IsHidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    // Links are followed, as the mounts of Kubernetes are made of them.
    const fs::path real = fs::canonical(entry->path(), code);
    if (code || !fs::is_regular_file(real, code) || !IsBeneath(real, root)) {
      continue;
    }
    std::optional<std::string> content = ReadFile(real);
    if (!content) {
      *error = "cannot read " + entry->path().string();
      return std::nullopt;
    }
    bytes += content->size();
    if (bytes > kMaxBytes || files.files_.size() == kMaxFiles) {
      *error = directory + " holds more than a page: over " +
               std::to_string(kMaxFiles) + " files or " +
               std::to_string(kMaxBytes >> 20) + " MiB";
      return std::nullopt;
    }
    std::string name =
        "/" + entry->path().lexically_relative(root).generic_string();
    std::string etag = EtagOf(*content);
    files.files_.emplace(std::move(name),
                         File{std::move(*content), ContentTypeOf(entry->path()),
                              std::move(etag)});
  }
  if (code) {
    *error = "cannot read " + directory + ": " + code.message();
    return std::nullopt;
  }
  if (!files.files_.contains(kIndex)) {
    *error = directory + " has no index.html: build the page first";
    return std::nullopt;
  }
  return files;
}

const StaticFiles::File* StaticFiles::Find(std::string_view target) const {
  const std::optional<std::string> path =
      DecodePercent(target.substr(0, target.find('?')));
  if (!path || path->empty() || path->front() != '/') return nullptr;
  auto it = files_.find(*path);
  if (it == files_.end()) {
    // "/" and "/standup" are the page; "/lost.js" and "/a/b" are mistakes.
    if (path->find_first_of("/.", 1) != std::string::npos) return nullptr;
    it = files_.find(kIndex);
  }
  return it == files_.end() ? nullptr : &it->second;
}

}  // namespace sfu
