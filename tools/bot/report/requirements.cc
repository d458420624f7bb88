// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/requirements.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace bot {
namespace {

using Op = Requirement::Op;

// Longer ones first: "<=" begins with "<".
constexpr std::pair<std::string_view, Op> kOps[] = {
    {"<=", Op::kLessOrEqual}, {">=", Op::kGreaterOrEqual}, {"==", Op::kEqual},
    {"<", Op::kLess},         {">", Op::kGreater},
};

// Debian's absl has a string_view of its own.
absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view Strip(std::string_view text) {
  const absl::string_view bare = absl::StripAsciiWhitespace(View(text));
  return {bare.data(), bare.size()};
}

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(std::string_view suffix, std::string_view* text) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsRatio(const ValueKind& kind) { return kind.name.ends_with("_ratio"); }

// Levenshtein's.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

// Up to four names that may have been meant.
std::vector<std::string_view> NearNames(std::string_view name) {
  std::vector<std::pair<size_t, std::string_view>> near;
  for (const ValueKind& kind : ValueKinds()) {
    const bool part = name.size() >= 3 &&
                      (Contains(kind.name, name) || Contains(name, kind.name));
    const size_t distance = EditDistance(name, kind.name);
    if (part || distance <= std::max<size_t>(2, name.size() / 3)) {
      near.emplace_back(distance, kind.name);
    }
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  std::vector<std::string_view> names;
  for (const auto& [distance, near_name] : near) {
    if (names.size() < 4) names.push_back(near_name);
  }
  return names;
}

std::string Unknown(std::string_view name) {
  std::string error = absl::StrFormat("no value is called \"%s\"; ", name);
  const auto near = NearNames(name);
  if (near.empty()) return error + "docs/load-testing.md lists them";
  error += "did you mean ";
  for (size_t i = 0; i < near.size(); ++i) {
    if (i > 0) error += ", ";
    error += near[i];
  }
  return error + "?";
}

std::string NotANumber(const ValueKind& kind, std::string_view text,
                       std::string_view number) {
  std::string error =
      absl::StrFormat("\"%s\": \"%s\" is not a number", text, number);
  if (IsRatio(kind)) return error + " from 0 to 1 or a percentage";
  if (kind.unit.empty()) return error;
  return absl::StrFormat("%s of %s", error, kind.unit);
}

std::string ParseOne(std::string_view text, Requirement* requirement) {
  const size_t at = text.find_first_of("<>=");
  if (at == std::string_view::npos) {
    return absl::StrFormat("\"%s\": write NAME<NUMBER, with <, <=, >, >= or ==",
                           text);
  }
  std::string_view rest = text.substr(at);
  const auto op = std::find_if(
      std::begin(kOps), std::end(kOps),
      [&](const auto& one) { return TakePrefix(one.first, &rest); });
  if (op == std::end(kOps)) {
    return absl::StrFormat("\"%s\": for equal write ==", text);
  }
  rest = Strip(rest);
  const std::string_view name = Strip(text.substr(0, at));
  const ValueKind* kind = FindValueKind(name);
  if (kind == nullptr) return Unknown(name);
  double scale = 1;
  std::string_view number = rest;
  if (IsRatio(*kind) && TakeSuffix("%", &number)) {
    scale = 0.01;
  } else {
    TakeSuffix(kind->unit, &number);
  }
  double wanted = 0;
  if (!absl::SimpleAtod(View(Strip(number)), &wanted) ||
      !std::isfinite(wanted)) {
    return NotANumber(*kind, text, rest);
  }
  wanted *= scale;
  if (IsRatio(*kind) && (wanted < 0 || wanted > 1)) {
    return absl::StrFormat(
        "\"%s\": a ratio is from 0 to 1; write a percentage with %%", text);
  }
  *requirement = {kind, op->second, wanted};
  return {};
}

bool Holds(double seen, Op op, double wanted) {
  switch (op) {
    case Op::kLess:
      return seen < wanted;
    case Op::kLessOrEqual:
      return seen <= wanted;
    case Op::kGreater:
      return seen > wanted;
    case Op::kGreaterOrEqual:
      return seen >= wanted;
    case Op::kEqual:
      return seen == wanted;
  }
  return false;
}

}  // namespace

std::string_view OpText(Op op) {
  for (const auto& [text, one] : kOps) {
    if (one == op) return text;
  }
  return "?";
}

std::string ParseRequirements(std::string_view text,
                              std::vector<Requirement>* requirements) {
  for (const absl::string_view part : absl::StrSplit(View(text), ',')) {
    const std::string_view one = Strip({part.data(), part.size()});
    if (one.empty()) continue;
    Requirement requirement;
    std::string error = ParseOne(one, &requirement);
    if (!error.empty()) return error;
    requirements->push_back(requirement);
  }
  return {};
}

std::vector<std::string> TakeRepeated(std::string_view flag,
                                      std::vector<std::string>* arguments) {
  std::vector<std::string> values;
  std::vector<std::string> rest;
  for (size_t i = 0; i < arguments->size(); ++i) {
    const std::string& argument = (*arguments)[i];
    std::string_view word = argument;
    const bool ours =
        i > 0 && TakePrefix("--", &word) && TakePrefix(flag, &word);
    if (ours && TakePrefix("=", &word)) {
      values.emplace_back(word);
    } else if (ours && word.empty() && i + 1 < arguments->size()) {
      values.push_back((*arguments)[++i]);
    } else {
      rest.push_back(argument);
    }
  }
  *arguments = std::move(rest);
  return values;
}

std::vector<Verdict> Judge(const std::vector<Requirement>& requirements,
                           const std::vector<SummaryValue>& summary) {
  std::vector<Verdict> verdicts;
  for (const Requirement& requirement : requirements) {
    Verdict verdict{requirement, ValueOf(summary, requirement.kind->name)};
    verdict.passed = verdict.seen &&
                     Holds(*verdict.seen, requirement.op, requirement.wanted);
    verdicts.push_back(verdict);
  }
  return verdicts;
}

bool AllPassed(const std::vector<Verdict>& verdicts) {
  return std::all_of(verdicts.begin(), verdicts.end(),
                     [](const Verdict& verdict) { return verdict.passed; });
}

ToldVerdict Tell(const Verdict& verdict) {
  const Requirement& requirement = verdict.requirement;
  return {
      std::string(requirement.kind->name),
      absl::StrFormat("%s %s", OpText(requirement.op),
                      Told({requirement.kind, requirement.wanted})),
      verdict.seen ? Told({requirement.kind, verdict.seen}) : "not measured"};
}

}  // namespace bot
