// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "ice/datagram_sink.h"
#include "ice/dtls_association.h"
#include "ice/dtls_endpoint.h"
#include "ice/ice_lite_agent.h"
#include "ice/socket_address.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/srtp_keys.h"
#include "rtp/base/time.h"

namespace ice {

// ICE-lite and DTLS of one 5-tuple-to-be: answers checks, follows nomination,
// shakes hands over the validated path, verifies the certificate, watches
// consent. Knows no RTP: SRTP datagrams go elsewhere, their authenticity is
// reported back by OnMediaAuthenticated(). Sans-IO; thread-compatible.
class Transport {
 public:
  enum class State : uint8_t {
    kConnecting,  // ICE, DTLS or the fingerprint is missing
    kConnected,   // keys() is there; media may pass
    kFailed,      // failure() says why; nothing is sent any more
  };
  enum class Failure : uint8_t {
    kNone,
    kConnectTimeout,  // not connected kConnectTimeout after the start
    // The last handshake failed, by another certificate than was signalled or
    // else. Tells of a finished one at once, of any other at the timeout.
    kFingerprintMismatch,
    kDtlsFailed,    // also: a fatal alert from the peer
    kConsentLost,   // nothing authenticated for kConsentTimeout
    kClosedByPeer,  // DTLS close_notify
  };

  static constexpr rtp::TimeDelta kConnectTimeout = std::chrono::seconds(30);
  static constexpr rtp::TimeDelta kConsentTimeout = std::chrono::seconds(30);
  static constexpr rtp::TimeDelta kSilenceTimeout = std::chrono::seconds(15);
  // A peer that says nothing is asked whether it is there, so often.
  static constexpr rtp::TimeDelta kAskInterval = std::chrono::seconds(5);

  // So many failed handshakes a transport gets over. More than chance or a few
  // spoofed datagrams cause, and still a bound to what they cost us (T6, T7).
  static constexpr int kMaxDtlsRestarts = 100;

  // `identity` must outlive the transport.
  Transport(rtp::Timestamp now, const rtp::TransportSpec& spec,
            const DtlsIdentity& identity);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // A STUN message from `from`. Returns true if it was authentic; only then
  // may the caller remember `from` as an address of this transport. Whatever
  // is not authentic is not answered and changes nothing.
  bool HandleStun(rtp::Timestamp now, const SocketAddress& from,
                  std::span<const uint8_t> datagram, DatagramSink& sink);
  // A DTLS record from `from`; ignored unless `from` was validated.
  void HandleDtls(rtp::Timestamp now, const SocketAddress& from,
                  std::span<const uint8_t> datagram, DatagramSink& sink);
  // An SRTP or SRTCP packet from `from` proved authentic (decisions.md s1.1).
  // Does not move the address. Ends the DTLS association, which the peer needs
  // no longer.
  void OnMediaAuthenticated(rtp::Timestamp now);

  // Signalled late (transport-info): taken once, a second one is refused.
  // Returns false if refused.
  bool SetRemoteFingerprint(rtp::Timestamp now,
                            const rtp::CertificateFingerprint& fingerprint,
                            DatagramSink& sink);
  void SetRemoteCredentials(const rtp::IceCredentials& remote);
  // ICE restart (RFC 8445 s9): the old credentials stay valid for 3 s.
  void RestartIce(rtp::Timestamp now, const rtp::IceCredentials& local,
                  const rtp::IceCredentials& remote);

  State state() const;
  Failure failure() const;
  // Nothing authenticated was heard for kSilenceTimeout.
  bool silent() const;
  // Where to send: the latest validated nominated pair, before a nomination
  // any validated address; nothing before that.
  const std::optional<SocketAddress>& remote_address() const;
  // Present once kConnected.
  const std::optional<rtp::SrtpKeys>& keys() const;

  rtp::Timestamp NextDeadline() const;
  void HandleTimeout(rtp::Timestamp now, DatagramSink& sink);
  // Says goodbye (DTLS close_notify) where there is a DTLS association left.
  void Close(rtp::Timestamp now, DatagramSink& sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ice
