// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/stanza_codec.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "signaling/call_message_codec.h"
#include "signaling/command_codec.h"
#include "signaling/jingle_codec.h"
#include "signaling/limits.h"
#include "signaling/muc_codec.h"
#include "signaling/muji_codec.h"
#include "signaling/namespaces.h"
#include "signaling/room_codec.h"

namespace signaling {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 4> kIqTypes = {"get", "set", "result",
                                                      "error"};
constexpr std::array<std::string_view, 8> kPresenceTypes = {
    "",           "unavailable", "subscribe",
    "subscribed", "unsubscribe", "unsubscribed",
    "probe",      "error"};

template <size_t kSize>
std::optional<size_t> IndexOf(const std::array<std::string_view, kSize>& names,
                              std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) return std::nullopt;
  return static_cast<size_t>(it - names.begin());
}

// False for an address that is there and is no JID.
bool ReadJid(const XmlElement& element, std::string_view attribute, Jid* out) {
  const std::string_view text = element.Attribute(attribute);
  if (text.empty()) return true;
  const std::optional<Jid> jid = Jid::Parse(text);
  if (jid) *out = *jid;
  return jid.has_value();
}

StanzaError ReadError(const XmlElement& element) {
  StanzaError error;
  error.type = element.Attribute("type");
  error.condition = "undefined-condition";
  for (const XmlElement& child : element.children) {
    if (child.Is("text", ns::kStanzas)) {
      error.text = CutText(child.text, limits::kTextBytes);
    } else if (child.ns == ns::kStanzas) {
      error.condition = child.name;
    } else if (child.ns == ns::kJingleErrors) {
      error.jingle_condition = child.name;
    } else if (child.ns == ns::kCommands) {
      error.command_condition = child.name;
    }
  }
  return error;
}

XmlElement WriteError(const StanzaError& error) {
  XmlElement element("error");
  element.Set("type", error.type);
  element.Add(XmlElement(error.condition, ns::kStanzas));
  // RFC 6120 s8.3.2: the text follows the defined condition.
  if (!error.text.empty()) {
    element.Add(XmlElement("text", ns::kStanzas)).text = error.text;
  }
  if (!error.jingle_condition.empty()) {
    element.Add(XmlElement(error.jingle_condition, ns::kJingleErrors));
  }
  if (!error.command_condition.empty()) {
    element.Add(XmlElement(error.command_condition, ns::kCommands));
  }
  return element;
}

DiscoInfo ReadDiscoInfo(const XmlElement& element) {
  DiscoInfo info;
  info.node = element.Attribute("node");
  for (const XmlElement& child : element.children) {
    if (child.name == "identity" && info.identities.size() < 64) {
      info.identities.push_back({std::string(child.Attribute("category")),
                                 std::string(child.Attribute("type")),
                                 std::string(child.Attribute("name"))});
    } else if (child.name == "feature" && info.features.size() < 512) {
      info.features.emplace_back(child.Attribute("var"));
    }
  }
  return info;
}

XmlElement WriteDiscoInfo(const DiscoInfo& info) {
  XmlElement element("query", ns::kDiscoInfo);
  element.SetIf("node", info.node);
  for (const DiscoInfo::Identity& identity : info.identities) {
    element.Add(XmlElement("identity", ns::kDiscoInfo))
        .Set("category", identity.category)
        .Set("type", identity.type)
        .SetIf("name", identity.name);
  }
  for (const std::string& feature : info.features) {
    element.Add(XmlElement("feature", ns::kDiscoInfo)).Set("var", feature);
  }
  return element;
}

DiscoItems ReadDiscoItems(const XmlElement& element) {
  DiscoItems items;
  items.node = element.Attribute("node");
  for (const XmlElement& child : element.children) {
    if (child.name == "item" && items.items.size() < 1024) {
      items.items.push_back({std::string(child.Attribute("jid")),
                             std::string(child.Attribute("name")),
                             std::string(child.Attribute("node"))});
    }
  }
  return items;
}

XmlElement WriteDiscoItems(const DiscoItems& items) {
  XmlElement element("query", ns::kDiscoItems);
  element.SetIf("node", items.node);
  for (const DiscoItems::Item& item : items.items) {
    element.Add(XmlElement("item", ns::kDiscoItems))
        .Set("jid", item.jid)
        .SetIf("node", item.node)
        .SetIf("name", item.name);
  }
  return element;
}

