// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/scenario_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace bot {
namespace {

using rtp::TimeDelta;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Plan PlanOf(std::string_view text) {
  std::vector<std::string> errors;
  const auto scenario = ParseScenario(text, &errors);
  EXPECT_THAT(errors, IsEmpty());
  return MakePlan(scenario.value_or(DefaultScenario()));
}

// `1.5 3 talk`: when, who, what.
std::vector<std::string> Told(const Plan& plan, bool joins = false) {
  std::vector<std::string> out;
  for (const PlannedAction& planned : plan.actions) {
    if (!joins && std::holds_alternative<action::Join>(planned.action)) {
      continue;
    }
    const auto ms =
        std::chrono::duration_cast<milliseconds>(planned.at).count();
    out.push_back(std::to_string(ms) + " " +
                  (planned.bot ? std::to_string(*planned.bot) : "-") + " " +
                  Describe(planned.action));
  }
  return out;
}

template <typename A>
std::vector<PlannedAction> Only(const Plan& plan) {
  std::vector<PlannedAction> out;
  for (const PlannedAction& planned : plan.actions) {
    if (std::holds_alternative<A>(planned.action)) out.push_back(planned);
  }
  return out;
}

TEST(ScenarioPlan, BotsJoinAtTheRate) {
  const Plan plan = PlanOf(R"({
    "duration_s": 5, "join": {"rate_per_s": 4},
    "groups": [{"rooms": 2, "room_name": "r%d", "bots": 2,
                "senders": {"audio": 1, "video": 0}},
               {"room_name": "late", "bots": 1, "receive_only": true,
                "join": {"at_s": 2}}]})");
  EXPECT_EQ(plan.seats, 5u);
  ASSERT_EQ(plan.bots.size(), 5u);
  EXPECT_THAT(Told(plan, true),
              ElementsAre("0 0 join", "250 1 join", "500 2 join", "750 3 join",
                          "2000 4 join"));
  EXPECT_EQ(plan.joined, seconds(2));
  EXPECT_EQ(plan.end, seconds(7));
  EXPECT_EQ(plan.bots[1].room, "r0");
  EXPECT_EQ(plan.bots[2].room, "r1");
  EXPECT_TRUE(plan.bots[0].send_audio);
  EXPECT_FALSE(plan.bots[1].send_audio);
  EXPECT_FALSE(plan.bots[0].send_video);
  EXPECT_FALSE(plan.bots[4].send_audio);
  EXPECT_LT(plan.bots[4].leaves, TimeDelta::zero());
  std::set<std::string> names;
  std::set<uint64_t> seeds;
  for (const BotPlan& bot : plan.bots) {
    names.insert(bot.name);
    seeds.insert(bot.seed);
  }
  EXPECT_EQ(names.size(), 5u);
  EXPECT_EQ(seeds.size(), 5u);
}

TEST(ScenarioPlan, AStormIsAllAtOnceAndNoDurationIsEnough) {
  const Plan plan = PlanOf(R"({"duration_s": 0, "join": {"storm": true},
                               "groups": [{"bots": 3}]})");
  EXPECT_THAT(Told(plan, true),
              ElementsAre("0 0 join", "0 1 join", "0 2 join"));
}

TEST(ScenarioPlan, AScriptGoesAsWritten) {
  const std::string text = R"({
    "duration_s": 6, "join": {"rate_per_s": 1}, "groups": [{"bots": 2}],
    "speakers": {"kind": "script", "loop": LOOP, "script": [
      {"bot": 0, "seconds": 2}, {"bot": 1, "seconds": 1.5}]}})";
  auto with = [&text](const char* loop) {
    std::string out = text;
    return out.replace(out.find("LOOP"), 4, loop);
  };
  EXPECT_THAT(Told(PlanOf(with("false"))),
              ElementsAre("1000 0 talk", "3000 0 fall silent", "3000 1 talk",
                          "4500 1 fall silent"));
  EXPECT_THAT(Told(PlanOf(with("true"))),
              ElementsAre("1000 0 talk", "3000 0 fall silent", "3000 1 talk",
                          "4500 1 fall silent", "4500 0 talk",
                          "6500 0 fall silent", "6500 1 talk"));
}

