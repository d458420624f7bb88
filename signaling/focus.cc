// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/focus.h"

#include <algorithm>
#include <utility>

#include "signaling/disco.h"
#include "signaling/namespaces.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

constexpr rtp::TimeDelta kSweep = std::chrono::seconds(30);
constexpr rtp::TimeDelta kAnnounceFor = std::chrono::seconds(60);
constexpr size_t kMaxAnnounced = 1000;
constexpr size_t kMaxLimits = 100'000;

// A server says "unavailable" for a client whose connection broke. While its
// media flows it has this long to come back.
constexpr rtp::TimeDelta kUnavailableGrace = std::chrono::seconds(10);
// A server that has just come back knows nobody yet (reliability.md F12).
constexpr rtp::TimeDelta kGoneGrace = std::chrono::seconds(60);

// Errors that a server gives for a client that is not there. Any other one is
// the client's own word, and so a sign of life.
bool SaysGone(const StanzaError& error) {
  return error.condition == "service-unavailable" ||
         error.condition == "recipient-unavailable" ||
         error.condition == "item-not-found" || error.condition == "gone" ||
         error.condition == "remote-server-not-found" ||
         error.condition == "remote-server-timeout";
}

// Jingle's own word says more than the general one beside it.
void CountError(const StanzaError& error,
                WordCounts<kErrorConditions.size()>& counts) {
  counts.Add(error.jingle_condition == "unknown-session"
                 ? error.jingle_condition
                 : error.condition);
}

StanzaError ServiceUnavailable() {
  return {"cancel", "service-unavailable", "", ""};
}

}  // namespace

Focus::Focus(Config config, rtp::RandomSource& random, MediaControl& media,
             StanzaSink& sink)
    : config_(std::move(config)),
      random_(random),
      media_(media),
      sink_(sink),
      asked_(random),
      commands_(random) {}

Focus::~Focus() = default;

void Focus::HandleStanza(rtp::Timestamp now, const Stanza& stanza) {
  if (HandleMuc(now, stanza)) return;
  if (const auto* iq = std::get_if<Iq>(&stanza)) {
    HandleIq(now, *iq);
  } else if (const auto* presence = std::get_if<Presence>(&stanza)) {
    if (Admit(now, presence->from)) HandlePresence(now, *presence);
  } else if (const auto* message = std::get_if<Message>(&stanza)) {
    // Text to a room means nothing here: chat is a MUC.
    const auto* call = std::get_if<CallMessage>(&message->payload);
    if (call != nullptr && Admit(now, message->from)) {
      HandleCallMessage(now, *message, *call);
    }
  }
}

void Focus::HandleRejected(rtp::Timestamp now, const RejectedStanza& stanza) {
  ++stats_.malformed;
  if (stanza.name != "iq" || (stanza.type != "get" && stanza.type != "set")) {
    return;
  }
  const auto from = Jid::Parse(stanza.from);
  const auto to = Jid::Parse(stanza.to);
  if (!from || !to || stanza.id.empty()) return;
  Iq iq;
  iq.from = *from;
  iq.to = *to;
  iq.id = stanza.id;
  ReplyError(iq, Admit(now, *from) ? BadRequest(stanza.reason)
                                   : ResourceConstraint("too many stanzas"));
}

bool Focus::Admit(rtp::Timestamp now, const Jid& from) {
  const bool known = limits_.size() < kMaxLimits || limits_.contains(from);
  if (known) SweepBy(now);
  const bool admitted = known && limits_[from].stanzas.TryTake(now);
  if (!admitted) ++stats_.rate_limited;
  return admitted;
}

