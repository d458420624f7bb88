// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <utility>

#include "rtp/base/time.h"
#include "sfu/counters.h"

namespace sfu {

// How long each phase of a peer's join took, observed once each, in order:
// ICE, DTLS, first media. A phase that never ends is not observed.
class JoinTimer {
 public:
  JoinTimer(rtp::Timestamp now, Counters& counters)
      : counters_(counters), begin_(now) {}

  void OnPath(rtp::Timestamp now) {
    if (phase_ == Phase::kIce) End(now, counters_.join_ice, Phase::kDtls);
  }
  void OnKeys(rtp::Timestamp now) {
    OnPath(now);
    if (phase_ == Phase::kDtls) End(now, counters_.join_dtls, Phase::kMedia);
  }
  // Called for each packet.
  void OnMedia(rtp::Timestamp now) {
    if (phase_ == Phase::kMedia) End(now, counters_.join_media, Phase::kOver);
  }

 private:
  enum class Phase : uint8_t { kIce, kDtls, kMedia, kOver };

  void End(rtp::Timestamp now, rtp::Histogram& phase, Phase next) {
    phase.ObserveMilliseconds(now - std::exchange(begin_, now));
    phase_ = next;
  }

  Counters& counters_;
  rtp::Timestamp begin_;  // of the phase
  Phase phase_ = Phase::kIce;
};

}  // namespace sfu
