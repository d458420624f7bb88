// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/jingle_session.h"

#include <algorithm>
#include <utility>

#include "signaling/ice_restart.h"
#include "signaling/limits.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

StanzaError UnknownContent() { return BadRequest("no such content"); }
StanzaError NoContents() { return BadRequest("no contents"); }

// How many transports a session may draw in its life: one that is added keeps
// its index even when no content is left on it.
constexpr size_t kMaxTransports = 2 * limits::kContents;

// What `offer` says of the SSRCs that the peer sends with; nothing changes if
// it says nothing.
bool TakeSsrcs(const RtpDescription& offer, rtp::UplinkSpec& uplink) {
  rtp::UplinkSpec said;
  for (const SsrcGroup& group : offer.ssrc_groups) {
    if (group.semantics != "FID" || group.ssrcs.size() != 2) continue;
    said.ssrcs.push_back(group.ssrcs[0]);
    said.rtx_ssrcs.emplace_back(group.ssrcs[0], group.ssrcs[1]);
  }
  if (said.ssrcs.empty() && !offer.sources.empty()) {
    said.ssrcs.push_back(offer.sources.front().ssrc);
  }
  if (said.ssrcs.empty() && offer.ssrc) said.ssrcs.push_back(*offer.ssrc);
  if (said.ssrcs.empty()) return false;
  uplink.ssrcs = std::move(said.ssrcs);
  uplink.rtx_ssrcs = std::move(said.rtx_ssrcs);
  return true;
}

Content NamedLike(const Content& content) {
  Content named;
  named.name = content.name;
  named.creator = content.creator;
  return named;
}

}  // namespace

JingleSession::JingleSession(std::string sid, std::string responder,
                             rtp::ConferenceId conference, MediaControl& media,
                             NewSource new_source)
    : sid_(std::move(sid)),
      responder_(std::move(responder)),
      media_(media),
      new_source_(std::move(new_source)) {
  spec_.conference = conference;
}

JingleSession::~JingleSession() {
  if (has_peer_) media_.RemovePeer(rtp::Timestamp(), spec_.peer);
}

JingleMessage JingleSession::Request(JingleAction action) const {
  JingleMessage message;
  message.action = action;
  message.sid = sid_;
  return message;
}

JingleMessage JingleSession::TurnAway(JingleAction action,
                                      const std::vector<Content>& contents,
                                      JingleReason reason) const {
  JingleMessage message = Request(action);
  for (const Content& content : contents) {
    message.description.contents.push_back(NamedLike(content));
  }
  message.reason = std::move(reason);
  return message;
}

bool JingleSession::HandleInitiate(rtp::Timestamp now,
                                   const SessionDescription& offer,
                                   SessionOutbox& out) {
  SessionPlan plan = PlanSession(offer);
  if (plan.refused) {
    Terminate(now, *plan.refused, out);
    return true;
  }
  PeerAllocation allocation =
      media_.AllocatePeer(spec_.conference, plan.transports.size());
  if (allocation.transports.empty()) return false;
  has_peer_ = true;
  spec_.peer = allocation.peer;
  spec_.cname = allocation.cname;
  bundle_ = plan.bundle;
  const std::vector<Content> unserved = std::move(plan.unserved);
  JingleReason why_unserved = std::move(plan.why_unserved);
  JingleMessage answer = Request(JingleAction::kSessionAccept);
  answer.responder = responder_;
  Adopt(std::move(plan), std::move(allocation.transports), answer);
  if (bundle_) {
    ContentGroup group{"BUNDLE", {}};
    for (const ContentPlan& content : contents_) {
      group.contents.push_back(content.offer.name);
    }
    answer.description.groups.push_back(std::move(group));
  }
  const SlotCount slots = CountSlots();
  wants_slot_map_ = slots.audio > 1 || slots.video > 1;
  // The worker knows the peer before the peer knows where to send.
  media_.AddPeer(now, spec_);
  state_ = State::kActive;
  out.requests.push_back(std::move(answer));
  if (!unserved.empty()) {
    out.requests.push_back(TurnAway(JingleAction::kContentRemove, unserved,
                                    std::move(why_unserved)));
  }
  out.sources_changed = true;
  return true;
}

