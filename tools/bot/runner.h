// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/bot/bot.h"
#include "tools/bot/bot_loop.h"
#include "tools/bot/figures.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/scenario.h"
#include "tools/bot/scenario_plan.h"
#include "tools/bot/timeline.h"

namespace bot {

// Whom to load, and as whom.
struct Target {
  XmppServer xmpp;
  std::string component;              // domain of the rooms
  std::string room_password;          // of all rooms
  std::optional<signaling::Jid> muc;  // to enter by its name as well
  // Account of a bot: %d is its number; empty: anonymous.
  std::string user;
  std::string password;
  bool reconnect = false;  // bots come back by themselves
  bool faults = false;     // send what a server must drop
  bool wrong_fingerprint = false;
  int late_joiners = 0;
  // The process of the server under test, asked anew each time; 0: unknown.
  std::function<pid_t()> server_pid;
};

// Who is told how the run goes.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // All that were to come at the beginning are there.
  virtual void OnJoined(const RunFigures& figures) = 0;
  // Each second.
  virtual void OnSecond(const RunFigures& figures) = 0;
};

// Carries out a plan with real bots on event loops of their own, in real time,
// and samples what they measure. Its methods are of the thread that made it.
class Runner {
 public:
  // `scenario` was checked. Throws boost::system::system_error if the server's
  // TLS cannot be set up.
  Runner(Scenario scenario, Target target,
         std::shared_ptr<const MediaSamples> samples, RunObserver& observer);
  ~Runner();

  // The whole run. What was measured is in figures() however it ends.
  void Run();
  const RunFigures& figures() const { return figures_; }
  // How many bots can be said to have joined: not those that failed, or never
  // had keys.
  bool AllJoined() const;

  // From a signal handler: the run ends as soon as it can, in order.
  static void Stop();
  static bool stopped();

 private:
  struct Seat;

  BotLoop& LoopOf(size_t bot);
  void Do(const PlannedAction& planned);
  void Apply(size_t bot, const Action& action);
  void DoForRun(const Action& action);
  void Join(size_t bot);
  void Leave(size_t bot, bool politely);
  Bot::Config ConfigOf(const BotPlan& plan) const;
  void Sample();
  void JoinLate();
  void LeaveAll();
  void Mark(const std::string& text);
  // Until everybody who was to come is there, or for a while at most.
  void AwaitJoined();
  bool AllFailed() const;
  // Waits until then, sampling each second; false if the run is over: stopped,
  // or nobody is left.
  bool WaitUntil(rtp::Timestamp until);
  // When what is planned for `at` is to be done.
  rtp::Timestamp Due(rtp::TimeDelta at) const { return began_ + shift_ + at; }

  const Scenario scenario_;
  const Target target_;
  const Plan plan_;
  RunObserver& observer_;
  RunFigures figures_;
  Timeline timeline_;
  rtp::Timestamp began_;
  uint64_t rss_before_ = 0;
  size_t most_there_ = 0;
  std::vector<std::unique_ptr<BotLoop>> loops_;
  std::vector<std::unique_ptr<Seat>> seats_;  // by bot
  // The plan waits for those who take long to join.
  rtp::TimeDelta shift_{};
  rtp::Timestamp next_sample_;
};

}  // namespace bot
