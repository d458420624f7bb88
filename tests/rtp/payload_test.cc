// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"
#include "rtp/red.h"
#include "tests/rtp/hex.h"
#include "tests/support/seeded_random.h"

namespace rtp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Writes fields of any number of bits, from the top.
class BitWriter {
 public:
  BitWriter& Bits(uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() |=
          static_cast<uint8_t>((value >> i & 1) << (7 - used_ % 8));
      ++used_;
    }
    return *this;
  }
  // Exp-Golomb (ITU-T H.264 s9.1).
  BitWriter& Ue(uint32_t value) {
    int width = 0;
    while ((value + 1) >> (width + 1) != 0) ++width;
    return Bits(0, width).Bits(value + 1, width + 1);
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  size_t used_ = 0;
};

Bytes Join(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// No prefix of `whole` below `least` bytes is accepted.
template <typename Parse>
void ExpectTruncationSeen(const Bytes& whole, size_t least, Parse&& parse) {
  EXPECT_TRUE(parse(whole));
  for (size_t size = 0; size < least; ++size) {
    EXPECT_FALSE(parse(
        Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size))))
        << size;
  }
}

// Any bytes are read to an answer, whatever it is.
template <typename Parse>
void ExpectTotal(Parse&& parse) {
  support::SeededRandom random(19);
  for (int round = 0; round < 5000; ++round) {
    Bytes payload(random.NextU32() % 48);
    random.Fill(payload);
    parse(payload);
  }
}

// VP8: RFC 7741.

// A frame tag of a key frame, the start code, 640x360 with scaling bits.
const Bytes kVp8Key = Hex("500200 9D012A 8042 6881 00");
const Bytes kVp8Delta = Hex("510200 0000");

TEST(Vp8Vectors, EveryFieldOfTheDescriptor) {  // s4.2
  const Bytes payload = Join(Hex("B5 F0 9234 56 BF"), kVp8Delta);
  const auto vp8 = ParseVp8(payload);
  ASSERT_TRUE(vp8);
  const Vp8Descriptor& d = vp8->descriptor;
  EXPECT_TRUE(d.non_reference);
  EXPECT_TRUE(d.start_of_partition);
  EXPECT_EQ(d.partition_index, 5);
  EXPECT_EQ(d.picture_id, 0x1234);
  EXPECT_TRUE(d.picture_id_15bit);
  EXPECT_EQ(d.tl0_picture_index, 0x56);
  EXPECT_EQ(d.temporal_id, 2);
  EXPECT_TRUE(d.layer_sync);
  EXPECT_EQ(d.key_index, 31);
  EXPECT_EQ(vp8->descriptor_size, 6);
  EXPECT_FALSE(vp8->start_of_frame);
}

TEST(Vp8, KeyFrameHasASize) {
  const auto vp8 = ParseVp8(Join(Hex("10"), kVp8Key));
  ASSERT_TRUE(vp8);
  EXPECT_TRUE(vp8->start_of_frame);
  EXPECT_TRUE(vp8->key_frame);
  EXPECT_EQ(vp8->width, 640);
  EXPECT_EQ(vp8->height, 360);
  EXPECT_EQ(vp8->descriptor_size, 1);
}

TEST(Vp8, DeltaFrameIsNoKeyFrame) {
  const auto vp8 = ParseVp8(Join(Hex("10"), kVp8Delta));
  ASSERT_TRUE(vp8);
  EXPECT_TRUE(vp8->start_of_frame);
  EXPECT_FALSE(vp8->key_frame);
}

TEST(Vp8, OnlyTheFirstPacketTellsOfAKeyFrame) {
  // S clear, or a later partition.
  for (const char* descriptor : {"00", "11"}) {
    const auto vp8 = ParseVp8(Join(Hex(descriptor), kVp8Key));
    ASSERT_TRUE(vp8);
    EXPECT_FALSE(vp8->start_of_frame);
    EXPECT_FALSE(vp8->key_frame);
  }
}

