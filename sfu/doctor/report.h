// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sfu {

// What `carillon doctor` says of one thing it looked at.
struct Finding {
  enum class Health : uint8_t {
    kOk,
    kWarning,  // the server works, though less well or not for everybody
    kFailed,   // it does not start, or nobody can use it
  };
  Health health = Health::kOk;
  std::string check;   // one word
  std::string seen;    // what was found
  std::string remedy;  // what to do; empty if nothing
};

Finding Ok(std::string check, std::string seen);
Finding Warning(std::string check, std::string seen, std::string remedy);
Finding Failed(std::string check, std::string seen, std::string remedy);

// The line for the operator, without its end.
std::string ToLine(const Finding& finding);
// How many there are of each kind.
std::string Summary(const std::vector<Finding>& findings);
// An array with an object for each finding.
std::string ToJson(const std::vector<Finding>& findings);
// 0, or 1 if anything failed.
int ExitCode(const std::vector<Finding>& findings);

}  // namespace sfu
