// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/payload_look.h"

#include <algorithm>

#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"

namespace bot {
namespace {

std::optional<PayloadLook> LookAtVp8(std::span<const uint8_t> payload) {
  const auto vp8 = rtp::ParseVp8(payload);
  if (!vp8) return std::nullopt;
  PayloadLook look;
  look.start_of_picture = vp8->start_of_frame;
  look.key_frame = vp8->key_frame;
  look.temporal_id = vp8->descriptor.temporal_id.value_or(0);
  look.tl0_picture_index = vp8->descriptor.tl0_picture_index;
  look.height = vp8->height;
  look.descriptor_size = vp8->descriptor_size;
  return look;
}

std::optional<PayloadLook> LookAtVp9(std::span<const uint8_t> payload) {
  const auto vp9 = rtp::ParseVp9(payload);
  if (!vp9) return std::nullopt;
  PayloadLook look;
  look.start_of_picture = vp9->start_of_frame && vp9->spatial_id == 0;
  look.key_frame = vp9->key_frame;
  look.spatial_id = vp9->spatial_id;
  look.temporal_id = vp9->temporal_id;
  look.tl0_picture_index = vp9->tl0_picture_index;
  look.descriptor_size = vp9->descriptor_size;
  return look;
}

std::optional<PayloadLook> LookAtH264(std::span<const uint8_t> payload) {
  const auto h264 = rtp::ParseH264(payload);
  if (!h264) return std::nullopt;
  PayloadLook look;
  look.start_of_picture = h264->start_of_picture || h264->Has(rtp::kH264Sps);
  look.key_frame = h264->key_frame;
  look.height = h264->height;
  return look;
}

std::optional<PayloadLook> LookAtAv1(std::span<const uint8_t> payload) {
  const auto av1 = rtp::ParseAv1(payload);
  if (!av1) return std::nullopt;
  PayloadLook look;
  look.start_of_picture = look.key_frame = av1->key_frame;
  return look;
}

}  // namespace

std::optional<PayloadLook> LookAt(rtp::Codec codec,
                                  std::span<const uint8_t> payload) {
  switch (codec) {
    case rtp::Codec::kVp8:
      return LookAtVp8(payload);
    case rtp::Codec::kVp9:
      return LookAtVp9(payload);
    case rtp::Codec::kH264:
      return LookAtH264(payload);
    case rtp::Codec::kAv1:
      return LookAtAv1(payload);
    case rtp::Codec::kOpus:
      break;
  }
  return std::nullopt;
}

std::optional<PayloadLook> LookAtDependencies(
    std::span<const uint8_t> descriptor, rtp::DependencyStructure& structure) {
  const auto dd = rtp::ParseDependencyDescriptor(descriptor, &structure);
  if (!dd) return std::nullopt;
  PayloadLook look;
  look.start_of_picture = dd->start_of_frame;
  look.key_frame = dd->has_structure;
  if (const auto* frame = structure.Find(dd->template_id)) {
    look.spatial_id = frame->spatial_id;
    look.temporal_id = frame->temporal_id;
  }
  if (dd->has_structure && structure.spatial_layer_count > 0) {
    look.height = structure.heights[structure.spatial_layer_count - 1u];
  }
  return look;
}

}  // namespace bot
