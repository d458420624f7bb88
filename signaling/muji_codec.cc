// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/muji_codec.h"

#include <utility>

#include "signaling/description_codec.h"
#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

XmlElement WriteInvite(XmlElement element, const CallInvite& invite) {
  element.Set("id", invite.id)
      .Set("video", invite.video ? "true" : "false")
      .Set("multi", "true");
  element.Add(XmlElement("muji", ns::kMuji)).Set("room", invite.muji_room);
  return element;
}

}  // namespace

MujiPresence ParseMuji(const XmlElement& element) {
  MujiPresence muji;
  for (const XmlElement& child : element.children) {
    if (child.Is("preparing", ns::kMuji)) muji.preparing = true;
    const XmlElement* description = child.Child("description", ns::kRtp);
    if (child.name != "content" || description == nullptr ||
        muji.contents.size() == limits::kContents) {
      continue;
    }
    std::string error;
    auto parsed = ParseRtpDescription(*description, &error);
    if (!parsed) continue;
    muji.contents.push_back({ParseText(child, "name"), std::move(*parsed)});
  }
  return muji;
}

XmlElement WriteMuji(const MujiPresence& muji) {
  XmlElement element("muji", ns::kMuji);
  if (muji.preparing) element.Add(XmlElement("preparing", ns::kMuji));
  for (const MujiPresence::Content& content : muji.contents) {
    XmlElement child("content", ns::kJingle);
    child.Set("creator", "initiator").Set("name", content.name);
    child.Add(WriteRtpDescription(content.description));
    element.Add(std::move(child));
  }
  return element;
}

CallInvite ParseCallInvite(const XmlElement& element) {
  CallInvite invite;
  invite.id = ParseText(element, "id");
  invite.video = element.Attribute("video") == "true";
  if (const XmlElement* muji = element.Child("muji", ns::kMuji)) {
    invite.muji_room = ParseText(*muji, "room");
  }
  return invite;
}

XmlElement WriteCallInvite(const CallInvite& invite) {
  return WriteInvite(XmlElement("invite", ns::kCallInvites), invite);
}

XmlElement WriteEarlyCallInvite(const CallInvite& invite) {
  return WriteInvite(XmlElement("propose", ns::kEarlyCallInvites), invite);
}

}  // namespace signaling
