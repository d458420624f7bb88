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

// The controlling side of ICE towards one peer (RFC 8445), full or lite: checks
// every candidate of the peer, nominates with each check, keeps the first pair
// that answers, answers the peer's own checks, and keeps consent fresh
// (RFC 7675). One local socket. Sans-IO.
class IceClient {
 public:
  static constexpr rtp::TimeDelta kCheckInterval =
      std::chrono::milliseconds(50);
  static constexpr rtp::TimeDelta kConsentInterval =
      std::chrono::milliseconds(2500);
  // Without an answer for so long the peer is gone (RFC 7675 s5.1).
  static constexpr rtp::TimeDelta kConsentTimeout = std::chrono::seconds(30);

  explicit IceClient(rtp::RandomSource& random);

  const rtp::IceCredentials& local() const { return local_; }

  // Begins to check. `candidates`: the peer's, best first. After Restart():
  // those of the new generation; the pair in use stays until a new one answers.
  void Start(rtp::Timestamp now, rtp::IceCredentials remote,
             std::vector<ice::SocketAddress> candidates);
  // New credentials of ours, to be signalled (RFC 8445 s9).
  void Restart();
  // The local address changed under us: says so to the peer at once.
  void CheckNow(rtp::Timestamp now);
  void HandleStun(rtp::Timestamp now, const ice::SocketAddress& from,
                  std::span<const uint8_t> datagram, ice::DatagramSink& sink);

  // Where to send media; nothing until a check was answered.
  const std::optional<ice::SocketAddress>& selected() const {
    return selected_;
  }
  // Nothing was answered for kConsentTimeout.
  bool lost() const { return lost_; }
  // Of the last check that was answered; zero: none yet.
  rtp::TimeDelta rtt() const { return rtt_; }

  rtp::Timestamp NextDeadline() const { return next_check_; }
  void HandleTimeout(rtp::Timestamp now, ice::DatagramSink& sink);

 private:
  struct Check {
    ice::SocketAddress to;
    rtp::Timestamp sent;
  };

  void SendCheck(rtp::Timestamp now, const ice::SocketAddress& to,
                 ice::DatagramSink& sink);
  void AnswerCheck(const ice::StunMessage& check,
                   const ice::SocketAddress& from, ice::DatagramSink& sink);

  rtp::RandomSource& random_;
  rtp::IceCredentials local_;
  rtp::IceCredentials remote_;
  uint64_t tie_breaker_;
  std::vector<ice::SocketAddress> candidates_;
  size_t next_candidate_ = 0;
  std::map<ice::StunTransactionId, Check> checks_;  // unanswered
  std::optional<ice::SocketAddress> selected_;
  bool checking_ = false;  // no pair of this generation answered yet
  bool lost_ = false;
  rtp::TimeDelta rtt_{};
  rtp::Timestamp last_answer_;
  rtp::Timestamp next_check_ = rtp::kNever;
};

}  // namespace bot
