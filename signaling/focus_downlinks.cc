// SPDX-License-Identifier: GPL-3.0-or-later
// Callers that want one session for each of the others (av-conferences
// ProtoXEP): their own call only sends, and we call them.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "signaling/focus.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

// Each is an ICE and DTLS association of its own, on both sides.
constexpr size_t kMaxDownlinks = 24;
// Each is a decoder and a window on the screen of a desktop client.
constexpr size_t kMaxOccupants = 8;

// What of `owner` is shown to `to`: everything, or to a client with windows for
// one picture of each the screen while it is shared, else the camera.
std::vector<OutgoingSession::Shown> ShownOf(const Participant& owner,
                                            const Participant& to) {
  std::vector<OutgoingSession::Shown> shown;
  const std::vector<NamedSource> sources = SourcesOf(owner);
  if (to.muji == nullptr) {
    for (const NamedSource& source : sources) {
      shown.push_back({source.source, source.kind});
    }
    return shown;
  }
  const NamedSource* audio = nullptr;
  const NamedSource* video = nullptr;
  for (const NamedSource& source : sources) {
    if (source.kind == rtp::MediaKind::kAudio) {
      if (audio == nullptr) audio = &source;
      continue;
    }
    const bool shared =
        source.type == rtp::SourceType::kScreen && !source.muted;
    if (video == nullptr || shared) video = &source;
  }
  for (const NamedSource* source : {audio, video}) {
    if (source != nullptr) shown.push_back({source->source, source->kind});
  }
  return shown;
}

bool IsAudio(const OutgoingSession::Shown& shown) {
  return shown.kind == rtp::MediaKind::kAudio;
}

bool SameSources(const std::vector<OutgoingSession::Shown>& a,
                 const std::vector<OutgoingSession::Shown>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const auto& x, const auto& y) { return x.source == y.source; });
}

}  // namespace

void Focus::AskFeatures(rtp::Timestamp now, Located at) {
  // Others would ring, or refuse: nobody is guessed to want it.
  if (!up_) return;
  Iq iq;
  iq.type = IqType::kGet;
  iq.from = at.participant->local;
  iq.to = at.participant->jid;
  Asked asked;
  asked.peer = at.participant->session->peer();
  asked.jid = iq.to;
  asked.features = true;
  iq.id = asked_.Track(now, iq.from, iq.to, std::move(asked));
  iq.payload = DiscoInfo();
  sink_.Send(std::move(iq));
}

void Focus::OnFeatures(rtp::Timestamp now, Located at, const DiscoInfo& info) {
  const auto has = [&info](std::string_view feature) {
    return std::find(info.features.begin(), info.features.end(), feature) !=
           info.features.end();
  };
  if (at.participant->only_sends) {
    if (!has(ns::kAvConferences)) return;
    at.participant->wants_downlinks = true;
    SyncDownlinks(now, at);
  } else if (has(ns::kMuji) && has(ns::kCallMessage)) {
    at.participant->wants_group_call = true;
    InviteToGroupCall(at);
  }
}

void Focus::SyncDownlinks(rtp::Timestamp now, Room& room) {
  for (const auto& participant : room.participants) {
    SyncDownlinks(now, {&room, participant.get()});
  }
}

void Focus::SyncDownlinks(rtp::Timestamp now, Located at) {
  Participant& to = *at.participant;
  if (!to.wants_downlinks || !up_ || to.ends_at != rtp::kNever) return;
  for (Downlink& downlink : to.downlinks) {
    const auto owner =
        std::find_if(at.room->participants.begin(), at.room->participants.end(),
                     [&](const auto& p) { return p->id == downlink.owner; });
    const bool gone = owner == at.room->participants.end();
    if (!downlink.session) {
      if (gone) downlink.owner.clear();
      continue;
    }
    if (!gone &&
        SameSources(downlink.session->sources(), ShownOf(**owner, to))) {
      continue;
    }
    EndDownlink(now, to, downlink, Because("success"));
    downlink.owner.clear();
  }
  std::erase_if(to.downlinks,
                [](const Downlink& d) { return d.owner.empty(); });
  // One after the other: some clients compare a call with those that pend.
  const bool pending = std::any_of(
      to.downlinks.begin(), to.downlinks.end(), [](const Downlink& d) {
        return d.session &&
               d.session->state() == OutgoingSession::State::kPending;
      });
  const size_t most = to.muji ? kMaxOccupants : kMaxDownlinks;
  if (pending || to.downlinks.size() >= most) return;
  for (const auto& owner : at.room->participants) {
    const bool known =
        std::any_of(to.downlinks.begin(), to.downlinks.end(),
                    [&](const Downlink& d) { return d.owner == owner->id; });
    if (known || owner.get() == &to) continue;
    std::vector<OutgoingSession::Shown> shown = ShownOf(*owner, to);
    if (shown.empty()) continue;
    return BeginDownlink(now, at, *owner, std::move(shown));
  }
}

