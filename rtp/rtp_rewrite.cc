// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtp_rewrite.h"

#include <cstring>

#include "rtp/base/bytes.h"
#include "rtp/rtp_packet.h"

namespace rtp {

size_t WriteRtpHeader(const RtpHeaderFields& fields,
                      std::span<const uint8_t> extension_block,
                      std::span<uint8_t> out) {
  const size_t size = kRtpFixedHeaderSize + extension_block.size();
  if (out.size() < size) return 0;
  out[0] = static_cast<uint8_t>(0x80 | (fields.padding ? 0x20 : 0) |
                                (extension_block.empty() ? 0 : 0x10));
  out[1] = static_cast<uint8_t>((fields.marker ? 0x80 : 0) |
                                (fields.pt & 0x7F));
  StoreU16(out, 2, fields.seq);
  StoreU32(out, 4, fields.timestamp);
  StoreU32(out, 8, fields.ssrc);
  if (!extension_block.empty()) {
    std::memcpy(out.data() + kRtpFixedHeaderSize, extension_block.data(),
                extension_block.size());
  }
  return size;
}

size_t WriteRtpPadding(uint8_t count, std::span<uint8_t> out) {
  if (count == 0 || out.size() < count) return 0;
  std::memset(out.data(), 0, count);
  out[count - 1u] = count;
  return count;
}

}  // namespace rtp
