// SPDX-License-Identifier: GPL-3.0-or-later
#include <absl/strings/str_join.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tools/report_figures.h"
#include "tools/bot/report/live_view.h"
#include "tools/bot/report/text_cells.h"

namespace bot {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Shown(const RunFigures& run, const LiveSize& size) {
  return absl::StrJoin(LiveFrame(run, run.duration, size), "\n");
}

TEST(ReportLive, NeverExceedsItsSize) {
  RunFigures wild = MakeRun(50, 90);
  wild.title = std::string(300, 'x');
  wild.bots[3].name = "J\xc3\xbcrgen \xe4\xb8\xad\x1b[2J";
  wild.errors.assign(80, "\x1b]0;owned\x07 " + std::string(300, 'e'));
  wild.seconds.back().received_bps = 123e12;
  wild.seconds.back().latency_p99_ms = 98'765'432.1;
  const RunFigures runs[] = {RunFigures(), MakeRun(50, 120), MakeRun(3, 4),
                             wild};
  for (const RunFigures& run : runs) {
    for (const bool utf8 : {true, false}) {
      for (size_t width = 1; width <= 200; width += width < 40 ? 13 : 1) {
        for (const size_t height : {1, 3, 9, 10, 11, 24, 60}) {
          const auto lines = LiveFrame(run, 77, {width, height, utf8});
          ASSERT_LE(lines.size(), height);
          for (const std::string& line : lines) {
            ASSERT_LE(CellsOf(line), width) << line;
            ASSERT_THAT(line, Not(HasSubstr("\x1b")));
            ASSERT_THAT(line, Not(HasSubstr("\n")));
            if (utf8) continue;
            ASSERT_TRUE(std::all_of(line.begin(), line.end(), [](char c) {
              return c >= 32 && c < 127;
            })) << line;
          }
        }
      }
    }
  }
}

TEST(ReportLive, TellsHowItGoes) {
  const std::string text = Shown(MakeRun(50, 60), {80, 24, true});
  for (const char* part :
       {"Stand-ups: rooms of ten", "talk.example.org\n", "60 s of 60 s",
        "48 of 50 joined   0 joining   2 failed   336 streams", "Mbit/s", "pps",
        "latency p50", "p99      ", "loss     ", "█", "worst    Bot 37",
        "events   10 s  Bot 3: loss", "30 s  server stopped", "error  Bot 7"}) {
    EXPECT_THAT(text, HasSubstr(part)) << text;
  }
}

TEST(ReportLive, WithoutAPlannedEndThereIsNoBar) {
  RunFigures run;
  EXPECT_EQ(LiveFrame(run, 3725, {80, 24, false})[1],
            "1:02:05, until it is stopped");
  run.planned_duration = 400;
  EXPECT_EQ(LiveFrame(run, 200, {25, 24, false})[1],
            "[####-----] 200 s of 6:40");
}

TEST(ReportLive, SparklinesShowTheNewest) {
  EXPECT_EQ(Sparkline({0, 7, 14}, 5, 14, false), "  _=#");
  EXPECT_EQ(Sparkline({1, 2, 14, 0}, 2, 14, false), "#_");
  EXPECT_EQ(Sparkline({0, 1}, 2, 1, true), "▁█");
  EXPECT_EQ(Sparkline({0, 0}, 2, 0, false), "__");
  EXPECT_EQ(Sparkline({}, 2, 0, false), "  ");
}

TEST(ReportPlain, ALineEveryFiveSecondsAndForEachMark) {
  const RunFigures whole = MakeRun(10, 12);
  PlainProgress progress;
  RunFigures run = whole;
  run.marks.clear();
  run.errors.clear();
  run.seconds.clear();
  std::vector<double> told;
  for (const Second& second : whole.seconds) {
    run.seconds.push_back(second);
    run.duration = second.at;
    if (!progress.Next(run).empty()) told.push_back(second.at);
  }
  EXPECT_THAT(told, testing::ElementsAre(5, 10));
  run.marks = {{11, "server\nstopped"}};
  EXPECT_EQ(progress.Next(run), "   11 s  * server stopped\n");
  EXPECT_EQ(progress.Next(run), "");
  run.errors = {"gone"};
  EXPECT_EQ(progress.Next(run), "   12 s  ! gone\n");
}

TEST(ReportPlain, TellsMeansOfRatesAndTheWorstOfTheRest) {
  RunFigures run;
  for (int i = 1; i <= 5; ++i) {
    Second& second = run.seconds.emplace_back();
    second.at = i;
    second.joined = static_cast<size_t>(i);
    second.received_bps = i * 1e6;
    second.sent_bps = 2e5;
    second.loss_ratio = i == 2 ? 0.25 : 0;
    second.latency_p99_ms = i == 3 ? 40 : 10;
    second.cpu = 0.5;
  }
  EXPECT_EQ(PlainProgress().Next(run),
            "    5 s  5 joined, 0 joining, 0 failed; in 3 Mbit/s, out 200 "
            "kbit/s; loss 25.0 %, p99 40.0 ms, frozen 0.00 %, silent 0.00 %; "
            "0.50 CPUs\n");
}

}  // namespace
}  // namespace bot