JingleSession::SlotCount JingleSession::CountSlots() const {
  SlotCount count;
  for (const ContentPlan& content : contents_) {
    if (!content.receives) continue;
    ++(content.spec.kind == rtp::MediaKind::kAudio ? count.audio : count.video);
  }
  return count;
}

void JingleSession::Adopt(SessionPlan plan,
                          std::vector<IceTransport> transports,
                          JingleMessage& answer) {
  for (size_t i = 0; i < plan.transports.size(); ++i) {
    rtp::TransportSpec& transport = plan.transports[i];
    transport.local = {transports[i].ufrag, transports[i].pwd};
    if (transports[i].fingerprint) {
      transports[i].fingerprint->setup = SetupOf(transport.dtls_role);
    }
    local_.push_back(std::move(transports[i]));
    spec_.transports.push_back(std::move(transport));
  }
  for (ContentPlan& content : plan.contents) {
    FillContent(content);
    answer.description.contents.push_back(AnswerContent(
        content, bundle_, local_[content.spec.transport], spec_.cname));
    spec_.contents.push_back(Served(content));
    contents_.push_back(std::move(content));
  }
}

void JingleSession::FillContent(ContentPlan& plan) {
  if (plan.sends && !plan.spec.uplink) {
    rtp::UplinkSpec uplink;
    uplink.source = new_source_();
    uplink.type = plan.spec.kind == rtp::MediaKind::kAudio
                      ? rtp::SourceType::kMicrophone
                      : rtp::SourceType::kCamera;
    TakeSsrcs(*plan.offer.description, uplink);
    plan.spec.uplink = std::move(uplink);
  }
  if (plan.receives && !plan.spec.slot) {
    rtp::SlotSpec slot;
    slot.ssrc = media_.AllocateSsrc();
    slot.rtx_ssrc = media_.AllocateSsrc();
    plan.spec.slot = slot;
  }
}

rtp::ContentSpec JingleSession::Served(const ContentPlan& plan) const {
  rtp::ContentSpec spec = plan.spec;
  const bool allowed = plan.spec.kind == rtp::MediaKind::kAudio
                           ? rights_.send_audio
                           : rights_.send_video;
  if (!plan.sends || !allowed) spec.uplink.reset();
  if (!plan.receives || !slots_on_) spec.slot.reset();
  if (held_ && spec.uplink) spec.uplink->muted = true;
  return spec;
}

ContentPlan* JingleSession::FindContent(const std::string& name) {
  const auto it =
      std::find_if(contents_.begin(), contents_.end(),
                   [&](const ContentPlan& c) { return c.offer.name == name; });
  return it == contents_.end() ? nullptr : &*it;
}

bool JingleSession::KnowsAll(const SessionDescription& description) {
  return std::all_of(
      description.contents.begin(), description.contents.end(),
      [this](const Content& c) { return FindContent(c.name) != nullptr; });
}

void JingleSession::PushSpec(rtp::Timestamp now) {
  spec_.contents.clear();
  for (const ContentPlan& content : contents_) {
    spec_.contents.push_back(Served(content));
  }
  media_.UpdatePeer(now, spec_);
}

void JingleSession::Terminate(rtp::Timestamp now, JingleReason reason,
                              SessionOutbox& out) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  if (std::exchange(has_peer_, false)) media_.RemovePeer(now, spec_.peer);
  JingleMessage message = Request(JingleAction::kSessionTerminate);
  message.reason = std::move(reason);
  out.requests.push_back(std::move(message));
  out.ended = true;
}

