// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/timeline.h"

#include <algorithm>
#include <utility>

namespace bot {
namespace {

double Milliseconds(rtp::TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1000;
}

// What a counter grew by; it may fall when a bot calls anew.
template <typename T>
double Grown(T now, T before) {
  return now > before ? static_cast<double>(now - before) : 0;
}

double Share(double part, double whole) {
  return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
}

}  // namespace

Timeline::Totals Timeline::Sum(const std::vector<BotFigures>& bots) {
  Totals totals;
  for (const BotFigures& bot : bots) {
    totals.packets_sent += bot.packets_sent;
    totals.bytes_sent += bot.bytes_sent;
    totals.packets_received += bot.packets_received;
    totals.bytes_received += bot.bytes_received;
    for (const StreamFigures& stream : bot.streams) {
      totals.lost += stream.lost;
      totals.taken += stream.packets + stream.recovered;
      if (stream.kind == rtp::MediaKind::kVideo) {
        totals.freezes += stream.freezes;
        totals.frozen += stream.frozen;
        totals.watched += stream.watched;
      } else {
        totals.gaps += stream.audio_gap_time;
        totals.heard += stream.watched;
      }
    }
  }
  return totals;
}

Second Timeline::Add(double at, const std::vector<BotFigures>& bots,
                     const Distribution& latencies, const Process& process) {
  const Totals totals = Sum(bots);
  const Totals before = std::exchange(last_, totals);
  const double seconds = std::max(at - std::exchange(last_at_, at), 1e-3);
  Second second;
  second.at = at;
  std::vector<uint64_t> packets;
  for (const BotFigures& bot : bots) {
    if (bot.state == BotState::kJoining) ++second.joining;
    if (bot.state == BotState::kJoined) ++second.joined;
    if (bot.state == BotState::kFailed) ++second.failed;
    for (const StreamFigures& stream : bot.streams) {
      const size_t index = packets.size();
      packets.push_back(stream.packets);
      if (index >= stream_packets_.size()
              ? stream.packets > 0
              : stream.packets != stream_packets_[index]) {
        ++second.streams;
      }
    }
  }
  stream_packets_ = std::move(packets);
  second.sent_bps = Grown(totals.bytes_sent, before.bytes_sent) * 8 / seconds;
  second.received_bps =
      Grown(totals.bytes_received, before.bytes_received) * 8 / seconds;
  second.sent_pps = Grown(totals.packets_sent, before.packets_sent) / seconds;
  second.received_pps =
      Grown(totals.packets_received, before.packets_received) / seconds;
  const double lost = Grown(totals.lost, before.lost);
  second.loss_ratio = Share(lost, lost + Grown(totals.taken, before.taken));
  second.latency_p50_ms = Milliseconds(latencies.Percentile(0.5));
  second.latency_p99_ms = Milliseconds(latencies.Percentile(0.99));
  second.latency_max_ms = Milliseconds(latencies.max());
  second.freezes = static_cast<uint64_t>(Grown(totals.freezes, before.freezes));
  second.frozen_ratio =
      Share(Grown(totals.frozen.count(), before.frozen.count()),
            Grown(totals.watched.count(), before.watched.count()));
  second.audio_gap_ratio =
      Share(Grown(totals.gaps.count(), before.gaps.count()),
            Grown(totals.heard.count(), before.heard.count()));
  const Process last = std::exchange(last_process_, process);
  second.cpu = Grown(process.cpu_seconds, last.cpu_seconds) / seconds;
  second.rss = process.rss;
  return second;
}

}  // namespace bot
