// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/ice_client.h"

#include <array>
#include <utility>

namespace bot {
namespace {

// Peer-reflexive, which is what a checked pair would be (RFC 8445 s5.1.2.1).
constexpr uint32_t kPriority = 110u << 24 | 65535u << 8 | 255u;
constexpr size_t kMaxUnanswered = 64;

}  // namespace

IceClient::IceClient(rtp::RandomSource& random)
    : random_(random), tie_breaker_(random.NextU64()) {
  local_.ufrag = random.NextString(8, rtp::kIceChars);
  local_.pwd = random.NextString(24, rtp::kIceChars);
}

void IceClient::Start(rtp::Timestamp now, rtp::IceCredentials remote,
                      std::vector<ice::SocketAddress> candidates) {
  remote_ = std::move(remote);
  candidates_ = std::move(candidates);
  if (!candidates_.empty()) next_check_ = now;
}

void IceClient::HandleStun(rtp::Timestamp now, const ice::SocketAddress& from,
                           std::span<const uint8_t> datagram) {
  const auto message = ice::StunMessage::Parse(datagram);
  if (!message || message->message_class != ice::StunClass::kSuccess ||
      !message->VerifyIntegrity(remote_.pwd)) {
    return;
  }
  const auto check = checks_.find(message->transaction_id);
  if (check == checks_.end() || check->second != from) return;
  checks_.clear();
  if (!selected_) {
    selected_ = from;
    next_check_ = now + kConsentInterval;
  }
}

void IceClient::HandleTimeout(rtp::Timestamp now, ice::DatagramSink& sink) {
  if (now < next_check_) return;
  if (selected_) {
    SendCheck(*selected_, sink);
    next_check_ = now + kConsentInterval;
    return;
  }
  SendCheck(candidates_[next_candidate_++ % candidates_.size()], sink);
  next_check_ = now + kCheckInterval;
}

void IceClient::SendCheck(const ice::SocketAddress& to,
                          ice::DatagramSink& sink) {
  ice::StunTransactionId id;
  random_.Fill(id);
  if (checks_.size() >= kMaxUnanswered) checks_.clear();
  checks_.emplace(id, to);
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
