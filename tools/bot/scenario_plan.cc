// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/scenario_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tools/bot/scenario_planner.h"

namespace bot {

using rtp::TimeDelta;

namespace {

// Purposes of seeds.
constexpr uint64_t kLayout = 1;
constexpr uint64_t kChurn = 2;
constexpr uint64_t kPins = 3;
constexpr uint64_t kRules = 4;
constexpr uint64_t kEvents = 5;
constexpr uint64_t kTalk = 6;
constexpr uint64_t kBots = uint64_t{1} << 32;  // and the bot's index

bool Includes(Direction direction, Direction one) {
  return direction == one || direction == Direction::kBoth;
}

}  // namespace

ScenarioPlanner::ScenarioPlanner(const Scenario& scenario)
    : scenario_(scenario),
      layout_random_(scenario.seed, kLayout),
      churn_random_(scenario.seed, kChurn),
      pin_random_(scenario.seed, kPins),
      rule_random_(scenario.seed, kRules),
      event_random_(scenario.seed, kEvents),
      talk_random_(scenario.seed, kTalk) {}

Plan ScenarioPlanner::Run() {
  MakeSeats();
  plan_.end = plan_.joined + scenario_.duration;
  // At the same time: links first, then who joins, talks, and all else.
  for (const ImpairmentRule& rule : scenario_.impairment_rules) {
    ScheduleRule(rule);
  }
  for (size_t seat = 0; seat < seats_.size(); ++seat) {
    At(seats_[seat].joins, [this, seat] { Join(seat, seat); });
  }
  for (size_t table = 0; table < tables_.size(); ++table) BeginTalk(table);
  for (const Event& event : scenario_.events) {
    At(event.at, [this, &event] { Happen(event); });
  }
  while (!pending_.empty()) {
    const Pending next = pending_.top();
    pending_.pop();
    now_ = next.at;
    next.step();
  }
  return std::move(plan_);
}

void ScenarioPlanner::At(TimeDelta at, Step step) {
  // The last of the joins may be at the end, where a run has no duration.
  if (at >= plan_.end && at > plan_.joined) return;
  pending_.push({at, next_order_++, std::move(step)});
}

void ScenarioPlanner::Act(std::optional<size_t> bot, Action action) {
  plan_.actions.push_back({now_, bot, std::move(action)});
}

void ScenarioPlanner::Mark(const std::string& text,
                           const std::vector<size_t>& bots) {
  std::string whom;
  if (bots.size() == 1) whom = ": " + plan_.bots[bots[0]].name;
  if (bots.size() > 1) whom = ": " + std::to_string(bots.size()) + " bots";
  plan_.marks.push_back({now_, text + whom});
}

void ScenarioPlanner::MakeSeats() {
  std::map<std::string, size_t> known_rooms;
  for (size_t g = 0; g < scenario_.groups.size(); ++g) {
    const Group& group = scenario_.groups[g];
    const double gap_us = group.join.storm ? 0 : 1e6 / group.join.rate_per_s;
    for (size_t r = 0; r < group.rooms; ++r) {
      const std::string name = RoomName(group, r);
      const auto [room, is_new] = known_rooms.emplace(name, rooms_.size());
      if (is_new) {
        rooms_.emplace_back();
        room_names_.push_back(name);
      }
      Table table;
      table.group = g;
      for (size_t i = 0; i < group.bots; ++i) {
        Seat seat;
        seat.group = g;
        seat.room = room->second;
        seat.number = i;
        const auto before = static_cast<double>(r * group.bots + i);
        seat.joins = group.join.at + TimeDelta(std::llround(before * gap_us));
        plan_.joined = std::max(plan_.joined, seat.joins);
        table.seats.push_back(seats_.size());
        rooms_[seat.room].push_back(seats_.size());
        seats_.push_back(std::move(seat));
      }
      tables_.push_back(std::move(table));
    }
  }
  plan_.seats = seats_.size();
  for (size_t seat = 0; seat < seats_.size(); ++seat) {
    plan_.bots.push_back(MakeBot(seat));
    plan_.bots.back().joins = seats_[seat].joins;
  }
}

BotPlan ScenarioPlanner::MakeBot(size_t seat) {
  const Seat& place = seats_[seat];
  const Group& group = scenario_.groups[place.group];
  BotPlan bot;
  bot.index = plan_.bots.size();
  bot.seat = seat;
  bot.group = place.group;
  bot.room = room_names_[place.room];
  bot.name = "Bot " + std::to_string(bot.index);
  bot.profile = group.profile;
  bot.send_audio = !group.receive_only && place.number < group.audio_senders;
  bot.send_video = !group.receive_only && place.number < group.video_senders;
  bot.audio_slots = group.audio_slots;
  bot.video_slots = group.video_slots;
  bot.media = group.media;
  bot.max_heights = HeightsOf(group);
  bot.seed = DeriveSeed(scenario_.seed, kBots + bot.index);
  return bot;
}

std::vector<uint32_t> ScenarioPlanner::HeightsOf(const Group& group) {
  using Kind = LayoutPlan::Kind;
  Kind kind = group.layout.kind;
  if (kind == Kind::kRandom) {
    constexpr Kind kKinds[] = {Kind::kSpeaker, Kind::k3x3, Kind::k4x4,
                               Kind::k5x5};
    kind = kKinds[layout_random_.Below(4)];
  }
  std::vector<uint32_t> heights;
  if (kind == Kind::kNone) return heights;
  const uint32_t height = kind == Kind::k3x3   ? 360
                          : kind == Kind::k4x4 ? 270
                                               : 180;
  heights.assign(group.video_slots, height);
  if (kind == Kind::kSpeaker && !heights.empty()) heights[0] = 720;
  return heights;
}

bool ScenarioPlanner::IsThere(size_t seat) const {
  return seats_[seat].bot.has_value() && !seats_[seat].dead;
}

void ScenarioPlanner::Join(size_t seat, std::optional<size_t> bot) {
  Seat& place = seats_[seat];
  const Group& group = scenario_.groups[place.group];
  // Somebody took it in the meantime.
  if (IsThere(seat)) return;
  if (!bot) {
    bot = plan_.bots.size();
    plan_.bots.push_back(MakeBot(seat));
    plan_.bots.back().joins = now_;
  }
  place.bot = bot;
  place.dead = false;
  place.talking = 0;
  plan_.bots[*bot].up = *ImpairmentOf(place.up);
  plan_.bots[*bot].down = *ImpairmentOf(place.down);
  Act(bot, action::Join());
  if (group.churn.mean_stay > TimeDelta::zero()) {
    const TimeDelta stay = churn_random_.Exponential(group.churn.mean_stay);
    At(now_ + stay, [this, seat, bot] { Leave(seat, *bot, true); });
  }
  PinAgain(seat, *bot);
}

void ScenarioPlanner::Leave(size_t seat, size_t bot, bool replaced) {
  Seat& place = seats_[seat];
  if (place.bot != bot) return;
  if (!place.dead) {
    plan_.bots[bot].leaves = now_;
    Act(bot, action::Leave());
  }
  place.bot.reset();
  place.dead = false;
  if (!replaced) return;
  const Group& group = scenario_.groups[place.group];
  At(now_ + group.churn.rejoin_delay,
     [this, seat] { Join(seat, std::nullopt); });
}

void ScenarioPlanner::PinAgain(size_t seat, size_t bot) {
  const TimeDelta every = scenario_.groups[seats_[seat].group].layout.pin_every;
  if (every <= TimeDelta::zero()) return;
  At(now_ + every, [this, seat, bot] {
    if (seats_[seat].bot != bot || !IsThere(seat)) return;
    Pin(seat);
    PinAgain(seat, bot);
  });
}

void ScenarioPlanner::Pin(size_t seat) {
  std::vector<size_t> shown;
  for (size_t other : rooms_[seats_[seat].room]) {
    if (other != seat && IsThere(other) &&
        plan_.bots[*seats_[other].bot].send_video) {
      shown.push_back(*seats_[other].bot);
    }
  }
  if (shown.empty()) return;
  Act(seats_[seat].bot, action::Pin{shown[pin_random_.Below(shown.size())]});
}

std::shared_ptr<const Impairment> ScenarioPlanner::ImpairmentOf(
    const std::string& profile) {
  auto& shared = impairments_[profile];
  if (shared != nullptr) return shared;
  Impairment impairment;
  for (const auto* map : {&KnownImpairments(), &scenario_.impairments}) {
    const auto found = map->find(profile);
    if (found != map->end()) impairment = found->second;
  }
  shared = std::make_shared<const Impairment>(impairment);
  return shared;
}

void ScenarioPlanner::ScheduleRule(const ImpairmentRule& rule) {
  // The same ones all the time, whoever sits there.
  const std::vector<size_t> seats = Choose(
      rule.who, [](size_t) { return true; }, rule_random_);
  for (const ImpairmentRule::Step& step : rule.steps) {
    At(step.at, [this, seats, &step, direction = rule.direction] {
      ApplyStep(step, direction, seats);
    });
  }
}

void ScenarioPlanner::ApplyStep(const ImpairmentRule::Step& step,
                                Direction direction,
                                const std::vector<size_t>& seats) {
  std::vector<size_t> bots;
  for (size_t seat : seats) {
    if (Includes(direction, Direction::kUp)) seats_[seat].up = step.profile;
    if (Includes(direction, Direction::kDown)) {
      seats_[seat].down = step.profile;
    }
    if (!IsThere(seat)) continue;
    bots.push_back(*seats_[seat].bot);
    Act(seats_[seat].bot,
        action::Impair{direction, step.profile, ImpairmentOf(step.profile)});
  }
  if (bots.empty()) return;
  const char* way = direction == Direction::kUp     ? " up"
                    : direction == Direction::kDown ? " down"
                                                    : "";
  Mark("link " + step.profile + way, bots);
}

Plan MakePlan(const Scenario& scenario) {
  return ScenarioPlanner(scenario).Run();
}

}  // namespace bot
