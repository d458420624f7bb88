// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "rtp/base/time.h"
#include "signaling/focus.h"

namespace sfu {

// State as JSON, for people who look for a fault. Times are seconds before
// `now`.
nlohmann::ordered_json DescribeRooms(const signaling::Focus::Rooms& rooms,
                                     rtp::Timestamp now);
// `worker_of(peer)`: where a peer is.
nlohmann::ordered_json DescribeRoom(
    const signaling::Room& room, rtp::Timestamp now,
    const std::function<std::optional<size_t>(rtp::PeerId)>& worker_of);
// With its session.
nlohmann::ordered_json DescribeParticipant(
    const signaling::Room& room, const signaling::Participant& participant,
    rtp::Timestamp now, std::optional<size_t> worker);

}  // namespace sfu
