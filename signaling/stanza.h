// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signaling/call_message.h"
#include "signaling/command.h"
#include "signaling/jingle_message.h"
#include "signaling/muji.h"

namespace signaling {

// An XMPP address (RFC 7622). Compared octet by octet: the server has prepared
// what it routes, and an answer must come from the very string that was
// called.
struct Jid {
  std::string local;
  std::string domain;
  std::string resource;

  // Splits at the first '/' and the first '@' before it. Returns nullopt for
  // a part that is there but empty or over 1023 bytes, and without a domain.
  static std::optional<Jid> Parse(std::string_view text);
  // What a person wrote, prepared as a server would (RFC 6122: letters in
  // lower case, ...). Nullopt for what cannot be an address.
  static std::optional<Jid> Prepare(const std::string& text);
  std::string ToString() const;
  Jid Bare() const { return Jid{local, domain, {}}; }
  auto operator<=>(const Jid&) const = default;
};

// ---- payloads of the room protocol (docs/room-protocol.md) ----

struct RosterSource {
  std::string id;    // "p7k2m4-v0"
  std::string kind;  // "audio", "video"
  std::string type;  // "microphone", "camera", "screen"
  bool muted = false;
  bool operator==(const RosterSource&) const = default;
};
struct RosterParticipant {
  std::string id;
  std::string name;
  bool away = false;
  std::vector<RosterSource> sources;
  std::string denied = {};  // what it may not send: "audio", "video", both
  bool operator==(const RosterParticipant&) const = default;
};
struct Roster {
  uint64_t version = 0;
  bool complete = false;
  std::string self;
  std::string resume;
  std::string room;
  std::vector<RosterParticipant> participants;
  std::vector<std::string> left;
  bool operator==(const Roster&) const = default;
};
struct Speakers {
  std::string dominant;
  std::vector<std::string> speaking;
  bool operator==(const Speakers&) const = default;
};
struct SlotMap {
  struct Slot {
    std::string content;
    std::string source;  // empty: the slot is empty
    std::string owner;
    std::string type;
    bool operator==(const Slot&) const = default;
  };
  uint64_t version = 0;
  std::vector<Slot> slots;
  bool operator==(const SlotMap&) const = default;
};
struct Receive {
  struct SlotLimit {
    std::string content;
    uint32_t max_height = 0;
    bool operator==(const SlotLimit&) const = default;
  };
  std::vector<std::string> pins;  // source ids
  std::vector<SlotLimit> limits;
  bool operator==(const Receive&) const = default;
};
struct Publish {
  struct Source {
    std::string content;
    std::string type;  // empty: unchanged; else "camera", "screen"
    std::optional<bool> muted;
    bool operator==(const Source&) const = default;
  };
  std::vector<Source> sources;
  bool operator==(const Publish&) const = default;
};
struct SetName {
  std::string name;
  bool operator==(const SetName&) const = default;
};
struct Resume {
  std::string token;
  std::string sid;
  bool operator==(const Resume&) const = default;
};

// ---- payloads of standard protocols ----

struct Ping {  // XEP-0199
  bool operator==(const Ping&) const = default;
};
struct DiscoInfo {  // XEP-0030; a request has only the node
  struct Identity {
    std::string category;
    std::string type;
    std::string name;
    bool operator==(const Identity&) const = default;
  };
  std::string node;
  std::vector<Identity> identities;
  std::vector<std::string> features;
  bool operator==(const DiscoInfo&) const = default;
};
struct DiscoItems {
  struct Item {
    std::string jid;
    std::string name;
    std::string node = {};
    bool operator==(const Item&) const = default;
  };
  std::string node;
  std::vector<Item> items;
  bool operator==(const DiscoItems&) const = default;
};
struct Caps {  // XEP-0115
  std::string node;
  std::string ver;  // base64 of sha-1
  bool operator==(const Caps&) const = default;
};

// ---- multi-user chat (XEP-0045; muc_codec.h) ----

enum class MucAffiliation : uint8_t {
  kOutcast,
  kNone,
  kMember,
  kAdmin,
  kOwner,
};
enum class MucRole : uint8_t { kNone, kVisitor, kParticipant, kModerator };
struct MucItem {
  MucAffiliation affiliation = MucAffiliation::kNone;
  MucRole role = MucRole::kNone;
  std::optional<Jid> jid;  // the real one; not for everybody's eyes
  std::string nick;        // the new one, when it changes
  bool operator==(const MucItem&) const = default;
};
// What the MUC says of an occupant, or in a message of itself.
struct MucUser {
  std::vector<MucItem> items;      // one for each client of an occupant
  std::vector<uint16_t> statuses;  // XEP-0045 s15.6
  bool destroyed = false;
  bool operator==(const MucUser&) const = default;
};
// Who is banned (XEP-0045 s9.2); a request for it is empty.
struct MucOutcasts {
  std::vector<Jid> jids;
  bool operator==(const MucOutcasts&) const = default;
};
// What those in a MUC see of the call (docs/room-protocol.md).
struct CallPresence {
  struct Participant {
    RosterParticipant as_told;
    std::string nick;  // in the MUC; empty: not known
    bool operator==(const Participant&) const = default;
  };
  std::string room;      // to be called
  uint64_t count = 0;    // of participants, also of those not listed
  std::string dominant;  // participant id
  std::vector<Participant> participants;
  bool operator==(const CallPresence&) const = default;
};

// ---- stanzas ----

// An element that nobody here knows, or none at all (both empty).
struct Unknown {
  std::string name;
  std::string ns;
  bool operator==(const Unknown&) const = default;
};
// An element that we know but could not accept: the error to answer with.
struct Malformed {
  StanzaError error;
  bool operator==(const Malformed&) const = default;
};

using IqPayload =
    std::variant<Unknown, Malformed, JingleMessage, Ping, DiscoInfo, DiscoItems,
                 Receive, Publish, SetName, Resume, Command, MucOutcasts>;

enum class IqType : uint8_t { kGet, kSet, kResult, kError };

struct Iq {
  IqType type = IqType::kGet;
  Jid from;
  Jid to;
  std::string id;
  IqPayload payload;
  std::optional<StanzaError> error;  // of type error
  bool operator==(const Iq&) const = default;
};

enum class PresenceType : uint8_t {
  kAvailable,
  kUnavailable,
  kSubscribe,
  kSubscribed,
  kUnsubscribe,
  kUnsubscribed,
  kProbe,
  kError,
};

struct Presence {
  PresenceType type = PresenceType::kAvailable;
  Jid from;
  Jid to;
  std::string nick;  // XEP-0172
  std::string show;  // "chat", ... of available ones
  std::string status;
  std::optional<Caps> caps;
  bool muc_join = false;  // enters a MUC, wants nothing of its past
  std::optional<MucUser> muc_user;
  std::optional<CallPresence> call;
  std::optional<MujiPresence> muji;
  std::optional<StanzaError> error;  // of type error
  bool operator==(const Presence&) const = default;
};

using MessagePayload = std::variant<Unknown, Roster, Speakers, SlotMap,
                                    CallMessage, MucUser, CallInvite>;

struct Message {
  std::string type;  // "headline", "chat", "error", ...
  Jid from;
  Jid to;
  std::string id;
  std::string body;
  std::optional<std::string> subject;
  MessagePayload payload;
  bool operator==(const Message&) const = default;
};

using Stanza = std::variant<Iq, Presence, Message>;

// Where stanzas go that a state machine wants sent. Order is kept. What is
// given while the XMPP link is down is dropped by the link (the peer learns
// of us anew by the roster and by session pings).
class StanzaSink {
 public:
  virtual ~StanzaSink() = default;
  virtual void Send(Stanza stanza) = 0;
};

}  // namespace signaling
