// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtcp_feedback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_reports.h"
#include "tests/rtp/hex.h"

namespace rtp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The first packet of `datagram`, which must outlive what is returned.
std::optional<Feedback> First(const Bytes& datagram) {
  RtcpReader reader(datagram);
  const std::optional<RtcpPacket> packet = reader.Next();
  if (!packet) return std::nullopt;
  return ParseFeedback(*packet);
}

std::vector<uint16_t> NackedBy(const Bytes& datagram) {
  std::vector<uint16_t> seqs;
  RtcpReader reader(datagram);
  while (const auto packet = reader.Next()) {
    if (const auto feedback = ParseFeedback(*packet)) {
      ParseNack(*feedback, [&](uint16_t seq) { seqs.push_back(seq); });
    }
  }
  return seqs;
}

// A writer with a buffer of its own.
struct Buffer {
  explicit Buffer(size_t size = 1200) : bytes(size), writer(bytes) {}
  Bytes written() const { return Copy(writer.written()); }
  Bytes bytes;
  RtcpWriter writer;
};

// RFC 3550 s6.1, A.2: the walk over a compound.

TEST(RtcpCompound, WalksEveryPacketInOrder) {
  Buffer out;
  ASSERT_TRUE(WriteReceiverReport(1, {}, out.writer));
  ASSERT_TRUE(WriteSdesCname(1, "a", out.writer));
  ASSERT_TRUE(WritePli(1, 2, out.writer));
  const Bytes datagram = out.written();
  RtcpReader reader(datagram);
  std::vector<uint8_t> types;
  while (const auto packet = reader.Next()) types.push_back(packet->type);
  EXPECT_THAT(
      types, ElementsAre(kRtcpReceiverReport, kRtcpSdes, kRtcpPayloadFeedback));
  EXPECT_TRUE(reader.ok());
}

TEST(RtcpCompound, TakesReducedSize) {  // RFC 5506 s3.4.1
  const Bytes pli = Hex("81CE0002 00000001 00000002");
  const auto feedback = First(pli);
  ASSERT_TRUE(feedback);
  EXPECT_TRUE(feedback->IsPli());
}

TEST(RtcpCompound, KeepsWhatCameBeforeSomethingMalformed) {
  const Bytes first = Hex("81CE0002 00000001 00000002");
  for (const char* bad : {
           "41CE0002 00000001 00000002",  // version 1
           "C1CE0002 00000001 00000002",  // version 3
           "81BF0002 00000001 00000002",  // type 191
           "81E00002 00000001 00000002",  // type 224
           "81CE0003 00000001 00000002",  // longer than what is left
           "81CE00",                      // not a whole header
           "A1CE0000",                    // padding without a body
           "A1CE0001 00000000",           // padding of zero bytes
           "A1CE0001 00000005",           // padding beyond the body
       }) {
    Bytes datagram = first;
    const Bytes tail = Hex(bad);
    datagram.insert(datagram.end(), tail.begin(), tail.end());
    RtcpReader reader(datagram);
    EXPECT_TRUE(reader.Next()) << bad;
    EXPECT_TRUE(reader.ok()) << bad;
    EXPECT_FALSE(reader.Next()) << bad;
    EXPECT_FALSE(reader.ok()) << bad;
    EXPECT_FALSE(reader.Next()) << bad;
  }
}

TEST(RtcpCompound, AcceptsTheLowestAndHighestType) {  // RFC 5761 s4
  for (const char* good : {"80C00000", "80DF0000"}) {
    const Bytes datagram = Hex(good);
    RtcpReader reader(datagram);
    const auto packet = reader.Next();
    ASSERT_TRUE(packet) << good;
    EXPECT_TRUE(packet->body.empty());
  }
}

TEST(RtcpCompound, CutsPadding) {
  const Bytes datagram = Hex("A1CE0003 00000001 00000002 00000004");
  RtcpReader reader(datagram);
  const auto packet = reader.Next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->body.size(), 8u);
  EXPECT_EQ(packet->count, 1);
}

TEST(RtcpCompound, CutsPaddingThatFillsTheBody) {
  const Bytes datagram = Hex("A1CE0001 00000004");
  RtcpReader reader(datagram);
  const auto packet = reader.Next();
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->body.empty());
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.ok());
}

TEST(RtcpCompound, EmptyIsNothingAndNotMalformed) {
  RtcpReader reader({});
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.ok());
}

