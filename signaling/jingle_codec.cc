// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/jingle_codec.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "signaling/description_codec.h"
#include "signaling/limits.h"
#include "signaling/namespaces.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 15> kActions = {
    "content-accept",   "content-add",       "content-modify",
    "content-reject",   "content-remove",    "description-info",
    "security-info",    "session-accept",    "session-info",
    "session-initiate", "session-terminate", "transport-accept",
    "transport-info",   "transport-reject",  "transport-replace"};

constexpr std::array<std::string_view, 4> kSenders = {"both", "initiator",
                                                      "responder", "none"};

std::optional<Content> ReadContent(const XmlElement& element,
                                   std::string* error) {
  Content content;
  content.name = element.Attribute("name");
  if (content.name.empty() || content.name.size() > 256) {
    *error = "a content needs a name of at most 256 bytes";
    return std::nullopt;
  }
  if (element.Attribute("creator") == "responder") {
    content.creator = "responder";
  }
  const std::string_view senders = element.Attribute("senders");
  const auto known = std::find(kSenders.begin(), kSenders.end(), senders);
  if (!senders.empty() && known == kSenders.end()) {
    *error = "senders is one of both, initiator, responder, none";
    return std::nullopt;
  }
  if (known != kSenders.end()) {
    content.senders = static_cast<Senders>(known - kSenders.begin());
  }
  for (const XmlElement& child : element.children) {
    if (child.name == "description" && content.description_ns.empty()) {
      content.description_ns = child.ns;
      if (child.ns != ns::kRtp) continue;
      content.description = ParseRtpDescription(child, error);
      if (!content.description) return std::nullopt;
    } else if (child.name == "transport" && content.transport_ns.empty()) {
      content.transport_ns = child.ns;
      if (child.ns != ns::kIceUdp) continue;
      content.transport = ParseIceTransport(child, error);
      if (!content.transport) return std::nullopt;
    }
  }
  return content;
}

// `say_senders`: also where it is the default.
XmlElement WriteContent(const Content& content, bool say_senders) {
  XmlElement element("content", ns::kJingle);
  element.Set("creator", content.creator).Set("name", content.name);
  if (say_senders || content.senders != Senders::kBoth) {
    element.Set("senders", kSenders[static_cast<size_t>(content.senders)]);
  }
  if (content.description) {
    element.Add(WriteRtpDescription(*content.description));
  }
  if (content.transport) element.Add(WriteIceTransport(*content.transport));
  return element;
}

constexpr std::array<std::pair<SessionInfo::Kind, std::string_view>, 6> kInfos =
    {{{SessionInfo::Kind::kActive, "active"},
      {SessionInfo::Kind::kHold, "hold"},
      {SessionInfo::Kind::kUnhold, "unhold"},
      {SessionInfo::Kind::kMute, "mute"},
      {SessionInfo::Kind::kUnmute, "unmute"},
      {SessionInfo::Kind::kRinging, "ringing"}}};

SessionInfo ReadInfo(const XmlElement& jingle) {
  SessionInfo info;
  for (const XmlElement& child : jingle.children) {
    if (child.ns == ns::kJingle) continue;
    info.kind = SessionInfo::Kind::kUnknown;
    if (child.ns != ns::kRtpInfo) continue;
    for (const auto& [kind, name] : kInfos) {
      if (child.name == name) {
        info.kind = kind;
        info.content = ParseText(child, "name");
        return info;
      }
    }
  }
  return info;
}

// Whether the session as a whole describes more than one may (limits.h).
// Who answers has a source, and one for RTX, in each slot of the offer.
std::string OverLimit(JingleAction action,
                      const SessionDescription& description) {
  const bool answer = action == JingleAction::kSessionAccept ||
                      action == JingleAction::kContentAccept;
  const size_t most_ssrcs = answer ? 2 * limits::kContents : limits::kSsrcs;
  const size_t most_groups = answer ? limits::kContents : limits::kGroups;
  std::set<uint8_t> types;
  std::set<std::string> extensions;
  size_t ssrcs = 0;
  size_t groups = 0;
  for (const Content& content : description.contents) {
    if (!content.description) continue;
    for (const PayloadType& type : content.description->payload_types) {
      types.insert(type.id);
    }
    for (const HeaderExtension& extension : content.description->extensions) {
      extensions.insert(extension.uri);
    }
    ssrcs += content.description->sources.size();
    groups += content.description->ssrc_groups.size();
  }
  if (types.size() > limits::kPayloadTypes) return "too many payload types";
  if (extensions.size() > limits::kExtensions) return "too many extensions";
  if (ssrcs > most_ssrcs) return "too many sources";
  if (groups > most_groups) return "too many groups of sources";
  return {};
}

// RFC 4575 s5.6, as XEP-0298 has it.
std::optional<JingleMessage::ConferenceUser> ParseUser(
    const XmlElement& element) {
  const XmlElement* users = element.Child("users", ns::kCoin);
  const XmlElement* user =
      users == nullptr ? nullptr : users->Child("user", ns::kCoin);
  if (user == nullptr) return std::nullopt;
  JingleMessage::ConferenceUser out;
  out.entity = ParseText(*user, "entity");
  if (const XmlElement* name = user->Child("display-text", ns::kCoin)) {
    out.name = CutText(name->text, limits::kTextBytes);
  }
  return out;
}

}  // namespace

