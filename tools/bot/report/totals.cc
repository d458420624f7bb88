// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/totals.h"

#include <algorithm>
#include <cmath>

namespace bot {
namespace {

void AddTime(rtp::TimeDelta time, std::vector<double>& values) {
  if (time >= rtp::TimeDelta(0)) values.push_back(Milliseconds(time));
}

}  // namespace

double Milliseconds(rtp::TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1000;
}

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(std::ceil(
      std::clamp(share, 0.0, 1.0) * static_cast<double>(values.size())));
  return values[std::max<size_t>(rank, 1) - 1];
}

void MediaTotals::Add(const StreamFigures& stream) {
  if (stream.packets + stream.recovered > 0) {
    ++streams;
    jitter_ms.push_back(Milliseconds(stream.jitter));
  }
  packets += stream.packets;
  bytes += stream.bytes;
  lost += stream.lost;
  recovered += stream.recovered;
  duplicates += stream.duplicates;
  reordered += stream.reordered;
  frames += stream.frames;
  key_frames += stream.key_frames;
  decode_errors += stream.decode_errors;
  backward_timestamps += stream.backward_timestamps;
  layer_switches += stream.layer_switches;
  freezes += stream.freezes;
  audio_gaps += stream.audio_gaps;
  frozen += stream.frozen;
  audio_gap_time += stream.audio_gap_time;
  watched += stream.watched;
  longest_gap = std::max(longest_gap, stream.longest_gap);
  latency.Merge(stream.latency);
  key_frame_wait.Merge(stream.key_frame_wait);
}

void MediaTotals::Add(const MediaTotals& other) {
  streams += other.streams;
  packets += other.packets;
  bytes += other.bytes;
  lost += other.lost;
  recovered += other.recovered;
  duplicates += other.duplicates;
  reordered += other.reordered;
  frames += other.frames;
  key_frames += other.key_frames;
  decode_errors += other.decode_errors;
  backward_timestamps += other.backward_timestamps;
  layer_switches += other.layer_switches;
  freezes += other.freezes;
  audio_gaps += other.audio_gaps;
  frozen += other.frozen;
  audio_gap_time += other.audio_gap_time;
  watched += other.watched;
  longest_gap = std::max(longest_gap, other.longest_gap);
  latency.Merge(other.latency);
  key_frame_wait.Merge(other.key_frame_wait);
  jitter_ms.insert(jitter_ms.end(), other.jitter_ms.begin(),
                   other.jitter_ms.end());
}

MediaTotals Totals::Media() const {
  MediaTotals both = audio;
  both.Add(video);
  return both;
}

Totals AddUp(const RunFigures& figures) {
  Totals totals;
  totals.bots = std::max(figures.planned_bots, figures.bots.size());
  for (const BotFigures& bot : figures.bots) {
    const bool connected = bot.connected >= rtp::TimeDelta(0);
    if (connected) ++totals.joined;
    if (bot.state == BotState::kFailed) {
      ++totals.failed;
      if (!connected) ++totals.failed_joins;
    }
    totals.packets_sent += bot.packets_sent;
    totals.bytes_sent += bot.bytes_sent;
    totals.packets_received += bot.packets_received;
    totals.bytes_received += bot.bytes_received;
    totals.unauthentic += bot.unauthentic;
    totals.nacked += bot.nacked;
    totals.key_frame_requests += bot.key_frame_requests;
    AddTime(bot.logged_in, totals.login_ms);
    AddTime(bot.connected, totals.join_ms);
    AddTime(bot.first_picture, totals.first_picture_ms);
    AddTime(bot.first_sound, totals.first_sound_ms);
    if (bot.rtt > rtp::TimeDelta(0)) AddTime(bot.rtt, totals.rtt_ms);
    totals.picture_late.Merge(bot.picture_late);
    totals.sound_late.Merge(bot.sound_late);
    for (const StreamFigures& stream : bot.streams) {
      (stream.kind == rtp::MediaKind::kVideo ? totals.video : totals.audio)
          .Add(stream);
    }
  }
  return totals;
}

}  // namespace bot
