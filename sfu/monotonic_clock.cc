// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/monotonic_clock.h"

#include <time.h>

#include <cstdint>

namespace sfu {
namespace {

// Seconds from 1900 (NTP) to 1970 (Unix).
constexpr uint64_t kNtpUnixOffset = 2'208'988'800;

timespec Read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time;
}

}  // namespace

rtp::Timestamp MonotonicNow() {
  const timespec time = Read(CLOCK_MONOTONIC);
  return rtp::Timestamp(rtp::TimeDelta(
      static_cast<int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000));
}

rtp::NtpClock WallClock() {
  const rtp::Timestamp now = MonotonicNow();
  const timespec wall = Read(CLOCK_REALTIME);
  const uint64_t seconds = static_cast<uint64_t>(wall.tv_sec) + kNtpUnixOffset;
  const uint64_t fraction =
      (static_cast<uint64_t>(wall.tv_nsec) << 32) / 1'000'000'000;
  const rtp::NtpTime ntp = (seconds << 32) + fraction;
  // What the clock would show at Timestamp{}: modulo 2^64, as NTP wraps.
  return rtp::NtpClock(ntp - rtp::NtpClock().ToNtp(now));
}

double SecondsSince1970() {
  const timespec wall = Read(CLOCK_REALTIME);
  return static_cast<double>(wall.tv_sec) +
         static_cast<double>(wall.tv_nsec) * 1e-9;
}

}  // namespace sfu
