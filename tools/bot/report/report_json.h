// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "tools/bot/figures.h"
#include "tools/bot/report/requirements.h"

namespace bot {

// Version of the form of ToJson(), counted up where a reader would have to
// change. Version 1 had no "version".
inline constexpr int kJsonVersion = 2;

// Everything measured; docs/load-testing.md ("Reports") tells its form.
std::string ToJson(const RunFigures& figures,
                   const std::vector<Requirement>& requirements = {});

}  // namespace bot
