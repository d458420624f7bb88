// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "tools/bot/figures.h"
#include "tools/bot/report/requirements.h"

namespace bot {

// The final tables, for a terminal of 90 columns. ASCII but for names.
std::string ToText(const RunFigures& figures,
                   const std::vector<Requirement>& requirements = {});

}  // namespace bot
