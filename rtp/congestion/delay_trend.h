// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rtp/base/time.h"
#include "rtp/congestion/arrival_groups.h"

namespace rtp {

// What the delay of packets says about the bottleneck.
enum class LinkUse : uint8_t {
  kNormal,
  kOver,   // its queue grows
  kUnder,  // its queue drains
};

// Watches the one-way delay of packets and says whether it grows: a straight
// line through the last kWindow smoothed delays, whose slope is compared with
// a threshold that adapts (draft-ietf-rmcat-gcc-02 s5.3-5.5, with a line
// fitted in place of its Kalman filter).
class DelayTrend {
 public:
  static constexpr size_t kWindow = 20;
  static constexpr double kSmoothing = 0.9;
  static constexpr double kGain = 4.0;
  static constexpr int kMaxDeltas = 60;
  static constexpr double kInitialThresholdMs = 12.5;
  static constexpr double kMinThresholdMs = 6;
  static constexpr double kMaxThresholdMs = 600;
  static constexpr double kUp = 0.0087;
  static constexpr double kDown = 0.039;
  // A value further beyond is a spike, which the threshold does not follow.
  static constexpr double kMaxAdaptMs = 15;
  static constexpr double kOveruseMs = 10;

  void OnReceived(Timestamp sent, Timestamp arrival);
  // Forgets delays, as after a change of path; the threshold too.
  void Reset() { *this = DelayTrend(); }

  LinkUse use() const { return use_; }
  double trend_ms() const { return trend_; }  // as compared
  double threshold_ms() const { return threshold_; }

 private:
  struct Point {
    double at_ms = 0;
    double delay_ms = 0;
  };

  void Update(const GroupDelta& delta);
  double Slope() const;
  void Detect(double slope, double sent_ms);
  void Adapt(double at_ms);

  ArrivalGroups groups_;
  std::array<Point, kWindow> points_{};  // a ring
  size_t count_ = 0;                     // of points ever written
  Timestamp first_arrival_;
  int deltas_ = 0;  // seen, kMaxDeltas at most
  double accumulated_ms_ = 0;
  double smoothed_ms_ = 0;

  double trend_ = 0;
  double last_slope_ = 0;
  double threshold_ = kInitialThresholdMs;
  double adapted_at_ms_ = -1;  // before: never
  double over_ms_ = -1;        // for how long beyond; negative: is not
  int over_count_ = 0;
  LinkUse use_ = LinkUse::kNormal;
};

}  // namespace rtp
