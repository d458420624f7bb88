// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> ErrorsOf(std::string_view text) {
  std::vector<std::string> errors;
  const auto scenario = ParseScenario(text, &errors);
  EXPECT_EQ(scenario.has_value(), errors.empty());
  return errors;
}

Scenario Read(std::string_view text) {
  std::vector<std::string> errors;
  const auto scenario = ParseScenario(text, &errors);
  EXPECT_THAT(errors, IsEmpty());
  return scenario.value_or(Scenario());
}

std::string FileText(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Scenario, AnEmptyOneIsTheDefault) {
  const Scenario scenario = Read("{}");
  ASSERT_EQ(scenario.groups.size(), 1u);
  EXPECT_EQ(scenario.bots(), 1u);
  EXPECT_EQ(scenario.duration, seconds(10));
  EXPECT_THAT(CheckScenario(scenario), IsEmpty());
  EXPECT_THAT(CheckScenario(DefaultScenario()), IsEmpty());
}

TEST(Scenario, ReadsWhatIsWritten) {
  const Scenario scenario = Read(R"(
    // Comments are allowed.
    {
      "title": "All", "seed": 18446744073709551615, "duration_s": 1.5,
      "end": "vanish", "threads": 2,
      "media": {
        "audio": {"codec": "opus", "kind": "synthetic", "bytes": 60},
        "video": {"codec": "av1", "simulcast": 2,
                  "synthetic": {"kbps": 300, "fps": 30}},
        "decode": true, "decrypt_one_in": 4, "feedback": "remb",
        "congestion_control": false},
      "groups": [
        {"rooms": 2, "room_name": "a%d", "bots": 3,
         "senders": {"audio": 2, "video": "all"}, "profile": "plain",
         "audio_slots": 1, "video_slots": 4},
        {"room_name": "b", "bots": 4, "receive_only": true,
         "profile": "av-conferences", "media": {"feedback": "rr"},
         "join": {"at_s": 3, "storm": true},
         "churn": {"mean_stay_s": 20, "rejoin_delay_s": 0.5},
         "layout": {"kind": "4x4", "pin_every_s": 10},
         "speakers": {"kind": "script", "loop": false,
                      "script": [{"bot": 3, "seconds": 2.5}]}}],
      "impairments": {"bad": {
         "loss": 0.1, "bursts": {"mean_loss": 0.2, "mean_length": 4},
         "corrupt": 0.01, "duplicate": 0.02, "rate_kbps": 500,
         "queue_bytes": 10000, "delay_ms": 80, "jitter_ms": 1.5,
         "jitter_kind": "pareto", "keep_order": false,
         "reorder": {"share": 0.05, "packets": 50, "wait_ms": 20}}},
      "impaired": [{"who": {"room": "a1"}, "direction": "up",
                    "steps": [{"at_s": 1, "profile": "bad"}]},
                   {"profile": "loss-5"}],
      "events": [{"action": "ice_restart", "every_s": 5, "who": [0, "2-4"]},
                 {"action": "mute", "at_s": 1, "media": "audio",
                  "who": {"share": 0.5, "group": 1}},
                 {"action": "command", "at_s": 2,
                  "command": ["true", "1"]}],
      "requirements": ["freeze_ratio<0.01"]
    })");
  EXPECT_EQ(scenario.seed, UINT64_MAX);
  EXPECT_EQ(scenario.duration, milliseconds(1500));
  EXPECT_TRUE(scenario.vanish);
  EXPECT_EQ(scenario.bots(), 10u);
  const Group& a = scenario.groups[0];
  EXPECT_EQ(RoomName(a, 1), "a1");
  EXPECT_EQ(a.audio_senders, 2u);
  EXPECT_EQ(a.video_senders, SIZE_MAX);
  EXPECT_EQ(a.profile, Profile::kPlain);
  EXPECT_EQ(a.media.audio_kind, AudioKind::kSynthetic);
  EXPECT_EQ(a.media.video_codec, rtp::Codec::kAv1);
  EXPECT_TRUE(a.media.synthetic_video);
  EXPECT_EQ(a.media.video_kbps, 300u);
  EXPECT_EQ(a.media.feedback, Feedback::kRemb);
  const Group& b = scenario.groups[1];
  EXPECT_EQ(b.media.feedback, Feedback::kReceiverReports);
  EXPECT_EQ(b.media.video_codec, rtp::Codec::kAv1);  // of the whole file
  EXPECT_EQ(b.join.at, seconds(3));
  EXPECT_EQ(b.layout.kind, LayoutPlan::Kind::k4x4);
  EXPECT_EQ(b.speakers.script[0].length, milliseconds(2500));
  EXPECT_EQ(a.speakers.kind, SpeakerPlan::Kind::kNobody);
  const Impairment& bad = scenario.impairments.at("bad");
  EXPECT_DOUBLE_EQ(bad.bursts.to_good, 0.25);
  EXPECT_EQ(bad.rate_bps, 500'000u);
  EXPECT_EQ(bad.queue_time.count(), 0);
  EXPECT_EQ(bad.jitter, std::chrono::microseconds(1500));
  EXPECT_EQ(bad.reorder.packets, 50u);
  EXPECT_EQ(scenario.impairment_rules[1].steps[0].profile, "loss-5");
  const Event& restart = scenario.events[0];
  EXPECT_EQ(restart.at, seconds(5));
  EXPECT_THAT(restart.who.seats, ElementsAre(std::pair(size_t{0}, size_t{0}),
                                             std::pair(size_t{2}, size_t{4})));
  const Event& mute = scenario.events[1];
  EXPECT_TRUE(mute.audio);
  EXPECT_FALSE(mute.video);
  EXPECT_EQ(mute.who.kind, Who::Kind::kShare);
  EXPECT_EQ(mute.who.group, 1u);
  EXPECT_THAT(scenario.events[2].command, ElementsAre("true", "1"));
  EXPECT_THAT(CheckScenario(scenario), IsEmpty());
}

TEST(Scenario, ALimitedRateHasAQueueWithAnEnd) {
  const Scenario scenario = Read(R"({"impairments": {"x": {"rate_kbps": 9}}})");
  EXPECT_EQ(scenario.impairments.at("x").queue_time, milliseconds(200));
}

TEST(Scenario, ErrorsSayWhereAndWhatIsAllowed) {
  EXPECT_THAT(ErrorsOf(R"({"groups": [{"bots": -3}]})"),
              ElementsAre("groups[0].bots: -3 is not 1 to 5000"));
  EXPECT_THAT(ErrorsOf(R"({"groups": [{"bots": "many"}]})"),
              ElementsAre("groups[0].bots: \"many\" is not a whole number "
                          "from 1 to 5000"));
  EXPECT_THAT(ErrorsOf(R"({"join": {"rate_per_s": -1}})"),
              ElementsAre("join.rate_per_s: -1 is not 0.01 to 10000"));
  EXPECT_THAT(ErrorsOf(R"({"impairments": {"x": {"loss": 5}}})"),
              ElementsAre("impairments.x.loss: 5 is not 0 to 1"));
  EXPECT_THAT(ErrorsOf(R"({"media": {"video": {"codec": "vp7"}}})"),
              ElementsAre("media.video.codec: \"vp7\" is none of vp8, vp9, "
                          "h264, av1"));
  EXPECT_THAT(ErrorsOf(R"({"media": {"decode": 1}})"),
              ElementsAre("media.decode: 1 is not true or false"));
  EXPECT_THAT(ErrorsOf(R"({"media": []})"),
              ElementsAre("media: is not an object ({ })"));
  EXPECT_THAT(ErrorsOf(R"({"groups": 3})"),
              ElementsAre("groups: is not a list of at most 1000"));
  EXPECT_THAT(ErrorsOf("[]"), ElementsAre("scenario: is not an object ({ })"));
}

TEST(Scenario, UnknownKeysAreToldWithTheNearestKnownOne) {
  EXPECT_THAT(ErrorsOf(R"({"groups": [{"bot": 3}]})"),
              ElementsAre("groups[0].bot: is unknown; is \"bots\" meant?"));
  EXPECT_THAT(ErrorsOf(R"({"duration": 3})"),
              ElementsAre("duration: is unknown; is \"duration_s\" meant?"));
  EXPECT_THAT(ErrorsOf(R"({"meida": {}})"),
              ElementsAre("meida: is unknown; is \"media\" meant?"));
  EXPECT_THAT(ErrorsOf(R"({"churn": {"xyzzy": 3}})"),
              ElementsAre("churn.xyzzy: is unknown; known here are "
                          "mean_stay_s, rejoin_delay_s"));
  EXPECT_THAT(
      ErrorsOf(R"({"events": [{"action": "leave", "at_s": 1, "kbps": 3}]})"),
      ElementsAre(HasSubstr("events[0].kbps: is unknown; known here are")));
}

TEST(Scenario, AllErrorsAreTold) {
  EXPECT_THAT(
      ErrorsOf(R"({"seed": -1, "threads": 1.5, "x": 1,
                   "groups": [{"bots": 0}, {"rooms": 2, "room_name": "a"}]})"),
      ElementsAre("seed: -1 is not 0 to 18446744073709551615",
                  "threads: 1.5 is not a whole number from 0 to 256",
                  "groups[0].bots: 0 is not 1 to 5000",
                  "groups[1].room_name: needs a %d, for the numbers of the "
                  "rooms",
                  HasSubstr("x: is unknown")));
}

