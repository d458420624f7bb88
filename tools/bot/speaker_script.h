// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "rtp/base/time.h"

namespace bot {

// Who speaks when, one after the other.
struct SpeakerScript {
  struct Step {
    size_t bot = 0;
    rtp::TimeDelta duration{};
  };
  std::vector<Step> steps;

  // "0:5,1:2.5": bot 0 for 5 s, then bot 1 for 2.5 s. Nothing if it is not of
  // that form or names a bot beyond `bots`.
  static std::optional<SpeakerScript> Parse(std::string_view text, size_t bots);

  // Who speaks at `elapsed` since the beginning; nobody once it is over.
  std::optional<size_t> SpeakerAt(rtp::TimeDelta elapsed) const;
  rtp::TimeDelta duration() const;
};

}  // namespace bot
