// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rtp {

inline constexpr size_t kMaxVp9SpatialLayers = 8;

// What an SFU needs to know of a VP9 packet: its payload descriptor
// (RFC 9628 s4.2).
struct Vp9Payload {
  std::optional<uint16_t> picture_id;  // 7 or 15 bits
  bool picture_id_15bit = false;
  bool inter_picture_predicted = false;  // P
  bool flexible_mode = false;            // F
  bool start_of_frame = false;           // B: of this spatial layer's frame
  bool end_of_frame = false;             // E: of this spatial layer's frame
  bool not_reference_for_upper = false;  // Z
  bool has_layer_indices = false;        // L; the next four are then known
  uint8_t temporal_id = 0;
  bool switching_up_point = false;  // U
  uint8_t spatial_id = 0;
  bool inter_layer_predicted = false;        // D
  std::optional<uint8_t> tl0_picture_index;  // in non-flexible mode
  // The scalability structure (V): how many spatial layers, and their sizes
  // in pixels, 0 where it does not say. 0 layers: none in this packet.
  uint8_t spatial_layer_count = 0;
  std::array<uint16_t, kMaxVp9SpatialLayers> widths{};
  std::array<uint16_t, kMaxVp9SpatialLayers> heights{};
  // Start of a picture that depends on no other: no inter-picture prediction,
  // first packet of the lowest spatial layer.
  bool key_frame = false;
  uint16_t descriptor_size = 0;  // bytes; VP9 itself begins there
};

// Nothing if the descriptor is truncated, names over three references, or no
// VP9 follows it.
std::optional<Vp9Payload> ParseVp9(std::span<const uint8_t> payload);

}  // namespace rtp
