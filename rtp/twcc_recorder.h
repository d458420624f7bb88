// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_twcc.h"
#include "rtp/seq.h"

namespace rtp {

// Records when the packets of one transport arrived and writes the feedback
// that its sender's congestion control lives on
// (draft-holmer-rmcat-transport-wide-cc-extensions-01). Every kInterval, or
// kEndOfFrameInterval after the last message once a frame is complete.
class TwccRecorder {
 public:
  static constexpr TimeDelta kInterval = std::chrono::milliseconds(100);
  static constexpr TimeDelta kEndOfFrameInterval =
      std::chrono::milliseconds(50);
  static constexpr size_t kMaxPending = 2048;

  TwccRecorder();

  // A packet with transport-wide sequence number `seq` about stream `media`.
  void OnPacket(Timestamp arrival, uint16_t seq, Ssrc media, bool marker);

  Timestamp NextDeadline() const { return deadline_; }
  // Appends one feedback message if one is due. False if nothing was written;
  // call until then, with a new compound each time one is full.
  bool WriteFeedback(Timestamp now, Ssrc sender, RtcpWriter& out);

 private:
  SeqUnwrapper unwrapper_;
  std::vector<PacketArrival> pending_;  // ascending, without duplicates
  Ssrc media_ = 0;
  uint64_t next_base_ = 0;  // everything before was reported
  uint8_t feedback_count_ = 0;
  Timestamp last_written_ = Timestamp::min();
  Timestamp deadline_ = kNever;
};

}  // namespace rtp
