// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/checks_network.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace sfu {
namespace {

constexpr char kAdvertise[] = "advertise";

struct Range {
  std::string_view prefix;
  int bits;
  IpScope scope;
};
// The first that matches counts.
constexpr Range kRanges[] = {
    {"127.0.0.0", 8, IpScope::kLoopback},
    {"10.0.0.0", 8, IpScope::kPrivate},
    {"172.16.0.0", 12, IpScope::kPrivate},
    {"192.168.0.0", 16, IpScope::kPrivate},
    {"100.64.0.0", 10, IpScope::kPrivate},
    {"169.254.0.0", 16, IpScope::kLinkLocal},
    {"192.0.2.0", 24, IpScope::kDocumentation},
    {"198.51.100.0", 24, IpScope::kDocumentation},
    {"203.0.113.0", 24, IpScope::kDocumentation},
    {"0.0.0.0", 8, IpScope::kUnusable},
    {"224.0.0.0", 3, IpScope::kUnusable},  // multicast and reserved
    {"::1", 128, IpScope::kLoopback},
    {"::", 128, IpScope::kUnusable},
    {"fc00::", 7, IpScope::kPrivate},
    {"fe80::", 10, IpScope::kLinkLocal},
    {"2001:db8::", 32, IpScope::kDocumentation},
    {"ff00::", 8, IpScope::kUnusable},
};

bool InPrefix(std::span<const uint8_t> ip, std::span<const uint8_t> prefix,
              int bits) {
  if (ip.size() != prefix.size()) return false;
  for (size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xFF : 0xFF << (8 - bits) & 0xFF;
    if ((ip[i] & mask) != (prefix[i] & mask)) return false;
  }
  return true;
}

// Text in other forms than the canonical one is compared as well.
std::optional<ice::SocketAddress> Ip(const std::string& text) {
  return ice::SocketAddress::Parse(text, 0);
}

IpScope ScopeOfText(const std::string& text) {
  const auto ip = Ip(text);
  return ip ? ScopeOf(*ip) : IpScope::kUnusable;
}

bool IsIpv6(const std::string& text) {
  const auto ip = Ip(text);
  return ip && ip->is_ipv6();
}

bool IsWildcard(const std::string& ip) { return ip == "0.0.0.0" || ip == "::"; }

// Whether one of `ips` is global, of that family.
bool HasGlobal(const std::vector<std::string>& ips, bool ipv6) {
  return std::any_of(ips.begin(), ips.end(), [&](const std::string& ip) {
    return IsIpv6(ip) == ipv6 && ScopeOfText(ip) == IpScope::kGlobal;
  });
}

bool HasGlobal(const std::vector<std::string>& ips) {
  return HasGlobal(ips, false) || HasGlobal(ips, true);
}

// Own addresses, for the operator: those that others could use.
std::string OwnAddresses(const AddressFacts& facts) {
  std::vector<std::string> useful;
  for (const std::string& ip : facts.own) {
    const IpScope scope = ScopeOfText(ip);
    if (scope != IpScope::kLoopback && scope != IpScope::kLinkLocal) {
      useful.push_back(ip);
    }
  }
  return useful.empty() ? "none but loopback" : absl::StrJoin(useful, ", ");
}

enum class Audience { kUnknown, kNetwork, kEverybody };

// For whom the page listens. On loopback it may have a TLS proxy before it.
Audience AudienceOf(const AddressFacts& facts) {
  const std::string& ip = facts.http_listen_ip;
  if (ip.empty()) return Audience::kUnknown;
  if (IsWildcard(ip)) {
    return HasGlobal(facts.own) ? Audience::kEverybody : Audience::kNetwork;
  }
  const IpScope scope = ScopeOfText(ip);
  if (scope == IpScope::kLoopback) return Audience::kUnknown;
  return scope == IpScope::kGlobal ? Audience::kEverybody : Audience::kNetwork;
}

// What the socket of --media_address can never receive.
std::optional<Finding> JudgeSocket(const AddressFacts& facts,
                                   const std::string& ip) {
  const std::string& media = facts.media_address;
  if (IsIpv6(ip) && !IsIpv6(media)) {
    return Failed(
        kAdvertise,
        ip + " is IPv6, but --media_address=" + media + " takes IPv4 only",
        "set --media_address=:: to take both");
  }
  if (!IsIpv6(ip) && IsIpv6(media) && media != "::") {
    return Failed(
        kAdvertise,
        ip + " is IPv4, but --media_address=" + media + " takes IPv6 only",
        "set --media_address=:: to take both");
  }
  if (IsWildcard(media) || Ip(media) == Ip(ip)) return {};
  if (HasAddress(facts.own, ip) || ScopeOfText(media) == IpScope::kLoopback) {
    return Failed(
        kAdvertise,
        ip + " is told to clients, but media is received on " + media + " only",
        std::string("set --media_address=") + (IsIpv6(ip) ? "::" : "0.0.0.0"));
  }
  return {};
}

Finding JudgeLoopback(const AddressFacts& facts, const std::string& ip) {
  const bool alone =
      std::all_of(facts.advertise.begin(), facts.advertise.end(),
                  [](const std::string& other) {
                    return ScopeOfText(other) == IpScope::kLoopback;
                  });
  if (!alone) return Ok(kAdvertise, ip + " is for clients on this machine");
  if (AudienceOf(facts) == Audience::kUnknown) {
    return Ok(kAdvertise, ip + ": only clients on this machine can join");
  }
  return Failed(kAdvertise,
                ip +
                    " is this machine itself for everybody, while the page "
                    "listens for others on " +
                    facts.http_listen_ip,
                "set --advertise to an address by which clients reach this "
                "machine: " +
                    OwnAddresses(facts) +
                    ", or the public one of the NAT before it");
}

Finding JudgePrivate(const AddressFacts& facts, const std::string& ip) {
  if (!HasAddress(facts.own, ip)) {
    return Warning(kAdvertise,
                   ip + " is private and not of this machine, which has " +
                       OwnAddresses(facts),
                   "right only if " + ip +
                       " forwards the media ports to it (a container's host); "
                       "else correct --advertise");
  }
  if (HasGlobal(facts.advertise) || AudienceOf(facts) == Audience::kNetwork) {
    return Ok(kAdvertise, ip + " is of this machine, for its own network");
  }
  return Warning(kAdvertise,
                 ip + " is private: only clients of its own network reach it",
                 "if others are to join, put the public address first: "
                 "--advertise=PUBLIC_IP," +
                     ip);
}

Finding JudgeGlobal(const AddressFacts& facts, const std::string& ip) {
  if (HasAddress(facts.own, ip)) {
    return Ok(kAdvertise, ip + " is of this machine and public");
  }
  if (HasGlobal(facts.own, IsIpv6(ip))) {
    return Warning(
        kAdvertise,
        ip + " is not of this machine, which has " + OwnAddresses(facts),
        "advertise one of those, unless a NAT hands the media "
        "ports of " +
            ip + " to this machine");
  }
  return Ok(kAdvertise,
            ip +
                " is not of this machine, so a NAT must hand its media ports "
                "to one of: " +
                OwnAddresses(facts));
}

Finding JudgeAddress(const AddressFacts& facts, const std::string& ip) {
  const IpScope scope = ScopeOfText(ip);
  if (scope == IpScope::kUnusable) {
    return Failed(kAdvertise, ip + " can be no address of a server",
                  "set --advertise to: " + OwnAddresses(facts));
  }
  if (!MayBeReached(ip, facts.own)) {
    return Failed(kAdvertise, ip + " is an example of manuals",
                  "set --advertise to the address by which clients reach this "
                  "machine, which itself has " +
                      OwnAddresses(facts));
  }
  if (auto finding = JudgeSocket(facts, ip)) return *finding;
  if (scope == IpScope::kLinkLocal) {
    return Warning(
        kAdvertise, ip + " reaches the next cable only, if at all",
        "advertise another address; of this machine: " + OwnAddresses(facts));
  }
  if (scope == IpScope::kLoopback) return JudgeLoopback(facts, ip);
  if (scope == IpScope::kGlobal) return JudgeGlobal(facts, ip);
  return JudgePrivate(facts, ip);
}

}  // namespace