TEST(Scenario, JsonThatIsNone) {
  EXPECT_THAT(ErrorsOf("{\n  \"seed\": ,\n}"),
              ElementsAre(HasSubstr("line 2, column 11: is no JSON: ")));
  EXPECT_THAT(ErrorsOf(""), ElementsAre(HasSubstr("is no JSON")));
  EXPECT_THAT(ErrorsOf("{\"title\": \"\xff\"}"),
              ElementsAre(HasSubstr("is no JSON")));
  EXPECT_THAT(ErrorsOf("{\"seed\": 1e999}"),
              ElementsAre(HasSubstr("is no JSON")));
  EXPECT_THAT(ErrorsOf(R"({"seed": 1, "seed": 2})"),
              ElementsAre("\"seed\": is there twice in one object"));
  EXPECT_FALSE(ErrorsOf(std::string(100'000, '[')).empty());
}

TEST(Scenario, WhatDoesNotGoTogether) {
  EXPECT_THAT(
      ErrorsOf(R"({"groups": [{"bots": 3, "senders": {"audio": 4}}],
                   "speakers": {"kind": "script",
                                "script": [{"bot": 3, "seconds": 1}]}})"),
      ElementsAre("groups[0].senders.audio: 4 is not 0 to 3, the bots of a "
                  "room",
                  "groups[0].speakers.script[0].bot: 3 is not 0 to 2, the "
                  "bots of a room"));
  EXPECT_THAT(
      ErrorsOf(R"({"impaired": [{"profile": "bad"}]})"),
      ElementsAre(HasSubstr(
          "impaired[0].steps[0].profile: \"bad\" is none of impairments: ")));
  EXPECT_THAT(ErrorsOf(R"({"impaired": [{"steps": [
                           {"at_s": 2, "profile": "none"},
                           {"at_s": 1, "profile": "none"}]}]})"),
              ElementsAre("impaired[0].steps[1].at_s: is before the step "
                          "before"));
  EXPECT_THAT(ErrorsOf(R"({"impaired": [{}]})"),
              ElementsAre("impaired[0]: needs a profile or steps"));
  EXPECT_THAT(ErrorsOf(R"({"events": [
                {"action": "leave", "at_s": 1, "who": 1},
                {"action": "leave", "at_s": 1, "who": {"room": "x"}},
                {"action": "leave", "at_s": 1, "who": {"group": 1}}]})"),
              ElementsAre("events[0].who: 1 is not 0 to 0, the numbers of the "
                          "bots",
                          "events[1].who.room: \"x\" is the name of no room",
                          "events[2].who.group: 1 is not 0 to 0"));
  EXPECT_THAT(ErrorsOf(R"({"groups": [{"rooms": 5000, "bots": 5000}]})"),
              ElementsAre("groups: 25000000 bots in all are not 1 to 20000"));
  EXPECT_THAT(ErrorsOf(R"({"duration_s": 100000, "groups": [{"bots": 500}],
                           "events": [{"action": "pin", "every_s": 0.1}]})"),
              ElementsAre(HasSubstr("events[0]: would be some ")));
}

