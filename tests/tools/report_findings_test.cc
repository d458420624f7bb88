// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/bot/report/findings.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

BotFigures& AddBot(RunFigures& run, const char* name) {
  BotFigures& bot = run.bots.emplace_back();
  bot.name = name;
  bot.state = BotState::kJoined;
  return bot;
}

TEST(ReportFindings, WorstBotsComeWithTheReason) {
  RunFigures run;
  AddBot(run, "fine").streams.emplace_back().packets = 100;
  StreamFigures& frozen = AddBot(run, "frozen").streams.emplace_back();
  frozen.kind = rtp::MediaKind::kVideo;
  frozen.packets = 100;
  frozen.watched = seconds(10);
  frozen.frozen = milliseconds(500);
  StreamFigures& lossy = AddBot(run, "lossy").streams.emplace_back();
  lossy.packets = 80;
  lossy.lost = 20;
  AddBot(run, "deaf").streams.emplace_back();
  BotFigures& failed = AddBot(run, "failed");
  failed.state = BotState::kFailed;
  failed.streams = {lossy};

  const auto worst = WorstBots(run, 5);
  ASSERT_EQ(worst.size(), 3u);
  EXPECT_EQ(worst[0].bot->name, "lossy");
  EXPECT_EQ(worst[0].why, "loss 20 %");
  EXPECT_EQ(worst[1].bot->name, "deaf");
  EXPECT_EQ(worst[1].why, "received nothing");
  EXPECT_EQ(worst[2].bot->name, "frozen");
  EXPECT_EQ(worst[2].why, "frozen 5 %");
  EXPECT_EQ(WorstBots(run, 1).size(), 1u);
}

TEST(ReportFindings, FailuresAreGrouped) {
  RunFigures run;
  for (const char* reason : {"timeout", "", "refused", "timeout"}) {
    BotFigures& bot = AddBot(run, "x");
    bot.state = BotState::kFailed;
    bot.failure = reason;
  }
  AddBot(run, "fine");
  const auto groups = GroupFailures(run);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].reason, "timeout");
  EXPECT_EQ(groups[0].bots.size(), 2u);
  EXPECT_EQ(groups[1].reason, "no reason told");
  EXPECT_EQ(groups[2].reason, "refused");
}

}  // namespace
}  // namespace bot
