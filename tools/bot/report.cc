// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace bot {
namespace {

using Json = nlohmann::ordered_json;

double Milliseconds(rtp::TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1000;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

struct Report::Data {
  rtp::Timestamp begin;
  Json bots = Json::array();
  Json speakers = Json::array();
  std::vector<double> joins;          // from start to the first picture, ms
  std::vector<double> late_pictures;  // from ICE to the first picture, ms
  int late_without_picture = 0;
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t lost = 0;
  uint64_t recovered = 0;
  uint64_t unauthentic = 0;
  uint64_t decode_errors = 0;
  uint64_t backward_timestamps = 0;
  double longest_gap = 0;  // ms, of video

  Json At(rtp::Timestamp when) const {
    if (when == rtp::kNever) return nullptr;
    return Milliseconds(when - begin);
  }
};

Report::Report(rtp::Timestamp begin) : data_(std::make_unique<Data>()) {
  data_->begin = begin;
}

Report::~Report() = default;

void Report::AddBot(const Bot& bot) {
  const Bot::Times& times = bot.times();
  Json json;
  json["name"] = bot.config().name;
  json["participant"] = bot.participant();
  json["failure"] = bot.failure();
  json["started"] = data_->At(times.started);
  json["accepted"] = data_->At(times.accepted);
  json["ice_connected"] = data_->At(times.ice_connected);
  json["dtls_connected"] = data_->At(times.dtls_connected);
  json["first_picture"] = data_->At(times.first_picture);
  json["first_sound"] = data_->At(times.first_sound);
  json["packets_sent"] = bot.packets_sent();
  json["unauthentic"] = bot.unauthentic();
  data_->sent += bot.packets_sent();
  data_->unauthentic += bot.unauthentic();
  if (times.first_picture != rtp::kNever) {
    data_->joins.push_back(Milliseconds(times.first_picture - times.started));
  }
  Json& receivers = json["slots"] = Json::array();
  for (const auto& receiver : bot.receivers()) {
    const MediaReceiver::Figures& figures = receiver->figures();
    const bool video = receiver->config().kind == rtp::MediaKind::kVideo;
    receivers.push_back({{"content", receiver->config().content},
                         {"packets", figures.packets},
                         {"lost", figures.lost},
                         {"recovered", figures.recovered},
                         {"duplicates", figures.duplicates},
                         {"frames", figures.frames},
                         {"key_frames", figures.key_frames},
                         {"decode_errors", figures.decode_errors},
                         {"backward_timestamps", figures.backward_timestamps},
                         {"longest_gap", Milliseconds(figures.longest_gap)}});
    data_->received += figures.packets;
    data_->lost += figures.lost;
    data_->recovered += figures.recovered;
    data_->decode_errors += figures.decode_errors;
    data_->backward_timestamps += figures.backward_timestamps;
    if (video) {
      data_->longest_gap =
          std::max(data_->longest_gap, Milliseconds(figures.longest_gap));
    }
  }
  Json& events = json["slot_events"] = Json::array();
  for (const Bot::SlotEvent& event : bot.slot_events()) {
    events.push_back({{"at", data_->At(event.at)},
                      {"content", event.content},
                      {"source", event.source},
                      {"owner", event.owner}});
  }
  data_->bots.push_back(std::move(json));
}

void Report::AddLateJoiner(const Bot& bot) {
  const Bot::Times& times = bot.times();
  if (times.first_picture == rtp::kNever) {
    ++data_->late_without_picture;
    return;
  }
  data_->late_pictures.push_back(
      Milliseconds(times.first_picture - times.ice_connected));
}

void Report::AddSpeaker(rtp::Timestamp now, size_t bot) {
  data_->speakers.push_back({{"at", data_->At(now)}, {"bot", bot}});
}

std::string Report::ToText() const {
  std::string text = absl::StrFormat(
      "packets: %d sent, %d received, %d recovered, %d lost, %d not authentic\n"
      "video: longest gap %.0f ms, %d decode errors, %d timestamps backward\n",
      data_->sent, data_->received, data_->recovered, data_->lost,
      data_->unauthentic, data_->longest_gap, data_->decode_errors,
      data_->backward_timestamps);
  if (!data_->joins.empty()) {
    absl::StrAppendFormat(&text,
                          "join to first picture: median %.0f ms of %d\n",
                          Median(data_->joins), data_->joins.size());
  }
  if (!data_->late_pictures.empty() || data_->late_without_picture > 0) {
    absl::StrAppendFormat(
        &text,
        "late joiners, ICE to first picture: median %.0f ms, worst %.0f ms of "
        "%d; %d without\n",
        Median(data_->late_pictures),
        data_->late_pictures.empty()
            ? 0.0
            : *std::max_element(data_->late_pictures.begin(),
                                data_->late_pictures.end()),
        data_->late_pictures.size(), data_->late_without_picture);
  }
  return text;
}

std::string Report::ToJson() const {
  Json json;
  json["bots"] = data_->bots;
  json["speakers"] = data_->speakers;
  json["late_joiners"] = {{"first_picture_after_ice", data_->late_pictures},
                          {"median", Median(data_->late_pictures)},
                          {"without_picture", data_->late_without_picture}};
  return json.dump(1);
}

}  // namespace bot
