// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/ice_client.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bot {
namespace {

// Peer-reflexive, which is what a checked pair would be (RFC 8445 s5.1.2.1).
constexpr uint32_t kPriority = 110u << 24 | 65535u << 8 | 255u;
constexpr size_t kMaxUnanswered = 64;
// Of the checks of a peer that does not answer.
constexpr rtp::TimeDelta kSlowest = std::chrono::milliseconds(500);

}  // namespace

IceClient::IceClient(rtp::RandomSource& random)
    : random_(random), tie_breaker_(random.NextU64()) {
  Restart();
}

void IceClient::Restart() {
  local_.ufrag = random_.NextString(8, rtp::kIceChars);
  local_.pwd = random_.NextString(24, rtp::kIceChars);
}

void IceClient::Start(rtp::Timestamp now, rtp::IceCredentials remote,
                      std::vector<ice::SocketAddress> candidates) {
  remote_ = std::move(remote);
  candidates_ = std::move(candidates);
  next_candidate_ = 0;
  checks_.clear();
  checking_ = true;
  last_answer_ = now;
  if (!candidates_.empty()) next_check_ = now;
}

void IceClient::CheckNow(rtp::Timestamp now) {
  if (next_check_ != rtp::kNever) next_check_ = now;
}

void IceClient::HandleStun(rtp::Timestamp now, const ice::SocketAddress& from,
                           std::span<const uint8_t> datagram,
                           ice::DatagramSink& sink) {
  const auto message = ice::StunMessage::Parse(datagram);
  if (!message) return;
  if (message->message_class == ice::StunClass::kRequest) {
    return AnswerCheck(*message, from, sink);
  }
  if (message->message_class != ice::StunClass::kSuccess ||
      !message->VerifyIntegrity(remote_.pwd)) {
    return;
  }
  const auto check = checks_.find(message->transaction_id);
  if (check == checks_.end() || check->second.to != from) return;
  rtt_ = now - check->second.sent;
  last_answer_ = now;
  if (checking_) {
    checking_ = false;
    selected_ = from;
    next_check_ = now + kConsentInterval;
  }
  checks_.clear();
}

// A full agent checks us too. We are controlling; should it believe to be so
// as well, it must give way (RFC 8445 s7.3.1.1).
void IceClient::AnswerCheck(const ice::StunMessage& check,
                            const ice::SocketAddress& from,
                            ice::DatagramSink& sink) {
  if (check.AddressedUfrag() != local_.ufrag ||
      !check.VerifyIntegrity(local_.pwd)) {
    return;
  }
  std::array<uint8_t, 256> buffer;
  const bool conflict = check.ice_controlling.has_value();
  ice::StunWriter writer(
      buffer, conflict ? ice::StunClass::kError : ice::StunClass::kSuccess,
      check.transaction_id);
  if (conflict) {
    writer.AddErrorCode(487, "Role Conflict");
  } else {
    writer.AddMappedAddress(from);
  }
  writer.AddIntegrity(local_.pwd);
  writer.AddFingerprint();
  if (writer.ok()) sink.SendDatagram(from, writer.written());
}

void IceClient::HandleTimeout(rtp::Timestamp now, ice::DatagramSink& sink) {
  if (now < next_check_) return;
  if (now - last_answer_ >= kConsentTimeout) {
    lost_ = true;
    next_check_ = rtp::kNever;
    return;
  }
  if (!checking_) {
    SendCheck(now, *selected_, sink);
    next_check_ = now + kConsentInterval;
    return;
  }
  const size_t sent = next_candidate_++;
  SendCheck(now, candidates_[sent % candidates_.size()], sink);
  next_check_ = now + std::min(kCheckInterval * static_cast<int>(1 + sent / 10),
                               kSlowest);
}

void IceClient::SendCheck(rtp::Timestamp now, const ice::SocketAddress& to,
                          ice::DatagramSink& sink) {
  ice::StunTransactionId id;
  random_.Fill(id);
  if (checks_.size() >= kMaxUnanswered) checks_.clear();
  checks_.emplace(id, Check{to, now});
  std::array<uint8_t, 256> buffer;
  ice::StunWriter writer(buffer, ice::StunClass::kRequest, id);
  writer.AddUsername(remote_.ufrag + ":" + local_.ufrag);
  writer.AddPriority(kPriority);
  writer.AddIceControlling(tie_breaker_);
  writer.AddUseCandidate();
  writer.AddIntegrity(remote_.pwd);
  writer.AddFingerprint();
  if (writer.ok()) sink.SendDatagram(to, writer.written());
}

}  // namespace bot
