// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/room_census.h"

#include <algorithm>

namespace sfu {

RoomCensus CountRooms(const signaling::Focus::Rooms& rooms) {
  RoomCensus census;
  census.conferences = rooms.size();
  for (const auto& [name, room] : rooms) {
    const size_t size = room->participants.size();
    census.largest_conference = std::max(census.largest_conference, size);
    census.participants += size;
    if (const signaling::PairedMuc* muc = room->muc.get()) {
      ++census.paired_mucs[static_cast<size_t>(muc->state())];
      if (muc->hides_jids()) ++census.blind_mucs;
    }
    for (const auto& participant : room->participants) {
      if (participant->connected) ++census.connected;
      if (participant->away || participant->ends_at != rtp::kNever) {
        ++census.away;
      }
      bool audio = false;
      bool video = false;
      for (const signaling::NamedSource& source :
           signaling::SourcesOf(*participant)) {
        ++census.sources[static_cast<size_t>(source.type)];
        if (source.muted) continue;
        (source.kind == rtp::MediaKind::kAudio ? audio : video) = true;
      }
      if (audio) ++census.sending_audio;
      if (video) ++census.sending_video;
      census.slots_filled += static_cast<size_t>(
          std::count_if(participant->slots.begin(), participant->slots.end(),
                        [](const signaling::SlotFill& slot) {
                          return slot.source.value() != 0;
                        }));
    }
  }
  return census;
}

}  // namespace sfu
