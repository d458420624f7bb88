// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/delay_trend.h"

#include <algorithm>

namespace rtp {
namespace {

double Ms(TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1000.0;
}

constexpr double kMaxAdaptStepMs = 100;

}  // namespace

void DelayTrend::OnReceived(Timestamp sent, Timestamp arrival) {
  if (const auto delta = groups_.Add(sent, arrival)) Update(*delta);
}

void DelayTrend::Update(const GroupDelta& delta) {
  if (count_ == 0) first_arrival_ = delta.arrival;
  deltas_ = std::min(deltas_ + 1, kMaxDeltas);
  accumulated_ms_ += Ms(delta.arrived) - Ms(delta.sent);
  smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
  const double at_ms = Ms(delta.arrival - first_arrival_);
  points_[count_++ % kWindow] = {at_ms, smoothed_ms_};
  // Until the window is full the last slope stands.
  Detect(count_ >= kWindow ? Slope() : last_slope_, Ms(delta.sent));
  Adapt(at_ms);
}

double DelayTrend::Slope() const {
  double mean_at = 0;
  double mean_delay = 0;
  for (const Point& point : points_) {
    mean_at += point.at_ms / kWindow;
    mean_delay += point.delay_ms / kWindow;
  }
  double covariance = 0;
  double variance = 0;
  for (const Point& point : points_) {
    const double at = point.at_ms - mean_at;
    covariance += at * (point.delay_ms - mean_delay);
    variance += at * at;
  }
  return variance > 0 ? covariance / variance : last_slope_;
}

void DelayTrend::Detect(double slope, double sent_ms) {
  trend_ = deltas_ < 2 ? 0 : deltas_ * slope * kGain;
  if (trend_ > threshold_) {
    // The first time counts half: when it went beyond is not known.
    over_ms_ = over_ms_ < 0 ? sent_ms / 2 : over_ms_ + sent_ms;
    ++over_count_;
    if (over_ms_ > kOveruseMs && over_count_ > 1 && slope >= last_slope_) {
      over_ms_ = 0;
      over_count_ = 0;
      use_ = LinkUse::kOver;
    }
  } else {
    over_ms_ = -1;
    over_count_ = 0;
    use_ = trend_ < -threshold_ ? LinkUse::kUnder : LinkUse::kNormal;
  }
  last_slope_ = slope;
}

void DelayTrend::Adapt(double at_ms) {
  if (adapted_at_ms_ < 0) adapted_at_ms_ = at_ms;
  const double step_ms =
      std::clamp(at_ms - adapted_at_ms_, 0.0, kMaxAdaptStepMs);
  adapted_at_ms_ = at_ms;
  const double size = trend_ < 0 ? -trend_ : trend_;
  if (size > threshold_ + kMaxAdaptMs) return;
  const double gain = size < threshold_ ? kDown : kUp;
  threshold_ = std::clamp(threshold_ + gain * (size - threshold_) * step_ms,
                          kMinThresholdMs, kMaxThresholdMs);
}

}  // namespace rtp
