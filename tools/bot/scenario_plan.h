// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rtp/base/time.h"
#include "tools/bot/impairment.h"
#include "tools/bot/scenario.h"

namespace bot {

// One bot, that joins once and leaves once. Who comes for one who left is
// another one, of the same seat.
struct BotPlan {
  size_t index = 0;  // in Plan::bots
  size_t seat = 0;   // as `Who` counts
  size_t group = 0;
  std::string room;  // local part
  std::string name;
  Profile profile = Profile::kSlots;
  bool send_audio = true;
  bool send_video = true;
  size_t audio_slots = 3;
  size_t video_slots = 9;
  MediaPlan media;
  // Lines that it wants at most, of each video slot; empty: it asks nothing.
  std::vector<uint32_t> max_heights;
  Impairment up;  // when it joins
  Impairment down;
  uint64_t seed = 0;  // of all that is random about it
  rtp::TimeDelta joins{};
  rtp::TimeDelta leaves{-1};  // below zero: stays to the end
};

namespace action {
struct Join {};
struct Leave {
  bool politely = true;
};
// How loud the microphone is: 20 (talks) or 127 (does not), -dBov.
struct Speak {
  uint8_t level = 127;
};
struct Pin {
  size_t bot = 0;  // index of one in the same room
};
struct Impair {
  Direction direction = Direction::kBoth;
  std::string profile;
  std::shared_ptr<const Impairment> impairment;  // never null
};
struct Publish {  // or take back
  bool audio = false;
  bool video = false;
  bool on = true;
};
struct Mute {
  bool audio = false;
  bool video = false;
  bool on = true;  // false: unmute
};
struct IceRestart {};
struct NatRebind {};
struct XmppDrop {
  rtp::TimeDelta resume_after{};
};
struct SilentDeath {};
struct StopReceiving {
  rtp::TimeDelta length{};
};
struct SlowReceiver {
  uint32_t kbps = 0;
  rtp::TimeDelta length{};
};
struct KeyFrames {  // one request now; the plan repeats it
};
struct ServerSignal {
  std::string signal;  // TERM, KILL, STOP or CONT
};
struct Command {
  std::vector<std::string> argv;
};
}  // namespace action

using Action =
    std::variant<action::Join, action::Leave, action::Speak, action::Pin,
                 action::Impair, action::Publish, action::Mute,
                 action::IceRestart, action::NatRebind, action::XmppDrop,
                 action::SilentDeath, action::StopReceiving,
                 action::SlowReceiver, action::KeyFrames, action::ServerSignal,
                 action::Command>;

struct PlannedAction {
  rtp::TimeDelta at{};        // since the run began
  std::optional<size_t> bot;  // index in Plan::bots; none: of the run
  Action action;
};

// Something to be told on the time axis: one for an event, whoever many bots
// it concerns.
struct PlannedMark {
  rtp::TimeDelta at{};
  std::string text;
};

struct Plan {
  std::vector<BotPlan> bots;  // by index; the first ones by seat
  size_t seats = 0;           // how many of them are there from the start
  // By time; at the same time in the order in which they are to be done.
  std::vector<PlannedAction> actions;
  std::vector<PlannedMark> marks;  // by time
  rtp::TimeDelta joined{};         // when the last of the seats joins
  rtp::TimeDelta end{};            // when those that are there leave
};

// What happens, bot by bot. The same scenario gives the same plan in every
// build. `scenario` has been checked; actions concern bots that are there:
// joined, neither left nor dead. Leaving at the end is not among them.
Plan MakePlan(const Scenario& scenario);

// `ice_restart`, `pin 3`: for a log.
std::string Describe(const Action& action);

}  // namespace bot
