// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "rtp/base/bytes.h"
#include "tools/bot/packetizer.h"

namespace bot {
namespace {

constexpr uint8_t kContinues = 0x80;     // Z
constexpr uint8_t kGoesOn = 0x40;        // Y
constexpr uint8_t kNewSequence = 0x08;   // N
constexpr uint8_t kHasExtension = 0x04;  // of an OBU header
constexpr uint8_t kHasSize = 0x02;       // of an OBU header
constexpr size_t kMaxLengthSize = 2;     // LEB128 of what a packet holds

size_t ReadLeb128(rtp::ByteReader& reader) {
  size_t value = 0;
  for (int shift = 0; shift < 32; shift += 7) {
    const uint8_t byte = reader.U8();
    value |= static_cast<size_t>(byte & 0x7F) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}

void AddLeb128(size_t value, std::vector<uint8_t>& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
  }
  out.push_back(static_cast<uint8_t>(value));
}

// Each OBU without its size field (AV1 RTP s4.4).
std::vector<std::vector<uint8_t>> SplitObus(std::span<const uint8_t> frame) {
  std::vector<std::vector<uint8_t>> obus;
  rtp::ByteReader reader(frame);
  while (reader.remaining() > 0) {
    const uint8_t header = reader.U8();
    auto& obu = obus.emplace_back();
    obu.push_back(static_cast<uint8_t>(header & ~kHasSize));
    if (header & kHasExtension) obu.push_back(reader.U8());
    const auto rest =
        header & kHasSize ? reader.Bytes(ReadLeb128(reader)) : reader.Rest();
    obu.insert(obu.end(), rest.begin(), rest.end());
  }
  return obus;
}

}  // namespace

Payloads PacketizeAv1(const FrameHeader& header, std::span<const uint8_t> frame,
                      size_t max_size) {
  Payloads payloads;
  // Every element has its length (W is 0).
  bool open = false;  // the last payload takes more
  for (const auto& obu : SplitObus(frame)) {
    std::span<const uint8_t> rest = obu;
    for (bool begins = true; !rest.empty(); begins = false) {
      if (!open || payloads.back().size() + kMaxLengthSize >= max_size) {
        payloads.emplace_back().push_back(begins ? 0 : kContinues);
      }
      std::vector<uint8_t>& payload = payloads.back();
      const size_t size =
          std::min(rest.size(), max_size - payload.size() - kMaxLengthSize);
      AddLeb128(size, payload);
      payload.insert(payload.end(), rest.begin(),
                     rest.begin() + static_cast<ptrdiff_t>(size));
      rest = rest.subspan(size);
      open = rest.empty();
      if (!open) payload[0] |= kGoesOn;
    }
  }
  if (header.key && !payloads.empty()) payloads.front()[0] |= kNewSequence;
  return payloads;
}

}  // namespace bot
