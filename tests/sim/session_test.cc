// SPDX-License-Identifier: GPL-3.0-or-later
// What clients do to a conference: F8 to F10, F16 and F22 to F25 of
// reliability.md, in virtual time.
#include <cstdio>
#include <set>

#include "tests/sim/sim_fixture.h"

namespace sim {
namespace {

class SessionTest : public SimTest {};

long long Ms(rtp::TimeDelta delta) {
  return static_cast<long long>(delta.count() / 1000);
}

// F8: the client's address changes in mid-call.
TEST_P(SessionTest, F8NatRebindingMovesTheMedia) {
  MakeWorld();
  Meet(3);
  world_->RunFor(seconds(5));
  bot(0).RebindNat(world_->now());
  const rtp::TimeDelta seen = UntilNextPicture(0, seconds(5));
  const rtp::TimeDelta shown = UntilNextPicture(1, seconds(5));
  std::printf("  F8: sees after %lld ms, is seen after %lld ms\n", Ms(seen),
              Ms(shown));
  EXPECT_LE(seen, milliseconds(1000));
  EXPECT_LE(shown, milliseconds(1000));
  // Nothing goes where it was.
  world_->RunFor(seconds(1));
  const uint64_t before = world_->to_nobody();
  world_->RunFor(seconds(10));
  EXPECT_EQ(world_->to_nobody(), before);
  EXPECT_EQ(bot(0).state(), bot::BotState::kJoined);
}

// F9: ICE restarts, media goes on meanwhile.
TEST_P(SessionTest, F9IceRestartLosesNothing) {
  MakeWorld();
  Meet(3);
  world_->RunFor(seconds(5));
  for (size_t i = 0; i < 3; ++i) {
    bot(i).RestartIce(world_->now());
    const rtp::TimeDelta seen = UntilNextPicture(i, seconds(5));
    EXPECT_LE(seen, milliseconds(200));
  }
  world_->RunFor(seconds(60));  // longer than old credentials and consent last
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bot(i).failure(), "");
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Audio(i).lost, 0u);
    EXPECT_LE(Video(i).longest_gap, milliseconds(200));
  }
  EXPECT_EQ(world_->media().ice_restarts(), 3u);
}

// F10: a client is gone without a word, its XMPP connection hangs.
TEST_P(SessionTest, F10WhoDiesInSilenceIsForgotten) {
  MakeWorld();
  Meet(3);
  world_->RunFor(seconds(5));
  bot(2).DieSilently();
  const rtp::Timestamp begin = world_->now();
  ASSERT_TRUE(
      world_->RunUntil([&] { return bot(0).IsAway("Bot 2"); }, seconds(20)));
  std::printf("  F10: the others know after %lld ms",
              Ms(world_->now() - begin));
  EXPECT_LE(world_->now() - begin, milliseconds(15'500));
  ASSERT_TRUE(world_->RunUntil(
      [&] { return world_->worker(0).peer_count() == 2; }, seconds(60)));
  std::printf(", nothing is left of it after %lld ms\n",
              Ms(world_->now() - begin));
  EXPECT_LE(world_->now() - begin, seconds(32));
  EXPECT_EQ(world_->focus().participants(), 2u);
}

// F16: a client's wall clock is an hour off.
TEST_P(SessionTest, F16WallClocksDoNotMatter) {
  MakeWorld();
  Meet(2);
  world_->SetNtpOffset(seconds(3600));
  Meet(2);
  world_->SetNtpOffset(seconds(-3600));
  Meet(1);
  world_->RunFor(seconds(40));
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(bot(i).failure(), "");
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Video(i).freezes, 0u);
    EXPECT_EQ(Video(i).backward_timestamps, 0u);
  }
}

// F22: a hundred come within five seconds.
TEST_P(SessionTest, F22AJoinStormIsServed) {
  MakeWorld({.workers = 2, .spread_after = 40});
  Meet(3);
  world_->RunFor(seconds(5));
  const rtp::Timestamp begin = world_->now();
  for (size_t i = 0; i < 97; ++i) {
    bot::Bot::Config config = world_->NextConfig();
    config.base.send_video = false;
    config.base.media.decrypt_one_in = 16;
    world_->AddBot(std::move(config));
    world_->RunFor(milliseconds(50));
  }
  ASSERT_TRUE(
      world_->RunUntil([this] { return world_->AllJoined(); }, seconds(10)));
  std::printf("  F22: all are there after %lld ms\n",
              Ms(world_->now() - begin));
  EXPECT_LE(world_->now() - begin, seconds(10));
  world_->RunFor(seconds(2));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Video(i).freezes, 0u);
  }
}

