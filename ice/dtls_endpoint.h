// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ice/certificate.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/srtp_keys.h"
#include "rtp/base/time.h"

namespace ice {

// One DTLS 1.2 association over datagrams that are handed in and out, for its
// SRTP keys (RFC 5764). The peer's certificate is judged by its signalled
// fingerprint alone; keys appear only after that matched. OpenSSL keeps its own
// clock for retransmission; its deadlines are told in ours.
class DtlsEndpoint {
 public:
  enum class State : uint8_t {
    kHandshaking,  // or waiting for the fingerprint to be signalled
    kConnected,    // keys() is there
    kFailed,       // handshake, profile or an authentic fatal alert
    kMismatch,     // the certificate is not the signalled one
    kClosed,       // the peer said goodbye
  };
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
  ~DtlsEndpoint();
  DtlsEndpoint(const DtlsEndpoint&) = delete;
  DtlsEndpoint& operator=(const DtlsEndpoint&) = delete;

  // Begins the handshake if ours is the active role.
  void Start(rtp::Timestamp now);
  void HandleDatagram(rtp::Timestamp now, std::span<const uint8_t> datagram);
  // The fingerprint that the peer's certificate must have.
  void SetRemoteFingerprint(const rtp::CertificateFingerprint& fingerprint);
  // An authentic SRTP or SRTCP packet came: the peer finished the handshake.
  void OnPeerHasKeys();
  // Tells the peer that we go (close_notify).
  void Close();

  State state() const { return state_; }
  const std::optional<rtp::SrtpKeys>& keys() const { return keys_; }
  // Whoever we talk to sees what we send. Without that a failure or a mismatch
  // may be the work of somebody who only writes in the peer's name.
  bool handshake_done() const { return handshake_done_; }

  // Datagrams to send, in order; the caller takes them after every call.
  std::vector<std::vector<uint8_t>> TakeDatagrams();

  rtp::Timestamp NextDeadline() const { return deadline_; }
  void HandleTimeout(rtp::Timestamp now);

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
