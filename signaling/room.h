// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "signaling/jingle_session.h"
#include "signaling/muji_facade.h"
#include "signaling/outgoing_session.h"
#include "signaling/paired_muc.h"
#include "signaling/rights.h"
#include "signaling/room_policy.h"
#include "signaling/stanza.h"

namespace signaling {

// A session by which somebody is shown another one (av-conferences).
struct Downlink {
  std::string owner;  // id of the one that is shown
  Jid local;          // ours, in whose name the session is
  // None: it was declined, or failed; not tried again.
  std::unique_ptr<OutgoingSession> session;
};

// A person in a room, with the one session that carries its media.
struct Participant {
  std::string id;  // room-scoped, what others see
  std::string name;
  Jid jid;    // full, where stanzas go
  Jid local;  // of ours, the very one that was called
  std::unique_ptr<JingleSession> session;
  Rights rights;        // what is enforced: what all of these allow
  Rights by_moderator;  // mute of a moderator of ours
  Rights by_muc;        // voice in the paired MUC
  bool moderator_by_muc = false;
  rtp::Timestamp joined;  // when this session began
  std::string resume_token;
  bool connected = false;  // ICE and DTLS were up once
  bool away = false;       // nothing was heard of its media for a while
  // Its XMPP address is gone; ends at this time unless it resumes.
  rtp::Timestamp ends_at = rtp::kNever;
  bool announced_call = false;  // by XEP-0353
  bool only_sends = false;      // its call takes nothing
  bool wants_downlinks = false;
  bool wants_group_call = false;
  std::unique_ptr<MujiFacade> muji;  // of a client that was asked into one
  std::vector<Downlink> downlinks;
  bool wants_slot_map = false;
  Receive wishes;            // as asked for; sources may come later
  rtp::ReceiveSpec applied;  // what of them could be
  RosterParticipant told;    // what the others know of it
  bool changed = false;      // and are to be told
  uint64_t roster_version = 0;
  uint64_t slots_version = 0;
  std::vector<SlotFill> slots;
};

// One room and who is in it. A conference of the media plane.
struct Room {
  std::string name;
  rtp::ConferenceId conference;
  RoomPolicy policy;                     // as it began, or as commands said
  std::map<Jid, rtp::Timestamp> kicked;  // persons; may come back then
  std::map<Jid, Rights> denied;  // persons; muted also when they come back
  std::vector<std::unique_ptr<Participant>> participants;  // by joining
  rtp::Timestamp since;
  size_t most = 0;  // participants at once
  Speakers speakers;
  rtp::Timestamp roster_next = rtp::Timestamp::min();  // not told before
  bool speakers_dirty = false;
  rtp::Timestamp speakers_next = rtp::Timestamp::min();  // not told before
  std::unique_ptr<PairedMuc> muc;                        // that it is tied to
};

// A published source by its names.
struct NamedSource {
  rtp::SourceId source;
  std::string id;  // "p7k2m4-v0"
  std::string content;
  rtp::MediaKind kind;
  rtp::SourceType type;
  bool muted;
};

// What `participant` publishes, in the order of its contents.
std::vector<NamedSource> SourcesOf(const Participant& participant);

// How others see it.
RosterParticipant Describe(const Participant& participant);

// What `participant` may do in `room`, from all that says so.
Rights EffectiveRights(const Room& room, const Participant& participant);

// Whose JID that is: the bare one, but an address without a local part, which
// may be of a component with many, stands for itself.
Jid PersonOf(const Jid& jid);

// Whether a room may be called so: 1 to 64 lower-case letters, digits, and
// "-_.".
bool IsRoomName(const std::string& name);

// A display name as it may be shown: without control characters, cut to 64
// characters; empty if nothing is left.
std::string CleanName(const std::string& name);

}  // namespace signaling
