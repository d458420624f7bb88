// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/feedback.h"

#include <algorithm>

namespace rtp {
namespace {

constexpr uint32_t kReferenceTurn = 1 << 24;

}  // namespace

Timestamp FeedbackJoin::ReferenceTime(uint32_t wrapped) {
  if (!started_) {
    started_ = true;
    reference_ = int64_t{kReferenceTurn} + wrapped;  // earlier ones may come
  } else {
    const uint32_t ahead = (wrapped - last_reference_) & (kReferenceTurn - 1);
    reference_ += ahead < kReferenceTurn / 2
                      ? int64_t{ahead}
                      : int64_t{ahead} - int64_t{kReferenceTurn};
  }
  last_reference_ = wrapped;
  return Timestamp(reference_ * kTwccReferenceUnit);
}

void FeedbackJoin::Begin() {
  results_.packets.clear();
  results_.received = 0;
  results_.unmatched = 0;
}

void FeedbackJoin::Take(const PacketReport& report, SentPackets& sent) {
  using State = SentPacket::State;
  if (report.received) ++results_.received;
  const SentPacket* packet = sent.Find(report.seq);
  if (packet == nullptr) {
    if (report.received) ++results_.unmatched;
    return;
  }
  const State state = packet->state;
  if (state == State::kReceived) return;
  if (!report.received && state == State::kLost) return;
  results_.packets.push_back({report.seq, packet->sent, report.arrival,
                              packet->size, packet->probe_cluster,
                              report.received, state == State::kLost});
  sent.SetState(report.seq, report.received ? State::kReceived : State::kLost);
}

const FeedbackResults& FeedbackJoin::JoinTwcc(TwccFeedback feedback,
                                              SentPackets& sent) {
  Begin();
  const Timestamp reference = ReferenceTime(feedback.reference_time());
  const uint64_t base = sent.Unwrap(feedback.base_seq());
  const uint64_t end = base + feedback.status_count();
  sent.PassOver(base);
  // However many a message claims, only what was sent is walked over.
  uint64_t next = std::max(base, sent.first());
  const auto lost_before = [&](uint64_t seq) {
    for (const uint64_t stop = std::min(seq, sent.end()); next < stop; ++next) {
      Take({next, false, Timestamp()}, sent);
    }
  };
  while (const auto arrival = feedback.Next()) {
    const uint64_t seq = base + arrival->index;
    lost_before(seq);
    Take({seq, true, reference + arrival->offset}, sent);
    next = std::max(next, seq + 1);
  }
  lost_before(end);
  return results_;
}

const FeedbackResults& FeedbackJoin::Join(
    const std::vector<PacketReport>& reports, SentPackets& sent) {
  Begin();
  if (!reports.empty()) sent.PassOver(reports.front().seq);
  for (const PacketReport& report : reports) Take(report, sent);
  return results_;
}

}  // namespace rtp
