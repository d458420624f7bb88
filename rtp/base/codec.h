// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace rtp {

enum class MediaKind : uint8_t { kAudio, kVideo };

// The codecs that a room carries. Nothing is decoded: a codec is known so far
// as its key frames and descriptors are.
enum class Codec : uint8_t { kOpus, kVp8, kVp9, kH264, kAv1 };

constexpr MediaKind KindOf(Codec codec) {
  return codec == Codec::kOpus ? MediaKind::kAudio : MediaKind::kVideo;
}

// The encoding name as registered (RFC 4855), compared without case.
constexpr std::string_view CodecName(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return "opus";
    case Codec::kVp8:
      return "VP8";
    case Codec::kVp9:
      return "VP9";
    case Codec::kH264:
      return "H264";
    case Codec::kAv1:
      return "AV1";
  }
  return "";
}

}  // namespace rtp
