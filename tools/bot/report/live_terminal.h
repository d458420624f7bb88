// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "tools/bot/figures.h"
#include "tools/bot/report/live_view.h"

namespace bot {

// Shows how a run goes on a file descriptor: a picture that is painted anew in
// place where that is a terminal, else plain lines. A shell: writes, and asks
// for the terminal's size each time.
class LiveTerminal {
 public:
  enum class Mode { kPicture, kPlain };
  // What suits `fd`: a picture unless it is no terminal or TERM is "dumb" or
  // not set.
  static Mode ModeFor(int fd);
  // By LC_ALL, LC_CTYPE and LANG, the first of them that is set.
  static bool LocaleIsUtf8();

  explicit LiveTerminal(int fd) : LiveTerminal(fd, ModeFor(fd)) {}
  LiveTerminal(int fd, Mode mode);
  // As Finish() without a last picture.
  ~LiveTerminal();
  LiveTerminal(const LiveTerminal&) = delete;
  LiveTerminal& operator=(const LiveTerminal&) = delete;

  // To be called about once a second.
  void Show(const RunFigures& figures);
  // Gives the terminal back, with the last picture on it.
  void Finish(const RunFigures& figures);

  // Gives the terminal back, whatever is going on; for signal handlers. The
  // end of the process by exit() does so too.
  static void Restore();

 private:
  void Write(const std::string& bytes) const;
  LiveSize Size() const;

  const int fd_;
  const Mode mode_;
  bool painting_ = false;
  PlainProgress plain_;
};

}  // namespace bot
