// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bot/figures.h"

namespace bot {

// "waiting", "joining", "joined", "left" or "failed".
std::string_view StateName(BotState state);

// A bot whose people would have complained, and of what.
struct WorstBot {
  const BotFigures* bot = nullptr;
  double badness = 0;  // to be compared only
  std::string why;
};

// Up to `count` of those that did not fail, the worst one first.
std::vector<WorstBot> WorstBots(const RunFigures& figures, size_t count);

// Bots that failed for the same reason.
struct FailureGroup {
  std::string reason;
  std::vector<const BotFigures*> bots;
};

// The greatest one first.
std::vector<FailureGroup> GroupFailures(const RunFigures& figures);

}  // namespace bot