TEST(Vp8, KeyFrameWithoutTheStartCodeIsMalformed) {
  EXPECT_FALSE(ParseVp8(Hex("10 500200 9D012B 80026801")));
  EXPECT_FALSE(ParseVp8(Hex("10 500200 000000 80026801")));
}

TEST(Vp8, PictureIdOf7Bits) {
  const auto vp8 = ParseVp8(Join(Hex("90 80 7F"), kVp8Delta));
  ASSERT_TRUE(vp8);
  EXPECT_EQ(vp8->descriptor.picture_id, 0x7F);
  EXPECT_FALSE(vp8->descriptor.picture_id_15bit);
  EXPECT_EQ(vp8->descriptor_size, 3);
}

TEST(Vp8, LayersByteIsThereForTOrK) {
  const auto t = ParseVp8(Join(Hex("90 20 FF"), kVp8Delta));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->descriptor.temporal_id, 3);
  EXPECT_FALSE(t->descriptor.key_index);
  const auto k = ParseVp8(Join(Hex("90 10 FF"), kVp8Delta));
  ASSERT_TRUE(k);
  EXPECT_FALSE(k->descriptor.temporal_id);
  EXPECT_EQ(k->descriptor.key_index, 31);
  EXPECT_FALSE(k->descriptor.layer_sync);
}

TEST(Vp8, RefusesTruncation) {
  ExpectTruncationSeen(Hex("90 F0 8001 02 40 51"), 7,
                       [](const Bytes& b) { return ParseVp8(b).has_value(); });
}

TEST(Vp8, BuildThenParseIsIdentity) {
  support::SeededRandom random(8);
  for (int round = 0; round < 2000; ++round) {
    const uint32_t bits = random.NextU32();
    const uint32_t values = random.NextU32();
    Vp8Descriptor d;
    d.non_reference = bits & 1;
    d.start_of_partition = bits & 2;
    d.partition_index = static_cast<uint8_t>(1 + values % 7);
    if (bits & 4) {
      d.picture_id_15bit = bits & 8;
      d.picture_id = static_cast<uint16_t>(
          values >> 8 & (d.picture_id_15bit ? 0x7FFF : 0x7F));
    }
    if (bits & 16) d.tl0_picture_index = static_cast<uint8_t>(values >> 24);
    if (bits & 32) {
      d.temporal_id = static_cast<uint8_t>(values & 3);
      d.layer_sync = bits & 64;
    }
    if (bits & 128) d.key_index = static_cast<uint8_t>(values >> 3 & 31);
    Bytes out(kMaxVp8DescriptorSize);
    const size_t size = WriteVp8Descriptor(d, out);
    ASSERT_GT(size, 0u);
    // Into any smaller buffer nothing is claimed to be written.
    Bytes small(size - 1);
    EXPECT_EQ(WriteVp8Descriptor(d, small), 0u);
    out.resize(size);
    const auto vp8 = ParseVp8(Join(out, kVp8Delta));
    ASSERT_TRUE(vp8);
    EXPECT_EQ(vp8->descriptor, d);
    EXPECT_EQ(vp8->descriptor_size, size);
  }
}

TEST(Vp8, WritingWrapsPictureIds) {
  Vp8Descriptor d;
  Bytes out(6);
  d.picture_id = kVp8PictureId7BitMax + 1;
  ASSERT_EQ(WriteVp8Descriptor(d, out), 3u);
  EXPECT_EQ(out[2], 0);
  d.picture_id_15bit = true;
  d.picture_id = kVp8PictureId15BitMax + 1;
  ASSERT_EQ(WriteVp8Descriptor(d, out), 4u);
  EXPECT_EQ(LoadU16(out, 2), 0x8000);
}

TEST(Vp8, ReadsAnything) {
  ExpectTotal([](const Bytes& b) {
    if (const auto vp8 = ParseVp8(b)) {
      ASSERT_LT(vp8->descriptor_size, b.size());
    }
  });
}

// VP9: RFC 9628.

