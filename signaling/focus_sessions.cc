// SPDX-License-Identifier: GPL-3.0-or-later
// Jingle sessions of the focus: who may have one, and what becomes of it.
#include <algorithm>
#include <utility>

#include "signaling/focus.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

constexpr int kJoinsPerMinute = 5;
constexpr size_t kSessionsPerJid = 2;

// Whether a call takes the place of somebody: of the same client, or of the
// same person, by his token.
bool Replaces(const Participant& participant, const Jid& from,
              const JingleMessage& call) {
  return participant.jid == from ||
         (!call.resume_token.empty() &&
          participant.resume_token == call.resume_token);
}

bool OnlySends(const SessionDescription& offer) {
  return std::all_of(
      offer.contents.begin(), offer.contents.end(),
      [](const Content& c) { return c.senders == Senders::kInitiator; });
}

}  // namespace

void Focus::HandleJingle(rtp::Timestamp now, const Iq& iq,
                         const JingleMessage& message) {
  if (iq.to.local.empty()) {
    return ReplyError(iq, ItemNotFound());
  }
  const Located at = FindByJid(iq.to, iq.from);
  const bool known = at && at.participant->session->sid() == message.sid &&
                     at.participant->local == iq.to;
  const auto [owner, downlink] = FindDownlink(iq.to, iq.from, message.sid);
  if (message.action == JingleAction::kSessionInitiate && !downlink) {
    if (known) return ReplyError(iq, OutOfOrder());
    if (message.description.contents.empty()) {
      return ReplyError(iq, BadRequest("no contents"));
    }
    return HandleInitiate(now, iq, message);
  }
  if (downlink != nullptr) {
    return HandleDownlink(now, iq, owner, *downlink, message);
  }
  if (!known) {
    // A session that is over may be ended again.
    if (message.action == JingleAction::kSessionTerminate) return Reply(iq);
    return ReplyError(iq, UnknownSession());
  }
  SessionOutbox out;
  const auto error = at.participant->session->HandleRequest(now, message, out);
  if (message.action == JingleAction::kSessionTerminate) {
    stats_.ended_by_client.Add(message.reason ? message.reason->condition
                                              : std::string());
  }
  if (error) {
    ReplyError(iq, *error);
  } else {
    Reply(iq);
  }
  Deliver(now, at, out);
}

// Whether it is a transport-info that changes nothing.
bool Focus::IsTrickle(const Iq& iq) {
  const auto* message = std::get_if<JingleMessage>(&iq.payload);
  if (message == nullptr || message->action != JingleAction::kTransportInfo) {
    return false;
  }
  const Located at = FindByJid(iq.to, iq.from);
  return at && at.participant->session->sid() == message->sid &&
         !at.participant->session->IsRestart(*message);
}

std::optional<Refusal> Focus::WhyRefused(rtp::Timestamp now, const Jid& from,
                                         const std::string& name,
                                         std::string_view password) {
  if (FindByJid(Jid{name, {}, {}}, from)) return std::nullopt;
  if (draining_) return Refusal::kDraining;
  size_t sessions = 0;
  for (const auto& [other, unused] : rooms_) {
    if (other == name) continue;
    if (FindByJid(Jid{other, config_.domain, {}}, from)) ++sessions;
  }
  if (sessions >= kSessionsPerJid) return Refusal::kTooManyRoomsOfOne;
  const Room* room = FindRoom(name);
  if (room == nullptr) {
    if (!MayCreate(config_.policy, name, from)) return Refusal::kMayNotCreate;
    const RoomPolicy& begins_with = PolicyFor(config_.policy, name);
    if (auto why = WhyMayNotEnter(begins_with, from, password)) return why;
    if (rooms_.size() >= config_.max_rooms) return Refusal::kServerFull;
    return std::nullopt;
  }
  if (room->muc && room->muc->StandingOf(from).banned) {
    return Refusal::kBanned;
  }
  const auto kicked = room->kicked.find(PersonOf(from));
  if (kicked != room->kicked.end() && now < kicked->second) {
    return Refusal::kKicked;
  }
  if (auto why = WhyMayNotEnter(room->policy, from, password)) return why;
  size_t most = config_.max_participants_per_room;
  if (room->policy.max_participants > 0) {
    most = std::min(most, room->policy.max_participants);
  }
  if (room->participants.size() >= most) return Refusal::kRoomFull;
  return std::nullopt;
}

