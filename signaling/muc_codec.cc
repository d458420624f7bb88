// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/muc_codec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "signaling/description_codec.h"
#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

constexpr uint32_t kMaxCount = 1'000'000;

// In the order of the enumerations.
constexpr std::array<std::string_view, 5> kAffiliations = {
    "outcast", "none", "member", "admin", "owner"};
constexpr std::array<std::string_view, 4> kRoles = {"none", "visitor",
                                                    "participant", "moderator"};

template <typename Value, size_t kSize>
Value ReadWord(const std::array<std::string_view, kSize>& words,
               std::string_view word, Value otherwise) {
  const auto it = std::find(words.begin(), words.end(), word);
  return it == words.end() ? otherwise : static_cast<Value>(it - words.begin());
}

MucItem ReadItem(const XmlElement& element) {
  MucItem item;
  item.affiliation = ReadWord(kAffiliations, element.Attribute("affiliation"),
                              MucAffiliation::kNone);
  item.role = ReadWord(kRoles, element.Attribute("role"), MucRole::kNone);
  item.jid = Jid::Parse(element.Attribute("jid"));
  item.nick = ParseText(element, "nick");
  return item;
}

}  // namespace

XmlElement WriteMucJoin() {
  XmlElement element("x", ns::kMuc);
  // XEP-0045 s7.2.13: no element at all would mean all of it.
  element.Add(XmlElement("history", ns::kMuc)).Set("maxstanzas", "0");
  return element;
}

MucUser ParseMucUser(const XmlElement& element) {
  MucUser user;
  for (const XmlElement& child : element.children) {
    if (child.Is("item", ns::kMucUser)) {
      if (user.items.size() < limits::kMucItems) {
        user.items.push_back(ReadItem(child));
      }
    } else if (child.Is("status", ns::kMucUser)) {
      const auto code = ParseNumber(child.Attribute("code"), 999);
      if (code && user.statuses.size() < limits::kMucStatuses) {
        user.statuses.push_back(static_cast<uint16_t>(*code));
      }
    } else if (child.Is("destroy", ns::kMucUser)) {
      user.destroyed = true;
    }
  }
  return user;
}

XmlElement WriteMucUser(const MucUser& user) {
  XmlElement element("x", ns::kMucUser);
  for (const MucItem& item : user.items) {
    element.Add(XmlElement("item", ns::kMucUser))
        .Set("affiliation",
             kAffiliations[static_cast<size_t>(item.affiliation)])
        .Set("role", kRoles[static_cast<size_t>(item.role)])
        .SetIf("jid", item.jid ? item.jid->ToString() : std::string())
        .SetIf("nick", item.nick);
  }
  for (const uint16_t status : user.statuses) {
    element.Add(XmlElement("status", ns::kMucUser))
        .Set("code", std::to_string(status));
  }
  if (user.destroyed) element.Add(XmlElement("destroy", ns::kMucUser));
  return element;
}

MucOutcasts ParseMucOutcasts(const XmlElement& element) {
  MucOutcasts outcasts;
  for (const XmlElement& child : element.children) {
    const std::optional<Jid> jid = Jid::Parse(child.Attribute("jid"));
    if (child.Is("item", ns::kMucAdmin) &&
        child.Attribute("affiliation") == "outcast" && jid &&
        outcasts.jids.size() < limits::kMucOutcasts) {
      outcasts.jids.push_back(*jid);
    }
  }
  return outcasts;
}

XmlElement WriteMucOutcasts(const MucOutcasts& outcasts) {
  XmlElement element("query", ns::kMucAdmin);
  const auto add = [&element]() -> XmlElement& {
    return element.Add(XmlElement("item", ns::kMucAdmin))
        .Set("affiliation", "outcast");
  };
  if (outcasts.jids.empty()) add();
  for (const Jid& jid : outcasts.jids) add().Set("jid", jid.ToString());
  return element;
}

CallPresence ParseCallPresence(const XmlElement& element) {
  CallPresence call;
  call.room = ParseText(element, "room");
  call.count =
      ParseNumber(element.Attribute("participants"), kMaxCount).value_or(0);
  call.dominant = ParseText(element, "dominant");
  for (const XmlElement& child : element.children) {
    if (!child.Is("participant", ns::kRoom)) continue;
    CallPresence::Participant participant;
    participant.nick = ParseText(child, "nick");
    participant.as_told.id = ParseText(child, "id");
    participant.as_told.name = ParseText(child, "name");
    participant.as_told.away = child.Attribute("away") == "true";
    for (const XmlElement& source : child.children) {
      if (!source.Is("source", ns::kRoom)) continue;
      participant.as_told.sources.push_back(
          {ParseText(source, "id"), ParseText(source, "kind"),
           ParseText(source, "type"), source.Attribute("muted") == "true"});
    }
    call.participants.push_back(std::move(participant));
  }
  return call;
}

XmlElement WriteCallPresence(const CallPresence& call) {
  XmlElement element("call", ns::kRoom);
  element.SetIf("room", call.room)
      .Set("participants", std::to_string(call.count))
      .SetIf("dominant", call.dominant);
  for (const CallPresence::Participant& participant : call.participants) {
    const RosterParticipant& told = participant.as_told;
    XmlElement& child = element.Add(XmlElement("participant", ns::kRoom));
    child.Set("id", told.id)
        .Set("name", told.name)
        .SetIf("nick", participant.nick);
    if (told.away) child.Set("away", "true");
    for (const RosterSource& source : told.sources) {
      child.Add(XmlElement("source", ns::kRoom))
          .Set("id", source.id)
          .Set("kind", source.kind)
          .Set("type", source.type)
          .Set("muted", source.muted ? "true" : "false");
    }
  }
  return element;
}

}  // namespace signaling
