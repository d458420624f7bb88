// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/time.h"

namespace rtp {

enum class OpusMode : uint8_t { kSilk, kHybrid, kCelt };

// The table-of-contents byte of an Opus packet (RFC 6716 s3.1).
struct OpusToc {
  OpusMode mode = OpusMode::kSilk;
  TimeDelta frame_duration{};  // 2.5 to 60 ms
  bool stereo = false;
  uint8_t frame_code = 0;  // c: 0 to 3, how frames are packed (s3.2)
};

// Nothing for an empty payload.
std::optional<OpusToc> ParseOpusToc(std::span<const uint8_t> payload);

// The whole duration of a packet's audio. Nothing if the payload is empty, or
// its frame count is absent, zero or over 120 ms (RFC 6716 s3.2.5).
std::optional<TimeDelta> OpusDuration(std::span<const uint8_t> payload);

// True if the encoder heard a voice in this packet: for speaker detection where
// no audio level was negotiated. SILK and hybrid frames carry voice activity
// flags (RFC 6716 s4.2.3). CELT frames do not: there, anything larger than
// encoded digital silence counts, as it is worse to miss a speaker. A payload
// of two bytes or less is discontinuous transmission, silent; so is a malformed
// one.
bool OpusHasVoice(std::span<const uint8_t> payload);

}  // namespace rtp
