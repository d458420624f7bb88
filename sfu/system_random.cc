// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/system_random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>

#include "rtp/base/check.h"

namespace sfu {

void SystemRandom::Fill(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const size_t count = std::min<size_t>(bytes.size(), INT_MAX);
    SFU_CHECK(RAND_bytes(bytes.data(), static_cast<int>(count)) == 1);
    bytes = bytes.subspan(count);
  }
}

}  // namespace sfu
