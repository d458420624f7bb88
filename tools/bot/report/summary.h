// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bot/figures.h"

namespace bot {

enum class Better : uint8_t { kNeither, kLower, kHigher };

// A figure that sums up a run. docs/load-testing.md has the same table.
struct ValueKind {
  std::string_view name;
  std::string_view unit;  // empty: a count or a ratio
  Better better = Better::kNeither;
  std::string_view meaning;
};

struct SummaryValue {
  const ValueKind* kind = nullptr;
  std::optional<double> value;  // none: there was nothing to measure it by
};

// Everything that Summarize() tells, in its order.
std::span<const ValueKind> ValueKinds();
const ValueKind* FindValueKind(std::string_view name);

// One value of each kind.
std::vector<SummaryValue> Summarize(const RunFigures& figures);
std::optional<double> ValueOf(const std::vector<SummaryValue>& summary,
                              std::string_view name);

// A value for people, with its unit: "12.3 ms", "0.15 %", "1,234", "-".
std::string Told(const SummaryValue& value);
// A number with at most three digits that matter beyond the point.
std::string TellNumber(double value);
// 1234567 as 1,234,567.
std::string TellCount(uint64_t value);

}  // namespace bot
