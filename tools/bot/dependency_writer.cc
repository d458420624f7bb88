// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <iterator>
#include <utility>

#include "tools/bot/packetizer.h"

namespace bot {
namespace {

class BitWriter {
 public:
  void Bits(uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() = static_cast<uint8_t>(bytes_.back() |
                                           (value >> i & 1) << (7 - used_ % 8));
      ++used_;
    }
  }
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
  size_t used_ = 0;
};

// What each kind of frame is to the decode targets (those up to temporal layer
// 0, 1 and 2): 0 absent, 1 discardable, 2 switch; how many frames back is what
// it refers to, 0 if nothing; and the newest frame of the lowest layer.
struct Template {
  uint8_t temporal_id;
  std::array<uint8_t, 3> indications;
  uint8_t refers;
  uint8_t chain;
};
constexpr Template kL1T3[] = {
    {0, {2, 2, 2}, 0, 0},  // key frames
    {0, {2, 2, 2}, 4, 4}, {1, {0, 1, 2}, 2, 2},
    {2, {0, 0, 1}, 1, 1},  // second of four
    {2, {0, 0, 1}, 1, 3},  // last of four
};

uint32_t TemplateOf(const FrameHeader& header) {
  if (header.key) return 0;
  if (header.temporal_id < 2) return header.temporal_id + 1u;
  return header.layer_sync ? 3 : 4;
}

// Appendix A.8.3.
void WriteStructure(const FrameHeader& header, BitWriter& out) {
  out.Bits(0, 6);      // id of the first template
  out.Bits(3 - 1, 5);  // decode targets
  for (size_t i = 0; i + 1 < std::size(kL1T3); ++i) {
    out.Bits(kL1T3[i + 1].temporal_id > kL1T3[i].temporal_id ? 1 : 0, 2);
  }
  out.Bits(3, 2);  // no more templates
  for (const Template& t : kL1T3) {
    for (const uint8_t indication : t.indications) out.Bits(indication, 2);
  }
  for (const Template& t : kL1T3) {
    if (t.refers > 0) out.Bits(1u << 4 | (t.refers - 1u), 5);
    out.Bits(0, 1);
  }
  out.Bits(1, 2);  // one chain, ns(4); which protects all targets
  for (const Template& t : kL1T3) out.Bits(t.chain, 4);
  out.Bits(1, 1);  // sizes follow
  out.Bits(header.width - 1u, 16);
  out.Bits(header.height - 1u, 16);
}

}  // namespace

std::vector<uint8_t> WriteDependencyDescriptor(const FrameHeader& header,
                                               bool first_packet,
                                               bool last_packet,
                                               uint16_t frame_number) {
  BitWriter out;
  out.Bits(first_packet, 1);
  out.Bits(last_packet, 1);
  out.Bits(TemplateOf(header), 6);
  out.Bits(frame_number, 16);
  if (header.key && first_packet) {
    out.Bits(0b10000, 5);  // the structure and nothing else
    WriteStructure(header, out);
  }
  return out.Take();
}

}  // namespace bot
