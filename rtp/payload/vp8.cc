// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/payload/vp8.h"

#include "rtp/base/bytes.h"

namespace rtp {

//    0 1 2 3 4 5 6 7
//   +-+-+-+-+-+-+-+-+
//   |X|R|N|S|R| PID |  required
//   +-+-+-+-+-+-+-+-+
//   |I|L|T|K| RSV   |  if X
//   +-+-+-+-+-+-+-+-+
//   |M| PictureID   |  if I; two bytes if M
//   +-+-+-+-+-+-+-+-+
//   |   TL0PICIDX   |  if L
//   +-+-+-+-+-+-+-+-+
//   |TID|Y| KEYIDX  |  if T or K
//   +-+-+-+-+-+-+-+-+
std::optional<Vp8Payload> ParseVp8(std::span<const uint8_t> payload) {
  ByteReader reader(payload);
  Vp8Payload vp8;
  Vp8Descriptor& d = vp8.descriptor;
  const uint8_t first = reader.U8();
  d.non_reference = first & 0x20;
  d.start_of_partition = first & 0x10;
  d.partition_index = first & 0x07;
  if (first & 0x80) {
    const uint8_t flags = reader.U8();
    if (flags & 0x80) {
      const uint8_t id = reader.U8();
      d.picture_id_15bit = id & 0x80;
      d.picture_id = d.picture_id_15bit
                         ? static_cast<uint16_t>((id & 0x7F) << 8 | reader.U8())
                         : id;
    }
    if (flags & 0x40) d.tl0_picture_index = reader.U8();
    if (flags & 0x30) {
      const uint8_t layers = reader.U8();
      if (flags & 0x20) {
        d.temporal_id = static_cast<uint8_t>(layers >> 6);
        d.layer_sync = layers & 0x20;
      }
      if (flags & 0x10) d.key_index = layers & 0x1F;
    }
  }
  if (!reader.ok() || reader.remaining() == 0) return std::nullopt;
  vp8.descriptor_size = static_cast<uint8_t>(reader.position());
  vp8.start_of_frame = d.start_of_partition && d.partition_index == 0;
  if (!vp8.start_of_frame) return vp8;
  // RFC 7741 s4.3, RFC 6386 s9.1: bit 0 of the frame tag is 0 in key frames,
  // which go on with a start code and the dimensions.
  const std::span<const uint8_t> frame = reader.Rest();
  vp8.key_frame = (frame[0] & 0x01) == 0;
  if (!vp8.key_frame || frame.size() < 6) return vp8;
  if (frame[3] != 0x9D || frame[4] != 0x01 || frame[5] != 0x2A) {
    return std::nullopt;
  }
  if (frame.size() >= 10) {
    vp8.width = static_cast<uint16_t>((frame[7] << 8 | frame[6]) & 0x3FFF);
    vp8.height = static_cast<uint16_t>((frame[9] << 8 | frame[8]) & 0x3FFF);
  }
  return vp8;
}

size_t WriteVp8Descriptor(const Vp8Descriptor& d, std::span<uint8_t> out) {
  const bool layers = d.temporal_id || d.key_index;
  const bool extended = d.picture_id || d.tl0_picture_index || layers;
  ByteWriter writer(out);
  writer.U8(static_cast<uint8_t>((extended ? 0x80 : 0) |
                                 (d.non_reference ? 0x20 : 0) |
                                 (d.start_of_partition ? 0x10 : 0) |
                                 (d.partition_index & 0x07)));
  if (extended) {
    writer.U8(static_cast<uint8_t>((d.picture_id ? 0x80 : 0) |
                                   (d.tl0_picture_index ? 0x40 : 0) |
                                   (d.temporal_id ? 0x20 : 0) |
                                   (d.key_index ? 0x10 : 0)));
  }
  if (d.picture_id) {
    if (d.picture_id_15bit) {
      writer.U16(static_cast<uint16_t>(0x8000 |
                                       (*d.picture_id & kVp8PictureId15BitMax)));
    } else {
      writer.U8(static_cast<uint8_t>(*d.picture_id & kVp8PictureId7BitMax));
    }
  }
  if (d.tl0_picture_index) writer.U8(*d.tl0_picture_index);
  if (layers) {
    writer.U8(static_cast<uint8_t>((d.temporal_id.value_or(0) & 3) << 6 |
                                   (d.layer_sync ? 0x20 : 0) |
                                   (d.key_index.value_or(0) & 0x1F)));
  }
  return writer.ok() ? writer.size() : 0;
}

}  // namespace rtp
