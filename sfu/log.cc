// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "sfu/monotonic_clock.h"

namespace sfu {
namespace {

constexpr size_t kMaxValueBytes = 256;

struct LogState {
  std::shared_ptr<spdlog::logger> logger;
  bool show_addresses = false;
};

LogState& State() {
  static LogState state;
  return state;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

bool LogSite::Admit(rtp::Timestamp now, uint64_t* suppressed) {
  if (window_ == rtp::Timestamp::min() ||
      now - window_ >= std::chrono::seconds(1)) {
    window_ = now;
    lines_ = 0;
  }
  if (lines_ == kLinesPerSecond) {
    ++suppressed_;
    return false;
  }
  ++lines_;
  *suppressed = std::exchange(suppressed_, 0);
  return true;
}

void InitLog(LogLevel level, bool show_addresses) {
  LogState& state = State();
  state.logger = std::make_shared<spdlog::logger>(
      "carillon", std::make_shared<spdlog::sinks::stderr_sink_st>());
  state.logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v",
      spdlog::pattern_time_type::utc));
  state.logger->set_level(ToSpdlog(level));
  state.show_addresses = show_addresses;
}

std::string Redact(std::string_view address_or_jid) {
  if (State().show_addresses) return std::string(address_or_jid);
  return "[redacted]";
}

std::string QuoteLogValue(std::string_view value) {
  const bool cut = value.size() > kMaxValueBytes;
  if (cut) value = value.substr(0, kMaxValueBytes);
  bool plain = !value.empty() && !cut;
  std::string quoted = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      // One line stays one line, whatever a peer put into it.
      char escaped[5];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
      quoted += escaped;
      plain = false;
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '"' || c == '\\' || c == ' ' || c == '=') plain = false;
    quoted += c;
  }
  if (plain) return std::string(value);
  if (cut) quoted += "...";
  return quoted + "\"";
}

LogLine::LogLine(LogSite& site, LogLevel level, std::string_view event)
    : level_(level) {
  const LogState& state = State();
  if (!state.logger || !state.logger->should_log(ToSpdlog(level))) return;
  uint64_t suppressed = 0;
  if (!site.Admit(MonotonicNow(), &suppressed)) return;
  written_ = true;
  With("event", event);
  if (suppressed > 0) With("suppressed", suppressed);
}

LogLine::~LogLine() {
  if (!written_) return;
  State().logger->log(ToSpdlog(level_), spdlog::string_view_t(text_));
}

LogLine& LogLine::With(std::string_view key, std::string_view value) {
  if (!written_) return *this;
  if (!text_.empty()) text_ += ' ';
  text_ += key;
  text_ += '=';
  text_ += QuoteLogValue(value);
  return *this;
}

}  // namespace sfu
