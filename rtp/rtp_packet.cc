// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtp_packet.h"

namespace rtp {

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                           timestamp                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                             SSRC, then CC CSRCs               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<size_t> RtpHeaderSize(std::span<const uint8_t> packet) {
  if (packet.size() < kRtpFixedHeaderSize || packet[0] >> 6 != 2) {
    return std::nullopt;
  }
  size_t size = kRtpFixedHeaderSize + size_t{4} * (packet[0] & 0x0F);
  if (packet[0] & 0x10) {
    if (packet.size() < size + 4) return std::nullopt;
    size += 4 + size_t{4} * LoadU16(packet, size + 2);
  }
  if (packet.size() < size) return std::nullopt;
  return size;
}

std::optional<RtpView> RtpView::Parse(std::span<const uint8_t> packet) {
  if (packet.size() > kMaxPacketSize) return std::nullopt;
  const std::optional<size_t> header_size = RtpHeaderSize(packet);
  if (!header_size) return std::nullopt;
  RtpView view;
  view.header_size = *header_size;
  view.marker = packet[1] >> 7;
  view.pt = packet[1] & 0x7F;
  view.seq = LoadU16(packet, 2);
  view.timestamp = LoadU32(packet, 4);
  view.ssrc = LoadU32(packet, 8);
  const size_t csrc_bytes = size_t{4} * (packet[0] & 0x0F);
  view.csrcs = CsrcList(packet.subspan(kRtpFixedHeaderSize, csrc_bytes));
  if (packet[0] & 0x10) {
    const size_t at = kRtpFixedHeaderSize + csrc_bytes;
    view.extension_profile = LoadU16(packet, at);
    view.extensions = packet.subspan(at + 4, *header_size - at - 4);
  }
  view.payload = packet.subspan(*header_size);
  if (packet[0] & 0x20) {
    // RFC 3550 s5.1: the last byte counts the padding, itself included.
    if (view.payload.empty()) return std::nullopt;
    view.padding_size = view.payload.back();
    if (view.padding_size == 0 || view.padding_size > view.payload.size()) {
      return std::nullopt;
    }
    view.payload = view.payload.first(view.payload.size() - view.padding_size);
  }
  return view;
}

}  // namespace rtp