std::optional<StanzaError> Focus::WhyNot(rtp::Timestamp now, const Jid& from,
                                         const std::string& room,
                                         std::string_view password) {
  const auto refusal = WhyRefused(now, from, room, password);
  if (!refusal) return std::nullopt;
  return ErrorOf(*refusal);
}

bool Focus::MayJoin(rtp::Timestamp now, const Iq& iq,
                    const JingleMessage& message, const Room* room) {
  const bool replaces =
      room != nullptr &&
      std::any_of(room->participants.begin(), room->participants.end(),
                  [&](const auto& participant) {
                    return Replaces(*participant, iq.from, message);
                  });
  std::optional<Refusal> refusal;
  if (!replaces) {
    refusal = WhyRefused(now, iq.from, iq.to.local, message.password);
  }
  // Who is told to try again, on another server, may.
  if (refusal != Refusal::kDraining &&
      !TakeTry(now, iq.from, !message.password.empty(), refusal)) {
    ReplyError(iq, ResourceConstraint("too many calls in a minute"));
    return false;
  }
  if (!refusal) return true;
  stats_.refusals.Add(kRefusalWords[static_cast<size_t>(*refusal)]);
  ReplyError(iq, ErrorOf(*refusal));
  return false;
}

bool Focus::TakeTry(rtp::Timestamp now, const Jid& from, bool password,
                    std::optional<Refusal> refusal) {
  const auto take = [now](Limits& limits, int count) {
    if (now - limits.minute > std::chrono::minutes(1)) {
      limits.minute = now;
      limits.joins = 0;
    }
    limits.joins += count;
    return limits.joins <= kJoinsPerMinute;
  };
  const bool may = take(limits_[from], 1);
  if (!password) return may;
  // An account does not guess faster by many resources: after so many wrong
  // ones it does not learn which is right.
  const bool wrong = refusal == Refusal::kPasswordWrong;
  return take(limits_[from.Bare()], wrong ? 1 : 0) && may;
}

