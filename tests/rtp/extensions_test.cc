// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rtp/rtp_packet.h"
#include "tests/rtp/hex.h"
#include "tests/support/seeded_random.h"

namespace rtp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Elements = std::vector<std::pair<int, Bytes>>;

Elements ReadAll(uint16_t profile, const Bytes& block) {
  Elements elements;
  ExtensionReader reader(profile, block);
  while (const auto element = reader.Next()) {
    elements.emplace_back(element->id, Copy(element->value));
  }
  EXPECT_FALSE(reader.Next());
  return elements;
}

Elements OneByte(const char* hex) {
  return ReadAll(kOneByteExtensionProfile, Hex(hex));
}
Elements TwoByte(const char* hex) {
  return ReadAll(kTwoByteExtensionProfile, Hex(hex));
}

ParsedExtensions Parse(uint16_t profile, const Bytes& block,
                       const ExtensionIds& ids) {
  RtpView view;
  view.extension_profile = profile;
  view.extensions = block;
  return ParseExtensions(view, ids);
}

// RFC 8285 s4.2, the example: three elements of 1, 2 and 4 bytes, padding
// between the second and the third.
TEST(ExtensionVectors, OneByteForm) {
  EXPECT_THAT(OneByte("10 A1  21 B1B2 00 00 33 C1C2C3C4"),
              ElementsAre(Pair(1, Hex("A1")), Pair(2, Hex("B1B2")),
                          Pair(3, Hex("C1C2C3C4"))));
}

// RFC 8285 s4.3, the example: lengths 0, 1 and 4.
TEST(ExtensionVectors, TwoByteForm) {
  EXPECT_THAT(TwoByte("01 00  02 01 B1 00  03 04 C1C2C3C4"),
              ElementsAre(Pair(1, Bytes()), Pair(2, Hex("B1")),
                          Pair(3, Hex("C1C2C3C4"))));
}

TEST(ExtensionReader, OneByteLengthIsOneMore) {
  const auto elements = OneByte("1F 000102030405060708090A0B0C0D0E0F");
  ASSERT_EQ(elements.size(), 1u);
  EXPECT_EQ(elements[0].second.size(), 16u);
}

TEST(ExtensionReader, IdFifteenEndsTheOneByteForm) {
  EXPECT_THAT(OneByte("10 A1 F0 EE 20 B1"), ElementsAre(Pair(1, Hex("A1"))));
}

TEST(ExtensionReader, IdFifteenIsAnIdInTheTwoByteForm) {
  EXPECT_THAT(TwoByte("0F 01 A1 FF 01 B1"),
              ElementsAre(Pair(15, Hex("A1")), Pair(255, Hex("B1"))));
}

TEST(ExtensionReader, ZeroIsPaddingAnywhere) {
  EXPECT_THAT(OneByte("00 10 A1 00 00"), ElementsAre(Pair(1, Hex("A1"))));
  EXPECT_THAT(TwoByte("00 00 00 01 01 A1"), ElementsAre(Pair(1, Hex("A1"))));
  EXPECT_THAT(OneByte("00000000"), IsEmpty());
  EXPECT_THAT(TwoByte("00000000"), IsEmpty());
}

// RFC 8285 s4.2: the walk ends at an ID of 0 that has a length.
TEST(ExtensionReader, IdZeroWithALengthEndsTheOneByteForm) {
  EXPECT_THAT(OneByte("10 A1 01 EEEE 20 B1"), ElementsAre(Pair(1, Hex("A1"))));
}

TEST(ExtensionReader, StopsAtWhatDoesNotFit) {
  EXPECT_THAT(OneByte("10 A1 22 B1B2"), ElementsAre(Pair(1, Hex("A1"))));
  EXPECT_THAT(OneByte("10 A1 20"), ElementsAre(Pair(1, Hex("A1"))));
  EXPECT_THAT(TwoByte("01 01 A1 02 03 B1B2"), ElementsAre(Pair(1, Hex("A1"))));
  EXPECT_THAT(TwoByte("01 01 A1 02"), ElementsAre(Pair(1, Hex("A1"))));
  EXPECT_THAT(TwoByte("01 01"), IsEmpty());
  EXPECT_THAT(OneByte(""), IsEmpty());
}

