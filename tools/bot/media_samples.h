// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rtp/base/codec.h"

namespace bot {

// What is sent of one spatial layer of one picture, or of 20 ms of sound.
// VP8, VP9: the frame. H264: NAL units, each after its length in four bytes.
// AV1: OBUs with their size fields, no temporal delimiter. Opus: a packet;
// empty where DTX sends nothing.
struct SampleFrame {
  std::span<const uint8_t> bytes;
  bool key = false;
  bool layer_sync = false;      // refers to the lowest temporal layer only
  bool non_reference = false;   // nothing refers to it
  bool end_of_picture = false;  // the last spatial layer
  uint8_t spatial_id = 0;
  uint8_t temporal_id = 0;
  uint8_t level = 127;  // RFC 6464, of the sound before it was encoded
};

// Frames to be sent over and over. The first is a key frame that all others
// depend on, and nothing before it.
struct SampleLoop {
  rtp::Codec codec = rtp::Codec::kOpus;
  // VP8, H264: 0 to 2, by size. Opus: SoundVariant.
  uint8_t variant = 0;
  uint8_t spatial_layers = 1;
  uint8_t temporal_layers = 1;
  uint16_t width = 0;  // pixels, of the highest layer
  uint16_t height = 0;
  int64_t bits_per_second = 0;  // of the frames, on average
  std::vector<SampleFrame> frames;
};

enum SoundVariant : uint8_t {
  kTone = 0,
  kSpeech = 1,   // bursts and pauses, with DTX
  kSilence = 2,  // with DTX
};

// Encoded media to send in a loop, made by the build (tools/bot/samples) and
// shared by all bots.
struct MediaSamples {
  static constexpr int kFps = 15;
  static constexpr int kOpusFrameMs = 20;

  std::vector<SampleLoop> loops;

  // Null if there is none. Of VP9 (three spatial, three temporal layers) and
  // AV1 (three temporal layers) there is variant 0 only.
  const SampleLoop* Find(rtp::Codec codec, uint8_t variant) const;
};

// Reads what the program carries; its frames point there. Null, with a reason,
// if that is damaged.
std::shared_ptr<const MediaSamples> MakeSamples(std::string* error);
// The same of other bytes, which must outlive the samples.
std::shared_ptr<const MediaSamples> ReadSamples(std::span<const uint8_t> file,
                                                std::string* error);

}  // namespace bot
