// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "rtp/base/time.h"
#include "rtp/receive_stats.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_reports.h"
#include "rtp/seq.h"
#include "tests/rtp/hex.h"
#include "tests/support/seeded_random.h"

namespace rtp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Timestamp kStart = Timestamp(seconds(1000));
constexpr Ssrc kSsrc = 0x01020304;

// A.1: sequence numbers, extended.

TEST(SeqNewerThan, IsHalfACircle) {
  EXPECT_TRUE(SeqNewerThan<uint16_t>(1, 0));
  EXPECT_FALSE(SeqNewerThan<uint16_t>(0, 1));
  EXPECT_FALSE(SeqNewerThan<uint16_t>(5, 5));
  EXPECT_TRUE(SeqNewerThan<uint16_t>(0, 0xFFFF));
  EXPECT_FALSE(SeqNewerThan<uint16_t>(0xFFFF, 0));
  EXPECT_TRUE(SeqNewerThan<uint16_t>(0x7FFF, 0));
  EXPECT_FALSE(SeqNewerThan<uint16_t>(0x8001, 0));
  // Half a circle apart: exactly one of the two is newer.
  EXPECT_TRUE(SeqNewerThan<uint16_t>(0x8000, 0));
  EXPECT_FALSE(SeqNewerThan<uint16_t>(0, 0x8000));
  EXPECT_TRUE(SeqNewerThan<uint32_t>(0, 0xFFFFFFFF));
  EXPECT_TRUE(SeqNewerThan<uint8_t>(0, 0xFF));
}

TEST(SeqNewerThan, OrdersEveryPairOneWay) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const auto x = static_cast<uint8_t>(a);
      const auto y = static_cast<uint8_t>(b);
      EXPECT_EQ(SeqNewerThan(x, y) + SeqNewerThan(y, x), a == b ? 0 : 1);
    }
  }
}

TEST(Unwrapper, CountsTheWraps) {
  SeqUnwrapper unwrapper;
  const uint64_t first = unwrapper.Unwrap(0xFFFE);
  EXPECT_EQ(unwrapper.Unwrap(0xFFFF), first + 1);
  EXPECT_EQ(unwrapper.Unwrap(0), first + 2);
  EXPECT_EQ(unwrapper.Unwrap(0x7FFF), first + 0x8001);
  EXPECT_EQ(unwrapper.Unwrap(0xFFFE), first + 0x10000);
  EXPECT_EQ(unwrapper.newest(), first + 0x10000);
}

TEST(Unwrapper, LateKeepsItsPlace) {
  SeqUnwrapper unwrapper;
  const uint64_t first = unwrapper.Unwrap(2);
  EXPECT_EQ(unwrapper.Unwrap(0xFFFF), first - 3);
  EXPECT_EQ(unwrapper.newest(), first);
  EXPECT_EQ(unwrapper.Unwrap(3), first + 1);
}

TEST(Unwrapper, LowBitsAreTheValue) {
  support::SeededRandom random(1);
  SeqUnwrapper unwrapper;
  for (int i = 0; i < 10000; ++i) {
    const auto value = static_cast<uint16_t>(random.NextU32());
    EXPECT_EQ(unwrapper.Unwrap(value) & 0xFFFF, value);
  }
}

TEST(Unwrapper, PeekMovesNothing) {
  SeqUnwrapper unwrapper;
  EXPECT_EQ(unwrapper.Peek(7), 0x10007u);
  EXPECT_FALSE(unwrapper.started());
  unwrapper.Unwrap(7);
  EXPECT_EQ(unwrapper.Peek(9), 0x10009u);
  EXPECT_EQ(unwrapper.newest(), 0x10007u);
  unwrapper.Reset();
  EXPECT_FALSE(unwrapper.started());
}

TEST(Unwrapper, TimestampsHave32Bits) {
  TimestampUnwrapper unwrapper;
  const uint64_t first = unwrapper.Unwrap(0xFFFFFF00);
  EXPECT_EQ(unwrapper.Unwrap(0x100), first + 0x200);
}

// A.3: loss.

struct Stream {
  explicit Stream(uint32_t clock_rate = 90000) : stats(clock_rate) {}
  // Packets 20 ms apart, without jitter.
  void Receive(uint64_t seq) {
    stats.OnPacket(kStart + milliseconds(20) * static_cast<int64_t>(seq), seq,
                   static_cast<uint32_t>(1800 * seq));
  }
  ReportBlock Report() { return stats.BuildReport(kStart, kSsrc); }
  ReceiveStats stats;
};

