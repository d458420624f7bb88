// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "signaling/jingle_message.h"
#include "signaling/session_description.h"

namespace signaling {

// One step of a call that is announced before it is made (XEP-0353). Carried
// by messages, so that it reaches clients that are asleep.
struct CallMessage {
  enum class Kind : uint8_t {
    kPropose,
    kRinging,
    kProceed,
    kReject,
    kRetract,
    kFinish,
    kAccept,  // of older drafts: another device of the caller took it
  };
  Kind kind = Kind::kPropose;
  std::string id;                      // also the sid of the session to come
  std::vector<Media> media;            // of a propose
  std::optional<JingleReason> reason;  // of reject, retract, finish
  bool operator==(const CallMessage&) const = default;
};

}  // namespace signaling
