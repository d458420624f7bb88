// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "rtp/base/time.h"
#include "sfu/counters.h"
#include "sfu/media_controller.h"
#include "sfu/worker_loop.h"

namespace sfu {

// The control thread's ends of all workers' rings. Commands are never lost:
// what a full ring refuses waits here, in order. Also watches whether workers
// still turn, by an empty command now and then that each must take.
// Control thread only.
class WorkerLinks : public CommandSink {
 public:
  // How often a worker is tried, and how long it may take nothing until it
  // counts as stalled.
  static constexpr rtp::TimeDelta kTrialInterval = std::chrono::seconds(2);
  static constexpr rtp::TimeDelta kStallTimeout = std::chrono::seconds(10);
  // When to try a full ring again.
  static constexpr rtp::TimeDelta kRetryInterval = std::chrono::milliseconds(5);

  // What is known of one worker; all must outlive the object.
  struct Link {
    WorkerRings* rings = nullptr;
    const Counters* counters = nullptr;
  };

  WorkerLinks(rtp::Timestamp now, const std::vector<Link>& links);

  // CommandSink. Wakes the worker.
  void Push(size_t worker, Command command) override;

  // Hands every event that is there to `handle`. The rings are bounded, and
  // what comes meanwhile waits for the next call.
  void DrainEvents(const std::function<void(const Event&)>& handle);

  // Retries what waits, and tries the workers when it is time.
  void HandleTimeout(rtp::Timestamp now);
  rtp::Timestamp NextDeadline() const { return deadline_; }

  // Commands that wait for room in a ring.
  size_t backlog() const;
  // The share of its time that a worker did not wait, 0 to 1, over the last
  // kTrialInterval.
  double load(size_t worker) const { return workers_[worker].load; }
  // Whether every worker took a command lately.
  bool AllTurning(rtp::Timestamp now) const;

 private:
  struct Worker {
    Link link;
    std::deque<Command> backlog;
    uint64_t commands_seen = 0;  // of the counter, at the last trial
    rtp::Timestamp progress;     // when it was last known to turn
    bool on_trial = false;       // an empty command is under way
    uint64_t busy_seen = 0;      // microseconds of the counter, at that trial
    rtp::Timestamp measured;     // when that was
    double load = 0;
  };

  void Flush(Worker& worker);
  void Try(rtp::Timestamp now, Worker& worker);
  static void MeasureLoad(rtp::Timestamp now, Worker& worker);

  std::vector<Worker> workers_;
  rtp::Timestamp next_trial_;
  rtp::Timestamp deadline_;
};

}  // namespace sfu