TEST(RtcpWriter, LeavesNoTraceOfWhatDoesNotFit) {
  Buffer out(20);
  ASSERT_TRUE(WritePli(1, 2, out.writer));
  EXPECT_EQ(out.writer.remaining(), 8u);
  EXPECT_FALSE(WritePli(1, 3, out.writer));
  EXPECT_EQ(out.writer.size(), 12u);
  EXPECT_EQ(out.written(), Hex("81CE0002 00000001 00000002"));
}

TEST(RtcpWriter, FillsUpToAWholeWord) {
  for (size_t size = 0; size <= 8; ++size) {
    Buffer out;
    ASSERT_TRUE(out.writer.Append(kRtcpApp, 3, [&](ByteWriter& body) {
      for (size_t i = 0; i < size; ++i) body.U8(0xEE);
    }));
    EXPECT_EQ(out.writer.size(), 4 + (size + 3) / 4 * 4);
    EXPECT_EQ(LoadU16(out.bytes, 2), (size + 3) / 4);
    EXPECT_EQ(out.bytes[0], 0x83);
  }
}

TEST(RtcpWriter, NeedsRoomForItsPaddingToo) {
  Buffer out(7);
  EXPECT_FALSE(
      out.writer.Append(kRtcpApp, 0, [](ByteWriter& body) { body.U8(1); }));
  EXPECT_TRUE(out.writer.empty());
}

// RFC 4585 s6.1.

TEST(Feedback, NeedsTwoSsrcs) {
  EXPECT_FALSE(First(Hex("81CE0001 00000001")));
  EXPECT_FALSE(First(Hex("81CD0000")));
}

TEST(Feedback, IsOfItsTwoTypesOnly) {
  EXPECT_FALSE(First(Hex("81CC0002 00000001 00000002")));
  EXPECT_FALSE(First(Hex("81CF0002 00000001 00000002")));
  EXPECT_TRUE(First(Hex("81CD0002 00000001 00000002")));
}

TEST(Feedback, TellsFormatsApartByTypeToo) {
  const Bytes nack = Hex("81CD0003 00000001 00000002 00000000");
  EXPECT_TRUE(First(nack)->IsNack());
  EXPECT_FALSE(First(nack)->IsPli());
  const Bytes pli = Hex("81CE0002 00000001 00000002");
  EXPECT_TRUE(First(pli)->IsPli());
  EXPECT_FALSE(First(pli)->IsNack());
  const Bytes afb = Hex("8FCE0002 00000001 00000002");
  EXPECT_FALSE(First(afb)->IsTwcc());
}

// RFC 4585 s6.2.1: generic NACK.

TEST(NackVectors, PidAloneAsksForOne) {
  EXPECT_THAT(NackedBy(Hex("81CD0003 00000001 00000002 00100000")),
              ElementsAre(16));
}

TEST(NackVectors, BlpBitIAsksForPidPlusIPlusOne) {
  EXPECT_THAT(NackedBy(Hex("81CD0003 00000001 00000002 00648005")),
              ElementsAre(100, 101, 103, 116));
}

TEST(NackVectors, BlpWrapsWithTheSequenceNumber) {
  EXPECT_THAT(NackedBy(Hex("81CD0003 00000001 00000002 FFFE0007")),
              ElementsAre(0xFFFE, 0xFFFF, 0, 1));
}

TEST(Nack, FullBlpAsksForSeventeen) {
  EXPECT_EQ(NackedBy(Hex("81CD0003 00000001 00000002 0000FFFF")).size(), 17u);
}

TEST(Nack, ReadsSeveralEntries) {
  EXPECT_THAT(NackedBy(Hex("81CD0004 00000001 00000002 00010000 01000001")),
              ElementsAre(1, 256, 257));
}

TEST(Nack, RefusesNoneAndPartialEntries) {
  EXPECT_THAT(NackedBy(Hex("81CD0002 00000001 00000002")), IsEmpty());
  // Padding of two bytes leaves half an entry.
  EXPECT_THAT(NackedBy(Hex("A1CD0004 00000001 00000002 00010000 00010002")),
              IsEmpty());
}

TEST(Nack, OtherFeedbackAsksForNothing) {
  EXPECT_THAT(NackedBy(Hex("81CE0003 00000001 00000002 00010000")), IsEmpty());
}

TEST(Nack, WritesFewestEntries) {
  Buffer out;
  const std::array<uint16_t, 4> seqs = {100, 101, 103, 116};
  EXPECT_EQ(WriteNack(1, 2, seqs, out.writer), 4u);
  EXPECT_EQ(out.written(), Hex("81CD0003 00000001 00000002 00648005"));
}

