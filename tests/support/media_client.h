// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ice/certificate.h"
#include "ice/datagram_kind.h"
#include "ice/dtls_endpoint.h"
#include "ice/socket_address.h"
#include "ice/stun_message.h"
#include "rtp/base/peer_spec.h"
#include "rtp/rtp_packet.h"
#include "rtp/srtp_session.h"
#include "tests/ice/raw_dtls_peer.h"

namespace support {

// The far end of one transport: checks, shakes hands, protects. Just enough of
// a client to drive a worker from memory.
class MediaClient {
 public:
  MediaClient(const ice::SocketAddress& address,
              const ice::Certificate& certificate, rtp::DtlsRole role)
      : address_(address), certificate_(certificate), role_(role) {}

  const ice::SocketAddress& address() const { return address_; }
  void set_address(const ice::SocketAddress& address) { address_ = address; }

  // What the server must be told of us, and we of it.
  rtp::TransportSpec MakeSpec(const std::string& name) {
    local_ = {name + "-remote-ufrag", name + "-remote-password-123456"};
    remote_ = {name + "-ufrag", name + "-password-12345678901"};
    rtp::TransportSpec spec;
    spec.local = remote_;
    spec.remote = local_;
    spec.dtls_role = role_ == rtp::DtlsRole::kActive ? rtp::DtlsRole::kPassive
                                                     : rtp::DtlsRole::kActive;
    spec.remote_fingerprint =
        rtp::CertificateFingerprint{"sha-256", certificate_.sha256()};
    return spec;
  }

  // A connectivity check with USE-CANDIDATE.
  std::vector<uint8_t> Check() {
    std::array<uint8_t, 256> buffer;
    ice::StunWriter writer(buffer, ice::StunClass::kRequest,
                           {1, 2, 3, ++transaction_});
    writer.AddUsername(remote_.ufrag + ":" + local_.ufrag);
    writer.AddPriority(1);
    writer.AddIceControlling(7);
    writer.AddUseCandidate();
    writer.AddIntegrity(remote_.pwd);
    writer.AddFingerprint();
    return {writer.written().begin(), writer.written().end()};
  }

  // Offers these SRTP profiles only, in OpenSSL's words (RFC 5764 s4.1.2).
  void set_srtp_profiles(const char* profiles) { profiles_ = profiles; }

  void StartDtls(rtp::Timestamp now,
                 const std::vector<uint8_t>& server_digest) {
    if (profiles_ != nullptr) {
      ice::RawDtlsOptions options;
      options.srtp_profiles = profiles_;
      options.certificate = &certificate_;
      raw_dtls_ = std::make_unique<ice::RawDtlsPeer>(options);
      raw_dtls_->Handle({});
      return;
    }
    dtls_ = std::make_unique<ice::DtlsEndpoint>(certificate_, role_);
    dtls_->SetRemoteFingerprint({"sha-256", server_digest});
    dtls_->Start(now);
  }
  // A datagram from the server. What is to be answered is in `to_send`.
  void Handle(rtp::Timestamp now, std::span<const uint8_t> datagram) {
    const ice::DatagramKind kind = ice::ClassifyDatagram(datagram);
    if (kind == ice::DatagramKind::kStun) ++stun_answers;
    if (kind == ice::DatagramKind::kDtls && raw_dtls_) {
      raw_dtls_->Handle(datagram);
      if (!srtp_ && raw_dtls_->done()) srtp_.emplace(RawKeys());
    }
    if (kind == ice::DatagramKind::kDtls && dtls_) {
      dtls_->HandleDatagram(now, datagram);
      if (!srtp_ && dtls_->keys()) srtp_.emplace(*dtls_->keys());
    }
    std::vector<uint8_t> plain(datagram.size());
    if (srtp_ && kind == ice::DatagramKind::kRtp) {
      const auto result = srtp_->UnprotectRtp(datagram, plain);
      if (result.status != rtp::SrtpStatus::kOk) ++rejected;
      plain.resize(result.size);
      if (!plain.empty()) rtp_received.push_back(std::move(plain));
    } else if (srtp_ && kind == ice::DatagramKind::kRtcp) {
      const auto result = srtp_->UnprotectRtcp(datagram, plain);
      if (result.status != rtp::SrtpStatus::kOk) ++rejected;
      plain.resize(result.size);
      if (!plain.empty()) rtcp_received.push_back(std::move(plain));
    }
  }
  std::vector<std::vector<uint8_t>> TakeDtls() {
    if (raw_dtls_) {
      std::vector<uint8_t> flight = raw_dtls_->Take();
      if (flight.empty()) return {};
      return {std::move(flight)};
    }
    return dtls_ ? dtls_->TakeDatagrams() : std::vector<std::vector<uint8_t>>();
  }
  bool connected() const { return srtp_.has_value(); }
  rtp::SrtpProfile profile() const { return dtls_->keys()->profile; }

  std::vector<uint8_t> ProtectRtp(std::vector<uint8_t> packet, uint32_t roc) {
    const size_t header = *rtp::RtpHeaderSize(packet);
    packet.resize(packet.size() + srtp_->rtp_overhead());
    srtp_->ProtectRtp(packet, header, roc);
    return packet;
  }
  std::vector<uint8_t> ProtectRtcp(std::vector<uint8_t> packet) {
    packet.resize(packet.size() + srtp_->rtcp_overhead());
    srtp_->ProtectRtcp(packet);
    return packet;
  }

  int stun_answers = 0;
  int rejected = 0;  // what did not authenticate
  std::vector<std::vector<uint8_t>> rtp_received;
  std::vector<std::vector<uint8_t>> rtcp_received;

 private:
  // RFC 5764 s4.2: both keys, the client's first, then both salts.
  rtp::SrtpKeys RawKeys() {
    constexpr char kLabel[] = "EXTRACTOR-dtls_srtp";
    rtp::SrtpKeys keys;
    if (SSL_get_selected_srtp_profile(raw_dtls_->ssl())->id ==
        SRTP_AES128_CM_SHA1_80) {
      keys.profile = rtp::SrtpProfile::kAesCm128HmacSha1_80;
    }
    const size_t key = rtp::SrtpKeySize(keys.profile);
    const size_t salt = rtp::SrtpSaltSize(keys.profile);
    std::vector<uint8_t> material(2 * (key + salt));
    SSL_export_keying_material(raw_dtls_->ssl(), material.data(),
                               material.size(), kLabel, sizeof(kLabel) - 1,
                               nullptr, 0, 0);
    const uint8_t* from = material.data();
    for (rtp::SrtpMasterKey* side : {&keys.local, &keys.remote}) {
      std::copy_n(from, key, side->key.begin());
      from += key;
    }
    for (rtp::SrtpMasterKey* side : {&keys.local, &keys.remote}) {
      std::copy_n(from, salt, side->salt.begin());
      from += salt;
    }
    return keys;
  }

  ice::SocketAddress address_;
  const ice::Certificate& certificate_;
  const rtp::DtlsRole role_;
  rtp::IceCredentials local_;
  rtp::IceCredentials remote_;
  uint8_t transaction_ = 0;
  const char* profiles_ = nullptr;
  std::unique_ptr<ice::DtlsEndpoint> dtls_;
  std::unique_ptr<ice::RawDtlsPeer> raw_dtls_;
  std::optional<rtp::SrtpSession> srtp_;
};

}  // namespace support
