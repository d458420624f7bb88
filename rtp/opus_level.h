// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>

struct OpusDecoder;

namespace rtp {

// How loud a stream of Opus is, found by decoding it: for clients that send no
// levels (RFC 6464). Dino's encoder works in CELT mode at a constant rate,
// where no flag and no size tells a voice from the noise of a room. About
// 20 us of CPU time for a packet of 20 ms; memory only at construction.
class OpusLevel {
 public:
  static constexpr uint8_t kSilence = 127;

  OpusLevel();
  ~OpusLevel();
  OpusLevel(const OpusLevel&) = delete;
  OpusLevel& operator=(const OpusLevel&) = delete;

  // The level of the next packet's payload in -dBov, 0 the loudest. What does
  // not decode and discontinuous transmission are silent.
  uint8_t Measure(std::span<const uint8_t> payload);

 private:
  struct Free {
    void operator()(OpusDecoder* decoder) const;
  };
  std::unique_ptr<OpusDecoder, Free> decoder_;
};

}  // namespace rtp