TEST(Vp9Vectors, NonFlexibleMode) {  // s4.2, figure 3
  const Bytes payload = Hex("EC 9234 7B 42 00");
  const auto vp9 = ParseVp9(payload);
  ASSERT_TRUE(vp9);
  EXPECT_EQ(vp9->picture_id, 0x1234);
  EXPECT_TRUE(vp9->picture_id_15bit);
  EXPECT_TRUE(vp9->inter_picture_predicted);
  EXPECT_FALSE(vp9->flexible_mode);
  EXPECT_TRUE(vp9->start_of_frame);
  EXPECT_TRUE(vp9->end_of_frame);
  EXPECT_TRUE(vp9->has_layer_indices);
  EXPECT_EQ(vp9->temporal_id, 3);
  EXPECT_TRUE(vp9->switching_up_point);
  EXPECT_EQ(vp9->spatial_id, 5);
  EXPECT_TRUE(vp9->inter_layer_predicted);
  EXPECT_EQ(vp9->tl0_picture_index, 0x42);
  EXPECT_FALSE(vp9->key_frame);
  EXPECT_EQ(vp9->descriptor_size, 5);
}

TEST(Vp9Vectors, FlexibleMode) {  // s4.2, figure 2
  // Three references, no TL0PICIDX; Z set.
  const auto vp9 = ParseVp9(Hex("F9 05 20 03 05 06 00"));
  ASSERT_TRUE(vp9);
  EXPECT_TRUE(vp9->flexible_mode);
  EXPECT_TRUE(vp9->not_reference_for_upper);
  EXPECT_EQ(vp9->picture_id, 5);
  EXPECT_FALSE(vp9->picture_id_15bit);
  EXPECT_EQ(vp9->temporal_id, 1);
  EXPECT_FALSE(vp9->tl0_picture_index);
  EXPECT_EQ(vp9->descriptor_size, 6);
}

TEST(Vp9, RefusesAFourthReference) {
  EXPECT_FALSE(ParseVp9(Hex("D8 05 03 05 07 08 00")));
}

TEST(Vp9Vectors, ScalabilityStructure) {  // s4.2.1
  // Two layers with sizes; two pictures, of no and of two references.
  const auto vp9 =
      ParseVp9(Hex("8A 01 38 0140 00B4 0280 0168 02 00 38 01 02 00"));
  ASSERT_TRUE(vp9);
  EXPECT_EQ(vp9->spatial_layer_count, 2);
  EXPECT_EQ(vp9->widths[0], 320);
  EXPECT_EQ(vp9->heights[0], 180);
  EXPECT_EQ(vp9->widths[1], 640);
  EXPECT_EQ(vp9->heights[1], 360);
  EXPECT_TRUE(vp9->key_frame);
  EXPECT_EQ(vp9->descriptor_size, 16);
}

TEST(Vp9, StructureWithoutSizes) {
  const auto vp9 = ParseVp9(Hex("0A E0 00"));
  ASSERT_TRUE(vp9);
  EXPECT_EQ(vp9->spatial_layer_count, 8);
  EXPECT_EQ(vp9->widths[0], 0);
}

TEST(Vp9, KeyFrameIsTheFirstPacketOfThePicture) {
  EXPECT_TRUE(ParseVp9(Hex("88 01 00"))->key_frame);
  EXPECT_FALSE(ParseVp9(Hex("80 01 00"))->key_frame);  // B clear
  EXPECT_FALSE(ParseVp9(Hex("C8 01 00"))->key_frame);  // P
  // Layer 0, layer 1 that needs it, and layer 1 alone.
  EXPECT_TRUE(ParseVp9(Hex("A8 01 00 00 00"))->key_frame);
  EXPECT_FALSE(ParseVp9(Hex("A8 01 03 00 00"))->key_frame);
  EXPECT_FALSE(ParseVp9(Hex("A8 01 02 00 00"))->key_frame);
}

TEST(Vp9, RefusesTruncation) {
  const auto parse = [](const Bytes& b) { return ParseVp9(b).has_value(); };
  ExpectTruncationSeen(Hex("8A 01 38 0140 00B4 0280 0168 02 00 38 01 02 00"),
                       17, parse);
  ExpectTruncationSeen(Hex("F9 05 20 03 05 06 00"), 7, parse);
  ExpectTruncationSeen(Hex("EC 9234 7B 42 00"), 6, parse);
}

