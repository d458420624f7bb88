// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "signaling/jingle_message.h"
#include "signaling/jingle_session.h"
#include "signaling/media_control.h"

namespace signaling {

// One Jingle session (XEP-0166) that we initiate, to show a client certain
// sources: a content and a slot for each, the client only receives. Pending
// until the client accepts. Drives a media peer of its own; knows no JIDs.
class OutgoingSession {
 public:
  enum class State : uint8_t { kPending, kActive, kEnded };

  struct Shown {
    rtp::SourceId source;
    rtp::MediaKind kind;
  };

  // How the contents travel: in one BUNDLE group, or each on a transport of its
  // own, with the room's common codecs only, for clients that know no bundles.
  enum class Transports : uint8_t { kBundle, kOnePerContent };

  // `initiator`: our address. At least one source is shown.
  OutgoingSession(std::string sid, std::string initiator,
                  rtp::ConferenceId conference, std::vector<Shown> sources,
                  Transports transports, MediaControl& media);
  ~OutgoingSession();
  OutgoingSession(const OutgoingSession&) = delete;
  OutgoingSession& operator=(const OutgoingSession&) = delete;

  // The session-initiate; nothing if the media plane takes no more peers.
  std::optional<JingleMessage> Initiate();

  // A request of the client. Returns the error to answer the IQ with; nothing
  // means that it is to be acknowledged, before `out` is sent.
  std::optional<StanzaError> HandleRequest(rtp::Timestamp now,
                                           const JingleMessage& message,
                                           SessionOutbox& out);

  // Ends the session from our side.
  void Terminate(rtp::Timestamp now, JingleReason reason, SessionOutbox& out);

  const std::string& sid() const { return sid_; }
  State state() const { return state_; }
  rtp::PeerId peer() const { return spec_.peer; }
  const std::vector<Shown>& sources() const { return sources_; }

 private:
  // Why the answer cannot be used, if so.
  std::optional<JingleReason> TakeAnswer(const SessionDescription& answer);
  static std::optional<JingleReason> TakeTransport(const Content& answered,
                                                   rtp::TransportSpec& out);
  bool is_bundle() const { return transports_ == Transports::kBundle; }
  // Of an offered content.
  std::optional<size_t> IndexOf(const std::string& name) const;
  void Close(rtp::Timestamp now);
  std::optional<StanzaError> HandleAccept(rtp::Timestamp now,
                                          const JingleMessage& message,
                                          SessionOutbox& out);
  std::optional<StanzaError> HandleTransportInfo(rtp::Timestamp now,
                                                 const JingleMessage& message,
                                                 SessionOutbox& out);

  const std::string sid_;
  const std::string initiator_;
  const std::vector<Shown> sources_;
  const Transports transports_;
  MediaControl& media_;
  State state_ = State::kPending;
  bool has_peer_ = false;
  SessionDescription offer_;
  std::vector<IceTransport> local_;  // by transport
  rtp::PeerSpec spec_;
};

}  // namespace signaling
