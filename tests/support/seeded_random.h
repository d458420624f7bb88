// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <random>
#include <span>

#include "rtp/base/random.h"

namespace support {

// The same bytes for the same seed, in every build.
class SeededRandom : public rtp::RandomSource {
 public:
  explicit SeededRandom(uint32_t seed) : engine_(seed) {}
  void Fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_;
};

}  // namespace support
