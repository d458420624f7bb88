// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an SFU reads of codecs' payloads: for each one a byte that selects the
// codec, its length in a byte, and the payload.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/base/check.h"
#include "rtp/base/time.h"
#include "rtp/opus_level.h"
#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"

namespace rtp {
namespace {

void FuzzAv1(std::span<const uint8_t> payload) {
  const auto av1 = ParseAv1(payload);
  if (!av1) return;
  SFU_CHECK(!(av1->new_sequence && av1->continues_obu));
  SFU_CHECK(!av1->key_frame || av1->has_sequence_header);
}

// `structure` is what one descriptor leaves to the next.
void FuzzDependencyDescriptor(std::span<const uint8_t> value,
                              DependencyStructure& structure) {
  // Without a structure a parser reads what needs none.
  const auto alone = ParseDependencyDescriptor(value, nullptr);
  const auto full = ParseDependencyDescriptor(value, &structure);
  if (!full) return;
  SFU_CHECK(full->template_id < kMaxDdTemplates);
  if (alone) {
    SFU_CHECK(alone->template_id == full->template_id);
    SFU_CHECK(alone->frame_number == full->frame_number);
    SFU_CHECK(alone->start_of_frame == full->start_of_frame);
    SFU_CHECK(alone->end_of_frame == full->end_of_frame);
  }
  if (structure.template_count == 0) {
    SFU_CHECK(!full->has_structure);
    return;
  }
  SFU_CHECK(structure.template_count <= kMaxDdTemplates);
  SFU_CHECK(structure.decode_target_count >= 1 &&
            structure.decode_target_count <= kMaxDdDecodeTargets);
  SFU_CHECK(structure.spatial_layer_count >= 1 &&
            structure.spatial_layer_count <= kMaxDdSpatialLayers);
  const DependencyTemplate* found = structure.Find(full->template_id);
  SFU_CHECK(found != nullptr);
  SFU_CHECK(found->spatial_id < structure.spatial_layer_count);
}

void FuzzH264(std::span<const uint8_t> payload) {
  const auto h264 = ParseH264(payload);
  if (!h264) return;
  SFU_CHECK((h264->packet_type >= 1 && h264->packet_type <= 23) ||
            h264->packet_type == kH264StapA || h264->packet_type == kH264FuA);
  SFU_CHECK(h264->width == 0 || h264->Has(kH264Sps));
  SFU_CHECK(!h264->key_frame || h264->Has(kH264Sps) || h264->Has(kH264Pps) ||
            h264->Has(kH264IdrSlice));
}

// A stream of two packets: the second meets what the first left behind.
void FuzzOpus(std::span<const uint8_t> payload) {
  OpusLevel level;
  SFU_CHECK(level.Measure(payload) <= OpusLevel::kSilence);
  SFU_CHECK(level.Measure(payload) <= OpusLevel::kSilence);
}

// A descriptor that was read, written and read again is the same.
void FuzzVp8(std::span<const uint8_t> payload) {
  const auto vp8 = ParseVp8(payload);
  if (!vp8) return;
  SFU_CHECK(vp8->descriptor_size < payload.size());
  SFU_CHECK(vp8->start_of_frame || !vp8->key_frame);
  std::array<uint8_t, kMaxVp8DescriptorSize> descriptor;
  const size_t size = WriteVp8Descriptor(vp8->descriptor, descriptor);
  SFU_CHECK(size > 0);
  std::vector<uint8_t> written(
      descriptor.begin(), descriptor.begin() + static_cast<ptrdiff_t>(size));
  const auto media = payload.subspan(vp8->descriptor_size);
  written.insert(written.end(), media.begin(), media.end());
  const auto again = ParseVp8(written);
  SFU_CHECK(again && again->descriptor == vp8->descriptor);
  SFU_CHECK(again->descriptor_size == size);
  SFU_CHECK(again->key_frame == vp8->key_frame);
  SFU_CHECK(again->width == vp8->width && again->height == vp8->height);
}

void FuzzVp9(std::span<const uint8_t> payload) {
  const auto vp9 = ParseVp9(payload);
  if (!vp9) return;
  SFU_CHECK(vp9->descriptor_size < payload.size());
  SFU_CHECK(vp9->spatial_layer_count <= kMaxVp9SpatialLayers);
  SFU_CHECK(vp9->spatial_id < kMaxVp9SpatialLayers);
  SFU_CHECK(!vp9->key_frame || !vp9->inter_picture_predicted);
}

void FuzzPayload(uint8_t codec, std::span<const uint8_t> payload,
                 DependencyStructure& structure) {
  switch (codec) {
    case 0:
      return FuzzAv1(payload);
    case 1:
      return FuzzDependencyDescriptor(payload, structure);
    case 2:
      return FuzzH264(payload);
    case 3:
      return FuzzOpus(payload);
    case 4:
      return FuzzVp8(payload);
    case 5:
      return FuzzVp9(payload);
    default:
      return;
  }
}

void Fuzz(std::span<const uint8_t> bytes) {
  DependencyStructure structure;
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const uint8_t codec = reader.U8();
    const size_t length = reader.U8();
    const auto payload =
        reader.remaining() < length ? reader.Rest() : reader.Bytes(length);
    // In memory of just its size, for the sanitizers.
    const std::vector<uint8_t> exact(payload.begin(), payload.end());
    FuzzPayload(codec, exact, structure);
  }
}

}  // namespace
}  // namespace rtp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rtp::Fuzz({data, size});
  return 0;
}
