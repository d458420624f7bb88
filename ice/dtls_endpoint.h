// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ice/certificate.h"
#include "ice/dtls_association.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/srtp_keys.h"
#include "rtp/base/time.h"

namespace ice {

// DTLS 1.2 by OpenSSL, which keeps its own clock for retransmission; its
// deadlines are told in ours.
class DtlsEndpoint : public DtlsAssociation {
 public:
  static constexpr size_t kMtu = 1200;
  // OpenSSL's state is large. It stays while the peer may still miss our last
  // flight: until OnPeerHasKeys(), or this long after the handshake, as long
  // as a peer is given to connect. No goodbye is said or heard once it went.
  static constexpr rtp::TimeDelta kLinger = std::chrono::seconds(30);
  // More datagrams with something for OpenSSL than any handshake takes, from
  // one peer (T7).
  static constexpr int kMaxDatagrams = 512;

  // `certificate` must outlive the endpoint.
  DtlsEndpoint(const Certificate& certificate, rtp::DtlsRole role);
  ~DtlsEndpoint() override;
  DtlsEndpoint(const DtlsEndpoint&) = delete;
  DtlsEndpoint& operator=(const DtlsEndpoint&) = delete;

  // DtlsAssociation
  void Start(rtp::Timestamp now) override;
  void HandleDatagram(rtp::Timestamp now,
                      std::span<const uint8_t> datagram) override;
  void SetRemoteFingerprint(
      const rtp::CertificateFingerprint& fingerprint) override;
  void OnPeerHasKeys() override;
  void Close() override;
  State state() const override { return state_; }
  const std::optional<rtp::SrtpKeys>& keys() const override { return keys_; }
  bool handshake_done() const override { return handshake_done_; }
  std::vector<std::vector<uint8_t>> TakeDatagrams() override;
  rtp::Timestamp NextDeadline() const override { return deadline_; }
  void HandleTimeout(rtp::Timestamp now) override;

 private:
  struct Association;

  void Advance(rtp::Timestamp now);
  void OnHandshakeDone();
  void OnSslError(int error);
  bool IsSignalled(x509_st* certificate) const;
  void CheckFingerprint();
  void LetGo();
  bool ExportKeys();
  void Schedule(rtp::Timestamp now);

  const rtp::DtlsRole role_;
  std::unique_ptr<Association> association_;  // null once let go
  State state_ = State::kHandshaking;
  bool handshake_done_ = false;
  int datagrams_ = 0;
  std::optional<rtp::CertificateFingerprint> fingerprint_;
  std::optional<rtp::SrtpKeys> exported_;  // until the fingerprint matched
  std::optional<rtp::SrtpKeys> keys_;
  rtp::Timestamp let_go_ = rtp::kNever;
  rtp::Timestamp deadline_ = rtp::kNever;
};

}  // namespace ice
