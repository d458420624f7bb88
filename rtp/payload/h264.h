// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace rtp {

// NAL unit types (RFC 6184 s5.2, ITU-T H.264 table 7-1).
inline constexpr uint8_t kH264NonIdrSlice = 1;
inline constexpr uint8_t kH264IdrSlice = 5;
inline constexpr uint8_t kH264Sps = 7;
inline constexpr uint8_t kH264Pps = 8;
inline constexpr uint8_t kH264StapA = 24;
inline constexpr uint8_t kH264FuA = 28;

// What an SFU needs to know of an H.264 packet (RFC 6184 s5), single NAL unit
// and non-interleaved mode.
struct H264Payload {
  uint8_t packet_type = 0;  // 1 to 23, kH264StapA or kH264FuA
  // Types of NAL units that begin in this packet: bit n is type n.
  uint32_t nal_types = 0;
  // A decoder can start here: parameter sets or an IDR slice begin.
  bool key_frame = false;
  // A slice that begins a picture (first_mb_in_slice is 0) begins here.
  bool start_of_picture = false;
  bool non_reference = false;  // every NAL unit has nal_ref_idc 0
  // Pixels; 0 unless an SPS that holds them is in this packet.
  uint16_t width = 0;
  uint16_t height = 0;

  bool Has(uint8_t nal_type) const { return nal_types >> nal_type & 1; }
};

// Nothing if the payload is truncated or of a type that WebRTC does not use
// (STAP-B, MTAP, FU-B, undefined).
std::optional<H264Payload> ParseH264(std::span<const uint8_t> payload);

}  // namespace rtp
