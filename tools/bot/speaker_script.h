// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "tools/bot/scenario.h"

namespace bot {

// Who speaks when, one after the other, as --speakers has it: "0:5,1:2.5" is
// bot 0 for 5 s, then bot 1 for 2.5 s. Nothing if it is not of that form or
// names a bot beyond `bots`.
std::optional<std::vector<SpeakerPlan::Turn>> ParseSpeakers(
    std::string_view text, size_t bots);

}  // namespace bot