TEST(ReceiveStats, SaysNothingBeforeTheFirst) {
  Stream stream;
  EXPECT_FALSE(stream.stats.started());
  ReportBlock expected;
  expected.ssrc = kSsrc;
  EXPECT_EQ(stream.Report(), expected);
}

TEST(ReceiveStatsVectors, FractionIsOf256OfTheInterval) {
  Stream stream;
  for (uint64_t seq = 100; seq < 200; ++seq) {
    if (seq % 4 != 1) stream.Receive(seq);
  }
  ReportBlock block = stream.Report();
  EXPECT_EQ(block.fraction_lost, 64);  // 25 of 100
  EXPECT_EQ(block.cumulative_lost, 25);
  EXPECT_EQ(block.extended_highest_seq, 199u);
  // The next interval has no loss; the sum stays.
  for (uint64_t seq = 200; seq < 300; ++seq) stream.Receive(seq);
  block = stream.Report();
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.cumulative_lost, 25);
  // An interval without packets.
  block = stream.Report();
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.cumulative_lost, 25);
}

TEST(ReceiveStats, FractionRoundsDown) {
  Stream stream;
  stream.Receive(1);
  stream.Report();
  for (uint64_t seq : {2, 4}) stream.Receive(seq);
  EXPECT_EQ(stream.Report().fraction_lost, 85);  // a third of 256
}

TEST(ReceiveStats, DuplicatesMakeLossNegative) {
  Stream stream;
  for (uint64_t seq : {1, 2, 2, 2, 3}) stream.Receive(seq);
  const ReportBlock block = stream.Report();
  EXPECT_EQ(block.cumulative_lost, -2);
  EXPECT_EQ(block.fraction_lost, 0);
}

TEST(ReceiveStats, LateFillsItsGap) {
  Stream stream;
  for (uint64_t seq : {1, 2, 4, 5}) stream.Receive(seq);
  EXPECT_EQ(stream.Report().cumulative_lost, 1);
  stream.Receive(3);
  const ReportBlock block = stream.Report();
  EXPECT_EQ(block.cumulative_lost, 0);
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.extended_highest_seq, 5u);
}

TEST(ReceiveStats, EarlierThanTheFirstIsExpectedToo) {
  Stream stream;
  for (uint64_t seq : {10, 8}) stream.Receive(seq);
  EXPECT_EQ(stream.Report().cumulative_lost, 1);
}

TEST(ReceiveStats, HighestSequenceNumberIsExtended) {
  Stream stream;
  for (uint64_t seq = 0x1FFFE; seq <= 0x20001; ++seq) stream.Receive(seq);
  const ReportBlock block = stream.Report();
  EXPECT_EQ(block.extended_highest_seq, 0x20001u);
  EXPECT_EQ(block.cumulative_lost, 0);
}

TEST(ReceiveStats, LossSaturatesAt24Bits) {
  Stream stream;
  stream.Receive(1);
  stream.stats.OnPacket(kStart, 100'000'000, 0);
  const ReportBlock block = stream.Report();
  EXPECT_EQ(block.cumulative_lost, 0x7FFFFF);
  EXPECT_EQ(block.fraction_lost, 255);
}

// A.8: jitter.

TEST(ReceiveStats, NoJitterInEvenTime) {
  Stream stream;
  for (uint64_t seq = 1; seq < 100; ++seq) stream.Receive(seq);
  EXPECT_EQ(stream.Report().jitter, 0u);
}

// The integer form of A.8: jitter += d - ((jitter + 8) >> 4), times 16.
TEST(ReceiveStatsVectors, JitterIsThatOfRfc3550A8) {
  support::SeededRandom random(8);
  ReceiveStats stats(90000);
  uint32_t expected = 0;
  int64_t transit = 0;
  for (uint32_t i = 0; i < 500; ++i) {
    // In steps of 100 us, which are 9 units.
    const int64_t late = random.NextU32() % 300;
    const Timestamp arrival =
        kStart + milliseconds(20) * i + microseconds(100) * late;
    stats.OnPacket(arrival, i + 1, 1800 * i);
    if (i > 0) {
      const auto d = static_cast<uint32_t>(std::abs(late * 9 - transit));
      expected += d - ((expected + 8) >> 4);
    }
    transit = late * 9;
    ASSERT_EQ(stats.jitter(), expected >> 4) << i;
  }
}

TEST(ReceiveStats, JitterConvergesToASteadyDifference) {
  ReceiveStats stats(90000);
  for (uint32_t i = 0; i < 400; ++i) {
    // Alternately on time and 10 ms late: |D| is always 900.
    stats.OnPacket(kStart + milliseconds(20 * i + i % 2 * 10), i + 1, 1800 * i);
  }
  EXPECT_NEAR(stats.jitter(), 900, 1);
}

