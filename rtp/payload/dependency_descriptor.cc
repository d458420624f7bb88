// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <bit>

#include "rtp/base/bytes.h"
#include "rtp/payload/av1.h"

namespace rtp {
namespace {

// Reads fields of any number of bits; past the end yields zero and clears
// ok().
class FieldReader {
 public:
  explicit FieldReader(std::span<const uint8_t> data) : data_(data) {}
  bool ok() const { return ok_; }

  uint32_t Bits(int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; ++i) {
      if (at_ / 8 >= data_.size()) {
        ok_ = false;
        return 0;
      }
      value = value << 1 | (data_[at_ / 8] >> (7 - at_ % 8) & 1u);
      ++at_;
    }
    return value;
  }
  // ns(n): a number below n in as few bits as that takes (appendix A.8.1).
  uint32_t NonSymmetric(uint32_t n) {
    const int width = std::bit_width(n);
    const uint32_t m = (uint32_t{1} << width) - n;
    const uint32_t v = Bits(width - 1);
    if (v < m) return v;
    return (v << 1) - m + Bits(1);
  }

 private:
  std::span<const uint8_t> data_;
  size_t at_ = 0;
  bool ok_ = true;
};

// Layers of all templates, each told by what it does with the one before.
bool ReadLayers(FieldReader& reader, DependencyStructure& out) {
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  for (;;) {
    if (out.template_count == kMaxDdTemplates) return false;
    DependencyTemplate& t = out.templates[out.template_count++];
    t.spatial_id = spatial;
    t.temporal_id = temporal;
    const uint32_t next = reader.Bits(2);
    if (!reader.ok()) return false;
    if (next == 3) break;
    if (next == 1) {
      ++temporal;
    } else if (next == 2) {
      temporal = 0;
      if (++spatial == kMaxDdSpatialLayers) return false;
    }
  }
  out.spatial_layer_count = static_cast<uint8_t>(spatial + 1);
  return true;
}

bool ReadStructure(FieldReader& reader, DependencyStructure& out) {
  out.template_id_offset = static_cast<uint8_t>(reader.Bits(6));
  out.decode_target_count = static_cast<uint8_t>(reader.Bits(5) + 1);
  if (!ReadLayers(reader, out)) return false;
  for (size_t t = 0; t < out.template_count; ++t) {
    for (size_t d = 0; d < out.decode_target_count; ++d) {
      out.templates[t].indications[d] =
          static_cast<DecodeTargetIndication>(reader.Bits(2));
    }
  }
  for (size_t t = 0; t < out.template_count; ++t) {
    while (reader.ok() && reader.Bits(1)) reader.Bits(4);  // frame differences
  }
  const uint32_t chains = reader.NonSymmetric(out.decode_target_count + 1u);
  if (chains > 0) {
    for (size_t d = 0; d < out.decode_target_count; ++d) {
      reader.NonSymmetric(chains);  // which chain protects the target
    }
    for (size_t t = 0; t < out.template_count; ++t) {
      for (uint32_t c = 0; c < chains; ++c) reader.Bits(4);
    }
  }
  if (reader.Bits(1)) {
    for (size_t s = 0; s < out.spatial_layer_count; ++s) {
      out.widths[s] = static_cast<uint16_t>(
          std::min<uint32_t>(reader.Bits(16) + 1, UINT16_MAX));
      out.heights[s] = static_cast<uint16_t>(
          std::min<uint32_t>(reader.Bits(16) + 1, UINT16_MAX));
    }
  }
  return reader.ok();
}

}  // namespace

const DependencyTemplate* DependencyStructure::Find(
    uint8_t template_id) const {
  const size_t index = (template_id + 64u - template_id_offset) % 64;
  return index < template_count ? &templates[index] : nullptr;
}

std::optional<DependencyDescriptor> ParseDependencyDescriptor(
    std::span<const uint8_t> value, DependencyStructure* structure) {
  FieldReader reader(value);
  DependencyDescriptor dd;
  dd.start_of_frame = reader.Bits(1);
  dd.end_of_frame = reader.Bits(1);
  dd.template_id = static_cast<uint8_t>(reader.Bits(6));
  dd.frame_number = static_cast<uint16_t>(reader.Bits(16));
  if (!reader.ok()) return std::nullopt;
  DependencyStructure fresh;
  uint32_t targets = structure != nullptr ? structure->decode_target_count : 0;
  if (value.size() > 3) {
    dd.has_structure = reader.Bits(1);
    const bool has_active_targets = reader.Bits(1);
    reader.Bits(3);  // custom indications, differences, chains
    if (dd.has_structure) {
      if (!ReadStructure(reader, fresh)) return std::nullopt;
      targets = fresh.decode_target_count;
    }
    if (has_active_targets && targets > 0) {
      dd.active_decode_targets = reader.Bits(static_cast<int>(targets));
    } else if (dd.has_structure) {
      dd.active_decode_targets =
          targets == 32 ? UINT32_MAX : (uint32_t{1} << targets) - 1;
    }
    if (!reader.ok()) return std::nullopt;
  }
  const DependencyStructure* used = dd.has_structure ? &fresh : structure;
  if (used != nullptr && used->template_count > 0 &&
      used->Find(dd.template_id) == nullptr) {
    return std::nullopt;
  }
  if (dd.has_structure && structure != nullptr) *structure = fresh;
  return dd;
}

}  // namespace rtp
