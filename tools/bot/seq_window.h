// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bot {

// Which of the last packets of a stream came, and which were asked for again.
// Unwrapped sequence numbers, none below kSize.
class SeqWindow {
 public:
  static constexpr size_t kSize = 1024;

  // False if it came before, or is too old to be known.
  bool Take(uint64_t seq) {
    if (newest_ == 0) newest_ = seq;
    if (seq + kSize <= newest_) return false;
    if (seq > newest_) {
      const uint64_t steps = seq - newest_ < kSize ? seq - newest_ : kSize;
      for (uint64_t i = 0; i < steps; ++i) At(seq - i) = 0;
      newest_ = seq;
    }
    if (At(seq) & kCame) return false;
    At(seq) |= kCame;
    return true;
  }
  void MarkAsked(uint16_t seq) {
    const uint64_t back = static_cast<uint16_t>(newest_ - seq);
    if (back < kSize) At(newest_ - back) |= kAsked;
  }
  bool WasAsked(uint64_t seq) const {
    return seq <= newest_ && seq + kSize > newest_ &&
           marks_[seq % kSize] & kAsked;
  }

 private:
  static constexpr uint8_t kCame = 1;
  static constexpr uint8_t kAsked = 2;
  uint8_t& At(uint64_t seq) { return marks_[seq % kSize]; }

  std::array<uint8_t, kSize> marks_{};
  uint64_t newest_ = 0;
};

}  // namespace bot
