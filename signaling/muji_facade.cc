// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/muji_facade.h"

#include <utility>

#include "signaling/namespaces.h"
#include "signaling/offer.h"

namespace signaling {
namespace {

// XEP-0045 s15.6.
constexpr uint16_t kNonAnonymous = 100;
constexpr uint16_t kSelf = 110;

constexpr std::string_view kFocusNick = "focus";

MujiPresence MediaOf(bool audio, bool video) {
  MujiPresence muji;
  if (audio) {
    muji.contents.push_back(
        {"audio", OfferPlainDescription(rtp::MediaKind::kAudio)});
  }
  if (video) {
    muji.contents.push_back(
        {"video", OfferPlainDescription(rtp::MediaKind::kVideo)});
  }
  return muji;
}

}  // namespace

MujiFacade::MujiFacade(Jid muc, Jid focus, Jid client, StanzaSink& sink)
    : muc_(std::move(muc)),
      focus_(std::move(focus)),
      client_(std::move(client)),
      sink_(sink) {}

void MujiFacade::Invite(std::string id) {
  Message message;
  message.type = "chat";
  message.from = focus_;
  message.to = client_;
  message.id = id;
  message.payload = CallInvite{std::move(id), muc_.ToString(), true};
  sink_.Send(std::move(message));
}

Presence MujiFacade::OccupantPresence(const std::string& nick,
                                      const Jid& real) const {
  Presence presence;
  presence.from = muc_;
  presence.from.resource = nick;
  presence.to = client_;
  MucItem item;
  item.affiliation = MucAffiliation::kMember;
  item.role = MucRole::kParticipant;
  item.jid = real;
  presence.muc_user = MucUser{{std::move(item)}, {}, false};
  return presence;
}

void MujiFacade::TellSelf() {
  Presence self = OccupantPresence(nick_, client_);
  self.muc_user->statuses = {kNonAnonymous, kSelf};
  self.muji = media_;
  sink_.Send(std::move(self));
}

void MujiFacade::HandlePresence(const Presence& presence) {
  if (presence.from != client_ || left_) return;
  if (presence.type == PresenceType::kUnavailable) return Close();
  if (presence.type != PresenceType::kAvailable ||
      presence.to.resource.empty()) {
    return;
  }
  const bool enters = nick_.empty();
  nick_ = presence.to.resource;
  media_ = presence.muji.value_or(MujiPresence());
  if (enters) {
    // Only the one that it has a call with: it would call everybody else.
    Presence focus = OccupantPresence(std::string(kFocusNick), focus_);
    focus.muji = MediaOf(true, true);
    sink_.Send(std::move(focus));
  }
  TellSelf();
  if (enters) {
    Message subject;  // the end of what a newcomer is told
    subject.type = "groupchat";
    subject.from = muc_;
    subject.to = client_;
    subject.subject = "";
    sink_.Send(std::move(subject));
  }
  ready_ = ready_ || (!media_.preparing && !media_.contents.empty());
}

void MujiFacade::Show(const std::string& id, const Jid& real, bool audio,
                      bool video) {
  occupants_[id] = real;
  Presence presence = OccupantPresence(id, real);
  presence.muji = MediaOf(audio, video);
  sink_.Send(std::move(presence));
}

void MujiFacade::Hide(const std::string& id) {
  const auto it = occupants_.find(id);
  if (it == occupants_.end()) return;
  Presence gone = OccupantPresence(id, it->second);
  gone.type = PresenceType::kUnavailable;
  gone.muc_user->items[0].role = MucRole::kNone;
  occupants_.erase(it);
  if (!left_) sink_.Send(std::move(gone));
}

void MujiFacade::Close() {
  if (std::exchange(left_, true) || nick_.empty()) return;
  Presence self = OccupantPresence(nick_, client_);
  self.type = PresenceType::kUnavailable;
  self.muc_user->items[0].role = MucRole::kNone;
  self.muc_user->statuses = {kSelf};
  sink_.Send(std::move(self));
}

DiscoInfo MujiFacade::Info() {
  DiscoInfo info;
  info.identities = {{"conference", "text", "Group call"}};
  info.features = {std::string(ns::kDiscoInfo),
                   std::string(ns::kMuc),
                   "muc_hidden",
                   "muc_membersonly",
                   "muc_nonanonymous",
                   "muc_temporary",
                   "muc_unmoderated"};
  return info;
}

}  // namespace signaling
