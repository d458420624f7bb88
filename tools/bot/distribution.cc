// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/distribution.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bot {

// The first 16 buckets hold one microsecond each; then each power of two has
// 16 of equal width.
size_t Distribution::BucketOf(uint64_t us) {
  if (us < kSteps) return us;
  const auto power = static_cast<size_t>(std::bit_width(us)) - 5;
  const size_t step = (us >> power) - kSteps;
  return std::min((power + 1) * kSteps + step, kSteps * kPowers - 1);
}

uint64_t Distribution::UpperEnd(size_t bucket) {
  if (bucket < kSteps) return bucket;
  const size_t power = bucket / kSteps - 1;
  return ((kSteps + bucket % kSteps + 1) << power) - 1;
}

void Distribution::Add(rtp::TimeDelta value) {
  const auto us = static_cast<uint64_t>(std::max<int64_t>(value.count(), 0));
  ++buckets_[BucketOf(us)];
  ++count_;
  sum_us_ += us;
  max_ = std::max(max_, rtp::TimeDelta(static_cast<int64_t>(us)));
}

void Distribution::Merge(const Distribution& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
  max_ = std::max(max_, other.max_);
}

rtp::TimeDelta Distribution::Mean() const {
  return rtp::TimeDelta(count_ == 0 ? 0
                                    : static_cast<int64_t>(sum_us_ / count_));
}

rtp::TimeDelta Distribution::Percentile(double share) const {
  const auto wanted = static_cast<uint64_t>(
      std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= std::max<uint64_t>(wanted, 1)) {
      return std::min(rtp::TimeDelta(static_cast<int64_t>(UpperEnd(i))), max_);
    }
  }
  return max_;
}

}  // namespace bot
