// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tools/bot/figures.h"

namespace bot {

// An invented run that looks like a true one: `bots` in rooms of ten over
// `duration` seconds, the server stops for two of them in the middle, two
// bots fail. The same at each call.
RunFigures MakeRun(size_t bots, size_t duration);

}  // namespace bot
