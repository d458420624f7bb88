// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ice/socket_address.h"
#include "sfu/doctor/report.h"

namespace sfu {

// Whom an IP address can reach, by its range alone.
enum class IpScope : uint8_t {
  kGlobal,
  kPrivate,  // RFC 1918, RFC 4193, and RFC 6598 of carriers' NAT
  kLinkLocal,
  kLoopback,
  kDocumentation,  // RFC 5737, RFC 3849: examples
  kUnusable,       // multicast, reserved, unspecified
};
IpScope ScopeOf(const ice::SocketAddress& address);

// Whether `ip` is among `ips`, in whatever way they are written.
bool HasAddress(const std::vector<std::string>& ips, const std::string& ip);
// Whether it can be an address of a server at all.
bool MayBeReached(const std::string& ip, const std::vector<std::string>& own);
// As --probe takes it: IPv6 in brackets.
std::string ProbeHost(const std::string& ip);

struct AddressFacts {
  std::vector<std::string> advertise;
  std::string media_address;
  std::string http_listen_ip;    // empty: no page
  std::vector<std::string> own;  // of this machine's interfaces
};
// A finding for each advertised address, and for IPv6 that is left unused.
std::vector<Finding> JudgeAddresses(const AddressFacts& facts);

// Whether datagrams to an advertised address came to the media ports of this
// machine, from this machine.
struct HairpinFacts {
  std::string address;
  bool own = false;               // an interface here has it
  std::vector<uint16_t> reached;  // ports
  std::vector<uint16_t> silent;
  std::string error;  // what the system said to sending; empty: nothing
};
Finding JudgeHairpin(const HairpinFacts& facts);

// One media port that the server would open.
struct PortFacts {
  std::string address;  // with the port
  int error = 0;        // errno of bind(), 0: free
};
// One finding for all of them.
Finding JudgeMediaPorts(const std::vector<PortFacts>& ports);

// What came of asking one media port from elsewhere.
struct ProbeFacts {
  std::string target;
  int error = 0;        // errno, 0: none
  std::string seen_as;  // our address as the answer told it; empty: no answer
};
Finding JudgeProbe(const ProbeFacts& facts);

// "10000-10003", "10000,10002".
std::string PortsToString(const std::vector<uint16_t>& ports);

}  // namespace sfu
