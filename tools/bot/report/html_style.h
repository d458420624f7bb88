// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace bot {

// Style sheet and script of the HTML report.
extern const std::string_view kHtmlStyle;
extern const std::string_view kHtmlScript;

}  // namespace bot
