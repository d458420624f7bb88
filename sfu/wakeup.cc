// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "rtp/base/check.h"

namespace sfu {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  SFU_CHECK(fd_ >= 0);
}

Wakeup::~Wakeup() { close(fd_); }

void Wakeup::Notify() {
  // The exchanges here and in PrepareToSleep() are ordered: either the sleeper
  // sees what was published, or we see that it sleeps.
  if (!sleeping_.exchange(false)) return;
  const uint64_t one = 1;
  // Fails only when the counter is full, and then it is readable anyway.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

void Wakeup::OnAwake() {
  sleeping_.exchange(false);
  uint64_t count;
  [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof(count));
}

}  // namespace sfu