IpScope ScopeOf(const ice::SocketAddress& address) {
  for (const Range& range : kRanges) {
    const auto prefix = ice::SocketAddress::Parse(range.prefix, 0);
    if (prefix && InPrefix(address.ip(), prefix->ip(), range.bits)) {
      return range.scope;
    }
  }
  return IpScope::kGlobal;
}

bool HasAddress(const std::vector<std::string>& ips, const std::string& ip) {
  return std::any_of(ips.begin(), ips.end(), [&](const std::string& other) {
    return Ip(other) == Ip(ip);
  });
}

bool MayBeReached(const std::string& ip, const std::vector<std::string>& own) {
  const IpScope scope = ScopeOfText(ip);
  // Laboratories give their machines addresses of the manuals.
  return scope != IpScope::kUnusable &&
         (scope != IpScope::kDocumentation || HasAddress(own, ip));
}

std::string ProbeHost(const std::string& ip) {
  return IsIpv6(ip) ? "[" + ip + "]" : ip;
}

std::vector<Finding> JudgeAddresses(const AddressFacts& facts) {
  std::vector<Finding> findings;
  for (const std::string& ip : facts.advertise) {
    findings.push_back(JudgeAddress(facts, ip));
  }
  if (HasGlobal(facts.own, true) &&
      std::none_of(facts.advertise.begin(), facts.advertise.end(), IsIpv6)) {
    Finding finding =
        Ok("ipv6", "this machine has public IPv6 that clients are not told of");
    finding.remedy =
        "to use it, add it to --advertise and set --media_address=::";
    findings.push_back(finding);
  }
  return findings;
}

