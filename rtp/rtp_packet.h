// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/bytes.h"
#include "rtp/base/ids.h"

namespace rtp {

inline constexpr size_t kRtpFixedHeaderSize = 12;
// No RTP or RTCP packet that we accept or send is longer, in bytes.
inline constexpr size_t kMaxPacketSize = 1500;

// True if a packet of an RTP session with RTP/RTCP multiplexing is RTCP
// (RFC 5761 s4: packet types 192 to 223 are RTCP). False for under two bytes.
constexpr bool IsRtcp(std::span<const uint8_t> packet) {
  return packet.size() >= 2 && packet[1] >= 192 && packet[1] <= 223;
}

// The CSRCs of a packet, read in place (RFC 3550 s5.1): the sources of a mix.
class CsrcList {
 public:
  CsrcList() = default;
  // `bytes` is a whole number of 4-byte entries.
  explicit CsrcList(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size() / 4; }
  Ssrc operator[](size_t i) const { return LoadU32(bytes_, i * 4); }

 private:
  std::span<const uint8_t> bytes_;
};

// A decrypted RTP packet seen in place (RFC 3550 s5.1). The spans point into
// the parsed bytes and live as long as they do.
struct RtpView {
  // Reads the header and finds the payload. Nothing for what is not a whole
  // RTP packet: wrong version, truncated, over kMaxPacketSize, or the padding
  // bit with a count of zero or beyond the payload.
  static std::optional<RtpView> Parse(std::span<const uint8_t> packet);

  bool marker = false;
  uint8_t pt = 0;  // 0 to 127
  uint16_t seq = 0;
  uint32_t timestamp = 0;  // in units of the codec's clock
  Ssrc ssrc = 0;
  CsrcList csrcs;
  // "Defined by profile" of the extension block; 0 where there is none.
  uint16_t extension_profile = 0;
  // The extension block after its four-byte header (RFC 3550 s5.3.1).
  std::span<const uint8_t> extensions;
  std::span<const uint8_t> payload;  // without padding
  // Bytes from the start of the packet to the payload; what SRTP
  // authenticates and does not encrypt (RFC 3711 s3.1).
  size_t header_size = 0;
  uint8_t padding_size = 0;  // bytes, with the count byte
};

// The size in bytes of the header of an RTP packet whose payload may be
// encrypted still: fixed part, CSRCs and extension block. Nothing if the
// version is wrong or the header is not whole.
std::optional<size_t> RtpHeaderSize(std::span<const uint8_t> packet);

}  // namespace rtp
