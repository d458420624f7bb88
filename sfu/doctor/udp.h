// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ice/socket_address.h"
#include "rtp/base/time.h"

namespace sfu {

// Sockets on the media ports that answer STUN Binding requests of anybody
// (RFC 8489), for while no server runs: that one answers its peers only.
class StunResponder {
 public:
  StunResponder() = default;
  ~StunResponder();
  StunResponder(const StunResponder&) = delete;
  StunResponder& operator=(const StunResponder&) = delete;

  // Opens one more port as the server would. Returns an errno, 0 on success.
  int Open(const ice::SocketAddress& listen);

  // Answers what waits at the socket of `index`; calls `on_request` with the
  // sender of each request.
  void Answer(size_t index,
              const std::function<void(const ice::SocketAddress&)>& on_request);

  struct Port {
    int fd = -1;
    uint16_t port = 0;
    bool ipv6 = false;  // of the socket
  };
  const std::vector<Port>& ports() const { return ports_; }

 private:
  std::vector<Port> ports_;
};

// Answers until `until`, or until `*stop` if that is given.
void Listen(StunResponder& responder, rtp::Timestamp until,
            const volatile int* stop,
            const std::function<void(const StunResponder::Port&,
                                     const ice::SocketAddress&)>& on_request);

struct ProbeResult {
  ice::SocketAddress target;
  std::optional<ice::SocketAddress> seen_as;  // what answered saw us as
  int error = 0;  // errno of sending, or of what came back by ICMP
};

// Sends STUN Binding requests to each target, several times until it answers,
// and for `patience` at most. `responder`, if given, answers meanwhile.
std::vector<ProbeResult> Probe(const std::vector<ice::SocketAddress>& targets,
                               rtp::TimeDelta patience,
                               StunResponder* responder);

// How many STUN messages each worker of a running server has refused, by its
// metrics. Nothing where they do not tell.
std::vector<std::optional<uint64_t>> StunRefused(const std::string& metrics,
                                                 size_t workers);

}  // namespace sfu
