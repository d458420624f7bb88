// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ice/openssl_clock.h"

#include <sys/time.h>

#include <cstdint>

namespace {

// Long after 1970, as libssl takes zero for "no timer".
constexpr int64_t kBaseSeconds = 1'700'000'000;
int64_t microseconds = 0;

}  // namespace

extern "C" int gettimeofday(timeval* __restrict out,
                            void* __restrict /*zone*/) noexcept {
  out->tv_sec = kBaseSeconds + microseconds / 1'000'000;
  out->tv_usec = microseconds % 1'000'000;
  return 0;
}

namespace ice {

void SetOpensslTime(rtp::Timestamp now) {
  microseconds = now.time_since_epoch().count();
}

}  // namespace ice
