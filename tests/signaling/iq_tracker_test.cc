// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/iq_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/support/seeded_random.h"

namespace signaling {
namespace {

using std::chrono::seconds;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;

constexpr rtp::Timestamp kStart{seconds(1000)};
constexpr rtp::TimeDelta kTick{1};

const Jid kRoom{"standup", "sfu.example", ""};
const Jid kAlice{"alice", "example", "phone"};

Iq Answer(std::string id, const Jid& from = kAlice, const Jid& to = kRoom) {
  Iq iq;
  iq.type = IqType::kResult;
  iq.from = from;
  iq.to = to;
  iq.id = std::move(id);
  return iq;
}

class IqTrackerTest : public ::testing::Test {
 protected:
  std::string Track(int cookie, rtp::Timestamp now = kStart) {
    return tracker_.Track(now, kRoom, kAlice, cookie);
  }

  support::SeededRandom random_{1};
  IqTracker<int> tracker_{random_};
};

TEST_F(IqTrackerTest, GivesBackTheCookieOfWhatIsAnswered) {
  const std::string first = Track(1);
  const std::string second = Track(2);
  EXPECT_THAT(tracker_.Take(Answer(second)), Optional(2));
  EXPECT_THAT(tracker_.Take(Answer(first)), Optional(1));
  EXPECT_EQ(tracker_.size(), 0u);
}

TEST_F(IqTrackerTest, TakesAnErrorForAnAnswer) {
  Iq answer = Answer(Track(1));
  answer.type = IqType::kError;
  answer.error = StanzaError();
  EXPECT_THAT(tracker_.Take(answer), Optional(1));
}

TEST_F(IqTrackerTest, TakesAnAnswerOnce) {
  const std::string id = Track(1);
  EXPECT_TRUE(tracker_.Take(Answer(id)).has_value());
  EXPECT_THAT(tracker_.Take(Answer(id)), Eq(std::nullopt));
}

TEST_F(IqTrackerTest, TakesNoAnswerToWhatItDidNotAsk) {
  const std::string id = Track(1);
  for (const std::string& other :
       {std::string(), std::string("x"), id + "x", id.substr(1)}) {
    EXPECT_THAT(tracker_.Take(Answer(other)), Eq(std::nullopt));
  }
  EXPECT_EQ(tracker_.size(), 1u);
}

// reliability.md T28: an id alone is no proof.
TEST_F(IqTrackerTest, TakesNoAnswerFromSomebodyElse) {
  const std::string id = Track(1);
  for (const Jid& from : {Jid{"alice", "example", "laptop"}, kAlice.Bare(),
                          Jid{"mallory", "example", "phone"},
                          Jid{"alice", "example.org", "phone"},
                          Jid{"Alice", "example", "phone"}, Jid{}}) {
    EXPECT_THAT(tracker_.Take(Answer(id, from)), Eq(std::nullopt))
        << from.ToString();
  }
  EXPECT_THAT(tracker_.Take(Answer(id)), Optional(1));
}

TEST_F(IqTrackerTest, TakesNoAnswerAtAnAddressThatDidNotAsk) {
  const std::string id = Track(1);
  for (const Jid& to :
       {Jid{"standup", "sfu.example", "focus"}, Jid{"other", "sfu.example", ""},
        Jid{"", "sfu.example", ""}, Jid{}}) {
    EXPECT_THAT(tracker_.Take(Answer(id, kAlice, to)), Eq(std::nullopt))
        << to.ToString();
  }
  EXPECT_THAT(tracker_.Take(Answer(id)), Optional(1));
}

TEST_F(IqTrackerTest, IdsAreLongAndAllDifferent) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = Track(i);
    EXPECT_GE(id.size() * 5, 128u);  // five bits each
    EXPECT_EQ(id.find_first_not_of(rtp::kReadableChars), std::string::npos);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

TEST_F(IqTrackerTest, HasNoDeadlineWithoutRequests) {
  EXPECT_EQ(tracker_.NextDeadline(), rtp::kNever);
  EXPECT_THAT(tracker_.HandleTimeout(kStart), IsEmpty());
  const std::string id = Track(1);
  EXPECT_EQ(tracker_.NextDeadline(), kStart + seconds(30));
  ASSERT_TRUE(tracker_.Take(Answer(id)).has_value());
  EXPECT_EQ(tracker_.NextDeadline(), rtp::kNever);
}

TEST_F(IqTrackerTest, GivesUpAfterThirtySeconds) {
  const std::string id = Track(1);
  EXPECT_THAT(tracker_.HandleTimeout(kStart + seconds(30) - kTick), IsEmpty());
  EXPECT_EQ(tracker_.size(), 1u);
  EXPECT_THAT(tracker_.HandleTimeout(kStart + seconds(30)),
              UnorderedElementsAre(1));
  EXPECT_THAT(tracker_.Take(Answer(id)), Eq(std::nullopt));
  EXPECT_THAT(tracker_.HandleTimeout(kStart + seconds(60)), IsEmpty());
}

TEST_F(IqTrackerTest, TakesAnAnswerUntilItGaveUp) {
  const std::string id = Track(1);
  EXPECT_THAT(tracker_.HandleTimeout(kStart + seconds(29)), IsEmpty());
  EXPECT_THAT(tracker_.Take(Answer(id)), Optional(1));
  EXPECT_THAT(tracker_.HandleTimeout(kStart + seconds(30)), IsEmpty());
}

TEST_F(IqTrackerTest, GivesUpOnlyWhatIsDue) {
  Track(1);
  Track(2, kStart + seconds(1));
  tracker_.Track(kStart, kRoom, kAlice, 3, seconds(5));
  Track(4, kStart);
  EXPECT_EQ(tracker_.NextDeadline(), kStart + seconds(5));
  EXPECT_THAT(tracker_.HandleTimeout(tracker_.NextDeadline()),
              UnorderedElementsAre(3));
  EXPECT_EQ(tracker_.NextDeadline(), kStart + seconds(30));
  EXPECT_THAT(tracker_.HandleTimeout(tracker_.NextDeadline()),
              UnorderedElementsAre(1, 4));
  EXPECT_EQ(tracker_.NextDeadline(), kStart + seconds(31));
}

TEST_F(IqTrackerTest, ForgetsAll) {
  const std::string id = Track(1);
  Track(2);
  tracker_.Clear();
  EXPECT_EQ(tracker_.size(), 0u);
  EXPECT_EQ(tracker_.NextDeadline(), rtp::kNever);
  EXPECT_THAT(tracker_.Take(Answer(id)), Eq(std::nullopt));
  EXPECT_THAT(tracker_.HandleTimeout(kStart + seconds(60)), IsEmpty());
}

TEST(IqTracker, MovesCookiesThatCannotBeCopied) {
  support::SeededRandom random(2);
  IqTracker<std::unique_ptr<int>> tracker(random);
  const std::string id =
      tracker.Track(kStart, kRoom, kAlice, std::make_unique<int>(7));
  tracker.Track(kStart, kRoom, kAlice, std::make_unique<int>(8));
  const auto taken = tracker.Take(Answer(id));
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(**taken, 7);
  const auto expired = tracker.HandleTimeout(kStart + seconds(30));
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(*expired[0], 8);
}

}  // namespace
}  // namespace signaling
