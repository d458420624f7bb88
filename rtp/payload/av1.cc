// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/payload/av1.h"

#include "rtp/base/bytes.h"

namespace rtp {
namespace {

constexpr uint8_t kObuSequenceHeader = 1;

// LEB128 of at most 32 bits (AV1 s4.10.5).
std::optional<uint32_t> ReadLeb128(ByteReader& reader) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    const uint8_t byte = reader.U8();
    if (!reader.ok()) return std::nullopt;
    value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) {
      if (value > UINT32_MAX) return std::nullopt;
      return static_cast<uint32_t>(value);
    }
  }
  return std::nullopt;
}

}  // namespace

//    0 1 2 3 4 5 6 7
//   +-+-+-+-+-+-+-+-+
//   |Z|Y| W |N|-|-|-|  aggregation header (AV1 RTP s4.4)
//   +-+-+-+-+-+-+-+-+
std::optional<Av1Payload> ParseAv1(std::span<const uint8_t> payload) {
  ByteReader reader(payload);
  const uint8_t header = reader.U8();
  Av1Payload av1;
  av1.continues_obu = header & 0x80;
  av1.continued = header & 0x40;
  av1.new_sequence = header & 0x08;
  const int elements = header >> 4 & 3;  // W; 0: each has a length
  if (!reader.ok() || reader.remaining() == 0 ||
      (av1.new_sequence && av1.continues_obu)) {
    return std::nullopt;
  }
  for (int i = 0; reader.remaining() > 0; ++i) {
    std::span<const uint8_t> obu;
    if (elements != 0 && i == elements - 1) {
      obu = reader.Rest();  // the last of W has no length
    } else {
      const auto size = ReadLeb128(reader);
      if (!size) return std::nullopt;
      obu = reader.Bytes(*size);
      if (!reader.ok()) return std::nullopt;
    }
    const bool begins = i > 0 || !av1.continues_obu;
    if (begins && !obu.empty() &&
        (obu[0] >> 3 & 0x0F) == kObuSequenceHeader) {
      av1.has_sequence_header = true;
    }
  }
  av1.key_frame = av1.new_sequence && av1.has_sequence_header;
  return av1;
}

}  // namespace rtp
