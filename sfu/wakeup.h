// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>

namespace sfu {

// Wakes the one thread that sleeps on an eventfd, and costs other threads one
// atomic exchange while it is awake. The sleeper calls PrepareToSleep(), looks
// at its rings once more, and only then waits for fd() to become readable.
class Wakeup {
 public:
  Wakeup();  // aborts if the process has no descriptor left
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // For poll; not to be read by others.
  int fd() const { return fd_; }

  // Any thread, after it has published something to the sleeper.
  void Notify();

  // The sleeper: what is published after this call wakes it.
  void PrepareToSleep() { sleeping_.exchange(true); }
  // The sleeper, awake again.
  void OnAwake();

 private:
  int fd_;
  std::atomic<bool> sleeping_{false};
};

}  // namespace sfu
