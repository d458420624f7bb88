// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/report_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rtp/base/codec.h"
#include "tools/bot/report/findings.h"
#include "tools/bot/report/summary.h"
#include "tools/bot/report/totals.h"

namespace bot {
namespace {

using Json = nlohmann::ordered_json;

constexpr rtp::TimeDelta kBegin{0};

Json Text(std::string_view text) { return std::string(text); }

// A time of a bot, told since the run began.
Json Since(const BotFigures& bot, rtp::TimeDelta after) {
  if (bot.started < kBegin || after < kBegin) return nullptr;
  return Milliseconds(bot.started + after);
}

Json Spread(const Distribution& values) {
  if (values.count() == 0) return nullptr;
  return {{"count", values.count()},
          {"mean", Milliseconds(values.Mean())},
          {"p50", Milliseconds(values.Percentile(0.5))},
          {"p90", Milliseconds(values.Percentile(0.9))},
          {"p95", Milliseconds(values.Percentile(0.95))},
          {"p99", Milliseconds(values.Percentile(0.99))},
          {"max", Milliseconds(values.max())}};
}

Json Slot(const StreamFigures& stream) {
  const bool video = stream.kind == rtp::MediaKind::kVideo;
  Json json = {
      {"content", stream.content},
      {"owner", stream.owner},
      {"kind", video ? "video" : "audio"},
      {"codec", Text(rtp::CodecName(stream.codec))},
      {"packets", stream.packets + stream.recovered},
      {"bytes", stream.bytes},
      {"lost", stream.lost},
      {"recovered", stream.recovered},
      {"duplicates", stream.duplicates},
      {"reordered", stream.reordered},
      {"unauthentic", stream.unauthentic},
      {"jitter", Milliseconds(stream.jitter)},
      {"latency", Spread(stream.latency)},
      {"frames", stream.frames},
      {"key_frames", stream.key_frames},
      {"decode_errors", stream.decode_errors},
      {"backward_timestamps", stream.backward_timestamps},
      {"longest_gap", Milliseconds(stream.longest_gap)},
      {"watched", Milliseconds(stream.watched)},
  };
  if (video) {
    json["height"] = stream.height;
    json["layer_switches"] = stream.layer_switches;
    json["freezes"] = stream.freezes;
    json["frozen"] = Milliseconds(stream.frozen);
    json["key_frame_wait"] = Spread(stream.key_frame_wait);
  } else {
    json["audio_gaps"] = stream.audio_gaps;
    json["audio_gap_time"] = Milliseconds(stream.audio_gap_time);
  }
  return json;
}

Json OneBot(const BotFigures& bot) {
  Json json = {
      {"name", bot.name},
      {"room", bot.room},
      {"participant", bot.participant},
      {"state", Text(StateName(bot.state))},
      {"failure", bot.failure},
      {"started", Since(bot, kBegin)},
      {"logged_in", Since(bot, bot.logged_in)},
      {"accepted", Since(bot, bot.accepted)},
      {"ice_connected", Since(bot, bot.ice_connected)},
      {"dtls_connected", Since(bot, bot.connected)},
      {"first_picture", Since(bot, bot.first_picture)},
      {"first_sound", Since(bot, bot.first_sound)},
      {"packets_sent", bot.packets_sent},
      {"bytes_sent", bot.bytes_sent},
      {"packets_received", bot.packets_received},
      {"bytes_received", bot.bytes_received},
      {"unauthentic", bot.unauthentic},
      {"nacked", bot.nacked},
      {"key_frame_requests", bot.key_frame_requests},
      {"target_bps", bot.target_bps > 0 ? Json(bot.target_bps) : nullptr},
      {"rtt", bot.rtt > kBegin ? Json(Milliseconds(bot.rtt)) : nullptr},
      {"picture_late", Spread(bot.picture_late)},
      {"sound_late", Spread(bot.sound_late)},
  };
  Json& slots = json["slots"] = Json::array();
  for (const StreamFigures& stream : bot.streams) {
    slots.push_back(Slot(stream));
  }
  Json& events = json["slot_events"] = Json::array();
  for (const SlotEvent& event : bot.slot_events) {
    events.push_back({{"at", Milliseconds(event.at)},
                      {"content", event.content},
                      {"source", event.source},
                      {"owner", event.owner}});
  }
  return json;
}

Json AllBots(const std::vector<BotFigures>& bots) {
  Json json = Json::array();
  for (const BotFigures& bot : bots) json.push_back(OneBot(bot));
  return json;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

Json LateJoiners(const std::vector<BotFigures>& bots) {
  std::vector<double> pictures;
  size_t without = 0;
  for (const BotFigures& bot : bots) {
    if (bot.first_picture < kBegin) {
      ++without;
    } else {
      pictures.push_back(Milliseconds(bot.first_picture - bot.ice_connected));
    }
  }
  return {{"first_picture_after_ice", pictures},
          {"median", Median(pictures)},
          {"without_picture", without},
          {"bots", AllBots(bots)}};
}

Json OneSecond(const Second& second) {
  return {{"at", second.at * 1000},
          {"joining", second.joining},
          {"joined", second.joined},
          {"failed", second.failed},
          {"streams", second.streams},
          {"sent_bps", second.sent_bps},
          {"received_bps", second.received_bps},
          {"sent_pps", second.sent_pps},
          {"received_pps", second.received_pps},
          {"loss_ratio", second.loss_ratio},
          {"latency_p50", second.latency_p50_ms},
          {"latency_p99", second.latency_p99_ms},
          {"latency_max", second.latency_max_ms},
          {"freezes", second.freezes},
          {"frozen_ratio", second.frozen_ratio},
          {"audio_gap_ratio", second.audio_gap_ratio},
          {"cpu", second.cpu},
          {"rss", second.rss}};
}

Json OneVerdict(const Verdict& verdict) {
  return {{"name", Text(verdict.requirement.kind->name)},
          {"op", Text(OpText(verdict.requirement.op))},
          {"wanted", verdict.requirement.wanted},
          {"seen", verdict.seen ? Json(*verdict.seen) : nullptr},
          {"passed", verdict.passed}};
}

}  // namespace

std::string ToJson(const RunFigures& figures,
                   const std::vector<Requirement>& requirements) {
  const auto summary = Summarize(figures);
  const auto verdicts = Judge(requirements, summary);
  Json json = {{"version", kJsonVersion},
               {"title", figures.title},
               {"server", figures.server},
               {"seed", figures.seed},
               {"duration", figures.duration * 1000}};
  Json& values = json["summary"] = Json::object();
  for (const SummaryValue& value : summary) {
    values[std::string(value.kind->name)] =
        value.value ? Json(*value.value) : nullptr;
  }
  json["passed"] = AllPassed(verdicts);
  Json& wanted = json["requirements"] = Json::array();
  for (const Verdict& verdict : verdicts) wanted.push_back(OneVerdict(verdict));
  json["errors"] = figures.errors;
  Json& failures = json["failures"] = Json::array();
  for (const FailureGroup& group : GroupFailures(figures)) {
    failures.push_back(
        {{"reason", group.reason}, {"count", group.bots.size()}});
  }
  json["bots"] = AllBots(figures.bots);
  Json& speakers = json["speakers"] = Json::array();
  for (const SpeakerMark& mark : figures.speakers) {
    speakers.push_back({{"at", Milliseconds(mark.at)}, {"bot", mark.bot}});
  }
  json["late_joiners"] = LateJoiners(figures.late_joiners);
  Json& marks = json["marks"] = Json::array();
  for (const Mark& mark : figures.marks) {
    marks.push_back({{"at", mark.at * 1000}, {"text", mark.text}});
  }
  Json& seconds = json["seconds"] = Json::array();
  for (const Second& second : figures.seconds) {
    seconds.push_back(OneSecond(second));
  }
  // Texts of servers need not be UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bot