TEST(ScenarioPlan, RandomTalkTakesTurns) {
  const Plan plan = PlanOf(R"({
    "duration_s": 3600, "groups": [{"bots": 5, "senders": {"audio": 4}}],
    "speakers": {"kind": "random", "mean_talk_s": 4, "mean_pause_s": 1,
                 "overlap": 0.2, "laugh": 0}})");
  TimeDelta talked{};
  TimeDelta together{};
  TimeDelta last{};
  std::set<size_t> talking;
  size_t turns = 0;
  size_t last_bot = SIZE_MAX;
  for (const PlannedAction& planned : Only<action::Speak>(plan)) {
    if (!talking.empty()) talked += planned.at - last;
    if (talking.size() > 1) together += planned.at - last;
    last = planned.at;
    EXPECT_LT(*planned.bot, 4u);
    if (std::get<action::Speak>(planned.action).level == 20) {
      EXPECT_TRUE(talking.insert(*planned.bot).second);
      EXPECT_NE(*planned.bot, last_bot);
      last_bot = *planned.bot;
      ++turns;
    } else {
      EXPECT_EQ(talking.erase(*planned.bot), 1u);
    }
    EXPECT_LE(talking.size(), 3u);
  }
  // 3600 s of turns that are 0.8 * 5 s and 0.2 * 3 s or so apart.
  EXPECT_NEAR(static_cast<double>(turns), 3600 / 4.65, 80);
  EXPECT_NEAR(static_cast<double>(talked.count()) / 3600e6, 0.82, 0.06);
  EXPECT_GT(together, seconds(60));
}

TEST(ScenarioPlan, AllLaughAndFallSilentAgain) {
  const Plan plan = PlanOf(R"({
    "duration_s": 100, "groups": [{"bots": 4}],
    "speakers": {"kind": "random", "laugh": 1, "overlap": 0}})");
  std::map<size_t, bool> talks;
  size_t most = 0;
  for (const PlannedAction& planned : Only<action::Speak>(plan)) {
    const bool on = std::get<action::Speak>(planned.action).level == 20;
    EXPECT_NE(talks[*planned.bot], on);
    talks[*planned.bot] = on;
    most = std::max(most, static_cast<size_t>(std::count_if(
                              talks.begin(), talks.end(),
                              [](auto& one) { return one.second; })));
  }
  EXPECT_EQ(most, 4u);
}

TEST(ScenarioPlan, ChurnKeepsThePlacesTaken) {
  const Plan plan = PlanOf(R"({
    "duration_s": 600, "groups": [{"bots": 10}],
    "churn": {"mean_stay_s": 30, "rejoin_delay_s": 2}})");
  // Each place some 600 / 32 times.
  EXPECT_NEAR(static_cast<double>(plan.bots.size()), 190, 40);
  for (size_t i = 0; i < plan.bots.size(); ++i) {
    EXPECT_EQ(plan.bots[i].index, i);
    EXPECT_LT(plan.bots[i].seat, 10u);
  }
  std::map<size_t, TimeDelta> left;
  for (const BotPlan& bot : plan.bots) {
    if (bot.index >= plan.seats) {
      EXPECT_EQ(bot.joins - left.at(bot.seat), seconds(2));
    }
    left[bot.seat] = bot.leaves;
  }
  EXPECT_EQ(Only<action::Join>(plan).size(), plan.bots.size());
}

TEST(ScenarioPlan, EventsAreForThoseThatAreThere) {
  const Plan plan = PlanOf(R"({
    "duration_s": 10, "join": {"storm": true}, "groups": [{"bots": 4}],
    "events": [
      {"action": "leave", "at_s": 1, "who": 1},
      {"action": "silent_death", "at_s": 2, "who": 2},
      {"action": "ice_restart", "at_s": 3, "who": "0-2"},
      {"action": "join", "at_s": 4},
      {"action": "mute", "media": "audio", "at_s": 5, "who": [1, 2]},
      {"action": "server_signal", "signal": "STOP", "at_s": 6},
      {"action": "command", "command": ["date", "-u"], "at_s": 7}]})");
  EXPECT_THAT(
      Told(plan),
      ElementsAre("1000 1 leave", "2000 2 silent_death", "3000 0 ice_restart",
                  "5000 4 mute audio", "5000 5 mute audio",
                  "6000 - server_signal STOP", "7000 - command date -u"));
  EXPECT_EQ(plan.bots[1].leaves, seconds(1));
  ASSERT_EQ(plan.bots.size(), 6u);
  EXPECT_EQ(plan.bots[4].seat, 1u);
  EXPECT_EQ(plan.bots[4].joins, seconds(4));
  std::vector<std::string> marks;
  for (const PlannedMark& mark : plan.marks) marks.push_back(mark.text);
  EXPECT_THAT(marks, ElementsAre("leave: Bot 1", "silent_death: Bot 2",
                                 "ice_restart: Bot 0", "join: 2 bots",
                                 "mute audio: 2 bots", "server_signal STOP",
                                 "command date -u"));
}

