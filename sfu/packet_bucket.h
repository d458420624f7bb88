// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>

#include "rtp/base/time.h"

namespace sfu {

// How much a participant may send us (reliability.md T20): 3000 packets a
// second, in bursts of up to as many.
class PacketBucket {
 public:
  static constexpr int64_t kPerSecond = 3000;

  // Takes one; false if there is none left.
  [[nodiscard]] bool TryTake(rtp::Timestamp now) {
    if (last_ != rtp::Timestamp()) {
      credit_us_ = std::min(credit_us_ + (now - last_).count(), kFull);
    }
    last_ = now;
    if (credit_us_ < kCost) return false;
    credit_us_ -= kCost;
    return true;
  }

 private:
  static constexpr int64_t kFull = 1'000'000;  // a second's worth
  static constexpr int64_t kCost = kFull / kPerSecond;
  int64_t credit_us_ = kFull;
  rtp::Timestamp last_;
};

}  // namespace sfu
