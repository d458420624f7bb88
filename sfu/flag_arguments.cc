// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/flag_arguments.h"

#include <absl/flags/commandlineflag.h>
#include <absl/flags/reflection.h>
#include <absl/strings/str_cat.h>

#include <fstream>

namespace sfu {
namespace {

constexpr int kMaxDepth = 4;  // of flag files that name flag files

absl::Status Check(const std::vector<std::string>& arguments, int depth);

absl::Status CheckFlagFile(const std::string& path, int depth) {
  std::ifstream file(path);
  if (depth > kMaxDepth || !file) {
    return RefuseFlag("flagfile", "cannot read " + path,
                      "name a file with one flag a line");
  }
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    lines.push_back(
        line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  return Check(lines, depth + 1);
}

absl::Status Check(const std::vector<std::string>& arguments, int depth) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const size_t dashes = argument.starts_with("--") ? 2 : 1;
    if (argument.size() <= dashes || argument.front() != '-') {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected argument '", argument,
                       "'; flags are written --name=value, see --help"));
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(dashes, equals - dashes);
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    const bool negated = flag == nullptr && name.starts_with("no") &&
                         equals == std::string::npos;
    if (negated) flag = absl::FindCommandLineFlag(name.substr(2));
    if (flag == nullptr || (negated && !flag->IsOfType<bool>())) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag --", name, "; see --help"));
    }
    if (equals == std::string::npos && flag->IsOfType<bool>()) continue;
    if (equals == std::string::npos && i + 1 == arguments.size()) {
      return RefuseFlag(name, "has no value", "write --" + name + "=value");
    }
    const std::string value = equals == std::string::npos
                                  ? arguments[++i]
                                  : argument.substr(equals + 1);
    if (name == "flagfile") {
      const absl::Status status = CheckFlagFile(value, depth);
      if (!status.ok()) return status;
      continue;
    }
    std::string error;
    if (!absl::FindCommandLineFlag(name)->ParseFrom(value, &error)) {
      return RefuseFlag(
          name, "'" + value + "' is no value for it",
          "see --help" + (error.empty() ? "" : " (" + error + ")"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RefuseFlag(std::string_view flag, const std::string& wrong,
                        const std::string& remedy) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", absl::string_view(flag.data(), flag.size()), ": ",
                   wrong, "; ", remedy));
}

absl::Status CheckArguments(const std::vector<std::string>& arguments) {
  return Check(arguments, 0);
}

}  // namespace sfu