TEST(ScenarioPlan, EventsAreRepeatedUntilTheEnd) {
  const Plan plan = PlanOf(R"({
    "duration_s": 10, "groups": [{"bots": 1}],
    "events": [{"action": "nat_rebind", "every_s": 4},
               {"action": "key_frame", "at_s": 1, "per_s": 2, "for_s": 1.5},
               {"action": "leave", "at_s": 10}]})");
  EXPECT_THAT(Told(plan), ElementsAre("1000 0 key_frame", "1500 0 key_frame",
                                      "2000 0 key_frame", "4000 0 nat_rebind",
                                      "8000 0 nat_rebind"));
}

TEST(ScenarioPlan, AShareIsDrawnEachTime) {
  const Plan plan = PlanOf(R"({
    "duration_s": 100, "join": {"storm": true},
    "groups": [{"rooms": 2, "room_name": "r%d", "bots": 10}],
    "events": [{"action": "nat_rebind", "every_s": 1,
                "who": {"share": 0.3, "room": "r1"}}]})");
  std::map<TimeDelta, std::set<size_t>> chosen;
  std::set<std::set<size_t>> different;
  for (const PlannedAction& planned : Only<action::NatRebind>(plan)) {
    EXPECT_GE(*planned.bot, 10u);
    chosen[planned.at].insert(*planned.bot);
  }
  EXPECT_EQ(chosen.size(), 99u);
  for (const auto& [at, bots] : chosen) {
    EXPECT_EQ(bots.size(), 3u);
    different.insert(bots);
  }
  EXPECT_GT(different.size(), 30u);
}

TEST(ScenarioPlan, LinksChangeForPlaces) {
  const Plan plan = PlanOf(R"({
    "duration_s": 10, "join": {"storm": true}, "groups": [{"bots": 3}],
    "impairments": {"bad": {"loss": 0.5}, "loss-1": {"loss": 0.25}},
    "impaired": [
      {"who": "0-1", "direction": "down", "steps": [
        {"at_s": 0, "profile": "bad"}, {"at_s": 5, "profile": "none"}]},
      {"who": 1, "profile": "loss-1", "direction": "up"}],
    "events": [{"action": "leave", "at_s": 2, "who": 1},
               {"action": "join", "at_s": 3, "who": 1}]})");
  EXPECT_THAT(Told(plan), ElementsAre("2000 1 leave", "5000 0 link none",
                                      "5000 3 link none"));
  EXPECT_EQ(plan.bots[0].down.loss, 0.5);
  EXPECT_TRUE(plan.bots[0].up.IsClean());
  EXPECT_TRUE(plan.bots[2].down.IsClean());
  // Whoever takes the place has the link; the file's profile wins.
  EXPECT_EQ(plan.bots[3].down.loss, 0.5);
  EXPECT_EQ(plan.bots[3].up.loss, 0.25);
  EXPECT_TRUE(plan.bots[3].up.delay == TimeDelta::zero());
  const auto changes = Only<action::Impair>(plan);
  const auto& impair = std::get<action::Impair>(changes[0].action);
  EXPECT_EQ(impair.direction, Direction::kDown);
  EXPECT_TRUE(impair.impairment->IsClean());
}

TEST(ScenarioPlan, PinsAreOfOthersThatSendVideoInTheRoom) {
  const Plan plan = PlanOf(R"({
    "duration_s": 60, "join": {"storm": true},
    "layout": {"kind": "speaker", "pin_every_s": 5},
    "groups": [{"rooms": 2, "room_name": "r%d", "bots": 4, "video_slots": 3,
                "senders": {"video": 2}}]})");
  const auto pins = Only<action::Pin>(plan);
  EXPECT_EQ(pins.size(), 8u * 11);
  std::set<size_t> seen;
  for (const PlannedAction& planned : pins) {
    const size_t pinned = std::get<action::Pin>(planned.action).bot;
    EXPECT_NE(pinned, *planned.bot);
    EXPECT_EQ(plan.bots[pinned].room, plan.bots[*planned.bot].room);
    EXPECT_TRUE(plan.bots[pinned].send_video);
    seen.insert(pinned);
  }
  EXPECT_THAT(seen, UnorderedElementsAre(0u, 1u, 4u, 5u));
  EXPECT_THAT(plan.bots[0].max_heights, ElementsAre(720, 180, 180));
}

