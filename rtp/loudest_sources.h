// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"

namespace rtp {

// Ranks audio sources by how loud they are now, so that a few of many can be
// forwarded. A source counts as heard from its first loud packet until kHold
// after its last, so that words are not clipped; among those heard the
// smoothed level decides, with an advantage for who is in front already.
class LoudestSources {
 public:
  static constexpr TimeDelta kHold = std::chrono::seconds(2);
  // RFC 6464 levels are -dBov. Louder than this is a voice, not a room.
  static constexpr uint8_t kVoiceLevel = 50;
  static constexpr size_t kFront = 3;        // places with an advantage
  static constexpr int kFrontAdvantage = 6;  // dB

  // A packet's audio level (0 loudest, 127 silence). Returns true if the
  // source was not heard before it: rank again at once.
  bool OnLevel(Timestamp now, SourceId source, uint8_t level);
  void Remove(SourceId source);

  // The sources heard at `now`, loudest first, into `ranked`.
  void Rank(Timestamp now, std::vector<SourceId>& ranked);

 private:
  struct Entry {
    SourceId source;
    int loudness_q4 = 0;  // 127 - level, smoothed, times 16
    Timestamp last_loud = Timestamp::min();
    bool in_front = false;
  };

  std::vector<Entry> entries_;
  std::vector<Entry*> order_;  // of Rank(), kept for its capacity
};

}  // namespace rtp
