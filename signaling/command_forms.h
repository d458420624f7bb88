// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <variant>

#include "signaling/data_form.h"
#include "signaling/room.h"
#include "signaling/room_commands.h"

namespace signaling {

// The forms of a room's commands, to fill in and as filled in. Pure.

DataForm ConfigureForm(const Room& room);
DataForm MuteForm(const Room& room);
DataForm UnmuteForm(const Room& room);
DataForm KickForm(const Room& room);
// The table of who is there; JIDs are for moderators only.
DataForm ParticipantTable(const Room& room, bool with_jids);

// What the form that was filled in wants done, or what is wrong with it, for
// people.
using Filled = std::variant<RoomOrder, std::string>;
Filled ReadConfigure(const Room& room, const DataForm& form);
Filled ReadDeny(const Room& room, const DataForm& form, bool denied);
Filled ReadKick(const Room& room, const DataForm& form);

}  // namespace signaling