std::optional<StanzaError> JingleSession::HandleRequest(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  if (state_ != State::kActive) return OutOfOrder();
  switch (message.action) {
    case JingleAction::kSessionTerminate:
      state_ = State::kEnded;
      if (std::exchange(has_peer_, false)) media_.RemovePeer(now, spec_.peer);
      out.ended = true;
      return std::nullopt;
    case JingleAction::kContentAdd:
      return HandleContentAdd(now, message, out);
    case JingleAction::kContentModify:
      return HandleContentModify(now, message, out);
    case JingleAction::kContentRemove:
      return HandleContentRemove(now, message, out);
    case JingleAction::kTransportInfo:
      return HandleTransportInfo(now, message, out);
    case JingleAction::kTransportReplace:
      return HandleTransportReplace(now, message, out);
    case JingleAction::kSessionInfo:
      return HandleSessionInfo(now, message, out);
    case JingleAction::kDescriptionInfo:
      HandleDescriptionInfo(now, message);
      return std::nullopt;
    case JingleAction::kSecurityInfo:
      return std::nullopt;
    // Answers to what we never asked, and a second beginning.
    case JingleAction::kSessionInitiate:
    case JingleAction::kSessionAccept:
    case JingleAction::kContentAccept:
    case JingleAction::kContentReject:
    case JingleAction::kTransportAccept:
    case JingleAction::kTransportReject:
      return OutOfOrder();
  }
  return OutOfOrder();
}

std::optional<StanzaError> JingleSession::HandleContentAdd(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  const SessionDescription& addition = message.description;
  if (addition.contents.empty()) return BadRequest("no content to add");
  for (const Content& content : addition.contents) {
    if (FindContent(content.name) != nullptr) {
      return BadRequest("a content of that name exists");
    }
  }
  if (contents_.size() + addition.contents.size() > limits::kContents) {
    return BadRequest("more than 32 contents");
  }
  const SlotCount slots = CountSlots();
  SessionPlan plan = PlanAddition(addition, bundle_, spec_.transports.size(),
                                  slots.audio, slots.video);
  if (plan.refused &&
      plan.refused->application_condition == "crypto-required") {
    return StanzaError{"cancel", "not-acceptable", "security-required", ""};
  }
  std::vector<IceTransport> transports;
  if (!plan.refused && !plan.transports.empty() &&
      spec_.transports.size() + plan.transports.size() <= kMaxTransports) {
    transports = media_.AllocateTransports(spec_.peer, plan.transports.size());
  }
  if (plan.refused || transports.size() != plan.transports.size()) {
    out.requests.push_back(
        TurnAway(JingleAction::kContentReject, addition.contents,
                 plan.refused.value_or(Because("general-error"))));
    return std::nullopt;
  }
  const std::vector<Content> unserved = std::move(plan.unserved);
  JingleReason why_unserved = std::move(plan.why_unserved);
  JingleMessage accept = Request(JingleAction::kContentAccept);
  Adopt(std::move(plan), std::move(transports), accept);
  PushSpec(now);
  out.requests.push_back(std::move(accept));
  if (!unserved.empty()) {
    out.requests.push_back(TurnAway(JingleAction::kContentReject, unserved,
                                    std::move(why_unserved)));
  }
  AnswerCamera(now, addition.contents, out);
  out.sources_changed = true;
  return std::nullopt;
}

void JingleSession::AnswerCamera(rtp::Timestamp now,
                                 const std::vector<Content>& added,
                                 SessionOutbox& out) {
  if (bundle_ || CountSlots().video > 0) return;
  for (const Content& content : added) {
    ContentPlan* plan = FindContent(content.name);
    if (plan == nullptr || plan->spec.kind != rtp::MediaKind::kVideo ||
        plan->spec.codecs.empty() || content.senders != Senders::kInitiator) {
      continue;
    }
    plan->receives = true;
    FillContent(*plan);
    PushSpec(now);
    answered_camera_ = content.name;
    JingleMessage modify = Request(JingleAction::kContentModify);
    modify.description.contents.push_back(NamedLike(content));
    out.requests.push_back(std::move(modify));
    return;
  }
}

