// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtcp_twcc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/rtp/hex.h"
#include "tests/support/seeded_random.h"

namespace rtp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

// A message, parsed and read to its end.
struct Read {
  uint16_t base_seq = 0;
  uint16_t status_count = 0;
  uint32_t reference_time = 0;
  uint8_t feedback_count = 0;
  std::vector<uint16_t> seqs;
  std::vector<uint16_t> indexes;
  std::vector<int64_t> deltas;   // in kTwccDeltaUnit
  std::vector<int64_t> offsets;  // likewise
};

std::optional<Read> ReadFci(const Bytes& fci) {
  Feedback feedback;
  feedback.type = kRtcpTransportFeedback;
  feedback.format = kFeedbackTwcc;
  feedback.fci = fci;
  std::optional<TwccFeedback> twcc = TwccFeedback::Parse(feedback);
  if (!twcc) return std::nullopt;
  Read read;
  read.base_seq = twcc->base_seq();
  read.status_count = twcc->status_count();
  read.reference_time = twcc->reference_time();
  read.feedback_count = twcc->feedback_count();
  while (const auto arrival = twcc->Next()) {
    read.seqs.push_back(arrival->seq);
    read.indexes.push_back(arrival->index);
    read.deltas.push_back(arrival->delta / kTwccDeltaUnit);
    read.offsets.push_back(arrival->offset / kTwccDeltaUnit);
  }
  EXPECT_FALSE(twcc->Next());
  return read;
}

// draft-holmer-rmcat-transport-wide-cc-extensions-01 s3.1.