void Focus::BeginDownlink(rtp::Timestamp now, Located at,
                          const Participant& owner,
                          std::vector<OutgoingSession::Shown> shown) {
  Participant& to = *at.participant;
  // Rising: stanza.js refuses a lower one than it has pending.
  char sid[24];
  std::snprintf(sid, sizeof(sid), "%010llu",
                static_cast<unsigned long long>(next_sid_++));
  using Transports = OutgoingSession::Transports;
  const Jid local = to.muji ? OccupantJid(owner) : to.local;
  const bool audio = std::any_of(shown.begin(), shown.end(), IsAudio);
  const bool video = !std::all_of(shown.begin(), shown.end(), IsAudio);
  auto session = std::make_unique<OutgoingSession>(
      std::string(sid) + "~" + owner.id, local.ToString(), at.room->conference,
      std::move(shown),
      to.muji ? Transports::kOnePerContent : Transports::kBundle, media_);
  std::optional<JingleMessage> initiate = session->Initiate();
  if (!initiate) return;
  if (to.muji) {
    // It takes calls of those only whom it has seen.
    to.muji->Show(owner.id, local, audio, video);
    initiate->muji_room = to.muji->muc().ToString();
  } else {
    initiate->is_focus = true;
    // The owner by its room-scoped id: whose account it is stays unsaid.
    Jid address = to.local.Bare();
    address.resource = owner.id;
    initiate->user = {"xmpp:" + address.ToString(), owner.name};
  }
  by_downlink_[session->peer()] = at;
  to.downlinks.push_back({owner.id, local, std::move(session)});
  SendRequests(now, to, {*initiate}, &to.downlinks.back());
}

std::pair<Focus::Located, Downlink*> Focus::FindDownlink(
    const Jid& local, const Jid& jid, const std::string& sid) {
  const auto find_in = [&](Participant& of) -> Downlink* {
    if (of.jid != jid) return nullptr;
    for (Downlink& downlink : of.downlinks) {
      if (downlink.session && downlink.local == local &&
          downlink.session->sid() == sid) {
        return &downlink;
      }
    }
    return nullptr;
  };
  if (const Located at = FindByJid(local, jid)) {
    return {at, find_in(*at.participant)};
  }
  for (const auto& [unused, at] : facades_) {
    if (Downlink* downlink = find_in(*at.participant)) return {at, downlink};
  }
  return {};
}

Downlink* Focus::FindDownlink(Participant& of, rtp::PeerId peer) {
  for (Downlink& downlink : of.downlinks) {
    if (downlink.session && downlink.session->peer() == peer) return &downlink;
  }
  return nullptr;
}

void Focus::HandleDownlink(rtp::Timestamp now, const Iq& iq, Located at,
                           Downlink& downlink, const JingleMessage& message) {
  SessionOutbox out;
  const auto error = downlink.session->HandleRequest(now, message, out);
  if (error) return ReplyError(iq, *error);
  Reply(iq);
  SendRequests(now, *at.participant, out.requests, &downlink);
  // Not asked again for what it declined.
  if (out.ended) DropDownlink(*at.participant, downlink);
  SyncDownlinks(now, at);
}

void Focus::DropDownlink(Participant& of, Downlink& downlink) {
  by_downlink_.erase(downlink.session->peer());
  downlink.session.reset();
  if (of.muji) of.muji->Hide(downlink.owner);
}

void Focus::EndDownlink(rtp::Timestamp now, Participant& of, Downlink& downlink,
                        JingleReason reason) {
  if (!downlink.session) return;
  SessionOutbox out;
  downlink.session->Terminate(now, std::move(reason), out);
  SendRequests(now, of, out.requests, &downlink);
  DropDownlink(of, downlink);
}

void Focus::EndDownlinks(rtp::Timestamp now, Participant& of) {
  for (Downlink& downlink : of.downlinks) {
    EndDownlink(now, of, downlink, Because("success"));
  }
  of.downlinks.clear();
  if (!of.muji) return;
  of.muji->Close();
  facades_.erase(of.muji->muc().local);
  of.muji.reset();
}

void Focus::OnDownlinkRefused(rtp::Timestamp now, Located at, rtp::PeerId peer,
                              const StanzaError& error) {
  Downlink* downlink = FindDownlink(*at.participant, peer);
  if (downlink == nullptr) return;
  DropDownlink(*at.participant, *downlink);
  // It had another one pending: once more, with the next sid.
  if (error.condition == "conflict") downlink->owner.clear();
  SyncDownlinks(now, at);
}

void Focus::OnDownlinkFailed(rtp::Timestamp now, Located at, rtp::PeerId peer) {
  if (Downlink* downlink = FindDownlink(*at.participant, peer)) {
    EndDownlink(now, *at.participant, *downlink, Because("connectivity-error"));
  }
  SyncDownlinks(now, at);
}

}  // namespace signaling
