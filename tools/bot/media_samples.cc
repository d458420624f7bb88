// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_samples.h"

#include "rtp/base/bytes.h"
#include "tools/bot/samples/loop.h"

// In the object file as it is (CARILLON_BOT_SAMPLES: its path).
asm(".section .rodata\n"
    ".balign 16\n"
    ".global carillon_bot_samples\n"
    "carillon_bot_samples:\n"
    ".incbin \"" CARILLON_BOT_SAMPLES
    "\"\n"
    ".global carillon_bot_samples_end\n"
    "carillon_bot_samples_end:\n"
    ".byte 0\n"
    ".previous\n");
extern "C" const uint8_t carillon_bot_samples[];
extern "C" const uint8_t carillon_bot_samples_end[];

namespace bot {
namespace {

SampleFrame ReadFrame(rtp::ByteReader& reader) {
  SampleFrame frame;
  const uint8_t flags = reader.U8();
  frame.key = flags & samples::kFlagKey;
  frame.layer_sync = flags & samples::kFlagLayerSync;
  frame.non_reference = flags & samples::kFlagNonReference;
  frame.end_of_picture = flags & samples::kFlagEndOfPicture;
  frame.spatial_id = reader.U8();
  frame.temporal_id = reader.U8();
  frame.level = reader.U8();
  const uint32_t size = reader.U32();
  frame.bytes = reader.Bytes(size);
  return frame;
}

SampleLoop ReadLoop(rtp::ByteReader& reader) {
  SampleLoop loop;
  loop.codec = static_cast<rtp::Codec>(reader.U8());
  loop.variant = reader.U8();
  loop.spatial_layers = reader.U8();
  loop.temporal_layers = reader.U8();
  loop.width = reader.U16();
  loop.height = reader.U16();
  const uint16_t frames = reader.U16();
  int64_t bits = 0;
  int64_t pictures = 0;
  for (uint16_t i = 0; i < frames && reader.ok(); ++i) {
    loop.frames.push_back(ReadFrame(reader));
    bits += static_cast<int64_t>(loop.frames.back().bytes.size()) * 8;
    if (loop.frames.back().end_of_picture) ++pictures;
  }
  const int64_t fps = loop.codec == rtp::Codec::kOpus
                          ? 1000 / MediaSamples::kOpusFrameMs
                          : MediaSamples::kFps;
  if (pictures > 0) loop.bits_per_second = bits * fps / pictures;
  return loop;
}

// A sender goes through it without a look at its bounds.
bool IsSound(const SampleLoop& loop) {
  return loop.codec <= rtp::Codec::kAv1 && !loop.frames.empty() &&
         loop.frames.front().key && loop.frames.back().end_of_picture;
}

}  // namespace

const SampleLoop* MediaSamples::Find(rtp::Codec codec, uint8_t variant) const {
  for (const SampleLoop& loop : loops) {
    if (loop.codec == codec && loop.variant == variant) return &loop;
  }
  return nullptr;
}

std::shared_ptr<const MediaSamples> ReadSamples(std::span<const uint8_t> file,
                                                std::string* error) {
  auto result = std::make_shared<MediaSamples>();
  rtp::ByteReader reader(file);
  bool sound = reader.U32() == samples::kFileMagic;
  const uint8_t loops = reader.U8();
  for (uint8_t i = 0; i < loops && sound; ++i) {
    result->loops.push_back(ReadLoop(reader));
    sound = reader.ok() && IsSound(result->loops.back());
  }
  if (!sound || !reader.ok() || reader.remaining() > 0) {
    *error = "the media samples are damaged";
    return nullptr;
  }
  return result;
}

std::shared_ptr<const MediaSamples> MakeSamples(std::string* error) {
  return ReadSamples(std::span(carillon_bot_samples, carillon_bot_samples_end),
                     error);
}

}  // namespace bot
