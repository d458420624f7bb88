// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "rtp/base/time.h"

namespace rtp {

// A rate from receivers that have no feedback about each packet: from REMB,
// and from the loss and round-trip time of receiver reports. Rates are in bits
// per second, losses 0..1.
class ReportControl {
 public:
  static constexpr double kLowLoss = 0.02;   // below, the rate grows
  static constexpr double kHighLoss = 0.10;  // beyond, it falls
  static constexpr double kIncrease = 0.08;  // a second
  static constexpr double kFollow = 0.5;     // a second, up to a REMB
  static constexpr double kDelayDecrease = 0.85;
  // Over the least: a queue.
  static constexpr TimeDelta kQueue = std::chrono::milliseconds(150);
  static constexpr TimeDelta kMinInterval = std::chrono::milliseconds(300);
  static constexpr TimeDelta kRembLife = std::chrono::seconds(5);
  // Without any report: the rate is halved each time.
  static constexpr TimeDelta kSilence = std::chrono::seconds(12);

  ReportControl(double min_bps, double max_bps, double start_bps)
      : min_bps_(min_bps), max_bps_(max_bps), bps_(start_bps) {}

  void SetLimits(double min_bps, double max_bps);
  void SetRate(double bps) { bps_ = bps; }
  void OnRemb(Timestamp now, double bps);
  // `rtt`: zero if not known.
  void OnReport(Timestamp now, double loss, TimeDelta rtt);
  Timestamp NextDeadline() const { return silent_at_; }
  void HandleTimeout(Timestamp now);

  // Both in force.
  double bps(Timestamp now) const;
  // While it lives.
  std::optional<double> remb(Timestamp now) const;
  bool heard() const { return silent_at_ != kNever; }
  bool starving() const { return starving_; }

 private:
  void Grow(Timestamp now);

  double min_bps_;
  double max_bps_;
  double bps_;
  std::optional<double> remb_;
  Timestamp remb_at_;
  double loss_ = 0;
  std::optional<TimeDelta> min_rtt_;
  bool queued_ = false;
  std::optional<Timestamp> grown_at_;
  std::optional<Timestamp> lowered_at_;
  Timestamp silent_at_ = kNever;
  bool starving_ = false;
};

}  // namespace rtp