TEST(TwccVectors, ReadsTheFixedPart) {
  // One run of one small delta.
  const auto read = ReadFci(Hex("1234 0001 ABCDEF 42 2001 08 00"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->base_seq, 0x1234);
  EXPECT_EQ(read->status_count, 1);
  EXPECT_EQ(read->reference_time, 0xABCDEFu);
  EXPECT_EQ(read->feedback_count, 0x42);
  EXPECT_THAT(read->seqs, ElementsAre(0x1234));
  EXPECT_THAT(read->deltas, ElementsAre(8));
}

TEST(TwccVectors, RunOf221NotReceived) {  // s3.1.3, first example
  const auto read = ReadFci(Hex("0001 00DD 000000 00 00DD"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status_count, 221);
  EXPECT_THAT(read->seqs, IsEmpty());
}

TEST(TwccVectors, OneBitVector) {  // s3.1.4, first example
  // 1 0 | 0 11111 000 111 00
  const auto read =
      ReadFci(Hex("0000 000E 000000 00 9F1C 01 02 03 04 05 06 07 08"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(1, 2, 3, 4, 5, 9, 10, 11));
  EXPECT_THAT(read->deltas, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(read->offsets, ElementsAre(1, 3, 6, 10, 15, 21, 28, 36));
}

TEST(TwccVectors, TwoBitVector) {
  // 1 1 | 00 10 01 01 01 00 00, after the second example of s3.1.4
  const auto read = ReadFci(Hex("0000 0007 000000 00 C950 0100 01 02 03"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read->deltas, ElementsAre(256, 1, 2, 3));
}

TEST(TwccVectors, RefusesSymbolThree) {
  // A run of 24, and one in a vector: the examples of s3.1.3 and s3.1.4 that
  // use the reserved symbol.
  EXPECT_FALSE(
      ReadFci(Hex("0000 0018 000000 00 6018" + std::string(2 * 3 * 24, '0'))));
  EXPECT_FALSE(ReadFci(Hex("0000 0007 000000 00 CD50 00 01 02 03 04 05 06")));
}

TEST(Twcc, SymbolThreeAfterTheLastStatusIsNotRead) {
  // Seven symbols, of which the status count takes one.
  const auto read = ReadFci(Hex("0000 0001 000000 00 D3FF 05 00"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->deltas, ElementsAre(5));
}

TEST(Twcc, RunOfSmallDeltas) {
  const auto read = ReadFci(Hex("0005 0003 000000 00 2003 00 80 FF"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(5, 6, 7));
  EXPECT_THAT(read->deltas, ElementsAre(0, 128, 255));
}

TEST(Twcc, RunOfLargeDeltasIsSigned) {
  const auto read =
      ReadFci(Hex("0005 0004 000000 00 4004 7FFF 8000 FFFF 0001"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->deltas, ElementsAre(32767, -32768, -1, 1));
  EXPECT_THAT(read->offsets, ElementsAre(32767, -1, -2, -1));
}

TEST(Twcc, UnitIsAQuarterMillisecond) {
  Feedback feedback;
  feedback.type = kRtcpTransportFeedback;
  feedback.format = kFeedbackTwcc;
  const Bytes fci = Hex("0005 0002 000000 00 2001 4001 04 FFFC");
  feedback.fci = fci;
  auto twcc = TwccFeedback::Parse(feedback);
  ASSERT_TRUE(twcc);
  EXPECT_EQ(twcc->Next()->delta, milliseconds(1));
  const auto second = twcc->Next();
  EXPECT_EQ(second->delta, -milliseconds(1));
  EXPECT_EQ(second->offset, TimeDelta(0));
}

TEST(Twcc, SequenceNumberWraps) {
  const auto read = ReadFci(Hex("FFFE 0005 000000 00 2002 0001 2002 01010101"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(0xFFFE, 0xFFFF, 1, 2));
  EXPECT_THAT(read->indexes, ElementsAre(0, 1, 3, 4));
}

TEST(Twcc, MixesChunks) {
  // Run of 3 lost, one-bit vector of 14, two-bit vector cut to 2 statuses.
  const auto read =
      ReadFci(Hex("000A 0013 000000 00 0003 A001 D800 01 02 03 0004"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(13, 26, 27, 28));
  EXPECT_THAT(read->deltas, ElementsAre(1, 2, 3, 4));
}

TEST(Twcc, RunMayBeLongerThanTheStatusCount) {
  const auto read = ReadFci(Hex("0000 0002 000000 00 3FFF 01 02"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(0, 1));
}

TEST(Twcc, IgnoresBytesAfterTheDeltas) {
  const auto read = ReadFci(Hex("0000 0001 000000 00 2001 05 FFFFFFFFFF"));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->deltas, ElementsAre(5));
}

TEST(Twcc, RefusesTruncationAnywhere) {
  const Bytes whole = Hex("000A 0013 000000 00 0003 A001 D800 01 02 03 0004");
  ASSERT_TRUE(ReadFci(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ReadFci(Bytes(whole.begin(), whole.begin() + size))) << size;
  }
}

TEST(Twcc, RefusesNoStatuses) {
  EXPECT_FALSE(ReadFci(Hex("0000 0000 000000 00 2001 05 00")));
}

TEST(Twcc, RefusesARunOfNone) {
  EXPECT_FALSE(ReadFci(Hex("0000 0001 000000 00 2000 2001 05 00")));
}

TEST(Twcc, RefusesMoreStatusesThanHalfACircle) {
  // Five runs of 8191 lost cover 32768 statuses and more.
  const std::string chunks = "1FFF 1FFF 1FFF 1FFF 1FFF";
  const auto most = ReadFci(Hex("0000 8000 000000 00" + chunks));
  ASSERT_TRUE(most);
  EXPECT_THAT(most->seqs, IsEmpty());
  EXPECT_FALSE(ReadFci(Hex("0000 8001 000000 00" + chunks)));
  EXPECT_FALSE(ReadFci(Hex("0000 FFFF 000000 00" + chunks + chunks)));
}

TEST(Twcc, RefusesMoreArrivalsThanBytes) {
  // 8191 arrivals claimed, two bytes of deltas there.
  EXPECT_FALSE(ReadFci(Hex("0000 1FFF 000000 00 3FFF 01 02")));
}

TEST(Twcc, ReadsAtMostSize) {
  const auto read =
      ReadFci(Hex("0000 1FFF 000000 00 3FFF" + std::string(2 * 8191, '1')));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->seqs.size(), 8191u);
  EXPECT_EQ(read->offsets.back(), 8191 * 17);
}

TEST(Twcc, IsOfItsFormatOnly) {
  const Bytes fci = Hex("0000 0001 000000 00 2001 05 00");
  Feedback feedback;
  feedback.fci = fci;
  feedback.type = kRtcpTransportFeedback;
  feedback.format = kFeedbackNack;
  EXPECT_FALSE(TwccFeedback::Parse(feedback));
  feedback.type = kRtcpPayloadFeedback;
  feedback.format = kFeedbackTwcc;
  EXPECT_FALSE(TwccFeedback::Parse(feedback));
}

// Writing.

constexpr Timestamp kStart = Timestamp(std::chrono::seconds(64));

// `units`: steps of kTwccDeltaUnit from kStart.
PacketArrival At(uint64_t seq, int64_t units) {
  return {seq, kStart + units * kTwccDeltaUnit};
}

struct Written {
  size_t reported = 0;
  Bytes bytes;
};

Written Write(uint64_t base_seq, const std::vector<PacketArrival>& arrivals,
              size_t room = 1200, uint8_t count = 0) {
  Bytes buffer(room);
  RtcpWriter out(buffer);
  Written written;
  written.reported = WriteTwcc(1, 2, count, base_seq, arrivals, out);
  written.bytes = Copy(out.written());
  return written;
}

std::optional<Read> ReadBack(const Bytes& datagram) {
  RtcpReader reader(datagram);
  const auto packet = reader.Next();
  if (!packet) return std::nullopt;
  const auto feedback = ParseFeedback(*packet);
  if (!feedback || feedback->sender != 1 || feedback->media != 2) {
    return std::nullopt;
  }
  return ReadFci(Copy(feedback->fci));
}

// What a reader of `datagram` knows is what `arrivals` say.
void ExpectSame(const Bytes& datagram, uint64_t base_seq,
                std::span<const PacketArrival> arrivals) {
  const auto read = ReadBack(datagram);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->base_seq, static_cast<uint16_t>(base_seq));
  EXPECT_EQ(read->status_count, arrivals.back().seq - base_seq + 1);
  ASSERT_EQ(read->seqs.size(), arrivals.size());
  const Timestamp reference(read->reference_time * kTwccReferenceUnit);
  for (size_t i = 0; i < arrivals.size(); ++i) {
    ASSERT_EQ(read->seqs[i], static_cast<uint16_t>(arrivals[i].seq)) << i;
    const TimeDelta error =
        arrivals[i].arrival - (reference + read->offsets[i] * kTwccDeltaUnit);
    // Rounded to the nearest unit, without errors adding up.
    ASSERT_LE(std::abs(error.count()), kTwccDeltaUnit.count() / 2) << i;
  }
}

TEST(TwccWriter, WritesARunOfOne) {
  const Written written = Write(0x1234, {At(0x1234, 8)}, 1200, 0x42);
  EXPECT_EQ(written.reported, 1u);
  // 64 s are 1000 of 64 ms.
  EXPECT_EQ(written.bytes, Hex("8FCD0005 00000001 00000002 1234 0001 0003E8 42 "
                               "2001 08 00"));
}

TEST(TwccWriter, LongRunsTakeOneChunk) {
  std::vector<PacketArrival> arrivals;
  for (uint64_t i = 0; i < 500; ++i) {
    arrivals.push_back(At(1000 + i, static_cast<int64_t>(i)));
  }
  const Written written = Write(1000, arrivals);
  EXPECT_EQ(written.reported, 500u);
  EXPECT_EQ(written.bytes.size(), 20 + (2 + 500 + 3) / 4 * 4u);
  ExpectSame(written.bytes, 1000, arrivals);
}

TEST(TwccWriter, GapBeforeTheFirstIsLoss) {
  const std::vector<PacketArrival> arrivals = {At(110, 0)};
  const Written written = Write(100, arrivals);
  EXPECT_EQ(written.reported, 1u);
  ExpectSame(written.bytes, 100, arrivals);
}

TEST(TwccWriter, StepsBackWhereReordered) {
  const std::vector<PacketArrival> arrivals = {At(1, 100), At(2, 90),
                                               At(3, 101)};
  const Written written = Write(1, arrivals);
  EXPECT_EQ(written.reported, 3u);
  const auto read = ReadBack(written.bytes);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->deltas, ElementsAre(100, -10, 11));
}

TEST(TwccWriter, Boundary255IsSmallAnd256Large) {
  const std::vector<PacketArrival> arrivals = {At(1, 0), At(2, 255),
                                               At(3, 511)};
  const Written written = Write(1, arrivals);
  const auto read = ReadBack(written.bytes);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->deltas, ElementsAre(0, 255, 256));
  // Chunk, two small, one large; one or two chunks.
  ExpectSame(written.bytes, 1, arrivals);
}

TEST(TwccWriter, WrapsTheSequenceNumber) {
  const std::vector<PacketArrival> arrivals = {At(0x1FFFE, 0), At(0x20001, 3)};
  const Written written = Write(0x1FFFE, arrivals);
  const auto read = ReadBack(written.bytes);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->seqs, ElementsAre(0xFFFE, 1));
}

TEST(TwccWriter, WrapsTheReferenceTime) {
  const Timestamp late((int64_t{1} << 24) * kTwccReferenceUnit +
                       5 * kTwccReferenceUnit);
  Bytes buffer(1200);
  RtcpWriter out(buffer);
  const PacketArrival arrival{1, late};
  ASSERT_EQ(WriteTwcc(1, 2, 0, 1, std::span(&arrival, 1), out), 1u);
  EXPECT_EQ(ReadBack(Copy(out.written()))->reference_time, 5u);
}

TEST(TwccWriter, EndsAtTooGreatAStep) {
  const std::vector<PacketArrival> fits = {At(1, 0), At(2, 32767), At(3, -1)};
  EXPECT_EQ(Write(1, fits).reported, 3u);
  ExpectSame(Write(1, fits).bytes, 1, fits);
  EXPECT_EQ(Write(1, {At(1, 0), At(2, 32768), At(3, 32768)}).reported, 1u);
  EXPECT_EQ(Write(1, {At(1, 0), At(2, -32769)}).reported, 1u);
}

TEST(TwccWriter, EndsAtTheStatusCount) {
  const std::vector<PacketArrival> arrivals = {At(1, 0), At(0x8000, 1),
                                               At(0x8001, 2)};
  const Written written = Write(1, arrivals);
  EXPECT_EQ(written.reported, 2u);
  const auto read = ReadBack(written.bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status_count, 0x8000);
  EXPECT_THAT(read->seqs, ElementsAre(1, 0x8000));
}

TEST(TwccWriter, WritesNothingForNoneOrWithoutRoom) {
  EXPECT_EQ(Write(1, {}).reported, 0u);
  EXPECT_TRUE(Write(1, {}).bytes.empty());
  for (size_t room = 0; room < 24; ++room) {
    const Written written = Write(1, {At(1, 0)}, room);
    EXPECT_EQ(written.reported, 0u) << room;
    EXPECT_TRUE(written.bytes.empty()) << room;
  }
}

TEST(TwccWriter, RestGoesIntoAnotherMessage) {
  std::vector<PacketArrival> arrivals;
  for (uint64_t i = 0; i < 300; ++i) {
    arrivals.push_back(At(1 + 3 * i, static_cast<int64_t>(i % 5)));
  }
  std::span<const PacketArrival> rest = arrivals;
  uint64_t base_seq = 1;
  size_t messages = 0;
  while (!rest.empty()) {
    Bytes buffer(100);
    RtcpWriter out(buffer);
    const size_t reported = WriteTwcc(1, 2, 0, base_seq, rest, out);
    ASSERT_GT(reported, 0u);
    ASSERT_LE(out.size(), 100u);
    ExpectSame(Copy(out.written()), base_seq, rest.first(reported));
    base_seq = rest[reported - 1].seq + 1;
    rest = rest.subspan(reported);
    ++messages;
  }
  EXPECT_GT(messages, 2u);
}

// One-bit vectors stand for fourteen statuses wherever they are, so a window
// that is cut short by a large delta must not become one.
TEST(TwccWriter, LargeDeltaAfterAMixedWindow) {
  for (uint64_t mixed = 1; mixed <= 20; ++mixed) {
    std::vector<PacketArrival> arrivals;
    int64_t at = 0;
    for (uint64_t i = 0; i < mixed; ++i) {
      if (i % 2 == 0) arrivals.push_back(At(1 + i, ++at));
    }
    arrivals.push_back(At(1 + mixed, at += 1000));
    arrivals.push_back(At(2 + mixed, at += 1));
    const Written written = Write(1, arrivals);
    ASSERT_EQ(written.reported, arrivals.size());
    ExpectSame(written.bytes, 1, arrivals);
    ASSERT_FALSE(HasFatalFailure()) << mixed;
  }
}

TEST(TwccWriter, BuildThenParseIsIdentity) {
  support::SeededRandom random(17);
  for (int round = 0; round < 2000; ++round) {
    const uint32_t loss = random.NextU32() % 100;
    const uint32_t large = random.NextU32() % 100;
    const uint64_t base_seq = (uint64_t{1} << 16) + (random.NextU32() & 0xFFFF);
    std::vector<PacketArrival> arrivals;
    Timestamp at = kStart + microseconds(random.NextU32() % 1'000'000);
    const uint32_t count = 1 + random.NextU32() % 120;
    for (uint32_t i = 0; i < count; ++i) {
      if (random.NextU32() % 100 < loss) continue;
      if (random.NextU32() % 100 < large) {
        at += microseconds(static_cast<int64_t>(random.NextU32() % 400'000) -
                           200'000);
      } else {
        at += microseconds(random.NextU32() % 60'000);
      }
      arrivals.push_back({base_seq + i, at});
    }
    if (arrivals.empty()) continue;
    const size_t room = 24 + random.NextU32() % 300;
    const Written written = Write(base_seq, arrivals, room);
    ASSERT_LE(written.bytes.size(), room);
    if (written.reported == 0) continue;
    ExpectSame(written.bytes, base_seq,
               std::span(arrivals).first(written.reported));
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

}  // namespace
}  // namespace rtp
