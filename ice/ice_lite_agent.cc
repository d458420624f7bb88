// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/ice_lite_agent.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ice {

bool IceLiteAgent::HandleStun(rtp::Timestamp now, const SocketAddress& from,
                              std::span<const uint8_t> datagram,
                              DatagramSink& sink) {
  const std::optional<StunMessage> message = StunMessage::Parse(datagram);
  if (!message) return false;
  if (message->message_class == StunClass::kSuccess) {
    return HandleResponse(*message, from);
  }
  // An indication is a keep-alive (RFC 8445 s11); it proves nothing.
  if (message->message_class != StunClass::kRequest) return false;
  std::string_view key;
  if (!Authenticates(now, *message, key)) return false;
  heard_id_ = message->transaction_id;
  NoteRole(now, *message);
  Answer(*message, key, from, datagram.size(), sink);
  if (message->unknown_required_count > 0) return true;
  if (!message->ice_controlled) {
    // A check from before a restart undoes no nomination made since.
    const bool current = key.data() == local_.pwd.data();
    Validate(from, message->use_candidate && (current || !nominated_));
  } else if (leading_ && !IsValidated(from)) {
    SendCheck(from, /*nominate=*/true, sink);
  }
  return true;
}

void IceLiteAgent::NoteRole(rtp::Timestamp now, const StunMessage& request) {
  if (!request.ice_controlled) {
    conflicts_ = 0;
    leading_ = false;
    return;
  }
  if (conflicts_++ == 0) first_conflict_ = now;
  leading_ =
      leading_ || (conflicts_ > 2 && now - first_conflict_ >= kSwitchTime);
}

void IceLiteAgent::AskForConsent(DatagramSink& sink) {
  if (selected_) SendCheck(*selected_, /*nominate=*/false, sink);
}

void IceLiteAgent::SendCheck(const SocketAddress& to, bool nominate,
                             DatagramSink& sink) {
  Check check{heard_id_, to};
  // As random as the peer's own, and never the same.
  for (uint8_t& byte : check.id) byte = static_cast<uint8_t>(~byte);
  const uint32_t number = ++check_count_;
  for (size_t i = 0; i < sizeof(number); ++i) {
    check.id[i] ^= static_cast<uint8_t>(number >> (8 * i));
  }
  if (checks_.size() == kMaxValidated) checks_.erase(checks_.begin());
  checks_.push_back(check);
  // RFC 8445 s5.1.2.1: a peer-reflexive candidate of the first component.
  constexpr uint32_t kPriority = (110U << 24) | (65535U << 8) | 255U;
  std::array<uint8_t, kMaxStunSize> buffer;
  StunWriter writer(buffer, StunClass::kRequest, check.id);
  writer.AddUsername(remote_.ufrag + ":" + local_.ufrag);
  writer.AddPriority(kPriority);
  // The smallest tie-breaker: a peer that switches meanwhile prevails.
  if (leading_) {
    writer.AddIceControlling(0);
    if (nominate) writer.AddUseCandidate();
  } else {
    writer.AddIceControlled(0);
  }
  writer.AddIntegrity(remote_.pwd);
  writer.AddFingerprint();
  if (writer.ok()) sink.SendDatagram(to, writer.written());
}

bool IceLiteAgent::HandleResponse(const StunMessage& response,
                                  const SocketAddress& from) {
  const auto check =
      std::find_if(checks_.begin(), checks_.end(), [&](const Check& c) {
        return c.id == response.transaction_id && c.to == from;
      });
  if (check == checks_.end() || !response.VerifyIntegrity(remote_.pwd)) {
    return false;
  }
  checks_.erase(check);
  if (leading_) Validate(from, /*nominated=*/true);
  return true;
}

bool IceLiteAgent::Authenticates(rtp::Timestamp now, const StunMessage& request,
                                 std::string_view& key) const {
  // RFC 8445 s7.3: two values separated by a colon.
  if (request.username.find(':') == std::string_view::npos) return false;
  const std::string_view ufrag = request.AddressedUfrag();
  if (ufrag == local_.ufrag && request.VerifyIntegrity(local_.pwd)) {
    key = local_.pwd;
    return true;
  }
  if (now < old_until_ && ufrag == old_local_.ufrag &&
      request.VerifyIntegrity(old_local_.pwd)) {
    key = old_local_.pwd;
    return true;
  }
  return false;
}

void IceLiteAgent::Answer(const StunMessage& request, std::string_view key,
                          const SocketAddress& from, size_t request_size,
                          DatagramSink& sink) const {
  std::array<uint8_t, 256> buffer;
  const bool conflict = request.ice_controlled && !leading_;
  const bool refused = request.unknown_required_count > 0 || conflict;
  StunWriter writer(buffer, refused ? StunClass::kError : StunClass::kSuccess,
                    request.transaction_id);
  if (request.unknown_required_count > 0) {
    writer.AddErrorCode(420, "");
    writer.AddUnknownAttributes(std::span(request.unknown_required)
                                    .first(request.unknown_required_count));
  } else if (conflict) {
    // Deviates from RFC 8445 s7.3.1.1: because a lite agent can only be
    // controlled, a peer that believes the same of itself is told to switch;
    // both libwebrtc and libnice do.
    writer.AddErrorCode(487, "");
  } else {
    writer.AddMappedAddress(from);
  }
  writer.AddIntegrity(key);
  if (request.has_fingerprint) writer.AddFingerprint();
  // An answer is never larger than what it answers.
  if (!writer.ok() || writer.written().size() > request_size) return;
  sink.SendDatagram(from, writer.written());
}

void IceLiteAgent::Validate(const SocketAddress& from, bool nominated) {
  if (!IsValidated(from)) {
    if (validated_.size() == kMaxValidated) {
      // The oldest goes, but never the one in use.
      const auto oldest = std::find_if(
          validated_.begin(), validated_.end(),
          [this](const SocketAddress& a) { return a != selected_; });
      validated_.erase(oldest);
    }
    validated_.push_back(from);
  }
  // RFC 8445 s8.1.1 lets a peer nominate again: the latest counts.
  if (nominated || (!nominated_ && !selected_)) selected_ = from;
  nominated_ = nominated_ || nominated;
}

bool IceLiteAgent::IsValidated(const SocketAddress& address) const {
  return std::find(validated_.begin(), validated_.end(), address) !=
         validated_.end();
}

void IceLiteAgent::Restart(rtp::Timestamp now, rtp::IceCredentials local,
                           rtp::IceCredentials remote) {
  old_local_ = std::exchange(local_, std::move(local));
  old_until_ = now + kOldCredentials;
  remote_ = std::move(remote);
  nominated_ = false;
  conflicts_ = 0;
  leading_ = false;
  checks_.clear();
}

}  // namespace ice
