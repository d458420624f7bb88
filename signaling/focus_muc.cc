// SPDX-License-Identifier: GPL-3.0-or-later
// The MUC that a room is tied to: who has a voice there has one here.
#include <algorithm>
#include <optional>
#include <utility>

#include "signaling/focus.h"
#include "signaling/paired_muc.h"

namespace signaling {
namespace {

constexpr size_t kMaxShown = 100;  // participants in our presence
constexpr size_t kMaxKept = 1000;  // MUCs whose outcasts are remembered

// Of all that is not a request: those are not for the occupant of the MUC.
struct Addresses {
  Jid from;
  Jid to;
};
Addresses AddressesOf(const Stanza& stanza) {
  return std::visit(
      [](const auto& s) {
        return Addresses{s.from, s.to};
      },
      stanza);
}

bool IsRequest(const Stanza& stanza) {
  const auto* iq = std::get_if<Iq>(&stanza);
  return iq != nullptr &&
         (iq->type == IqType::kGet || iq->type == IqType::kSet);
}

// Whether `expelled` is about the caller with this JID.
bool IsAbout(const PairedMuc::Expelled& expelled, const Jid& jid,
             const PairedMuc& muc) {
  return std::any_of(
      expelled.jids.begin(), expelled.jids.end(), [&](const Jid& gone) {
        if (gone == jid) return true;
        // Another client of the same person, unless it is there by itself.
        return gone.Bare() == jid.Bare() && gone.Bare() != muc.muc() &&
               muc.NickOf(jid).empty();
      });
}

}  // namespace

void Focus::TieMuc(Room& room) {
  const std::string& which =
      room.policy.muc.empty() ? config_.paired_muc : room.policy.muc;
  if (which.empty()) return;
  std::optional<Jid> muc = Jid{room.name, config_.muc_domain, {}};
  if (which != "auto") muc = Jid::Parse(which);
  if (!muc || muc->domain.empty()) return;
  room.muc = std::make_unique<PairedMuc>(
      muc->Bare(), Jid{room.name, config_.domain, "focus"}, random_, sink_);
  const auto banned = outcasts_.find(room.muc->muc());
  if (banned != outcasts_.end()) room.muc->set_outcasts(banned->second);
}

void Focus::UntieMuc(Room& room) {
  if (!room.muc) return;
  room.muc->Leave();
  // Not to be had again where the MUC tells its list to admins only.
  if (room.muc->outcasts().empty()) {
    outcasts_.erase(room.muc->muc());
  } else if (outcasts_.size() < kMaxKept) {
    outcasts_[room.muc->muc()] = room.muc->outcasts();
  }
}

bool Focus::HandleMuc(rtp::Timestamp now, const Stanza& stanza) {
  if (IsRequest(stanza)) return false;
  const Addresses addresses = AddressesOf(stanza);
  Room* room = FindRoom(addresses.to.local);
  if (room == nullptr || !room->muc ||
      addresses.from.Bare() != room->muc->muc()) {
    return false;
  }
  bool all = true;
  if (const auto* presence = std::get_if<Presence>(&stanza)) {
    room->muc->HandlePresence(now, *presence);
    // Somebody may call from the MUC, by his address there.
    all = !FindByJid(addresses.to, addresses.from);
  } else if (const auto* message = std::get_if<Message>(&stanza)) {
    room->muc->HandleMessage(now, *message);
  } else {
    all = room->muc->HandleAnswer(now, std::get<Iq>(stanza));
  }
  ApplyMuc(now, *room);
  return all;
}

void Focus::ApplyMuc(rtp::Timestamp now, Room& room) {
  const std::vector<PairedMuc::Expelled> expelled = room.muc->TakeExpelled();
  if (!room.muc->TakeChanged() && expelled.empty()) return;
  std::vector<rtp::PeerId> out;
  std::vector<rtp::PeerId> in;
  for (const auto& participant : room.participants) {
    const bool is_out =
        room.muc->StandingOf(participant->jid).banned ||
        std::any_of(expelled.begin(), expelled.end(), [&](const auto& e) {
          return IsAbout(e, participant->jid, *room.muc);
        });
    (is_out ? out : in).push_back(participant->session->peer());
  }
  for (const rtp::PeerId peer : in) {
    const Located at = FindByPeer(peer);
    ApplyStanding(room, *at.participant);
    UpdateRights(now, at);
  }
  if (!in.empty()) ShowInMuc(now, room);
  // The last one ends the room.
  for (const rtp::PeerId peer : out) {
    End(now, FindByPeer(peer), "decline", "removed from the room's chat");
  }
}

void Focus::ApplyStanding(const Room& room, Participant& participant) {
  if (!room.muc) return;
  const PairedMuc::Standing standing = room.muc->StandingOf(participant.jid);
  participant.by_muc.send_audio = standing.may_send;
  participant.by_muc.send_video = standing.may_send;
  participant.moderator_by_muc = standing.moderates;
}

void Focus::ShowInMuc(rtp::Timestamp now, Room& room) {
  if (!room.muc) return;
  CallPresence call;
  call.room = Jid{room.name, config_.domain, {}}.ToString();
  call.count = room.participants.size();
  call.dominant = room.speakers.dominant;
  for (const auto& participant : room.participants) {
    if (call.participants.size() == kMaxShown) break;
    call.participants.push_back(
        {Describe(*participant), room.muc->NickOf(participant->jid)});
  }
  room.muc->Show(now, std::move(call));
}

}  // namespace signaling
