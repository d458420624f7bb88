// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/bytes.h"

namespace rtp {

// RTCP packet types (RFC 3550 s12.1, RFC 4585 s6.1, RFC 3611 s2).
inline constexpr uint8_t kRtcpSenderReport = 200;
inline constexpr uint8_t kRtcpReceiverReport = 201;
inline constexpr uint8_t kRtcpSdes = 202;
inline constexpr uint8_t kRtcpBye = 203;
inline constexpr uint8_t kRtcpApp = 204;
inline constexpr uint8_t kRtcpTransportFeedback = 205;
inline constexpr uint8_t kRtcpPayloadFeedback = 206;
inline constexpr uint8_t kRtcpExtendedReport = 207;

inline constexpr size_t kRtcpHeaderSize = 4;

// One packet of a compound, in place.
struct RtcpPacket {
  uint8_t type = 0;
  uint8_t count = 0;  // 5 bits: a count, or the format of a feedback message
  std::span<const uint8_t> body;  // after the common header, without padding
};

// Walks the packets of a compound (RFC 3550 s6.1) or reduced-size (RFC 5506)
// datagram. The walk ends at the first thing that is not RTCP or does not fit;
// the packets before stand.
class RtcpReader {
 public:
  explicit RtcpReader(std::span<const uint8_t> datagram) : rest_(datagram) {}

  // The next packet; nothing at the end.
  std::optional<RtcpPacket> Next();

  // False once something malformed ended the walk.
  bool ok() const { return ok_; }

 private:
  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

// Builds a compound in a buffer of fixed size, packet by packet. A packet that
// does not fit leaves no trace, so what was written before can still be sent.
class RtcpWriter {
 public:
  explicit RtcpWriter(std::span<uint8_t> out) : out_(out) {}

  std::span<const uint8_t> written() const { return out_.first(size_); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t remaining() const { return out_.size() - size_; }

  // Appends one packet: the common header, then what write_body(ByteWriter&)
  // writes, filled with zeros to a multiple of four bytes. Returns false,
  // appending nothing, if it does not fit.
  template <typename WriteBody>
  bool Append(uint8_t type, uint8_t count, WriteBody&& write_body) {
    if (remaining() < kRtcpHeaderSize) return false;
    const std::span<uint8_t> packet = out_.subspan(size_);
    ByteWriter body(packet.subspan(kRtcpHeaderSize));
    write_body(body);
    body.Zeros((4 - body.size() % 4) % 4);
    if (!body.ok() || body.size() / 4 > UINT16_MAX) return false;
    packet[0] = static_cast<uint8_t>(0x80 | (count & 0x1F));  // version 2
    packet[1] = type;
    StoreU16(packet, 2, static_cast<uint16_t>(body.size() / 4));
    size_ += kRtcpHeaderSize + body.size();
    return true;
  }

 private:
  std::span<uint8_t> out_;
  size_t size_ = 0;
};

}  // namespace rtp
