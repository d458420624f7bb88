// SPDX-License-Identifier: GPL-3.0-or-later
// The simulation itself: that it is one, and always the same.
#include "tests/sim/world.h"

#include "tests/sim/sim_fixture.h"

namespace sim {
namespace {

// A conference with all that is random in it.
uint64_t DigestOf(uint32_t seed) {
  World world({.seed = seed, .workers = 2, .spread_after = 3});
  for (int i = 0; i < 6; ++i) {
    bot::Bot::Config config = world.NextConfig();
    config.base.up.loss = 0.02;
    config.base.down.jitter = milliseconds(5);
    config.base.down.delay = milliseconds(20);
    world.AddBot(std::move(config));
    world.RunFor(milliseconds(70));
  }
  world.RunFor(seconds(3));
  world.bots()[0]->SetAudioLevel(20);
  world.bots()[1]->RestartIce(world.now());
  world.bots()[2]->RebindNat(world.now());
  world.bots()[3]->DropXmpp(world.now(), seconds(1));
  world.RunFor(seconds(3));
  EXPECT_TRUE(world.AllJoined());
  EXPECT_GT(world.datagrams(), 5000u);
  return world.digest();
}

TEST(WorldTest, TheSameSeedGivesTheSameBytes) {
  const uint64_t one = DigestOf(1);
  EXPECT_EQ(DigestOf(1), one);
  EXPECT_NE(DigestOf(2), one);
}

TEST(WorldTest, TwelveOnTwoWorkersSeeAndHearOneAnother) {
  World world({.seed = 1, .workers = 2, .spread_after = 5});
  for (int i = 0; i < 12; ++i) {
    bot::Bot::Config config = world.NextConfig();
    config.video_slots = 11;
    config.base.media.decode = true;
    world.AddBot(std::move(config));
    world.RunFor(milliseconds(50));
  }
  ASSERT_TRUE(world.RunUntil([&] { return world.AllJoined(); }, seconds(5)));
  EXPECT_GT(world.worker(0).peer_count(), 0u);
  EXPECT_GT(world.worker(1).peer_count(), 0u);
  world.RunFor(seconds(5));
  for (const auto& bot : world.bots()) {
    bot->Settle(world.now());
    const bot::BotFigures figures = bot->Figures(rtp::Timestamp(seconds(1000)));
    EXPECT_EQ(figures.failure, "");
    EXPECT_EQ(figures.unauthentic, 0u);
    size_t seen = 0;
    for (const bot::StreamFigures& stream : figures.streams) {
      EXPECT_EQ(stream.lost, 0u);
      EXPECT_EQ(stream.decode_errors, 0u);
      if (stream.kind == rtp::MediaKind::kVideo && stream.frames > 50) ++seen;
      if (stream.latency.count() == 0) continue;
      // The two ways, and nothing else.
      EXPECT_GE(stream.latency.Percentile(0.5), milliseconds(2));
      EXPECT_LE(stream.latency.Percentile(0.5), milliseconds(3));
    }
    EXPECT_EQ(seen, 11u);
  }
}

// A server that stands still shows as what it is.
TEST(WorldTest, AStalledServerIsMeasuredAsAGap) {
  World world({.seed = 1});
  for (int i = 0; i < 3; ++i) world.AddBot(world.NextConfig());
  ASSERT_TRUE(world.RunUntil([&] { return world.AllJoined(); }, seconds(5)));
  world.RunFor(seconds(3));
  world.StallServer(seconds(2));
  world.RunFor(seconds(5));
  for (const auto& bot : world.bots()) {
    bot->Settle(world.now());
    for (const auto& stream :
         bot->Figures(rtp::Timestamp(seconds(1000))).streams) {
      if (stream.frames == 0) continue;
      EXPECT_GE(stream.longest_gap, milliseconds(1950)) << stream.content;
      EXPECT_LE(stream.longest_gap, milliseconds(2150)) << stream.content;
    }
  }
}

}  // namespace
}  // namespace sim
