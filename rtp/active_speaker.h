// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"

namespace rtp {

// Who dominates a conversation, after Volfin and Cohen, "Dominant speaker
// identification for multipoint videoconferencing": speech activity over an
// immediate, a medium and a long interval, each scored against the dominant
// speaker's. Scores come from tables, so that every build decides alike.
class ActiveSpeaker {
 public:
  static constexpr TimeDelta kDecisionInterval = std::chrono::milliseconds(300);

  // A packet's audio level (RFC 6464: 0 loudest, 127 silence), about one per
  // 20 ms.
  void OnLevel(Timestamp now, SourceId source, uint8_t level);
  void Remove(SourceId source);

  Timestamp NextDeadline() const { return next_decision_; }
  // Decides. Returns true if the dominant speaker changed.
  bool HandleTimeout(Timestamp now);

  // Zero until somebody has spoken.
  SourceId dominant() const { return dominant_; }

 private:
  static constexpr size_t kLevels = 50;
  static constexpr size_t kMediums = 10;

  struct Speaker {
    SourceId source;
    std::array<uint8_t, kLevels> loudness{};  // 127 - level; [newest_] newest
    size_t newest = 0;
    Timestamp last_level{};
    uint8_t floor = 0;  // the quietest sound lately: the noise of the room
    uint8_t next_floor = 0;
    int next_floor_count = 0;
    double immediate = 0;
    double medium = 0;
    double long_term = 0;

    void Push(uint8_t value);
    void UpdateFloor(uint8_t value);
    void Score();
  };

  std::vector<Speaker> speakers_;
  SourceId dominant_;
  Timestamp next_decision_ = kNever;
};

}  // namespace rtp
