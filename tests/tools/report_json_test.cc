// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/report_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/report_figures.h"

namespace bot {
namespace {

using std::chrono::milliseconds;

nlohmann::json Parsed(const RunFigures& run, const char* wanted = "") {
  std::vector<Requirement> requirements;
  EXPECT_EQ(ParseRequirements(wanted, &requirements), "");
  return nlohmann::json::parse(ToJson(run, requirements));
}

// The tests in tests/browser and tests/integration read these.
TEST(ReportJson, TimesOfBotsAreSinceTheRunBegan) {
  RunFigures run;
  BotFigures bot;
  bot.name = "Bot 0";
  bot.participant = "p0";
  bot.started = milliseconds(1000);
  bot.accepted = milliseconds(50);
  bot.ice_connected = milliseconds(70);
  bot.connected = milliseconds(90);
  bot.first_picture = milliseconds(250);
  bot.packets_sent = 7;
  bot.unauthentic = 1;
  bot.slot_events = {{milliseconds(1300), "video0", "p1-v0", "p1"}};
  StreamFigures& stream = bot.streams.emplace_back();
  stream.content = "video0";
  stream.kind = rtp::MediaKind::kVideo;
  stream.packets = 10;
  stream.recovered = 2;
  stream.lost = 3;
  stream.longest_gap = std::chrono::microseconds(1500);
  run.bots = {bot, BotFigures()};
  run.speakers = {{milliseconds(5000), 1}};
  const auto json = Parsed(run);
  EXPECT_EQ(json["version"], 2);
  const auto& one = json["bots"][0];
  EXPECT_EQ(one["name"], "Bot 0");
  EXPECT_EQ(one["participant"], "p0");
  EXPECT_EQ(one["started"], 1000);
  EXPECT_EQ(one["accepted"], 1050);
  EXPECT_EQ(one["ice_connected"], 1070);
  EXPECT_EQ(one["dtls_connected"], 1090);
  EXPECT_EQ(one["first_picture"], 1250);
  EXPECT_TRUE(one["first_sound"].is_null());
  EXPECT_EQ(one["packets_sent"], 7);
  EXPECT_EQ(one["unauthentic"], 1);
  EXPECT_EQ(one["slot_events"][0], nlohmann::json({{"at", 1300},
                                                   {"content", "video0"},
                                                   {"source", "p1-v0"},
                                                   {"owner", "p1"}}));
  const auto& slot = one["slots"][0];
  EXPECT_EQ(slot["content"], "video0");
  EXPECT_EQ(slot["packets"], 12);  // all that came
  EXPECT_EQ(slot["lost"], 3);
  EXPECT_EQ(slot["recovered"], 2);
  EXPECT_EQ(slot["longest_gap"], 1.5);
  for (const char* count : {"duplicates", "frames", "key_frames",
                            "decode_errors", "backward_timestamps"}) {
    EXPECT_EQ(slot[count], 0) << count;
  }
  EXPECT_TRUE(json["bots"][1]["started"].is_null());
  EXPECT_EQ(json["speakers"],
            nlohmann::json::parse(R"([{"at": 5000, "bot": 1}])"));
}

TEST(ReportJson, LateJoinersAreApart) {
  RunFigures run;
  for (const int ms : {100, 300, 500, 700, -1}) {
    BotFigures& bot = run.late_joiners.emplace_back();
    bot.ice_connected = milliseconds(50);
    bot.first_picture = milliseconds(ms);
  }
  const auto late = Parsed(run)["late_joiners"];
  EXPECT_EQ(late["first_picture_after_ice"],
            nlohmann::json({50, 250, 450, 650}));
  EXPECT_EQ(late["median"], 350);
  EXPECT_EQ(late["without_picture"], 1);
  EXPECT_EQ(late["bots"].size(), 5u);
  EXPECT_TRUE(Parsed(run)["bots"].empty());
}

TEST(ReportJson, TellsTheRunAndItsRequirements) {
  const auto json = Parsed(MakeRun(50, 120), "joined>=48,freeze_ratio<1%");
  EXPECT_EQ(json["seed"], 42);
  EXPECT_EQ(json["duration"], 120'000);
  EXPECT_EQ(json["summary"]["joined"], 48);
  EXPECT_EQ(json["summary"].size(), ValueKinds().size());
  EXPECT_EQ(json["seconds"].size(), 120u);
  EXPECT_EQ(json["seconds"][0]["at"], 1000);
  EXPECT_EQ(json["marks"][1]["at"], 60'000);
  EXPECT_EQ(json["failures"][0]["count"], 2);
  EXPECT_EQ(json["bots"][0]["slots"][3]["latency"]["count"], 200);
  EXPECT_FALSE(json["passed"]);
  EXPECT_TRUE(json["requirements"][0]["passed"]);
  EXPECT_EQ(json["requirements"][1]["op"], "<");
  EXPECT_EQ(json["requirements"][1]["wanted"], 0.01);
}

TEST(ReportJson, TextsOfServersMayBeAnything) {
  RunFigures run;
  run.bots.emplace_back().failure = "\xff\x1b[31m\"\\";
  EXPECT_EQ(Parsed(run)["bots"][0]["failure"], "\xef\xbf\xbd\x1b[31m\"\\");
  EXPECT_TRUE(Parsed(run)["summary"]["loss_ratio"].is_null());
  EXPECT_TRUE(Parsed(run)["passed"]);
}

}  // namespace
}  // namespace bot
