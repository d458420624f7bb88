// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rtp/base/random.h"
#include "rtp/base/time.h"

namespace bot {

// xoshiro256** of Blackman and Vigna, seeded by SplitMix64: the same bytes for
// the same seed, in every build and on every machine. Not for secrets.
class SeededRandom : public rtp::RandomSource {
 public:
  explicit SeededRandom(uint64_t seed);
  // Of another stream of numbers for each `purpose` of the same seed.
  SeededRandom(uint64_t seed, uint64_t purpose);
  // Eight bytes of each number, the highest first; the rest is thrown away.
  void Fill(std::span<uint8_t> bytes) override;

  uint64_t Next();

  // 0 to `count` - 1, evenly; 0 if `count` is 0.
  uint64_t Below(uint64_t count);
  // True with this probability (0 to 1), to 2^-53.
  bool Chance(double probability);
  // Exponentially distributed, by comparing only (von Neumann): no logarithm,
  // whose last bit differs between machines. Zero if `mean` is not above it.
  rtp::TimeDelta Exponential(rtp::TimeDelta mean);

 private:
  std::array<uint64_t, 4> state_;
};

// A seed made of another one, for a part of what that seeds.
uint64_t DeriveSeed(uint64_t seed, uint64_t purpose);

}  // namespace bot
