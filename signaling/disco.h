// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "signaling/stanza.h"

namespace signaling {

// What a room answers to disco#info (XEP-0030, jingle.md s6.2).
DiscoInfo RoomInfo(const std::string& room);
// What the component's own domain answers.
DiscoInfo DomainInfo();

// The verification string of `info` (XEP-0115 s5.1): base64 of SHA-1.
std::string CapsVersion(const DiscoInfo& info);

// The entity capabilities that a room's presence carries.
Caps RoomCaps(const std::string& room);

}  // namespace signaling
