// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/disco.h"

#include <gloox/base64.h>
#include <gloox/sha.h>

#include <algorithm>
#include <vector>

#include "signaling/namespaces.h"

namespace signaling {
namespace {

constexpr std::string_view kNode = "https://carillon.invalid";

}  // namespace

DiscoInfo RoomInfo(const std::string& room) {
  DiscoInfo info;
  info.identities = {{"conference", "audio-video", room}};
  for (const std::string_view feature :
       {ns::kDiscoInfo,
        ns::kCaps,
        ns::kPing,
        ns::kJingle,
        ns::kRtp,
        std::string_view("urn:xmpp:jingle:apps:rtp:audio"),
        std::string_view("urn:xmpp:jingle:apps:rtp:video"),
        ns::kIceUdp,
        ns::kDtls,
        ns::kCallMessage,
        ns::kRtcpFeedback,
        ns::kHeaderExtensions,
        ns::kSsrcAttributes,
        ns::kGrouping,
        ns::kCoin,
        ns::kAvConferences,
        ns::kRoom,
        ns::kCommands,
        std::string_view("urn:ietf:rfc:5888"),
        std::string_view("urn:ietf:rfc:5576")}) {
    info.features.emplace_back(feature);
  }
  return info;
}

DiscoInfo DomainInfo() {
  DiscoInfo info;
  // Not "conference": Dino would take the domain for a group chat service.
  info.identities = {{"component", "generic", "Carillon"}};
  info.features = {std::string(ns::kDiscoInfo), std::string(ns::kDiscoItems),
                   std::string(ns::kPing), std::string(ns::kAvConferences)};
  return info;
}

std::string CapsVersion(const DiscoInfo& info) {
  std::vector<std::string> identities;
  for (const DiscoInfo::Identity& identity : info.identities) {
    identities.push_back(identity.category + "/" + identity.type + "//" +
                         identity.name);
  }
  std::vector<std::string> features = info.features;
  std::sort(identities.begin(), identities.end());
  std::sort(features.begin(), features.end());
  gloox::SHA sha;
  for (const std::vector<std::string>* part : {&identities, &features}) {
    for (const std::string& item : *part) sha.feed(item + "<");
  }
  sha.finalize();
  return gloox::Base64::encode64(sha.binary());
}

Caps RoomCaps(const std::string& room) {
  return Caps{std::string(kNode), CapsVersion(RoomInfo(room))};
}

}  // namespace signaling