TEST(ReceiveStats, PacketsOfOneFrameAreNoJitter) {
  ReceiveStats stats(90000);
  uint64_t seq = 1;
  for (uint32_t frame = 0; frame < 50; ++frame) {
    for (int64_t i = 0; i < 5; ++i) {
      stats.OnPacket(kStart + milliseconds(40) * frame + milliseconds(i), seq++,
                     3600 * frame);
    }
  }
  // The next frame's first packet against the last one of this.
  EXPECT_LT(stats.jitter(), 400u);
}

TEST(ReceiveStats, TimestampMayWrap) {
  ReceiveStats stats(90000);
  const uint32_t base = 0xFFFFFFFF - 2700;
  for (uint32_t i = 0; i < 10; ++i) {
    stats.OnPacket(kStart + milliseconds(20 * i), i + 1, base + 1800 * i);
  }
  EXPECT_EQ(stats.jitter(), 0u);
}

TEST(ReceiveStats, ARestartedClockIsNoJitter) {
  Stream stream;
  stream.Receive(1);
  stream.stats.OnPacket(kStart + milliseconds(40), 2, 0x40000000);
  EXPECT_EQ(stream.stats.jitter(), 0u);
}

// s6.4.1: LSR and DLSR.

TEST(ReceiveStats, TellsOfTheLastSenderReport) {
  Stream stream;
  stream.Receive(1);
  EXPECT_EQ(stream.stats.last_sr_arrival(), Timestamp::min());
  SenderInfo info;
  info.ntp = 0x0123'4567'89AB'CDEF;
  stream.stats.OnSenderReport(kStart, info);
  const ReportBlock block =
      stream.stats.BuildReport(kStart + milliseconds(5250), kSsrc);
  EXPECT_EQ(block.last_sr, 0x456789ABu);
  EXPECT_EQ(block.delay_since_last_sr, 0x00054000u);  // 5.250 s
  EXPECT_EQ(stream.stats.last_sr_arrival(), kStart);
  EXPECT_EQ(stream.stats.last_sr(), info);
}

// RFC 3550 s6.4.1, figure 2: the example of round-trip time computation.
TEST(NtpVectors, CompactTimesOfTheExample) {
  EXPECT_EQ(CompactNtp(0xB44D'B705'2000'0000), 0xB7052000u);
  EXPECT_EQ(ToCompactNtpDelta(milliseconds(5250)), 0x00054000u);
  // A - LSR - DLSR = 6.125 s.
  EXPECT_EQ(FromCompactNtpDelta(0xB7108000u - 0xB7052000u - 0x00054000u),
            milliseconds(6125));
}

TEST(Ntp, ClockIsAnOffset) {
  const NtpClock clock(uint64_t{0xE0000000} << 32);
  EXPECT_EQ(clock.ToNtp(Timestamp()), uint64_t{0xE0000000} << 32);
  EXPECT_EQ(clock.ToNtp(Timestamp(milliseconds(1500))),
            uint64_t{0xE0000001} << 32 | 0x80000000);
  EXPECT_EQ(NtpClock(uint64_t{0xFFFFFFFF} << 32).ToNtp(Timestamp(seconds(1))),
            0u);
}

TEST(Ntp, DeltasSaturate) {
  EXPECT_EQ(ToCompactNtpDelta(TimeDelta(-1)), 0u);
  EXPECT_EQ(ToCompactNtpDelta(seconds(65535)), 65535u << 16);
  EXPECT_EQ(ToCompactNtpDelta(seconds(65536)), UINT32_MAX);
  EXPECT_EQ(FromCompactNtpDelta(1), microseconds(15));
}

// s6.4: SR and RR on the wire.

constexpr std::string_view kBlockHex =
    "0000000B 40FFFFFE 00012345 00000078 456789AB 00054000";
const ReportBlock kBlock = {11, 0x40, -2, 0x12345, 120, 0x456789AB, 0x54000};

TEST(ReportVectors, SenderReport) {
  Bytes buffer(200);
  RtcpWriter out(buffer);
  const SenderInfo info = {0x0123456789ABCDEF, 0x11223344, 5, 600};
  ASSERT_TRUE(WriteSenderReport(10, info, std::span(&kBlock, 1), out));
  EXPECT_EQ(Copy(out.written()),
            Hex("81C8000C 0000000A 01234567 89ABCDEF 11223344 00000005 "
                "00000258" +
                std::string(kBlockHex)));
  RtcpReader reader(out.written());
  const auto report = ParseSenderReport(*reader.Next());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ssrc, 10u);
  EXPECT_EQ(report->info, info);
  ASSERT_EQ(report->blocks.size(), 1u);
  EXPECT_EQ(report->blocks[0], kBlock);
}

TEST(ReportVectors, ReceiverReport) {
  Bytes buffer(200);
  RtcpWriter out(buffer);
  ASSERT_TRUE(WriteReceiverReport(10, std::span(&kBlock, 1), out));
  EXPECT_EQ(Copy(out.written()),
            Hex("81C90007 0000000A" + std::string(kBlockHex)));
  RtcpReader reader(out.written());
  const auto report = ParseReceiverReport(*reader.Next());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ssrc, 10u);
  ASSERT_EQ(report->blocks.size(), 1u);
  EXPECT_EQ(report->blocks[0], kBlock);
}

