// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ice/datagram_sink.h"
#include "ice/socket_address.h"
#include "ice/stun_message.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"

namespace ice {

// The lite side of ICE for one transport (RFC 8445 s2.5): answers checks that
// authenticate, follows the peer's nomination, begins nothing itself. Whatever
// does not authenticate is not answered and changes nothing, so that nobody is
// sent more than he sent (reliability.md T3).
//
// A peer that we called takes itself for controlled. It is told to switch; one
// that does not is led after all: its checks are answered, and each of its
// addresses is checked once and nominated (jingle.md s2.4).
class IceLiteAgent {
 public:
  // Addresses that answered checks came from; the oldest goes.
  static constexpr size_t kMaxValidated = 8;
  // How long a peer has to switch its role, from the first time it was told.
  static constexpr rtp::TimeDelta kSwitchTime = std::chrono::milliseconds(500);
  // How long the credentials before a restart stay valid.
  static constexpr rtp::TimeDelta kOldCredentials = std::chrono::seconds(3);

  IceLiteAgent(rtp::IceCredentials local, rtp::IceCredentials remote)
      : local_(std::move(local)), remote_(std::move(remote)) {}

  // Returns true if `datagram` is an authentic request, or the answer to one of
  // ours.
  bool HandleStun(rtp::Timestamp now, const SocketAddress& from,
                  std::span<const uint8_t> datagram, DatagramSink& sink);

  // ICE restart (RFC 8445 s9): the peer will nominate anew; until then the
  // selected address stays.
  void Restart(rtp::Timestamp now, rtp::IceCredentials local,
               rtp::IceCredentials remote);
  void SetRemote(rtp::IceCredentials remote) { remote_ = std::move(remote); }

  // Asks at the selected address whether the peer is still there (RFC 7675
  // s5.1). For one that checks nothing itself: libnice, unless it is told to,
  // only sends indications, which prove nothing.
  void AskForConsent(DatagramSink& sink);

  // Where to send: the address nominated last, before any nomination the first
  // that was validated; nothing before that.
  const std::optional<SocketAddress>& selected() const { return selected_; }
  bool IsValidated(const SocketAddress& address) const;

 private:
  bool Authenticates(rtp::Timestamp now, const StunMessage& request,
                     std::string_view& key) const;
  void Answer(const StunMessage& request, std::string_view key,
              const SocketAddress& from, size_t request_size,
              DatagramSink& sink) const;
  // Follows the role that the peer takes.
  void NoteRole(rtp::Timestamp now, const StunMessage& request);
  // Checks `to`; where we lead, nominates it.
  void SendCheck(const SocketAddress& to, bool nominate, DatagramSink& sink);
  bool HandleResponse(const StunMessage& response, const SocketAddress& from);
  void Validate(const SocketAddress& from, bool nominated);

  rtp::IceCredentials local_;
  rtp::IceCredentials remote_;
  rtp::IceCredentials old_local_;
  rtp::Timestamp old_until_ = rtp::Timestamp::min();
  std::vector<SocketAddress> validated_;  // oldest first
  std::optional<SocketAddress> selected_;
  bool nominated_ = false;
  int conflicts_ = 0;  // in a row
  rtp::Timestamp first_conflict_;
  bool leading_ = false;  // a peer that insists on being controlled
  struct Check {
    StunTransactionId id;
    SocketAddress to;
  };
  std::vector<Check> checks_;  // ours, not answered yet, oldest first
  uint32_t check_count_ = 0;
  StunTransactionId heard_id_{};  // of the peer's last request
};

}  // namespace ice