constexpr std::string_view kEverything = R"({
    "seed": SEED, "duration_s": 120, "join": {"rate_per_s": 3},
    "groups": [{"rooms": 3, "room_name": "r%d", "bots": 7}],
    "layout": {"kind": "random", "pin_every_s": 7},
    "speakers": {"kind": "random", "laugh": 0.3},
    "churn": {"mean_stay_s": 20, "rejoin_delay_s": 1.5},
    "impaired": [{"who": {"share": 0.3}, "steps": [
      {"at_s": 9, "profile": "loss-5"}, {"at_s": 20, "profile": "none"}]}],
    "events": [{"action": "ice_restart", "every_s": 3, "who": {"share": 0.2}},
               {"action": "silent_death", "every_s": 30, "who": "3-9"},
               {"action": "join", "every_s": 25}]})";

uint64_t Digest(const std::string& seed) {
  std::string text(kEverything);
  text.replace(text.find("SEED"), 4, seed);
  const Plan plan = PlanOf(text);
  uint64_t hash = 0xcbf29ce484222325;
  auto add = [&hash](const std::string& line) {
    for (char c : line) {
      hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    }
  };
  for (const PlannedAction& planned : plan.actions) {
    add(std::to_string(planned.at.count()) + " " +
        std::to_string(planned.bot.value_or(0)) + Describe(planned.action));
  }
  for (const BotPlan& bot : plan.bots) {
    add(bot.name + std::to_string(bot.seed) +
        std::to_string(bot.leaves.count()));
    for (uint32_t height : bot.max_heights) add(std::to_string(height));
  }
  for (const PlannedMark& mark : plan.marks) add(mark.text);
  return hash;
}

TEST(ScenarioPlan, SameSeedSamePlan) {
  EXPECT_EQ(Digest("1"), Digest("1"));
  EXPECT_NE(Digest("1"), Digest("2"));
  // Found by the first build; another that says otherwise is not portable.
  EXPECT_EQ(Digest("1"), 18183257043776936960u);
}

TEST(ScenarioPlan, ActionsAreInOrderAndForThoseThatAreThere) {
  std::string text(kEverything);
  text.replace(text.find("SEED"), 4, "3");
  const Plan plan = PlanOf(text);
  TimeDelta last{};
  std::set<size_t> there;
  for (const PlannedAction& planned : plan.actions) {
    EXPECT_GE(planned.at, last);
    last = planned.at;
    const size_t bot = planned.bot.value_or(SIZE_MAX);
    if (std::holds_alternative<action::Join>(planned.action)) {
      EXPECT_TRUE(there.insert(bot).second);
      EXPECT_EQ(plan.bots[bot].joins, planned.at);
    } else {
      EXPECT_TRUE(there.contains(bot));
    }
    if (std::holds_alternative<action::Leave>(planned.action) ||
        std::holds_alternative<action::SilentDeath>(planned.action)) {
      there.erase(bot);
    }
  }
  EXPECT_LT(last, plan.end);
  EXPECT_TRUE(std::is_sorted(plan.marks.begin(), plan.marks.end(),
                             [](auto& a, auto& b) { return a.at < b.at; }));
}

// What one adds does not change who talks when.
TEST(ScenarioPlan, PurposesDoNotShareRandomNumbers) {
  const std::string begin = R"({"seed": 4, "duration_s": 60,
      "groups": [{"bots": 5}], "speakers": {"kind": "random"})";
  const Plan one = PlanOf(begin + "}");
  const Plan other = PlanOf(begin + R"(,
      "layout": {"kind": "random", "pin_every_s": 3},
      "events": [{"action": "nat_rebind", "every_s": 1,
                  "who": {"share": 0.5}}]})");
  const auto talk = Only<action::Speak>(one);
  const auto same = Only<action::Speak>(other);
  ASSERT_EQ(talk.size(), same.size());
  for (size_t i = 0; i < talk.size(); ++i) {
    EXPECT_EQ(talk[i].at, same[i].at);
    EXPECT_EQ(talk[i].bot, same[i].bot);
  }
}

}  // namespace
}  // namespace bot