// RFC 8285 s4.3: the lower four bits of the profile are the application's.
TEST(ExtensionReader, AppbitsDoNotMatter) {
  const Bytes block = Hex("01 01 A1");
  for (uint16_t appbits = 0; appbits < 16; ++appbits) {
    EXPECT_EQ(ReadAll(static_cast<uint16_t>(0x1000 | appbits), block).size(),
              1u);
  }
}

TEST(ExtensionReader, OtherProfilesHaveNoElements) {
  const Bytes block = Hex("10 A1 00 00");
  for (const int profile : {0, 0xBEDD, 0xBEDF, 0x1010, 0x0FFF, 0x2000}) {
    EXPECT_THAT(ReadAll(static_cast<uint16_t>(profile), block), IsEmpty())
        << profile;
  }
}

TEST(ExtensionReader, ReadsAnythingWithoutFailing) {
  support::SeededRandom random(12);
  for (int round = 0; round < 2000; ++round) {
    Bytes block(random.NextU32() % 64);
    random.Fill(block);
    for (const uint16_t profile :
         {kOneByteExtensionProfile, kTwoByteExtensionProfile}) {
      size_t total = 0;
      for (const auto& [id, value] : ReadAll(profile, block)) {
        ASSERT_GT(id, 0);
        total += 1 + value.size();
      }
      ASSERT_LE(total, block.size());
    }
  }
}

// The values.

ExtensionIds AllIds(uint8_t first) {
  ExtensionIds ids;
  for (size_t i = 0; i < kExtensionKindCount; ++i) {
    EXPECT_TRUE(ids.Set(static_cast<ExtensionKind>(i),
                        static_cast<uint8_t>(first + i)));
  }
  return ids;
}

ExtensionIds Ids(ExtensionKind kind, uint8_t id) {
  ExtensionIds ids;
  EXPECT_TRUE(ids.Set(kind, id));
  return ids;
}

ParsedExtensions ParseOne(ExtensionKind kind, const Bytes& value) {
  Bytes block = {1, static_cast<uint8_t>(value.size())};
  block.insert(block.end(), value.begin(), value.end());
  // The spans of what is parsed need the block no more than the test does.
  static Bytes kept;
  kept = block;
  return Parse(kTwoByteExtensionProfile, kept, Ids(kind, 1));
}

TEST(Extensions, AudioLevel) {  // RFC 6464 s3
  const auto voice = ParseOne(ExtensionKind::kAudioLevel, Hex("B2"));
  EXPECT_EQ(voice.audio_level, (AudioLevel{true, 50}));
  const auto silence = ParseOne(ExtensionKind::kAudioLevel, Hex("7F"));
  EXPECT_EQ(silence.audio_level, (AudioLevel{false, 127}));
  EXPECT_FALSE(ParseOne(ExtensionKind::kAudioLevel, Hex("B2B2")).audio_level);
  EXPECT_FALSE(ParseOne(ExtensionKind::kAudioLevel, {}).audio_level);
}

TEST(Extensions, AbsSendTime) {
  EXPECT_EQ(ParseOne(ExtensionKind::kAbsSendTime, Hex("ABCDEF")).abs_send_time,
            0xABCDEFu);
  EXPECT_FALSE(
      ParseOne(ExtensionKind::kAbsSendTime, Hex("ABCD")).abs_send_time);
}

TEST(Extensions, TransportSequence) {
  const auto kind = ExtensionKind::kTransportSequence;
  EXPECT_EQ(ParseOne(kind, Hex("1234")).transport_sequence, 0x1234);
  EXPECT_EQ(ParseOne(kind, Hex("12348001")).transport_sequence, 0x1234);
  EXPECT_FALSE(ParseOne(kind, Hex("12")).transport_sequence);
  EXPECT_FALSE(ParseOne(kind, Hex("123456")).transport_sequence);
}

