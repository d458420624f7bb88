// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ice/datagram_sink.h"
#include "ice/socket_address.h"
#include "ice/stun_message.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/random.h"
#include "rtp/base/time.h"

namespace bot {

// The controlling side of ICE towards a lite peer (RFC 8445): checks every
// candidate of the peer, nominates with each check, keeps the first pair that
// answers, and consent fresh on it (RFC 7675). One local socket. Sans-IO.
class IceClient {
 public:
  static constexpr rtp::TimeDelta kCheckInterval =
      std::chrono::milliseconds(50);
  static constexpr rtp::TimeDelta kConsentInterval =
      std::chrono::milliseconds(2500);

  explicit IceClient(rtp::RandomSource& random);

  const rtp::IceCredentials& local() const { return local_; }

  // Begins to check. `candidates`: the peer's, best first.
  void Start(rtp::Timestamp now, rtp::IceCredentials remote,
             std::vector<ice::SocketAddress> candidates);
  void HandleStun(rtp::Timestamp now, const ice::SocketAddress& from,
                  std::span<const uint8_t> datagram);

  // Where to send media; nothing until a check was answered.
  const std::optional<ice::SocketAddress>& selected() const {
    return selected_;
  }

  rtp::Timestamp NextDeadline() const { return next_check_; }
  void HandleTimeout(rtp::Timestamp now, ice::DatagramSink& sink);

 private:
  void SendCheck(const ice::SocketAddress& to, ice::DatagramSink& sink);

  rtp::RandomSource& random_;
  rtp::IceCredentials local_;
  rtp::IceCredentials remote_;
  uint64_t tie_breaker_;
  std::vector<ice::SocketAddress> candidates_;
  size_t next_candidate_ = 0;
  std::map<ice::StunTransactionId, ice::SocketAddress> checks_;  // unanswered
  std::optional<ice::SocketAddress> selected_;
  rtp::Timestamp next_check_ = rtp::kNever;
};

}  // namespace bot
