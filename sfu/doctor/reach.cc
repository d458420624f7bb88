// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/reach.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <thread>
#include <utility>

#include "sfu/doctor/facts.h"
#include "sfu/monotonic_clock.h"

namespace sfu {
namespace {

using asio_udp = boost::asio::ip::udp;

constexpr auto kHairpinPatience = std::chrono::milliseconds(1500);
constexpr auto kCountPatience = std::chrono::milliseconds(700);
constexpr auto kProbePatience = std::chrono::seconds(3);
constexpr auto kLookEvery = std::chrono::milliseconds(500);

volatile int interrupted = 0;
void OnInterrupt(int) { interrupted = 1; }

std::vector<uint16_t> MediaPorts(const Config& config) {
  std::vector<uint16_t> ports;
  for (size_t i = 0; i < config.workers; ++i) {
    ports.push_back(static_cast<uint16_t>(config.media_port + i));
  }
  return ports;
}

HairpinFacts HairpinOf(const std::string& ip,
                       const std::vector<std::string>& own,
                       const std::vector<ProbeResult>& results) {
  HairpinFacts facts;
  facts.address = ip;
  facts.own = HasAddress(own, ip);
  for (const ProbeResult& result : results) {
    (result.seen_as ? facts.reached : facts.silent)
        .push_back(result.target.port());
    if (result.error != 0) facts.error = std::strerror(result.error);
  }
  return facts;
}

// What the ports of `before` and `after` counted in between.
std::set<uint16_t> PortsThatCounted(
    const Config& config, const std::vector<std::optional<uint64_t>>& before,
    const std::vector<std::optional<uint64_t>>& after) {
  std::set<uint16_t> ports;
  for (size_t i = 0; i < config.workers; ++i) {
    if (before[i] && after[i] && *after[i] > *before[i]) {
      ports.insert(static_cast<uint16_t>(config.media_port + i));
    }
  }
  return ports;
}

// Whether the metrics tell what strangers sent.
bool AllTold(const std::vector<std::optional<uint64_t>>& counts) {
  return std::all_of(counts.begin(), counts.end(),
                     [](const auto& count) { return count.has_value(); });
}

Finding Untold(const char* check) {
  return Warning(check, "the running server's metrics do not tell what comes",
                 "stop it, so that doctor can open the ports itself");
}

Finding JudgeListening(const Config& config,
                       const std::set<uint16_t>& reached) {
  std::vector<uint16_t> silent;
  for (const uint16_t port : MediaPorts(config)) {
    if (!reached.contains(port)) silent.push_back(port);
  }
  if (silent.empty()) {
    return Ok("listen", "every media port was reached");
  }
  return Failed("listen", "nothing came to " + PortsToString(silent) + "/udp",
                "open these ports in the firewalls on the way and in the "
                "provider's security group; behind NAT forward them to this "
                "machine; see that carillon doctor --probe ran elsewhere "
                "meanwhile");
}

void Note(const std::string& text, const ReportFinding& report) {
  report(Ok("listen", text));
}

// The server counts what it does not answer.
std::set<uint16_t> ListenByMetrics(
    const Config& config, const std::vector<std::optional<uint64_t>>& before,
    rtp::Timestamp until, const ReportFinding& report) {
  std::set<uint16_t> reached;
  while (interrupted == 0 && MonotonicNow() < until) {
    std::this_thread::sleep_for(kLookEvery);
    for (const uint16_t port :
         PortsThatCounted(config, before,
                          StunRefused(FetchMetrics(config), config.workers))) {
      if (reached.insert(port).second) {
        Note(absl::StrCat("STUN of a stranger came to ", port, "/udp"), report);
      }
    }
  }
  return reached;
}

std::set<uint16_t> ListenBySockets(StunResponder& responder,
                                   rtp::Timestamp until,
                                   const ReportFinding& report) {
  std::set<uint16_t> reached;
  std::set<std::pair<uint16_t, std::string>> seen;
  Listen(responder, until, &interrupted,
         [&](const StunResponder::Port& port, const ice::SocketAddress& from) {
           reached.insert(port.port);
           if (!seen.emplace(port.port, from.IpToString()).second) return;
           Note(absl::StrCat("answered ", from.ToString(), " at ", port.port,
                             "/udp"),
                report);
         });
  return reached;
}

}  // namespace

ice::SocketAddress MediaAddress(const Config& config, const std::string& ip,
                                size_t index) {
  return *ice::SocketAddress::Parse(
      ip, static_cast<uint16_t>(config.media_port + index));
}

bool OpenMediaPorts(const Config& config, StunResponder* responder,
                    const ReportFinding& report) {
  std::vector<PortFacts> ports;
  bool all = true;
  for (size_t i = 0; i < config.workers; ++i) {
    const ice::SocketAddress at = MediaAddress(config, config.media_address, i);
    ports.push_back({at.ToString(), responder->Open(at)});
    all = all && ports.back().error == 0;
  }
  report(JudgeMediaPorts(ports));
  return all;
}

void CheckHairpin(const Config& config, StunResponder* responder,
                  const ReportFinding& report) {
  const std::vector<std::string> own = OwnAddresses();
  for (const std::string& ip : config.advertise) {
    std::vector<ice::SocketAddress> targets;
    for (size_t i = 0; i < config.workers; ++i) {
      targets.push_back(MediaAddress(config, ip, i));
    }
    if (!MayBeReached(ip, own)) continue;  // failed already
    if (responder != nullptr) {
      report(JudgeHairpin(
          HairpinOf(ip, own, Probe(targets, kHairpinPatience, responder))));
      continue;
    }
    const auto before = StunRefused(FetchMetrics(config), config.workers);
    if (!AllTold(before)) return report(Untold("udp"));
    std::vector<ProbeResult> results = Probe(targets, kCountPatience, nullptr);
    const auto reached = PortsThatCounted(
        config, before, StunRefused(FetchMetrics(config), config.workers));
    for (ProbeResult& result : results) {
      if (reached.contains(result.target.port())) {
        result.seen_as = result.target;
      }
    }
    report(JudgeHairpin(HairpinOf(ip, own, results)));
  }
}

void ListenForProbes(const Config& config, std::chrono::seconds duration,
                     const ReportFinding& report) {
  std::signal(SIGINT, OnInterrupt);
  StunResponder responder;
  const bool running = AskServer(config).is_carillon;
  if (!running && !OpenMediaPorts(config, &responder, report)) return;
  const auto before = StunRefused(FetchMetrics(config), config.workers);
  if (running && !AllTold(before)) return report(Untold("listen"));
  const std::string ports = PortsToString(MediaPorts(config));
  Note(absl::StrCat(
           running ? "the running server counts at " : "answering STUN at ",
           ports, "/udp for ", duration.count(),
           " s (Ctrl-C ends it); now run elsewhere: carillon doctor "
           "--probe=",
           ProbeHost(config.advertise.front()), ":", ports,
           running ? ", which will see no answer" : ""),
       report);
  const rtp::Timestamp until = MonotonicNow() + duration;
  report(JudgeListening(config,
                        running ? ListenByMetrics(config, before, until, report)
                                : ListenBySockets(responder, until, report)));
}

void ProbePorts(const ProbeTarget& target, const ReportFinding& report) {
  boost::asio::io_context context;
  asio_udp::resolver resolver(context);
  boost::system::error_code error;
  const auto found = resolver.resolve(target.host, "0", error);
  if (error) {
    return report(Failed("probe", target.host + ": " + error.message(),
                         "name a host or an IP address that exists"));
  }
  std::vector<ice::SocketAddress> targets;
  for (const auto& entry : found) {
    for (const uint16_t port : target.ports) {
      const auto at = ice::SocketAddress::Parse(
          entry.endpoint().address().to_string(), port);
      if (at) targets.push_back(*at);
    }
  }
  for (const ProbeResult& result : Probe(targets, kProbePatience, nullptr)) {
    report(JudgeProbe({result.target.ToString(), result.error,
                       result.seen_as ? result.seen_as->ToString() : ""}));
  }
}

}  // namespace sfu
