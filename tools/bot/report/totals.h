// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rtp/base/time.h"
#include "tools/bot/distribution.h"
#include "tools/bot/figures.h"

namespace bot {

// The streams of one kind of all bots, added up.
struct MediaTotals {
  size_t streams = 0;  // that something came on
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t lost = 0;
  uint64_t recovered = 0;
  uint64_t duplicates = 0;
  uint64_t reordered = 0;
  uint64_t frames = 0;
  uint64_t key_frames = 0;
  uint64_t decode_errors = 0;
  uint64_t backward_timestamps = 0;
  uint64_t layer_switches = 0;
  uint64_t freezes = 0;
  uint64_t audio_gaps = 0;
  rtp::TimeDelta frozen{};
  rtp::TimeDelta audio_gap_time{};
  rtp::TimeDelta watched{};
  rtp::TimeDelta longest_gap{};
  Distribution latency;
  Distribution key_frame_wait;
  std::vector<double> jitter_ms;  // one of each stream

  void Add(const StreamFigures& stream);
  void Add(const MediaTotals& other);
  // Packets that were sent to a bot, as far as it can know.
  uint64_t expected() const { return packets + recovered + lost; }
};

// All bots of a run, added up.
struct Totals {
  size_t bots = 0;  // planned, or there
  size_t joined = 0;
  size_t failed = 0;
  size_t failed_joins = 0;  // of those, never connected
  uint64_t packets_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t packets_received = 0;
  uint64_t bytes_received = 0;
  uint64_t unauthentic = 0;
  uint64_t nacked = 0;
  uint64_t key_frame_requests = 0;
  // One value of each bot that came so far, in ms.
  std::vector<double> login_ms;
  std::vector<double> join_ms;
  std::vector<double> first_picture_ms;
  std::vector<double> first_sound_ms;
  std::vector<double> rtt_ms;
  Distribution picture_late;
  Distribution sound_late;
  MediaTotals audio;
  MediaTotals video;

  // Both kinds.
  MediaTotals Media() const;
};

Totals AddUp(const RunFigures& figures);

double Milliseconds(rtp::TimeDelta delta);

// The smallest of `values` that a share of `share` (0 to 1) does not exceed;
// exact. Zero of nothing.
double Percentile(std::vector<double> values, double share);

}  // namespace bot
