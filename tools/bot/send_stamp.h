// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/bytes.h"
#include "rtp/base/time.h"

namespace bot {

// When a packet was sent, in the last eight bytes of a synthetic payload: for
// servers that do not forward abs-capture-time.

inline constexpr size_t kSendStampSize = 8;
inline constexpr uint32_t kSendStampMagic = 0xCA7111A9;

// Overwrites the end of `payload`, which must be long enough.
inline void WriteSendStamp(rtp::NtpTime sent, std::span<uint8_t> payload) {
  const auto tail = payload.last(kSendStampSize);
  rtp::StoreU32(tail, 0, kSendStampMagic);
  rtp::StoreU32(tail, 4, rtp::CompactNtp(sent));
}

// CompactNtp of the time of sending; nothing if there is no stamp.
inline std::optional<uint32_t> ReadSendStamp(std::span<const uint8_t> payload) {
  if (payload.size() < kSendStampSize) return std::nullopt;
  const auto tail = payload.last(kSendStampSize);
  if (rtp::LoadU32(tail, 0) != kSendStampMagic) return std::nullopt;
  return rtp::LoadU32(tail, 4);
}

}  // namespace bot
