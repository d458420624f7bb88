// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/link_monitor.h"

#include <gtest/gtest.h>

#include "sfu/backoff.h"
#include "tests/support/seeded_random.h"

namespace sfu {
namespace {

using std::chrono::seconds;
using Action = LinkMonitor::Action;

constexpr rtp::Timestamp kStart{seconds(100)};

TEST(LinkMonitor, AsksNothingWhileBytesArrive) {
  LinkMonitor monitor({});
  EXPECT_EQ(monitor.NextDeadline(), rtp::kNever);
  for (int i = 0; i < 10; ++i) {
    const rtp::Timestamp now = kStart + seconds(9 * i);
    EXPECT_EQ(monitor.HandleTimeout(now), Action::kNone);
    monitor.OnReceived(now);
  }
}

TEST(LinkMonitor, PingsAQuietServer) {
  LinkMonitor monitor({});
  monitor.OnReceived(kStart);
  EXPECT_EQ(monitor.NextDeadline(), kStart + seconds(10));
  EXPECT_EQ(monitor.HandleTimeout(kStart + seconds(10)), Action::kSendPing);
  EXPECT_EQ(monitor.HandleTimeout(kStart + seconds(11)), Action::kNone);
  monitor.OnReceived(kStart + seconds(12));
  EXPECT_EQ(monitor.HandleTimeout(kStart + seconds(20)), Action::kNone);
  EXPECT_EQ(monitor.HandleTimeout(kStart + seconds(22)), Action::kSendPing);
}

TEST(LinkMonitor, DeclaresAServerDeadThatLeavesThePingUnanswered) {
  LinkMonitor monitor({});
  monitor.OnReceived(kStart);
  ASSERT_EQ(monitor.HandleTimeout(kStart + seconds(10)), Action::kSendPing);
  EXPECT_EQ(monitor.HandleTimeout(kStart + seconds(20)), Action::kDead);
  EXPECT_EQ(monitor.NextDeadline(), rtp::kNever);
}

TEST(Backoff, GrowsFromOneSecondToThirtyWithJitter) {
  support::SeededRandom random(1);
  Backoff backoff({}, random);
  rtp::TimeDelta step = seconds(1);
  for (int i = 0; i < 30; ++i) {
    const rtp::TimeDelta wait = backoff.Next();
    EXPECT_LE(wait, step);
    EXPECT_GE(wait, step * 3 / 4);
    step = std::min<rtp::TimeDelta>(step * 3 / 2, seconds(30));
  }
  EXPECT_EQ(step, seconds(30));
  backoff.Reset();
  EXPECT_LE(backoff.Next(), seconds(1));
}

TEST(Backoff, DiffersBetweenServers) {
  support::SeededRandom one(1);
  support::SeededRandom two(2);
  Backoff first({}, one);
  Backoff second({}, two);
  EXPECT_NE(first.Next(), second.Next());
}

}  // namespace
}  // namespace sfu
