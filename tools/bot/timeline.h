// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "tools/bot/figures.h"

namespace bot {

// Makes the seconds of a run out of what its bots counted so far: each is the
// difference to the last. Plain arithmetic.
class Timeline {
 public:
  // What the shell knows of its process.
  struct Process {
    double cpu_seconds = 0;  // so far
    uint64_t rss = 0;        // bytes
  };

  // `at`: seconds since the run began. `latencies`: of all that came since the
  // last call. `bots`: all of the run, in the same order each time, more at
  // its end.
  Second Add(double at, const std::vector<BotFigures>& bots,
             const Distribution& latencies, const Process& process);

 private:
  struct Totals {
    uint64_t packets_sent = 0;
    uint64_t bytes_sent = 0;
    uint64_t packets_received = 0;
    uint64_t bytes_received = 0;
    uint64_t lost = 0;
    uint64_t taken = 0;  // packets of streams, recovered ones too
    uint64_t freezes = 0;
    rtp::TimeDelta frozen{};
    rtp::TimeDelta watched{};  // video
    rtp::TimeDelta gaps{};
    rtp::TimeDelta heard{};  // audio
  };
  static Totals Sum(const std::vector<BotFigures>& bots);

  double last_at_ = 0;
  Totals last_;
  Process last_process_;
  std::vector<uint64_t> stream_packets_;  // of each stream, in order
};

}  // namespace bot