TEST(Extensions, Texts) {
  EXPECT_EQ(ParseOne(ExtensionKind::kMid, Hex("61756469")).mid, "audi");
  EXPECT_EQ(ParseOne(ExtensionKind::kRid, Hex("68")).rid, "h");
  EXPECT_EQ(ParseOne(ExtensionKind::kRepairedRid, Hex("68")).repaired_rid, "h");
  EXPECT_EQ(ParseOne(ExtensionKind::kMid, Bytes(32, 'a')).mid.size(), 32u);
  EXPECT_EQ(ParseOne(ExtensionKind::kMid, Bytes(33, 'a')).mid, "");
  EXPECT_EQ(ParseOne(ExtensionKind::kMid, {}).mid, "");
}

TEST(Extensions, TransmissionOffsetIsSigned) {  // RFC 5450 s3
  const auto kind = ExtensionKind::kTransmissionOffset;
  EXPECT_EQ(ParseOne(kind, Hex("000001")).transmission_offset, 1);
  EXPECT_EQ(ParseOne(kind, Hex("FFFFFF")).transmission_offset, -1);
  EXPECT_EQ(ParseOne(kind, Hex("800000")).transmission_offset, -8388608);
  EXPECT_FALSE(ParseOne(kind, Hex("0001")).transmission_offset);
}

TEST(Extensions, OpaqueValuesHaveTheirSizes) {
  const auto size_of = [](ExtensionKind kind, size_t size) -> size_t {
    const auto p = ParseOne(kind, Bytes(size, 1));
    switch (kind) {
      case ExtensionKind::kPlayoutDelay:
        return p.playout_delay.size();
      case ExtensionKind::kAbsCaptureTime:
        return p.abs_capture_time.size();
      case ExtensionKind::kVideoTiming:
        return p.video_timing.size();
      case ExtensionKind::kColorSpace:
        return p.color_space.size();
      case ExtensionKind::kDependencyDescriptor:
        return p.dependency_descriptor.size();
      case ExtensionKind::kVideoLayersAllocation:
        return p.video_layers_allocation.size();
      default:
        return 0;
    }
  };
  const auto accepted = [&](ExtensionKind kind) {
    std::vector<size_t> sizes;
    for (size_t size = 1; size <= 30; ++size) {
      if (size_of(kind, size) == size) sizes.push_back(size);
    }
    return sizes;
  };
  EXPECT_THAT(accepted(ExtensionKind::kPlayoutDelay), ElementsAre(3));
  EXPECT_THAT(accepted(ExtensionKind::kAbsCaptureTime), ElementsAre(8, 16));
  EXPECT_THAT(accepted(ExtensionKind::kVideoTiming), ElementsAre(13));
  EXPECT_THAT(accepted(ExtensionKind::kColorSpace), ElementsAre(4, 28));
  EXPECT_EQ(accepted(ExtensionKind::kDependencyDescriptor).size(), 30u);
  EXPECT_EQ(accepted(ExtensionKind::kVideoLayersAllocation).size(), 30u);
}

TEST(Extensions, IgnoresWhatWasNotNegotiated) {
  const Bytes block = Hex("10 B2 20 03");
  const auto parsed = Parse(kOneByteExtensionProfile, block,
                            Ids(ExtensionKind::kVideoOrientation, 2));
  EXPECT_FALSE(parsed.audio_level);
  EXPECT_EQ(parsed.video_orientation, 3);
}

TEST(Extensions, ReadsBothFormsWithTheSameIds) {
  const ExtensionIds ids = Ids(ExtensionKind::kVideoContentType, 14);
  const Bytes one = Hex("E0 01 0000");
  const Bytes two = Hex("0E 01 01 00");
  EXPECT_EQ(Parse(kOneByteExtensionProfile, one, ids).video_content_type, 1);
  EXPECT_EQ(Parse(kTwoByteExtensionProfile, two, ids).video_content_type, 1);
}

TEST(Extensions, ReadOutOfAWholePacket) {
  const Bytes packet =
      Hex("906F0001 00000002 00000003 BEDE0001 10 B2 0000 AABBCC");
  const auto view = RtpView::Parse(packet);
  ASSERT_TRUE(view);
  const auto parsed =
      ParseExtensions(*view, Ids(ExtensionKind::kAudioLevel, 1));
  EXPECT_EQ(parsed.audio_level, (AudioLevel{true, 50}));
  EXPECT_EQ(Copy(view->payload), Hex("AABBCC"));
}