TEST(Vp9, ReadsAnything) {
  ExpectTotal([](const Bytes& b) {
    if (const auto vp9 = ParseVp9(b)) {
      ASSERT_LT(vp9->descriptor_size, b.size());
    }
  });
}

// H.264: RFC 6184.

struct SpsShape {
  uint32_t profile = 66;
  uint32_t width_mbs = 40;
  uint32_t map_height = 23;
  bool frames_only = true;
  uint32_t crop_bottom = 4;  // in units of two lines
};

// An SPS without its NAL unit header.
Bytes Sps(const SpsShape& shape) {
  BitWriter w;
  w.Bits(shape.profile, 8).Bits(0, 8).Bits(30, 8).Ue(0);
  if (shape.profile == 100) w.Ue(1).Ue(0).Ue(0).Bits(0, 1).Bits(0, 1);
  w.Ue(0).Ue(0).Ue(0);  // frame number, order type and its size
  w.Ue(1).Bits(0, 1);   // reference frames, gaps
  w.Ue(shape.width_mbs - 1).Ue(shape.map_height - 1);
  w.Bits(shape.frames_only, 1);
  if (!shape.frames_only) w.Bits(0, 1);
  w.Bits(1, 1);
  w.Bits(1, 1).Ue(0).Ue(0).Ue(0).Ue(shape.crop_bottom);
  w.Bits(0, 1).Bits(1, 1);
  return w.bytes();
}

TEST(H264, ReadsTheSizeOfAnSps) {
  const auto h264 = ParseH264(Join(Hex("67"), Sps({})));
  ASSERT_TRUE(h264);
  EXPECT_EQ(h264->packet_type, kH264Sps);
  EXPECT_TRUE(h264->Has(kH264Sps));
  EXPECT_TRUE(h264->key_frame);
  EXPECT_FALSE(h264->start_of_picture);
  EXPECT_EQ(h264->width, 640);
  EXPECT_EQ(h264->height, 360);
}

TEST(H264, ReadsTheSizeOfAHighProfile) {
  const auto h264 = ParseH264(Join(Hex("67"), Sps({.profile = 100})));
  ASSERT_TRUE(h264);
  EXPECT_EQ(h264->width, 640);
  EXPECT_EQ(h264->height, 360);
}

TEST(H264, FieldsDoubleTheHeightAndTheCrop) {
  const auto h264 = ParseH264(
      Join(Hex("67"),
           Sps({.map_height = 12, .frames_only = false, .crop_bottom = 6})));
  ASSERT_TRUE(h264);
  EXPECT_EQ(h264->height, 360);
}

TEST(H264, NoSizeIsReadFromAnSpsThatIsCutOrMad) {
  Bytes cut = Join(Hex("67"), Sps({}));
  cut.resize(6);
  ASSERT_TRUE(ParseH264(cut));
  EXPECT_EQ(ParseH264(cut)->width, 0);
  const auto cropped = ParseH264(Join(Hex("67"), Sps({.crop_bottom = 184})));
  ASSERT_TRUE(cropped);
  EXPECT_EQ(cropped->width, 0);
  EXPECT_EQ(cropped->height, 0);
  const auto huge = ParseH264(Join(Hex("67"), Sps({.width_mbs = 5000})));
  ASSERT_TRUE(huge);
  EXPECT_EQ(huge->width, 0);
}

TEST(H264, SingleNalUnits) {
  const auto idr = ParseH264(Hex("65 88 00"));
  ASSERT_TRUE(idr);
  EXPECT_TRUE(idr->key_frame);
  EXPECT_TRUE(idr->start_of_picture);
  EXPECT_FALSE(idr->non_reference);
  const auto slice = ParseH264(Hex("41 9A 00"));
  ASSERT_TRUE(slice);
  EXPECT_FALSE(slice->key_frame);
  EXPECT_TRUE(slice->start_of_picture);
  const auto second = ParseH264(Hex("41 40 00"));  // first_mb_in_slice is 1
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->start_of_picture);
  const auto disposable = ParseH264(Hex("01 9A 00"));
  ASSERT_TRUE(disposable);
  EXPECT_TRUE(disposable->non_reference);
  const auto pps = ParseH264(Hex("68 CE 3C 80"));
  ASSERT_TRUE(pps);
  EXPECT_TRUE(pps->Has(kH264Pps));
}