Finding JudgeHairpin(const HairpinFacts& facts) {
  const std::string ports = PortsToString(facts.silent) + "/udp";
  if (facts.silent.empty()) {
    return Ok("udp", facts.address + " " + PortsToString(facts.reached) +
                         "/udp: datagrams from this machine arrive");
  }
  const std::string seen =
      facts.address + " " + ports + ": datagrams from this machine do not " +
      "arrive" + (facts.error.empty() ? "" : " (" + facts.error + ")");
  if (facts.own) {
    return Failed("udp", seen,
                  "open the ports in this machine's firewall (nft list "
                  "ruleset, ufw status)");
  }
  return Warning("udp", seen,
                 "many NATs do not send back inside, so ask from outside: run "
                 "carillon doctor --listen here and carillon "
                 "doctor --probe=" +
                     ProbeHost(facts.address) + ":" +
                     PortsToString(facts.silent) + " on a machine elsewhere");
}

Finding JudgeMediaPorts(const std::vector<PortFacts>& ports) {
  for (const PortFacts& port : ports) {
    if (port.error == 0) continue;
    const std::string seen =
        "cannot bind " + port.address + "/udp: " + std::strerror(port.error);
    switch (port.error) {
      case EADDRINUSE:
        return Failed("media_port", seen,
                      "see whose it is: ss -lunp; end that program or choose "
                      "other ports with --media_port. If it is Carillon "
                      "itself, doctor finds it by --admin_listen");
      case EADDRNOTAVAIL:
        return Failed("media_port", seen,
                      "--media_address must be of this machine (ip address), "
                      "or 0.0.0.0 for all");
      case EACCES:
        return Failed("media_port", seen,
                      "ports below 1024 need CAP_NET_BIND_SERVICE; choose "
                      "others with --media_port");
      default:
        return Failed("media_port", seen,
                      "choose others with --media_address and --media_port");
    }
  }
  return Ok(
      "media_port",
      absl::StrCat(ports.size(),
                   ports.size() == 1 ? " port is free: " : " ports are free: ",
                   ports.front().address, ports.size() == 1 ? "" : " and up"));
}

Finding JudgeProbe(const ProbeFacts& facts) {
  const std::string where = facts.target + "/udp";
  if (!facts.seen_as.empty()) {
    return Ok("probe", where + " answers, and sees " + facts.seen_as);
  }
  switch (facts.error) {
    case 0:
      return Failed("probe", where + " does not answer",
                    "see that carillon doctor --listen runs there (the server "
                    "itself does not answer strangers); then open the port in "
                    "its firewall and its provider's security group, and "
                    "behind NAT forward it");
    case ECONNREFUSED:
      return Failed("probe", where + " is reached, but nothing listens there",
                    "run carillon doctor --listen there; behind NAT see where "
                    "the port is forwarded to");
    default:
      return Failed("probe", where + ": " + std::strerror(facts.error),
                    "see this machine's own network and firewall");
  }
}

std::string PortsToString(const std::vector<uint16_t>& ports) {
  std::string text;
  for (size_t i = 0; i < ports.size();) {
    size_t last = i;
    while (last + 1 < ports.size() && ports[last + 1] == ports[last] + 1) {
      ++last;
    }
    absl::StrAppend(&text, text.empty() ? "" : ",", ports[i]);
    if (last > i) absl::StrAppend(&text, "-", ports[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace sfu
