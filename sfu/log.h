// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "rtp/base/time.h"

namespace sfu {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

// One place in the source that logs. Lets 10 lines a second through and
// counts the others; the next line that passes says how many are missing.
class LogSite {
 public:
  static constexpr uint32_t kLinesPerSecond = 10;

  // Whether a line may be written now. `suppressed` becomes the number of
  // lines lost since the last one that passed.
  bool Admit(rtp::Timestamp now, uint64_t* suppressed);

 private:
  rtp::Timestamp window_ = rtp::Timestamp::min();
  uint32_t lines_ = 0;
  uint64_t suppressed_ = 0;
};

// Writes what is below `level` nowhere, the rest to stderr; shows addresses
// and JIDs only if `show_addresses`. Called once, before any line.
void InitLog(LogLevel level, bool show_addresses);

// Personal data on its way into a line: the text itself with
// --log_addresses, else a mark that says it was left out.
std::string Redact(std::string_view address_or_jid);

// Quotes a value where it needs it: spaces, quotes, controls. Bounded.
std::string QuoteLogValue(std::string_view value);

// A line of `key=value` pairs, written when the object goes. Made by
// SFU_LOG only. Control thread only: workers count, they do not log.
class LogLine {
 public:
  LogLine(LogSite& site, LogLevel level, std::string_view event);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

  LogLine& With(std::string_view key, std::string_view value);
  LogLine& With(std::string_view key, const std::string& value) {
    return With(key, std::string_view(value));
  }
  LogLine& With(std::string_view key, const char* value) {
    return With(key, std::string_view(value));
  }
  LogLine& With(std::string_view key, bool value) {
    return With(key, std::string_view(value ? "true" : "false"));
  }
  template <std::integral Number>
  LogLine& With(std::string_view key, Number value) {
    return With(key, std::string_view(std::to_string(value)));
  }

 private:
  const LogLevel level_;
  bool written_ = false;
  std::string text_;
};

}  // namespace sfu

// SFU_LOG(kInfo, "media_port_open").With("port", port);
#define SFU_LOG(level, event)       \
  ::sfu::LogLine(                   \
      []() -> ::sfu::LogSite& {     \
        static ::sfu::LogSite site; \
        return site;                \
      }(),                          \
      ::sfu::LogLevel::level, event)
