// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/seeded_random.h"

#include <bit>

namespace bot {
namespace {

uint64_t SplitMix(uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// 32.32 fixed point times microseconds; the mean is at most some days.
rtp::TimeDelta Scale(uint64_t fixed, rtp::TimeDelta mean) {
  const auto us = static_cast<uint64_t>(mean.count());
  const uint64_t whole = (fixed >> 32) * us;
  const uint64_t low = (fixed & 0xffffffff) * (us >> 32);
  const uint64_t rest = (fixed & 0xffffffff) * (us & 0xffffffff) >> 32;
  return rtp::TimeDelta(static_cast<int64_t>(whole + low + rest));
}

}  // namespace

uint64_t DeriveSeed(uint64_t seed, uint64_t purpose) {
  uint64_t state = seed;
  state = SplitMix(state) ^ purpose;
  return SplitMix(state);
}

SeededRandom::SeededRandom(uint64_t seed) {
  for (uint64_t& word : state_) word = SplitMix(seed);
}

SeededRandom::SeededRandom(uint64_t seed, uint64_t purpose)
    : SeededRandom(DeriveSeed(seed, purpose)) {}

uint64_t SeededRandom::Next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::Fill(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    uint64_t word = Next();
    const size_t count = bytes.size() < 8 ? bytes.size() : 8;
    for (uint8_t& byte : bytes.first(count)) {
      byte = static_cast<uint8_t>(word >> 56);
      word <<= 8;
    }
    bytes = bytes.subspan(count);
  }
}

uint64_t SeededRandom::Below(uint64_t count) {
  if (count < 2) return 0;
  // Numbers beyond the last whole multiple would favour the low remainders.
  const uint64_t excess = (UINT64_MAX % count + 1) % count;
  uint64_t number = Next();
  while (number > UINT64_MAX - excess) number = Next();
  return number % count;
}

bool SeededRandom::Chance(double probability) {
  if (probability <= 0) return false;
  // Exact: 53 bits fit a double.
  return static_cast<double>(Next() >> 11) < probability * 0x1p53;
}

rtp::TimeDelta SeededRandom::Exponential(rtp::TimeDelta mean) {
  if (mean <= rtp::TimeDelta::zero()) return rtp::TimeDelta::zero();
  // The chance that a run of falling numbers has an odd length, given its
  // first one u, is e^-u; each failed run adds a whole mean.
  for (uint64_t whole = 0;; ++whole) {
    const uint64_t first = Next() >> 32;
    uint64_t last = first;
    bool odd = true;
    for (uint64_t next = Next() >> 32; next < last; next = Next() >> 32) {
      last = next;
      odd = !odd;
    }
    if (odd) return Scale(whole << 32 | first, mean);
  }
}

}  // namespace bot
