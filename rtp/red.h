// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rtp {

// One block of a RED payload, in place.
struct RedBlock {
  uint8_t pt = 0;  // of the codec in the block
  // How much older than the packet's timestamp this block is; 14 bits, in
  // clock units; 0 for the primary block.
  uint16_t timestamp_offset = 0;
  std::span<const uint8_t> data;
};

// A RED payload (RFC 2198): what the packet is about, and earlier audio again.
struct RedPayload {
  static constexpr size_t kMaxRedundantBlocks = 8;

  RedBlock primary;
  std::array<RedBlock, kMaxRedundantBlocks> redundant;  // oldest first
  size_t redundant_count = 0;
};

// Reads every block header and finds the blocks. Nothing if the headers are
// truncated, the lengths exceed the payload or there are more than
// kMaxRedundantBlocks. The primary block may be empty.
std::optional<RedPayload> ParseRed(std::span<const uint8_t> payload);

// Names `pt` as the codec of every block of `payload`, which ParseRed()
// accepts: payload types are the receiver's own (RFC 2198 s3).
inline void SetRedPayloadTypes(std::span<uint8_t> payload, uint8_t pt) {
  for (size_t at = 0; at < payload.size();) {
    const bool last = (payload[at] & 0x80) == 0;
    payload[at] = static_cast<uint8_t>((payload[at] & 0x80) | (pt & 0x7F));
    if (last) return;
    at += 4;
  }
}

}  // namespace rtp
