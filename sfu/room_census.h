// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>

#include "signaling/focus.h"
#include "signaling/paired_muc.h"

namespace sfu {

// Who and what is there now, counted over all rooms.
struct RoomCensus {
  size_t conferences = 0;
  size_t largest_conference = 0;
  size_t participants = 0;
  size_t connected = 0;      // ICE and DTLS were up once
  size_t away = 0;           // nothing was heard for a while, or address gone
  size_t sending_audio = 0;  // participants with such a source, not muted
  size_t sending_video = 0;
  std::array<size_t, 3> sources{};  // by rtp::SourceType, muted or not
  size_t slots_filled = 0;
  std::array<size_t, signaling::PairedMuc::kStates> paired_mucs{};  // by state
  size_t blind_mucs = 0;  // that are joined and hide real JIDs
};

RoomCensus CountRooms(const signaling::Focus::Rooms& rooms);

}  // namespace sfu
