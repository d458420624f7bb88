// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/nack_tracker.h"

#include <algorithm>

namespace rtp {

NackTracker::NackTracker() { missing_.reserve(kMaxMissing); }

bool NackTracker::OnPacket(Timestamp now, uint64_t seq) {
  if (!started_) {
    started_ = true;
    newest_ = seq;
    return true;
  }
  if (seq <= newest_) {
    const auto it = std::lower_bound(
        missing_.begin(), missing_.end(), seq,
        [](const Missing& m, uint64_t value) { return m.seq < value; });
    if (it != missing_.end() && it->seq == seq) missing_.erase(it);
    if (missing_.empty()) next_deadline_ = kNever;
    return true;
  }
  const uint64_t gap = seq - newest_ - 1;
  const uint64_t first = newest_ + 1;
  newest_ = seq;
  if (gap + missing_.size() > kMaxMissing) {
    lost_ += gap + missing_.size();
    missing_.clear();
    next_deadline_ = kNever;
    return false;
  }
  for (uint64_t s = first; s < seq; ++s) {
    missing_.push_back(Missing{s, now, now + kReorderDelay, 0});
  }
  if (gap > 0) next_deadline_ = std::min(next_deadline_, now + kReorderDelay);
  return true;
}

void NackTracker::ForgetBefore(uint64_t seq) {
  std::erase_if(missing_, [seq](const Missing& m) { return m.seq < seq; });
  if (missing_.empty()) next_deadline_ = kNever;
}

void NackTracker::HandleTimeout(Timestamp now, std::vector<uint16_t>& seqs) {
  if (now < next_deadline_) return;
  const size_t before = missing_.size();
  std::erase_if(missing_, [now](const Missing& m) {
    return now - m.since > kMaxAge || (m.tries >= kMaxTries && now >= m.next);
  });
  lost_ += before - missing_.size();
  next_deadline_ = kNever;
  for (Missing& m : missing_) {
    if (now >= m.next) {
      seqs.push_back(static_cast<uint16_t>(m.seq));
      ++m.tries;
      m.next = now + RepeatAfter();
    }
    next_deadline_ = std::min(next_deadline_, m.next);
  }
}

TimeDelta NackTracker::RepeatAfter() const {
  // A quarter more than the round trip, for its jitter.
  return std::max(kMinRepeat, rtt_ + rtt_ / 4);
}

}  // namespace rtp
