// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/red.h"

#include "rtp/base/bytes.h"

namespace rtp {

//    0                   1                    2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |F|   block PT  |  timestamp offset         |   block length    |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   The last header is one byte: F=0 and the primary's PT.
std::optional<RedPayload> ParseRed(std::span<const uint8_t> payload) {
  RedPayload red;
  std::array<uint16_t, RedPayload::kMaxRedundantBlocks> lengths{};
  ByteReader reader(payload);
  for (;;) {
    const uint8_t first = reader.U8();
    if (!reader.ok()) return std::nullopt;
    if ((first & 0x80) == 0) {
      red.primary.pt = first;
      break;
    }
    if (red.redundant_count == RedPayload::kMaxRedundantBlocks) {
      return std::nullopt;
    }
    const uint32_t rest = reader.U24();
    RedBlock& block = red.redundant[red.redundant_count];
    block.pt = first & 0x7F;
    block.timestamp_offset = static_cast<uint16_t>(rest >> 10);
    lengths[red.redundant_count++] = static_cast<uint16_t>(rest & 0x3FF);
  }
  for (size_t i = 0; i < red.redundant_count; ++i) {
    red.redundant[i].data = reader.Bytes(lengths[i]);
  }
  if (!reader.ok()) return std::nullopt;
  red.primary.data = reader.Rest();
  return red;
}

}  // namespace rtp
