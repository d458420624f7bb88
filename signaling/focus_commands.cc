// SPDX-License-Identifier: GPL-3.0-or-later
// What moderators do to rooms: ad-hoc commands (XEP-0050) and their effect.
#include <algorithm>
#include <utility>

#include "signaling/focus.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

// Who was removed stays out so long.
constexpr rtp::TimeDelta kKickedFor = std::chrono::seconds(60);

}  // namespace

RoomCommands::Asker Focus::AskerOf(const Room& room, const Jid& from) const {
  RoomCommands::Asker asker;
  asker.jid = from;
  asker.moderates = IsModerator(room.policy, from);
  for (const auto& participant : room.participants) {
    if (participant->jid == from) asker.is_in = true;
    // A moderator's client for commands need not be the one in the call.
    if (PersonOf(participant->jid) == PersonOf(from)) {
      asker.moderates |= participant->rights.moderate;
    }
  }
  return asker;
}

DiscoItems Focus::CommandsFor(const Jid& to, const Jid& from) {
  const Room* room = FindRoom(to.local);
  if (room == nullptr) return RoomCommands::Items(to, {});
  return RoomCommands::Items(to, AskerOf(*room, from));
}

void Focus::HandleCommand(rtp::Timestamp now, const Iq& iq,
                          const Command& command) {
  const Room* room = FindRoom(iq.to.local);
  if (room == nullptr) {
    return ReplyError(iq, ItemNotFound("nobody is in the room"));
  }
  CommandResult result =
      commands_.Handle(now, *room, AskerOf(*room, iq.from), command);
  if (auto* error = std::get_if<StanzaError>(&result.answer)) {
    return ReplyError(iq, std::move(*error));
  }
  // First the deed: who reads the answer can rely on it.
  if (result.order) Apply(now, iq.to.local, *result.order);
  Reply(iq, std::get<Command>(std::move(result.answer)));
}

void Focus::Apply(rtp::Timestamp now, const std::string& name,
                  const RoomOrder& order) {
  if (const auto* kick = std::get_if<Kick>(&order)) {
    for (const std::string& id : kick->participants)
      KickOne(now, name, id, *kick);
    return;
  }
  Room* room = FindRoom(name);
  if (room == nullptr) return;
  if (const auto* set = std::get_if<SetPolicy>(&order)) {
    room->policy = set->policy;
    return;
  }
  const auto& deny = std::get<Deny>(order);
  for (const auto& participant : room->participants) {
    if (std::find(deny.participants.begin(), deny.participants.end(),
                  participant->id) == deny.participants.end()) {
      continue;
    }
    Rights& rights = participant->by_moderator;
    if (deny.audio) rights.send_audio = !deny.denied;
    if (deny.video) rights.send_video = !deny.denied;
    RememberDenied(*room, *participant);
    UpdateRights(now, {room, participant.get()});
  }
}

void Focus::RememberDenied(Room& room, const Participant& participant) {
  const Jid person = PersonOf(participant.jid);
  if (participant.by_moderator == Rights()) {
    room.denied.erase(person);
  } else if (room.denied.size() < kMaxPolicyEntries ||
             room.denied.contains(person)) {
    room.denied[person] = participant.by_moderator;
  }
}

void Focus::KickOne(rtp::Timestamp now, const std::string& name,
                    const std::string& id, const Kick& kick) {
  Room* room = FindRoom(name);  // which goes with the last one
  if (room == nullptr) return;
  const auto it =
      std::find_if(room->participants.begin(), room->participants.end(),
                   [&](const auto& p) { return p->id == id; });
  if (it == room->participants.end()) return;
  std::erase_if(room->kicked, [now](const auto& e) { return now >= e.second; });
  if (room->kicked.size() < kMaxPolicyEntries) {
    room->kicked[PersonOf((*it)->jid)] = now + kKickedFor;
  }
  std::string text = "a moderator has removed you from the room";
  if (!kick.reason.empty()) text += ": " + kick.reason;
  End(now, {room, it->get()}, "decline", std::move(text));
}

void Focus::UpdateRights(rtp::Timestamp now, Located at) {
  SetRights(now, at, EffectiveRights(*at.room, *at.participant));
}

}  // namespace signaling
