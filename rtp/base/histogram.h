// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "rtp/base/time.h"

namespace rtp {

// How often values of which size came: bucket i counts those up to 2^i that no
// smaller bucket takes, the last one all that are greater. The unit is the
// owner's. One writing thread and any number of readers; an observation is two
// relaxed stores, so that packets can afford it.
class Histogram {
 public:
  static constexpr size_t kBounded = 16;  // buckets up to 2^15
  static constexpr size_t kBuckets = kBounded + 1;

  void Observe(uint64_t value) {
    const size_t index = value <= 1 ? 0 : std::bit_width(value - 1);
    Add(buckets_[std::min(index, kBounded)], 1);
    Add(sum_, value);
  }
  // In milliseconds, begun ones counted whole; a delay below zero is none.
  void ObserveMilliseconds(TimeDelta delta) {
    const int64_t us = std::max<int64_t>(delta.count(), 0);
    Observe(static_cast<uint64_t>(us + 999) / 1000);
  }

  uint64_t bucket(size_t index) const {
    return buckets_[index].load(std::memory_order_relaxed);
  }
  uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  static void Add(std::atomic<uint64_t>& to, uint64_t value) {
    to.store(to.load(std::memory_order_relaxed) + value,
             std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> sum_{0};
};

}  // namespace rtp
