// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/twcc_recorder.h"

#include <algorithm>
#include <span>

namespace rtp {

TwccRecorder::TwccRecorder() { pending_.reserve(kMaxPending); }

void TwccRecorder::OnPacket(Timestamp arrival, uint16_t seq, Ssrc media,
                            bool marker) {
  media_ = media;
  const uint64_t unwrapped = unwrapper_.Unwrap(seq);
  // Reported as lost already: the sender has drawn its conclusion.
  if (unwrapped < next_base_ || pending_.size() == kMaxPending) return;
  const auto at = std::lower_bound(
      pending_.begin(), pending_.end(), unwrapped,
      [](const PacketArrival& p, uint64_t value) { return p.seq < value; });
  if (at != pending_.end() && at->seq == unwrapped) return;
  pending_.insert(at, PacketArrival{unwrapped, arrival});
  Timestamp due = arrival + kInterval;
  if (last_written_ != Timestamp::min()) {
    due = last_written_ + (marker ? kEndOfFrameInterval : kInterval);
  }
  deadline_ = std::min(deadline_, due);
}

bool TwccRecorder::WriteFeedback(Timestamp now, Ssrc sender, RtcpWriter& out) {
  if (now < deadline_ || pending_.empty()) return false;
  // After an outage what was lost in it is not worth a status each.
  const uint64_t first = pending_.front().seq;
  const uint64_t base =
      next_base_ != 0 && first - next_base_ < kMaxPending ? next_base_ : first;
  const size_t reported =
      WriteTwcc(sender, media_, feedback_count_, base, pending_, out);
  if (reported == 0) return false;
  ++feedback_count_;
  next_base_ = pending_[reported - 1].seq + 1;
  pending_.erase(pending_.begin(),
                 pending_.begin() + static_cast<ptrdiff_t>(reported));
  last_written_ = now;
  if (pending_.empty()) deadline_ = kNever;
  return true;
}

}  // namespace rtp
