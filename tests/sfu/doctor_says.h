// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "sfu/doctor/report.h"

namespace sfu {

inline constexpr char kOk[] = "ok";
inline constexpr char kWarning[] = "warning";
inline constexpr char kFailed[] = "FAILED";

// The verdict and a part of what is said.
MATCHER_P2(Says, verdict, words, "") {
  const std::string line = ToLine(arg);
  *result_listener << line;
  return line.starts_with(verdict) && line.find(words) != std::string::npos;
}

}  // namespace sfu
