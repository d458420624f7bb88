// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room_policy.h"

#include <algorithm>

#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

bool Has(const std::vector<Jid>& list, const Jid& jid) {
  return std::find(list.begin(), list.end(), jid.Bare()) != list.end();
}

bool Has(const std::vector<std::string>& domains, const Jid& jid) {
  return std::find(domains.begin(), domains.end(), jid.domain) != domains.end();
}

}  // namespace

std::optional<Access> AccessOf(std::string_view word) {
  const auto it = std::find(kAccessWords.begin(), kAccessWords.end(), word);
  if (it == kAccessWords.end()) return std::nullopt;
  return static_cast<Access>(it - kAccessWords.begin());
}

StanzaError ErrorOf(Refusal refusal) {
  switch (refusal) {
    case Refusal::kDraining:
      return {"wait", "service-unavailable", "", "the server is going away"};
    case Refusal::kTooManyRoomsOfOne:
      return ResourceConstraint("too many rooms at once");
    case Refusal::kServerFull:
      return ResourceConstraint("the server has no room for another room");
    case Refusal::kRoomFull:
      return ResourceConstraint("the room is full");
    case Refusal::kMayNotCreate:
      return Forbidden("you may not open a room here");
    case Refusal::kNotInvited:
      return Forbidden("you may not enter this room");
    case Refusal::kPasswordNeeded:
      return {"auth", "not-authorized", "", "the room has a password"};
    case Refusal::kPasswordWrong:
      return {"auth", "not-authorized", "", "the password is wrong"};
    case Refusal::kLocked:
      return Forbidden("the room is locked");
    case Refusal::kBanned:
      return Forbidden("banned from the room's chat");
    case Refusal::kKicked:
      return Forbidden("a moderator has just removed you from this room");
  }
  return {};
}

const RoomPolicy& PolicyFor(const ServerPolicy& policy,
                            const std::string& name) {
  const auto it = policy.rooms.find(name);
  return it == policy.rooms.end() ? policy.defaults : it->second;
}

bool IsModerator(const RoomPolicy& policy, const Jid& jid) {
  return Has(policy.moderators, jid);
}

bool MayCreate(const ServerPolicy& policy, const std::string& name,
               const Jid& jid) {
  if (policy.rooms.contains(name)) return true;
  if (IsModerator(policy.defaults, jid)) return true;
  switch (policy.create) {
    case Access::kAnyone:
      return true;
    case Access::kDomains:
      return Has(policy.create_domains, jid) || Has(policy.create_members, jid);
    case Access::kMembers:
    case Access::kPassword:
      return Has(policy.create_members, jid);
  }
  return false;
}

std::optional<Refusal> WhyMayNotEnter(const RoomPolicy& policy, const Jid& jid,
                                      std::string_view password) {
  if (IsModerator(policy, jid)) return std::nullopt;
  if (policy.locked) return Refusal::kLocked;
  if (Has(policy.members, jid)) return std::nullopt;
  switch (policy.access) {
    case Access::kAnyone:
      return std::nullopt;
    case Access::kDomains:
      if (Has(policy.domains, jid)) return std::nullopt;
      return Refusal::kNotInvited;
    case Access::kMembers:
      return Refusal::kNotInvited;
    case Access::kPassword:
      if (password.empty()) return Refusal::kPasswordNeeded;
      if (IsSecret(password, policy.password)) return std::nullopt;
      return Refusal::kPasswordWrong;
  }
  return Refusal::kNotInvited;
}

bool IsSecret(std::string_view given, std::string_view secret) {
  if (secret.empty()) return false;
  // Each byte given is looked at, whatever came of those before.
  volatile uint8_t differs = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    differs = static_cast<uint8_t>(
        differs | (static_cast<uint8_t>(given[i]) ^
                   static_cast<uint8_t>(secret[i % secret.size()])));
  }
  return differs == 0;
}

bool IsRoomPassword(std::string_view text) {
  return text.size() >= kMinRoomPassword && text.size() <= kMaxRoomPassword &&
         std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

}  // namespace signaling
