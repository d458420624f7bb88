// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/worker_links.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace sfu {

WorkerLinks::WorkerLinks(rtp::Timestamp now, const std::vector<Link>& links)
    : next_trial_(now + kTrialInterval), deadline_(next_trial_) {
  for (const Link& link : links) {
    Worker& worker = workers_.emplace_back();
    worker.link = link;
    worker.progress = now;
    worker.measured = now;
  }
}

void WorkerLinks::Push(size_t index, Command command) {
  Worker& worker = workers_[index];
  worker.backlog.push_back(std::move(command));
  Flush(worker);
  // The time of the retry needs no clock: at once is soon enough, as the
  // caller asks for the deadline only after it has done all it had to do.
  if (!worker.backlog.empty()) deadline_ = rtp::Timestamp::min();
}

void WorkerLinks::DrainEvents(const std::function<void(const Event&)>& handle) {
  for (Worker& worker : workers_) {
    worker.link.rings->events.Drain(
        std::numeric_limits<size_t>::max(), [&](Event& event) {
          handle(event);
          event = std::monostate();  // gives its memory back
        });
  }
}

void WorkerLinks::HandleTimeout(rtp::Timestamp now) {
  for (Worker& worker : workers_) Flush(worker);
  if (now >= next_trial_) {
    for (Worker& worker : workers_) {
      Try(now, worker);
      MeasureLoad(now, worker);
    }
    next_trial_ = now + kTrialInterval;
  }
  deadline_ =
      backlog() > 0 ? std::min(next_trial_, now + kRetryInterval) : next_trial_;
}

size_t WorkerLinks::backlog() const {
  size_t count = 0;
  for (const Worker& worker : workers_) count += worker.backlog.size();
  return count;
}

bool WorkerLinks::AllTurning(rtp::Timestamp now) const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [now](const Worker& worker) {
                       return now - worker.progress < kStallTimeout;
                     });
}

void WorkerLinks::Flush(Worker& worker) {
  bool pushed = false;
  while (!worker.backlog.empty() &&
         worker.link.rings->commands.TryPush([&](Command& cell) {
           cell = std::move(worker.backlog.front());
         })) {
    worker.backlog.pop_front();
    pushed = true;
  }
  if (pushed) worker.link.rings->worker_wakeup.Notify();
}

void WorkerLinks::MeasureLoad(rtp::Timestamp now, Worker& worker) {
  const uint64_t busy = worker.link.counters->busy_microseconds.Get();
  const int64_t elapsed = (now - worker.measured).count();
  worker.load =
      elapsed <= 0
          ? 0
          : std::min(1.0, static_cast<double>(busy - worker.busy_seen) /
                              static_cast<double>(elapsed));
  worker.busy_seen = busy;
  worker.measured = now;
}

void WorkerLinks::Try(rtp::Timestamp now, Worker& worker) {
  const uint64_t commands = worker.link.counters->commands.Get();
  if (commands != worker.commands_seen || !worker.on_trial) {
    worker.progress = now;
    worker.on_trial = false;
  }
  worker.commands_seen = commands;
  if (worker.on_trial) return;  // one that stands still gets no second one
  worker.on_trial = true;
  worker.backlog.push_back(std::monostate());
  Flush(worker);
}

}  // namespace sfu
