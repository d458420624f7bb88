// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace signaling {

// What a participant may do in a room. Enforced where packets are routed: what
// may not be sent is not taken in, whatever the client does.
struct Rights {
  bool send_audio = true;
  bool send_video = true;
  bool moderate = false;  // mute and kick others, lock the room
  bool operator==(const Rights&) const = default;
};

// What both allow.
inline Rights operator&(const Rights& a, const Rights& b) {
  return {a.send_audio && b.send_audio, a.send_video && b.send_video,
          a.moderate && b.moderate};
}

}  // namespace signaling
