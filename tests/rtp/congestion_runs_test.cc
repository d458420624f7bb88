// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whole runs over a simulated link. Each prints its figures;
// rtp_congestion_tests
// --gtest_filter=CongestionRuns.* is the table.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/rtp/congestion_sim.h"

namespace rtp {
namespace {

using std::chrono::milliseconds;

SimLink::Config Link(int64_t bps, TimeDelta queue = milliseconds(300)) {
  SimLink::Config link;
  link.bps = bps;
  link.queue = queue;
  return link;
}

void Print(const char* what, double value, const char* unit) {
  std::printf("  | %-58s | %8.2f %s |\n", what, value, unit);
}

// With CONGESTION_TRACE set, each 100 ms of a run: what of it was targeted,
// sent and received, in kbit/s, and the queue in ms.
void Trace(const SimRun& run) {
  if (std::getenv("CONGESTION_TRACE") == nullptr) return;
  for (const auto& s : run.samples()) {
    std::printf("%.1f", s.at);
    for (size_t i = 0; i < s.target.size(); ++i)
      std::printf(" t=%ld s=%ld r=%ld", s.target[i] / 1000, s.sent[i] / 1000,
                  s.received[i] / 1000);
    std::printf(" q=%.0f\n", s.queue_ms);
  }
}

TEST(CongestionRuns, RampsUp) {
  SimRun run(Link(3'000'000));
  run.Add();
  run.RunUntil(30);
  Trace(run);
  const auto reached = run.Reaches(0, 0.8 * 3e6);
  ASSERT_TRUE(reached);
  Print("300 kbit/s to 80 % of 3 Mbit/s", *reached, "s");
  Print("then use of the link", run.Received(10, 30) / 3e4, "%");
  Print("then median of the queue", run.MedianQueueMs(10, 30), "ms");
  EXPECT_LE(*reached, 10);
  EXPECT_GE(run.Received(10, 30), 0.85 * 3e6);
  EXPECT_LE(run.MedianQueueMs(10, 30), 30);
}

TEST(CongestionRuns, StepsDownAndUp) {
  SimRun run(Link(3'000'000, milliseconds(1000)));
  run.Add();
  run.RunUntil(15);
  run.link().set_bps(500'000);
  run.RunUntil(45);
  run.link().set_bps(3'000'000);
  run.RunUntil(75);
  Trace(run);
  const double sent = run.Sent(17, 18);
  Print("3 Mbit/s to 500 kbit/s: sent in the third second", sent / 5e3, "%");
  Print("queue from the fourth second on", run.MaxQueueMs(19, 45), "ms");
  Print("use of the 500 kbit/s", run.Received(20, 45) / 5e3, "%");
  const auto reached = run.Reaches(45, 0.8 * 3e6);
  ASSERT_TRUE(reached);
  Print("500 kbit/s to 80 % of 3 Mbit/s", *reached - 45, "s");
  EXPECT_LE(sent, 1.05 * 500e3);
  EXPECT_LE(run.MaxQueueMs(19, 45), 300);
  EXPECT_LE(*reached, 45 + 10);
}

TEST(CongestionRuns, RandomLossCostsLittle) {
  for (const double loss : {0.01, 0.05, 0.10, 0.20}) {
    double worst = 1;
    for (const uint32_t seed : {1u, 2u, 3u, 4u, 5u}) {
      SimLink::Config link = Link(3'000'000);
      link.loss = loss;
      link.seed = seed;
      SimRun run(link);
      run.Add();
      run.RunUntil(60);
      Trace(run);
      worst = std::min(worst, run.Sent(20, 60) / 3e6);
    }
    Print(("random loss of " + std::to_string(int(loss * 100)) +
           " %, RTT 100 ms: sent, worst of 5")
              .c_str(),
          worst * 100, "%");
    EXPECT_GE(worst, loss < 0.1 ? 0.7 : 0.5) << loss;
  }
}

TEST(CongestionRuns, BurstsOfLoss) {
  for (const double loss : {0.05, 0.30}) {
    double worst = 1;
    for (const uint32_t seed : {1u, 2u, 3u, 4u, 5u}) {
      SimLink::Config link = Link(3'000'000);
      link.loss = loss;
      link.burst = 0.6;
      link.seed = seed;
      SimRun run(link);
      run.Add();
      run.RunUntil(60);
      Trace(run);
      worst = std::min(worst, run.Sent(20, 60) / 3e6);
    }
    Print(("loss of " + std::to_string(int(loss * 100)) +
           " % in bursts: sent, worst of 5")
              .c_str(),
          worst * 100, "%");
    EXPECT_GE(worst, loss < 0.1 ? 0.7 : 0.5) << loss;
  }
}

TEST(CongestionRuns, FeedbackThatIsLost) {
  SimRun run(Link(3'000'000));
  SimFlow::Config config;
  config.feedback_loss = 0.2;
  run.Add(config);
  run.RunUntil(60);
  Trace(run);
  Print("a fifth of feedback lost: use", run.Received(10, 60) / 3e4, "%");
  EXPECT_GE(run.Received(10, 60), 0.7 * 3e6);
}

TEST(CongestionRuns, StepsWithShortQueues) {
  // 1 BDP of the 3 Mbit/s at 100 ms, in bytes; and nearly none.
  for (const int ms : {600, 100, 20}) {
    SimRun run(Link(3'000'000, milliseconds(ms)));
    run.Add();
    run.RunUntil(15);
    run.link().set_bps(500'000);
    run.RunUntil(45);
    run.link().set_bps(3'000'000);
    run.RunUntil(75);
    Trace(run);
    const std::string what =
        "queue of " + std::to_string(ms) + " ms, 3 to 0.5 to 3 Mbit/s: ";
    Print((what + "sent").c_str(), run.Sent(17, 18) / 5e3, "%");
    Print((what + "queue").c_str(), run.MaxQueueMs(19, 45), "ms");
    Print((what + "use").c_str(), run.Received(20, 45) / 5e3, "%");
    const auto reached = run.Reaches(45, 0.8 * 3e6);
    ASSERT_TRUE(reached);
    Print((what + "again").c_str(), *reached - 45, "s");
    EXPECT_LE(run.Sent(17, 18), 1.05 * 500e3);
    EXPECT_LE(run.MaxQueueMs(19, 45), 300);
    EXPECT_GE(run.Received(20, 45), 0.75 * 500e3);
    EXPECT_LE(*reached, 45 + 10);
  }
}

TEST(CongestionRuns, StepsOfManySeeds) {
  for (const double loss : {0.0, 0.02}) {
    int good = 0;
    for (uint32_t seed = 1; seed <= 20; ++seed) {
      SimLink::Config link = Link(3'000'000, milliseconds(600));
      link.jitter = milliseconds(5);
      link.loss = loss;
      link.seed = seed;
      SimRun run(link);
      run.Add();
      const double down = 15 + 0.1 * seed;
      run.RunUntil(down);
      run.link().set_bps(500'000);
      run.RunUntil(down + 30);
      run.link().set_bps(3'000'000);
      run.RunUntil(down + 45);
      const auto reached = run.Reaches(down + 30, 0.8 * 3e6 * (1 - loss));
      good += run.Sent(down + 2, down + 3) <= 1.05 * 500e3 &&
              run.MaxQueueMs(down + 4, down + 30) <= 300 && reached &&
              *reached <= down + 40;
    }
    const std::string what = "random loss of " +
                             std::to_string(int(loss * 100)) +
                             " %, jitter 5 ms: steps in time";
    Print(what.c_str(), good, "of 20");
    EXPECT_GE(good, loss > 0 ? 14 : 18);
  }
}

TEST(CongestionRuns, PolicerAndShortQueue) {
  for (const bool polices : {true, false}) {
    SimLink::Config link = Link(2'000'000, milliseconds(20));
    link.polices = polices;
    SimRun run(link);
    run.Add();
    run.RunUntil(60);
    Trace(run);
    const double sent = run.Sent(10, 60);
    const double received = run.Received(10, 60);
    const char* what = polices ? "policer at 2 Mbit/s: " : "queue of 20 ms: ";
    Print((std::string(what) + "use").c_str(), received / 2e4, "%");
    Print((std::string(what) + "lost").c_str(), (1 - received / sent) * 100,
          "%");
    EXPECT_GE(received, 0.75 * 2e6);
    EXPECT_LE(1 - received / sent, 0.05);
  }
}

TEST(CongestionRuns, JitterIsNoQueue) {
  SimLink::Config link = Link(3'000'000);
  link.jitter = milliseconds(15);
  SimRun run(link);
  run.Add();
  run.RunUntil(60);
  Trace(run);
  Print("jitter of 0 to 15 ms: use", run.Received(10, 60) / 3e4, "%");
  EXPECT_GE(run.Received(10, 60), 0.7 * 3e6);
}

TEST(CongestionRuns, NarrowAndFar) {
  for (const int64_t kbps : {100, 150, 400}) {
    SimRun run(Link(kbps * 1000, milliseconds(600)));
    run.Add();
    run.RunUntil(60);
    Trace(run);
    const double use = run.Received(10, 60) / static_cast<double>(kbps * 1000);
    const std::string what = "link of " + std::to_string(kbps) + " kbit/s: ";
    Print((what + "use").c_str(), use * 100, "%");
    Print((what + "median of the queue").c_str(), run.MedianQueueMs(10, 60),
          "ms");
    EXPECT_GE(use, 0.7);
    EXPECT_LE(run.MedianQueueMs(10, 60), 150);
  }
  for (const int ms : {5, 150, 300}) {
    SimLink::Config link = Link(3'000'000);
    link.delay = milliseconds(ms);
    SimRun run(link);
    SimFlow::Config flow;
    flow.back_delay = milliseconds(ms);
    run.Add(flow);
    run.RunUntil(60);
    Trace(run);
    Print(("RTT of " + std::to_string(2 * ms) + " ms: use").c_str(),
          run.Received(10, 60) / 3e4, "%");
    EXPECT_GE(run.Received(10, 60), 0.75 * 3e6);
  }
}

TEST(CongestionRuns, FeedbackThatStops) {
  for (const bool shifted : {false, true}) {
    SimRun run(Link(3'000'000));
    SimFlow& flow = run.Add();
    run.RunUntil(15);
    const double before = run.Sent(14, 15);
    if (shifted) {
      flow.set_feedback_shift(20'000);  // about packets that were never sent
    } else {
      flow.set_feedback(false);
    }
    run.RunUntil(25);
    const auto why = flow.control().Explain(Timestamp(milliseconds(26'000)));
    EXPECT_EQ(why.limit, RateLimit::kStarvation) << ToString(why.limit);
    flow.set_feedback(true);
    flow.set_feedback_shift(0);
    run.RunUntil(45);
    Trace(run);
    const std::string what =
        shifted ? "feedback about others: " : "feedback stops: ";
    Print((what + "rate after 1 s").c_str(), run.Sent(16, 16.2) / before * 100,
          "%");
    Print((what + "rate after 3 s").c_str(), run.Sent(18, 18.5) / before * 100,
          "%");
    const auto back = run.Reaches(25, 0.8 * before);
    ASSERT_TRUE(back);
    Print((what + "until 80 % are back").c_str(), *back - 25, "s");
    EXPECT_LE(run.Sent(16, 16.2), 0.75 * before);
    EXPECT_LE(run.Sent(18, 18.5), 0.25 * before);
    EXPECT_GT(run.Sent(24, 25), 20e3);  // not stuck at zero
    EXPECT_LE(*back - 25, 10);
  }
}

TEST(CongestionRuns, FlowsShare) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    SimLink::Config link = Link(3'000'000, milliseconds(200));
    link.seed = seed;
    link.jitter = milliseconds(2);
    SimRun run(link);
    run.Add();
    run.RunUntil(10);
    SimFlow::Config second;
    second.first_seq = static_cast<uint16_t>(1000 * seed);
    run.Add(second);
    run.RunUntil(130);
    Trace(run);
    const double a = run.Received(40, 130, 0);
    const double b = run.Received(40, 130, 1);
    Print("two flows, the second 10 s later: share of the first",
          a / (a + b) * 100, "%");
    Print("two flows: use of the link", (a + b) / 3e4, "%");
    EXPECT_GT(a / (a + b), 0.3);
    EXPECT_LT(a / (a + b), 0.7);
    EXPECT_GE(a + b, 0.8 * 3e6);
  }
}

TEST(CongestionRuns, WhatTheApplicationDoesNotUse) {
  SimRun run(Link(3'000'000));
  SimFlow::Config config;
  config.media_max_bps = 100'000;
  SimFlow& flow = run.Add(config);
  run.RunUntil(30);
  Print("application sends 100 kbit/s: target by probes",
        static_cast<double>(flow.control().target().kbps()), "kbit/s");
  EXPECT_GE(flow.control().target().bps(), 2'000'000);
  EXPECT_LE(run.Sent(10, 30), 130e3);  // probes are few
  EXPECT_TRUE(flow.control().app_limited());
  flow.set_media_max(10'000'000);
  run.RunUntil(40);
  Trace(run);
  const auto reached = run.Reaches(30, 0.8 * 3e6);
  ASSERT_TRUE(reached);
  Print("then sends all it may: 80 % of 3 Mbit/s after", *reached - 30, "s");
  EXPECT_LE(*reached - 30, 5);
  EXPECT_LE(run.MaxQueueMs(31, 40), 100);
}

TEST(CongestionRuns, WithoutPaddingGrowsStill) {
  SimRun run(Link(3'000'000));
  SimFlow::Config config;
  config.padding = false;
  run.Add(config);
  run.RunUntil(60);
  Trace(run);
  const auto reached = run.Reaches(0, 0.8 * 3e6);
  ASSERT_TRUE(reached);
  Print("no padding: 300 kbit/s to 80 % of 3 Mbit/s", *reached, "s");
  EXPECT_LE(*reached, 40);
}

TEST(CongestionRuns, SameAgainAndAcrossWraps) {
  const auto run = [](uint16_t first_seq) {
    SimLink::Config link = Link(5'000'000);
    link.loss = 0.02;
    link.jitter = milliseconds(3);
    SimRun sim(link);
    SimFlow::Config config;
    config.first_seq = first_seq;
    sim.Add(config);
    sim.RunUntil(200);  // some 90000 packets: the numbers wrap at least once
    EXPECT_GT(sim.Received(20, 200), 0.7 * 5e6);
    return sim.Hash();
  };
  const uint64_t hash = run(1);
  std::printf("  hash of all targets: %016llx\n",
              static_cast<unsigned long long>(hash));
  EXPECT_EQ(run(1), hash);
  // Where the numbers begin changes nothing.
  EXPECT_EQ(run(65'530), hash);
}

}  // namespace
}  // namespace rtp
