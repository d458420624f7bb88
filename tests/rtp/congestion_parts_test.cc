// SPDX-License-Identifier: GPL-3.0-or-later
//
// The parts of the congestion control, each alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "rtp/congestion/application_limit.h"
#include "rtp/congestion/arrival_groups.h"
#include "rtp/congestion/backlog.h"
#include "rtp/congestion/delay_trend.h"
#include "rtp/congestion/loss_control.h"
#include "rtp/congestion/pacer.h"
#include "rtp/congestion/rate_control.h"
#include "rtp/congestion/report_control.h"
#include "rtp/congestion/starvation_guard.h"
#include "tests/support/seeded_random.h"

namespace rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Timestamp kStart(seconds(1000));

TEST(ArrivalGroups, PacketsOfABurstAreOne) {
  ArrivalGroups groups;
  EXPECT_FALSE(groups.Add(kStart, kStart));
  EXPECT_FALSE(groups.Add(kStart + milliseconds(5), kStart + milliseconds(9)));
  EXPECT_FALSE(
      groups.Add(kStart + milliseconds(20), kStart + milliseconds(25)));
  // Held up, then let go with the one before.
  EXPECT_FALSE(
      groups.Add(kStart + milliseconds(30), kStart + milliseconds(26)));
  const auto delta =
      groups.Add(kStart + milliseconds(40), kStart + milliseconds(50));
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->sent, milliseconds(25));
  EXPECT_EQ(delta->arrived, milliseconds(17));
  // Out of order: ignored.
  EXPECT_FALSE(
      groups.Add(kStart + milliseconds(35), kStart + milliseconds(60)));
}

TEST(ArrivalGroups, BeginsAnewWhenAClockIsSet) {
  ArrivalGroups groups;
  for (int i = 0; i < 5; ++i) {
    groups.Add(kStart + milliseconds(10 * i), kStart + milliseconds(10 * i));
  }
  const Timestamp set = kStart + seconds(1000);
  EXPECT_TRUE(groups.Add(kStart + milliseconds(50), set));
  EXPECT_FALSE(groups.Add(kStart + milliseconds(60), set + milliseconds(10)));
  EXPECT_FALSE(groups.Add(kStart + milliseconds(70), set + milliseconds(20)));
}

// Packets each 10 ms whose delay grows by `slope` ms each.
LinkUse AfterSlope(double slope, int packets = 60) {
  DelayTrend trend;
  for (int i = 0; i < packets; ++i) {
    const Timestamp sent = kStart + milliseconds(10 * i);
    trend.OnReceived(sent,
                     sent + TimeDelta(static_cast<int64_t>(i * slope * 1000)));
  }
  return trend.use();
}

TEST(DelayTrend, TellsWhatTheQueueDoes) {
  EXPECT_EQ(AfterSlope(0), LinkUse::kNormal);
  EXPECT_EQ(AfterSlope(2), LinkUse::kOver);
  EXPECT_EQ(AfterSlope(-2), LinkUse::kUnder);
  // A clock that runs fast by 0.1 % is no queue.
  EXPECT_EQ(AfterSlope(0.01, 1000), LinkUse::kNormal);
  // Nothing can be said of few.
  EXPECT_EQ(AfterSlope(2, 10), LinkUse::kNormal);
}

TEST(DelayTrend, ThresholdFollowsButNotSpikes) {
  DelayTrend trend;
  Timestamp sent = kStart;
  for (int i = 0; i < 500; ++i) {
    sent += milliseconds(10);
    trend.OnReceived(sent, sent);
  }
  EXPECT_EQ(trend.threshold_ms(), DelayTrend::kMinThresholdMs);
  for (int i = 0; i < 30; ++i) {
    sent += milliseconds(10);
    trend.OnReceived(sent, sent + milliseconds(20 * i));
  }
  EXPECT_GT(trend.trend_ms(), 100);
  EXPECT_LT(trend.threshold_ms(), 20);
}

TEST(RateControl, GrowsByEightPercentASecondFarFromCapacity) {
  RateControl rate(30e3, 10e6, 1e6);
  Timestamp now = kStart;
  RateControl::Input input;
  input.acked_bps = 1e6;
  for (int i = 0; i <= 10; ++i) rate.Update(now += milliseconds(100), input);
  EXPECT_NEAR(rate.bps(), 1.08e6, 5e3);
}

TEST(RateControl, GrowsNoFurtherThanWhatGetsThroughAllows) {
  RateControl rate(30e3, 10e6, 300e3);
  Timestamp now = kStart;
  RateControl::Input input;
  input.acked_bps = 200e3;
  for (int i = 0; i < 1000; ++i) rate.Update(now += milliseconds(100), input);
  EXPECT_NEAR(rate.bps(), 310e3, 1);
  input.app_limited = true;
  input.acked_bps = 1e6;
  for (int i = 0; i < 100; ++i) rate.Update(now += milliseconds(100), input);
  EXPECT_NEAR(rate.bps(), 310e3, 1);
}

