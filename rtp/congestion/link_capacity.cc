// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/link_capacity.h"

#include <algorithm>
#include <cmath>

namespace rtp {
namespace {

constexpr double kMinVariance = 0.4;
constexpr double kMaxVariance = 2.5;

}  // namespace

std::optional<double> LinkCapacity::bps() const {
  if (!mean_kbps_) return std::nullopt;
  return *mean_kbps_ * 1000;
}

bool LinkCapacity::IsAbove(double bps) const {
  return mean_kbps_ && bps / 1000 > *mean_kbps_ + Spread();
}

bool LinkCapacity::IsBelow(double bps) const {
  return mean_kbps_ && bps / 1000 < *mean_kbps_ - Spread();
}

void LinkCapacity::Update(double bps, double weight) {
  const double kbps = bps / 1000;
  if (!mean_kbps_) {
    mean_kbps_ = kbps;
  } else {
    *mean_kbps_ += weight * (kbps - *mean_kbps_);
  }
  const double error = *mean_kbps_ - kbps;
  variance_ +=
      weight * (error * error / std::max(*mean_kbps_, 1.0) - variance_);
  variance_ = std::clamp(variance_, kMinVariance, kMaxVariance);
}

// sqrt() is exact to the last bit everywhere (IEEE 754).
double LinkCapacity::Spread() const {
  return 3 * std::sqrt(variance_ * *mean_kbps_);
}

}  // namespace rtp
