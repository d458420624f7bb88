// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signaling/stanza.h"

namespace signaling {

// Who may do something. Moderators and members may whatever the kind is.
enum class Access : uint8_t { kAnyone, kDomains, kMembers, kPassword };

// In the order of the enumeration: the words of configuration and forms.
inline constexpr std::array<std::string_view, 4> kAccessWords = {
    "anyone", "domains", "members", "password"};
std::optional<Access> AccessOf(std::string_view word);

// What holds for one room. Plain values: a room has its own copy, which
// commands of moderators change and which ends with the room.
struct RoomPolicy {
  Access access = Access::kAnyone;
  std::vector<std::string> domains;  // who has a JID there may enter
  std::vector<Jid> members;          // bare
  std::string password;              // where access is by it
  size_t max_participants = 0;       // 0: what the server allows
  bool locked = false;               // nobody new but moderators
  std::vector<Jid> moderators;       // bare
  std::string muc;                   // the paired MUC: "", "auto", or its JID
  bool operator==(const RoomPolicy&) const = default;
};

// What holds for the server: who may open rooms that have no entry of their
// own, and how rooms begin.
struct ServerPolicy {
  Access create = Access::kAnyone;  // not kPassword
  std::vector<std::string> create_domains;
  std::vector<Jid> create_members;  // bare
  RoomPolicy defaults;
  std::map<std::string, RoomPolicy> rooms;  // by name
};

// The shortest password of a room. Guests can try again and again.
inline constexpr size_t kMinRoomPassword = 8;  // bytes
inline constexpr size_t kMaxRoomPassword = 256;
inline constexpr size_t kMaxPolicyEntries = 1000;  // of each list

// Why somebody may not come in.
enum class Refusal : uint8_t {
  kDraining,
  kTooManyRoomsOfOne,
  kServerFull,
  kRoomFull,
  kMayNotCreate,
  kNotInvited,
  kPasswordNeeded,
  kPasswordWrong,
  kLocked,
  kBanned,
  kKicked,
};

// In the order of the enumeration: the words of metrics.
inline constexpr std::array<std::string_view, 11> kRefusalWords = {
    "draining",       "too_many_rooms", "server_full",     "room_full",
    "may_not_create", "not_invited",    "password_needed", "password_wrong",
    "locked",         "banned",         "kicked"};

// The stanza error for it (jingle.md s6.9), with a text for people:
// `not-authorized` where a password would help, `forbidden` where nothing
// does, `resource-constraint` where patience does.
StanzaError ErrorOf(Refusal refusal);

// How room `name` begins.
const RoomPolicy& PolicyFor(const ServerPolicy& policy,
                            const std::string& name);

bool IsModerator(const RoomPolicy& policy, const Jid& jid);

// Whether `jid` may open room `name`. A room with an entry of its own is
// opened by whoever may enter it.
bool MayCreate(const ServerPolicy& policy, const std::string& name,
               const Jid& jid);

// Why `jid` may not enter, if so; `password` is what it gave, empty for none.
// Not whether there is space.
std::optional<Refusal> WhyMayNotEnter(const RoomPolicy& policy, const Jid& jid,
                                      std::string_view password);

// Whether `given` is `secret`. Takes as long for every secret.
bool IsSecret(std::string_view given, std::string_view secret);

// Whether `text` may be a room's password.
bool IsRoomPassword(std::string_view text);

}  // namespace signaling
