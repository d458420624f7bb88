// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/debug_json.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace sfu {
namespace {

using nlohmann::ordered_json;
using signaling::Focus;
using signaling::Participant;
using signaling::Room;

double SecondsBetween(rtp::Timestamp from, rtp::Timestamp to) {
  return static_cast<double>((to - from).count() / 1000) / 1000;
}

std::string StateOf(const Participant& participant) {
  if (participant.ends_at != rtp::kNever) return "address_gone";
  if (participant.away) return "away";
  return participant.connected ? "connected" : "connecting";
}

std::string KindName(rtp::MediaKind kind) {
  return kind == rtp::MediaKind::kAudio ? "audio" : "video";
}

// "p7k2m4-v0" of each source in the room.
std::map<rtp::SourceId, std::string> SourceNames(const Room& room) {
  std::map<rtp::SourceId, std::string> names;
  for (const auto& participant : room.participants) {
    for (const auto& source : signaling::SourcesOf(*participant)) {
      names.emplace(source.source, source.id);
    }
  }
  return names;
}

ordered_json DescribeSources(const Participant& participant) {
  ordered_json sources = ordered_json::array();
  const auto told = signaling::Describe(participant).sources;
  const auto named = signaling::SourcesOf(participant);  // the same ones
  for (size_t i = 0; i < named.size(); ++i) {
    sources.push_back({{"id", named[i].id},
                       {"content", named[i].content},
                       {"kind", told[i].kind},
                       {"type", told[i].type},
                       {"muted", named[i].muted}});
  }
  return sources;
}

ordered_json DescribeSlots(const Participant& participant,
                           const std::map<rtp::SourceId, std::string>& names) {
  ordered_json slots = ordered_json::array();
  for (const signaling::SlotFill& slot : participant.slots) {
    const auto name = names.find(slot.source);
    slots.push_back({{"content", slot.content},
                     {"source", name == names.end() ? "" : name->second}});
  }
  return slots;
}

ordered_json DescribeRights(const signaling::Rights& rights) {
  return {{"send_audio", rights.send_audio},
          {"send_video", rights.send_video},
          {"moderate", rights.moderate}};
}

ordered_json Summarize(const Participant& participant, rtp::Timestamp now,
                       std::optional<size_t> worker,
                       const std::map<rtp::SourceId, std::string>& names) {
  ordered_json json{
      {"peer", participant.session->peer().value()},
      {"id", participant.id},
      {"name", participant.name},
      {"jid", participant.jid.ToString()},
      {"state", StateOf(participant)},
      {"rights", DescribeRights(participant.rights)},
      {"session_seconds", SecondsBetween(participant.joined, now)},
      {"worker", worker ? ordered_json(*worker) : ordered_json(nullptr)},
      {"sources", DescribeSources(participant)},
      {"slots", DescribeSlots(participant, names)}};
  if (participant.ends_at != rtp::kNever) {
    json["ends_in_seconds"] = SecondsBetween(now, participant.ends_at);
  }
  return json;
}

ordered_json DescribeMuc(const signaling::PairedMuc* muc) {
  if (muc == nullptr) return nullptr;
  return {{"jid", muc->muc().ToString()},
          {"state", signaling::StateName(muc->state())},
          {"nick", muc->nick()},
          {"moderated", muc->moderated()},
          {"occupants", muc->occupants()},
          {"hides_jids", muc->hides_jids()}};
}

ordered_json DescribeContent(const rtp::ContentSpec& content) {
  ordered_json json{{"name", content.name},
                    {"kind", KindName(content.kind)},
                    {"transport", content.transport}};
  ordered_json codecs = ordered_json::array();
  for (const rtp::CodecSpec& codec : content.codecs) {
    codecs.push_back(std::string(rtp::CodecName(codec.codec)) + "/" +
                     std::to_string(codec.payload_type));
  }
  json["codecs"] = std::move(codecs);
  if (content.uplink) json["uplink_ssrcs"] = content.uplink->ssrcs;
  if (content.slot) json["slot_ssrc"] = content.slot->ssrc;
  return json;
}

}  // namespace

ordered_json DescribeRooms(const Focus::Rooms& rooms, rtp::Timestamp now) {
  ordered_json list = ordered_json::array();
  for (const auto& [name, room] : rooms) {
    list.push_back({{"name", name},
                    {"conference", room->conference.value()},
                    {"participants", room->participants.size()},
                    {"most_participants", room->most},
                    {"seconds", SecondsBetween(room->since, now)}});
  }
  return {{"rooms", std::move(list)}};
}

ordered_json DescribeRoom(
    const Room& room, rtp::Timestamp now,
    const std::function<std::optional<size_t>(rtp::PeerId)>& worker_of) {
  const auto names = SourceNames(room);
  ordered_json participants = ordered_json::array();
  for (const auto& participant : room.participants) {
    participants.push_back(Summarize(
        *participant, now, worker_of(participant->session->peer()), names));
  }
  return {{"name", room.name},
          {"conference", room.conference.value()},
          {"most_participants", room.most},
          {"seconds", SecondsBetween(room.since, now)},
          {"dominant_speaker", room.speakers.dominant},
          {"speaking", room.speakers.speaking},
          {"muc", DescribeMuc(room.muc.get())},
          {"participants", std::move(participants)}};
}

ordered_json DescribeParticipant(const Room& room,
                                 const Participant& participant,
                                 rtp::Timestamp now,
                                 std::optional<size_t> worker) {
  ordered_json json = Summarize(participant, now, worker, SourceNames(room));
  json["room"] = room.name;
  const rtp::PeerSpec& spec = participant.session->spec();
  ordered_json contents = ordered_json::array();
  for (const rtp::ContentSpec& content : spec.contents) {
    contents.push_back(DescribeContent(content));
  }
  json["session"] = {{"sid", participant.session->sid()},
                     {"transports", spec.transports.size()},
                     {"contents", std::move(contents)}};
  ordered_json limits = ordered_json::object();
  for (const auto& limit : participant.wishes.limits) {
    limits[limit.content] = limit.max_height;
  }
  json["wishes"] = {{"pins", participant.wishes.pins},
                    {"max_heights", std::move(limits)}};
  return json;
}

}  // namespace sfu
