// SPDX-License-Identifier: GPL-3.0-or-later
// Events and talk of a plan.
#include <algorithm>
#include <cmath>
#include <utility>

#include "tools/bot/scenario_plan.h"
#include "tools/bot/scenario_planner.h"

namespace bot {

using rtp::TimeDelta;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr uint8_t kTalking = 20;  // -dBov
constexpr uint8_t kSilence = 127;
constexpr TimeDelta kShortestTurn = milliseconds(200);
constexpr TimeDelta kLaughter = milliseconds(1500);
constexpr TimeDelta kMostOverlap = seconds(2);
// Until somebody is there who can talk.
constexpr TimeDelta kLookAgain = milliseconds(250);

std::string MediaOf(bool audio, bool video) {
  return audio && video ? " audio, video" : audio ? " audio" : " video";
}

struct Describer {
  std::string operator()(const action::Join&) const { return "join"; }
  std::string operator()(const action::Leave& leave) const {
    return leave.politely ? "leave" : "vanish";
  }
  std::string operator()(const action::Speak& speak) const {
    return speak.level == kSilence ? "fall silent" : "talk";
  }
  std::string operator()(const action::Pin& pin) const {
    return "pin " + std::to_string(pin.bot);
  }
  std::string operator()(const action::Impair& impair) const {
    return "link " + impair.profile;
  }
  std::string operator()(const action::Publish& publish) const {
    return (publish.on ? "source_add" : "source_remove") +
           MediaOf(publish.audio, publish.video);
  }
  std::string operator()(const action::Mute& mute) const {
    return (mute.on ? "mute" : "unmute") + MediaOf(mute.audio, mute.video);
  }
  std::string operator()(const action::IceRestart&) const {
    return "ice_restart";
  }
  std::string operator()(const action::NatRebind&) const {
    return "nat_rebind";
  }
  std::string operator()(const action::XmppDrop&) const { return "xmpp_drop"; }
  std::string operator()(const action::SilentDeath&) const {
    return "silent_death";
  }
  std::string operator()(const action::StopReceiving&) const {
    return "stop_receiving";
  }
  std::string operator()(const action::SlowReceiver& slow) const {
    return "slow_receiver " + std::to_string(slow.kbps) + " kbit/s";
  }
  std::string operator()(const action::KeyFrames&) const { return "key_frame"; }
  std::string operator()(const action::ServerSignal& server) const {
    return "server_signal " + server.signal;
  }
  std::string operator()(const action::Command& command) const {
    std::string text = "command";
    for (const std::string& word : command.argv) text += " " + word;
    return text;
  }
};

}  // namespace

std::string Describe(const Action& action) {
  return std::visit(Describer(), action);
}