TEST(Nack, SeventeenApartBeginsAnEntry) {
  Buffer out;
  const std::array<uint16_t, 3> seqs = {100, 116, 117};
  EXPECT_EQ(WriteNack(1, 2, seqs, out.writer), 3u);
  EXPECT_EQ(out.written(), Hex("81CD0004 00000001 00000002 00648000 00750000"));
}

TEST(Nack, WritesAcrossTheWrap) {
  Buffer out;
  const std::array<uint16_t, 3> seqs = {0xFFFF, 0, 15};
  EXPECT_EQ(WriteNack(1, 2, seqs, out.writer), 3u);
  EXPECT_EQ(out.written(), Hex("81CD0003 00000001 00000002 FFFF8001"));
  EXPECT_THAT(NackedBy(out.written()), ElementsAre(0xFFFF, 0, 15));
}

TEST(Nack, SaysHowManyFit) {
  Buffer out(12 + 2 * 4);
  const std::array<uint16_t, 5> seqs = {0, 1, 100, 200, 300};
  EXPECT_EQ(WriteNack(1, 2, seqs, out.writer), 3u);
  EXPECT_THAT(NackedBy(out.written()), ElementsAre(0, 1, 100));
}

TEST(Nack, WritesNothingForNoneOrWithoutRoom) {
  Buffer out(15);
  const std::array<uint16_t, 1> seqs = {7};
  EXPECT_EQ(WriteNack(1, 2, seqs, out.writer), 0u);
  EXPECT_EQ(WriteNack(1, 2, {}, out.writer), 0u);
  EXPECT_TRUE(out.writer.empty());
}

TEST(Nack, BuildThenParseIsIdentity) {
  for (uint32_t step = 1; step <= 40; ++step) {
    std::vector<uint16_t> seqs;
    for (uint32_t i = 0; i < 200; ++i) {
      seqs.push_back(static_cast<uint16_t>(65000 + i * step));
    }
    Buffer out;
    ASSERT_EQ(WriteNack(1, 2, seqs, out.writer), seqs.size());
    EXPECT_EQ(NackedBy(out.written()), seqs) << step;
  }
}

// RFC 4585 s6.3.1: PLI has no FCI.

TEST(Pli, IsTwelveBytes) {
  Buffer out;
  ASSERT_TRUE(WritePli(0x01020304, 0x05060708, out.writer));
  EXPECT_EQ(out.written(), Hex("81CE0002 01020304 05060708"));
  const Bytes datagram = out.written();
  const auto feedback = First(datagram);
  ASSERT_TRUE(feedback && feedback->IsPli());
  EXPECT_EQ(feedback->sender, 0x01020304u);
  EXPECT_EQ(feedback->media, 0x05060708u);
  EXPECT_TRUE(feedback->fci.empty());
}

// RFC 5104 s4.3.1: FIR.

using FirEntries = std::vector<std::pair<Ssrc, uint8_t>>;

std::optional<FirEntries> FirOf(const Bytes& datagram) {
  FirEntries entries;
  const auto feedback = First(datagram);
  if (!feedback || !ParseFir(*feedback, [&](Ssrc ssrc, uint8_t seq) {
        entries.emplace_back(ssrc, seq);
      })) {
    EXPECT_TRUE(entries.empty());
    return std::nullopt;
  }
  return entries;
}

TEST(FirVectors, NamesItsStreamInTheFci) {
  Buffer out;
  ASSERT_TRUE(WriteFir(1, 0x05060708, 0xFE, out.writer));
  // SSRC of media source SHALL be 0 in the common part; reserved bits 0.
  EXPECT_EQ(out.written(), Hex("84CE0004 00000001 00000000 05060708 FE000000"));
  EXPECT_EQ(FirOf(out.written()), FirEntries({{0x05060708, 0xFE}}));
}

TEST(Fir, ReadsSeveralEntriesAndIgnoresReservedBits) {
  EXPECT_EQ(FirOf(Hex("84CE0006 00000001 00000000 0000000A 07FFFFFF "
                      "0000000B 00000000")),
            FirEntries({{10, 7}, {11, 0}}));
}

TEST(Fir, RefusesNoneAndPartialEntries) {
  EXPECT_FALSE(FirOf(Hex("84CE0002 00000001 00000000")));
  EXPECT_FALSE(FirOf(Hex("84CE0003 00000001 00000000 0000000A")));
  EXPECT_FALSE(
      FirOf(Hex("84CE0005 00000001 00000000 0000000A 07000000 "
                "0000000B")));
}

TEST(Fir, IsNotFeedbackOfAnotherFormat) {
  EXPECT_FALSE(FirOf(Hex("81CE0004 00000001 00000000 0000000A 07000000")));
  EXPECT_FALSE(FirOf(Hex("84CD0004 00000001 00000000 0000000A 07000000")));
}

