// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/scenario_fields.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace bot {
namespace {

using nlohmann::json;

void DescribeMedia(Fields& f, MediaPlan& media) {
  f.Object("audio", [&](Fields& audio) {
    rtp::Codec opus = rtp::Codec::kOpus;
    audio.Choice("codec", opus, {"opus"});
    audio.Choice("kind", media.audio_kind, {"tone", "speech", "synthetic"});
    audio.Integer("bytes", media.audio_bytes, 1, 1200);
  });
  f.Object("video", [&](Fields& video) {
    // The first of rtp::Codec is Opus.
    auto codec = static_cast<size_t>(media.video_codec) - 1;
    video.Choice("codec", codec, {"vp8", "vp9", "h264", "av1"});
    media.video_codec = static_cast<rtp::Codec>(codec + 1);
    video.Integer("simulcast", media.simulcast, 1, 3);
    if (video.Has("synthetic")) media.synthetic_video = true;
    video.Object("synthetic", [&](Fields& synthetic) {
      synthetic.Integer("kbps", media.video_kbps, 1, 50'000);
      synthetic.Integer("fps", media.video_fps, 1, 120);
    });
  });
  f.Bool("decode", media.decode);
  f.Integer("decrypt_one_in", media.decrypt_one_in, 1, 10'000);
  f.Choice("feedback", media.feedback, {"twcc", "remb", "rr", "none"});
  f.Bool("congestion_control", media.congestion_control);
}

void DescribeSpeakers(Fields& f, SpeakerPlan& speakers) {
  f.Choice("kind", speakers.kind, {"nobody", "script", "random"});
  f.List<SpeakerPlan::Turn>(
      "script", speakers.script, {0, std::chrono::seconds(1)}, kMaxList,
      [](Fields& turn, SpeakerPlan::Turn& value) {
        turn.Integer("bot", value.bot, 0, kMaxBots - 1);
        turn.Seconds("seconds", value.length, 0.1, 86'400);
      });
  f.Bool("loop", speakers.loop);
  f.Seconds("mean_talk_s", speakers.mean_talk, 0.2, 3600);
  f.Seconds("mean_pause_s", speakers.mean_pause, 0, 3600);
  f.Number("overlap", speakers.overlap, 0, 1);
  f.Number("laugh", speakers.laugh, 0, 1);
  if ((speakers.kind == SpeakerPlan::Kind::kScript) ==
      speakers.script.empty()) {
    f.Error(speakers.script.empty() ? "kind" : "script",
            speakers.script.empty() ? "\"script\" needs a script"
                                    : "needs \"kind\": \"script\"");
  }
}

void DescribeLayout(Fields& f, LayoutPlan& layout) {
  f.Choice("kind", layout.kind,
           {"none", "speaker", "3x3", "4x4", "5x5", "random"});
  f.Seconds("pin_every_s", layout.pin_every, 0, 86'400);
  if (layout.pin_every > rtp::TimeDelta::zero() &&
      layout.pin_every < std::chrono::milliseconds(500)) {
    f.Error("pin_every_s", "is not 0 or at least 0.5");
  }
}

void DescribeJoin(Fields& f, JoinPlan& join) {
  f.Seconds("at_s", join.at, 0, kMaxSeconds);
  f.Number("rate_per_s", join.rate_per_s, 0.01, 10'000);
  f.Bool("storm", join.storm);
}

void DescribeChurn(Fields& f, ChurnPlan& churn) {
  f.Seconds("mean_stay_s", churn.mean_stay, 0, kMaxSeconds);
  f.Seconds("rejoin_delay_s", churn.rejoin_delay, 0, kMaxSeconds);
  if (churn.mean_stay > rtp::TimeDelta::zero() &&
      churn.mean_stay < std::chrono::seconds(1)) {
    f.Error("mean_stay_s", "is not 0 or at least 1");
  }
}

// What a group has, and those of the whole file where a group has not.
void DescribeShared(Fields& f, Group& group) {
  f.Object("media", [&](Fields& o) { DescribeMedia(o, group.media); });
  f.Object("speakers", [&](Fields& o) { DescribeSpeakers(o, group.speakers); });
  f.Object("layout", [&](Fields& o) { DescribeLayout(o, group.layout); });
  f.Object("join", [&](Fields& o) { DescribeJoin(o, group.join); });
  f.Object("churn", [&](Fields& o) { DescribeChurn(o, group.churn); });
}

// "all" or a number of bots.
void DescribeSenders(Fields& f, std::string_view name, size_t& count) {
  const json* raw = f.Raw(name);
  if (raw != nullptr && *raw == "all") {
    count = SIZE_MAX;
  } else if (raw != nullptr || count != SIZE_MAX) {
    f.Integer(name, count, 0, kMaxBots);
  }
}

void DescribeGroup(Fields& f, Group& group) {
  f.Integer("rooms", group.rooms, 1, 5000);
  f.Text("room_name", group.room_name, 60);
  const std::string& pattern = group.room_name;
  const bool numbered = pattern.find("%d") != std::string::npos;
  std::string rest = pattern;
  if (numbered) rest.erase(rest.find("%d"), 2);
  const bool plain = std::all_of(rest.begin(), rest.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (pattern.empty() || !plain) {
    f.Error("room_name", json(pattern).dump() +
                             " is not made of a-z, 0-9, -, _, . and one %d");
  } else if (!numbered && group.rooms > 1) {
    f.Error("room_name", "needs a %d, for the numbers of the rooms");
  }
  f.Integer("bots", group.bots, 1, 5000);
  f.Object("senders", [&](Fields& senders) {
    DescribeSenders(senders, "audio", group.audio_senders);
    DescribeSenders(senders, "video", group.video_senders);
  });
  f.Choice("profile", group.profile, {"slots", "plain", "av-conferences"});
  f.Integer("audio_slots", group.audio_slots, 0, 3);
  f.Integer("video_slots", group.video_slots, 0, 25);
  f.Bool("receive_only", group.receive_only);
  DescribeShared(f, group);
}

}  // namespace

std::string ErrorAt(std::string_view path, std::string_view name,
                    const std::string& what) {
  std::string out(path);
  if (!path.empty() && !name.empty()) out += '.';
  out += name;
  return (out.empty() ? "scenario" : out) + ": " + what;
}

void Fields::Time(std::string_view name, rtp::TimeDelta& value, double unit,
                  double min, double max) {
  const double before = static_cast<double>(value.count()) / unit;
  double now = before;
  Number(name, now, min, max);
  if (now != before) value = rtp::TimeDelta(std::llround(now * unit));
}

void DescribeScenario(Fields& f, Scenario& scenario) {
  f.Text("title", scenario.title, kMaxText);
  f.Integer("seed", scenario.seed, 0, UINT64_MAX);
  f.Seconds("duration_s", scenario.duration, 0, kMaxSeconds);
  auto end = static_cast<size_t>(scenario.vanish);
  f.Choice("end", end, {"leave", "vanish"});
  scenario.vanish = end == 1;
  f.Integer("threads", scenario.threads, 0, 256);
  Group common;
  DescribeShared(f, common);
  f.List<Group>("groups", scenario.groups, common, kMaxList, DescribeGroup);
  if (scenario.groups.empty()) scenario.groups.push_back(common);
  std::vector<std::string> names;
  for (const auto& [name, unused] : scenario.impairments) {
    names.push_back(name);
  }
  f.Map("impairments", names, [&](Fields& o, const std::string& name) {
    DescribeImpairment(o, scenario.impairments[name]);
  });
  f.List<ImpairmentRule>("impaired", scenario.impairment_rules, {}, kMaxList,
                         DescribeRule);
  f.List<Event>("events", scenario.events, {}, kMaxList, DescribeEvent);
  f.Texts("requirements", scenario.requirements, kMaxList);
}

}  // namespace bot
