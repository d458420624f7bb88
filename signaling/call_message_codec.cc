// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/call_message_codec.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "signaling/description_codec.h"
#include "signaling/jingle_codec.h"
#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 7> kKinds = {
    "propose", "ringing", "proceed", "reject", "retract", "finish", "accept"};

Media ParseMedia(std::string_view text) {
  if (text == "audio") return Media::kAudio;
  if (text == "video") return Media::kVideo;
  return Media::kOther;
}

std::string_view MediaName(Media media) {
  return media == Media::kAudio   ? "audio"
         : media == Media::kVideo ? "video"
                                  : "application";
}

}  // namespace

std::optional<CallMessage> ParseCallMessage(const XmlElement& element) {
  const auto kind = std::find(kKinds.begin(), kKinds.end(), element.name);
  CallMessage message;
  message.id = ParseText(element, "id");
  if (element.ns != ns::kCallMessage || kind == kKinds.end() ||
      message.id.empty()) {
    return std::nullopt;
  }
  message.kind = static_cast<CallMessage::Kind>(kind - kKinds.begin());
  for (const XmlElement& child : element.children) {
    if (child.name == "description" &&
        message.media.size() < limits::kContents) {
      message.media.push_back(child.ns == ns::kRtp
                                  ? ParseMedia(child.Attribute("media"))
                                  : Media::kOther);
    } else if (child.Is("reason", ns::kJingle)) {
      message.reason = ParseReason(child);
    }
  }
  return message;
}

XmlElement WriteCallMessage(const CallMessage& message) {
  XmlElement element(kKinds[static_cast<size_t>(message.kind)],
                     ns::kCallMessage);
  element.Set("id", message.id);
  for (const Media media : message.media) {
    element.Add(XmlElement("description", ns::kRtp))
        .Set("media", MediaName(media));
  }
  if (message.reason) element.Add(WriteReason(*message.reason));
  return element;
}

}  // namespace signaling
