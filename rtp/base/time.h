// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace rtp {

// Time as protocol code sees it: a value handed in. The clock has no now(), so
// nothing below the shells can read the real one. Epoch: any fixed point that
// the shell chooses (the kernel's monotonic clock in production).
struct MonotonicClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Timestamp = MonotonicClock::time_point;
using TimeDelta = MonotonicClock::duration;

// A deadline that never comes.
inline constexpr Timestamp kNever = Timestamp::max();

// Seconds since 1900 in 32.32 fixed point (RFC 3550 s4).
using NtpTime = uint64_t;

// The server's wall clock expressed as an offset, so that code that is handed
// a Timestamp can write NTP times without reading a clock.
class NtpClock {
 public:
  NtpClock() = default;
  // `ntp_at_epoch`: the NTP time at Timestamp{} (zero).
  explicit constexpr NtpClock(NtpTime ntp_at_epoch) : base_(ntp_at_epoch) {}

  // The NTP time at `now` (RFC 3550 s4), wrapping in 2036 as NTP does.
  constexpr NtpTime ToNtp(Timestamp now) const {
    const int64_t us = now.time_since_epoch().count();
    const uint64_t seconds = static_cast<uint64_t>(us / 1'000'000);
    const uint64_t rest = static_cast<uint64_t>(us % 1'000'000);
    return base_ + (seconds << 32) + ((rest << 32) / 1'000'000);
  }

 private:
  NtpTime base_ = 0;
};

// The middle 32 bits of an NTP time, as LSR and DLSR use (RFC 3550 s6.4.1).
constexpr uint32_t CompactNtp(NtpTime ntp) {
  return static_cast<uint32_t>(ntp >> 16);
}

// A duration in units of 1/65536 s, as DLSR uses. Saturates at 65535 s.
constexpr uint32_t ToCompactNtpDelta(TimeDelta delta) {
  if (delta.count() <= 0) return 0;
  const uint64_t units =
      (static_cast<uint64_t>(delta.count()) * 65536 + 500'000) / 1'000'000;
  return units > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(units);
}

constexpr TimeDelta FromCompactNtpDelta(uint32_t units) {
  return TimeDelta(static_cast<int64_t>(
      (static_cast<uint64_t>(units) * 1'000'000 + 32768) / 65536));
}

}  // namespace rtp
