// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/datagram_kind.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace ice {
namespace {

// The smallest message of each protocol; what is smaller is nobody's.
constexpr size_t kStunSize = 20;  // RFC 8489 s5
constexpr size_t kDtlsSize = 13;  // RFC 6347 s4.1
constexpr size_t kRtpSize = 12;   // RFC 3550 s5.1
constexpr size_t kRtcpSize = 8;   // RFC 3550 s6.4.2

// RFC 7983 s7 as a table that a reader can compare with the RFC's figure, and
// RFC 5761 s4 for the second byte.
DatagramKind Expected(unsigned first, unsigned second, size_t size) {
  struct Range {
    unsigned from;
    unsigned to;
    DatagramKind kind;
    size_t smallest;
  };
  constexpr Range kRanges[] = {
      {0, 3, DatagramKind::kStun, kStunSize},
      {4, 15, DatagramKind::kUnknown, 0},
      {16, 19, DatagramKind::kUnknown, 0},  // ZRTP
      {20, 63, DatagramKind::kDtls, kDtlsSize},
      {64, 79, DatagramKind::kUnknown, 0},  // TURN channels, QUIC
      {80, 127, DatagramKind::kUnknown, 0},
      {128, 191, DatagramKind::kRtp, kRtpSize},
      {192, 255, DatagramKind::kUnknown, 0},
  };
  for (Range range : kRanges) {
    if (first < range.from || first > range.to) continue;
    if (range.kind == DatagramKind::kRtp && second >= 192 && second <= 223) {
      range = {range.from, range.to, DatagramKind::kRtcp, kRtcpSize};
    }
    return size >= range.smallest ? range.kind : DatagramKind::kUnknown;
  }
  return DatagramKind::kUnknown;
}

// All first bytes, all lengths to 64, and second bytes on both sides of each
// edge (the marker bit is part of the second byte).
TEST(DatagramKindVectors, Rfc7983EachFirstByteAndLength) {
  for (unsigned first = 0; first < 256; ++first) {
    for (const unsigned second :
         {0u, 96u, 127u, 128u, 191u, 192u, 200u, 223u, 224u, 255u}) {
      for (size_t size = 0; size <= 64; ++size) {
        // Exactly as long as it is, for sanitizers.
        std::vector<uint8_t> datagram(size);
        if (size > 0) datagram[0] = static_cast<uint8_t>(first);
        if (size > 1) datagram[1] = static_cast<uint8_t>(second);
        ASSERT_EQ(ClassifyDatagram(datagram), Expected(first, second, size))
            << first << ", " << second << ", length " << size;
      }
    }
  }
}

TEST(DatagramKindVectors, Rfc5761EachSecondByte) {
  for (unsigned first = 128; first < 192; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::array<uint8_t, 12> datagram = {static_cast<uint8_t>(first),
                                                static_cast<uint8_t>(second)};
      const bool rtcp = second >= 192 && second <= 223;
      ASSERT_EQ(ClassifyDatagram(datagram),
                rtcp ? DatagramKind::kRtcp : DatagramKind::kRtp)
          << first << ", " << second;
    }
  }
}

// An empty receiver report: the least that a compound begins with.
TEST(DatagramKind, TakesTheSmallestRtcp) {
  const std::array<uint8_t, 8> report = {0x80, 201, 0, 1, 1, 2, 3, 4};
  EXPECT_EQ(ClassifyDatagram(report), DatagramKind::kRtcp);
  EXPECT_EQ(ClassifyDatagram(std::span(report).first(7)),
            DatagramKind::kUnknown);
}

TEST(DatagramKind, IsKnownAtCompileTime) {
  constexpr std::array<uint8_t, 20> kStun = {0, 1};
  static_assert(ClassifyDatagram(kStun) == DatagramKind::kStun);
  static_assert(ClassifyDatagram({}) == DatagramKind::kUnknown);
}

}  // namespace
}  // namespace ice
