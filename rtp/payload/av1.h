// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rtp {

// What an SFU needs to know of an AV1 packet: its aggregation header and the
// OBUs that begin in it (AV1 RTP v1.0 s4.3, s4.4).
struct Av1Payload {
  bool continues_obu = false;  // Z: begins with the rest of an OBU
  bool continued = false;      // Y: its last OBU goes on in the next packet
  bool new_sequence = false;   // N: first packet of a coded video sequence
  bool has_sequence_header = false;
  bool key_frame = false;  // start of a new sequence, with its header
};

// Nothing if the payload is empty, an OBU's length exceeds it, or the header
// contradicts itself (N with Z).
std::optional<Av1Payload> ParseAv1(std::span<const uint8_t> payload);

// The dependency descriptor: what a frame is and what it needs, outside the
// encrypted or opaque payload (AV1 RTP v1.0, appendix A).

inline constexpr size_t kMaxDdTemplates = 64;
inline constexpr size_t kMaxDdDecodeTargets = 32;
inline constexpr size_t kMaxDdSpatialLayers = 4;

// What a frame means to a decode target (appendix A.8.2).
enum class DecodeTargetIndication : uint8_t {
  kNotPresent = 0,
  kDiscardable = 1,
  kSwitch = 2,
  kRequired = 3,
};

struct DependencyTemplate {
  uint8_t spatial_id = 0;
  uint8_t temporal_id = 0;
  std::array<DecodeTargetIndication, kMaxDdDecodeTargets> indications{};
};

// The template dependency structure: sent with key frames, needed to read what
// comes after (appendix A.8.3).
struct DependencyStructure {
  uint8_t template_id_offset = 0;   // 0 to 63
  uint8_t template_count = 0;       // 1 to kMaxDdTemplates
  uint8_t decode_target_count = 0;  // 1 to kMaxDdDecodeTargets
  uint8_t spatial_layer_count = 0;  // 1 to kMaxDdSpatialLayers
  std::array<DependencyTemplate, kMaxDdTemplates> templates{};
  // Pixels by spatial layer; 0 if not given.
  std::array<uint16_t, kMaxDdSpatialLayers> widths{};
  std::array<uint16_t, kMaxDdSpatialLayers> heights{};

  // The template that a descriptor's template_id names; null if none.
  const DependencyTemplate* Find(uint8_t template_id) const;
};

// The descriptor of one packet.
struct DependencyDescriptor {
  bool start_of_frame = false;
  bool end_of_frame = false;
  uint8_t template_id = 0;  // 0 to 63; DependencyStructure::Find()
  uint16_t frame_number = 0;
  bool has_structure = false;  // with key frames
  // Which decode targets are active, bit by bit, if the packet says so.
  std::optional<uint32_t> active_decode_targets;
};

// Reads a descriptor. If it carries a structure, that is read into `structure`;
// otherwise `structure` says how to read the rest and may be null, in which
// case only the first three bytes are read. Nothing, leaving `structure` as it
// was, if the descriptor is truncated, its structure breaks a limit above, or
// its template is unknown to a structure at hand.
std::optional<DependencyDescriptor> ParseDependencyDescriptor(
    std::span<const uint8_t> value, DependencyStructure* structure);

}  // namespace rtp
