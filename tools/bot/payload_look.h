// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/codec.h"
#include "rtp/payload/av1.h"

namespace bot {

// What a receiver makes of one packet's payload, whatever the codec.
struct PayloadLook {
  bool start_of_picture = false;  // as far as the packet tells
  bool key_frame = false;         // of which this is the start
  uint8_t spatial_id = 0;
  uint8_t temporal_id = 0;
  std::optional<uint8_t> tl0_picture_index;
  uint16_t height = 0;         // pixels; 0: not told
  size_t descriptor_size = 0;  // VP8, VP9: the frame's bytes begin there
};

// Nothing if the payload is not of that codec.
std::optional<PayloadLook> LookAt(rtp::Codec codec,
                                  std::span<const uint8_t> payload);
// The same of a dependency descriptor, which SRTP leaves in clear. `structure`
// is the stream's, kept from call to call.
std::optional<PayloadLook> LookAtDependencies(
    std::span<const uint8_t> descriptor, rtp::DependencyStructure& structure);

}  // namespace bot