TEST(Scenario, WhatAnEventNeeds) {
  EXPECT_THAT(ErrorsOf(R"({"events": [
                {"at_s": 1}, {"action": "fly", "at_s": 1, "kbps": 3},
                {"action": "leave"},
                {"action": "slow_receiver", "at_s": 1},
                {"action": "server_signal", "at_s": 1},
                {"action": "server_signal", "at_s": 1, "signal": "HUP"},
                {"action": "command", "at_s": 1},
                {"action": "leave", "at_s": 1, "who": "4-2"},
                {"action": "leave", "every_s": 0.01}]})"),
              ElementsAre("events[0]: needs an action",
                          HasSubstr("events[1].action: \"fly\" is none of "),
                          "events[2]: needs at_s or every_s",
                          "events[3]: needs kbps", "events[4]: needs a signal",
                          "events[5].signal: \"HUP\" is none of TERM, KILL, "
                          "STOP, CONT",
                          "events[6].command: is not a program and its "
                          "arguments",
                          HasSubstr("events[7].who: is not \"all\", a number"),
                          "events[8].every_s: is not 0 or at least 0.1"));
}

// Who makes one of flags hears the same.
TEST(Scenario, ValuesAreCheckedToo) {
  Scenario scenario = DefaultScenario();
  scenario.groups[0].bots = 6000;
  scenario.groups[0].join.rate_per_s = std::numeric_limits<double>::quiet_NaN();
  scenario.duration = seconds(-1);
  EXPECT_THAT(CheckScenario(scenario),
              ElementsAre("duration_s: -1 is not 0 to 604800",
                          "groups[0].bots: 6000 is not 1 to 5000",
                          "groups[0].join.rate_per_s: nan is not 0.01 to "
                          "10000"));
  scenario = DefaultScenario();
  scenario.impairments["x"].loss = 2;
  scenario.groups[0].room_name = "A room";
  EXPECT_THAT(CheckScenario(scenario),
              ElementsAre("groups[0].room_name: \"A room\" is not made of "
                          "a-z, 0-9, -, _, . and one %d",
                          "impairments.x.loss: 2 is not 0 to 1"));
  scenario = DefaultScenario();
  scenario.groups.clear();
  EXPECT_THAT(CheckScenario(scenario), ElementsAre("groups: there are none"));
}

