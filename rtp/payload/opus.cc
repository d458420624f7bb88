// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/payload/opus.h"

#include <algorithm>

namespace rtp {
namespace {

constexpr TimeDelta kMaxDuration = std::chrono::milliseconds(120);
// Encoded digital silence is about 15 bytes; a whisper is much more.
constexpr size_t kCeltSilenceSize = 20;

// The bytes before the first frame's data (RFC 6716 s3.2). Nothing if the
// packet is malformed there.
std::optional<size_t> FirstFrameOffset(std::span<const uint8_t> payload,
                                       uint8_t frame_code) {
  if (frame_code < 2) return 1;
  if (frame_code == 2) {
    // s3.2.1: a length of one byte, or of two from 252 on.
    if (payload.size() < 2) return std::nullopt;
    return payload[1] < 252 ? 2 : 3;
  }
  if (payload.size() < 2) return std::nullopt;
  const uint8_t count_byte = payload[1];
  size_t at = 2;
  if (count_byte & 0x40) {  // padding: lengths of 255 go on
    for (;;) {
      if (at >= payload.size()) return std::nullopt;
      if (payload[at++] != 255) break;
    }
  }
  if (count_byte & 0x80) {  // variable bit rate: all lengths but the last
    for (int i = 0; i + 1 < (count_byte & 0x3F); ++i) {
      if (at >= payload.size()) return std::nullopt;
      at += payload[at] < 252 ? 1 : 2;
    }
  }
  return at;
}

}  // namespace

std::optional<OpusToc> ParseOpusToc(std::span<const uint8_t> payload) {
  if (payload.empty()) return std::nullopt;
  const uint8_t config = payload[0] >> 3;
  OpusToc toc;
  toc.stereo = payload[0] & 0x04;
  toc.frame_code = payload[0] & 0x03;
  // RFC 6716 table 2.
  if (config < 12) {
    constexpr int kMs[] = {10, 20, 40, 60};
    toc.mode = OpusMode::kSilk;
    toc.frame_duration = std::chrono::milliseconds(kMs[config % 4]);
  } else if (config < 16) {
    toc.mode = OpusMode::kHybrid;
    toc.frame_duration = std::chrono::milliseconds(config % 2 ? 20 : 10);
  } else {
    toc.mode = OpusMode::kCelt;
    toc.frame_duration = std::chrono::microseconds(2500 << config % 4);
  }
  return toc;
}

std::optional<TimeDelta> OpusDuration(std::span<const uint8_t> payload) {
  const std::optional<OpusToc> toc = ParseOpusToc(payload);
  if (!toc) return std::nullopt;
  int frames = toc->frame_code == 0 ? 1 : 2;
  if (toc->frame_code == 3) {
    if (payload.size() < 2) return std::nullopt;
    frames = payload[1] & 0x3F;
  }
  const TimeDelta duration = toc->frame_duration * frames;
  if (frames == 0 || duration > kMaxDuration) return std::nullopt;
  return duration;
}

bool OpusHasVoice(std::span<const uint8_t> payload) {
  const std::optional<OpusToc> toc = ParseOpusToc(payload);
  if (!toc || !OpusDuration(payload) || payload.size() <= 2) return false;
  if (toc->mode == OpusMode::kCelt) return payload.size() > kCeltSilenceSize;
  const std::optional<size_t> at =
      FirstFrameOffset(payload, toc->frame_code);
  if (!at || *at >= payload.size()) return false;
  // RFC 6716 s4.2.3: the frame begins with one flag per 20 ms SILK frame of
  // the mid channel. Each is a symbol of probability one half, which the range
  // coder (s4.1.2) leaves as it is, from the top bit down.
  const auto silk_frames = std::max<int64_t>(
      toc->frame_duration / std::chrono::milliseconds(20), 1);
  const uint8_t flags = payload[*at];
  for (int64_t i = 0; i < silk_frames; ++i) {
    if (flags >> (7 - i) & 1) return true;
  }
  return false;
}

}  // namespace rtp
