// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/congestion_controller.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "rtp/congestion/probe_results.h"
#include "rtp/congestion/probes.h"

namespace rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Timestamp kStart(seconds(1000));

CongestionController::Config Config() {
  CongestionController::Config config;
  config.min = DataRate::Kbps(50);
  config.max = DataRate::Kbps(5000);
  config.start = DataRate::Kbps(500);
  return config;
}

PacketResult Received(uint32_t cluster, int sent_ms, int arrival_ms,
                      uint32_t size = 1000) {
  PacketResult packet;
  packet.probe_cluster = cluster;
  packet.sent = kStart + milliseconds(sent_ms);
  packet.arrival = kStart + milliseconds(arrival_ms);
  packet.size = size;
  packet.received = true;
  return packet;
}

TEST(ProbeResults, TellsWhetherTheLinkWasFilled) {
  ProbeResults results;
  results.Begin(1);
  for (int i = 0; i < 6; ++i) results.OnResult(Received(1, 10 * i, 10 * i));
  auto estimate = results.Evaluate(6000);
  ASSERT_TRUE(estimate);
  EXPECT_FALSE(estimate->filled);
  EXPECT_NEAR(estimate->bps, 800e3, 1);
  results.Begin(2);
  for (int i = 0; i < 6; ++i) results.OnResult(Received(2, 10 * i, 20 * i));
  estimate = results.Evaluate(6000);
  ASSERT_TRUE(estimate);
  EXPECT_TRUE(estimate->filled);
  EXPECT_NEAR(estimate->bps, 0.95 * 400e3, 1);
  EXPECT_FALSE(results.Evaluate(11000));  // nearly half is missing
}

TEST(ProbeResults, BurstsOfAPacerAreMeasuredBetween) {
  ProbeResults results;
  results.Begin(1);
  for (int i = 0; i < 9; ++i) {
    results.OnResult(Received(1, 5 * (i / 3), 5 * (i / 3)));
  }
  const auto estimate = results.Evaluate(9000);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->bps, 3000 * 8 / 0.005, 1);
}

TEST(ProbeResults, RefusesWhatCannotBe) {
  ProbeResults results;
  results.Begin(1);
  for (int i = 0; i < 6; ++i) results.OnResult(Received(1, 10 * i, i));
  EXPECT_FALSE(results.Evaluate(6000));  // ten times as fast as sent
  results.Begin(2);
  for (int i = 0; i < 6; ++i) results.OnResult(Received(2, 10 * i, 0));
  EXPECT_FALSE(results.Evaluate(6000));
  results.Begin(3);
  for (int i = 0; i < 6; ++i) results.OnResult(Received(3, 10 * i, -10 * i));
  EXPECT_FALSE(results.Evaluate(6000));
}

class ProberTest : public testing::Test {
 protected:
  // Sends the present probe, and has it arrive at `kept` of its rate.
  std::optional<ProbeResults::Estimate> Fill(double kept) {
    const auto probe = prober_.current();
    EXPECT_TRUE(probe);
    if (!probe) return std::nullopt;
    const int64_t space = int64_t{1000} * 8 * 1'000'000 / probe->rate.bps();
    Timestamp sent = now_;
    Timestamp arrival = now_;
    while (prober_.current()) {
      prober_.OnPacketSent(now_, probe->cluster, 1000);
      PacketResult packet = Received(probe->cluster, 0, 0);
      packet.sent = sent += TimeDelta(space);
      packet.arrival = arrival +=
          TimeDelta(static_cast<int64_t>(static_cast<double>(space) / kept));
      prober_.OnResult(packet);
    }
    now_ += milliseconds(100);
    return prober_.HandleTimeout(now_, situation_);
  }
  int64_t Kbps() const {
    return prober_.current() ? prober_.current()->rate.kbps() : 0;
  }

  Timestamp now_ = kStart;
  Prober prober_;
  Prober::Situation situation_{300e3, 20e6, false};
};

TEST_F(ProberTest, GoesOnWhileThePathCarriesIt) {
  prober_.Start(now_, 300e3, 20e6);
  EXPECT_EQ(Kbps(), 900);
  const auto estimate = Fill(1);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->bps, 900e3, 1e3);
  EXPECT_EQ(Kbps(), 1800);
  Fill(1);
  EXPECT_NEAR(static_cast<double>(Kbps()), 3600, 5);
  Fill(0.8);  // times 0.95 is more than 0.7
  EXPECT_NEAR(static_cast<double>(Kbps()), 2 * 0.76 * 3600, 10);
  Fill(0.5);
  EXPECT_EQ(Kbps(), 0);
  EXPECT_GE(prober_.NextDeadline(), now_ + seconds(4));
}

TEST_F(ProberTest, NoFurtherThanWanted) {
  prober_.Start(now_, 300e3, 1e6);
  EXPECT_EQ(Kbps(), 900);
  Fill(1);
  EXPECT_EQ(Kbps(), 1000);
  Fill(1);
  EXPECT_EQ(Kbps(), 0);
  situation_ = {990e3, 1e6, false};
  now_ += seconds(10);
  prober_.HandleTimeout(now_, situation_);
  EXPECT_EQ(Kbps(), 0);
}