void JingleSession::OnModifyRefused(rtp::Timestamp now) {
  ContentPlan* plan = FindContent(std::exchange(answered_camera_, {}));
  if (state_ != State::kActive || plan == nullptr) return;
  plan->receives = false;
  PushSpec(now);
}

std::optional<StanzaError> JingleSession::HandleContentModify(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  if (message.description.contents.empty()) return NoContents();
  if (!KnowsAll(message.description)) return UnknownContent();
  const auto receives = [](const Content& content) {
    return content.senders == Senders::kBoth ||
           content.senders == Senders::kResponder;
  };
  // What is given up can be taken by another content at once.
  for (const Content& content : message.description.contents) {
    if (!receives(content)) FindContent(content.name)->receives = false;
  }
  for (const Content& content : message.description.contents) {
    ContentPlan& plan = *FindContent(content.name);
    if (plan.spec.codecs.empty()) continue;
    plan.sends = content.senders == Senders::kBoth ||
                 content.senders == Senders::kInitiator;
    plan.receives = false;
    const SlotCount slots = CountSlots();
    const bool free = plan.spec.kind == rtp::MediaKind::kAudio
                          ? slots.audio < kMaxAudioSlots
                          : slots.video < kMaxVideoSlots;
    plan.receives = free && receives(content);
    FillContent(plan);
  }
  PushSpec(now);
  out.sources_changed = true;
  return std::nullopt;
}

std::optional<StanzaError> JingleSession::HandleContentRemove(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  if (message.description.contents.empty()) return NoContents();
  if (!KnowsAll(message.description)) return UnknownContent();
  for (const Content& content : message.description.contents) {
    std::erase_if(contents_, [&](const ContentPlan& plan) {
      return plan.offer.name == content.name;
    });
  }
  if (contents_.empty()) {
    Terminate(now, Because("success", "no content is left"), out);
  } else {
    PushSpec(now);
    out.sources_changed = true;
  }
  return std::nullopt;
}

bool JingleSession::IsRestart(const JingleMessage& message) {
  return std::any_of(
      message.description.contents.begin(), message.description.contents.end(),
      [this](const Content& content) {
        const ContentPlan* plan = FindContent(content.name);
        if (plan == nullptr) return true;
        if (!content.transport || content.transport->ufrag.empty()) {
          return false;
        }
        const auto& remote = spec_.transports[plan->spec.transport].remote;
        // Without a password it is the end of stanza.js's candidates.
        return content.transport->ufrag != remote.ufrag ||
               (!content.transport->pwd.empty() &&
                content.transport->pwd != remote.pwd);
      });
}

