// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "tests/tools/report_figures.h"
#include "tools/bot/report/live_terminal.h"

namespace bot {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A terminal whose other end a test reads.
class Pty {
 public:
  Pty() {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master_);
    unlockpt(master_);
    slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    termios raw{};
    tcgetattr(slave_, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave_, TCSANOW, &raw);
    Resize(80, 24);
  }
  ~Pty() {
    close(slave_);
    close(master_);
  }
  void Resize(unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    ioctl(master_, TIOCSWINSZ, &size);
  }
  int fd() const { return slave_; }
  // What was written so far.
  std::string Read() {
    std::string all;
    char buffer[4096];
    pollfd ready{master_, POLLIN, 0};
    while (poll(&ready, 1, 50) == 1) {
      const ssize_t count = read(master_, buffer, sizeof(buffer));
      if (count <= 0) break;
      all.append(buffer, static_cast<size_t>(count));
    }
    return all;
  }

 private:
  int master_ = -1;
  int slave_ = -1;
};

size_t LinesOf(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

TEST(ReportTerminal, PaintsInPlaceAndGivesTheTerminalBack) {
  Pty pty;
  const RunFigures run = MakeRun(20, 30);
  {
    LiveTerminal terminal(pty.fd(), LiveTerminal::Mode::kPicture);
    EXPECT_EQ(pty.Read(), "");
    terminal.Show(run);
    const std::string first = pty.Read();
    EXPECT_THAT(first, StartsWith("\x1b[?1049h\x1b[?25l\x1b[?2026h\x1b[H"));
    EXPECT_THAT(first, EndsWith("\x1b[J\x1b[?2026l"));
    EXPECT_THAT(first, Not(HasSubstr("\x1b[2J")));  // that would flicker
    EXPECT_LE(LinesOf(first), 24u);
    pty.Resize(40, 6);
    terminal.Show(run);
    const std::string second = pty.Read();
    EXPECT_THAT(second, StartsWith("\x1b[?2026h\x1b[H"));
    EXPECT_LE(LinesOf(second), 6u);
    terminal.Finish(run);
    const std::string last = pty.Read();
    EXPECT_THAT(last, StartsWith("\x1b[?25h\x1b[?1049l"));
    EXPECT_THAT(last, HasSubstr("of 20 joined"));
    EXPECT_THAT(last, EndsWith("\r\n"));
  }
  EXPECT_EQ(pty.Read(), "");  // not twice
}

TEST(ReportTerminal, IsGivenBackWhateverHappens) {
  Pty pty;
  {
    LiveTerminal terminal(pty.fd(), LiveTerminal::Mode::kPicture);
    terminal.Show({});
    pty.Read();
  }
  EXPECT_EQ(pty.Read(), "\x1b[?25h\x1b[?1049l");
  LiveTerminal terminal(pty.fd(), LiveTerminal::Mode::kPicture);
  terminal.Show({});
  pty.Read();
  LiveTerminal::Restore();  // as a signal handler would
  EXPECT_EQ(pty.Read(), "\x1b[?25h\x1b[?1049l");
}

TEST(ReportTerminal, PlainLinesHaveNoEscapes) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  setenv("TERM", "xterm", 1);
  EXPECT_EQ(LiveTerminal::ModeFor(ends[1]), LiveTerminal::Mode::kPlain);
  LiveTerminal terminal(ends[1]);
  terminal.Show(MakeRun(5, 10));
  terminal.Finish(MakeRun(5, 10));
  close(ends[1]);
  char buffer[4096];
  const ssize_t count = read(ends[0], buffer, sizeof(buffer));
  close(ends[0]);
  ASSERT_GT(count, 0);
  const std::string text(buffer, static_cast<size_t>(count));
  EXPECT_THAT(text, HasSubstr("server stopped"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ReportTerminal, ModeIsByTermAndEncodingByLocale) {
  Pty pty;
  setenv("TERM", "dumb", 1);
  EXPECT_EQ(LiveTerminal::ModeFor(pty.fd()), LiveTerminal::Mode::kPlain);
  unsetenv("TERM");
  EXPECT_EQ(LiveTerminal::ModeFor(pty.fd()), LiveTerminal::Mode::kPlain);
  setenv("TERM", "xterm", 1);
  EXPECT_EQ(LiveTerminal::ModeFor(pty.fd()), LiveTerminal::Mode::kPicture);
  setenv("LC_ALL", "", 1);
  setenv("LC_CTYPE", "C", 1);
  setenv("LANG", "en_IE.UTF-8", 1);
  EXPECT_FALSE(LiveTerminal::LocaleIsUtf8());
  setenv("LC_ALL", "de_DE.utf8", 1);
  EXPECT_TRUE(LiveTerminal::LocaleIsUtf8());
  unsetenv("LC_ALL");
  unsetenv("LC_CTYPE");
  EXPECT_TRUE(LiveTerminal::LocaleIsUtf8());
  unsetenv("LANG");
  EXPECT_FALSE(LiveTerminal::LocaleIsUtf8());
}

}  // namespace
}  // namespace bot