void Focus::HandleIq(rtp::Timestamp now, const Iq& iq) {
  if (iq.type == IqType::kResult || iq.type == IqType::kError) {
    return HandleAnswer(now, iq);
  }
  ++stats_.requests_received;
  if (!Admit(now, iq.from)) {
    // Dozens of candidates at once are what WebRTC clients send, and a lite
    // agent has no use for one of them.
    return IsTrickle(iq)
               ? Reply(iq)
               : ReplyError(iq, ResourceConstraint("too many stanzas"));
  }
  OnHeardFrom(now, iq.to, iq.from);
  if (const auto* malformed = std::get_if<Malformed>(&iq.payload)) {
    return ReplyError(iq, malformed->error);
  }
  if (std::holds_alternative<signaling::Ping>(iq.payload)) return Reply(iq);
  if (!iq.to.local.empty() && !IsRoomName(iq.to.local)) {
    return ReplyError(iq, ItemNotFound());
  }
  if (iq.type == IqType::kGet) return HandleGet(iq);
  if (const auto* jingle = std::get_if<JingleMessage>(&iq.payload)) {
    return HandleJingle(now, iq, *jingle);
  }
  HandleRoomRequest(now, iq);
}

void Focus::HandleGet(const Iq& iq) {
  if (const auto* asked = std::get_if<DiscoInfo>(&iq.payload)) {
    if (facades_.contains(iq.to.local)) return Reply(iq, MujiFacade::Info());
    DiscoInfo info = iq.to.local.empty() ? DomainInfo() : RoomInfo(iq.to.local);
    if (!asked->node.empty()) {
      if (!iq.to.local.empty()) {
        auto command = RoomCommands::Info(asked->node);
        if (command) return Reply(iq, std::move(*command));
      }
      const Caps caps = RoomCaps(iq.to.local);
      if (iq.to.local.empty() || asked->node != caps.node + "#" + caps.ver) {
        return ReplyError(iq, ItemNotFound());
      }
      info.node = asked->node;
    }
    return Reply(iq, std::move(info));
  }
  if (const auto* asked = std::get_if<DiscoItems>(&iq.payload)) {
    if (asked->node == ns::kCommands && !iq.to.local.empty()) {
      return Reply(iq, CommandsFor(iq.to, iq.from));
    }
    // Which rooms there are is nobody's business who was not told.
    return Reply(iq, DiscoItems());
  }
  if (std::holds_alternative<JingleMessage>(iq.payload)) {
    return ReplyError(iq, BadRequest("Jingle requests are of type set"));
  }
  ReplyError(iq, ServiceUnavailable());
}

void Focus::HandleRoomRequest(rtp::Timestamp now, const Iq& iq) {
  if (std::holds_alternative<Unknown>(iq.payload) || iq.to.local.empty()) {
    return ReplyError(iq, ServiceUnavailable());
  }
  if (const auto* resume = std::get_if<Resume>(&iq.payload)) {
    return HandleResume(now, iq, *resume);
  }
  if (const auto* command = std::get_if<Command>(&iq.payload)) {
    return HandleCommand(now, iq, *command);
  }
  const Located at = FindByJid(iq.to, iq.from);
  if (!at) return ReplyError(iq, ItemNotFound());
  if (const auto* receive = std::get_if<Receive>(&iq.payload)) {
    HandleReceive(now, iq, at, *receive);
  } else if (const auto* publish = std::get_if<Publish>(&iq.payload)) {
    HandlePublish(now, iq, at, *publish);
  } else if (const auto* name = std::get_if<SetName>(&iq.payload)) {
    const std::string clean = CleanName(name->name);
    if (clean.empty()) return ReplyError(iq, BadRequest("the name is empty"));
    Reply(iq);
    at.participant->name = clean;
    TellChanged(now, at);
  } else {
    ReplyError(iq, ServiceUnavailable());
  }
}

void Focus::HandleReceive(rtp::Timestamp now, const Iq& iq, Located at,
                          const Receive& receive) {
  const auto& contents = at.participant->session->spec().contents;
  for (const Receive::SlotLimit& limit : receive.limits) {
    const bool is_slot = std::any_of(contents.begin(), contents.end(),
                                     [&](const rtp::ContentSpec& c) {
                                       return c.name == limit.content && c.slot;
                                     });
    if (!is_slot) {
      return ReplyError(iq, BadRequest("no slot on content " + limit.content));
    }
  }
  Reply(iq);
  at.participant->wishes = receive;
  ApplyWishes(now, at);
  if (!std::exchange(at.participant->wants_slot_map, true)) {
    SendSlots(*at.room, *at.participant);
  }
}

