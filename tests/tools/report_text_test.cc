// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/report_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/tools/report_figures.h"
#include "tools/bot/report/text_cells.h"

namespace bot {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportCells, NothingMovesTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2Jb\r\n\tc\x7f", true), "a [2Jb   c ");
  EXPECT_EQ(Printable(std::string_view("\0x", 2), true), " x");
  EXPECT_EQ(Printable("J\xc3\xbcrgen \xd0\x96", true),
            "J\xc3\xbcrgen \xd0\x96");
  EXPECT_EQ(Printable("J\xc3\xbcrgen", false), "J?rgen");
  // Wide, right to left, without width, C1, soft hyphen, combining.
  for (const char* bad :
       {"\xe4\xb8\xad", "\xe2\x80\xae", "\xe2\x80\x8b", "\xc2\x9b", "\xc2\xad",
        "\xcc\x81", "\xf0\x9f\x98\x80", "\xff", "\x80", "\xc3", "\xc1\xbf"}) {
    EXPECT_EQ(Printable(bad, true), "?") << bad;
  }
}

TEST(ReportCells, CountCellsNotBytes) {
  EXPECT_EQ(CellsOf("\xc3\xbc"
                    "b"),
            2u);
  EXPECT_EQ(PadRight("\xc3\xbc", 3), "\xc3\xbc  ");
  EXPECT_EQ(PadLeft("\xc3\xbc", 3), "  \xc3\xbc");
  EXPECT_EQ(Cut("abcdef", 6), "abcdef");
  EXPECT_EQ(Cut("abcdefg", 6), "abcd..");
  EXPECT_EQ(Cut("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 3), "\xc3\xbc..");
  EXPECT_EQ(Cut("abc", 2), "..");
  EXPECT_EQ(Cut("abc", 1), ".");
  EXPECT_EQ(Cut("abc", 0), "");
}

TEST(ReportText, FitsATerminal) {
  RunFigures run = MakeRun(50, 120);
  run.title = std::string(200, 'x');
  run.errors.assign(30, std::string(300, 'y') + "\x1b[31m");
  std::vector<Requirement> wanted;
  ASSERT_EQ(ParseRequirements("freeze_ratio<1%,joined>=48", &wanted), "");
  const std::string text = ToText(run, wanted);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(CellsOf(line), 90u) << line;
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
  EXPECT_THAT(text, HasSubstr("and 20 more"));
}

TEST(ReportText, TellsEverySection) {
  std::vector<Requirement> wanted;
  ASSERT_EQ(ParseRequirements("freeze_ratio<1%,joined>=48", &wanted), "");
  const std::string text = ToText(MakeRun(50, 120), wanted);
  for (const char* part :
       {"Stand-ups: rooms of ten, 2 s outage\n",
        "talk.example.org, 50 bots, 120 s, seed 42\n", "\nJOINS",
        "48 of 50 joined; 2 failed, 2 of them to join\n", "\nTRAFFIC",
        "\nQUALITY", "\nWORST BOTS", "\nFAILURES",
        "    2  refused: service-unavailable", "\nERRORS", "\nREQUIREMENTS",
        "FAIL\n", "PASS\n"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(ReportText, OfNothingIsNothing) {
  const std::string text = ToText({});
  EXPECT_THAT(text, HasSubstr("0 of 0 joined"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("REQUIREMENTS")));
  EXPECT_THAT(text, Not(HasSubstr("WORST")));
}

}  // namespace
}  // namespace bot