TEST(RateControl, BacksOffFromWhatGotThrough) {
  RateControl rate(30e3, 10e6, 3e6);
  RateControl::Input input;
  input.use = LinkUse::kOver;
  input.acked_bps = 1e6;
  input.rtt = milliseconds(100);
  rate.Update(kStart, input);
  EXPECT_NEAR(rate.bps(), 0.85e6, 1);
  EXPECT_EQ(rate.last_overuse(), kStart);
  // The effect is awaited.
  input.acked_bps = 0.8e6;
  rate.Update(kStart + milliseconds(50), input);
  EXPECT_NEAR(rate.bps(), 0.85e6, 1);
  rate.Update(kStart + milliseconds(101), input);
  EXPECT_NEAR(rate.bps(), 0.68e6, 1);
  // Near the capacity it grows by about a packet a response time.
  Timestamp now = kStart + seconds(1);
  input.use = LinkUse::kNormal;
  input.acked_bps = 0.68e6;
  for (int i = 0; i <= 10; ++i) rate.Update(now += milliseconds(100), input);
  EXPECT_NEAR(rate.bps(), 0.68e6 + 38e3, 3e3);
  // Until more gets through than the capacity was.
  input.acked_bps = 2e6;
  rate.Update(now += milliseconds(100), input);
  EXPECT_FALSE(rate.capacity().known());
}

TEST(RateControl, WithoutKnowledgeHalves) {
  RateControl rate(30e3, 10e6, 1e6);
  RateControl::Input input;
  input.use = LinkUse::kOver;
  rate.Update(kStart, input);
  EXPECT_NEAR(rate.bps(), 0.5e6, 1);
}

// `packets` a second for `length`, of which `lost(i)` are lost.
template <typename Lost>
Timestamp Feed(LossControl& control, Timestamp now, int packets,
               TimeDelta length, Lost lost) {
  const Timestamp end = now + length;
  for (int i = 0; now < end; ++i, now += TimeDelta(1'000'000 / packets)) {
    PacketResult packet;
    packet.sent = now;
    packet.size = 1250;  // 10 kbit
    packet.received = !lost(i);
    control.OnResult(packet);
  }
  return now;
}

TEST(LossControl, LossThatComesWithTheRateBounds) {
  LossControl control;
  // 2 Mbit/s pass; of 3 Mbit/s a third is lost.
  Timestamp now =
      Feed(control, kStart, 200, seconds(2), [](int) { return false; });
  EXPECT_FALSE(control.bound_bps());
  now = Feed(control, now, 300, seconds(1), [](int i) { return i % 3 == 0; });
  ASSERT_TRUE(control.bound_bps());
  EXPECT_NEAR(*control.bound_bps(), 2e6 * 0.95, 0.1e6);
  EXPECT_NEAR(control.loss(), 0.33, 0.02);
  // It is lifted while nothing is lost.
  now = Feed(control, now, 190, seconds(3), [](int) { return false; });
  EXPECT_GT(control.bound_bps().value_or(9e9), 1.95e6);
}

TEST(LossControl, LossWhateverTheRateDoesNot) {
  LossControl control;
  Timestamp now = kStart;
  support::SeededRandom random(1);
  for (const int packets : {100, 150, 300, 200}) {
    now = Feed(control, now, packets, seconds(2),
               [&](int) { return random.NextU32() % 100 < 5; });
    EXPECT_FALSE(control.bound_bps());
  }
  EXPECT_NEAR(control.inherent_loss(), 0.05, 0.02);
}

TEST(LossControl, GreatLossIsAscribedToTheRateUntilItIsDisproved) {
  LossControl control;
  const auto lost = [](int i) { return i % 10 < 3; };
  Timestamp now = Feed(control, kStart, 300, seconds(2), lost);
  ASSERT_TRUE(control.bound_bps());
  EXPECT_LT(*control.bound_bps(), 2.2e6);
  // Less is sent and as much of it lost.
  now = Feed(control, now, 200, seconds(3), lost);
  EXPECT_FALSE(control.bound_bps());
  EXPECT_NEAR(control.inherent_loss(), 0.3, 0.02);
}

TEST(StarvationGuard, LowersTheRateUntilAConfirmation) {
  StarvationGuard guard;
  EXPECT_EQ(guard.NextDeadline(), kNever);
  guard.OnPacketSent(kStart, milliseconds(100));
  guard.OnPacketSent(kStart + milliseconds(50), milliseconds(100));
  EXPECT_EQ(guard.NextDeadline(), kStart + milliseconds(400));
  EXPECT_EQ(guard.HandleTimeout(kStart + milliseconds(399)), 1);
  EXPECT_FALSE(guard.starving());
  EXPECT_EQ(guard.HandleTimeout(kStart + milliseconds(400)), 1);
  EXPECT_TRUE(guard.starving());  // frozen first
  EXPECT_EQ(guard.HandleTimeout(kStart + milliseconds(600)), 0.85);
  EXPECT_EQ(guard.HandleTimeout(kStart + milliseconds(1000)), 0.85 * 0.85);
  guard.OnConfirmation(kStart + milliseconds(1100), kNever, milliseconds(100));
  EXPECT_FALSE(guard.starving());
  EXPECT_EQ(guard.NextDeadline(), kNever);
  // A packet is on its way still.
  guard.OnConfirmation(kStart + milliseconds(1100), kStart + milliseconds(1090),
                       milliseconds(100));
  EXPECT_EQ(guard.NextDeadline(), kStart + milliseconds(1490));
  EXPECT_FALSE(StarvationGuard::Confirms(0, 0));
  EXPECT_TRUE(StarvationGuard::Confirms(10, 2));
  EXPECT_FALSE(StarvationGuard::Confirms(10, 3));
}

