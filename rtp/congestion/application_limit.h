// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "rtp/base/time.h"

namespace rtp {

// Tells whether the sender uses the rate that it has: a budget fills at
// kUsage of the rate and is spent by what is sent.
class ApplicationLimit {
 public:
  static constexpr double kUsage = 0.65;
  static constexpr double kStart = 0.80;  // so full: limited by what it has
  static constexpr double kStop = 0.50;   // down to here: no longer
  static constexpr TimeDelta kWindow = std::chrono::milliseconds(500);

  // What is sent between two calls with later times is spent at once.
  void OnTime(Timestamp now, double target_bps) {
    if (last_) {
      const double seconds = static_cast<double>((now - *last_).count()) / 1e6;
      budget_ += kUsage * target_bps / 8 * seconds;
    }
    last_ = now;
    full_ =
        kUsage * target_bps / 8 * static_cast<double>(kWindow.count()) / 1e6;
    Bound();
  }
  void OnSent(uint32_t size) {
    budget_ -= size;
    Bound();
  }
  bool limited() const { return limited_; }

 private:
  void Bound() {
    if (budget_ > full_) budget_ = full_;
    if (budget_ < -full_) budget_ = -full_;
    if (budget_ > kStart * full_) limited_ = true;
    if (budget_ < kStop * full_) limited_ = false;
  }

  std::optional<Timestamp> last_;
  double full_ = 0;    // bytes
  double budget_ = 0;  // bytes
  bool limited_ = false;
};

}  // namespace rtp
