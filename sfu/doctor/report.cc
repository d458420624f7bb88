// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace sfu {
namespace {

using Health = Finding::Health;

const char* Word(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarning:
      return "warning";
    case Health::kFailed:
      return "FAILED";
  }
  return "";
}

long Count(const std::vector<Finding>& findings, Health health) {
  return std::count_if(
      findings.begin(), findings.end(),
      [health](const Finding& finding) { return finding.health == health; });
}

}  // namespace

Finding Ok(std::string check, std::string seen) {
  return {Health::kOk, std::move(check), std::move(seen), {}};
}

Finding Warning(std::string check, std::string seen, std::string remedy) {
  return {Health::kWarning, std::move(check), std::move(seen),
          std::move(remedy)};
}

Finding Failed(std::string check, std::string seen, std::string remedy) {
  return {Health::kFailed, std::move(check), std::move(seen),
          std::move(remedy)};
}

std::string ToLine(const Finding& finding) {
  std::string line = absl::StrFormat("%-8s %-14s %s", Word(finding.health),
                                     finding.check, finding.seen);
  if (!finding.remedy.empty()) absl::StrAppend(&line, "; ", finding.remedy);
  // What other programs said may be part of it, but a finding is one line.
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line;
}

std::string Summary(const std::vector<Finding>& findings) {
  return absl::StrCat(Count(findings, Health::kOk), " ok, ",
                      Count(findings, Health::kWarning), " warnings, ",
                      Count(findings, Health::kFailed), " FAILED");
}

std::string ToJson(const std::vector<Finding>& findings) {
  nlohmann::json all = nlohmann::json::array();
  for (const Finding& finding : findings) {
    all.push_back({{"health", Word(finding.health)},
                   {"check", finding.check},
                   {"seen", finding.seen},
                   {"remedy", finding.remedy}});
  }
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

int ExitCode(const std::vector<Finding>& findings) {
  return Count(findings, Health::kFailed) > 0 ? 1 : 0;
}

}  // namespace sfu
