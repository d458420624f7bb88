// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rtp/base/time.h"
#include "rtp/congestion/sent_packets.h"
#include "rtp/rtcp_twcc.h"

namespace rtp {

// What a receiver says of one packet, whatever format it said it in. A reader
// of another format than transport-wide feedback (RFC 8888) finds the numbers
// of its packets in its own table of SSRC and RTP sequence number.
struct PacketReport {
  uint64_t seq = 0;  // transport-wide, unwrapped
  bool received = false;
  Timestamp arrival;  // on a clock of the receiver's; if received
};

// A report joined with what was sent. Each packet appears once as lost at
// most, and once as received at most.
struct PacketResult {
  uint64_t seq = 0;
  Timestamp sent;
  Timestamp arrival;  // on a clock of the receiver's; if received
  uint32_t size = 0;
  uint32_t probe_cluster = 0;
  bool received = false;
  bool was_lost = false;  // received after it had been reported as lost
};

struct FeedbackResults {
  std::vector<PacketResult> packets;  // news only, by sequence number
  size_t received = 0;                // reported as such, news or not
  size_t unmatched = 0;  // of those, about packets that were not sent
};

// Joins feedback with what was sent. Messages may be lost, doubled or out of
// order.
class FeedbackJoin {
 public:
  // Both results are valid until the next call.
  const FeedbackResults& JoinTwcc(TwccFeedback feedback, SentPackets& sent);
  // `reports` ascend by seq.
  const FeedbackResults& Join(const std::vector<PacketReport>& reports,
                              SentPackets& sent);

 private:
  void Begin();
  void Take(const PacketReport& report, SentPackets& sent);
  // The reference time, unwrapped: 24 bits turn in 12 days.
  Timestamp ReferenceTime(uint32_t wrapped);

  FeedbackResults results_;
  bool started_ = false;
  uint32_t last_reference_ = 0;
  int64_t reference_ = 0;  // in kTwccReferenceUnit
};

}  // namespace rtp
