// SPDX-License-Identifier: GPL-3.0-or-later
// What networks do to a conference: F1 to F5 of reliability.md, in virtual
// time.
#include <cstdio>

#include "rtp/base/time.h"
#include "tests/sim/sim_fixture.h"

namespace sim {
namespace {

using bot::Impairment;

class NetworkTest : public SimTest {
 protected:
  static Impairment Link(rtp::TimeDelta delay) {
    Impairment link;
    link.delay = delay;
    return link;
  }
  static void Print(const char* what, const bot::StreamFigures& video) {
    std::printf(
        "  %s: %llu packets, %llu recovered, %llu lost, frozen %.2f %%\n", what,
        static_cast<unsigned long long>(video.packets),
        static_cast<unsigned long long>(video.recovered),
        static_cast<unsigned long long>(video.lost),
        video.watched.count() == 0
            ? 0.0
            : 100.0 * static_cast<double>(video.frozen.count()) /
                  static_cast<double>(video.watched.count()));
  }
};

// F1: random loss at a round trip of 100 ms.
TEST_P(NetworkTest, F1LostPacketsAreRecovered) {
  for (const double loss : {0.01, 0.05, 0.1}) {
    SCOPED_TRACE(loss);
    MakeWorld();
    Impairment link = Link(milliseconds(25));
    link.loss = loss;
    Meet(3, [&](size_t, bot::Bot::Config& config) {
      config.base.up = config.base.down = link;
    });
    world_->RunFor(seconds(30));
    for (size_t i = 0; i < 3; ++i) {
      const bot::StreamFigures video = Video(i);
      Print("F1", video);
      EXPECT_GT(video.recovered, 0u);
      // Each way may lose it, on three links, and the request as well.
      // What came before a key frame is not repaired any more once that came.
      EXPECT_LE(video.lost, video.packets / 100);
      EXPECT_EQ(video.decode_errors, 0u);
    }
  }
}

// F2: bursts that take 30 %.
TEST_P(NetworkTest, F2BurstsDoNotEndAnything) {
  MakeWorld();
  Meet(3);
  // One who receives badly; what the others send arrives.
  Impairment link = Link(milliseconds(50));
  link.bursts = Impairment::Bursts(0.3, 3);
  bot(0).SetLink(world_->now(), bot::Direction::kDown, link);
  bot(0).SetLink(world_->now(), bot::Direction::kUp, Link(milliseconds(50)));
  world_->RunFor(seconds(60));
  const bot::StreamFigures bad = Video(0);
  Print("F2", bad);
  EXPECT_EQ(bot(0).failure(), "");
  EXPECT_GT(bad.recovered, bad.packets / 10);
  EXPECT_GE(static_cast<double>(bad.packets + bad.recovered),
            0.97 * static_cast<double>(bad.packets + bad.recovered + bad.lost));
  // The others notice nothing of it.
  for (const size_t i : {1, 2}) {
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Audio(i).lost, 0u);
  }
}

// F3: nothing passes for a while.
TEST_P(NetworkTest, F3MediaIsBackAfterAnOutage) {
  struct Case {
    rtp::TimeDelta outage;
    rtp::TimeDelta back;
  };
  for (const Case& each :
       {Case{milliseconds(500), milliseconds(500)},
        Case{seconds(5), seconds(1)}, Case{seconds(10), seconds(2)}}) {
    MakeWorld();
    Meet(3);
    SetLinks(Link(milliseconds(25)));
    world_->RunFor(seconds(5));
    Impairment none;
    none.outage = true;
    bot(0).SetLink(world_->now(), bot::Direction::kBoth, none);
    world_->RunFor(each.outage);
    bot(0).SetLink(world_->now(), bot::Direction::kBoth,
                   Link(milliseconds(25)));
    const rtp::TimeDelta seen = UntilNextPicture(0, seconds(10));
    const rtp::TimeDelta shown = UntilNextPicture(1, seconds(10));
    std::printf("  F3: %lld ms out: back after %lld ms, shown after %lld ms\n",
                static_cast<long long>(each.outage.count() / 1000),
                static_cast<long long>(seen.count() / 1000),
                static_cast<long long>(shown.count() / 1000));
    EXPECT_LE(seen, each.back);
    EXPECT_EQ(bot(0).failure(), "");
    // The same session, not a new one.
    EXPECT_EQ(world_->focus().participants(), 3u);
    world_->RunFor(seconds(2));
    EXPECT_EQ(bot(0).state(), bot::BotState::kJoined);
  }
}

// F4: out of order, twice, and late.
TEST_P(NetworkTest, F4DisorderIsPutRight) {
  MakeWorld();
  Meet(3);
  Impairment link = Link(milliseconds(100));
  link.jitter = milliseconds(30);
  link.jitter_kind = Impairment::Jitter::kPareto;
  link.reorder.share = 0.05;
  link.reorder.packets = 50;
  link.duplicate = 0.02;
  bot(0).SetLink(world_->now(), bot::Direction::kUp, link);
  world_->RunFor(seconds(30));
  for (const size_t i : {1, 2}) {
    const bot::StreamFigures video = Video(i);
    Print("F4", video);
    // What came twice is forwarded once; but what comes late and is asked for
    // meanwhile comes again, as it should.
    EXPECT_LE(video.duplicates, video.packets / 100);
    EXPECT_EQ(video.lost, 0u);
    EXPECT_EQ(video.decode_errors, 0u);
    EXPECT_EQ(Audio(i).duplicates, 0u);
  }
  EXPECT_LE(Figures(0).key_frame_requests, 30u);
}

// F5: damaged on the way.
TEST_P(NetworkTest, F5WhatIsDamagedIsNotBelieved) {
  MakeWorld();
  Meet(3);
  Impairment link = Link(milliseconds(20));
  link.corrupt = 0.05;
  SetLinks(link);
  world_->RunFor(seconds(30));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bot(i).failure(), "");
    EXPECT_GT(Figures(i).unauthentic, 0u);
    EXPECT_EQ(Video(i).decode_errors, 0u);
  }
  const auto dropped = [&](sfu::DropReason reason) {
    return world_->worker(0)
        .counters()
        .drops[static_cast<size_t>(reason)]
        .Get();
  };
  EXPECT_GT(dropped(sfu::DropReason::kSrtpAuth), 0u);
}

