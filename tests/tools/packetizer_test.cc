// SPDX-License-Identifier: GPL-3.0-or-later
// What the packetizers write, the parsers of rtp/payload read.
#include "tools/bot/packetizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"
#include "tests/tools/media_link.h"
#include "tools/bot/picture_decoder.h"

namespace bot {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr size_t kMax = 1100;

FrameHeader HeaderOf(const SampleLoop& loop, const SampleFrame& frame,
                     uint16_t picture) {
  FrameHeader header;
  header.key = frame.key;
  header.layer_sync = frame.layer_sync;
  header.non_reference = frame.non_reference;
  header.spatial_id = frame.spatial_id;
  header.temporal_id = frame.temporal_id;
  header.spatial_layers = loop.spatial_layers;
  header.temporal_layers = loop.temporal_layers;
  header.width = loop.width;
  header.height = loop.height;
  header.picture_id = picture;
  header.tl0_picture_index = static_cast<uint8_t>(picture / 4);
  return header;
}

void Append(std::span<const uint8_t> from, Bytes& to) {
  to.insert(to.end(), from.begin(), from.end());
}

TEST(PacketizerTest, SamplesAreWhatTheySay) {
  const auto samples = TestSamples();
  ASSERT_NE(samples, nullptr);
  for (uint8_t variant = 0; variant < 3; ++variant) {
    for (const auto codec : {rtp::Codec::kVp8, rtp::Codec::kH264}) {
      const SampleLoop* loop = samples->Find(codec, variant);
      ASSERT_NE(loop, nullptr);
      EXPECT_EQ(loop->height, 180 << variant);
      const int64_t wanted[] = {100'000, 300'000, 900'000};
      EXPECT_GT(loop->bits_per_second, wanted[variant] * 3 / 4);
      EXPECT_LT(loop->bits_per_second, wanted[variant] * 5 / 4);
      for (const SampleFrame& frame : loop->frames) {
        EXPECT_EQ(frame.key, &frame == loop->frames.data());
      }
      // The loop may begin again where it ends.
      EXPECT_EQ(loop->frames.size() % 4, 0u);
    }
  }
  EXPECT_EQ(samples->Find(rtp::Codec::kVp8, 3), nullptr);
  size_t bytes = 0;
  for (const SampleLoop& loop : samples->loops) {
    for (const SampleFrame& frame : loop.frames) bytes += frame.bytes.size();
  }
  EXPECT_LT(bytes, 4u << 20);
}

TEST(PacketizerTest, DamagedSamplesAreRefused) {
  std::string error;
  const Bytes nothing;
  EXPECT_EQ(ReadSamples(nothing, &error), nullptr);
  EXPECT_FALSE(error.empty());
  // One loop of no frames.
  Bytes file = {0x43, 0x53, 0x4D, 0x31, 1, 1, 0, 1, 1, 0, 9, 0, 9, 0, 0};
  EXPECT_EQ(ReadSamples(file, &error), nullptr);
  // Of one frame of one byte.
  file.back() = 1;
  Append(Bytes{9, 0, 0, 127, 0, 0, 0, 1, 0xAA}, file);
  EXPECT_NE(ReadSamples(file, &error), nullptr);
  file.pop_back();
  EXPECT_EQ(ReadSamples(file, &error), nullptr);
}

TEST(PacketizerTest, Vp8) {
  const SampleLoop& loop = *TestSamples()->Find(rtp::Codec::kVp8, 2);
  const auto decoder = PictureDecoder::Make(rtp::Codec::kVp8);
  uint16_t picture = 0x7FF0;
  for (const SampleFrame& frame : loop.frames) {
    picture = (picture + 1) & 0x7FFF;
    const auto payloads =
        PacketizeVp8(HeaderOf(loop, frame, picture), frame.bytes, kMax);
    Bytes whole;
    for (const Bytes& payload : payloads) {
      ASSERT_LE(payload.size(), kMax);
      const auto vp8 = rtp::ParseVp8(payload);
      ASSERT_TRUE(vp8);
      EXPECT_EQ(vp8->start_of_frame, &payload == payloads.data());
      EXPECT_EQ(vp8->key_frame, vp8->start_of_frame && frame.key);
      EXPECT_EQ(vp8->descriptor.picture_id, picture);
      EXPECT_TRUE(vp8->descriptor.picture_id_15bit);
      EXPECT_EQ(vp8->descriptor.temporal_id, frame.temporal_id);
      EXPECT_EQ(vp8->descriptor.layer_sync, frame.layer_sync);
      EXPECT_EQ(vp8->descriptor.non_reference, frame.non_reference);
      EXPECT_EQ(vp8->descriptor.tl0_picture_index,
                static_cast<uint8_t>(picture / 4));
      EXPECT_FALSE(vp8->descriptor.key_index);
      EXPECT_EQ(vp8->height, vp8->key_frame ? 720 : 0);
      Append(std::span(payload).subspan(vp8->descriptor_size), whole);
    }
    EXPECT_TRUE(std::ranges::equal(whole, frame.bytes));
    EXPECT_TRUE(decoder->Decode(whole));
  }
}

// Without the upper temporal layers a decoder goes on, and from a layer sync
// on with them again.
TEST(PacketizerTest, TemporalLayersCanBeLeftOut) {
  const SampleLoop& loop = *TestSamples()->Find(rtp::Codec::kVp8, 1);
  for (const int highest : {0, 1}) {
    const auto decoder = PictureDecoder::Make(rtp::Codec::kVp8);
    for (const SampleFrame& frame : loop.frames) {
      if (frame.temporal_id > highest) continue;
      EXPECT_TRUE(decoder->Decode(frame.bytes));
    }
  }
  EXPECT_EQ(loop.frames[1].temporal_id, 2);
  EXPECT_TRUE(loop.frames[1].layer_sync);
  EXPECT_EQ(loop.frames[2].temporal_id, 1);
  EXPECT_TRUE(loop.frames[2].layer_sync);
  EXPECT_EQ(loop.frames[3].temporal_id, 2);
  EXPECT_FALSE(loop.frames[3].layer_sync);
}

TEST(PacketizerTest, Vp9) {
  const SampleLoop& loop = *TestSamples()->Find(rtp::Codec::kVp9, 0);
  // What a receiver of all, of two, of one spatial layer gets.
  for (const int highest : {2, 1, 0}) {
    const auto decoder = PictureDecoder::Make(rtp::Codec::kVp9);
    Bytes whole;
    uint16_t picture = 0;
    for (const SampleFrame& frame : loop.frames) {
      const auto payloads =
          PacketizeVp9(HeaderOf(loop, frame, picture), frame.bytes, kMax);
      Bytes layer;
      for (const Bytes& payload : payloads) {
        ASSERT_LE(payload.size(), kMax);
        const auto vp9 = rtp::ParseVp9(payload);
        ASSERT_TRUE(vp9);
        const bool first = &payload == payloads.data();
        EXPECT_EQ(vp9->start_of_frame, first);
        EXPECT_EQ(vp9->end_of_frame, &payload == &payloads.back());
        EXPECT_EQ(vp9->picture_id, picture);
        EXPECT_EQ(vp9->spatial_id, frame.spatial_id);
        EXPECT_EQ(vp9->temporal_id, frame.temporal_id);
        EXPECT_EQ(vp9->inter_layer_predicted, frame.spatial_id > 0);
        EXPECT_EQ(vp9->inter_picture_predicted, !frame.key);
        EXPECT_EQ(vp9->not_reference_for_upper, frame.spatial_id == 2);
        EXPECT_EQ(vp9->tl0_picture_index, static_cast<uint8_t>(picture / 4));
        const bool key = first && frame.key && frame.spatial_id == 0;
        EXPECT_EQ(vp9->key_frame, key);
        EXPECT_EQ(vp9->spatial_layer_count, key ? 3 : 0);
        if (key) {
          EXPECT_EQ(vp9->widths[0], 320);
          EXPECT_EQ(vp9->heights[1], 360);
          EXPECT_EQ(vp9->heights[2], 720);
        }
        Append(std::span(payload).subspan(vp9->descriptor_size), layer);
      }
      EXPECT_TRUE(std::ranges::equal(layer, frame.bytes));
      if (frame.spatial_id <= highest) Append(layer, whole);
      if (!frame.end_of_picture) continue;
      EXPECT_TRUE(decoder->Decode(whole)) << picture;
      EXPECT_EQ(decoder->height(), 180u << highest);
      whole.clear();
      ++picture;
    }
  }
}

TEST(PacketizerTest, Vp9TemporalLayersCanBeLeftOut) {
  const SampleLoop& loop = *TestSamples()->Find(rtp::Codec::kVp9, 0);
  for (const int highest : {0, 1}) {
    const auto decoder = PictureDecoder::Make(rtp::Codec::kVp9);
    Bytes whole;
    for (const SampleFrame& frame : loop.frames) {
      if (frame.temporal_id > highest) continue;
      Append(frame.bytes, whole);
      if (!frame.end_of_picture) continue;
      EXPECT_TRUE(decoder->Decode(whole));
      whole.clear();
    }
  }
}

// Puts NAL units together again, each after its length (RFC 6184 s5).
Bytes Depacketize(const Payloads& payloads) {
  Bytes out;
  Bytes nal;
  const auto finish = [&] {
    const auto size = static_cast<uint32_t>(nal.size());
    for (const int shift : {24, 16, 8, 0}) {
      out.push_back(static_cast<uint8_t>(size >> shift));
    }
    Append(nal, out);
    nal.clear();
  };
  for (const Bytes& payload : payloads) {
    switch (payload[0] & 0x1F) {
      case rtp::kH264StapA:
        for (size_t at = 1; at < payload.size();) {
          const size_t size = payload[at] << 8 | payload[at + 1];
          Append(std::span(payload).subspan(at + 2, size), nal);
          finish();
          at += 2 + size;
        }
        break;
      case rtp::kH264FuA:
        if (payload[1] & 0x80) {
          nal.push_back((payload[0] & 0xE0) | (payload[1] & 0x1F));
        }
        Append(std::span(payload).subspan(2), nal);
        if (payload[1] & 0x40) finish();
        break;
      default:
        nal = payload;
        finish();
    }
  }
  return out;
}

TEST(PacketizerTest, H264) {
  const SampleLoop& loop = *TestSamples()->Find(rtp::Codec::kH264, 2);
  for (const SampleFrame& frame : loop.frames) {
    const auto payloads = PacketizeH264(frame.bytes, kMax);
    for (const Bytes& payload : payloads) {
      ASSERT_LE(payload.size(), kMax);
      ASSERT_TRUE(rtp::ParseH264(payload));
    }
    EXPECT_TRUE(std::ranges::equal(Depacketize(payloads), frame.bytes));
    const auto first = rtp::ParseH264(payloads.front());
    EXPECT_EQ(first->key_frame, frame.key);
    if (frame.key) {
      EXPECT_EQ(first->packet_type, rtp::kH264StapA);
      EXPECT_TRUE(first->Has(rtp::kH264Sps));
      EXPECT_TRUE(first->Has(rtp::kH264Pps));
      EXPECT_EQ(first->width, 1280);
      EXPECT_EQ(first->height, 720);
      EXPECT_TRUE(rtp::ParseH264(payloads[1])->Has(rtp::kH264IdrSlice));
    } else {
      EXPECT_TRUE(first->start_of_picture);
    }
  }
}

TEST(PacketizerTest, Av1) {
  const SampleLoop& loop = *TestSamples()->Find(rtp::Codec::kAv1, 0);
  rtp::DependencyStructure structure;
  uint16_t number = 0xFFFA;
  for (const SampleFrame& frame : loop.frames) {
    const FrameHeader header = HeaderOf(loop, frame, 0);
    const auto payloads = PacketizeAv1(header, frame.bytes, kMax);
    size_t bytes = 0;
    bool continued = false;
    for (const Bytes& payload : payloads) {
      ASSERT_LE(payload.size(), kMax);
      const auto av1 = rtp::ParseAv1(payload);
      ASSERT_TRUE(av1);
      const bool first = &payload == payloads.data();
      const bool last = &payload == &payloads.back();
      EXPECT_EQ(av1->key_frame, first && frame.key);
      EXPECT_EQ(av1->continues_obu, continued);
      continued = av1->continued;
      bytes += payload.size();

      const Bytes dd = WriteDependencyDescriptor(header, first, last, number);
      const auto parsed = rtp::ParseDependencyDescriptor(dd, &structure);
      ASSERT_TRUE(parsed);
      EXPECT_EQ(parsed->start_of_frame, first);
      EXPECT_EQ(parsed->end_of_frame, last);
      EXPECT_EQ(parsed->frame_number, number);
      EXPECT_EQ(parsed->has_structure, first && frame.key);
      EXPECT_EQ(dd.size() == 3, !parsed->has_structure);
      const auto* layer = structure.Find(parsed->template_id);
      ASSERT_NE(layer, nullptr);
      EXPECT_EQ(layer->temporal_id, frame.temporal_id);
      EXPECT_EQ(layer->spatial_id, 0);
    }
    EXPECT_FALSE(continued);
    // All of it but the size fields, and a few bytes a packet.
    EXPECT_NEAR(static_cast<double>(bytes),
                static_cast<double>(frame.bytes.size()),
                4.0 * static_cast<double>(payloads.size()) + 8);
    ++number;
  }
  EXPECT_EQ(structure.template_count, 5);
  EXPECT_EQ(structure.decode_target_count, 3);
  EXPECT_EQ(structure.spatial_layer_count, 1);
  EXPECT_EQ(structure.widths[0], 640);
  EXPECT_EQ(structure.heights[0], 360);
  using enum rtp::DecodeTargetIndication;
  EXPECT_EQ(structure.templates[2].indications[0], kNotPresent);
  EXPECT_EQ(structure.templates[2].indications[1], kDiscardable);
  EXPECT_EQ(structure.templates[2].indications[2], kSwitch);
}

}  // namespace
}  // namespace bot