std::vector<Content> JingleSession::RestartChanged(
    rtp::Timestamp now, const SessionDescription& description) {
  std::vector<size_t> restarted;
  for (const Content& content : description.contents) {
    const ContentPlan* plan = FindContent(content.name);
    if (plan != nullptr &&
        RestartIfChanged(now, content.transport, plan->spec.transport, spec_,
                         local_, media_)) {
      restarted.push_back(plan->spec.transport);
    }
  }
  // In the order of the offer: some clients go by position.
  std::vector<Content> answers;
  for (const ContentPlan& plan : contents_) {
    if (std::find(restarted.begin(), restarted.end(), plan.spec.transport) ==
        restarted.end()) {
      continue;
    }
    Content answer = NamedLike(plan.offer);
    answer.transport = local_[plan.spec.transport];
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::optional<StanzaError> JingleSession::HandleTransportInfo(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  if (!KnowsAll(message.description)) return UnknownContent();
  // Candidates are of no use to a lite agent; new credentials are a restart.
  std::vector<Content> answers = RestartChanged(now, message.description);
  if (answers.empty()) return std::nullopt;
  if (bundle_) {
    JingleMessage info = Request(JingleAction::kTransportInfo);
    info.description.contents = std::move(answers);
    out.requests.push_back(std::move(info));
    return std::nullopt;
  }
  // One content per stanza: Dino takes no more.
  for (Content& answer : answers) {
    JingleMessage info = Request(JingleAction::kTransportInfo);
    info.description.contents.push_back(std::move(answer));
    out.requests.push_back(std::move(info));
  }
  return std::nullopt;
}

std::optional<StanzaError> JingleSession::HandleTransportReplace(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  const std::vector<Content>& contents = message.description.contents;
  if (contents.empty()) return NoContents();
  if (!KnowsAll(message.description)) return UnknownContent();
  const bool ice_only =
      std::all_of(contents.begin(), contents.end(),
                  [](const Content& c) { return c.transport.has_value(); });
  JingleMessage answer = Request(ice_only ? JingleAction::kTransportAccept
                                          : JingleAction::kTransportReject);
  if (ice_only) RestartChanged(now, message.description);
  for (const Content& content : contents) {
    Content named = NamedLike(content);
    if (ice_only) {
      named.transport = local_[FindContent(content.name)->spec.transport];
    }
    answer.description.contents.push_back(std::move(named));
  }
  out.requests.push_back(std::move(answer));
  return std::nullopt;
}

std::optional<StanzaError> JingleSession::HandleSessionInfo(
    rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out) {
  using Kind = SessionInfo::Kind;
  const SessionInfo& info = message.info;
  if (info.kind == Kind::kUnknown) {
    return UnsupportedInfo();
  }
  if (info.kind == Kind::kPing || info.kind == Kind::kRinging) {
    return std::nullopt;
  }
  if (!info.content.empty() && FindContent(info.content) == nullptr) {
    return UnknownContent();
  }
  const bool active = info.kind == Kind::kActive;  // neither held nor muted
  if (info.kind == Kind::kHold || info.kind == Kind::kUnhold || active) {
    out.sources_changed = std::exchange(held_, info.kind == Kind::kHold) !=
                          (info.kind == Kind::kHold);
  }
  for (ContentPlan& content : contents_) {
    if ((info.kind == Kind::kMute || info.kind == Kind::kUnmute || active) &&
        content.sends &&
        (info.content.empty() || info.content == content.offer.name)) {
      content.spec.uplink->muted = info.kind == Kind::kMute;
      out.sources_changed = true;
    }
  }
  if (out.sources_changed) PushSpec(now);
  return std::nullopt;
}

void JingleSession::HandleDescriptionInfo(rtp::Timestamp now,
                                          const JingleMessage& message) {
  bool changed = false;
  for (const Content& content : message.description.contents) {
    ContentPlan* plan = FindContent(content.name);
    if (plan == nullptr || !content.description || !plan->sends) continue;
    if (TakeSsrcs(*content.description, *plan->spec.uplink)) changed = true;
  }
  if (changed) PushSpec(now);
}

bool JingleSession::SetSource(rtp::Timestamp now, const std::string& content,
                              std::optional<rtp::SourceType> type,
                              std::optional<bool> muted) {
  ContentPlan* plan = FindContent(content);
  if (plan == nullptr || !plan->sends) return false;
  if (type) plan->spec.uplink->type = *type;
  if (muted) plan->spec.uplink->muted = *muted;
  PushSpec(now);
  return true;
}

void JingleSession::SetRights(rtp::Timestamp now, const Rights& rights) {
  if (std::exchange(rights_, rights) == rights) return;
  if (state_ == State::kActive) PushSpec(now);
}

void JingleSession::SetSlots(rtp::Timestamp now, bool on) {
  if (slots_on_ == on || state_ != State::kActive) return;
  slots_on_ = on;
  PushSpec(now);
}

void JingleSession::SetReceive(rtp::Timestamp now, rtp::ReceiveSpec receive) {
  media_.SetReceive(now, spec_.peer, std::move(receive));
}

}  // namespace signaling
