// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtp/base/codec.h"

namespace bot::samples {

// The file that the build makes and bot_core carries, all big-endian:
//   kFileMagic (u32), loops (u8), then each loop:
//     codec (u8, rtp::Codec), variant (u8), spatial layers (u8),
//     temporal layers (u8), width (u16), height (u16), frames (u16),
//     then each frame:
//       flags (u8), spatial id (u8), temporal id (u8), level (u8),
//       size (u32), bytes.
inline constexpr uint32_t kFileMagic = 0x43534D31;
inline constexpr uint8_t kFlagKey = 1;
inline constexpr uint8_t kFlagLayerSync = 2;
inline constexpr uint8_t kFlagNonReference = 4;
inline constexpr uint8_t kFlagEndOfPicture = 8;

// What an encoder made, before it is written to the file. bot::SampleFrame and
// bot::SampleLoop say what the fields mean.
struct Frame {
  uint8_t flags = 0;
  uint8_t spatial_id = 0;
  uint8_t temporal_id = 0;
  uint8_t level = 127;
  std::vector<uint8_t> bytes;
};

struct Loop {
  rtp::Codec codec = rtp::Codec::kOpus;
  uint8_t variant = 0;
  uint8_t spatial_layers = 1;
  uint8_t temporal_layers = 1;
  uint16_t width = 0;
  uint16_t height = 0;
  std::vector<Frame> frames;
};

// Each returns loops of media_samples.h's length and rate, and none if its
// library refuses.
std::vector<Loop> EncodeVp8();
std::vector<Loop> EncodeVp9();
std::vector<Loop> EncodeH264();
std::vector<Loop> EncodeAv1();
std::vector<Loop> EncodeOpus();

}  // namespace bot::samples
