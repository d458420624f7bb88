// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "rtp/base/time.h"

namespace rtp {

// How long the queue before the link is: what the fastest packet of the last
// feedback message took, above what the fastest of the last kMemory (to twice
// as long) took. The clocks of both sides may differ, but not run apart fast.
class Backlog {
 public:
  static constexpr TimeDelta kMemory = std::chrono::seconds(10);
  // That much of a queue is left alone: others' traffic, jitter.
  static constexpr TimeDelta kAllowed = std::chrono::milliseconds(50);
  // So much that, with less arriving than is sent, the queue is full: its delay
  // grows no more, and the trend is blind.
  static constexpr TimeDelta kFull = std::chrono::milliseconds(250);
  // The rest is to be drained in this time...
  static constexpr double kDrainSeconds = 1;
  // ... but not at the cost of more than this share of the rate.
  static constexpr double kMaxDrain = 0.5;
  // A clock was set.
  static constexpr TimeDelta kMaxStep = std::chrono::seconds(20);

  void BeginMessage() { in_message_ = false; }
  void OnReceived(Timestamp sent, Timestamp arrival) {
    const TimeDelta took = arrival - sent;
    if (!known_ || took - last_ > kMaxStep || last_ - took > kMaxStep) {
      known_ = true;
      in_message_ = false;
      since_ = sent;
      least_ = older_least_ = took;
    }
    if (sent - since_ > kMemory) {
      since_ = sent;
      older_least_ = least_;
      least_ = took;
    }
    least_ = std::min(least_, took);
    last_ = in_message_ ? std::min(last_, took) : took;
    in_message_ = true;
  }

  TimeDelta delay() const {
    return known_ ? last_ - std::min(least_, older_least_) : TimeDelta::zero();
  }
  bool drains() const { return delay() > kAllowed; }
  bool full() const { return delay() > kFull; }
  // The share of the rate that may be sent.
  double factor() const {
    const double excess =
        static_cast<double>((delay() - kAllowed).count()) / 1e6;
    return 1 - std::clamp(excess / kDrainSeconds, 0.0, kMaxDrain);
  }

 private:
  bool known_ = false;
  bool in_message_ = false;
  Timestamp since_;          // of least_
  TimeDelta least_{};        // of this stretch of kMemory
  TimeDelta older_least_{};  // of the one before
  TimeDelta last_{};
};

}  // namespace rtp
