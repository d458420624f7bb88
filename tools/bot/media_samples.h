// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bot {

// Encoded media to send in a loop, made once and shared by all bots.
struct MediaSamples {
  static constexpr int kFps = 15;
  static constexpr int kOpusFrameMs = 20;

  // VP8 frames of a moving pattern, 320 by 180; the first is a key frame, the
  // others depend on it.
  std::vector<std::vector<uint8_t>> vp8;
  // A second of a tone.
  std::vector<std::vector<uint8_t>> opus;
};

// Encodes with libvpx and libopus. Null, with a reason, if they refuse.
std::shared_ptr<const MediaSamples> MakeSamples(std::string* error);

}  // namespace bot
