// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rtp/base/ids.h"

namespace rtp {

// The fixed part of the header that a packet gets on the stream it is sent on
// (RFC 3550 s5.1). Streams of ours have no CSRCs.
struct RtpHeaderFields {
  bool marker = false;
  uint8_t pt = 0;  // 0 to 127
  uint16_t seq = 0;
  uint32_t timestamp = 0;
  Ssrc ssrc = 0;
  bool padding = false;  // the payload ends in a count of padding bytes
};

// Writes a whole RTP header. `extension_block` is what ExtensionWriter wrote
// (with its four-byte header) or empty. Returns the size in bytes, 0 if it does
// not fit in `out`. The media payload, rewritten prefix or not, comes after.
size_t WriteRtpHeader(const RtpHeaderFields& fields,
                      std::span<const uint8_t> extension_block,
                      std::span<uint8_t> out);

// Writes `count` (1 to 255) bytes of padding, the last of which is the count
// (RFC 3550 s5.1). Returns `count`, 0 if it is zero or does not fit.
size_t WriteRtpPadding(uint8_t count, std::span<uint8_t> out);

}  // namespace rtp
