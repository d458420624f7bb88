// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to whom: the keys of `impairments`, `impaired` and `events`.
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tools/bot/scenario_fields.h"

namespace bot {
namespace {

using nlohmann::json;

// "3" or "0-9".
std::optional<std::pair<size_t, size_t>> RangeOf(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    return std::pair<size_t, size_t>(number, number);
  }
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  const std::vector<std::string> ends = absl::StrSplit(text, '-');
  uint64_t first = 0;
  uint64_t last = 0;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) ||
      !absl::SimpleAtoi(ends.back(), &last) || first > last) {
    return std::nullopt;
  }
  return std::pair<size_t, size_t>(first, last);
}

// One, or a list of them.
bool ReadSeats(const json& value, Who& who) {
  who.kind = Who::Kind::kSeats;
  who.seats.clear();
  const json list = value.is_array() ? value : json::array({value});
  for (const json& entry : list) {
    const auto range = RangeOf(entry);
    if (!range || who.seats.size() == kMaxList) return false;
    who.seats.push_back(*range);
  }
  return !who.seats.empty();
}

void DescribeWhoObject(Fields& f, Who& who) {
  if (const json* raw = f.Raw("bots")) {
    if (*raw == "all") {
      who.kind = Who::Kind::kAll;
    } else if (!ReadSeats(*raw, who)) {
      f.Error("bots",
              "is not \"all\", a number, a range (\"0-9\") or a list "
              "of such");
    }
  }
  if (f.Has("share")) {
    who.kind = Who::Kind::kShare;
    if (f.Has("bots")) f.Error("share", "goes not with bots");
  }
  f.Number("share", who.share, 0, 1);
  f.Text("room", who.room, 80);
  size_t group = who.group.value_or(0);
  f.Integer("group", group, 0, kMaxList);
  if (f.Has("group")) who.group = group;
}

void DescribeWho(Fields& f, Who& who) {
  const json* raw = f.Raw("who");
  if (raw == nullptr || raw->is_object()) {
    f.Object("who", [&](Fields& o) { DescribeWhoObject(o, who); });
  } else if (*raw == "all") {
    who = Who();
  } else if (!ReadSeats(*raw, who)) {
    f.Error("who",
            "is not \"all\", a number, a range (\"0-9\"), a list of "
            "such or an object");
  }
}

void DescribeBursts(Fields& f, Impairment::GilbertElliott& bursts) {
  const bool means = f.Has("mean_loss") || f.Has("mean_length");
  double mean_loss = 0.05;
  double mean_length = 3;
  f.Number("mean_loss", mean_loss, 0, 0.9);
  f.Number("mean_length", mean_length, 1, 10'000);
  if (means) {
    for (const char* other : {"to_bad", "to_good", "loss_good", "loss_bad"}) {
      if (f.Has(other)) f.Error(other, "goes not with mean_loss, mean_length");
    }
    bursts = Impairment::Bursts(mean_loss, mean_length);
  }
  f.Number("to_bad", bursts.to_bad, 0, 1);
  f.Number("to_good", bursts.to_good, 0, 1);
  f.Number("loss_good", bursts.loss_good, 0, 1);
  f.Number("loss_bad", bursts.loss_bad, 0, 1);
}

}  // namespace

