// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ice/transport.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "rtp/srtp_session.h"
#include "rtp/twcc_recorder.h"
#include "sfu/outbox.h"

namespace sfu {

// One transport of a peer on its worker: the ICE and DTLS association, SRTP in
// both directions, and the way out. Everything that leaves here is encrypted,
// and nothing leaves before the keys are there and consent is fresh.
class PeerTransport {
 public:
  PeerTransport(rtp::Timestamp now, const rtp::TransportSpec& spec,
                const ice::DtlsIdentity& identity)
      : ice_(now, spec, identity) {}
  PeerTransport(const PeerTransport&) = delete;
  PeerTransport& operator=(const PeerTransport&) = delete;

  ice::Transport& ice() { return ice_; }
  const ice::Transport& ice() const { return ice_; }
  // Null until the handshake is done.
  rtp::SrtpSession* srtp() { return srtp_ ? &*srtp_ : nullptr; }
  // Takes the keys if they are there. Returns true the first time.
  bool TakeKeys();

  // Keys and a path are there.
  bool ready() const {
    return srtp_ && ice_.state() == ice::Transport::State::kConnected &&
           ice_.remote_address();
  }
  // A place for an RTP packet of `plain_size` bytes and its tag: to be filled
  // up to `plain_size` and handed to FinishRtp() at once. Empty if nothing may
  // be sent now.
  std::span<uint8_t> BeginRtp(size_t plain_size, Outbox& outbox);
  void FinishRtp(std::span<uint8_t> packet, size_t header_size, uint32_t roc) {
    srtp_->ProtectRtp(packet, header_size, roc);
  }
  // Sends a compound. Returns false if nothing may be sent now.
  bool SendRtcp(std::span<const uint8_t> compound, Outbox& outbox);

  // The next transport-wide sequence number of what we send.
  uint16_t NextTransportSeq() { return next_transport_seq_++; }
  rtp::TwccRecorder& twcc() { return twcc_; }

  // Where the worker remembers the addresses of this transport.
  static constexpr size_t kMaxAddresses = 8;
  std::vector<ice::SocketAddress> addresses;

 private:
  ice::Transport ice_;
  std::optional<rtp::SrtpSession> srtp_;
  Outbox::Egress egress_;
  uint16_t next_transport_seq_ = 1;
  rtp::TwccRecorder twcc_;
};

}  // namespace sfu
