// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sfu/config.h"
#include "sfu/doctor/report.h"

namespace sfu {

// How far an attempt to log in as the component came (XEP-0114).
struct ComponentFacts {
  bool connected = false;  // TCP
  bool ready = false;      // the handshake was accepted
  std::string error;       // what the system said, or why the stream ended
};
Finding JudgeComponent(const Config& config, const ComponentFacts& facts);

// How far an anonymous guest came at the WebSocket of the XMPP server
// (RFC 7395), as the page is.
struct GuestFacts {
  enum class Step : uint8_t {
    kNothing,    // no TCP connection
    kConnected,  // an HTTP answer that is no WebSocket, or none
    kWebSocket,  // no stream for the guest domain
    kStream,     // no login
    kLoggedIn,
  };
  Step step = Step::kNothing;
  std::string error;                    // of the system or the XMPP server
  unsigned http_status = 0;             // where there was an HTTP answer
  std::vector<std::string> mechanisms;  // that the stream offered
  // Of a guest that logged in: the error condition that the domain of the
  // chat rooms answered with. Empty: it answered well.
  std::string muc_error;
  bool muc_is_conference = false;  // its identity (XEP-0045)
};
std::vector<Finding> JudgeGuest(const Config& config, const GuestFacts& facts);

// A running server, as its admin listener tells.
struct ServerFacts {
  bool answered = false;     // HTTP, whatever it said
  bool is_carillon = false;  // by the names of its metrics
  unsigned health_status = 0;
  std::string health_text;
  unsigned ready_status = 0;
  std::string ready_text;
};
// Whether it says of itself that it has no XMPP server.
bool LacksComponentLink(const ServerFacts& facts);
// Nothing if no server runs.
std::optional<Finding> JudgeServer(const Config& config,
                                   const ServerFacts& facts);

}  // namespace sfu
