// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace ice {

enum class DatagramKind : uint8_t { kStun, kDtls, kRtp, kRtcp, kUnknown };

// What protocol a datagram on a media port belongs to, by its first byte
// (RFC 7983 s7) and, for RTP, its second (RFC 5761 s4). A datagram shorter
// than the protocol's smallest message is kUnknown.
constexpr DatagramKind ClassifyDatagram(std::span<const uint8_t> datagram) {
  constexpr size_t kSmallestRtp = 12;    // a header (RFC 3550 s5.1)
  constexpr size_t kSmallestRtcp = 8;    // a header and an SSRC
  constexpr size_t kSmallestDtls = 13;   // a record header (RFC 6347 s4.1)
  constexpr size_t kSmallestStun = 20;   // a header (RFC 8489 s5)
  if (datagram.size() < 2) return DatagramKind::kUnknown;
  const uint8_t first = datagram[0];
  if (first >= 128 && first <= 191) {
    if (datagram[1] >= 192 && datagram[1] <= 223) {
      return datagram.size() >= kSmallestRtcp ? DatagramKind::kRtcp
                                              : DatagramKind::kUnknown;
    }
    return datagram.size() >= kSmallestRtp ? DatagramKind::kRtp
                                           : DatagramKind::kUnknown;
  }
  if (first >= 20 && first <= 63 && datagram.size() >= kSmallestDtls) {
    return DatagramKind::kDtls;
  }
  if (first <= 3 && datagram.size() >= kSmallestStun) {
    return DatagramKind::kStun;
  }
  return DatagramKind::kUnknown;
}

}  // namespace ice
