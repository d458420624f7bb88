// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rtp/base/time.h"

namespace rtp {

// Decides which packets of one incoming stream to ask for again, when and how
// often (RFC 4585 s6.2.1). Fed with unwrapped sequence numbers. A gap that
// stays open for kReorderDelay is asked for, then once a round trip, kMaxTries
// times in all. Sends nothing itself.
class NackTracker {
 public:
  static constexpr TimeDelta kReorderDelay = std::chrono::milliseconds(10);
  static constexpr TimeDelta kMinRepeat = std::chrono::milliseconds(40);
  static constexpr TimeDelta kMaxAge = std::chrono::seconds(1);
  static constexpr int kMaxTries = 10;
  // A gap wider than this is a restart or an outage: a key frame is cheaper.
  static constexpr size_t kMaxMissing = 250;

  NackTracker();

  // Returns false if the gap before `seq` is too wide to repair: everything
  // missing was forgotten and the caller should want a key frame.
  bool OnPacket(Timestamp now, uint64_t seq);
  // Everything before `seq` needs no repair any more (a key frame came).
  void ForgetBefore(uint64_t seq);
  void set_rtt(TimeDelta rtt) { rtt_ = rtt; }

  Timestamp NextDeadline() const { return next_deadline_; }
  // Appends to `seqs` what must be asked for now, ascending. Packets that are
  // given up are counted in lost().
  void HandleTimeout(Timestamp now, std::vector<uint16_t>& seqs);

  size_t missing() const { return missing_.size(); }
  // Packets that never came, in all.
  uint64_t lost() const { return lost_; }

 private:
  struct Missing {
    uint64_t seq;
    Timestamp since;
    Timestamp next;
    int tries;
  };

  TimeDelta RepeatAfter() const;

  std::vector<Missing> missing_;  // ascending; capacity reserved once
  uint64_t newest_ = 0;
  bool started_ = false;
  TimeDelta rtt_ = std::chrono::milliseconds(100);
  Timestamp next_deadline_ = kNever;
  uint64_t lost_ = 0;
};

}  // namespace rtp
