// SPDX-License-Identifier: GPL-3.0-or-later
// What the focus tells those in a room (docs/room-protocol.md).
#include <algorithm>
#include <map>
#include <utility>

#include "signaling/focus.h"

namespace signaling {
namespace {

// The room tells at most five changes a second, of each kind.
constexpr rtp::TimeDelta kInterval = std::chrono::milliseconds(200);

}  // namespace

std::string Focus::NameFor(const Jid& jid, rtp::Timestamp now) {
  const auto it = announced_.find(jid);
  if (it != announced_.end()) {
    const std::string nick = it->second.nick;
    const bool fresh = now < it->second.expires;
    announced_.erase(it);
    if (fresh) return nick;
  }
  const bool guest =
      std::find(config_.guest_domains.begin(), config_.guest_domains.end(),
                jid.domain) != config_.guest_domains.end();
  const std::string local = CleanName(jid.local);
  return guest || local.empty() ? "Guest" : local;
}

std::string Focus::NewParticipantId(const Room& room) {
  for (;;) {
    std::string id = "p" + random_.NextString(5, rtp::kReadableChars);
    const bool taken =
        std::any_of(room.participants.begin(), room.participants.end(),
                    [&](const auto& p) { return p->id == id; });
    if (!taken) return id;
  }
}

void Focus::SendHeadline(const Participant& to, MessagePayload payload) {
  // Nobody is at an address that is gone.
  if (to.ends_at != rtp::kNever) return;
  Message message;
  message.type = "headline";
  message.from = to.local;
  message.to = to.jid;
  message.payload = std::move(payload);
  sink_.Send(std::move(message));
}

void Focus::TellAll(rtp::Timestamp now, Located at) {
  SendRoster(*at.room, *at.participant);
  SendSlots(*at.room, *at.participant);
  SendSpeakers(*at.room, *at.participant);
  TellChanged(now, at);
}

void Focus::TellChanged(rtp::Timestamp now, Located at) {
  at.participant->changed = true;
  if (now >= at.room->roster_next) TellRoster(now, *at.room);
}

void Focus::TellRoster(rtp::Timestamp now, Room& room) {
  std::vector<RosterParticipant> changes;
  for (const auto& participant : room.participants) {
    if (!std::exchange(participant->changed, false)) continue;
    RosterParticipant description = Describe(*participant);
    if (description == participant->told) continue;
    participant->told = description;
    changes.push_back(std::move(description));
  }
  if (changes.empty()) return;
  room.roster_next = now + kInterval;
  ShowInMuc(now, room);
  for (const auto& other : room.participants) {
    if (!other->wishes.pins.empty()) ApplyWishes(now, {&room, other.get()});
    if (other->ends_at != rtp::kNever) continue;  // has it all when it is back
    Roster roster;
    roster.version = ++other->roster_version;
    roster.participants = changes;
    SendHeadline(*other, std::move(roster));
  }
  SyncDownlinks(now, room);
}

void Focus::SendRoster(Room& room, Participant& to) {
  Roster roster;
  roster.version = ++to.roster_version;
  roster.complete = true;
  roster.self = to.id;
  roster.resume = to.resume_token;
  roster.room = room.name;
  for (const auto& participant : room.participants) {
    roster.participants.push_back(Describe(*participant));
    // This reader knows more than all were told: whatever comes of it is news.
    if (roster.participants.back() != participant->told) {
      participant->told = RosterParticipant();
    }
  }
  SendHeadline(to, std::move(roster));
}

void Focus::SendSlots(Room& room, Participant& to) {
  if (!to.wants_slot_map) return;
  struct Owned {
    NamedSource source;
    std::string owner;
  };
  std::map<rtp::SourceId, Owned> known;
  for (const auto& participant : room.participants) {
    for (NamedSource& source : SourcesOf(*participant)) {
      const rtp::SourceId id = source.source;
      known.emplace(id, Owned{std::move(source), participant->id});
    }
  }
  SlotMap map;
  map.version = ++to.slots_version;
  for (const rtp::ContentSpec& content : to.session->spec().contents) {
    if (!content.slot) continue;
    SlotMap::Slot slot;
    slot.content = content.name;
    const auto fill = std::find_if(
        to.slots.begin(), to.slots.end(),
        [&](const SlotFill& f) { return f.content == slot.content; });
    const auto it =
        fill == to.slots.end() ? known.end() : known.find(fill->source);
    if (it != known.end()) {
      slot.source = it->second.source.id;
      slot.owner = it->second.owner;
      slot.type = it->second.source.type == rtp::SourceType::kScreen ? "screen"
                  : it->second.source.kind == rtp::MediaKind::kAudio
                      ? "microphone"
                      : "camera";
    }
    map.slots.push_back(std::move(slot));
  }
  SendHeadline(to, std::move(map));
}

void Focus::SendSpeakers(const Room& room, const Participant& to) {
  if (room.speakers.dominant.empty() && room.speakers.speaking.empty()) return;
  SendHeadline(to, room.speakers);
}

void Focus::TellSpeakers(rtp::Timestamp now, Room& room) {
  room.speakers_dirty = false;
  room.speakers_next = now + kInterval;
  for (const auto& participant : room.participants) {
    SendHeadline(*participant, room.speakers);
  }
}

void Focus::OnSlotsChanged(rtp::Timestamp /*now*/, rtp::PeerId peer,
                           const std::vector<SlotFill>& slots) {
  const Located at = FindByPeer(peer);
  if (!at || at.participant->slots == slots) return;
  at.participant->slots = slots;
  SendSlots(*at.room, *at.participant);
}

void Focus::OnSpeakersChanged(rtp::Timestamp now, rtp::ConferenceId conference,
                              rtp::SourceId dominant,
                              const std::vector<rtp::SourceId>& speaking) {
  const auto it =
      std::find_if(rooms_.begin(), rooms_.end(), [&](const auto& entry) {
        return entry.second->conference == conference;
      });
  if (it == rooms_.end()) return;
  Room& room = *it->second;
  std::map<rtp::SourceId, std::string> owners;
  for (const auto& participant : room.participants) {
    for (const NamedSource& source : SourcesOf(*participant)) {
      owners.emplace(source.source, participant->id);
    }
  }
  Speakers speakers;
  const auto owner = owners.find(dominant);
  if (owner != owners.end()) speakers.dominant = owner->second;
  for (const rtp::SourceId source : speaking) {
    const auto speaker = owners.find(source);
    if (speaker != owners.end()) speakers.speaking.push_back(speaker->second);
  }
  if (speakers == room.speakers) return;
  const bool other_dominant = speakers.dominant != room.speakers.dominant;
  if (other_dominant) ++stats_.dominant_speaker_changes;
  room.speakers = std::move(speakers);
  if (other_dominant) ShowInMuc(now, room);
  room.speakers_dirty = true;
  if (now >= room.speakers_next) TellSpeakers(now, room);
}

}  // namespace signaling
