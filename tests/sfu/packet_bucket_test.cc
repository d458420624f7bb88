// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/packet_bucket.h"

#include <gtest/gtest.h>

namespace sfu {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr rtp::Timestamp kStart{seconds(1000)};

int TakeAll(PacketBucket& bucket, rtp::Timestamp now) {
  int taken = 0;
  while (taken < 100'000 && bucket.TryTake(now)) ++taken;
  return taken;
}

TEST(PacketBucketTest, GivesASecondsWorthAtOnceAndNoMore) {
  PacketBucket bucket;
  // A packet costs whole microseconds, so a burst is a few packets over.
  EXPECT_NEAR(TakeAll(bucket, kStart), PacketBucket::kPerSecond, 5);
  EXPECT_FALSE(bucket.TryTake(kStart));
}

TEST(PacketBucketTest, RefillsAsTimeGoesBy) {
  PacketBucket bucket;
  TakeAll(bucket, kStart);
  EXPECT_NEAR(TakeAll(bucket, kStart + milliseconds(100)),
              PacketBucket::kPerSecond / 10, 2);
  EXPECT_NEAR(TakeAll(bucket, kStart + milliseconds(1100)),
              PacketBucket::kPerSecond, 5);
}

TEST(PacketBucketTest, SavesNoMoreThanASecondsWorth) {
  PacketBucket bucket;
  TakeAll(bucket, kStart);
  EXPECT_NEAR(TakeAll(bucket, kStart + std::chrono::hours(24)),
              PacketBucket::kPerSecond, 5);
}

TEST(PacketBucketTest, NeverStopsWhoKeepsBelowTheRate) {
  PacketBucket bucket;
  rtp::Timestamp now = kStart;
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(bucket.TryTake(now));
    now += std::chrono::microseconds(340);  // 2941 a second
  }
}

TEST(PacketBucketTest, LetsASteadyFloodThroughAtTheRate) {
  PacketBucket bucket;
  TakeAll(bucket, kStart);
  rtp::Timestamp now = kStart;
  int passed = 0;
  for (int i = 0; i < 100'000; ++i) {  // ten seconds at 10000 a second
    now += std::chrono::microseconds(100);
    if (bucket.TryTake(now)) ++passed;
  }
  EXPECT_NEAR(passed, 10 * PacketBucket::kPerSecond, 50);
}

TEST(PacketBucketTest, RefusalsCostNothing) {
  PacketBucket bucket;
  TakeAll(bucket, kStart);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(bucket.TryTake(kStart));
  EXPECT_TRUE(bucket.TryTake(kStart + milliseconds(1)));
}

}  // namespace
}  // namespace sfu