TEST(H264, StapAHoldsSeveral) {  // s5.7.1
  const Bytes sps = Join(Hex("67"), Sps({}));
  Bytes stap = Hex("78");
  stap = Join(stap, {0, static_cast<uint8_t>(sps.size())});
  stap = Join(stap, sps);
  stap = Join(stap, Hex("0004 68CE3C80 0003 658800"));
  const auto h264 = ParseH264(stap);
  ASSERT_TRUE(h264);
  EXPECT_EQ(h264->packet_type, kH264StapA);
  EXPECT_EQ(h264->nal_types, 1u << 7 | 1u << 8 | 1u << 5);
  EXPECT_TRUE(h264->key_frame);
  EXPECT_TRUE(h264->start_of_picture);
  EXPECT_EQ(h264->width, 640);
  for (size_t size = 2; size < stap.size(); ++size) {
    // Cut anywhere but between two units.
    if (size == 3 + sps.size() || size == 3 + sps.size() + 6) continue;
    EXPECT_FALSE(ParseH264(std::span(stap).first(size))) << size;
  }
}

TEST(H264, StapARefusesAnEmptyUnit) {
  EXPECT_FALSE(ParseH264(Hex("78 0000 0003 658800")));
}

TEST(H264, FuABeginsOnce) {  // s5.8
  const auto start = ParseH264(Hex("7C 85 88 00"));
  ASSERT_TRUE(start);
  EXPECT_EQ(start->packet_type, kH264FuA);
  EXPECT_TRUE(start->key_frame);
  EXPECT_TRUE(start->start_of_picture);
  EXPECT_TRUE(start->Has(kH264IdrSlice));
  for (const char* hex : {"7C 05 88 00", "7C 45 88 00"}) {
    const auto rest = ParseH264(Hex(hex));
    ASSERT_TRUE(rest);
    EXPECT_FALSE(rest->key_frame);
    EXPECT_FALSE(rest->start_of_picture);
    EXPECT_EQ(rest->nal_types, 0u);
    EXPECT_FALSE(rest->non_reference);
  }
  EXPECT_TRUE(ParseH264(Hex("1C 81 9A"))->non_reference);
}

TEST(H264, RefusesWhatWebrtcDoesNotUse) {
  for (const char* bad :
       {"", "65", "7C85", "7985 0001 00", "7A 00 00 00", "7B 00 00 00",
        "7D 85 00 00", "7E 00 00", "7F 00 00", "60 00 00"}) {
    EXPECT_FALSE(ParseH264(Hex(bad))) << bad;
  }
}

TEST(H264, ReadsAnything) {
  ExpectTotal([](const Bytes& b) { ParseH264(b); });
  // As SPSs too, which are the deepest.
  ExpectTotal([](const Bytes& b) { ParseH264(Join(Hex("67 64 00 1E"), b)); });
}

// AV1: RTP payload format v1.0.

TEST(Av1, SequenceHeaderInANewSequenceIsAKeyFrame) {
  // W = 2: a sequence header of three bytes, then a frame to the end.
  const auto av1 = ParseAv1(Hex("28 03 080000 30AABB"));
  ASSERT_TRUE(av1);
  EXPECT_TRUE(av1->new_sequence);
  EXPECT_TRUE(av1->has_sequence_header);
  EXPECT_TRUE(av1->key_frame);
  EXPECT_FALSE(av1->continues_obu);
  EXPECT_FALSE(av1->continued);
}

