// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>

#include "rtp/base/random.h"
#include "rtp/base/time.h"

namespace sfu {

// How long to wait before each attempt to reach a server that is away: longer
// each time up to a limit, with jitter, so that many who lost the same server
// do not return at one moment. The factor of 1.5 keeps the wait below 10 s
// for the first 20 s of an outage.
class Backoff {
 public:
  struct Config {
    rtp::TimeDelta first = std::chrono::seconds(1);
    rtp::TimeDelta limit = std::chrono::seconds(30);
  };

  // `random` must outlive the object.
  Backoff(const Config& config, rtp::RandomSource& random)
      : config_(config), random_(random), next_(config.first) {}

  // The wait before the next attempt: the current step, less up to a quarter.
  rtp::TimeDelta Next() {
    const int64_t step = next_.count();
    next_ = std::min(config_.limit, rtp::TimeDelta(step + step / 2));
    const int64_t jitter = step / 4;
    return rtp::TimeDelta(step -
                          (jitter > 0 ? random_.NextU32() % (jitter + 1) : 0));
  }

  // An attempt succeeded.
  void Reset() { next_ = config_.first; }

 private:
  const Config config_;
  rtp::RandomSource& random_;
  rtp::TimeDelta next_;
};

}  // namespace sfu
