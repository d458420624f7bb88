// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "signaling/command.h"
#include "signaling/room.h"
#include "signaling/stanza.h"

namespace signaling {

// What a command wants done to the room.
struct SetPolicy {
  RoomPolicy policy;
};
struct Deny {  // what each of `participants` may not send, or may again
  std::vector<std::string> participants;  // ids
  bool audio = false;
  bool video = false;
  bool denied = true;
};
struct Kick {
  std::vector<std::string> participants;  // ids
  std::string reason;                     // empty: none told
};
using RoomOrder = std::variant<SetPolicy, Deny, Kick>;

// What to answer, and what to do before.
struct CommandResult {
  std::variant<Command, StanzaError> answer;
  std::optional<RoomOrder> order;
};

// The ad-hoc commands of rooms (XEP-0050): `configure`, `lock`, `unlock`,
// `mute`, `unmute` and `kick` for moderators, `list` for who is in the room as
// well. Keeps what was begun, each by a session id that nobody can guess, for
// its own sender only. Sans-IO; changes no room itself.
class RoomCommands {
 public:
  struct Asker {
    Jid jid;  // full
    bool is_in = false;
    bool moderates = false;
  };
  static constexpr rtp::TimeDelta kExpires = std::chrono::minutes(10);
  static constexpr size_t kSessionsPerAsker = 4;  // the oldest one goes
  static constexpr size_t kSessions = 1000;

  explicit RoomCommands(rtp::RandomSource& random) : random_(random) {}

  // The commands that `asker` may use; items of `room` (s2.1).
  static DiscoItems Items(const Jid& room, const Asker& asker);
  // What a command is (s2.2); nullopt if there is none of that name.
  static std::optional<DiscoInfo> Info(const std::string& node);

  CommandResult Handle(rtp::Timestamp now, const Room& room, const Asker& asker,
                       const Command& command);

  size_t sessions() const { return sessions_.size(); }

 private:
  struct Session {
    Jid asker;
    std::string room;
    std::string node;
    rtp::Timestamp expires;
  };

  CommandResult Begin(rtp::Timestamp now, const Room& room, const Asker& asker,
                      const Command& command);
  CommandResult Continue(rtp::Timestamp now, const Room& room,
                         const Command& command);
  std::string NewSession(rtp::Timestamp now, const Room& room,
                         const Asker& asker, const std::string& node);
  void Forget(rtp::Timestamp now);

  rtp::RandomSource& random_;
  std::map<std::string, Session> sessions_;  // by id
};

}  // namespace signaling
