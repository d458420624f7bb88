// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

namespace rtp {

// True if `a` comes after `b` on the circle of T (RFC 1982 s3.2). Two values
// exactly half a circle apart, which RFC 1982 leaves open, are ordered by their
// plain value, so that exactly one of (a,b) and (b,a) is true.
template <std::unsigned_integral T>
constexpr bool SeqNewerThan(T a, T b) {
  constexpr T kHalf = static_cast<T>(std::numeric_limits<T>::max() / 2 + 1);
  const T distance = static_cast<T>(a - b);
  if (distance == kHalf) return a > b;
  return distance != 0 && distance < kHalf;
}

// Extends a counter that wraps to 64 bits, relative to the newest value seen,
// so late values keep their place. Feed it authenticated packets only: a jump
// of under half a circle forward moves the reference.
template <std::unsigned_integral T>
class Unwrapper {
 public:
  static constexpr uint64_t kCircle =
      static_cast<uint64_t>(std::numeric_limits<T>::max()) + 1;

  // The first value v becomes v + kCircle, so that values before it, which may
  // still arrive, are positive too. The low bits are always the value's.
  uint64_t Unwrap(T value) {
    const uint64_t unwrapped = Peek(value);
    if (!started_ || unwrapped > newest_) newest_ = unwrapped;
    started_ = true;
    return unwrapped;
  }

  // What Unwrap() would return, without moving the reference.
  uint64_t Peek(T value) const {
    if (!started_) return kCircle + value;
    const T newest = static_cast<T>(newest_);
    if (SeqNewerThan(value, newest)) {
      return newest_ + static_cast<T>(value - newest);
    }
    return newest_ - static_cast<T>(newest - value);
  }

  // Forgets the reference: the next value is a first one.
  void Reset() { *this = Unwrapper(); }

  bool started() const { return started_; }
  // The greatest value returned by Unwrap(); meaningless before.
  uint64_t newest() const { return newest_; }

 private:
  uint64_t newest_ = 0;
  bool started_ = false;
};

// RTP sequence numbers and transport-wide sequence numbers.
using SeqUnwrapper = Unwrapper<uint16_t>;
// RTP timestamps.
using TimestampUnwrapper = Unwrapper<uint32_t>;

}  // namespace rtp
