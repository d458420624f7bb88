// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "rtp/base/time.h"

namespace ice {

// libssl times its DTLS retransmissions by gettimeofday(). This program has
// its own gettimeofday(), which tells what is set here, so that tests decide
// when a flight is sent again and none of them waits.
void SetOpensslTime(rtp::Timestamp now);

}  // namespace ice