JingleReason ParseReason(const XmlElement& element) {
  JingleReason reason;
  for (const XmlElement& child : element.children) {
    if (child.Is("text", ns::kJingle)) {
      reason.text = CutText(child.text, limits::kTextBytes);
    } else if (child.ns == ns::kJingle && reason.condition.empty()) {
      reason.condition = child.name;
      if (const XmlElement* sid = child.Child("sid", ns::kJingle)) {
        reason.alternative_sid = CutText(sid->text, limits::kTextBytes);
      }
    } else if (child.ns != ns::kJingle) {
      reason.application_condition = child.name;
      reason.application_ns = child.ns;
    }
  }
  return reason;
}

XmlElement WriteReason(const JingleReason& reason) {
  XmlElement element("reason", ns::kJingle);
  // XEP-0166 s7.4: a condition must be there.
  XmlElement& condition = element.Add(
      XmlElement(reason.condition.empty() ? "general-error" : reason.condition,
                 ns::kJingle));
  if (!reason.alternative_sid.empty()) {
    condition.Add(XmlElement("sid", ns::kJingle)).text = reason.alternative_sid;
  }
  if (!reason.text.empty()) {
    element.Add(XmlElement("text", ns::kJingle)).text = reason.text;
  }
  if (!reason.application_condition.empty()) {
    element.Add(
        XmlElement(reason.application_condition, reason.application_ns));
  }
  return element;
}

IqPayload ParseJingle(const XmlElement& element) {
  JingleMessage message;
  const auto action =
      std::find(kActions.begin(), kActions.end(), element.Attribute("action"));
  if (action == kActions.end()) return MalformedRequest("unknown action");
  message.action = static_cast<JingleAction>(action - kActions.begin());
  message.sid = element.Attribute("sid");
  if (message.sid.empty() || message.sid.size() > 256) {
    return MalformedRequest("a session needs a sid of at most 256 bytes");
  }
  message.initiator = element.Attribute("initiator");
  message.responder = element.Attribute("responder");
  std::set<std::string_view> names;
  for (const XmlElement& child : element.children) {
    if (child.Is("content", ns::kJingle)) {
      if (message.description.contents.size() == limits::kContents) {
        return MalformedRequest("more than 32 contents");
      }
      std::string error;
      auto content = ReadContent(child, &error);
      if (!content) return MalformedRequest(error);
      if (!names.insert(child.Attribute("name")).second) {
        return MalformedRequest("two contents of one name");
      }
      message.description.contents.push_back(std::move(*content));
    } else if (child.Is("group", ns::kGrouping)) {
      ContentGroup group;
      group.semantics = ParseText(child, "semantics");
      for (const XmlElement& member : child.children) {
        if (group.contents.size() < limits::kContents) {
          group.contents.push_back(ParseText(member, "name"));
        }
      }
      if (message.description.groups.size() < limits::kContents) {
        message.description.groups.push_back(std::move(group));
      }
    } else if (child.Is("reason", ns::kJingle)) {
      message.reason = ParseReason(child);
    } else if (child.Is("resume", ns::kRoom)) {
      message.resume_token = ParseText(child, "token");
    } else if (child.Is("join", ns::kRoom)) {
      message.password = ParseText(child, "password");
    } else if (child.Is("muji", ns::kMuji)) {
      message.muji_room = ParseText(child, "room");
    } else if (child.Is("conference-info", ns::kCoin)) {
      message.is_focus = child.Attribute("isfocus") == "true";
      message.user = ParseUser(child);
    }
  }
  if (message.action == JingleAction::kSessionInfo) {
    message.info = ReadInfo(element);
  }
  if (std::string error = OverLimit(message.action, message.description);
      !error.empty()) {
    return MalformedRequest(std::move(error));
  }
  return message;
}

XmlElement WriteJingle(const JingleMessage& message) {
  XmlElement element("jingle", ns::kJingle);
  element.Set("action", JingleActionName(message.action))
      .Set("sid", message.sid)
      .SetIf("initiator", message.initiator)
      .SetIf("responder", message.responder);
  for (const ContentGroup& group : message.description.groups) {
    XmlElement& child = element.Add(XmlElement("group", ns::kGrouping));
    child.Set("semantics", group.semantics);
    for (const std::string& name : group.contents) {
      child.Add(XmlElement("content", ns::kGrouping)).Set("name", name);
    }
  }
  // It is what a content-modify is about (XEP-0166 s7.2.3).
  const bool say_senders = message.action == JingleAction::kContentModify;
  for (const Content& content : message.description.contents) {
    element.Add(WriteContent(content, say_senders));
  }
  if (message.reason) element.Add(WriteReason(*message.reason));
  if (!message.muji_room.empty()) {
    element.Add(XmlElement("muji", ns::kMuji)).Set("room", message.muji_room);
  }
  if (message.is_focus) {
    XmlElement& info = element.Add(XmlElement("conference-info", ns::kCoin));
    info.Set("isfocus", "true");
    if (message.user) {
      XmlElement& user = info.Add(XmlElement("users", ns::kCoin))
                             .Add(XmlElement("user", ns::kCoin));
      user.Set("entity", message.user->entity);
      user.Add(XmlElement("display-text", ns::kCoin)).text = message.user->name;
    }
  }
  if (!message.resume_token.empty()) {
    element.Add(XmlElement("resume", ns::kRoom))
        .Set("token", message.resume_token);
  }
  if (!message.password.empty()) {
    element.Add(XmlElement("join", ns::kRoom))
        .Set("password", message.password);
  }
  for (const auto& [kind, name] : kInfos) {
    if (message.info.kind != kind) continue;
    XmlElement& info = element.Add(XmlElement(name, ns::kRtpInfo));
    if (!message.info.content.empty()) {
      info.Set("creator", "initiator").Set("name", message.info.content);
    }
  }
  return element;
}

std::string_view JingleActionName(JingleAction action) {
  return kActions[static_cast<size_t>(action)];
}

}  // namespace signaling
