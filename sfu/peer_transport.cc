// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/peer_transport.h"

#include <cstring>

namespace sfu {

bool PeerTransport::TakeKeys() {
  if (srtp_ || !ice_.keys()) return false;
  srtp_.emplace(*ice_.keys());
  return true;
}

std::span<uint8_t> PeerTransport::BeginRtp(size_t plain_size, Outbox& outbox) {
  if (!ready()) return {};
  return outbox.Append(egress_, *ice_.remote_address(),
                       plain_size + srtp_->rtp_overhead());
}

bool PeerTransport::SendRtcp(std::span<const uint8_t> compound,
                             Outbox& outbox) {
  if (compound.empty() || !ready()) return false;
  const std::span<uint8_t> place =
      outbox.Append(egress_, *ice_.remote_address(),
                    compound.size() + srtp_->rtcp_overhead());
  if (place.empty()) return false;
  std::memcpy(place.data(), compound.data(), compound.size());
  srtp_->ProtectRtcp(place);
  return true;
}

}  // namespace sfu
