// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bot/report/summary.h"

namespace bot {

// What a run has to reach, as in "freeze_ratio<0.01".
struct Requirement {
  enum class Op : uint8_t {
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kEqual
  };
  const ValueKind* kind = nullptr;
  Op op = Op::kLess;
  double wanted = 0;
};

// Adds those of `text` to `requirements`: NAME OP NUMBER, with one of < <= >
// >= ==, comma-separated. A ratio may be told in percent ("1%"); another
// number may be followed by its unit. Returns an error text for whoever wrote
// them, empty on success.
std::string ParseRequirements(std::string_view text,
                              std::vector<Requirement>* requirements);

// Takes every --FLAG=VALUE and --FLAG VALUE out of `arguments`: a flag that
// may be there more than once.
std::vector<std::string> TakeRepeated(std::string_view flag,
                                      std::vector<std::string>* arguments);

std::string_view OpText(Requirement::Op op);

struct Verdict {
  Requirement requirement;
  std::optional<double> seen;  // none: nothing measured it, so it failed
  bool passed = false;
};

std::vector<Verdict> Judge(const std::vector<Requirement>& requirements,
                           const std::vector<SummaryValue>& summary);
bool AllPassed(const std::vector<Verdict>& verdicts);

// "freeze_ratio", "< 1 %", "0.2 %" or "not measured".
struct ToldVerdict {
  std::string name;
  std::string wanted;
  std::string seen;
};
ToldVerdict Tell(const Verdict& verdict);

}  // namespace bot