IqPayload ReadIqPayload(const XmlElement& element) {
  if (element.Is("jingle", ns::kJingle)) return ParseJingle(element);
  if (element.Is("ping", ns::kPing)) return Ping();
  if (element.Is("query", ns::kDiscoInfo)) return ReadDiscoInfo(element);
  if (element.Is("query", ns::kDiscoItems)) return ReadDiscoItems(element);
  if (element.Is("query", ns::kMucAdmin)) return ParseMucOutcasts(element);
  if (element.Is("command", ns::kCommands)) return ParseCommand(element);
  return ParseRoomRequest(element);
}

std::optional<XmlElement> WriteIqPayload(const IqPayload& payload) {
  struct Writer {
    using Out = std::optional<XmlElement>;
    Out operator()(const Unknown& unknown) const {
      if (unknown.name.empty()) return std::nullopt;
      return XmlElement(unknown.name, unknown.ns);
    }
    Out operator()(const Malformed&) const { return std::nullopt; }
    Out operator()(const JingleMessage& m) const { return WriteJingle(m); }
    Out operator()(const Ping&) const { return XmlElement("ping", ns::kPing); }
    Out operator()(const DiscoInfo& info) const { return WriteDiscoInfo(info); }
    Out operator()(const DiscoItems& items) const {
      return WriteDiscoItems(items);
    }
    Out operator()(const Receive& receive) const {
      return WriteReceive(receive);
    }
    Out operator()(const Publish& publish) const {
      return WritePublish(publish);
    }
    Out operator()(const SetName& name) const { return WriteSetName(name); }
    Out operator()(const Resume& resume) const { return WriteResume(resume); }
    Out operator()(const Command& command) const {
      return WriteCommand(command);
    }
    Out operator()(const MucOutcasts& outcasts) const {
      return WriteMucOutcasts(outcasts);
    }
  };
  return std::visit(Writer(), payload);
}

std::optional<Stanza> ReadIq(const XmlElement& element) {
  Iq iq;
  const auto type = IndexOf(kIqTypes, element.Attribute("type"));
  iq.id = element.Attribute("id");
  if (!type || iq.id.empty() || iq.id.size() > limits::kTextBytes ||
      !ReadJid(element, "from", &iq.from) || !ReadJid(element, "to", &iq.to)) {
    return std::nullopt;
  }
  iq.type = static_cast<IqType>(*type);
  for (const XmlElement& child : element.children) {
    if (iq.type == IqType::kError && child.Is("error", "")) {
      iq.error = ReadError(child);
    } else if (std::holds_alternative<Unknown>(iq.payload) &&
               std::get<Unknown>(iq.payload).name.empty()) {
      iq.payload = ReadIqPayload(child);
    }
  }
  if (iq.type == IqType::kError && !iq.error) iq.error = StanzaError();
  return iq;
}

XmlElement WriteIq(const Iq& iq) {
  XmlElement element("iq");
  element.Set("type", kIqTypes[static_cast<size_t>(iq.type)]).Set("id", iq.id);
  if (!iq.from.domain.empty()) element.Set("from", iq.from.ToString());
  if (!iq.to.domain.empty()) element.Set("to", iq.to.ToString());
  if (iq.type != IqType::kError) {
    if (auto payload = WriteIqPayload(iq.payload)) {
      element.Add(std::move(*payload));
    }
  } else if (iq.error) {
    element.Add(WriteError(*iq.error));
  }
  return element;
}

std::optional<Stanza> ReadPresence(const XmlElement& element) {
  Presence presence;
  const auto type = IndexOf(kPresenceTypes, element.Attribute("type"));
  if (!type || !ReadJid(element, "from", &presence.from) ||
      !ReadJid(element, "to", &presence.to)) {
    return std::nullopt;
  }
  presence.type = static_cast<PresenceType>(*type);
  for (const XmlElement& child : element.children) {
    if (child.Is("nick", ns::kNick)) {
      presence.nick = CutText(child.text, limits::kTextBytes);
    } else if (child.Is("show", "")) {
      presence.show = CutText(child.text, limits::kTextBytes);
    } else if (child.Is("status", "")) {
      presence.status = CutText(child.text, limits::kTextBytes);
    } else if (child.Is("muji", ns::kMuji)) {
      presence.muji = ParseMuji(child);
    } else if (child.Is("c", ns::kCaps)) {
      presence.caps = Caps{std::string(child.Attribute("node")),
                           std::string(child.Attribute("ver"))};
    } else if (child.Is("x", ns::kMuc)) {
      presence.muc_join = true;
    } else if (child.Is("x", ns::kMucUser)) {
      // The MUC's own stands last, should it let another one pass.
      presence.muc_user = ParseMucUser(child);
    } else if (child.Is("call", ns::kRoom)) {
      presence.call = ParseCallPresence(child);
    } else if (presence.type == PresenceType::kError && child.Is("error", "")) {
      presence.error = ReadError(child);
    }
  }
  return presence;
}

