// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "rtp/base/random.h"

namespace sfu {

// OpenSSL's generator (RAND_bytes), seeded by the kernel. Aborts the process
// if it fails: nothing here may go on with guessable secrets. One per thread
// is the custom, though RAND_bytes itself may be called by any.
class SystemRandom : public rtp::RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override;
};

}  // namespace sfu
