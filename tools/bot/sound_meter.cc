// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/sound_meter.h"

#include <algorithm>

namespace bot {
namespace {

// Opus packets hold 2.5 to 120 ms (RFC 6716 s2.1.4).
constexpr uint32_t kShortest = 120;
constexpr uint32_t kLongest = 5760;

rtp::TimeDelta ToTime(int64_t units) {
  return rtp::TimeDelta(units * 1'000'000 / SoundMeter::kClockRate);
}

}  // namespace

void SoundMeter::OnPacket(rtp::Timestamp now, uint64_t seq,
                          uint32_t timestamp) {
  if (last_) {
    const int64_t packets = static_cast<int64_t>(seq - last_->seq);
    const int64_t units = static_cast<int32_t>(timestamp - last_->timestamp);
    if (packets == 1 && units >= kShortest && units <= kLongest &&
        (frame_ == 0 || units < frame_)) {
      frame_ = static_cast<uint32_t>(units);
    }
    const int64_t frame = frame_ == 0 ? kAssumedFrame : frame_;
    // A packet that was lost held one frame.
    const rtp::TimeDelta intended =
        ToTime(std::max<int64_t>(units - packets * frame, 0));
    const rtp::TimeDelta time =
        std::max(now - last_->at - intended, rtp::TimeDelta{});
    heard_ += time;
    longest_gap_ = std::max(longest_gap_, time);
    const rtp::TimeDelta silent = time - ToTime(frame);
    if (silent > kTolerance) {
      ++gaps_;
      gap_time_ += silent;
    }
  }
  last_ = {now, seq, timestamp};
}

}  // namespace bot
