// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_reports.h"

namespace rtp {

// Loss and jitter of one incoming stream, for report blocks (RFC 3550 s6.4.1,
// A.3, A.8). Sequence numbers come unwrapped, so A.1 is done by the caller.
class ReceiveStats {
 public:
  // `clock_rate` in Hz, not 0.
  explicit ReceiveStats(uint32_t clock_rate) : clock_rate_(clock_rate) {}

  // A packet of the stream itself. What an RTX stream restores is none: the
  // sender is to hear of loss that was repaired.
  void OnPacket(Timestamp arrival, uint64_t seq, uint32_t rtp_timestamp);
  void OnSenderReport(Timestamp now, const SenderInfo& info);

  bool started() const { return received_ > 0; }
  // In clock units (RFC 3550 A.8).
  uint32_t jitter() const { return static_cast<uint32_t>(jitter_q4_ >> 4); }

  // The block for `ssrc`; each call begins a new interval for the fraction.
  ReportBlock BuildReport(Timestamp now, Ssrc ssrc);

  // When the SR heard last arrived and what it said; Timestamp::min() before.
  Timestamp last_sr_arrival() const { return last_sr_arrival_; }
  const SenderInfo& last_sr() const { return last_sr_; }

 private:
  uint32_t clock_rate_;
  uint64_t first_seq_ = 0;
  uint64_t highest_seq_ = 0;
  int64_t received_ = 0;
  int64_t expected_before_ = 0;  // at the last report
  int64_t received_before_ = 0;
  uint64_t jitter_q4_ = 0;  // times 16
  Timestamp last_arrival_;
  uint32_t last_timestamp_ = 0;
  SenderInfo last_sr_;
  Timestamp last_sr_arrival_ = Timestamp::min();
};

}  // namespace rtp
