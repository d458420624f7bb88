// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "rtp/base/bytes.h"
#include "tools/bot/packetizer.h"

namespace bot {
namespace {

constexpr size_t kMaxDescriptor = 64;

// The pictures of a group, 0 2 1 2 (RFC 9628 s4.2.1): temporal layer, and how
// many pictures back is the one it refers to. From each one a receiver may go
// up (U).
struct GroupPicture {
  uint8_t temporal_id;
  uint8_t distance;
};
constexpr GroupPicture kGroup[] = {{0, 4}, {2, 1}, {1, 2}, {2, 1}};

// Each layer has half the size of the next.
void WriteStructure(const FrameHeader& header, rtp::ByteWriter& out) {
  const bool group = header.temporal_layers == 3;
  out.U8(static_cast<uint8_t>((header.spatial_layers - 1) << 5 | 0x10 |
                              (group ? 0x08 : 0)));
  for (int s = header.spatial_layers - 1; s >= 0; --s) {
    out.U16(static_cast<uint16_t>(header.width >> s));
    out.U16(static_cast<uint16_t>(header.height >> s));
  }
  if (!group) return;
  out.U8(std::size(kGroup));
  for (const GroupPicture& picture : kGroup) {
    out.U8(static_cast<uint8_t>(picture.temporal_id << 5 | 0x10 | 1 << 2));
    out.U8(picture.distance);
  }
}

// `first`, `last`: of the packets of this layer's frame.
size_t WriteDescriptor(const FrameHeader& header, bool first, bool last,
                       std::span<uint8_t> buffer) {
  const bool structure = first && header.key && header.spatial_id == 0;
  const bool top = header.spatial_id == header.spatial_layers - 1;
  rtp::ByteWriter out(buffer);
  out.U8(static_cast<uint8_t>(0x80 | (header.key ? 0 : 0x40) | 0x20 |
                              (first ? 0x08 : 0) | (last ? 0x04 : 0) |
                              (structure ? 0x02 : 0) | (top ? 0x01 : 0)));
  out.U16(0x8000 | header.picture_id);
  out.U8(static_cast<uint8_t>(header.temporal_id << 5 | 0x10 |
                              header.spatial_id << 1 |
                              (header.spatial_id > 0 ? 1 : 0)));
  out.U8(header.tl0_picture_index);
  if (structure) WriteStructure(header, out);
  return out.size();
}

}  // namespace

Payloads PacketizeVp9(const FrameHeader& header, std::span<const uint8_t> frame,
                      size_t max_size) {
  Payloads payloads;
  while (!frame.empty()) {
    std::array<uint8_t, kMaxDescriptor> descriptor;
    size_t at = WriteDescriptor(header, payloads.empty(), true, descriptor);
    const bool last = frame.size() <= max_size - at;
    at = WriteDescriptor(header, payloads.empty(), last, descriptor);
    const size_t size = std::min(frame.size(), max_size - at);
    std::vector<uint8_t>& payload = payloads.emplace_back(
        descriptor.begin(), descriptor.begin() + static_cast<ptrdiff_t>(at));
    payload.insert(payload.end(), frame.begin(),
                   frame.begin() + static_cast<ptrdiff_t>(size));
    frame = frame.subspan(size);
  }
  return payloads;
}

}  // namespace bot
