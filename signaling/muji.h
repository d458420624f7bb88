// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "signaling/session_description.h"

namespace signaling {

// What an occupant of a group call's MUC says of its media (XEP-0272 s4).
struct MujiPresence {
  struct Content {
    std::string name;
    RtpDescription description;
    bool operator==(const Content&) const = default;
  };
  bool preparing = false;
  std::vector<Content> contents;
  bool operator==(const MujiPresence&) const = default;
};

// An invitation into a group call (XEP-0482).
struct CallInvite {
  std::string id;
  std::string muji_room;  // a JID
  bool video = true;
  bool operator==(const CallInvite&) const = default;
};

}  // namespace signaling
