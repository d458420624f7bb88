// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "rtp/base/time.h"
#include "rtp/congestion/delay_trend.h"
#include "rtp/congestion/link_capacity.h"

namespace rtp {

// Additive increase near the link's capacity, multiplicative increase far from
// it, multiplicative decrease (draft-ietf-rmcat-gcc-02 s5.5): a rate from what
// the delay says. Rates are in bits per second.
class RateControl {
 public:
  static constexpr double kDecrease = 0.85;        // of what gets through
  static constexpr double kIncrease = 0.08;        // a second
  static constexpr double kMinAdditiveBps = 4000;  // a second
  // No faster than what gets through allows.
  static constexpr double kAckedFactor = 1.5;
  static constexpr double kAckedMargin = 10'000;
  static constexpr TimeDelta kSettle = std::chrono::milliseconds(200);

  RateControl(double min_bps, double max_bps, double start_bps);

  struct Input {
    LinkUse use = LinkUse::kNormal;
    std::optional<double> acked_bps;
    std::optional<double> recent_acked_bps;  // over a shorter time
    // The sender does not use what it has: nothing is learnt from success.
    bool app_limited = false;
    TimeDelta rtt{};
  };
  // Once per feedback message.
  void Update(Timestamp now, const Input& input);
  // From elsewhere: a loss, a silence.
  void SetRate(Timestamp now, double bps);
  // The path was seen to carry it. What the step itself does to the delay is
  // passed over for a round trip and kSettle.
  void RaiseTo(Timestamp now, double bps, TimeDelta rtt);
  void SetLimits(double min_bps, double max_bps);

  double bps() const { return bps_; }
  LinkCapacity& capacity() { return capacity_; }
  const LinkCapacity& capacity() const { return capacity_; }
  // When the link was last found to be full; Timestamp::min(): never.
  Timestamp last_overuse() const { return last_overuse_; }
  double min_bps() const { return min_bps_; }
  double max_bps() const { return max_bps_; }

 private:
  void Increase(Timestamp now, const Input& input);
  void Decrease(Timestamp now, const Input& input);
  double AdditiveBpsPerSecond(TimeDelta rtt) const;

  double min_bps_;
  double max_bps_;
  double bps_;
  LinkCapacity capacity_;
  bool increasing_ = false;
  std::optional<Timestamp> last_change_;
  std::optional<Timestamp> last_decrease_;
  Timestamp settled_at_ = Timestamp::min();
  Timestamp last_overuse_ = Timestamp::min();
};

}  // namespace rtp