void Focus::ApplyWishes(rtp::Timestamp now, Located at) {
  const Receive& wishes = at.participant->wishes;
  std::map<std::string, rtp::SourceId> known;
  for (const auto& participant : at.room->participants) {
    for (const NamedSource& source : SourcesOf(*participant)) {
      known.emplace(source.id, source.source);
    }
  }
  rtp::ReceiveSpec spec;
  for (const std::string& pin : wishes.pins) {
    // One that is not there may come, or come back.
    const auto source = known.find(pin);
    if (source != known.end()) spec.pins.push_back(source->second);
  }
  for (const Receive::SlotLimit& limit : wishes.limits) {
    spec.limits.push_back({limit.content, limit.max_height});
  }
  if (spec == at.participant->applied) return;
  at.participant->applied = spec;
  at.participant->session->SetReceive(now, std::move(spec));
}

void Focus::HandlePublish(rtp::Timestamp now, const Iq& iq, Located at,
                          const Publish& publish) {
  const auto sources = SourcesOf(*at.participant);
  for (const Publish::Source& source : publish.sources) {
    const auto known = std::find_if(
        sources.begin(), sources.end(),
        [&](const NamedSource& s) { return s.content == source.content; });
    if (known == sources.end()) {
      return ReplyError(iq, BadRequest("nothing is sent on " + source.content));
    }
    const bool audio_type = source.type == "microphone";
    if (!source.type.empty() &&
        audio_type != (known->kind == rtp::MediaKind::kAudio)) {
      return ReplyError(iq, BadRequest("type and medium do not match"));
    }
  }
  Reply(iq);
  for (const Publish::Source& source : publish.sources) {
    std::optional<rtp::SourceType> type;
    if (source.type == "screen") type = rtp::SourceType::kScreen;
    if (source.type == "camera") type = rtp::SourceType::kCamera;
    at.participant->session->SetSource(now, source.content, type, source.muted);
  }
  TellChanged(now, at);
}

void Focus::HandleResume(rtp::Timestamp now, const Iq& iq,
                         const Resume& resume) {
  Room* room = FindRoom(iq.to.local);
  if (room != nullptr && !resume.token.empty()) {
    const Located other = FindByJid(iq.to, iq.from);
    for (const auto& participant : room->participants) {
      if (participant->resume_token != resume.token ||
          participant->session->sid() != resume.sid) {
        continue;
      }
      if (other && other.participant != participant.get()) {
        return ReplyError(iq, BadRequest("this address has another session"));
      }
      Reply(iq);
      participant->jid = iq.from;
      participant->local = iq.to;
      participant->ends_at = rtp::kNever;
      ++stats_.sessions_resumed;
      TellAll(now, {room, participant.get()});
      ApplyStanding(*room, *participant);  // by another address
      UpdateRights(now, {room, participant.get()});
      return;
    }
  }
  ReplyError(iq, ItemNotFound());
}

void Focus::OnHeardFrom(rtp::Timestamp now, const Jid& room, const Jid& from) {
  const Located at = FindByJid(room, from);
  if (!at || at.participant->ends_at == rtp::kNever) return;
  at.participant->ends_at = rtp::kNever;
  TellAll(now, at);
}

void Focus::HandlePresence(rtp::Timestamp now, const Presence& presence) {
  if (HandleMujiPresence(now, presence)) return;
  const Jid room_jid = presence.to.Bare();
  if (room_jid.local.empty() || !IsRoomName(room_jid.local)) return;
  const Located at = FindByJid(room_jid, presence.from);
  Presence reply;
  reply.from = room_jid;
  reply.to = presence.from.Bare();
  switch (presence.type) {
    case PresenceType::kSubscribe:
      reply.type = MayWatch(now, room_jid, presence.from)
                       ? PresenceType::kSubscribed
                       : PresenceType::kUnsubscribed;
      sink_.Send(reply);
      if (reply.type == PresenceType::kUnsubscribed) return;
      AnnounceRoom(room_jid, presence.from.Bare());
      return;
    case PresenceType::kProbe:
      if (MayWatch(now, room_jid, presence.from)) {
        AnnounceRoom(room_jid, presence.from);
      }
      return;
    case PresenceType::kUnsubscribe:
      reply.type = PresenceType::kUnsubscribed;
      sink_.Send(reply);
      reply.type = PresenceType::kUnavailable;
      sink_.Send(reply);
      return;
    case PresenceType::kAvailable: {
      const std::string nick = CleanName(presence.nick);
      OnHeardFrom(now, room_jid, presence.from);
      if (at && !nick.empty() && nick != at.participant->name) {
        at.participant->name = nick;
        TellChanged(now, at);
      } else if (!at && !nick.empty() && announced_.size() < kMaxAnnounced) {
        announced_[presence.from] = {nick, now + kAnnounceFor};
        SweepBy(now);
      }
      return;
    }
    case PresenceType::kUnavailable:
      announced_.erase(presence.from);
      if (at) OnAddressGone(now, at, kUnavailableGrace);
      return;
    case PresenceType::kError:
      if (at) OnAddressGone(now, at, kGoneGrace);
      return;
    case PresenceType::kSubscribed:
    case PresenceType::kUnsubscribed:
      return;
  }
}