TEST(Av1, NeedsBoth) {
  const auto without_n = ParseAv1(Hex("20 03 080000 30AABB"));
  ASSERT_TRUE(without_n);
  EXPECT_TRUE(without_n->has_sequence_header);
  EXPECT_FALSE(without_n->key_frame);
  const auto without_header = ParseAv1(Hex("18 30AABB"));
  ASSERT_TRUE(without_header);
  EXPECT_FALSE(without_header->key_frame);
}

TEST(Av1, EveryObuHasALengthWhenWIsZero) {
  const auto av1 = ParseAv1(Hex("08 01 12 02 0800 8100 30"));
  ASSERT_TRUE(av1);
  EXPECT_TRUE(av1->key_frame);
  EXPECT_FALSE(ParseAv1(Hex("08 02 08")));
}

TEST(Av1, ContinuationIsNotAnObu) {
  // Z: what looks like a sequence header is the rest of something.
  const auto av1 = ParseAv1(Hex("90 08AABB"));
  ASSERT_TRUE(av1);
  EXPECT_TRUE(av1->continues_obu);
  EXPECT_FALSE(av1->has_sequence_header);
  const auto second = ParseAv1(Hex("E0 01 AA 08AABB"));
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->continued);
  EXPECT_TRUE(second->has_sequence_header);
}

TEST(Av1, RefusesWhatCannotBe) {
  for (const char* bad : {
           "",                       // nothing
           "10",                     // no OBU
           "98 0800",                // N with Z
           "20 05 0800",             // beyond the payload
           "00 80",                  // a length that does not end
           "00 808080808080808001",  // of nine bytes
           "00 FFFFFFFF7F 00",       // over 32 bits
       }) {
    EXPECT_FALSE(ParseAv1(Hex(bad))) << bad;
  }
}

TEST(Av1, ReadsAnything) {
  ExpectTotal([](const Bytes& b) { ParseAv1(b); });
}

// The dependency descriptor: appendix A.

// L1T2: two templates, two decode targets, one chain, 640x360.
Bytes DdWithStructure(uint8_t template_id, bool active, uint32_t mask) {
  BitWriter w;
  w.Bits(1, 1).Bits(0, 1).Bits(template_id, 6).Bits(0x1234, 16);
  w.Bits(1, 1).Bits(active, 1).Bits(0, 3);
  w.Bits(60, 6).Bits(1, 5);                       // offset, targets less one
  w.Bits(1, 2).Bits(3, 2);                        // next temporal layer, end
  w.Bits(2, 2).Bits(2, 2).Bits(0, 2).Bits(1, 2);  // indications: SS, -D
  w.Bits(0, 1).Bits(1, 1).Bits(0, 4).Bits(0, 1);  // frame differences
  w.Bits(2, 2);                                   // ns(3) = 1 chain
  // ns(1) takes no bits: both targets are protected by chain 0.
  w.Bits(0, 4).Bits(1, 4);
  w.Bits(1, 1).Bits(639, 16).Bits(359, 16);
  if (active) w.Bits(mask, 2);
  return w.bytes();
}

TEST(DependencyDescriptor, ReadsAStructure) {
  DependencyStructure structure;
  const auto dd =
      ParseDependencyDescriptor(DdWithStructure(60, false, 0), &structure);
  ASSERT_TRUE(dd);
  EXPECT_TRUE(dd->start_of_frame);
  EXPECT_FALSE(dd->end_of_frame);
  EXPECT_EQ(dd->template_id, 60);
  EXPECT_EQ(dd->frame_number, 0x1234);
  EXPECT_TRUE(dd->has_structure);
  // All targets are active where a structure does not say otherwise.
  EXPECT_EQ(dd->active_decode_targets, 3u);
  EXPECT_EQ(structure.template_id_offset, 60);
  EXPECT_EQ(structure.template_count, 2);
  EXPECT_EQ(structure.decode_target_count, 2);
  EXPECT_EQ(structure.spatial_layer_count, 1);
  EXPECT_EQ(structure.templates[0].temporal_id, 0);
  EXPECT_EQ(structure.templates[1].temporal_id, 1);
  EXPECT_EQ(structure.templates[0].indications[0],
            DecodeTargetIndication::kSwitch);
  EXPECT_EQ(structure.templates[1].indications[0],
            DecodeTargetIndication::kNotPresent);
  EXPECT_EQ(structure.templates[1].indications[1],
            DecodeTargetIndication::kDiscardable);
  EXPECT_EQ(structure.widths[0], 640);
  EXPECT_EQ(structure.heights[0], 360);
}

