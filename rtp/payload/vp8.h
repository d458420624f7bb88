// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rtp {

// The VP8 payload descriptor (RFC 7741 s4.2). Fields that are absent on the
// wire are empty; setting, clearing or widening them and writing the descriptor
// again gives any shape a slot needs.
struct Vp8Descriptor {
  bool non_reference = false;       // N: nothing depends on this frame
  bool start_of_partition = false;  // S
  uint8_t partition_index = 0;      // PID, 0 to 7
  // 7 or 15 bits as `picture_id_15bit` says.
  std::optional<uint16_t> picture_id;
  bool picture_id_15bit = false;
  std::optional<uint8_t> tl0_picture_index;  // TL0PICIDX
  std::optional<uint8_t> temporal_id;        // TID, 0 to 3
  bool layer_sync = false;                   // Y; only with temporal_id
  std::optional<uint8_t> key_index;          // KEYIDX, 0 to 31
  bool operator==(const Vp8Descriptor&) const = default;
};

// The longest descriptor that WriteVp8Descriptor makes, in bytes.
inline constexpr size_t kMaxVp8DescriptorSize = 6;

// The largest picture id of each width; the next one is 0.
inline constexpr uint16_t kVp8PictureId7BitMax = 0x7F;
inline constexpr uint16_t kVp8PictureId15BitMax = 0x7FFF;

// What an SFU needs to know of a VP8 packet.
struct Vp8Payload {
  Vp8Descriptor descriptor;
  // Bytes of the descriptor; VP8 itself begins there.
  uint8_t descriptor_size = 0;
  bool start_of_frame = false;  // first byte of the first partition
  bool key_frame = false;       // known at the start of a frame only
  // Pixels; 0 unless this is the start of a key frame that holds them.
  uint16_t width = 0;
  uint16_t height = 0;
};

// Reads descriptor and frame header of an RTP payload. Nothing if the
// descriptor is truncated, no VP8 follows it, or what says it is a key frame
// lacks the start code.
std::optional<Vp8Payload> ParseVp8(std::span<const uint8_t> payload);

// Writes `descriptor` in the shape of its fields. Returns its size in bytes, 0
// if it does not fit. The VP8 bytes of the packet
// (payload.subspan(descriptor_size)) come after, unchanged.
size_t WriteVp8Descriptor(const Vp8Descriptor& descriptor,
                          std::span<uint8_t> out);

}  // namespace rtp
