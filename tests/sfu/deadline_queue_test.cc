// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/deadline_queue.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/support/seeded_random.h"

namespace sfu {
namespace {

using std::chrono::milliseconds;

rtp::Timestamp At(int ms) { return rtp::Timestamp(milliseconds(ms)); }

TEST(DeadlineQueueTest, NothingIsDueInAnEmptyOne) {
  const DeadlineQueue<int> queue;
  EXPECT_EQ(queue.NextDeadline(), rtp::kNever);
}

TEST(DeadlineQueueTest, HandsOutTheEarliestFirst) {
  DeadlineQueue<int> queue;
  queue.Add(At(30), 3);
  queue.Add(At(10), 1);
  queue.Add(At(20), 2);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(queue.NextDeadline(), At(10 * i));
    EXPECT_EQ(queue.Take(), std::pair(At(10 * i), i));
  }
  EXPECT_EQ(queue.NextDeadline(), rtp::kNever);
}

TEST(DeadlineQueueTest, KeepsEveryEntryOfOneObject) {
  // An object that was brought forward has two; the later one is stale, and
  // whoever takes it can tell by its time.
  DeadlineQueue<int> queue;
  queue.Add(At(50), 7);
  queue.Add(At(5), 7);
  EXPECT_EQ(queue.Take(), std::pair(At(5), 7));
  EXPECT_EQ(queue.NextDeadline(), At(50));
  EXPECT_EQ(queue.Take(), std::pair(At(50), 7));
}

TEST(DeadlineQueueTest, HandsOutAllThatAreDueAtOneTime) {
  DeadlineQueue<int> queue;
  for (int id = 0; id < 5; ++id) queue.Add(At(10), id);
  std::set<int> taken;
  while (queue.NextDeadline() == At(10)) taken.insert(queue.Take().second);
  EXPECT_EQ(taken, (std::set<int>{0, 1, 2, 3, 4}));
}

TEST(DeadlineQueueTest, AnEntryForNeverComesLast) {
  DeadlineQueue<int> queue;
  queue.Add(rtp::kNever, 1);
  EXPECT_EQ(queue.NextDeadline(), rtp::kNever);
  queue.Add(At(10), 2);
  EXPECT_EQ(queue.Take().second, 2);
  EXPECT_EQ(queue.Take().second, 1);
}

TEST(DeadlineQueueTest, SortsWhateverIsAddedInBetween) {
  support::SeededRandom random(5);
  DeadlineQueue<int> queue;
  std::multiset<rtp::Timestamp> model;
  for (int i = 0; i < 5000; ++i) {
    if (model.empty() || random.NextU32() % 3 != 0) {
      const rtp::Timestamp at = At(static_cast<int>(random.NextU32() % 1000));
      queue.Add(at, i);
      model.insert(at);
    } else {
      ASSERT_EQ(queue.Take().first, *model.begin());
      model.erase(model.begin());
    }
    ASSERT_EQ(queue.NextDeadline(),
              model.empty() ? rtp::kNever : *model.begin());
  }
}

}  // namespace
}  // namespace sfu