// A sender's own congestion control, on a link of less than it would send.
TEST_P(NetworkTest, TheSenderFollowsItsUplink) {
  MakeWorld();
  Impairment narrow = Link(milliseconds(25));
  narrow.rate_bps = 500'000;
  narrow.queue_time = milliseconds(300);
  Meet(2, [&](size_t i, bot::Bot::Config& config) {
    if (i != 0) return;
    config.base.up = narrow;
    config.base.media.synthetic_video = true;
    config.base.media.video_kbps = 1500;
  });
  world_->RunFor(seconds(20));
  const bot::StreamFigures before = Video(1);
  double sum = 0;
  for (int i = 0; i < 20; ++i) {
    world_->RunFor(seconds(1));
    sum += Figures(0).target_bps;
  }
  const bot::StreamFigures video = Video(1);
  const auto lost = static_cast<double>(video.lost - before.lost);
  const auto all = static_cast<double>(video.packets + video.recovered +
                                       video.lost - before.packets -
                                       before.recovered - before.lost);
  std::printf("  uplink of 500 kbit/s: target %.0f kbit/s, %.2f %% lost\n",
              sum / 20 / 1000, 100 * lost / all);
  EXPECT_GT(sum / 20, 300'000);
  EXPECT_LT(sum / 20, 600'000);
  EXPECT_LT(lost / all, 0.02);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NetworkTest, testing::ValuesIn(Seeds()));

}  // namespace
}  // namespace sim
