// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/live_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace bot {
namespace {

// The picture has the alternate screen, so that nothing scrolls and a resize
// leaves no debris (ECMA-48 and the private modes of xterm). Where terminals
// know mode 2026 they show what is between begin and end at once.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kBegin = "\x1b[?2026h\x1b[H";
constexpr std::string_view kLineEnd = "\x1b[K";
constexpr std::string_view kEnd = "\x1b[J\x1b[?2026l";

// Whose terminal is to be given back; below zero: nobody's.
std::atomic<int> painted{-1};

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

LiveTerminal::Mode LiveTerminal::ModeFor(int fd) {
  const char* term = std::getenv("TERM");
  const bool dumb =
      term == nullptr || *term == '\0' || std::string_view(term) == "dumb";
  return isatty(fd) == 1 && !dumb ? Mode::kPicture : Mode::kPlain;
}

bool LiveTerminal::LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    for (const std::string_view utf8 : {"UTF-8", "utf8", "utf-8", "UTF8"}) {
      if (locale.find(utf8) != std::string_view::npos) return true;
    }
    return false;
  }
  return false;
}

LiveTerminal::LiveTerminal(int fd, Mode mode) : fd_(fd), mode_(mode) {
  static const bool registered = std::atexit(&LiveTerminal::Restore) == 0;
  (void)registered;
}

LiveTerminal::~LiveTerminal() {
  if (painting_) Restore();
}

void LiveTerminal::Show(const RunFigures& figures) {
  if (mode_ == Mode::kPlain) {
    Write(plain_.Next(figures));
    return;
  }
  std::string bytes;
  if (!painting_) {
    painting_ = true;
    painted = fd_;
    bytes += kEnter;
  }
  bytes += kBegin;
  const auto lines = LiveFrame(figures, figures.duration, Size());
  for (size_t i = 0; i < lines.size(); ++i) {
    // Erased after the text, not before: that would flicker. Not beyond the
    // last column, where it would take away the last sign.
    if (i > 0) bytes += "\r\n";
    bytes += lines[i];
    bytes += kLineEnd;
  }
  bytes += kEnd;
  Write(bytes);
}

void LiveTerminal::Finish(const RunFigures& figures) {
  if (mode_ == Mode::kPlain) {
    Write(plain_.Next(figures));
    return;
  }
  if (painting_) Restore();
  painting_ = false;
  // Two lines remain for what is said and asked next.
  LiveSize size = Size();
  size.height = std::max<size_t>(size.height, 3) - 2;
  std::string bytes;
  for (const std::string& line : LiveFrame(figures, figures.duration, size)) {
    bytes += line + "\r\n";
  }
  Write(bytes);
}

void LiveTerminal::Restore() {
  const int fd = painted.exchange(-1);
  if (fd >= 0) WriteAll(fd, kLeave);
}

void LiveTerminal::Write(const std::string& bytes) const {
  WriteAll(fd_, bytes);
}

LiveSize LiveTerminal::Size() const {
  LiveSize size;
  winsize cells{};
  if (ioctl(fd_, TIOCGWINSZ, &cells) == 0 && cells.ws_col > 0 &&
      cells.ws_row > 0) {
    // A column less: a terminal whose cursor stands behind the last one would
    // erase what is in it.
    size.width = std::max<size_t>(cells.ws_col, 2) - 1;
    size.height = cells.ws_row;
  }
  size.utf8 = LocaleIsUtf8();
  return size;
}

}  // namespace bot