TEST(ReportControl, FollowsRembAndLoss) {
  ReportControl control(30e3, 5e6, 500e3);
  Timestamp now = kStart;
  control.OnRemb(now, 2e6);
  EXPECT_EQ(control.bps(now), 500e3);
  for (int i = 0; i < 6; ++i) {
    now += seconds(1);
    control.OnReport(now, 0, milliseconds(50));
    control.OnRemb(now, 2e6);
  }
  EXPECT_EQ(control.bps(now), 2e6);  // half more a second at most
  control.OnRemb(now, 1e6);
  EXPECT_EQ(control.bps(now), 1e6);  // at once
  control.OnRemb(now, 0);
  EXPECT_EQ(control.bps(now), 30e3);  // never stuck at zero
  // The REMB is gone, as when Dino's camera is turned off: reports alone.
  now += seconds(6);
  EXPECT_FALSE(control.remb(now));
  control.OnReport(now, 0.05, milliseconds(50));
  EXPECT_EQ(control.bps(now), 2e6);
  control.OnReport(now += seconds(1), 0.2, milliseconds(50));
  EXPECT_NEAR(control.bps(now), 1.8e6, 1);
  control.OnReport(now += seconds(1), 0.0, milliseconds(50));
  EXPECT_NEAR(control.bps(now), 1.8e6 * 1.08, 1);
  control.OnReport(now += seconds(1), 0.0, milliseconds(300));  // a queue
  EXPECT_NEAR(control.bps(now), 1.8e6 * 1.08 * 0.85, 1);
}

TEST(ReportControl, SilenceHalves) {
  ReportControl control(30e3, 5e6, 800e3);
  EXPECT_EQ(control.NextDeadline(), kNever);
  control.OnReport(kStart, 0, milliseconds(50));
  control.HandleTimeout(kStart + seconds(25));
  EXPECT_TRUE(control.starving());
  EXPECT_NEAR(control.bps(kStart + seconds(25)), 200e3, 1);
}

TEST(ApplicationLimit, TellsWhetherTheRateIsUsed) {
  ApplicationLimit limit;
  Timestamp now = kStart;
  const auto send = [&](double bps, TimeDelta length) {
    for (const Timestamp end = now + length; now < end;) {
      now += milliseconds(10);
      limit.OnTime(now, 1e6);
      limit.OnSent(static_cast<uint32_t>(bps / 800));
    }
  };
  limit.OnTime(now, 1e6);
  send(1e6, seconds(2));
  EXPECT_FALSE(limit.limited());
  send(300e3, seconds(3));
  EXPECT_TRUE(limit.limited());
  send(1e6, seconds(1));
  EXPECT_FALSE(limit.limited());
}

TEST(Backlog, IsWhatPacketsTakeLonger) {
  Backlog backlog;
  Timestamp now = kStart;
  const auto message = [&](int ms) {
    now += milliseconds(100);
    backlog.BeginMessage();
    backlog.OnReceived(now, now + milliseconds(ms + 7));
    backlog.OnReceived(now, now + milliseconds(ms));
  };
  message(30);
  EXPECT_EQ(backlog.delay(), milliseconds(0));
  message(70);
  EXPECT_EQ(backlog.delay(), milliseconds(40));
  EXPECT_EQ(backlog.factor(), 1);
  message(330);
  EXPECT_TRUE(backlog.drains());
  EXPECT_NEAR(backlog.factor(), 0.75, 1e-9);
  message(3000);
  EXPECT_EQ(backlog.factor(), Backlog::kMaxDrain);
  // A longer path is not drained for ever.
  for (int i = 0; i < 250; ++i) message(330);
  EXPECT_EQ(backlog.delay(), milliseconds(0));
}

TEST(Pacer, SpreadsPackets) {
  Pacer pacer;
  pacer.SetRate(kStart, DataRate::Kbps(1000));
  int sent = 0;
  for (int ms = 0; ms < 1000; ++ms) {
    while (pacer.MaySend(kStart + milliseconds(ms))) {
      pacer.OnPacketSent(kStart + milliseconds(ms), 1250);
      ++sent;
      ASSERT_LE(sent, ms / 10 + 2);
    }
  }
  EXPECT_NEAR(sent, 100, 1);
  // Audio passes and is paid for by the others.
  const Timestamp now = kStart + seconds(2);
  for (int i = 0; i < 10; ++i) pacer.OnPacketSent(now, 125);
  EXPECT_FALSE(pacer.MaySend(now));
  EXPECT_EQ(pacer.NextSend(now), now + milliseconds(5));
  EXPECT_TRUE(pacer.MaySend(now + milliseconds(5)));
}

}  // namespace
}  // namespace rtp
