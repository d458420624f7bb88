// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace sim {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A scenario run with several seeds. A failure names its own; with
// CARILLON_SIM_SEED=N in the environment only that one is run.
class SimTest : public testing::TestWithParam<uint32_t> {
 protected:
  SimTest()
      : trace_(__FILE__, __LINE__, "seed " + std::to_string(GetParam())) {}

  World& MakeWorld(World::Config config = {}) {
    config.seed = GetParam();
    world_ = std::make_unique<World>(std::move(config));
    return *world_;
  }

  // So many join, 100 ms after one another, and are there. `change` may alter
  // the config of each, by number.
  template <typename Change>
  void Meet(size_t count, Change change) {
    for (size_t i = 0; i < count; ++i) {
      bot::Bot::Config config = world_->NextConfig();
      change(i, config);
      world_->AddBot(std::move(config));
      world_->RunFor(milliseconds(100));
    }
    ASSERT_TRUE(
        world_->RunUntil([this] { return world_->AllJoined(); }, seconds(10)));
    for (const auto& bot : world_->bots()) ASSERT_EQ(bot->failure(), "");
  }
  void Meet(size_t count) {
    Meet(count, [](size_t, bot::Bot::Config&) {});
  }

  bot::Bot& bot(size_t i) { return *world_->bots()[i]; }
  bot::BotFigures Figures(size_t i) {
    bot(i).Settle(world_->now());
    return bot(i).Figures(rtp::Timestamp(seconds(1000)));
  }
  // Of all streams of a kind that a bot receives, added up.
  bot::StreamFigures Sum(size_t i, rtp::MediaKind kind) {
    bot::StreamFigures sum;
    for (const bot::StreamFigures& stream : Figures(i).streams) {
      if (stream.kind != kind) continue;
      sum.packets += stream.packets;
      sum.lost += stream.lost;
      sum.recovered += stream.recovered;
      sum.duplicates += stream.duplicates;
      sum.unauthentic += stream.unauthentic;
      sum.frames += stream.frames;
      sum.freezes += stream.freezes;
      sum.frozen += stream.frozen;
      sum.watched += stream.watched;
      sum.decode_errors += stream.decode_errors;
      sum.backward_timestamps += stream.backward_timestamps;
      sum.longest_gap = std::max(sum.longest_gap, stream.longest_gap);
      sum.audio_gap_time += stream.audio_gap_time;
      sum.latency.Merge(stream.latency);
    }
    return sum;
  }
  bot::StreamFigures Video(size_t i) { return Sum(i, rtp::MediaKind::kVideo); }
  bot::StreamFigures Audio(size_t i) { return Sum(i, rtp::MediaKind::kAudio); }
  // Until bot `i` shows a new frame of each stream that it shows at all; how
  // long that took.
  rtp::TimeDelta UntilNextPicture(size_t i, rtp::TimeDelta at_most) {
    const rtp::Timestamp begin = world_->now();
    const uint64_t before = Video(i).frames;
    EXPECT_TRUE(
        world_->RunUntil([&] { return Video(i).frames > before; }, at_most));
    return world_->now() - begin;
  }
  void SetLinks(const bot::Impairment& impairment) {
    for (const auto& each : world_->bots()) {
      each->SetLink(world_->now(), bot::Direction::kBoth, impairment);
    }
  }

  std::unique_ptr<World> world_;

 private:
  testing::ScopedTrace trace_;
};

inline std::vector<uint32_t> Seeds() {
  const char* one = std::getenv("CARILLON_SIM_SEED");
  if (one != nullptr) {
    return {static_cast<uint32_t>(std::strtoul(one, nullptr, 10))};
  }
  return {1, 2, 3};
}

}  // namespace sim
