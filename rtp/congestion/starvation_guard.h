// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>

#include "rtp/base/time.h"

namespace rtp {

// Feedback that stops, or that does not match what was sent, never leaves the
// rate up: what was sent and not confirmed within a round trip and kPatience
// lowers it by kDecay each kStep, until a confirmation comes.
class StarvationGuard {
 public:
  static constexpr TimeDelta kPatience = std::chrono::milliseconds(300);
  static constexpr TimeDelta kStep = std::chrono::milliseconds(200);
  static constexpr double kDecay = 0.85;
  // A message of which a greater share is about packets that were never sent
  // confirms nothing.
  static constexpr double kMaxUnmatched = 0.2;
  // While no round trip was measured.
  static constexpr TimeDelta kUnknownRtt = std::chrono::milliseconds(700);

  static bool Confirms(size_t received, size_t unmatched) {
    return received > 0 && static_cast<double>(unmatched) <=
                               kMaxUnmatched * static_cast<double>(received);
  }

  void OnPacketSent(Timestamp now, TimeDelta rtt) {
    if (deadline_ == kNever) deadline_ = now + rtt + kPatience;
  }
  // `oldest_unconfirmed`: when the first packet after the newest one that was
  // confirmed was sent; kNever if there is none.
  void OnConfirmation(Timestamp now, Timestamp oldest_unconfirmed,
                      TimeDelta rtt) {
    starving_ = false;
    deadline_ = oldest_unconfirmed == kNever
                    ? kNever
                    : std::max(now, oldest_unconfirmed + rtt) + kPatience;
  }
  // Not in use: another kind of feedback is followed.
  void Stop() { *this = StarvationGuard(); }

  // Since its deadline: the rate is not to grow.
  bool starving() const { return starving_; }
  Timestamp NextDeadline() const { return deadline_; }
  // The factor for the rate; 1 if nothing is due.
  double HandleTimeout(Timestamp now) {
    double factor = 1;
    while (now >= deadline_) {
      if (starving_) factor *= kDecay;
      starving_ = true;
      deadline_ += kStep;
    }
    return factor;
  }

 private:
  Timestamp deadline_ = kNever;
  bool starving_ = false;
};

}  // namespace rtp
