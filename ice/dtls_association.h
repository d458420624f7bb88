// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/srtp_keys.h"
#include "rtp/base/time.h"

namespace ice {

// One DTLS association over datagrams that are handed in and out, for its SRTP
// keys (RFC 5764). The peer's certificate is judged by its signalled
// fingerprint alone; keys appear only after that matched. DtlsEndpoint is the
// real one; a simulation, whose time OpenSSL would not follow, has its own.
class DtlsAssociation {
 public:
  enum class State : uint8_t {
    kHandshaking,  // or waiting for the fingerprint to be signalled
    kConnected,    // keys() is there
    kFailed,       // handshake, profile or an authentic fatal alert
    kMismatch,     // the certificate is not the signalled one
    kClosed,       // the peer said goodbye
  };

  virtual ~DtlsAssociation() = default;

  // Begins the handshake if ours is the active role.
  virtual void Start(rtp::Timestamp now) = 0;
  virtual void HandleDatagram(rtp::Timestamp now,
                              std::span<const uint8_t> datagram) = 0;
  // The fingerprint that the peer's certificate must have.
  virtual void SetRemoteFingerprint(
      const rtp::CertificateFingerprint& fingerprint) = 0;
  // An authentic SRTP or SRTCP packet came: the peer finished the handshake.
  virtual void OnPeerHasKeys() = 0;
  // Tells the peer that we go (close_notify).
  virtual void Close() = 0;

  virtual State state() const = 0;
  virtual const std::optional<rtp::SrtpKeys>& keys() const = 0;
  // Whoever we talk to sees what we send. Without that a failure or a mismatch
  // may be the work of somebody who only writes in the peer's name.
  virtual bool handshake_done() const = 0;

  // Datagrams to send, in order; the caller takes them after every call.
  virtual std::vector<std::vector<uint8_t>> TakeDatagrams() = 0;

  virtual rtp::Timestamp NextDeadline() const = 0;
  virtual void HandleTimeout(rtp::Timestamp now) = 0;
};

// Who we are towards our DTLS peers. Immutable; may be shared between threads.
class DtlsIdentity {
 public:
  virtual ~DtlsIdentity() = default;

  // The SHA-256 digest of the certificate (RFC 8122 s5).
  virtual const std::vector<uint8_t>& sha256() const = 0;
  // The identity must outlive what it makes.
  virtual std::unique_ptr<DtlsAssociation> MakeAssociation(
      rtp::DtlsRole role) const = 0;
};

}  // namespace ice
