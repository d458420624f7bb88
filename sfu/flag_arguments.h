// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <vector>

namespace sfu {

// "--flag: wrong; remedy".
absl::Status RefuseFlag(std::string_view flag, const std::string& wrong,
                        const std::string& remedy);

// Looks at the arguments, and at the flag files that they name, before absl
// does, which ends the process at the first unknown flag. Every name must be
// known and no word stand alone; values are checked by the flag's own parser.
absl::Status CheckArguments(const std::vector<std::string>& arguments);

}  // namespace sfu
