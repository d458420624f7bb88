// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/distribution.h"

#include <gtest/gtest.h>

namespace bot {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DistributionTest, OfNothingIsZero) {
  const Distribution none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.Mean(), microseconds(0));
  EXPECT_EQ(none.Percentile(0.99), microseconds(0));
}

TEST(DistributionTest, TellsPercentilesToOneInSixteen) {
  Distribution values;
  for (int ms = 1; ms <= 100; ++ms) values.Add(milliseconds(ms));
  EXPECT_EQ(values.count(), 100u);
  EXPECT_EQ(values.max(), milliseconds(100));
  EXPECT_EQ(values.Mean(), microseconds(50'500));
  for (const int percent : {1, 10, 50, 90, 99}) {
    const double got =
        static_cast<double>(values.Percentile(percent / 100.0).count());
    EXPECT_GE(got, percent * 1000.0) << percent;
    EXPECT_LE(got, percent * 1000.0 * (1 + 1.0 / 16)) << percent;
  }
  EXPECT_EQ(values.Percentile(1), milliseconds(100));
}

TEST(DistributionTest, SmallOnesAreExact) {
  Distribution values;
  for (const int us : {3, 5, 5, 15}) values.Add(microseconds(us));
  EXPECT_EQ(values.Percentile(0.25), microseconds(3));
  EXPECT_EQ(values.Percentile(0.5), microseconds(5));
  EXPECT_EQ(values.Percentile(1), microseconds(15));
}

TEST(DistributionTest, BeyondItsRangeItStillCounts) {
  Distribution values;
  values.Add(seconds(-1));
  values.Add(seconds(1000));
  EXPECT_EQ(values.count(), 2u);
  EXPECT_EQ(values.Percentile(0.5), microseconds(0));
  EXPECT_EQ(values.max(), seconds(1000));
}

TEST(DistributionTest, MergedIsAsAddedToOne) {
  Distribution one, other, both;
  for (int i = 0; i < 1000; ++i) {
    const microseconds value(i * i);
    (i % 2 != 0 ? one : other).Add(value);
    both.Add(value);
  }
  one.Merge(other);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.Mean(), both.Mean());
  EXPECT_EQ(one.max(), both.max());
  for (const double share : {0.1, 0.5, 0.9, 0.999}) {
    EXPECT_EQ(one.Percentile(share), both.Percentile(share));
  }
}

}  // namespace
}  // namespace bot
