// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "tools/bot/figures.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/scenario.h"

namespace bot {

// --sdp=stdio: clients of any server that knows SDP. Another program does the
// signalling and talks to this one by lines of JSON (docs/load-testing.md,
// "Other servers"): offers and answers go in and out. Ends at the end of the
// input. What was measured is in `figures` then.
void DriveBySdp(const Scenario& scenario,
                std::shared_ptr<const MediaSamples> samples,
                RunFigures* figures);

}  // namespace bot