TEST(Report, AnEmptyReceiverReportIsEightBytes) {
  Bytes buffer(8);
  RtcpWriter out(buffer);
  ASSERT_TRUE(WriteReceiverReport(10, {}, out));
  EXPECT_EQ(Copy(out.written()), Hex("80C90001 0000000A"));
}

TEST(Report, HoldsAtMost31Blocks) {
  Bytes buffer(1200);
  RtcpWriter out(buffer);
  const std::vector<ReportBlock> blocks(32, kBlock);
  EXPECT_FALSE(WriteReceiverReport(10, blocks, out));
  EXPECT_FALSE(WriteSenderReport(10, {}, blocks, out));
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(WriteReceiverReport(10, std::span(blocks).first(31), out));
  RtcpReader reader(out.written());
  EXPECT_EQ(ParseReceiverReport(*reader.Next())->blocks.size(), 31u);
}

TEST(Report, WritingSaturatesLoss) {
  for (const auto& [lost, expected] :
       {std::pair{std::numeric_limits<int32_t>::max(), 0x7FFFFF},
        std::pair{std::numeric_limits<int32_t>::min(), -0x800000}}) {
    Bytes buffer(200);
    RtcpWriter out(buffer);
    ReportBlock block = kBlock;
    block.cumulative_lost = lost;
    ASSERT_TRUE(WriteReceiverReport(10, std::span(&block, 1), out));
    RtcpReader reader(out.written());
    EXPECT_EQ(ParseReceiverReport(*reader.Next())->blocks[0].cumulative_lost,
              expected);
  }
}

TEST(Report, RefusesACountBeyondThePacket) {
  for (const char* bad : {"81C90001 0000000A", "80C90000",
                          "81C80006 00000001"
                          "00000002 00000003 00000004 00000005 00000006",
                          "80C80005 00000001 00000002 00000003 00000004 "
                          "00000005"}) {
    const Bytes datagram = Hex(bad);
    RtcpReader reader(datagram);
    const auto packet = reader.Next();
    ASSERT_TRUE(packet) << bad;
    EXPECT_FALSE(ParseReceiverReport(*packet)) << bad;
    EXPECT_FALSE(ParseSenderReport(*packet)) << bad;
  }
}

TEST(Report, IgnoresExtensionsAfterTheBlocks) {
  const Bytes datagram = Hex("80C90002 0000000A DEADBEEF");
  RtcpReader reader(datagram);
  const auto report = ParseReceiverReport(*reader.Next());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blocks.size(), 0u);
}

// s6.5: SDES.

std::vector<std::pair<Ssrc, std::string>> SdesOf(const Bytes& datagram) {
  std::vector<std::pair<Ssrc, std::string>> chunks;
  RtcpReader reader(datagram);
  SdesReader sdes(*reader.Next());
  while (const auto chunk = sdes.Next()) {
    chunks.emplace_back(chunk->ssrc, chunk->cname);
  }
  return chunks;
}

using Chunks = std::vector<std::pair<Ssrc, std::string>>;

TEST(Sdes, WritesACname) {
  Bytes buffer(100);
  RtcpWriter out(buffer);
  ASSERT_TRUE(WriteSdesCname(10, "abc", out));
  EXPECT_EQ(Copy(out.written()), Hex("81CA0003 0000000A 01036162 63000000"));
}

TEST(Sdes, BuildThenParseIsIdentity) {
  for (size_t size = 0; size <= 255; ++size) {
    Bytes buffer(400);
    RtcpWriter out(buffer);
    const std::string cname(size, 'x');
    ASSERT_TRUE(WriteSdesCname(10, cname, out));
    EXPECT_EQ(SdesOf(Copy(out.written())), (Chunks{{10, cname}}));
  }
  Bytes buffer(400);
  RtcpWriter out(buffer);
  EXPECT_FALSE(WriteSdesCname(10, std::string(256, 'x'), out));
  EXPECT_TRUE(out.empty());
}

