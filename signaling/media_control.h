// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "signaling/session_description.h"

namespace signaling {

// What the media plane hands out for one peer before anything is answered, so
// that the answer is complete without asking a worker.
struct PeerAllocation {
  rtp::PeerId peer;
  // One per transport asked for: our credentials, our fingerprint (setup left
  // empty) and our candidates.
  std::vector<IceTransport> transports;
  std::string cname;
};

enum class PeerFailure : uint8_t {
  kConnectTimeout,       // ICE or DTLS did not finish in 30 s
  kFingerprintMismatch,  // the certificate is not the signalled one
  kDtlsFailed,
  kConsentLost,   // nothing authenticated came for 30 s (RFC 7675)
  kClosedByPeer,  // DTLS close_notify
};

// A slot of a subscriber and what fills it; source 0: nothing.
struct SlotFill {
  std::string content;
  rtp::SourceId source;
  bool operator==(const SlotFill&) const = default;
};

// Facts from the media plane, told to the focus.
class MediaObserver {
 public:
  virtual ~MediaObserver() = default;
  // ICE and DTLS of all transports are up.
  virtual void OnPeerConnected(rtp::Timestamp now, rtp::PeerId peer) = 0;
  // The peer is of no use any more; the focus ends its session and calls
  // RemovePeer.
  virtual void OnPeerFailed(rtp::Timestamp now, rtp::PeerId peer,
                            PeerFailure why) = 0;
  // Nothing authenticated heard for 15 s, or heard again.
  virtual void OnPeerSilent(rtp::Timestamp now, rtp::PeerId peer,
                            bool silent) = 0;
  virtual void OnSlotsChanged(rtp::Timestamp now, rtp::PeerId peer,
                              const std::vector<SlotFill>& slots) = 0;
  // `dominant` may be 0 (nobody has spoken yet).
  virtual void OnSpeakersChanged(
      rtp::Timestamp now, rtp::ConferenceId conference, rtp::SourceId dominant,
      const std::vector<rtp::SourceId>& speaking) = 0;
};

// What the focus asks of the media plane. Calls are one-way and never block;
// sfu/media_controller implements it with rings to the workers, tests with a
// recorder. Thread-compatible (the control thread).
class MediaControl {
 public:
  virtual ~MediaControl() = default;

  // Places a new peer of `conference` on a worker and draws its identity and
  // `transports` sets of local parameters. Returns an empty `transports` when
  // the server takes no more peers.
  virtual PeerAllocation AllocatePeer(rtp::ConferenceId conference,
                                      size_t transports) = 0;
  // More transports for a peer (a content-add without BUNDLE); same form.
  virtual std::vector<IceTransport> AllocateTransports(rtp::PeerId peer,
                                                       size_t count) = 0;
  // An SSRC that no stream of this process has.
  virtual rtp::Ssrc AllocateSsrc() = 0;

  // Begins to serve an allocated peer. `spec.transports[i].local` are the
  // credentials of allocation i.
  virtual void AddPeer(rtp::Timestamp now, rtp::PeerSpec spec) = 0;
  // Contents and transports as they are now, complete; what is the same is
  // untouched, known transports keep their index.
  virtual void UpdatePeer(rtp::Timestamp now, rtp::PeerSpec spec) = 0;
  // The subscriber's wishes.
  virtual void SetReceive(rtp::Timestamp now, rtp::PeerId peer,
                          rtp::ReceiveSpec receive) = 0;
  // An ICE restart (RFC 8445 s9) of one transport: draws new local parameters
  // and takes the remote ones; the old ones stay valid for 3 s.
  virtual IceTransport RestartIce(rtp::Timestamp now, rtp::PeerId peer,
                                  size_t transport,
                                  rtp::IceCredentials remote) = 0;
  // Stops at once: nothing more is sent to the peer or taken from it. Also
  // gives back an allocation that was never added.
  virtual void RemovePeer(rtp::Timestamp now, rtp::PeerId peer) = 0;
};

}  // namespace signaling
