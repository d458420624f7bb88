// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room.h"

#include <algorithm>

namespace signaling {
namespace {

constexpr size_t kMaxName = 64;  // characters

std::string_view TypeName(rtp::SourceType type) {
  switch (type) {
    case rtp::SourceType::kMicrophone:
      return "microphone";
    case rtp::SourceType::kCamera:
      return "camera";
    case rtp::SourceType::kScreen:
      return "screen";
  }
  return "";
}

}  // namespace

std::vector<NamedSource> SourcesOf(const Participant& participant) {
  std::vector<NamedSource> sources;
  if (participant.session == nullptr) return sources;
  int audio = 0;
  int video = 0;
  for (const rtp::ContentSpec& content : participant.session->spec().contents) {
    const bool is_audio = content.kind == rtp::MediaKind::kAudio;
    const int number = is_audio ? audio++ : video++;
    // Numbers of contents, so that names stay while another one is off.
    if (!content.uplink) continue;
    sources.push_back(
        {content.uplink->source,
         participant.id + (is_audio ? "-a" : "-v") + std::to_string(number),
         content.name, content.kind, content.uplink->type,
         content.uplink->muted});
  }
  return sources;
}

RosterParticipant Describe(const Participant& participant) {
  RosterParticipant out;
  out.id = participant.id;
  out.name = participant.name;
  out.away = participant.away || participant.ends_at != rtp::kNever;
  if (!participant.rights.send_audio) out.denied = "audio";
  if (!participant.rights.send_video) {
    out.denied += out.denied.empty() ? "video" : " video";
  }
  for (const NamedSource& source : SourcesOf(participant)) {
    out.sources.push_back(
        {source.id, source.kind == rtp::MediaKind::kAudio ? "audio" : "video",
         std::string(TypeName(source.type)), source.muted});
  }
  return out;
}

Rights EffectiveRights(const Room& room, const Participant& participant) {
  Rights rights = participant.by_moderator & participant.by_muc;
  rights.moderate =
      participant.moderator_by_muc || IsModerator(room.policy, participant.jid);
  return rights;
}

Jid PersonOf(const Jid& jid) { return jid.local.empty() ? jid : jid.Bare(); }

bool IsRoomName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::string CleanName(const std::string& name) {
  std::string out;
  size_t characters = 0;
  const auto byte_at = [&name](size_t at) -> unsigned char {
    return at < name.size() ? static_cast<unsigned char>(name[at]) : 0;
  };
  for (size_t at = 0; at < name.size(); ++at) {
    const unsigned char byte = byte_at(at);
    // Unicode's category Cc: U+0000 to U+001F, U+007F to U+009F.
    if (byte < 0x20 || byte == 0x7F) continue;
    if (byte == 0xC2 && byte_at(at + 1) >= 0x80 && byte_at(at + 1) <= 0x9F) {
      ++at;
      continue;
    }
    // A byte that is no continuation begins a character.
    if ((byte & 0xC0) != 0x80 && ++characters > kMaxName) break;
    out += name[at];
  }
  const size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

}  // namespace signaling
