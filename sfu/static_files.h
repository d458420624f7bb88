// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sfu {

// The files of the web page. All are read once, at the start: requests touch
// no disk, and since a request only looks a name up among what was read, none
// can leave the directory.
class StaticFiles {
 public:
  static constexpr size_t kMaxFiles = 4096;
  static constexpr size_t kMaxBytes = 64 << 20;  // of all files together

  struct File {
    std::string content;
    std::string content_type;
    std::string etag;  // strong and quoted (RFC 9110 s8.8.3)
  };

  // No files at all.
  StaticFiles() = default;

  // Reads `directory` and what is beneath it. Left out: names that begin with
  // a dot, and links that lead out of the directory. On failure nullopt and
  // an error text for the operator.
  static std::optional<StaticFiles> Load(const std::string& directory,
                                         std::string* error);

  // The file for a request target (RFC 9112 s3.2.1), query included. A single
  // segment without a dot names a room and gives the page itself. nullptr:
  // not found. The pointer lives as long as this object.
  const File* Find(std::string_view target) const;

  bool empty() const { return files_.empty(); }

 private:
  std::map<std::string, File, std::less<>> files_;  // by "/assets/app.js"
};

// Undoes percent-encoding (RFC 3986 s2.1); nullopt if malformed.
std::optional<std::string> DecodePercent(std::string_view text);

}  // namespace sfu
