// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/outgoing_session.h"

#include <algorithm>
#include <utility>

#include "signaling/codec_choice.h"
#include "signaling/ice_restart.h"
#include "signaling/namespaces.h"
#include "signaling/negotiate.h"
#include "signaling/offer.h"
#include "signaling/stanza_errors.h"

namespace signaling {
OutgoingSession::OutgoingSession(std::string sid, std::string initiator,
                                 rtp::ConferenceId conference,
                                 std::vector<Shown> sources,
                                 Transports transports, MediaControl& media)
    : sid_(std::move(sid)),
      initiator_(std::move(initiator)),
      sources_(std::move(sources)),
      transports_(transports),
      media_(media) {
  spec_.conference = conference;
}

OutgoingSession::~OutgoingSession() { Close(rtp::Timestamp()); }

void OutgoingSession::Close(rtp::Timestamp now) {
  state_ = State::kEnded;
  if (std::exchange(has_peer_, false)) media_.RemovePeer(now, spec_.peer);
}

std::optional<JingleMessage> OutgoingSession::Initiate() {
  PeerAllocation allocation =
      media_.AllocatePeer(spec_.conference, is_bundle() ? 1 : sources_.size());
  if (allocation.transports.empty()) return std::nullopt;
  has_peer_ = true;
  spec_.peer = allocation.peer;
  spec_.cname = allocation.cname;
  local_ = std::move(allocation.transports);
  for (IceTransport& local : local_) {
    if (local.fingerprint) local.fingerprint->setup = DtlsSetup::kActpass;
    rtp::TransportSpec transport;
    transport.local = {local.ufrag, local.pwd};
    spec_.transports.push_back(std::move(transport));
  }

  JingleMessage message;
  message.action = JingleAction::kSessionInitiate;
  message.sid = sid_;
  message.initiator = initiator_;
  ContentGroup group{"BUNDLE", {}};
  for (const Shown& shown : sources_) {
    const size_t index = spec_.contents.size();
    rtp::ContentSpec spec;
    spec.name = std::to_string(index);
    spec.kind = shown.kind;
    spec.transport = static_cast<uint8_t>(is_bundle() ? 0 : index);
    spec.slot = rtp::SlotSpec{media_.AllocateSsrc(), media_.AllocateSsrc()};
    Content content;
    content.name = spec.name;
    content.senders = Senders::kInitiator;
    content.description_ns = ns::kRtp;
    content.description =
        is_bundle() ? OfferDescription(spec.kind, *spec.slot,
                                       "slot-" + spec.name, spec_.cname)
                    : OfferPlainDescription(spec.kind);
    content.transport_ns = ns::kIceUdp;
    content.transport = local_[spec.transport];
    group.contents.push_back(spec.name);
    offer_.contents.push_back(std::move(content));
    spec_.contents.push_back(std::move(spec));
  }
  if (is_bundle()) offer_.groups.push_back(std::move(group));
  message.description = offer_;
  return message;
}

std::optional<size_t> OutgoingSession::IndexOf(const std::string& name) const {
  const auto it =
      std::find_if(offer_.contents.begin(), offer_.contents.end(),
                   [&](const Content& c) { return c.name == name; });
  if (it == offer_.contents.end()) return std::nullopt;
  return static_cast<size_t>(it - offer_.contents.begin());
}

void OutgoingSession::Terminate(rtp::Timestamp now, JingleReason reason,
                                SessionOutbox& out) {
  if (state_ == State::kEnded) return;
  Close(now);
  JingleMessage message;
  message.action = JingleAction::kSessionTerminate;
  message.sid = sid_;
  message.reason = std::move(reason);
  out.requests.push_back(std::move(message));
  out.ended = true;
}

std::optional<StanzaError> OutgoingSession::HandleRequest(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  if (state_ == State::kEnded) return OutOfOrder();
  switch (message.action) {
    case JingleAction::kSessionTerminate:
      Close(now);
      out.ended = true;
      return std::nullopt;
    case JingleAction::kSessionAccept:
      return HandleAccept(now, message, out);
    case JingleAction::kTransportInfo:
      return HandleTransportInfo(now, message, out);
    case JingleAction::kSessionInfo:
      if (message.info.kind == SessionInfo::Kind::kUnknown) {
        return UnsupportedInfo();
      }
      return std::nullopt;
    case JingleAction::kDescriptionInfo:
    case JingleAction::kSecurityInfo:
      return std::nullopt;
    case JingleAction::kSessionInitiate:
      // Both begin a session of this name: inside a session the initiator
      // wins, and that is us.
      if (state_ == State::kActive) return OutOfOrder();
      return StanzaError{"cancel", "conflict", "tie-break", ""};
    case JingleAction::kContentAdd:
    case JingleAction::kContentModify:
    case JingleAction::kContentRemove:
    case JingleAction::kTransportReplace:
      // What is shown here is what was offered.
      return StanzaError{"cancel", "not-acceptable", "", ""};
    case JingleAction::kContentAccept:
    case JingleAction::kContentReject:
    case JingleAction::kTransportAccept:
    case JingleAction::kTransportReject:
      return OutOfOrder();
  }
  return OutOfOrder();
}

std::optional<JingleReason> OutgoingSession::TakeTransport(
    const Content& answered, rtp::TransportSpec& out) {
  if (!answered.transport || !answered.transport->fingerprint) {
    return CryptoRequired();
  }
  const Fingerprint& fingerprint = *answered.transport->fingerprint;
  if (!IsKnownHash(fingerprint) || (fingerprint.setup != DtlsSetup::kActive &&
                                    fingerprint.setup != DtlsSetup::kPassive)) {
    return Because(
        "security-error",
        "an answer needs a fingerprint of sha-1 to sha-512 and setup "
        "active or passive");
  }
  out.remote_fingerprint =
      rtp::CertificateFingerprint{fingerprint.hash, fingerprint.digest};
  out.dtls_role = *fingerprint.setup == DtlsSetup::kActive
                      ? rtp::DtlsRole::kPassive
                      : rtp::DtlsRole::kActive;
  out.remote = {answered.transport->ufrag, answered.transport->pwd};
  return std::nullopt;
}

std::optional<JingleReason> OutgoingSession::TakeAnswer(
    const SessionDescription& answer) {
  std::vector<rtp::ContentSpec> contents;
  for (const rtp::ContentSpec& spec : spec_.contents) {
    const auto answered = std::find_if(
        answer.contents.begin(), answer.contents.end(),
        [&](const Content& content) { return content.name == spec.name; });
    if (answered == answer.contents.end() || !answered->description) {
      return Because("failed-application", "a content was not answered");
    }
    if (!answered->description->rtcp_mux) {
      return Because("failed-application",
                     "RTCP must share the port of RTP (rtcp-mux)");
    }
    // The first content of a bundle speaks for its transport.
    rtp::TransportSpec& transport = spec_.transports[spec.transport];
    if (!transport.remote_fingerprint) {
      if (auto why = TakeTransport(*answered, transport)) return why;
    }
    if (answered->senders == Senders::kResponder ||
        answered->senders == Senders::kNone) {
      continue;  // it does not want to see this one
    }
    rtp::ContentSpec taken = spec;
    TakeCodecs(*answered->description, taken);
    TakeExtensions(*answered->description, taken);
    if (!taken.codecs.empty()) contents.push_back(std::move(taken));
  }
  const bool bundled =
      spec_.contents.size() == 1 || !is_bundle() ||
      std::any_of(answer.groups.begin(), answer.groups.end(),
                  [&](const ContentGroup& group) {
                    return group.semantics == "BUNDLE" &&
                           group.contents.size() >= spec_.contents.size();
                  });
  if (!bundled) {
    return Because("failed-transport", "the contents share one transport");
  }
  if (contents.empty()) {
    return Because("incompatible-parameters", "no codec in common");
  }
  spec_.contents = std::move(contents);
  return std::nullopt;
}

std::optional<StanzaError> OutgoingSession::HandleAccept(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  if (state_ != State::kPending) return OutOfOrder();
  if (auto why = TakeAnswer(message.description)) {
    Terminate(now, std::move(*why), out);
    return std::nullopt;
  }
  state_ = State::kActive;
  media_.AddPeer(now, spec_);
  rtp::ReceiveSpec receive;
  receive.pins_only = true;
  for (const Shown& shown : sources_) receive.pins.push_back(shown.source);
  media_.SetReceive(now, spec_.peer, std::move(receive));
  return std::nullopt;
}

std::optional<StanzaError> OutgoingSession::HandleTransportInfo(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  for (const Content& content : message.description.contents) {
    if (!IndexOf(content.name)) return BadRequest("no such content");
  }
  // Candidates are of no use to a lite agent, before the answer least of all.
  if (state_ != State::kActive) return std::nullopt;
  for (const Content& content : message.description.contents) {
    const size_t index = is_bundle() ? 0 : *IndexOf(content.name);
    if (!RestartIfChanged(now, content.transport, index, spec_, local_,
                          media_)) {
      continue;
    }
    JingleMessage info;
    info.action = JingleAction::kTransportInfo;
    info.sid = sid_;
    for (size_t i = 0; i < offer_.contents.size(); ++i) {
      if (!is_bundle() && i != index) continue;
      Content named;
      named.name = offer_.contents[i].name;
      named.transport = local_[index];
      info.description.contents.push_back(std::move(named));
    }
    out.requests.push_back(std::move(info));
  }
  return std::nullopt;
}

}  // namespace signaling