TEST(Sdes, ReadsChunksAndSkipsOtherItems) {
  EXPECT_EQ(SdesOf(Hex("82CA0006 0000000A 02017801 02616200"
                       "0000000B 01026364 00000000")),
            (Chunks{{10, "ab"}, {11, "cd"}}));
}

TEST(Sdes, EndsAtTruncation) {
  EXPECT_EQ(SdesOf(Hex("82CA0004 0000000A 01016100 0000000B 01FF6162")),
            (Chunks{{10, "a"}}));
  EXPECT_EQ(SdesOf(Hex("81CA0000")), Chunks());
  EXPECT_EQ(SdesOf(Hex("81CA0001 0000000A")), Chunks());
  EXPECT_EQ(SdesOf(Hex("80CA0002 0000000A 00000000")), Chunks());
}

// s6.6: BYE.

TEST(Bye, BuildThenParseIsIdentity) {
  for (const std::string reason : {"", "a", "bye", "byes", "farewell"}) {
    Bytes buffer(100);
    RtcpWriter out(buffer);
    const std::array<Ssrc, 2> ssrcs = {10, 11};
    ASSERT_TRUE(WriteBye(ssrcs, reason, out));
    RtcpReader reader(out.written());
    const auto bye = ParseBye(*reader.Next());
    ASSERT_TRUE(bye) << reason;
    EXPECT_EQ(bye->ssrc_count, 2u);
    EXPECT_EQ(bye->ssrcs[0], 10u);
    EXPECT_EQ(bye->ssrcs[1], 11u);
    EXPECT_EQ(bye->reason, reason);
  }
}

TEST(Bye, RefusesWhatCannotBe) {
  Bytes buffer(400);
  RtcpWriter out(buffer);
  EXPECT_FALSE(WriteBye(std::vector<Ssrc>(32), "", out));
  EXPECT_FALSE(WriteBye({}, std::string(256, 'x'), out));
  EXPECT_TRUE(out.empty());
  for (const char* bad :
       {"81CB0000", "82CB0001 0000000A", "81CB0002 0000000A 04616263"}) {
    const Bytes datagram = Hex(bad);
    RtcpReader reader(datagram);
    EXPECT_FALSE(ParseBye(*reader.Next())) << bad;
  }
}

// RFC 3611.

TEST(ExtendedReport, ReceiverReferenceTime) {  // s4.4
  Bytes buffer(100);
  RtcpWriter out(buffer);
  ASSERT_TRUE(WriteReceiverReferenceTime(10, 0x0123456789ABCDEF, out));
  EXPECT_EQ(Copy(out.written()),
            Hex("80CF0004 0000000A 04000002 01234567 89ABCDEF"));
  RtcpReader reader(out.written());
  const auto report = ParseExtendedReport(*reader.Next());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ssrc, 10u);
  EXPECT_EQ(report->receiver_reference_time, 0x0123456789ABCDEFu);
  EXPECT_EQ(report->dlrr.size(), 0u);
}

TEST(ExtendedReport, Dlrr) {  // s4.5
  Bytes buffer(100);
  RtcpWriter out(buffer);
  const std::array<Dlrr, 2> dlrr = {Dlrr{11, 1, 2}, Dlrr{12, 3, 4}};
  ASSERT_TRUE(WriteDlrr(10, dlrr, out));
  EXPECT_EQ(Copy(out.written()),
            Hex("80CF0008 0000000A 05000006 0000000B 00000001 00000002 "
                "0000000C 00000003 00000004"));
  RtcpReader reader(out.written());
  const auto report = ParseExtendedReport(*reader.Next());
  ASSERT_TRUE(report);
  ASSERT_EQ(report->dlrr.size(), 2u);
  EXPECT_EQ(report->dlrr[1], dlrr[1]);
}

TEST(ExtendedReport, SkipsOtherBlocksAndRefusesOverruns) {
  const Bytes other =
      Hex("80CF0006 0000000A 2A000001 DEADBEEF "
          "04000002 00000001 00000002");
  RtcpReader reader(other);
  const auto report = ParseExtendedReport(*reader.Next());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->receiver_reference_time, 0x0000000100000002u);
  for (const char* bad : {"80CF0000", "80CF0002 0000000A 04000002",
                          "80CF0003 0000000A 2AFFFFFF 00000000"}) {
    const Bytes datagram = Hex(bad);
    RtcpReader bad_reader(datagram);
    EXPECT_FALSE(ParseExtendedReport(*bad_reader.Next())) << bad;
  }
}

}  // namespace
}  // namespace rtp
