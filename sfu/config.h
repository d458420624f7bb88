// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rtp/base/time.h"
#include "sfu/log.h"
#include "signaling/room_policy.h"

namespace sfu {

struct Endpoint {
  std::string host;  // a name or an IP address, IPv6 without brackets
  uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// "127.0.0.1:8080", "[::1]:8080".
std::string ToString(const Endpoint& endpoint);

// Everything an operator can set, checked; const after the start. What each
// member means for an operator is told in docs/configuration.md.
struct Config {
  Endpoint component_server;  // the XMPP server's port for components
  std::string component;      // our domain there
  std::string component_secret;
  std::string guest_domain;
  std::string muc;
  bool muji_facade = false;
  std::string paired_muc;  // "auto", or empty: rooms are tied to no MUC
  Endpoint xmpp_websocket;
  std::string xmpp_websocket_path;

  std::string http_listen_ip;   // empty: no public listener
  uint16_t http_port = 0;       // 0: any free one
  std::string tls_certificate;  // PEM files; empty: plain HTTP
  std::string tls_key;
  std::string http_redirect_ip;  // empty: no redirects to https://
  uint16_t http_redirect_port = 0;
  std::string admin_listen_ip;
  uint16_t admin_port = 0;
  std::string admin_token;  // empty: no /debug
  std::string page_dir;     // empty: no page

  std::string media_address;  // IP to bind
  uint16_t media_port = 0;    // of worker 0; worker i has media_port + i
  std::vector<std::string> advertise;  // IPs that clients reach, best first
  size_t workers = 1;
  size_t spread_after = 30;  // peers of a room on one worker
  std::vector<int> cpus;     // one per worker, or none: no pinning

  size_t max_participants_per_room = 0;
  size_t max_peers = 0;
  signaling::ServerPolicy room_policy;
  rtp::TimeDelta drain_timeout{};
  LogLevel log_level = LogLevel::kInfo;
  bool log_addresses = false;
};

// Reads the command line, --flagfile included. An error is one line for the
// operator: which flag, what is wrong, what to do. --help is AnswerHelp()'s.
absl::StatusOr<Config> ParseConfig(int argc, char** argv);

}  // namespace sfu
