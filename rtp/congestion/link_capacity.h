// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

namespace rtp {

// Where the link was last found to be full: an average of the rates that got
// through while its queue grew, with their spread.
class LinkCapacity {
 public:
  // Rates in bits per second.
  void OnOveruse(double acked_bps) { Update(acked_bps, 0.05); }
  void OnProbe(double bps) { Update(bps, 0.5); }
  void Reset() { mean_kbps_.reset(); }

  bool known() const { return mean_kbps_.has_value(); }
  std::optional<double> bps() const;
  // Three deviations around it: a rate outside says that the link changed.
  // Everything and nothing while it is not known.
  bool IsAbove(double bps) const;
  bool IsBelow(double bps) const;

 private:
  void Update(double bps, double weight);
  double Spread() const;

  std::optional<double> mean_kbps_;
  double variance_ = 0.4;  // over the mean
};

}  // namespace rtp