std::vector<size_t> ScenarioPlanner::Choose(
    const Who& who, const std::function<bool(size_t seat)>& fits,
    SeededRandom& random) {
  std::vector<size_t> chosen;
  for (size_t seat = 0; seat < seats_.size(); ++seat) {
    const Seat& place = seats_[seat];
    const bool named =
        who.kind != Who::Kind::kSeats ||
        std::any_of(who.seats.begin(), who.seats.end(), [seat](auto& range) {
          return range.first <= seat && seat <= range.second;
        });
    if (named && (who.room.empty() || who.room == room_names_[place.room]) &&
        (!who.group || *who.group == place.group) && fits(seat)) {
      chosen.push_back(seat);
    }
  }
  if (who.kind != Who::Kind::kShare || chosen.empty() || who.share <= 0) {
    if (who.kind == Who::Kind::kShare) chosen.clear();
    return chosen;
  }
  const auto all = static_cast<double>(chosen.size());
  const auto count =
      std::max<size_t>(1, static_cast<size_t>(std::llround(all * who.share)));
  for (size_t i = 0; i < count; ++i) {
    std::swap(chosen[i], chosen[i + random.Below(chosen.size() - i)]);
  }
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Action ScenarioPlanner::ActionOf(const Event& event) const {
  switch (event.kind) {
    case EventKind::kSourceAdd:
    case EventKind::kSourceRemove:
      return action::Publish{event.audio, event.video,
                             event.kind == EventKind::kSourceAdd};
    case EventKind::kMute:
    case EventKind::kUnmute:
      return action::Mute{event.audio, event.video,
                          event.kind == EventKind::kMute};
    case EventKind::kIceRestart:
      return action::IceRestart();
    case EventKind::kNatRebind:
      return action::NatRebind();
    case EventKind::kXmppDrop:
      return action::XmppDrop{event.length};
    case EventKind::kSilentDeath:
      return action::SilentDeath();
    case EventKind::kStopReceiving:
      return action::StopReceiving{event.length};
    case EventKind::kSlowReceiver:
      return action::SlowReceiver{event.kbps, event.length};
    case EventKind::kLeave:
      return action::Leave();
    case EventKind::kJoin:
      return action::Join();
    case EventKind::kPin:
      return action::Pin();
    case EventKind::kKeyFrame:
      return action::KeyFrames();
    case EventKind::kServerSignal:
      return action::ServerSignal{event.signal};
    case EventKind::kCommand:
      return action::Command{event.command};
  }
  return action::Join();
}

void ScenarioPlanner::Happen(const Event& event) {
  if (event.every > TimeDelta::zero()) {
    At(now_ + event.every, [this, &event] { Happen(event); });
  }
  const Action what = ActionOf(event);
  std::string text = Describe(what);
  if (event.kind == EventKind::kServerSignal ||
      event.kind == EventKind::kCommand) {
    Act(std::nullopt, what);
    return Mark(text, {});
  }
  if (event.kind == EventKind::kPin) text = "pin";  // each another one
  const bool join = event.kind == EventKind::kJoin;
  std::vector<size_t> bots;
  for (size_t seat : Choose(
           event.who,
           [&](size_t candidate) {
             // Who has yet to come is not fetched.
             return join ? !IsThere(candidate) && seats_[candidate].joins < now_
                         : IsThere(candidate);
           },
           event_random_)) {
    if (join) {
      Join(seat, std::nullopt);
      bots.push_back(*seats_[seat].bot);
      continue;
    }
    const size_t bot = *seats_[seat].bot;
    bots.push_back(bot);
    switch (event.kind) {
      case EventKind::kLeave:
        Leave(seat, bot, /*replaced=*/false);
        break;
      case EventKind::kPin:
        Pin(seat);
        break;
      case EventKind::kKeyFrame: {
        Act(bot, what);
        const double gap_us = 1e6 / event.per_s;
        for (int64_t i = 1;; ++i) {
          const TimeDelta after(std::llround(static_cast<double>(i) * gap_us));
          if (after >= event.length) break;
          At(now_ + after, [this, seat, bot, what] {
            if (seats_[seat].bot == bot && IsThere(seat)) Act(bot, what);
          });
        }
        break;
      }
      case EventKind::kSilentDeath:
        Act(bot, what);
        seats_[seat].dead = true;
        break;
      default:
        Act(bot, what);
    }
  }
  if (!bots.empty()) Mark(text, bots);
}

void ScenarioPlanner::BeginTalk(size_t table) {
  const Group& group = scenario_.groups[tables_[table].group];
  if (group.speakers.kind == SpeakerPlan::Kind::kScript) {
    // Once all are there, so that it goes as written.
    At(plan_.joined, [this, table] { ScriptTurn(table, 0); });
  } else if (group.speakers.kind == SpeakerPlan::Kind::kRandom) {
    At(seats_[tables_[table].seats[0]].joins,
       [this, table] { NextTurn(table); });
  }
}

// Talks from now on; to be silent again afterwards.
void ScenarioPlanner::Talk(size_t seat, TimeDelta length) {
  const size_t bot = *seats_[seat].bot;
  if (seats_[seat].talking++ == 0) Act(bot, action::Speak{kTalking});
  At(now_ + length, [this, seat, bot] {
    if (seats_[seat].bot != bot || !IsThere(seat)) return;
    if (--seats_[seat].talking == 0) Act(bot, action::Speak{kSilence});
  });
}

void ScenarioPlanner::ScriptTurn(size_t table, size_t turn) {
  const SpeakerPlan& plan = scenario_.groups[tables_[table].group].speakers;
  if (turn == plan.script.size()) {
    if (!plan.loop) return;
    turn = 0;
  }
  const size_t seat = tables_[table].seats[plan.script[turn].bot];
  const TimeDelta length = plan.script[turn].length;
  if (IsThere(seat)) Talk(seat, length);
  At(now_ + length, [this, table, turn] { ScriptTurn(table, turn + 1); });
}

void ScenarioPlanner::NextTurn(size_t table) {
  Table& room = tables_[table];
  const SpeakerPlan& plan = scenario_.groups[room.group].speakers;
  std::vector<size_t> able;
  for (size_t seat : room.seats) {
    if (IsThere(seat) && plan_.bots[*seats_[seat].bot].send_audio &&
        seats_[seat].talking == 0) {
      able.push_back(seat);
    }
  }
  // Nobody answers himself, if there is somebody else.
  if (able.size() > 1) std::erase(able, room.last_speaker.value_or(SIZE_MAX));
  if (able.empty()) {
    At(now_ + kLookAgain, [this, table] { NextTurn(table); });
    return;
  }
  const size_t seat = able[talk_random_.Below(able.size())];
  room.last_speaker = seat;
  const TimeDelta length =
      std::max(kShortestTurn, talk_random_.Exponential(plan.mean_talk));
  Talk(seat, length);
  const TimeDelta pause = talk_random_.Exponential(plan.mean_pause);
  if (talk_random_.Chance(plan.laugh)) {
    At(now_ + length, [this, table] { Laugh(table); });
    At(now_ + length + kLaughter + pause, [this, table] { NextTurn(table); });
    return;
  }
  TimeDelta next = length + pause;
  if (talk_random_.Chance(plan.overlap)) {
    const TimeDelta most = std::min(kMostOverlap, length / 2);
    next = length - TimeDelta(static_cast<int64_t>(talk_random_.Below(
                        static_cast<uint64_t>(most.count()) + 1)));
  }
  At(now_ + next, [this, table] { NextTurn(table); });
}

void ScenarioPlanner::Laugh(size_t table) {
  for (size_t seat : tables_[table].seats) {
    if (IsThere(seat) && plan_.bots[*seats_[seat].bot].send_audio) {
      Talk(seat, kLaughter);
    }
  }
}

}  // namespace bot