bool Focus::MayWatch(rtp::Timestamp now, const Jid& room, const Jid& who) {
  const auto refusal = WhyRefused(now, who, room.local, {});
  return refusal != Refusal::kMayNotCreate && refusal != Refusal::kNotInvited &&
         refusal != Refusal::kPasswordNeeded;
}

void Focus::AnnounceRoom(const Jid& room, const Jid& to) {
  const Room* known = FindRoom(room.local);
  Presence presence;
  presence.from = room;
  presence.from.resource = kFocusResource;
  presence.to = to;
  presence.show = "chat";
  presence.status =
      std::to_string(known == nullptr ? 0 : known->participants.size()) +
      " in call";
  presence.caps = RoomCaps(room.local);
  sink_.Send(presence);
}

void Focus::HandleAnswer(rtp::Timestamp now, const Iq& iq) {
  const auto asked = asked_.Take(iq);
  if (!asked) return;
  const Located at = FindByPeer(asked->peer);
  if (!at || at.participant->jid != iq.from) return;
  if (asked->features) {
    const auto* info = std::get_if<DiscoInfo>(&iq.payload);
    if (iq.type == IqType::kResult && info != nullptr) {
      OnFeatures(now, at, *info);
    }
    return;
  }
  if (asked->downlink.value() != 0) {
    if (iq.type == IqType::kError) {
      OnDownlinkRefused(now, at, asked->downlink,
                        iq.error.value_or(StanzaError()));
    }
    return;
  }
  if (iq.type == IqType::kResult) return OnHeardFrom(now, iq.to, iq.from);
  const StanzaError error = iq.error.value_or(StanzaError());
  CountError(error, stats_.errors_received);
  // Who refuses our session-accept, or knows of no session, has none
  // (jingle.md s6.9).
  if (asked->action == JingleAction::kSessionAccept) {
    return End(now, at, "gone", "the session was not accepted");
  }
  if (error.jingle_condition == "unknown-session") {
    return End(now, at, "gone", "the session is not known any more");
  }
  if (SaysGone(error)) return OnAddressGone(now, at, kGoneGrace);
  if (asked->action == JingleAction::kContentModify) {
    at.participant->session->OnModifyRefused(now);
  }
  OnHeardFrom(now, iq.to, iq.from);
}

void Focus::OnXmppUp(rtp::Timestamp now) {
  up_ = true;
  for (const auto& [name, room] : rooms_) {
    if (room->muc) room->muc->Begin(now);
    for (const auto& participant : room->participants) {
      TellAll(now, {room.get(), participant.get()});
      Ping(now, *participant);
    }
    SyncDownlinks(now, *room);
  }
}

void Focus::OnXmppDown(rtp::Timestamp /*now*/) {
  up_ = false;
  asked_.Clear();  // nobody can answer
  // Nor come back. An orderly end of the XMPP server says that everybody is
  // unavailable; who is there will be asked when it is up again.
  for (const auto& [name, room] : rooms_) {
    if (room->muc) room->muc->OnXmppDown();
    for (const auto& participant : room->participants) {
      participant->ends_at = rtp::kNever;
      // Who is called now will not hear of it.
      for (Downlink& downlink : participant->downlinks) {
        if (downlink.session &&
            downlink.session->state() == OutgoingSession::State::kPending) {
          DropDownlink(*participant, downlink);
          downlink.owner.clear();
        }
      }
    }
  }
}