// The ids.

TEST(ExtensionIds, LooksUpBothWays) {
  const ExtensionIds ids = AllIds(1);
  for (size_t i = 0; i < kExtensionKindCount; ++i) {
    const auto kind = static_cast<ExtensionKind>(i);
    EXPECT_EQ(ids.IdOf(kind), i + 1);
    EXPECT_EQ(ids.KindOf(static_cast<uint8_t>(i + 1)), kind);
    EXPECT_EQ(ExtensionFromUri(ExtensionUri(kind)), kind);
  }
  EXPECT_FALSE(ids.KindOf(0));
  EXPECT_FALSE(ids.KindOf(200));
  EXPECT_FALSE(ExtensionFromUri("urn:example"));
}

TEST(ExtensionIds, RefusesAnIdTwice) {
  ExtensionIds ids = Ids(ExtensionKind::kMid, 4);
  EXPECT_FALSE(ids.Set(ExtensionKind::kRid, 4));
  EXPECT_FALSE(ids.Has(ExtensionKind::kRid));
  EXPECT_EQ(ids.KindOf(4), ExtensionKind::kMid);
}

TEST(ExtensionIds, MovesAndTakesAway) {
  ExtensionIds ids = Ids(ExtensionKind::kMid, 4);
  EXPECT_TRUE(ids.Set(ExtensionKind::kMid, 5));
  EXPECT_FALSE(ids.KindOf(4));
  EXPECT_TRUE(ids.Set(ExtensionKind::kRid, 4));
  EXPECT_TRUE(ids.Set(ExtensionKind::kMid, 0));
  EXPECT_FALSE(ids.KindOf(5));
  EXPECT_FALSE(ids.Has(ExtensionKind::kMid));
  EXPECT_EQ(ids.KindOf(4), ExtensionKind::kRid);
}

// Writing.

TEST(ExtensionWriter, WritesTheOneByteForm) {
  ExtensionIds ids = Ids(ExtensionKind::kAudioLevel, 1);
  ids.Set(ExtensionKind::kTransportSequence, 5);
  ExtensionWriter writer(ids);
  EXPECT_TRUE(writer.AddAudioLevel({true, 50}));
  EXPECT_TRUE(writer.AddTransportSequence(0x1234));
  EXPECT_EQ(writer.size(), 12u);
  Bytes out(12, 0xEE);
  const auto layout = writer.Write(out);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->size, 12u);
  EXPECT_EQ(layout->OffsetOf(ExtensionKind::kAudioLevel), 5u);
  EXPECT_EQ(layout->OffsetOf(ExtensionKind::kTransportSequence), 7u);
  EXPECT_EQ(layout->OffsetOf(ExtensionKind::kMid), 0u);
  EXPECT_EQ(out, Hex("BEDE0002 10B2 511234 000000"));
}

TEST(ExtensionWriter, WritesTheTwoByteFormForAHighId) {
  ExtensionWriter writer(Ids(ExtensionKind::kAbsSendTime, 15));
  EXPECT_TRUE(writer.AddAbsSendTime(0xABCDEF));
  Bytes out(12, 0xEE);
  ASSERT_TRUE(writer.Write(out));
  EXPECT_EQ(out, Hex("10000002 0F03 ABCDEF 000000"));
}

TEST(ExtensionWriter, WritesTheTwoByteFormForALongValue) {
  for (const size_t size : {16u, 17u}) {
    ExtensionWriter writer(Ids(ExtensionKind::kMid, 1));
    const std::string mid(size, 'm');
    EXPECT_TRUE(writer.Add(ExtensionKind::kMid, mid));
    Bytes out(writer.size());
    ASSERT_TRUE(writer.Write(out));
    EXPECT_EQ(out[0], size == 16 ? 0xBE : 0x10);
  }
}

