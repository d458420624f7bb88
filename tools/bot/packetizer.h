// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rtp/base/codec.h"

namespace bot {

// What the descriptors of a frame's packets say; SampleFrame and SampleLoop
// say what most of it means.
struct FrameHeader {
  bool key = false;
  bool layer_sync = false;
  bool non_reference = false;
  uint8_t spatial_id = 0;
  uint8_t temporal_id = 0;
  uint8_t spatial_layers = 1;
  uint8_t temporal_layers = 1;
  uint16_t width = 0;  // pixels, of the highest layer
  uint16_t height = 0;
  uint16_t picture_id = 0;  // 15 bits
  uint8_t tl0_picture_index = 0;
};

// RTP payloads in the order of sending.
using Payloads = std::vector<std::vector<uint8_t>>;

// `max_size`: bytes, of the whole payload; at least 100.

// RFC 7741: 15-bit picture id; layer and TL0PICIDX if there are temporal
// layers.
Payloads PacketizeVp8(const FrameHeader& header, std::span<const uint8_t> frame,
                      size_t max_size);
// RFC 9628: one spatial layer, in non-flexible mode; the scalability structure
// goes with the lowest layer of a key picture.
Payloads PacketizeVp9(const FrameHeader& header, std::span<const uint8_t> frame,
                      size_t max_size);
// RFC 6184 in non-interleaved mode. `frame`: NAL units, each after its length
// in four bytes. Parameter sets share a STAP-A; what is too long goes as FU-A.
Payloads PacketizeH264(std::span<const uint8_t> frame, size_t max_size);
// AV1 RTP v1.0 s4. `frame`: OBUs with size fields, which are left out on the
// way.
Payloads PacketizeAv1(const FrameHeader& header, std::span<const uint8_t> frame,
                      size_t max_size);

Payloads Packetize(rtp::Codec codec, const FrameHeader& header,
                   std::span<const uint8_t> frame, size_t max_size);

// The dependency descriptor of a packet of a stream with three temporal layers
// 0 2 1 2 (AV1 RTP v1.0, appendix A; L1T3 of W3C's scalability modes). The
// first packet of a key frame gets the structure.
std::vector<uint8_t> WriteDependencyDescriptor(const FrameHeader& header,
                                               bool first_packet,
                                               bool last_packet,
                                               uint16_t frame_number);

}  // namespace bot
