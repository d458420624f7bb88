// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/shutdown_plan.h"

#include <gtest/gtest.h>

namespace sfu {
namespace {

using std::chrono::seconds;
using Signal = ShutdownPlan::Signal;
using Step = ShutdownPlan::Step;

constexpr rtp::Timestamp kStart{seconds(1000)};

TEST(ShutdownPlan, ServesWithoutADeadline) {
  ShutdownPlan plan(seconds(60));
  EXPECT_EQ(plan.NextDeadline(0), rtp::kNever);
  EXPECT_EQ(plan.NextDeadline(3), rtp::kNever);
  EXPECT_FALSE(plan.TryEnd(kStart, 0));
  EXPECT_FALSE(plan.going_away());
}

TEST(ShutdownPlan, DrainsUntilTheDeadline) {
  ShutdownPlan plan(seconds(60));
  EXPECT_EQ(plan.HandleSignal(kStart, Signal::kTerminate), Step::kDraining);
  EXPECT_TRUE(plan.going_away());
  EXPECT_EQ(plan.NextDeadline(1), kStart + seconds(60));
  EXPECT_FALSE(plan.TryEnd(kStart + seconds(59), 1));
  EXPECT_TRUE(plan.TryEnd(kStart + seconds(60), 1));
  EXPECT_EQ(plan.step(), Step::kEnding);
  EXPECT_FALSE(plan.TryEnd(kStart + seconds(61), 0)) << "once";
  EXPECT_EQ(plan.NextDeadline(0), rtp::kNever);
}

TEST(ShutdownPlan, EndsAsSoonAsNobodyIsLeft) {
  ShutdownPlan plan(seconds(60));
  plan.HandleSignal(kStart, Signal::kTerminate);
  EXPECT_LE(plan.NextDeadline(0), kStart + seconds(5));
  EXPECT_TRUE(plan.TryEnd(kStart + seconds(5), 0));
}

TEST(ShutdownPlan, WithoutPatienceItEndsAtOnce) {
  ShutdownPlan plan(seconds(0));
  EXPECT_EQ(plan.HandleSignal(kStart, Signal::kTerminate), Step::kDraining);
  EXPECT_TRUE(plan.TryEnd(kStart, 3));
}

TEST(ShutdownPlan, InterruptDoesNotDrain) {
  ShutdownPlan plan(seconds(60));
  EXPECT_EQ(plan.HandleSignal(kStart, Signal::kInterrupt), Step::kEnding);
  EXPECT_EQ(plan.HandleSignal(kStart, Signal::kInterrupt), Step::kOver);
}

TEST(ShutdownPlan, AnySecondSignalEndsDraining) {
  for (const Signal second : {Signal::kTerminate, Signal::kInterrupt}) {
    ShutdownPlan plan(seconds(60));
    plan.HandleSignal(kStart, Signal::kTerminate);
    EXPECT_EQ(plan.HandleSignal(kStart, second), Step::kEnding);
    EXPECT_FALSE(plan.TryEnd(kStart + seconds(60), 0)) << "it has ended";
    EXPECT_EQ(plan.HandleSignal(kStart, second), Step::kOver);
  }
}

}  // namespace
}  // namespace sfu
