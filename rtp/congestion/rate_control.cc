// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/rate_control.h"

#include <algorithm>
#include <cmath>

namespace rtp {
namespace {

using std::chrono::milliseconds;

constexpr double kFramesPerSecond = 30;
constexpr double kPacketBits = 8 * 1200;
constexpr TimeDelta kResponseMargin = milliseconds(100);
constexpr TimeDelta kMinDecreaseInterval = milliseconds(10);
constexpr TimeDelta kMaxDecreaseInterval = milliseconds(200);

double Seconds(TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1e6;
}

}  // namespace

RateControl::RateControl(double min_bps, double max_bps, double start_bps)
    : min_bps_(min_bps),
      max_bps_(max_bps),
      bps_(std::clamp(start_bps, min_bps, max_bps)) {}

void RateControl::SetLimits(double min_bps, double max_bps) {
  min_bps_ = min_bps;
  max_bps_ = max_bps;
  bps_ = std::clamp(bps_, min_bps_, max_bps_);
}

void RateControl::SetRate(Timestamp now, double bps) {
  bps_ = std::clamp(bps, min_bps_, max_bps_);
  last_change_ = now;
}

void RateControl::RaiseTo(Timestamp now, double bps, TimeDelta rtt) {
  SetRate(now, bps);
  settled_at_ = now + rtt + kSettle;
}

void RateControl::Update(Timestamp now, const Input& input) {
  switch (input.use) {
    case LinkUse::kOver:
      Decrease(now, input);
      increasing_ = false;
      return;
    case LinkUse::kUnder:
      increasing_ = false;  // until its queue is empty
      return;
    case LinkUse::kNormal:
      // The first step only starts the time that growth is measured by.
      if (increasing_) {
        Increase(now, input);
      } else {
        last_change_ = now;
      }
      increasing_ = true;
      return;
  }
}

void RateControl::Increase(Timestamp now, const Input& input) {
  const double seconds =
      std::min(last_change_ ? Seconds(now - *last_change_) : 0.0, 1.0);
  last_change_ = now;
  if (!input.acked_bps || input.app_limited) return;
  if (capacity_.IsAbove(*input.acked_bps)) capacity_.Reset();
  const double limit = kAckedFactor * *input.acked_bps + kAckedMargin;
  if (bps_ >= limit) return;
  const double step =
      capacity_.known() ? AdditiveBpsPerSecond(input.rtt) * seconds
                        : std::max(bps_ * kIncrease * seconds, 1000 * seconds);
  bps_ = std::clamp(std::min(bps_ + step, limit), min_bps_, max_bps_);
}

// About one packet per response time, of the size that packets have where
// frames are cut into equal ones.
double RateControl::AdditiveBpsPerSecond(TimeDelta rtt) const {
  const double frame_bits = bps_ / kFramesPerSecond;
  const double packets = std::max(std::ceil(frame_bits / kPacketBits), 1.0);
  const double response = Seconds(rtt + kResponseMargin);
  return std::max(frame_bits / packets / response, kMinAdditiveBps);
}

void RateControl::Decrease(Timestamp now, const Input& input) {
  if (now < settled_at_) return;
  last_overuse_ = now;
  // What gets through, as soon as can be: the longer time still holds what was
  // before a step. Without knowing, half.
  const double acked = input.recent_acked_bps.value_or(
      input.acked_bps.value_or(bps_ / 2 / kDecrease));
  const TimeDelta interval =
      std::clamp(input.rtt, kMinDecreaseInterval, kMaxDecreaseInterval);
  // The effect of the last decrease is awaited, unless it was far too small.
  if (last_decrease_ && now - *last_decrease_ < interval && acked > bps_ / 2) {
    return;
  }
  double bps = kDecrease * acked;
  if (bps > bps_ && capacity_.known()) bps = kDecrease * *capacity_.bps();
  bps_ = std::clamp(std::min(bps, bps_), min_bps_, max_bps_);
  last_change_ = last_decrease_ = now;
  if (!input.acked_bps) return;
  if (capacity_.IsBelow(acked)) capacity_.Reset();
  capacity_.OnOveruse(acked);
}

}  // namespace rtp