void Focus::Shutdown(rtp::Timestamp now) {
  Drain();
  while (!by_peer_.empty()) End(now, by_peer_.begin()->second, "gone");
}

rtp::Timestamp Focus::NextDeadline() const {
  rtp::Timestamp deadline = std::min(asked_.NextDeadline(), next_sweep_);
  for (const auto& [name, room] : rooms_) {
    if (room->speakers_dirty) {
      deadline = std::min(deadline, room->speakers_next);
    }
    if (room->muc) deadline = std::min(deadline, room->muc->NextDeadline());
    for (const auto& participant : room->participants) {
      deadline = std::min(deadline, participant->ends_at);
      if (participant->changed) {
        deadline = std::min(deadline, room->roster_next);
      }
    }
  }
  return deadline;
}

void Focus::HandleTimeout(rtp::Timestamp now) {
  for (const Asked& asked : asked_.HandleTimeout(now)) {
    ++stats_.requests_timed_out;
    const Located at = FindByPeer(asked.peer);
    // The silence of an address that it had before says nothing.
    if (!at || at.participant->jid != asked.jid || asked.features) continue;
    if (asked.downlink.value() != 0) {
      OnDownlinkRefused(now, at, asked.downlink, StanzaError());
      continue;
    }
    if (!at.participant->connected) {
      End(now, at, "timeout", "no answer");
    } else if (at.participant->away) {
      OnAddressGone(now, at, kGoneGrace);
    }
    // Whose media flows is there, however taciturn.
  }
  std::vector<Located> over;
  for (const auto& [name, room] : rooms_) {
    if (room->muc) room->muc->HandleTimeout(now);
    if (room->speakers_dirty && now >= room->speakers_next) {
      TellSpeakers(now, *room);
    }
    if (now >= room->roster_next) TellRoster(now, *room);
    for (const auto& participant : room->participants) {
      if (now >= participant->ends_at) {
        over.push_back({room.get(), participant.get()});
      }
    }
  }
  for (const Located& at : over) End(now, at, "gone", "no answer");
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    Room& room = *(it++)->second;  // it may end
    if (room.muc) ApplyMuc(now, room);
  }
  if (now < next_sweep_) return;
  std::erase_if(announced_,
                [now](const auto& e) { return now >= e.second.expires; });
  std::erase_if(proposals_, [now](const auto& e) { return now >= e.second; });
  std::erase_if(limits_, [now](const auto& e) {
    return e.second.stanzas.Idle(now) &&
           now - e.second.minute > std::chrono::minutes(1);
  });
  const bool all_forgotten =
      announced_.empty() && proposals_.empty() && limits_.empty();
  next_sweep_ = all_forgotten ? rtp::kNever : now + kSweep;
}

void Focus::Reply(const Iq& iq, IqPayload payload) {
  Iq result;
  result.type = IqType::kResult;
  result.from = iq.to;
  result.to = iq.from;
  result.id = iq.id;
  result.payload = std::move(payload);
  sink_.Send(std::move(result));
}

void Focus::ReplyError(const Iq& iq, StanzaError error) {
  Iq reply;
  reply.type = IqType::kError;
  reply.from = iq.to;
  reply.to = iq.from;
  reply.id = iq.id;
  CountError(error, stats_.errors_sent);
  reply.error = std::move(error);
  sink_.Send(std::move(reply));
}

void Focus::SweepBy(rtp::Timestamp now) {
  if (next_sweep_ == rtp::kNever) next_sweep_ = now + kSweep;
}

Room* Focus::FindRoom(const std::string& name) {
  const auto it = rooms_.find(name);
  return it == rooms_.end() ? nullptr : it->second.get();
}

Focus::Located Focus::FindByJid(const Jid& room_jid, const Jid& jid) {
  Room* room = FindRoom(room_jid.local);
  if (room == nullptr) return {};
  for (const auto& participant : room->participants) {
    if (participant->jid == jid) return {room, participant.get()};
  }
  return {};
}

Focus::Located Focus::FindByPeer(rtp::PeerId peer) {
  const auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? Located() : it->second;
}

}  // namespace signaling