void Focus::HandleInitiate(rtp::Timestamp now, const Iq& iq,
                           const JingleMessage& message) {
  Room* room = FindRoom(iq.to.local);
  if (!MayJoin(now, iq, message, room)) return;
  Participant* before = nullptr;
  if (room != nullptr) {
    for (const auto& participant : room->participants) {
      if (Replaces(*participant, iq.from, message)) {
        if (before != nullptr) {
          return ReplyError(iq, BadRequest("this address has another session"));
        }
        before = participant.get();
      }
    }
  }
  const bool new_room = room == nullptr;
  if (new_room) {
    auto& made = rooms_[iq.to.local];
    made = std::make_unique<Room>();
    made->name = iq.to.local;
    made->policy = PolicyFor(config_.policy, iq.to.local);
    made->conference = rtp::ConferenceId(next_conference_++);
    room = made.get();
    TieMuc(*room);
  }
  auto session = std::make_unique<JingleSession>(
      message.sid, iq.to.ToString(), room->conference, media_,
      [this] { return rtp::SourceId(next_source_++); });
  SessionOutbox out;
  if (!session->HandleInitiate(now, message.description, out)) {
    ReplyError(iq, ResourceConstraint("the server is full"));
    if (new_room) rooms_.erase(iq.to.local);
    return;
  }
  Reply(iq);
  auto participant = std::make_unique<Participant>();
  participant->jid = iq.from;
  participant->local = iq.to;
  participant->session = std::move(session);
  participant->wants_slot_map = participant->session->wants_slot_map();
  participant->announced_call = TakeProposal(iq.from, message.sid);
  if (out.ended) {  // nothing in common
    SendRequests(now, *participant, out.requests);
    if (new_room) rooms_.erase(iq.to.local);
    return;
  }
  participant->joined = now;
  if (new_room) {
    room->since = now;
    if (room->muc) room->muc->Begin(now);
    ++stats_.conferences_created;
  }
  if (before == nullptr) ++stats_.participants_joined;
  participant->name = NameFor(iq.from, now);
  participant->id = NewParticipantId(*room);
  participant->resume_token = random_.NextString(39, rtp::kReadableChars);
  if (before != nullptr) {
    participant->name = before->name;
    participant->id = before->id;
    participant->resume_token = before->resume_token;
    participant->by_moderator = before->by_moderator;
    participant->by_muc = before->by_muc;
    participant->moderator_by_muc = before->moderator_by_muc;
    SessionOutbox old;
    JingleReason reason = Because("alternative-session");
    reason.alternative_sid = message.sid;
    const rtp::PeerId old_peer = before->session->peer();
    before->session->Terminate(now, std::move(reason), old);
    if (before->session->sid() != message.sid || before->jid != iq.from) {
      SendRequests(now, *before, old.requests);
    }
    EndDownlinks(now, *before);
    by_peer_.erase(old_peer);
    std::erase_if(room->participants,
                  [&](const auto& p) { return p.get() == before; });
  }
  if (const auto it = room->denied.find(PersonOf(iq.from));
      before == nullptr && it != room->denied.end()) {
    participant->by_moderator = it->second;
  }
  ApplyStanding(*room, *participant);
  participant->rights = EffectiveRights(*room, *participant);
  participant->session->SetRights(now, participant->rights);
  const Located at{room, participant.get()};
  by_peer_[participant->session->peer()] = at;
  room->participants.push_back(std::move(participant));
  room->most = std::max(room->most, room->participants.size());
  // Who only sends may want to be called for the others.
  const bool only_sends = OnlySends(message.description);
  at.participant->only_sends = only_sends;
  out.requests.front().is_focus = only_sends;
  SendRequests(now, *at.participant, out.requests);
  if (only_sends ||
      (config_.muji_facade && !at.participant->session->bundle())) {
    AskFeatures(now, at);
  }
  TellAll(now, at);
}

void Focus::SendRequests(rtp::Timestamp now, const Participant& participant,
                         const std::vector<JingleMessage>& requests,
                         const Downlink* downlink) {
  for (const JingleMessage& request : requests) {
    if (request.action == JingleAction::kSessionAccept) {
      ++stats_.sessions_accepted;
    } else if (request.action == JingleAction::kSessionTerminate) {
      stats_.ended_by_us.Add(request.reason ? request.reason->condition
                                            : std::string());
      if (participant.announced_call && downlink == nullptr) {
        SendCall(participant.local, participant.jid,
                 {CallMessage::Kind::kFinish, request.sid, {}, request.reason});
      }
    }
    Iq iq;
    iq.type = IqType::kSet;
    iq.from = downlink == nullptr ? participant.local : downlink->local;
    iq.to = participant.jid;
    iq.id =
        request.action == JingleAction::kSessionTerminate || !up_
            ? random_.NextString(26, rtp::kReadableChars)
            : asked_.Track(now, iq.from, iq.to,
                           {participant.session->peer(), iq.to, request.action,
                            downlink == nullptr ? rtp::PeerId()
                                                : downlink->session->peer(),
                            /*features=*/false});
    iq.payload = request;
    sink_.Send(std::move(iq));
  }
}

void Focus::Ping(rtp::Timestamp now, const Participant& participant) {
  JingleMessage ping;
  ping.action = JingleAction::kSessionInfo;
  ping.sid = participant.session->sid();
  SendRequests(now, participant, {ping});
}

void Focus::Deliver(rtp::Timestamp now, Located at, SessionOutbox& out) {
  SendRequests(now, *at.participant, out.requests);
  if (out.ended) return Remove(now, at);
  if (out.sources_changed) TellChanged(now, at);
}