TEST(DependencyDescriptor, SaysWhichTargetsAreActive) {
  DependencyStructure structure;
  const auto dd =
      ParseDependencyDescriptor(DdWithStructure(60, true, 1), &structure);
  ASSERT_TRUE(dd);
  EXPECT_EQ(dd->active_decode_targets, 1u);
}

TEST(DependencyDescriptor, ThreeBytesAreAWholeOne) {
  DependencyStructure structure;
  ASSERT_TRUE(
      ParseDependencyDescriptor(DdWithStructure(60, false, 0), &structure));
  const auto dd = ParseDependencyDescriptor(Hex("7D 0001"), &structure);
  ASSERT_TRUE(dd);
  EXPECT_FALSE(dd->start_of_frame);
  EXPECT_TRUE(dd->end_of_frame);
  EXPECT_EQ(dd->template_id, 61);
  EXPECT_FALSE(dd->has_structure);
  EXPECT_FALSE(dd->active_decode_targets);
  EXPECT_EQ(structure.Find(61)->temporal_id, 1);
}

TEST(DependencyDescriptor, TemplateIdsGoRoundAt64) {
  DependencyStructure structure;
  structure.template_id_offset = 63;
  structure.template_count = 2;
  structure.templates[1].temporal_id = 1;
  ASSERT_NE(structure.Find(63), nullptr);
  ASSERT_NE(structure.Find(0), nullptr);
  EXPECT_EQ(structure.Find(0)->temporal_id, 1);
  EXPECT_EQ(structure.Find(1), nullptr);
  EXPECT_EQ(structure.Find(62), nullptr);
}

TEST(DependencyDescriptor, RefusesAnUnknownTemplate) {
  DependencyStructure structure;
  EXPECT_FALSE(
      ParseDependencyDescriptor(DdWithStructure(5, false, 0), &structure));
  EXPECT_EQ(structure.template_count, 0);
  ASSERT_TRUE(
      ParseDependencyDescriptor(DdWithStructure(60, false, 0), &structure));
  EXPECT_FALSE(ParseDependencyDescriptor(Hex("05 0001"), &structure));
}

TEST(DependencyDescriptor, RefusesTruncationAndKeepsTheStructure) {
  const Bytes whole = DdWithStructure(60, true, 3);
  DependencyStructure structure;
  for (size_t size = 0; size < whole.size(); ++size) {
    // Three bytes alone are a descriptor without a structure.
    EXPECT_EQ(
        ParseDependencyDescriptor(std::span(whole).first(size), &structure)
            .has_value(),
        size == 3)
        << size;
    EXPECT_EQ(structure.template_count, 0);
  }
}

TEST(DependencyDescriptor, RefusesAFifthSpatialLayer) {
  BitWriter w;
  w.Bits(0xC0, 8).Bits(1, 16).Bits(1, 1).Bits(0, 4);
  w.Bits(0, 6).Bits(0, 5);
  for (int i = 0; i < 4; ++i) w.Bits(2, 2);
  w.Bits(3, 2).Bits(0, 32).Bits(0, 32);
  DependencyStructure structure;
  EXPECT_FALSE(ParseDependencyDescriptor(w.bytes(), &structure));
}

TEST(DependencyDescriptor, RefusesMoreThan64Templates) {
  for (const int count : {64, 65}) {
    BitWriter w;
    w.Bits(0xC0, 8).Bits(1, 16).Bits(1, 1).Bits(0, 4);
    w.Bits(0, 6).Bits(0, 5);
    for (int i = 1; i < count; ++i) w.Bits(0, 2);  // same layer
    w.Bits(3, 2);
    for (int i = 0; i < 20; ++i) w.Bits(0, 32);
    DependencyStructure structure;
    EXPECT_EQ(ParseDependencyDescriptor(w.bytes(), &structure).has_value(),
              count == 64);
  }
}

