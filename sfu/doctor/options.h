// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sfu {

// Host and ports that --probe names.
struct ProbeTarget {
  std::string host;  // a name or an IP address, IPv6 without brackets
  std::vector<uint16_t> ports;
  bool operator==(const ProbeTarget&) const = default;
};
// "HOST:10000", "HOST:10000-10003,10010", "[2001:db8::1]:10000". Nothing for
// what is neither, and for over 64 ports.
std::optional<ProbeTarget> ParseProbeTarget(const std::string& text);

// The flags that are doctor's and not the server's.
struct DoctorOptions {
  bool help = false;
  bool json = false;
  std::optional<std::chrono::seconds> listen;
  std::optional<ProbeTarget> probe;
  // The certificate of a TLS proxy before the page.
  std::string certificate;
  std::string key;
  std::string page_host;          // where browsers open the page
  std::vector<std::string> rest;  // for the server's parser
  std::string error;              // for the operator; empty: all is well
};
DoctorOptions ParseDoctorOptions(const std::vector<std::string>& arguments);

}  // namespace sfu