TEST_F(ProberTest, AgainEachFiveSecondsUnlessCongested) {
  prober_.Start(now_, 300e3, 20e6);
  Fill(0.3);
  EXPECT_EQ(Kbps(), 0);
  situation_.congested = true;
  now_ += seconds(6);
  prober_.HandleTimeout(now_, situation_);
  EXPECT_EQ(Kbps(), 0);
  situation_.congested = false;
  now_ += milliseconds(4999);
  prober_.HandleTimeout(now_, situation_);
  EXPECT_EQ(Kbps(), 0);
  now_ += milliseconds(1);
  EXPECT_EQ(prober_.NextDeadline(), now_);
  prober_.HandleTimeout(now_, situation_);
  EXPECT_EQ(Kbps(), 600);
  // The sender has nothing to fill it with.
  now_ = prober_.NextDeadline();
  EXPECT_FALSE(prober_.HandleTimeout(now_, situation_));
  EXPECT_EQ(Kbps(), 0);
}

TEST_F(ProberTest, TriesToGetBackAfterAFall) {
  prober_.Start(now_, 300e3, 20e6);
  Fill(0.3);
  prober_.OnFall(now_, 600e3);
  now_ += seconds(2);
  prober_.HandleTimeout(now_, situation_);
  EXPECT_EQ(Kbps(), 510);
}

TEST(CongestionController, StartsAsConfigured) {
  CongestionController control(Config());
  EXPECT_EQ(control.target().kbps(), 500);
  EXPECT_EQ(control.pacing_rate().kbps(), 625);
  EXPECT_EQ(control.NextDeadline(), kNever);
  EXPECT_FALSE(control.probe());
  EXPECT_EQ(control.Explain(kStart).limit, RateLimit::kStart);
  control.OnPacketSent(kStart, 1, 9, 1000, 0);
  ASSERT_TRUE(control.probe());
  EXPECT_EQ(control.probe()->rate.kbps(), 1500);
  EXPECT_EQ(control.pacing_rate().kbps(), 1500);
  EXPECT_EQ(control.bytes_in_flight(), 1000u);
}

TEST(CongestionController, ReceiverWithReportsOnly) {
  CongestionController control(Config());
  Timestamp now = kStart;
  uint16_t seq = 0;
  const auto second = [&](double loss) {
    for (int i = 0; i < 50; ++i) {
      control.OnPacketSent(now += milliseconds(20), seq++, 9, 1000, 0);
      control.HandleTimeout(now);
    }
    control.OnReceiverReport(now, loss, milliseconds(60));
  };
  for (int i = 0; i < 10; ++i) second(0);
  EXPECT_GT(control.target().kbps(), 900);
  EXPECT_FALSE(control.probe());  // nothing would tell of it
  EXPECT_EQ(control.Explain(now).limit, RateLimit::kReports);
  control.OnRemb(now, DataRate::Kbps(700));
  EXPECT_EQ(control.target().kbps(), 700);
  EXPECT_EQ(control.Explain(now).limit, RateLimit::kRemb);
  control.OnRemb(now, DataRate());
  EXPECT_EQ(control.target().kbps(), 50);
  for (int i = 0; i < 10; ++i) second(0);  // the REMB is old by now
  EXPECT_GT(control.target().kbps(), 900);
  for (int i = 0; i < 20; ++i) second(0.3);
  EXPECT_LT(control.target().kbps(), 150);
}

TEST(CongestionController, LossOfReportsIsNotOursWherePacketsAreReported) {
  CongestionController control(Config());
  Timestamp now = kStart;
  uint16_t seq = 0;
  for (int i = 0; i < 100; ++i) {
    std::vector<PacketReport> reports;
    for (int k = 0; k < 5; ++k, ++seq) {
      control.OnPacketSent(now += milliseconds(16), seq, 9, 1000, 0);
      reports.push_back({control.Unwrap(seq), true, now});
    }
    control.OnReports(now, reports);
    control.OnReceiverReport(now, 0.5, milliseconds(60));
  }
  EXPECT_GE(control.target().kbps(), 500);
}

TEST(CongestionController, KeepsLimits) {
  CongestionController control(Config());
  control.SetLimits(kStart, DataRate::Kbps(50), DataRate::Kbps(200));
  EXPECT_EQ(control.target().kbps(), 200);
  EXPECT_EQ(control.Explain(kStart).limit, RateLimit::kMaximum);
  control.SetLimits(kStart, DataRate::Kbps(300), DataRate::Kbps(5000));
  EXPECT_EQ(control.target().kbps(), 300);
}

TEST(CongestionController, NamesEachLimit) {
  for (int i = 0; i <= static_cast<int>(RateLimit::kMaximum); ++i) {
    EXPECT_NE(ToString(static_cast<RateLimit>(i)), "") << i;
  }
}

}  // namespace
}  // namespace rtp
