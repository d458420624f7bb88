// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtcp_compound.h"

namespace rtp {

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|  count  |      PT       |     length in words, minus 1  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<RtcpPacket> RtcpReader::Next() {
  if (!ok_ || rest_.empty()) return std::nullopt;
  ok_ = false;
  if (rest_.size() < kRtcpHeaderSize || rest_[0] >> 6 != 2 ||
      rest_[1] < 192 || rest_[1] > 223) {
    return std::nullopt;
  }
  const size_t size = kRtcpHeaderSize + size_t{4} * LoadU16(rest_, 2);
  if (size > rest_.size()) return std::nullopt;
  RtcpPacket packet;
  packet.type = rest_[1];
  packet.count = rest_[0] & 0x1F;
  packet.body = rest_.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize);
  if (rest_[0] & 0x20) {
    // Not always a multiple of four: libwebrtc fills up the last word so.
    const size_t padding = packet.body.empty() ? 0 : packet.body.back();
    if (padding == 0 || padding > packet.body.size()) {
      return std::nullopt;
    }
    packet.body = packet.body.first(packet.body.size() - padding);
  }
  rest_ = rest_.subspan(size);
  ok_ = true;
  return packet;
}

}  // namespace rtp
