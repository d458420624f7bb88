// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/payload/h264.h"

#include <algorithm>
#include <array>

#include "rtp/base/bytes.h"

namespace rtp {
namespace {

// Reads an RBSP bit by bit, skipping emulation prevention (ITU-T H.264
// s7.4.1). A read past the end yields zero and clears ok().
class BitReader {
 public:
  explicit BitReader(std::span<const uint8_t> data) : data_(data) {}
  bool ok() const { return ok_; }

  uint32_t Bits(int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 1 | Bit();
    return value;
  }
  // Exp-Golomb (s9.1), at most 31 leading zeros.
  uint32_t Ue() {
    int zeros = 0;
    while (ok_ && Bit() == 0) {
      if (++zeros > 31) {
        ok_ = false;
        return 0;
      }
    }
    return (uint32_t{1} << zeros) - 1 + Bits(zeros);
  }
  int32_t Se() {
    const uint32_t code = Ue();
    const auto half = static_cast<int32_t>(code / 2 + code % 2);
    return code % 2 ? half : -half;
  }

 private:
  uint32_t Bit() {
    if (bit_ == 0) {
      if (at_ >= 2 && at_ < data_.size() && data_[at_] == 3 &&
          data_[at_ - 1] == 0 && data_[at_ - 2] == 0) {
        ++at_;
      }
      if (at_ >= data_.size()) {
        ok_ = false;
        return 0;
      }
      current_ = data_[at_++];
      bit_ = 8;
    }
    return current_ >> --bit_ & 1;
  }
  std::span<const uint8_t> data_;
  size_t at_ = 0;
  uint8_t current_ = 0;
  int bit_ = 0;
  bool ok_ = true;
};

void SkipScalingLists(BitReader& bits, uint32_t chroma_format) {
  for (int list = 0; list < (chroma_format == 3 ? 12 : 8); ++list) {
    if (bits.Bits(1) == 0) continue;
    int32_t last = 8;
    int32_t next = 8;
    for (int i = 0; i < (list < 6 ? 16 : 64) && bits.ok(); ++i) {
      if (next != 0) next = (last + (bits.Se() & 0xFF)) & 0xFF;
      if (next != 0) last = next;
    }
  }
}

// The picture's size out of a sequence parameter set (s7.3.2.1.1); leaves it
// zero if the set does not say so sanely.
void ReadSps(std::span<const uint8_t> sps, H264Payload& out) {
  BitReader bits(sps);
  const uint32_t profile = bits.Bits(8);
  bits.Bits(16);  // constraints, level
  bits.Ue();      // id
  uint32_t chroma_format = 1;
  constexpr std::array<uint32_t, 11> kHigh = {100, 110, 122, 244, 44, 83,
                                              86,  118, 128, 138, 139};
  if (std::find(kHigh.begin(), kHigh.end(), profile) != kHigh.end()) {
    chroma_format = bits.Ue();
    if (chroma_format == 3) bits.Bits(1);
    bits.Ue();
    bits.Ue();
    bits.Bits(1);
    if (bits.Bits(1)) SkipScalingLists(bits, chroma_format);
  }
  bits.Ue();  // log2_max_frame_num
  const uint32_t order_type = bits.Ue();
  if (order_type == 0) {
    bits.Ue();
  } else if (order_type == 1) {
    bits.Bits(1);
    bits.Se();
    bits.Se();
    const uint32_t cycle = bits.Ue();
    for (uint32_t i = 0; i < cycle && i < 256 && bits.ok(); ++i) bits.Se();
  }
  bits.Ue();  // reference frames
  bits.Bits(1);
  const uint64_t width = (uint64_t{bits.Ue()} + 1) * 16;
  const uint64_t map_height = uint64_t{bits.Ue()} + 1;
  const bool frames_only = bits.Bits(1);
  if (!frames_only) bits.Bits(1);
  bits.Bits(1);
  uint64_t crop_x = 0;
  uint64_t crop_y = 0;
  if (bits.Bits(1)) {
    const uint64_t unit_x = chroma_format == 1 || chroma_format == 2 ? 2 : 1;
    const uint64_t unit_y =
        (chroma_format == 1 ? 2u : 1u) * (frames_only ? 1u : 2u);
    crop_x = uint64_t{bits.Ue()} * unit_x;
    crop_x += uint64_t{bits.Ue()} * unit_x;
    crop_y = uint64_t{bits.Ue()} * unit_y;
    crop_y += uint64_t{bits.Ue()} * unit_y;
  }
  const uint64_t height = map_height * 16 * (frames_only ? 1 : 2);
  if (!bits.ok() || width > UINT16_MAX || height > UINT16_MAX ||
      crop_x >= width || crop_y >= height) {
    return;
  }
  out.width = static_cast<uint16_t>(width - crop_x);
  out.height = static_cast<uint16_t>(height - crop_y);
}

// A NAL unit begins here. `body` is what of it is in this packet.
void BeginNalUnit(uint8_t header, std::span<const uint8_t> body,
                  H264Payload& out) {
  const uint8_t type = header & 0x1F;
  out.nal_types |= uint32_t{1} << type;
  if ((header & 0x60) != 0) out.non_reference = false;
  // first_mb_in_slice is 0: the first bit of the slice header is 1.
  if ((type == kH264IdrSlice || type == kH264NonIdrSlice) && !body.empty() &&
      (body[0] & 0x80)) {
    out.start_of_picture = true;
  }
  if (type == kH264Sps) ReadSps(body, out);
}

}  // namespace

std::optional<H264Payload> ParseH264(std::span<const uint8_t> payload) {
  if (payload.size() < 2) return std::nullopt;
  H264Payload out;
  out.non_reference = true;
  out.packet_type = payload[0] & 0x1F;
  if (out.packet_type >= 1 && out.packet_type <= 23) {
    BeginNalUnit(payload[0], payload.subspan(1), out);
  } else if (out.packet_type == kH264StapA) {
    ByteReader reader(payload.subspan(1));
    while (reader.remaining() > 0) {
      const std::span<const uint8_t> unit = reader.Bytes(reader.U16());
      if (!reader.ok() || unit.empty()) return std::nullopt;
      BeginNalUnit(unit[0], unit.subspan(1), out);
    }
  } else if (out.packet_type == kH264FuA) {
    if (payload.size() < 3) return std::nullopt;
    const uint8_t header =
        static_cast<uint8_t>((payload[0] & 0xE0) | (payload[1] & 0x1F));
    if (payload[1] & 0x80) BeginNalUnit(header, payload.subspan(2), out);
    if ((header & 0x60) != 0) out.non_reference = false;
  } else {
    return std::nullopt;
  }
  out.key_frame = out.Has(kH264Sps) || out.Has(kH264IdrSlice);
  return out;
}

}  // namespace rtp
