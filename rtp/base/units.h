// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>

#include "rtp/base/time.h"

namespace rtp {

// An amount of data, in bytes.
class DataSize {
 public:
  constexpr DataSize() = default;
  static constexpr DataSize Bytes(int64_t bytes) { return DataSize(bytes); }

  constexpr int64_t bytes() const { return bytes_; }
  constexpr int64_t bits() const { return bytes_ * 8; }

  constexpr DataSize operator+(DataSize other) const {
    return DataSize(bytes_ + other.bytes_);
  }
  constexpr DataSize operator-(DataSize other) const {
    return DataSize(bytes_ - other.bytes_);
  }
  constexpr DataSize& operator+=(DataSize other) {
    bytes_ += other.bytes_;
    return *this;
  }
  constexpr DataSize& operator-=(DataSize other) {
    bytes_ -= other.bytes_;
    return *this;
  }
  constexpr auto operator<=>(const DataSize&) const = default;

 private:
  constexpr explicit DataSize(int64_t bytes) : bytes_(bytes) {}
  int64_t bytes_ = 0;
};

// A rate, in bits per second.
class DataRate {
 public:
  constexpr DataRate() = default;
  static constexpr DataRate BitsPerSecond(int64_t bps) { return DataRate(bps); }
  static constexpr DataRate Kbps(int64_t kbps) { return DataRate(kbps * 1000); }

  constexpr int64_t bps() const { return bps_; }
  constexpr int64_t kbps() const { return bps_ / 1000; }
  constexpr auto operator<=>(const DataRate&) const = default;

 private:
  constexpr explicit DataRate(int64_t bps) : bps_(bps) {}
  int64_t bps_ = 0;
};

// Rate over a time; zero for an empty or negative time.
constexpr DataRate operator/(DataSize size, TimeDelta time) {
  if (time.count() <= 0) return DataRate();
  return DataRate::BitsPerSecond(size.bits() * 1'000'000 / time.count());
}

// What flows at `rate` in `time`, rounded down to a byte.
constexpr DataSize operator*(DataRate rate, TimeDelta time) {
  return DataSize::Bytes(rate.bps() / 8 * time.count() / 1'000'000);
}

}  // namespace rtp
