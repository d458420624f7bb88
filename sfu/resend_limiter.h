// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "rtp/base/time.h"

namespace sfu {

// Keeps a NACK of four bytes from becoming a flood: a packet is sent again at
// most kMaxTimes and once per round trip, and retransmissions of a stream are
// at most half of what it sent, beyond an allowance to begin with
// (reliability.md T18, decisions.md s2).
class ResendLimiter {
 public:
  static constexpr uint8_t kMaxTimes = 5;
  static constexpr rtp::TimeDelta kMinInterval = std::chrono::milliseconds(10);
  static constexpr int64_t kAllowance = 64 * 1024;  // bytes

  // `bytes` of new media were sent.
  void OnSent(size_t bytes) {
    budget_ = std::min<int64_t>(budget_ + static_cast<int64_t>(bytes / 2),
                                kAllowance);
  }

  // Whether packet `seq` of `bytes` may be sent again now; counts it if so.
  bool TryResend(rtp::Timestamp now, uint64_t seq, size_t bytes,
                 rtp::TimeDelta rtt) {
    if (budget_ < static_cast<int64_t>(bytes)) return false;
    Entry& entry = entries_[seq % entries_.size()];
    if (entry.seq != seq) entry = Entry{seq, 0, rtp::Timestamp::min()};
    if (entry.times >= kMaxTimes) return false;
    if (entry.times > 0 && now - entry.last < std::max(kMinInterval, rtt)) {
      return false;
    }
    ++entry.times;
    entry.last = now;
    budget_ -= static_cast<int64_t>(bytes);
    return true;
  }

 private:
  struct Entry {
    uint64_t seq = 0;
    uint8_t times = 0;
    rtp::Timestamp last;
  };
  int64_t budget_ = kAllowance;
  std::array<Entry, 256> entries_{};
};

}  // namespace sfu