XmlElement WritePresence(const Presence& presence) {
  XmlElement element("presence");
  element.SetIf("type", kPresenceTypes[static_cast<size_t>(presence.type)]);
  if (!presence.from.domain.empty()) {
    element.Set("from", presence.from.ToString());
  }
  if (!presence.to.domain.empty()) element.Set("to", presence.to.ToString());
  const auto text = [&element](std::string_view name, const std::string& value,
                               std::string_view ns) {
    if (!value.empty()) element.Add(XmlElement(name, ns)).text = value;
  };
  text("show", presence.show, "");
  text("status", presence.status, "");
  text("nick", presence.nick, ns::kNick);
  if (presence.caps) {
    element.Add(XmlElement("c", ns::kCaps))
        .Set("hash", "sha-1")
        .Set("node", presence.caps->node)
        .Set("ver", presence.caps->ver);
  }
  if (presence.muc_join) element.Add(WriteMucJoin());
  if (presence.muc_user) element.Add(WriteMucUser(*presence.muc_user));
  if (presence.call) element.Add(WriteCallPresence(*presence.call));
  if (presence.error) element.Add(WriteError(*presence.error));
  if (presence.muji) element.Add(WriteMuji(*presence.muji));
  return element;
}

std::optional<Stanza> ReadMessage(const XmlElement& element) {
  Message message;
  message.type = element.Attribute("type");
  message.id = element.Attribute("id");
  if (!ReadJid(element, "from", &message.from) ||
      !ReadJid(element, "to", &message.to)) {
    return std::nullopt;
  }
  for (const XmlElement& child : element.children) {
    if (child.Is("body", "")) {
      message.body = child.text;
    } else if (child.Is("subject", "")) {
      message.subject = child.text;
    } else if (std::holds_alternative<Unknown>(message.payload) &&
               child.Is("invite", ns::kCallInvites)) {
      message.payload = ParseCallInvite(child);
    } else if (std::holds_alternative<Unknown>(message.payload) &&
               child.ns == ns::kRoom) {
      message.payload = ParseRoomMessage(child);
    } else if (std::holds_alternative<Unknown>(message.payload) &&
               child.ns == ns::kCallMessage) {
      if (auto call = ParseCallMessage(child)) message.payload = *call;
    } else if (std::holds_alternative<Unknown>(message.payload) &&
               child.Is("x", ns::kMucUser)) {
      message.payload = ParseMucUser(child);
    }
  }
  return message;
}

XmlElement WriteMessage(const Message& message) {
  XmlElement element("message");
  element.SetIf("type", message.type).SetIf("id", message.id);
  if (!message.from.domain.empty()) {
    element.Set("from", message.from.ToString());
  }
  if (!message.to.domain.empty()) element.Set("to", message.to.ToString());
  if (!message.body.empty())
    element.Add(XmlElement("body")).text = message.body;
  if (message.subject)
    element.Add(XmlElement("subject")).text = *message.subject;
  if (const auto* roster = std::get_if<Roster>(&message.payload)) {
    element.Add(WriteRoster(*roster));
  } else if (const auto* speakers = std::get_if<Speakers>(&message.payload)) {
    element.Add(WriteSpeakers(*speakers));
  } else if (const auto* slots = std::get_if<SlotMap>(&message.payload)) {
    element.Add(WriteSlotMap(*slots));
  } else if (const auto* call = std::get_if<CallMessage>(&message.payload)) {
    element.Add(WriteCallMessage(*call));
    // The recipient's other devices, asleep now, are to know as well.
    element.Add(XmlElement("store", ns::kHints));
  } else if (const auto* invite = std::get_if<CallInvite>(&message.payload)) {
    element.Add(WriteCallInvite(*invite));
    element.Add(WriteEarlyCallInvite(*invite));
    element.Add(XmlElement("store", ns::kHints));
  } else if (const auto* user = std::get_if<MucUser>(&message.payload)) {
    element.Add(WriteMucUser(*user));
  }
  return element;
}

}  // namespace

std::optional<Stanza> ParseStanza(const XmlElement& element) {
  if (!element.ns.empty()) return std::nullopt;
  if (element.name == "iq") return ReadIq(element);
  if (element.name == "presence") return ReadPresence(element);
  if (element.name == "message") return ReadMessage(element);
  return std::nullopt;
}

XmlElement WriteStanza(const Stanza& stanza) {
  if (const auto* iq = std::get_if<Iq>(&stanza)) return WriteIq(*iq);
  if (const auto* presence = std::get_if<Presence>(&stanza)) {
    return WritePresence(*presence);
  }
  return WriteMessage(std::get<Message>(stanza));
}

}  // namespace signaling