TEST(Scenario, KnownImpairmentsAreValid) {
  Scenario scenario = DefaultScenario();
  scenario.impairments = KnownImpairments();
  EXPECT_THAT(CheckScenario(scenario), IsEmpty());
  EXPECT_TRUE(KnownImpairments().at("none").IsClean());
}

TEST(Scenario, TheExamplesAreRight) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SCENARIOS_DIRECTORY)) {
    SCOPED_TRACE(entry.path().string());
    ++count;
    const std::string text = FileText(entry.path());
    EXPECT_TRUE(text.starts_with("// ")) << "says what it is for";
    std::vector<std::string> errors;
    const auto scenario = ParseScenario(text, &errors);
    EXPECT_THAT(errors, IsEmpty());
    if (scenario) {
      EXPECT_THAT(CheckScenario(*scenario), IsEmpty());
    }
  }
  EXPECT_GE(count, 9u);
}

TEST(Scenario, TheDocumentNamesEveryKey) {
  const std::string document = FileText(SCENARIOS_DOCUMENT);
  const std::vector<std::string> keys = ScenarioKeys();
  EXPECT_GT(keys.size(), 80u);
  for (std::string key : keys) {
    // What a group may have as well as the file is told once, and so is who.
    for (const char* shared :
         {"media", "speakers", "layout", "join", "churn"}) {
      if (key.starts_with(std::string("groups[].") + shared)) {
        key = key.substr(9);
      }
    }
    const size_t who = key.find("who.");
    if (who != std::string::npos) key = key.substr(who);
    EXPECT_NE(document.find("\n| `" + key + "`"), std::string::npos) << key;
  }
  for (const auto& [name, unused] : KnownImpairments()) {
    EXPECT_NE(document.find("`" + name + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace bot