TEST(ExtensionWriter, RefusesWhatCannotBe) {
  ExtensionWriter writer(Ids(ExtensionKind::kMid, 1));
  EXPECT_FALSE(writer.AddAudioLevel({}));  // not negotiated
  EXPECT_FALSE(writer.Add(ExtensionKind::kMid, std::string()));
  const std::string long_mid(256, 'm');
  EXPECT_FALSE(writer.Add(ExtensionKind::kMid, long_mid));
  EXPECT_EQ(writer.size(), 0u);
  EXPECT_TRUE(writer.Add(ExtensionKind::kMid, std::string_view("a")));
  EXPECT_FALSE(writer.Add(ExtensionKind::kMid, std::string_view("b")));
  EXPECT_EQ(writer.size(), 8u);
}

TEST(ExtensionWriter, NothingAddedIsNothingWritten) {
  ExtensionWriter writer(ExtensionIds{});
  EXPECT_EQ(writer.size(), 0u);
  const auto layout = writer.Write({});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->size, 0u);
}

TEST(ExtensionWriter, LeavesABufferThatIsTooSmall) {
  ExtensionWriter writer(Ids(ExtensionKind::kVideoOrientation, 1));
  EXPECT_TRUE(writer.AddU8(ExtensionKind::kVideoOrientation, 3));
  Bytes out(7, 0xEE);
  EXPECT_FALSE(writer.Write(out));
  EXPECT_EQ(out, Bytes(7, 0xEE));
}

TEST(ExtensionWriter, BuildThenParseIsIdentity) {
  for (const uint8_t first : {uint8_t{1}, uint8_t{14}, uint8_t{200}}) {
    const ExtensionIds ids = first == 1 ? AllIds(1) : AllIds(first);
    const Bytes dd = Hex("80 0001");
    ExtensionWriter writer(ids);
    EXPECT_TRUE(writer.AddAudioLevel({false, 30}));
    EXPECT_TRUE(writer.AddAbsSendTime(0x010203));
    EXPECT_TRUE(writer.AddTransportSequence(0xFFFE));
    EXPECT_TRUE(writer.Add(ExtensionKind::kMid, std::string_view("video")));
    EXPECT_TRUE(writer.AddU8(ExtensionKind::kVideoOrientation, 9));
    EXPECT_TRUE(writer.Add(ExtensionKind::kDependencyDescriptor, dd));
    Bytes out(writer.size());
    const auto layout = writer.Write(out);
    ASSERT_TRUE(layout);
    EXPECT_EQ(out.size() % 4, 0u);
    EXPECT_EQ(LoadU16(out, 2), out.size() / 4 - 1);
    const Bytes block(out.begin() + 4, out.end());
    const auto parsed = Parse(LoadU16(out, 0), block, ids);
    EXPECT_EQ(parsed.audio_level, (AudioLevel{false, 30}));
    EXPECT_EQ(parsed.abs_send_time, 0x010203u);
    EXPECT_EQ(parsed.transport_sequence, 0xFFFE);
    EXPECT_EQ(parsed.mid, "video");
    EXPECT_EQ(parsed.video_orientation, 9);
    EXPECT_EQ(Copy(parsed.dependency_descriptor), dd);
    EXPECT_EQ(LoadU16(out, layout->OffsetOf(ExtensionKind::kTransportSequence)),
              0xFFFE);
  }
}

TEST(AbsSendTime, IsSecondsInSixEighteen) {
  using std::chrono::microseconds;
  EXPECT_EQ(ToAbsSendTime(Timestamp()), 0u);
  EXPECT_EQ(ToAbsSendTime(Timestamp(std::chrono::seconds(1))), 1u << 18);
  EXPECT_EQ(ToAbsSendTime(Timestamp(std::chrono::milliseconds(500))), 1u << 17);
  EXPECT_EQ(ToAbsSendTime(Timestamp(std::chrono::seconds(64))), 0u);
  EXPECT_EQ(ToAbsSendTime(Timestamp(microseconds(63'999'999))), 0xFFFFFFu);
  // A year of uptime.
  EXPECT_EQ(ToAbsSendTime(Timestamp(std::chrono::seconds(31'536'000 + 5))),
            (31'536'005u % 64) << 18);
}

}  // namespace
}  // namespace rtp
