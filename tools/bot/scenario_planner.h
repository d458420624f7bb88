// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "rtp/base/time.h"
#include "tools/bot/scenario.h"
#include "tools/bot/scenario_plan.h"
#include "tools/bot/seeded_random.h"

namespace bot {

// Makes a Plan by living through the scenario in time order. For MakePlan.
class ScenarioPlanner {
 public:
  explicit ScenarioPlanner(const Scenario& scenario);

  Plan Run();

 private:
  using Step = std::function<void()>;
  struct Pending {
    rtp::TimeDelta at;
    uint64_t order = 0;  // among those of the same time
    Step step;
    bool operator>(const Pending& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  // A place: the bots that have it one after the other.
  struct Seat {
    size_t group = 0;
    size_t room = 0;         // in rooms_
    size_t number = 0;       // in its room, of those of its group
    rtp::TimeDelta joins{};  // the first of them
    std::optional<size_t> bot;
    bool dead = false;        // the bot is, silently
    std::string up = "none";  // impairments
    std::string down = "none";
    // Why it talks, so that two reasons do not silence one another.
    int talking = 0;
  };
  // Bots of a group in a room, who talk with one another.
  struct Table {
    size_t group = 0;
    std::vector<size_t> seats;
    std::optional<size_t> last_speaker;  // seat
  };

  void At(rtp::TimeDelta at, Step step);
  void Act(std::optional<size_t> bot, Action action);
  void Mark(const std::string& text, const std::vector<size_t>& bots);

  void MakeSeats();
  BotPlan MakeBot(size_t seat);
  void Join(size_t seat, std::optional<size_t> bot);
  void Leave(size_t seat, size_t bot, bool replaced);
  bool IsThere(size_t seat) const;
  std::vector<uint32_t> HeightsOf(const Group& group);
  void PinAgain(size_t seat, size_t bot);
  void Pin(size_t seat);

  void ScheduleRule(const ImpairmentRule& rule);
  void ApplyStep(const ImpairmentRule::Step& step, Direction direction,
                 const std::vector<size_t>& seats);
  std::shared_ptr<const Impairment> ImpairmentOf(const std::string& profile);

  // Seats that `who` means, of those that fit.
  std::vector<size_t> Choose(const Who& who,
                             const std::function<bool(size_t seat)>& fits,
                             SeededRandom& random);
  void Happen(const Event& event);
  Action ActionOf(const Event& event) const;

  void Talk(size_t seat, rtp::TimeDelta length);
  void BeginTalk(size_t table);
  void NextTurn(size_t table);
  void ScriptTurn(size_t table, size_t turn);
  void Laugh(size_t table);

  const Scenario& scenario_;
  Plan plan_;
  rtp::TimeDelta now_{};
  uint64_t next_order_ = 0;
  std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
  std::vector<Seat> seats_;
  std::vector<Table> tables_;
  std::vector<std::string> room_names_;
  std::vector<std::vector<size_t>> rooms_;  // seats of each
  std::map<std::string, std::shared_ptr<const Impairment>> impairments_;
  // One for each purpose: who adds an event does not change who talks when.
  SeededRandom layout_random_;
  SeededRandom churn_random_;
  SeededRandom pin_random_;
  SeededRandom rule_random_;
  SeededRandom event_random_;
  SeededRandom talk_random_;
};

}  // namespace bot
