// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "rtp/base/time.h"

namespace rtp {

// The rate at which data arrives, by the receiver's own clock: that of the
// last kWindow of arrivals. Deterministic and without memory beyond it.
class AckedRate {
 public:
  static constexpr TimeDelta kWindow = std::chrono::milliseconds(500);
  static constexpr TimeDelta kShortWindow = std::chrono::milliseconds(200);
  static constexpr TimeDelta kMinSpan = std::chrono::milliseconds(100);
  static constexpr size_t kMinPackets = 5;
  static constexpr size_t kMaxPackets = 4096;

  void OnReceived(Timestamp arrival, uint32_t size);
  // In bits per second; nothing before kMinSpan and kMinPackets were seen.
  std::optional<double> bps() const;
  // Of the last kShortWindow: says sooner, but less surely, what a link that
  // became slow carries.
  std::optional<double> recent_bps() const;

 private:
  struct Arrival {
    Timestamp time;
    uint32_t size = 0;
  };

  // `bytes` of the last `count` arrivals.
  std::optional<double> RateOf(size_t count, uint64_t bytes) const;

  std::deque<Arrival> arrivals_;  // of kWindow, in order of time
  uint64_t bytes_ = 0;            // of all of them
};

}  // namespace rtp
