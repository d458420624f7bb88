// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/payload/vp9.h"

#include "rtp/base/bytes.h"

namespace rtp {
namespace {

// The scalability structure (RFC 9628 s4.2.1): sizes and a picture group.
bool ReadScalabilityStructure(ByteReader& reader, Vp9Payload& vp9) {
  const uint8_t flags = reader.U8();
  vp9.spatial_layer_count = static_cast<uint8_t>((flags >> 5) + 1);
  if (flags & 0x10) {
    for (size_t i = 0; i < vp9.spatial_layer_count; ++i) {
      vp9.widths[i] = reader.U16();
      vp9.heights[i] = reader.U16();
    }
  }
  if (flags & 0x08) {
    const uint8_t pictures = reader.U8();
    for (int i = 0; i < pictures && reader.ok(); ++i) {
      reader.Skip(reader.U8() >> 2 & 3);  // reference distances
    }
  }
  return reader.ok();
}

// Reference distances of flexible mode (RFC 9628 s4.2): at most three.
bool ReadReferences(ByteReader& reader) {
  for (int count = 1;; ++count) {
    const uint8_t distance = reader.U8();
    if (!reader.ok()) return false;
    if ((distance & 0x01) == 0) return true;
    if (count == 3) return false;
  }
}

}  // namespace

//    0 1 2 3 4 5 6 7
//   +-+-+-+-+-+-+-+-+
//   |I|P|L|F|B|E|V|Z|  required
//   +-+-+-+-+-+-+-+-+
//   |M| PICTURE ID  |  if I; two bytes if M
//   +-+-+-+-+-+-+-+-+
//   | TID |U| SID |D|  if L
//   +-+-+-+-+-+-+-+-+
//   |   TL0PICIDX   |  if L and not F
//   +-+-+-+-+-+-+-+-+
std::optional<Vp9Payload> ParseVp9(std::span<const uint8_t> payload) {
  ByteReader reader(payload);
  Vp9Payload vp9;
  const uint8_t flags = reader.U8();
  vp9.inter_picture_predicted = flags & 0x40;
  vp9.has_layer_indices = flags & 0x20;
  vp9.flexible_mode = flags & 0x10;
  vp9.start_of_frame = flags & 0x08;
  vp9.end_of_frame = flags & 0x04;
  vp9.not_reference_for_upper = flags & 0x01;
  if (flags & 0x80) {
    const uint8_t id = reader.U8();
    vp9.picture_id_15bit = id & 0x80;
    vp9.picture_id =
        vp9.picture_id_15bit
            ? static_cast<uint16_t>((id & 0x7F) << 8 | reader.U8())
            : id;
  }
  if (vp9.has_layer_indices) {
    const uint8_t layers = reader.U8();
    vp9.temporal_id = layers >> 5;
    vp9.switching_up_point = layers & 0x10;
    vp9.spatial_id = layers >> 1 & 0x07;
    vp9.inter_layer_predicted = layers & 0x01;
    if (!vp9.flexible_mode) vp9.tl0_picture_index = reader.U8();
  }
  if (vp9.flexible_mode && vp9.inter_picture_predicted &&
      !ReadReferences(reader)) {
    return std::nullopt;
  }
  if ((flags & 0x02) && !ReadScalabilityStructure(reader, vp9)) {
    return std::nullopt;
  }
  if (!reader.ok() || reader.remaining() == 0) return std::nullopt;
  vp9.descriptor_size = static_cast<uint16_t>(reader.position());
  vp9.key_frame = vp9.start_of_frame && !vp9.inter_picture_predicted &&
                  vp9.spatial_id == 0 && !vp9.inter_layer_predicted;
  return vp9;
}

}  // namespace rtp
