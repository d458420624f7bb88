// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/spsc_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace sfu {
namespace {

TEST(SpscRing, GivesBackInOrderWhatWasPushed) {
  SpscRing<int, 4> ring;
  EXPECT_TRUE(ring.Empty());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ring.TryPush([i](int& cell) { cell = i; }));
  }
  EXPECT_FALSE(ring.Empty());
  std::vector<int> taken;
  EXPECT_EQ(ring.Drain(10, [&](int& cell) { taken.push_back(cell); }), 3u);
  EXPECT_EQ(taken, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(ring.Empty());
}

TEST(SpscRing, RefusesWithoutFillingWhenFull) {
  SpscRing<int, 2> ring;
  EXPECT_TRUE(ring.TryPush([](int& cell) { cell = 1; }));
  EXPECT_TRUE(ring.TryPush([](int& cell) { cell = 2; }));
  bool filled = false;
  EXPECT_FALSE(ring.TryPush([&](int&) { filled = true; }));
  EXPECT_FALSE(filled);
  EXPECT_EQ(ring.Drain(1, [](int& cell) { EXPECT_EQ(cell, 1); }), 1u);
  EXPECT_TRUE(ring.TryPush([](int& cell) { cell = 3; }));
}

TEST(SpscRing, TakesNoMoreThanTheLimit) {
  SpscRing<int, 8> ring;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(ring.TryPush([i](int& cell) { cell = i; }));
  }
  EXPECT_EQ(ring.Drain(2, [](int&) {}), 2u);
  EXPECT_EQ(ring.Drain(10, [](int&) {}), 3u);
}

TEST(SpscRing, LosesNothingBetweenTwoThreads) {
  constexpr uint64_t kCount = 200'000;
  SpscRing<std::unique_ptr<uint64_t>, 64> ring;
  std::thread producer([&] {
    for (uint64_t i = 0; i < kCount; ++i) {
      while (!ring.TryPush([i](std::unique_ptr<uint64_t>& cell) {
        cell = std::make_unique<uint64_t>(i);
      })) {
        std::this_thread::yield();
      }
    }
  });
  uint64_t expected = 0;
  uint64_t wrong = 0;
  while (expected < kCount) {
    const size_t taken = ring.Drain(16, [&](std::unique_ptr<uint64_t>& cell) {
      if (*cell != expected) ++wrong;
      ++expected;
      cell.reset();
    });
    if (taken == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(ring.Empty());
}

}  // namespace
}  // namespace sfu
