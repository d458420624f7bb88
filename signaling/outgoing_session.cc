// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/outgoing_session.h"

#include <algorithm>
#include <utility>

#include "signaling/codec_choice.h"
#include "signaling/namespaces.h"
#include "signaling/negotiate.h"
#include "signaling/offer.h"

namespace signaling {
namespace {

StanzaError OutOfOrder() {
  return {"wait", "unexpected-request", "out-of-order", ""};
}

JingleReason Because(std::string condition, std::string text) {
  JingleReason reason;
  reason.condition = std::move(condition);
  reason.text = std::move(text);
  return reason;
}

}  // namespace

OutgoingSession::OutgoingSession(std::string sid, std::string initiator,
                                 rtp::ConferenceId conference,
                                 std::vector<Shown> sources,
                                 MediaControl& media)
    : sid_(std::move(sid)),
      initiator_(std::move(initiator)),
      sources_(std::move(sources)),
      media_(media) {
  spec_.conference = conference;
}

OutgoingSession::~OutgoingSession() { Close(rtp::Timestamp()); }

void OutgoingSession::Close(rtp::Timestamp now) {
  state_ = State::kEnded;
  if (std::exchange(has_peer_, false)) media_.RemovePeer(now, spec_.peer);
}

std::optional<JingleMessage> OutgoingSession::Initiate() {
  PeerAllocation allocation = media_.AllocatePeer(spec_.conference, 1);
  if (allocation.transports.empty()) return std::nullopt;
  has_peer_ = true;
  spec_.peer = allocation.peer;
  spec_.cname = allocation.cname;
  local_ = std::move(allocation.transports.front());
  if (local_.fingerprint) local_.fingerprint->setup = DtlsSetup::kActpass;

  JingleMessage message;
  message.action = JingleAction::kSessionInitiate;
  message.sid = sid_;
  message.initiator = initiator_;
  ContentGroup group{"BUNDLE", {}};
  for (const Shown& shown : sources_) {
    rtp::ContentSpec spec;
    spec.name = std::to_string(spec_.contents.size());
    spec.kind = shown.kind;
    spec.slot = rtp::SlotSpec{media_.AllocateSsrc(), media_.AllocateSsrc()};
    Content content;
    content.name = spec.name;
    content.senders = Senders::kInitiator;
    content.description_ns = ns::kRtp;
    content.description = OfferDescription(spec.kind, *spec.slot,
                                           "slot-" + spec.name, spec_.cname);
    content.transport_ns = ns::kIceUdp;
    content.transport = local_;
    group.contents.push_back(spec.name);
    offer_.contents.push_back(std::move(content));
    spec_.contents.push_back(std::move(spec));
  }
  offer_.groups.push_back(std::move(group));
  message.description = offer_;
  return message;
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
        return StanzaError{"modify", "feature-not-implemented",
                           "unsupported-info", ""};
      }
      return std::nullopt;
    case JingleAction::kDescriptionInfo:
    case JingleAction::kSecurityInfo:
      return std::nullopt;
    case JingleAction::kSessionInitiate:
      // Both begin a session of this name: inside a session the initiator
      // wins, and that is us.
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

std::optional<JingleReason> OutgoingSession::TakeAnswer(
    const SessionDescription& answer) {
  rtp::TransportSpec transport;
  transport.local = {local_.ufrag, local_.pwd};
  std::vector<rtp::ContentSpec> contents;
  for (rtp::ContentSpec& spec : spec_.contents) {
    const auto answered = std::find_if(
        answer.contents.begin(), answer.contents.end(),
        [&](const Content& content) { return content.name == spec.name; });
    if (answered == answer.contents.end() || !answered->description) {
      return Because("failed-application", "a content was not answered");
    }
    if (answered->transport && answered->transport->fingerprint &&
        !transport.remote_fingerprint) {
      const Fingerprint& fingerprint = *answered->transport->fingerprint;
      if (!IsKnownHash(fingerprint) ||
          (fingerprint.setup != DtlsSetup::kActive &&
           fingerprint.setup != DtlsSetup::kPassive)) {
        return Because("security-error",
                       "an answer needs a fingerprint of sha-1 to sha-512 and "
                       "setup active or passive");
      }
      transport.remote_fingerprint =
          rtp::CertificateFingerprint{fingerprint.hash, fingerprint.digest};
      transport.dtls_role = *fingerprint.setup == DtlsSetup::kActive
                                ? rtp::DtlsRole::kPassive
                                : rtp::DtlsRole::kActive;
      transport.remote = {answered->transport->ufrag, answered->transport->pwd};
    }
    if (!answered->description->rtcp_mux) {
      return Because("failed-application",
                     "RTCP must share the port of RTP (rtcp-mux)");
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
  if (!transport.remote_fingerprint) {
    JingleReason reason = Because("security-error", "DTLS-SRTP is required");
    reason.application_condition = "crypto-required";
    reason.application_ns = ns::kRtpErrors;
    return reason;
  }
  const bool bundled =
      spec_.contents.size() == 1 ||
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
  spec_.transports = {std::move(transport)};
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
    const bool known =
        std::any_of(offer_.contents.begin(), offer_.contents.end(),
                    [&](const Content& c) { return c.name == content.name; });
    if (!known)
      return StanzaError{"modify", "bad-request", "", "no such content"};
  }
  // Candidates are of no use to a lite agent, before the answer least of all.
  if (state_ != State::kActive) return std::nullopt;
  rtp::TransportSpec& transport = spec_.transports.front();
  for (const Content& content : message.description.contents) {
    if (!content.transport || content.transport->ufrag.empty() ||
        content.transport->pwd.empty()) {
      continue;
    }
    const rtp::IceCredentials remote{content.transport->ufrag,
                                     content.transport->pwd};
    if (transport.remote == remote) continue;
    IceTransport fresh = media_.RestartIce(now, spec_.peer, 0, remote);
    if (fresh.ufrag.empty()) return std::nullopt;
    fresh.fingerprint = local_.fingerprint;
    if (fresh.fingerprint) {
      fresh.fingerprint->setup = SetupOf(transport.dtls_role);
    }
    transport.remote = remote;
    transport.local = {fresh.ufrag, fresh.pwd};
    local_ = std::move(fresh);
    JingleMessage info;
    info.action = JingleAction::kTransportInfo;
    info.sid = sid_;
    for (const Content& offered : offer_.contents) {
      Content named;
      named.name = offered.name;
      named.transport = local_;
      info.description.contents.push_back(std::move(named));
    }
    out.requests.push_back(std::move(info));
  }
  return std::nullopt;
}

}  // namespace signaling
