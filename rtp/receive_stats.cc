// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/receive_stats.h"

#include <algorithm>
#include <cstdlib>

namespace rtp {

void ReceiveStats::OnPacket(Timestamp arrival, uint64_t seq,
                            uint32_t rtp_timestamp) {
  if (received_ == 0) {
    first_seq_ = highest_seq_ = seq;
  } else if (rtp_timestamp != last_timestamp_) {
    // RFC 3550 A.8: the difference of transit times, in clock units. Packets
    // of one frame share a timestamp and say nothing of the network.
    const int64_t arrived = (arrival - last_arrival_).count() *
                            static_cast<int64_t>(clock_rate_) / 1'000'000;
    const int64_t sent = static_cast<int32_t>(rtp_timestamp - last_timestamp_);
    const uint64_t d = static_cast<uint64_t>(std::abs(arrived - sent));
    // A jump of over 10 s is a restarted clock, not jitter.
    if (d < uint64_t{10} * clock_rate_) {
      jitter_q4_ += d - ((jitter_q4_ + 8) >> 4);
    }
  }
  last_arrival_ = arrival;
  last_timestamp_ = rtp_timestamp;
  first_seq_ = std::min(first_seq_, seq);
  highest_seq_ = std::max(highest_seq_, seq);
  ++received_;
}

void ReceiveStats::OnSenderReport(Timestamp now, const SenderInfo& info) {
  last_sr_ = info;
  last_sr_arrival_ = now;
}

ReportBlock ReceiveStats::BuildReport(Timestamp now, Ssrc ssrc) {
  ReportBlock block;
  block.ssrc = ssrc;
  const int64_t expected =
      received_ == 0 ? 0 : static_cast<int64_t>(highest_seq_ - first_seq_ + 1);
  const int64_t expected_now = expected - expected_before_;
  const int64_t lost_now = expected_now - (received_ - received_before_);
  if (expected_now > 0 && lost_now > 0) {
    block.fraction_lost = static_cast<uint8_t>(
        std::min<int64_t>(lost_now * 256 / expected_now, 255));
  }
  expected_before_ = expected;
  received_before_ = received_;
  block.cumulative_lost = static_cast<int32_t>(
      std::clamp<int64_t>(expected - received_, -0x800000, 0x7FFFFF));
  block.extended_highest_seq = static_cast<uint32_t>(highest_seq_);
  block.jitter = jitter();
  if (last_sr_arrival_ != Timestamp::min()) {
    block.last_sr = CompactNtp(last_sr_.ntp);
    block.delay_since_last_sr = ToCompactNtpDelta(now - last_sr_arrival_);
  }
  return block;
}

}  // namespace rtp
