// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "rtp/base/time.h"

namespace signaling {

// Admits `rate` events a second and bursts of `burst`.
class TokenBucket {
 public:
  TokenBucket(int64_t rate, int64_t burst)
      : interval_(rtp::TimeDelta(1'000'000 / rate)),
        full_(interval_ * burst),
        credit_(full_) {}

  [[nodiscard]] bool TryTake(rtp::Timestamp now) {
    if (last_ != rtp::Timestamp::min()) {
      credit_ = std::min(credit_ + (now - last_), full_);
    }
    last_ = now;
    if (credit_ < interval_) return false;
    credit_ -= interval_;
    return true;
  }

  // Whether it is full again, and so as good as a new one.
  bool Idle(rtp::Timestamp now) const {
    return last_ == rtp::Timestamp::min() || credit_ + (now - last_) >= full_;
  }

 private:
  rtp::TimeDelta interval_;
  rtp::TimeDelta full_;
  rtp::TimeDelta credit_;
  rtp::Timestamp last_ = rtp::Timestamp::min();
};

}  // namespace signaling