// draft-alvestrand-rmcat-remb-03 s2.2.

std::optional<Remb> RembOf(const Bytes& datagram) {
  const auto feedback = First(datagram);
  return feedback ? ParseRemb(*feedback) : std::nullopt;
}

TEST(RembVectors, ReadsMantissaExponentAndSsrcs) {
  // 1 << 17 | 1 with exponent 3.
  const Bytes datagram =
      Hex("8FCE0006 00000001 00000000 52454D42 020E0001 0000000A 0000000B");
  const auto remb = RembOf(datagram);
  ASSERT_TRUE(remb);
  EXPECT_EQ(remb->sender, 1u);
  EXPECT_EQ(remb->bitrate.bps(), ((1 << 17) + 1) << 3);
  ASSERT_EQ(remb->ssrc_count(), 2u);
  EXPECT_EQ(remb->ssrc(0), 10u);
  EXPECT_EQ(remb->ssrc(1), 11u);
}

TEST(Remb, WritesItsBytes) {
  Buffer out;
  const std::array<Ssrc, 2> ssrcs = {10, 11};
  ASSERT_TRUE(
      WriteRemb(1, DataRate::BitsPerSecond(0x20001 << 3), ssrcs, out.writer));
  EXPECT_EQ(
      out.written(),
      Hex("8FCE0006 00000001 00000000 52454D42 020E0001 0000000A 0000000B"));
}

TEST(Remb, RoundsDownToEighteenBits) {
  for (const int64_t bps :
       {int64_t{0}, int64_t{1}, int64_t{262143}, int64_t{262144},
        int64_t{262145}, int64_t{5'000'001}, int64_t{1} << 40,
        std::numeric_limits<int64_t>::max()}) {
    Buffer out;
    const std::array<Ssrc, 1> ssrcs = {10};
    ASSERT_TRUE(WriteRemb(1, DataRate::BitsPerSecond(bps), ssrcs, out.writer));
    const Bytes datagram = out.written();
    const auto remb = RembOf(datagram);
    ASSERT_TRUE(remb) << bps;
    EXPECT_LE(remb->bitrate.bps(), bps);
    EXPECT_LE(bps - remb->bitrate.bps(), bps >> 17) << bps;
  }
}

TEST(Remb, WritesNegativeAsZero) {
  Buffer out;
  ASSERT_TRUE(WriteRemb(1, DataRate::BitsPerSecond(-5), {}, out.writer));
  const Bytes datagram = out.written();
  ASSERT_TRUE(RembOf(datagram));
  EXPECT_EQ(RembOf(datagram)->bitrate.bps(), 0);
}

TEST(Remb, RefusesOver255Streams) {
  Buffer out;
  std::vector<Ssrc> ssrcs(256);
  std::iota(ssrcs.begin(), ssrcs.end(), 1u);
  EXPECT_FALSE(WriteRemb(1, DataRate::Kbps(1), ssrcs, out.writer));
  EXPECT_TRUE(out.writer.empty());
  ssrcs.pop_back();
  EXPECT_TRUE(WriteRemb(1, DataRate::Kbps(1), ssrcs, out.writer));
  const Bytes datagram = out.written();
  ASSERT_TRUE(RembOf(datagram));
  EXPECT_EQ(RembOf(datagram)->ssrc_count(), 255u);
}

TEST(Remb, RefusesWhatIsNotOne) {
  for (const char* bad : {
           "8FCE0002 00000001 00000000",                    // no name
           "8FCE0003 00000001 00000000 52454D42",           // no rate
           "8FCE0004 00000001 00000000 52454D43 00000001",  // another name
           "8FCE0004 00000001 00000000 52454D42 01000001",  // one SSRC short
           "8FCE0005 00000001 00000000 52454D42 00000001 0000000A",
           "8FCD0004 00000001 00000000 52454D42 00000001",  // transport
           "81CE0004 00000001 00000000 52454D42 00000001",  // PLI
           // The greatest mantissa and exponent: beyond 63 bits.
           "8FCE0004 00000001 00000000 52454D42 00FFFFFF",
       }) {
    EXPECT_FALSE(RembOf(Hex(bad))) << bad;
  }
}

TEST(Remb, ZeroIsZeroWithAnyExponent) {
  const Bytes datagram = Hex("8FCE0004 00000001 00000000 52454D42 00FC0000");
  ASSERT_TRUE(RembOf(datagram));
  EXPECT_EQ(RembOf(datagram)->bitrate.bps(), 0);
}

}  // namespace
}  // namespace rtp