// F23: one takes nothing any more, another little.
TEST_P(SessionTest, F23ASlowReceiverHurtsNobodyElse) {
  MakeWorld();
  Meet(4);
  world_->RunFor(seconds(5));
  bot::Impairment none;
  none.outage = true;
  bot(0).SetLink(world_->now(), bot::Direction::kDown, none);
  bot(1).SlowDown(world_->now(), 50, seconds(20));
  world_->RunFor(seconds(20));
  for (const size_t i : {2, 3}) {
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Audio(i).lost, 0u);
    // At most one key frame in half a second for who asks for them.
    EXPECT_LE(Video(i).freezes, 0u);
  }
  // They sent all the time, so they are still there.
  EXPECT_EQ(world_->focus().participants(), 4u);
}

// F24: numbers that begin just before their end.
TEST_P(SessionTest, F24NumbersWrap) {
  MakeWorld();
  const auto begin_late = [](size_t, bot::Bot::Config& config) {
    config.base.first_seq = 65'530;
    config.base.timestamp_offset = 0xFFFFF000u;
  };
  Meet(3, begin_late);
  world_->RunFor(minutes(9));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bot(i).failure(), "");
    // The numbers of a transport have gone round as well.
    EXPECT_GT(Figures(i).packets_received, 65'536u);
    EXPECT_EQ(Figures(i).unauthentic, 0u);
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Video(i).decode_errors, 0u);
    EXPECT_EQ(Video(i).backward_timestamps, 0u);
    EXPECT_EQ(Video(i).freezes, 0u);
  }
}

// F25: two send by the same SSRC, one by none that was signalled.
TEST_P(SessionTest, F25SsrcsThatCollideDoNotMix) {
  MakeWorld();
  Meet(3, [](size_t i, bot::Bot::Config& config) {
    if (i < 2) config.ssrc_seed = 77;
    config.base.media.decode = true;
  });
  world_->RunFor(seconds(10));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bot(i).failure(), "");
    EXPECT_EQ(Video(i).lost, 0u);
    EXPECT_EQ(Video(i).decode_errors, 0u);
    EXPECT_EQ(Figures(i).unauthentic, 0u);
  }
  // Both are seen by the third.
  std::set<std::string> owners;
  for (const bot::StreamFigures& stream : Figures(2).streams) {
    if (stream.kind == rtp::MediaKind::kVideo && stream.frames > 50) {
      owners.insert(stream.owner);
    }
  }
  EXPECT_EQ(owners.size(), 2u);
}

// What each profile of docs/clients.md comes to, with all of them in one room.
TEST_P(SessionTest, ProfilesMeet) {
  MakeWorld();
  Meet(6, [](size_t i, bot::Bot::Config& config) {
    config.profile = i % 3 == 0   ? bot::Profile::kSlots
                     : i % 3 == 1 ? bot::Profile::kPlain
                                  : bot::Profile::kAvConferences;
    config.base.media.decode = true;
  });
  bot(0).SetAudioLevel(20);
  world_->RunFor(seconds(10));
  for (size_t i = 0; i < 6; ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(bot(i).failure(), "");
    EXPECT_GT(Video(i).frames, 50u);
    EXPECT_EQ(Video(i).decode_errors, 0u);
    if (i != 0) {
      EXPECT_GT(Audio(i).packets, 100u);
    }
  }
  // Called for each of the five others.
  size_t shown = 0;
  for (const bot::StreamFigures& stream : Figures(2).streams) {
    if (stream.kind == rtp::MediaKind::kVideo && stream.frames > 50) ++shown;
  }
  EXPECT_EQ(shown, 5u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SessionTest, testing::ValuesIn(Seeds()));

}  // namespace
}  // namespace sim
