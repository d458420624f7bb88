// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/report_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/report_figures.h"
#include "tools/bot/report/svg_plot.h"

namespace bot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

size_t CountOf(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(ReportHtml, NothingFromOutsideIsMarkup) {
  EXPECT_EQ(Html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(Html("a\x01\x7f\nb\xff"), "a  \nb\xef\xbf\xbd");
  const std::string evil = "</title></style><script>alert(1)</script>\"'";
  RunFigures run = MakeRun(3, 10);
  run.title = run.server = evil;
  for (BotFigures& bot : run.bots) bot.name = bot.room = evil;
  run.bots[0].state = BotState::kFailed;
  run.bots[0].failure = evil;
  for (Mark& mark : run.marks) mark.text = evil;
  run.errors = {evil};
  const std::string html = ToHtml(run);
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_EQ(CountOf(html, "<script"), 1u);
  EXPECT_EQ(CountOf(html, "</style"), 1u);
  EXPECT_EQ(CountOf(html, "</title"), 1 + CountOf(html, "<title>") - 1);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
}

TEST(ReportHtml, NeedsNothingElse) {
  const std::string html = ToHtml(MakeRun(50, 120));
  for (const char* part : {"http:", "https:", "src=", "<link", "@import",
                           "url(", "nan", "inf\""}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
  EXPECT_EQ(CountOf(html, "<svg"), 6u);
  EXPECT_EQ(CountOf(html, "<tr><td class=\"\">Bot "), 50u + 5u);
}

TEST(ReportHtml, OfNothingIsStillAPage) {
  const std::string html = ToHtml({});
  EXPECT_THAT(html, HasSubstr("</html>"));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  RunFigures one;
  one.seconds.emplace_back();  // all zero, at 0
  EXPECT_THAT(ToHtml(one), Not(HasSubstr("nan")));
}

TEST(ReportHtml, LongRunsAreThinned) {
  const RunFigures run = MakeRun(2, 20'000);
  EXPECT_LT(ToHtml(run).size(), 500'000u);
}

TEST(ReportPlot, TicksAreRound) {
  EXPECT_THAT(RoundTicks(66, 4), ElementsAre(0, 20, 40, 60, 80));
  EXPECT_THAT(RoundTicks(100, 4), ElementsAre(0, 50, 100));
  EXPECT_THAT(RoundTicks(0.8, 4), ElementsAre(0, 0.2, 0.4, testing::_, 0.8));
  EXPECT_THAT(LogTicks(8, 300), ElementsAre(5, 10, 20, 50, 100, 200, 500));
  EXPECT_THAT(LogTicks(3, 4000), ElementsAre(1, 10, 100, 1000, 10000));
  EXPECT_THAT(LogTicks(10, 10), ElementsAre(10, 20));
}

TEST(ReportPlot, TimesAreToldInTheirUnit) {
  const auto labels = [](double end) {
    std::vector<std::string> texts;
    for (const TimeTick& tick : TimeTicks(end, 6)) texts.push_back(tick.label);
    return texts;
  };
  EXPECT_THAT(labels(6),
              ElementsAre("0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s"));
  EXPECT_THAT(labels(120), ElementsAre("0 s", "20 s", "40 s", "60 s", "80 s",
                                       "100 s", "120 s"));
  EXPECT_THAT(labels(600), ElementsAre("0 min", "2 min", "4 min", "6 min",
                                       "8 min", "10 min"));
  EXPECT_THAT(labels(7200 * 2), ElementsAre("0 h", "1 h", "2 h", "3 h", "4 h"));
}

TEST(ReportPlot, PeaksOutliveThinning) {
  Plot plot;
  plot.end = 10'000;
  plot.series = {{"peak", {}, true}};
  for (int i = 0; i < 10'000; ++i) {
    plot.at.push_back(i + 1);
    plot.series[0].values.push_back(i == 5000 ? 80 : 1);
  }
  EXPECT_THAT(DrawPlot(plot, {}), HasSubstr("peak 80 "));
  plot.series[0].peaks = false;
  EXPECT_THAT(DrawPlot(plot, {}), Not(HasSubstr("peak 80 ")));
  // But what is around the mean shows it, at the height of 80 of 80.
  EXPECT_THAT(DrawPlot(plot, {}),
              testing::ContainsRegex("polygon class=\"b0\"[^/]*,22\\.0 "));
}

TEST(ReportPlot, MarksThatWouldOverlapShareANumber) {
  Plot plot;
  plot.end = 100;
  plot.at = {50, 100};
  plot.series = {{"s", {1, 2}}};
  const std::string svg = DrawPlot(
      plot, {{10, "first"}, {50, "second"}, {51, "third"}, {90, "fourth"}});
  EXPECT_EQ(CountOf(svg, "class=\"mark\""), 4u);
  EXPECT_EQ(CountOf(svg, "class=\"number\""), 3u);
  EXPECT_THAT(svg, HasSubstr(">1</text>"));
  EXPECT_THAT(svg, HasSubstr(">2-3</text>"));
  EXPECT_THAT(svg, HasSubstr("50 s: second\n51 s: third"));
  EXPECT_THAT(svg, HasSubstr(">4</text>"));
}

}  // namespace
}  // namespace bot