void Focus::End(rtp::Timestamp now, Located at, std::string condition,
                std::string text) {
  SessionOutbox out;
  // Terminate() gives the peer back; Remove() needs its id.
  const rtp::PeerId peer = at.participant->session->peer();
  at.participant->session->Terminate(
      now, Because(std::move(condition), std::move(text)), out);
  SendRequests(now, *at.participant, out.requests);
  by_peer_.erase(peer);
  Remove(now, at);
}

void Focus::Remove(rtp::Timestamp now, Located at) {
  by_peer_.erase(at.participant->session->peer());
  EndDownlinks(now, *at.participant);
  const std::string id = at.participant->id;
  std::erase_if(at.room->participants,
                [&](const auto& p) { return p.get() == at.participant; });
  if (at.room->participants.empty()) {
    ++stats_.conferences_completed;
    stats_.conference_sizes.Observe(at.room->most);
    stats_.conference_seconds.Observe(static_cast<uint64_t>(
        std::chrono::ceil<std::chrono::seconds>(now - at.room->since).count()));
    UntieMuc(*at.room);
    rooms_.erase(at.room->name);
    return;
  }
  ShowInMuc(now, *at.room);
  for (const auto& other : at.room->participants) {
    if (other->ends_at != rtp::kNever) continue;
    Roster roster;
    roster.version = ++other->roster_version;
    roster.left = {id};
    SendHeadline(*other, std::move(roster));
  }
  SyncDownlinks(now, *at.room);
}

void Focus::SetRights(rtp::Timestamp now, Located at, const Rights& rights) {
  if (std::exchange(at.participant->rights, rights) == rights) return;
  at.participant->session->SetRights(now, rights);
  TellChanged(now, at);
}

void Focus::OnAddressGone(rtp::Timestamp now, Located at,
                          rtp::TimeDelta grace) {
  if (at.participant->ends_at != rtp::kNever) return;
  // Who is seen by nobody yet has nothing to keep.
  at.participant->ends_at = at.participant->connected ? now + grace : now;
  TellChanged(now, at);
}

void Focus::OnPeerConnected(rtp::Timestamp now, rtp::PeerId peer) {
  const Located at = FindByPeer(peer);
  if (!at || std::exchange(at.participant->connected, true)) return;
  stats_.join_milliseconds.ObserveMilliseconds(now - at.participant->joined);
  InviteToGroupCall(at);
}

void Focus::OnPeerFailed(rtp::Timestamp now, rtp::PeerId peer,
                         PeerFailure why) {
  const auto shown = by_downlink_.find(peer);
  if (shown != by_downlink_.end()) {
    return OnDownlinkFailed(now, shown->second, peer);
  }
  const Located at = FindByPeer(peer);
  if (!at) return;
  stats_.failures.Add(kPeerFailures[static_cast<size_t>(why)]);
  switch (why) {
    case PeerFailure::kConnectTimeout:
      return End(now, at, "connectivity-error", "no path was found in 30 s");
    case PeerFailure::kFingerprintMismatch:
      return End(now, at, "security-error",
                 "the certificate is not the signalled one");
    case PeerFailure::kDtlsFailed:
      return End(now, at, "security-error", "the DTLS handshake failed");
    case PeerFailure::kConsentLost:
      return End(now, at, "connectivity-error", "nothing was heard for 30 s");
    case PeerFailure::kClosedByPeer:
      return End(now, at, "success", "DTLS was closed");
  }
}

void Focus::OnPeerSilent(rtp::Timestamp now, rtp::PeerId peer, bool silent) {
  const Located at = FindByPeer(peer);
  if (!at || at.participant->away == silent) return;
  at.participant->away = silent;
  TellChanged(now, at);
  if (at.participant->ends_at == rtp::kNever) return;
  if (silent) {
    // Somebody who lost both media and address will not come back.
    at.participant->ends_at = now;
  } else {
    // Its media flows: it is there unless somebody says no.
    OnHeardFrom(now, at.participant->local, at.participant->jid);
    Ping(now, *at.participant);
  }
}

}  // namespace signaling
