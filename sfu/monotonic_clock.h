// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "rtp/base/time.h"

namespace sfu {

// The kernel's monotonic clock as the core's time. Shells only.
rtp::Timestamp MonotonicNow();

// The wall clock at this moment, for what the core writes as NTP time. Later
// steps of the wall clock are not followed.
rtp::NtpClock WallClock();

// The wall clock, for telling people and other programs.
double SecondsSince1970();

}  // namespace sfu
