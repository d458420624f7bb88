// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "rtp/base/time.h"
#include "rtp/congestion/feedback.h"

namespace rtp {

// Bounds the rate by loss, where loss depends on the rate. A link loses a part
// r of all packets whatever is sent (radio), and what exceeds its capacity c
// (a policer, a short queue). Which r and c explain what was seen best is
// fitted over the last kWindows windows of sending; only if no c at all ("it is
// all r") explains it clearly worse, c is the bound. So random loss costs
// nothing, and loss that comes with the rate ends with it.
//
// A great r is thought unlikely until the rate has changed and the loss has
// not; less so at a low rate, which few links cannot carry. While the bound
// holds it is lifted a little after each window that lost no more than r, so
// that a link that became faster is found.
class LossControl {
 public:
  static constexpr TimeDelta kWindow = std::chrono::milliseconds(250);
  static constexpr uint32_t kMinPackets = 20;  // in a window
  static constexpr size_t kWindows = 40;
  static constexpr size_t kMinWindows = 2;
  // Not thought unlikely: kFreeLoss + kFreeLostBps / rate.
  static constexpr double kFreeLoss = 0.05;
  static constexpr double kFreeLostBps = 25'000;

  // In the order of sending.
  void OnResult(const PacketResult& packet);

  // In bits per second; nothing while loss does not bound.
  std::optional<double> bound_bps() const {
    if (!bound_) return std::nullopt;
    return *bound_ * (1 + lift_);
  }
  // What is lost whatever the rate, 0..1.
  double inherent_loss() const { return inherent_; }
  // Lost in the last whole window, 0..1.
  double loss() const { return loss_; }

 private:
  struct Window {
    double rate = 0;      // sent, bits per second
    double received = 0;  // share of bytes, 0..1
    double packets = 0;
  };
  struct Fit {
    double inherent = 0;
    double residue = 0;  // squared deviations, weighted
  };

  const Window& Last(size_t age) const {
    return windows_[(count_ - 1 - age) % kWindows];
  }
  void CloseWindow(TimeDelta length);
  // Forgets what was before the link changed.
  void ForgetIfChanged();
  void Explain();
  void Lift();
  // How well "no more than `capacity` gets through" explains the windows;
  // negative: no limit.
  Fit FitTo(double capacity) const;

  std::array<Window, kWindows> windows_{};  // a ring
  size_t count_ = 0;                        // of windows ever closed
  size_t known_ = 0;                        // of those, not forgotten
  // The open window.
  std::optional<Timestamp> begin_;
  uint64_t sent_bytes_ = 0;
  uint64_t lost_bytes_ = 0;
  uint32_t packets_ = 0;

  std::optional<double> bound_;  // the capacity that explains best
  double lift_ = 0;
  double inherent_ = 0;
  double loss_ = 0;
};

}  // namespace rtp
