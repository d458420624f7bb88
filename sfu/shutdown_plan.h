// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include "rtp/base/time.h"

namespace sfu {

// How the server goes away. The first SIGTERM lets those who are here finish
// (draining) until all have left or the deadline has passed; SIGINT, or one
// more signal, ends their sessions now; a signal after that does not even wait
// for the XMPP server.
class ShutdownPlan {
 public:
  enum class Step { kServing, kDraining, kEnding, kOver };
  enum class Signal { kTerminate, kInterrupt };

  // `patience` is how long draining may take.
  explicit ShutdownPlan(rtp::TimeDelta patience) : patience_(patience) {}

  // Returns the step that begins.
  Step HandleSignal(rtp::Timestamp now, Signal signal) {
    if (step_ == Step::kServing && signal == Signal::kTerminate) {
      step_ = Step::kDraining;
      deadline_ = now + patience_;
    } else if (step_ == Step::kServing || step_ == Step::kDraining) {
      step_ = Step::kEnding;
    } else {
      step_ = Step::kOver;
    }
    return step_;
  }

  // When draining will be over, as far as is known; a moment that has passed
  // if nobody is here any more.
  rtp::Timestamp NextDeadline(size_t participants) const {
    if (step_ != Step::kDraining) return rtp::kNever;
    return participants == 0 ? deadline_ - patience_ : deadline_;
  }

  // Returns whether draining is over just now: sessions are to be ended.
  [[nodiscard]] bool TryEnd(rtp::Timestamp now, size_t participants) {
    if (now < NextDeadline(participants)) return false;
    step_ = Step::kEnding;
    return true;
  }

  Step step() const { return step_; }
  bool going_away() const { return step_ != Step::kServing; }

 private:
  const rtp::TimeDelta patience_;
  Step step_ = Step::kServing;
  rtp::Timestamp deadline_ = rtp::kNever;
};

}  // namespace sfu
