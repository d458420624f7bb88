// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "tools/bot/figures.h"
#include "tools/bot/report/requirements.h"

namespace bot {

// One page that needs no other file and no network: plots, tables, failures.
std::string ToHtml(const RunFigures& figures,
                   const std::vector<Requirement>& requirements = {});

}  // namespace bot
