// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rtp/base/time.h"

namespace bot {

// How often durations of which length came, told apart to 1 in 16: plain,
// to be copied, added up and asked for percentiles. From 0 to 67 s; what is
// longer counts as that, what is below zero as zero.
class Distribution {
 public:
  void Add(rtp::TimeDelta value);
  void Merge(const Distribution& other);

  uint64_t count() const { return count_; }
  rtp::TimeDelta max() const { return max_; }
  rtp::TimeDelta Mean() const;
  // The duration that a share of `share` (0 to 1) does not exceed, rounded up
  // to the next that is told apart, never above max(). Zero of nothing.
  rtp::TimeDelta Percentile(double share) const;

 private:
  static constexpr size_t kSteps = 16;  // in each power of two
  static constexpr size_t kPowers = 23;
  static size_t BucketOf(uint64_t us);
  static uint64_t UpperEnd(size_t bucket);

  std::array<uint32_t, kSteps * kPowers> buckets_{};
  uint64_t count_ = 0;
  uint64_t sum_us_ = 0;
  rtp::TimeDelta max_{};
};

}  // namespace bot
