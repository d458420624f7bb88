// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/wakeup.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "sfu/spsc_ring.h"

namespace sfu {
namespace {

bool IsReadable(const Wakeup& wakeup, int timeout_ms) {
  pollfd entry{wakeup.fd(), POLLIN, 0};
  return poll(&entry, 1, timeout_ms) == 1;
}

TEST(Wakeup, MakesNoSystemCallForOneWhoIsAwake) {
  Wakeup wakeup;
  wakeup.Notify();
  EXPECT_FALSE(IsReadable(wakeup, 0));
}

TEST(Wakeup, WakesOneWhoSleeps) {
  Wakeup wakeup;
  wakeup.PrepareToSleep();
  wakeup.Notify();
  EXPECT_TRUE(IsReadable(wakeup, 0));
  wakeup.OnAwake();
  EXPECT_FALSE(IsReadable(wakeup, 0));
}

TEST(Wakeup, LosesNoPushBetweenTwoThreads) {
  constexpr int kCount = 20'000;
  SpscRing<int, 16> ring;
  Wakeup wakeup;
  std::thread producer([&] {
    for (int i = 0; i < kCount;) {
      if (ring.TryPush([i](int& cell) { cell = i; })) {
        ++i;
        wakeup.Notify();
      } else {
        std::this_thread::yield();
      }
    }
  });
  int taken = 0;
  bool woken = true;
  while (taken < kCount && woken) {
    ring.Drain(16, [&](int&) { ++taken; });
    if (taken == kCount) break;
    wakeup.PrepareToSleep();
    // A lost wake-up shows as this wait running out.
    if (ring.Empty()) woken = IsReadable(wakeup, 10'000);
    wakeup.OnAwake();
  }
  producer.join();
  EXPECT_TRUE(woken);
  EXPECT_EQ(taken, kCount);
}

}  // namespace
}  // namespace sfu