TEST(DependencyDescriptor, MayBeReadWithoutAStructure) {
  const auto dd = ParseDependencyDescriptor(Hex("C5 0007"), nullptr);
  ASSERT_TRUE(dd);
  EXPECT_EQ(dd->template_id, 5);
  EXPECT_EQ(dd->frame_number, 7);
}

TEST(DependencyDescriptor, ReadsAnything) {
  ExpectTotal([](const Bytes& b) {
    DependencyStructure structure;
    ParseDependencyDescriptor(b, &structure);
    ASSERT_LE(structure.template_count, kMaxDdTemplates);
    ASSERT_LE(structure.decode_target_count, kMaxDdDecodeTargets);
    ASSERT_LE(structure.spatial_layer_count, kMaxDdSpatialLayers);
  });
}

// RED: RFC 2198.

TEST(RedVectors, PrimaryAlone) {
  const Bytes payload = Hex("6F AABB");
  const auto red = ParseRed(payload);
  ASSERT_TRUE(red);
  EXPECT_EQ(red->primary.pt, 111);
  EXPECT_EQ(red->primary.timestamp_offset, 0);
  EXPECT_EQ(Copy(red->primary.data), Hex("AABB"));
  EXPECT_EQ(red->redundant_count, 0u);
}

TEST(RedVectors, RedundantBlocksComeFirst) {  // s3
  // Offsets 1920 and 960 of 14 bits, lengths 2 and 1 of 10 bits.
  const Bytes payload = Hex("EF 1E0002 EF 0F0001 6F A1A2 B1 C1C2C3");
  const auto red = ParseRed(payload);
  ASSERT_TRUE(red);
  ASSERT_EQ(red->redundant_count, 2u);
  EXPECT_EQ(red->redundant[0].pt, 111);
  EXPECT_EQ(red->redundant[0].timestamp_offset, 1920);
  EXPECT_EQ(Copy(red->redundant[0].data), Hex("A1A2"));
  EXPECT_EQ(red->redundant[1].timestamp_offset, 960);
  EXPECT_EQ(Copy(red->redundant[1].data), Hex("B1"));
  EXPECT_EQ(Copy(red->primary.data), Hex("C1C2C3"));
}

TEST(Red, FieldsHave14And10Bits) {
  Bytes payload = Hex("80 FFFFFF 00");
  payload.resize(payload.size() + 1023);
  const auto red = ParseRed(payload);
  ASSERT_TRUE(red);
  EXPECT_EQ(red->redundant[0].timestamp_offset, 0x3FFF);
  EXPECT_EQ(red->redundant[0].data.size(), 1023u);
  EXPECT_TRUE(red->primary.data.empty());
  payload.pop_back();
  EXPECT_FALSE(ParseRed(payload));
}

TEST(Red, RefusesTruncationAndTooMany) {
  EXPECT_FALSE(ParseRed({}));
  EXPECT_FALSE(ParseRed(Hex("EF")));
  EXPECT_FALSE(ParseRed(Hex("EF 0000")));
  EXPECT_FALSE(ParseRed(Hex("EF 000001")));
  EXPECT_FALSE(ParseRed(Hex("EF 000001 6F")));
  for (const size_t count : {8u, 9u}) {
    Bytes payload;
    for (size_t i = 0; i < count; ++i) {
      payload = Join(payload, Hex("EF 000000"));
    }
    payload.push_back(0x6F);
    EXPECT_EQ(ParseRed(payload).has_value(), count == 8);
  }
}

TEST(Red, PayloadTypesAreTheReceiversOwn) {
  Bytes payload = Hex("EF 1E0002 EF 0F0001 6F A1A2 B1 C1C2C3");
  SetRedPayloadTypes(payload, 96);
  EXPECT_EQ(payload, Hex("E0 1E0002 E0 0F0001 60 A1A2 B1 C1C2C3"));
}

}  // namespace
}  // namespace rtp