void DescribeImpairment(Fields& f, Impairment& link) {
  f.Bool("outage", link.outage);
  f.Number("loss", link.loss, 0, 1);
  f.Object("bursts", [&](Fields& o) { DescribeBursts(o, link.bursts); });
  f.Number("corrupt", link.corrupt, 0, 1);
  f.Number("duplicate", link.duplicate, 0, 1);
  auto kbps = link.rate_bps / 1000;
  f.Integer("rate_kbps", kbps, 0, 10'000'000);
  if (kbps != link.rate_bps / 1000) link.rate_bps = kbps * 1000;
  const bool limited = f.Has("queue_bytes") || f.Has("queue_ms") ||
                       link.queue_bytes > 0 ||
                       link.queue_time > rtp::TimeDelta::zero();
  // Nobody means a queue without an end.
  if (link.rate_bps > 0 && !limited) {
    link.queue_time = std::chrono::milliseconds(200);
  }
  f.Integer("queue_bytes", link.queue_bytes, 0, 1'000'000'000);
  f.Milliseconds("queue_ms", link.queue_time, 0, 60'000);
  f.Milliseconds("delay_ms", link.delay, 0, 60'000);
  f.Milliseconds("jitter_ms", link.jitter, 0, 10'000);
  f.Choice("jitter_kind", link.jitter_kind, {"uniform", "normal", "pareto"});
  f.Bool("keep_order", link.keep_order);
  f.Object("reorder", [&](Fields& o) {
    o.Number("share", link.reorder.share, 0, 1);
    o.Integer("packets", link.reorder.packets, 0, 10'000);
    o.Milliseconds("wait_ms", link.reorder.wait, 0, 60'000);
  });
}

void DescribeRule(Fields& f, ImpairmentRule& rule) {
  DescribeWho(f, rule.who);
  f.Choice("direction", rule.direction, {"up", "down", "both"});
  std::string profile = "none";
  f.Text("profile", profile, kMaxText);
  f.List<ImpairmentRule::Step>("steps", rule.steps, {}, kMaxList,
                               [](Fields& o, ImpairmentRule::Step& step) {
                                 o.Seconds("at_s", step.at, 0, kMaxSeconds);
                                 o.Text("profile", step.profile, kMaxText);
                               });
  if (f.Has("profile")) {
    if (f.Has("steps")) f.Error("profile", "goes not with steps");
    rule.steps = {{rtp::TimeDelta::zero(), profile}};
  }
  if (rule.steps.empty()) f.Error("", "needs a profile or steps");
}

namespace {

rtp::TimeDelta DefaultLength(EventKind kind) {
  switch (kind) {
    case EventKind::kXmppDrop:
      return std::chrono::seconds(2);
    case EventKind::kStopReceiving:
      return std::chrono::seconds(5);
    case EventKind::kSlowReceiver:
      return std::chrono::seconds(10);
    default:
      return std::chrono::seconds(1);
  }
}

const std::vector<std::string_view> kActions = {
    "source_add",    "source_remove", "mute",
    "unmute",        "ice_restart",   "nat_rebind",
    "xmpp_drop",     "silent_death",  "stop_receiving",
    "slow_receiver", "leave",         "join",
    "pin",           "key_frame",     "server_signal",
    "command"};
const std::vector<std::string_view> kSignals = {"TERM", "KILL", "STOP", "CONT"};

void DescribeTimes(Fields& f, Event& event) {
  f.Seconds("at_s", event.at, 0, kMaxSeconds);
  f.Seconds("every_s", event.every, 0, kMaxSeconds);
  if (event.every > rtp::TimeDelta::zero() &&
      event.every < std::chrono::milliseconds(100)) {
    f.Error("every_s", "is not 0 or at least 0.1");
  }
  if (f.Has("at_s")) return;
  if (f.Has("every_s")) {
    event.at = event.every;
  } else if (f.IsFile()) {
    f.Error("", "needs at_s or every_s");
  }
}

void DescribeSignal(Fields& f, Event& event) {
  size_t word = 0;
  while (word < kSignals.size() && kSignals[word] != event.signal) ++word;
  if (f.IsFile()) {
    word = 0;
    if (!f.Has("signal")) f.Error("", "needs a signal");
  }
  f.Choice("signal", word, kSignals);
  if (word < kSignals.size()) event.signal = std::string(kSignals[word]);
}

}  // namespace

void DescribeEvent(Fields& f, Event& event) {
  using enum EventKind;
  f.Choice("action", event.kind, kActions);
  const json* action = f.Raw("action");
  if (f.IsFile() && action == nullptr) f.Error("", "needs an action");
  // Of an action that is wrong, no key is wrong too.
  const bool any = f.WantsAll() ||
                   (f.IsFile() && (action == nullptr ||
                                   std::find(kActions.begin(), kActions.end(),
                                             *action) == kActions.end()));
  auto is = [&](std::initializer_list<EventKind> kinds) {
    return any ||
           std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end();
  };
  DescribeTimes(f, event);
  if (any || !is({kServerSignal, kCommand})) DescribeWho(f, event.who);
  if (is({kSourceAdd, kSourceRemove, kMute, kUnmute})) {
    size_t media = event.audio && event.video ? 2 : event.video ? 1 : 0;
    f.Choice("media", media, {"audio", "video", "both"});
    event.audio = media != 1;
    event.video = media != 0;
  }
  if (is({kXmppDrop, kStopReceiving, kSlowReceiver, kKeyFrame})) {
    if (f.IsFile()) event.length = DefaultLength(event.kind);
    f.Seconds("for_s", event.length, 0, kMaxSeconds);
  }
  if (is({kSlowReceiver})) {
    if (f.IsFile()) event.kbps = 1;
    f.Integer("kbps", event.kbps, 1, 10'000'000);
    if (!any && f.IsFile() && !f.Has("kbps")) f.Error("", "needs kbps");
  }
  if (is({kKeyFrame})) f.Number("per_s", event.per_s, 0.01, 1000);
  if (any) {
    f.Raw("signal");
    f.Raw("command");
  } else if (event.kind == kServerSignal) {
    DescribeSignal(f, event);
  } else if (event.kind == kCommand) {
    f.Texts("command", event.command, 100);
    if (event.command.empty() || event.command.front().empty()) {
      f.Error("command", "is not a program and its arguments");
    }
  }
}

}  // namespace bot
