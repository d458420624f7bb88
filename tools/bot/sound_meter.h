// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "rtp/base/time.h"

namespace bot {

// Whether a sound goes on as it should. Where the sender was silent on purpose
// (DTX), RTP timestamps go on further than sequence numbers do; any other
// silence is a gap, whether packets were lost or late.
class SoundMeter {
 public:
  static constexpr uint32_t kClockRate = 48000;
  static constexpr uint32_t kAssumedFrame = 960;  // 20 ms
  // What a jitter buffer covers up.
  static constexpr rtp::TimeDelta kTolerance = std::chrono::milliseconds(60);

  // A packet newer than all before; `seq` unwrapped.
  void OnPacket(rtp::Timestamp now, uint64_t seq, uint32_t timestamp);
  // From here to the next packet nothing was to be heard.
  void Pause() { last_.reset(); }

  uint64_t gaps() const { return gaps_; }
  rtp::TimeDelta gap_time() const { return gap_time_; }
  rtp::TimeDelta heard() const { return heard_; }
  // Between packets, DTX left out.
  rtp::TimeDelta longest_gap() const { return longest_gap_; }

 private:
  struct Last {
    rtp::Timestamp at;
    uint64_t seq;
    uint32_t timestamp;
  };
  std::optional<Last> last_;
  uint32_t frame_ = 0;  // the shortest step that was seen; 0: none
  uint64_t gaps_ = 0;
  rtp::TimeDelta gap_time_{};
  rtp::TimeDelta heard_{};
  rtp::TimeDelta longest_gap_{};
};

}  // namespace bot
