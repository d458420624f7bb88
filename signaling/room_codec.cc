// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room_codec.h"

#include <charconv>
#include <string>
#include <utility>

#include "signaling/description_codec.h"
#include "signaling/limits.h"
#include "signaling/namespaces.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

constexpr uint32_t kMaxHeight = 8192;  // pixels

XmlElement Element(std::string_view name) {
  return XmlElement(name, ns::kRoom);
}

uint64_t ReadVersion(const XmlElement& element) {
  const std::string_view text = element.Attribute("version");
  uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

IqPayload ReadReceive(const XmlElement& element) {
  Receive receive;
  for (const XmlElement& child : element.children) {
    if (child.Is("pin", ns::kRoom)) {
      if (receive.pins.size() == limits::kPins) {
        return MalformedRequest("more than 25 pins");
      }
      receive.pins.push_back(ParseText(child, "source"));
    } else if (child.Is("slot", ns::kRoom)) {
      if (receive.limits.size() == limits::kSlotLimits) {
        return MalformedRequest("more than 32 slots");
      }
      const auto height =
          ParseNumber(child.Attribute("max-height"), kMaxHeight);
      if (!height) return MalformedRequest("max-height is a number up to 8192");
      receive.limits.push_back({ParseText(child, "content"), *height});
    }
  }
  return receive;
}

IqPayload ReadPublish(const XmlElement& element) {
  Publish publish;
  for (const XmlElement& child : element.children) {
    if (!child.Is("source", ns::kRoom)) continue;
    if (publish.sources.size() == limits::kContents) {
      return MalformedRequest("more than 32 sources");
    }
    Publish::Source source;
    source.content = ParseText(child, "content");
    source.type = child.Attribute("type");
    if (!source.type.empty() && source.type != "camera" &&
        source.type != "screen" && source.type != "microphone") {
      return MalformedRequest("type is camera, screen or microphone");
    }
    const std::string_view muted = child.Attribute("muted");
    if (muted == "true") source.muted = true;
    if (muted == "false") source.muted = false;
    publish.sources.push_back(std::move(source));
  }
  return publish;
}

Roster ReadRoster(const XmlElement& element) {
  Roster roster;
  roster.version = ReadVersion(element);
  roster.complete = element.Attribute("complete") == "true";
  roster.self = element.Attribute("self");
  roster.resume = element.Attribute("resume");
  roster.room = element.Attribute("room");
  for (const XmlElement& child : element.children) {
    if (child.Is("left", ns::kRoom)) {
      roster.left.emplace_back(child.Attribute("id"));
    }
    if (!child.Is("participant", ns::kRoom)) continue;
    RosterParticipant participant;
    participant.id = child.Attribute("id");
    participant.name = child.Attribute("name");
    participant.away = child.Attribute("away") == "true";
    participant.denied = child.Attribute("denied");
    for (const XmlElement& source : child.children) {
      participant.sources.push_back({std::string(source.Attribute("id")),
                                     std::string(source.Attribute("kind")),
                                     std::string(source.Attribute("type")),
                                     source.Attribute("muted") == "true"});
    }
    roster.participants.push_back(std::move(participant));
  }
  return roster;
}

Speakers ReadSpeakers(const XmlElement& element) {
  Speakers speakers;
  speakers.dominant = element.Attribute("dominant");
  for (const XmlElement& child : element.children) {
    speakers.speaking.emplace_back(child.Attribute("id"));
  }
  return speakers;
}

SlotMap ReadSlotMap(const XmlElement& element) {
  SlotMap map;
  map.version = ReadVersion(element);
  for (const XmlElement& child : element.children) {
    map.slots.push_back({std::string(child.Attribute("content")),
                         std::string(child.Attribute("source")),
                         std::string(child.Attribute("owner")),
                         std::string(child.Attribute("type"))});
  }
  return map;
}

std::string_view Bool(bool value) { return value ? "true" : "false"; }

}  // namespace

IqPayload ParseRoomRequest(const XmlElement& element) {
  if (element.ns != ns::kRoom) return Unknown{element.name, element.ns};
  if (element.name == "receive") return ReadReceive(element);
  if (element.name == "publish") return ReadPublish(element);
  if (element.name == "name") {
    return SetName{std::string(CutText(element.text, limits::kTextBytes))};
  }
  if (element.name == "resume") {
    return Resume{ParseText(element, "token"), ParseText(element, "sid")};
  }
  return Unknown{element.name, element.ns};
}

XmlElement WriteReceive(const Receive& receive) {
  XmlElement element = Element("receive");
  for (const std::string& pin : receive.pins) {
    element.Add(Element("pin")).Set("source", pin);
  }
  for (const Receive::SlotLimit& limit : receive.limits) {
    element.Add(Element("slot"))
        .Set("content", limit.content)
        .Set("max-height", std::to_string(limit.max_height));
  }
  return element;
}

XmlElement WritePublish(const Publish& publish) {
  XmlElement element = Element("publish");
  for (const Publish::Source& source : publish.sources) {
    XmlElement& child = element.Add(Element("source"));
    child.Set("content", source.content).SetIf("type", source.type);
    if (source.muted) child.Set("muted", Bool(*source.muted));
  }
  return element;
}

XmlElement WriteSetName(const SetName& name) {
  XmlElement element = Element("name");
  element.text = name.name;
  return element;
}

XmlElement WriteResume(const Resume& resume) {
  XmlElement element = Element("resume");
  element.Set("token", resume.token).SetIf("sid", resume.sid);
  return element;
}

MessagePayload ParseRoomMessage(const XmlElement& element) {
  if (element.ns != ns::kRoom) return Unknown{element.name, element.ns};
  if (element.name == "roster") return ReadRoster(element);
  if (element.name == "speakers") return ReadSpeakers(element);
  if (element.name == "slots") return ReadSlotMap(element);
  return Unknown{element.name, element.ns};
}

XmlElement WriteRoster(const Roster& roster) {
  XmlElement element = Element("roster");
  element.Set("version", std::to_string(roster.version));
  if (roster.complete) element.Set("complete", "true");
  element.SetIf("self", roster.self)
      .SetIf("resume", roster.resume)
      .SetIf("room", roster.room);
  for (const RosterParticipant& participant : roster.participants) {
    XmlElement& child = element.Add(Element("participant"));
    child.Set("id", participant.id).Set("name", participant.name);
    if (participant.away) child.Set("away", "true");
    child.SetIf("denied", participant.denied);
    for (const RosterSource& source : participant.sources) {
      child.Add(Element("source"))
          .Set("id", source.id)
          .Set("kind", source.kind)
          .Set("type", source.type)
          .Set("muted", Bool(source.muted));
    }
  }
  for (const std::string& id : roster.left) {
    element.Add(Element("left")).Set("id", id);
  }
  return element;
}

XmlElement WriteSpeakers(const Speakers& speakers) {
  XmlElement element = Element("speakers");
  element.SetIf("dominant", speakers.dominant);
  for (const std::string& id : speakers.speaking) {
    element.Add(Element("speaker")).Set("id", id);
  }
  return element;
}

XmlElement WriteSlotMap(const SlotMap& slots) {
  XmlElement element = Element("slots");
  element.Set("version", std::to_string(slots.version));
  for (const SlotMap::Slot& slot : slots.slots) {
    element.Add(Element("slot"))
        .Set("content", slot.content)
        .SetIf("source", slot.source)
        .SetIf("owner", slot.owner)
        .SetIf("type", slot.type);
  }
  return element;
}

}  // namespace signaling
