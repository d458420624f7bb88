// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/options.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <string_view>
#include <utility>

namespace sfu {
namespace {

constexpr size_t kMaxPorts = 64;
constexpr int kMaxListenSeconds = 3600;
constexpr int kListenSeconds = 60;

// "10000" or "10000-10003".
bool AddPorts(const std::string& text, std::vector<uint16_t>* ports) {
  const std::vector<std::string> ends = absl::StrSplit(text, '-');
  int first = 0;
  int last = 0;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) ||
      !absl::SimpleAtoi(ends.back(), &last) || first < 1 || last > 65535 ||
      first > last) {
    return false;
  }
  for (int port = first; port <= last; ++port) {
    if (ports->size() == kMaxPorts) return false;
    ports->push_back(static_cast<uint16_t>(port));
  }
  return true;
}

}  // namespace

std::optional<ProbeTarget> ParseProbeTarget(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {};
  ProbeTarget target;
  target.host = text.substr(0, colon);
  if (target.host.starts_with('[') && target.host.ends_with(']')) {
    target.host = target.host.substr(1, target.host.size() - 2);
  } else if (target.host.find(':') != std::string::npos) {
    return {};
  }
  if (target.host.empty()) return {};
  const std::vector<std::string> ranges =
      absl::StrSplit(text.substr(colon + 1), ',');
  for (const std::string& range : ranges) {
    if (!AddPorts(range, &target.ports)) return {};
  }
  return target;
}

DoctorOptions ParseDoctorOptions(const std::vector<std::string>& arguments) {
  DoctorOptions options;
  for (const std::string& argument : arguments) {
    const size_t dashes = argument.starts_with("--") ? 2 : 1;
    const size_t equals = argument.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string name =
        argument.starts_with('-')
            ? argument.substr(dashes, has_value ? equals - dashes : equals)
            : "";
    const std::string value = has_value ? argument.substr(equals + 1) : "";
    if (name == "help" && !has_value) {
      options.help = true;
    } else if (name == "json" && !has_value) {
      options.json = true;
    } else if (name == "listen") {
      int seconds = kListenSeconds;
      if (has_value && (!absl::SimpleAtoi(value, &seconds) || seconds < 1 ||
                        seconds > kMaxListenSeconds)) {
        options.error = "--listen: '" + value +
                        "' is no number of seconds; give 1 to 3600, or none";
      }
      options.listen = std::chrono::seconds(seconds);
    } else if (name == "probe") {
      options.probe = ParseProbeTarget(value);
      if (!options.probe) {
        options.error = "--probe: '" + value +
                        "' is no such target; write --probe=HOST:10000-10003, "
                        "64 ports at most";
      }
    } else if (has_value && name == "certificate") {
      options.certificate = value;
    } else if (has_value && name == "key") {
      options.key = value;
    } else if (has_value && name == "page_host") {
      options.page_host = value;
    } else {
      options.rest.push_back(argument);
    }
  }
  if (options.certificate.empty() != options.key.empty()) {
    options.error = "--certificate and --key go together; give both";
  }
  return options;
}

}  // namespace sfu
