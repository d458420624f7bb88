// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/freeze_meter.h"

#include <algorithm>

namespace bot {

rtp::TimeDelta FreezeMeter::Limit() const {
  const rtp::TimeDelta mean =
      gap_count_ == 0
          ? kAssumed
          : gap_sum_ / static_cast<int64_t>(std::min(gap_count_, kMeanOf));
  return std::max(3 * mean, mean + kExtra);
}

void FreezeMeter::Settle(rtp::Timestamp now) {
  if (!last_) return;
  const rtp::TimeDelta gap = now - *last_;
  longest_gap_ = std::max(longest_gap_, gap);
  watched_ += gap - gap_watched_;
  gap_watched_ = gap;
  if (gap <= Limit()) return;
  if (gap_frozen_ == rtp::TimeDelta{}) ++freezes_;
  frozen_ += gap - gap_frozen_;
  gap_frozen_ = gap;
}

void FreezeMeter::OnFrame(rtp::Timestamp now) {
  Settle(now);
  if (last_ && gap_frozen_ == rtp::TimeDelta{}) {
    rtp::TimeDelta& place = gaps_[gap_count_++ % kMeanOf];
    gap_sum_ += now - *last_ - place;
    place = now - *last_;
  }
  last_ = now;
  gap_watched_ = gap_frozen_ = {};
}

}  // namespace bot
