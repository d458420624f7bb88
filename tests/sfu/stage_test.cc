// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace sfu {
namespace {

using rtp::MediaKind;
using rtp::PeerId;
using rtp::SourceId;
using rtp::SourceType;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Sources = std::vector<SourceId>;

constexpr uint8_t kLoud = 10;
constexpr uint8_t kSilent = 127;

SourceId Mic(uint64_t peer) { return SourceId(peer * 10); }
SourceId Camera(uint64_t peer) { return SourceId(peer * 10 + 1); }
SourceId Screen(uint64_t peer) { return SourceId(peer * 10 + 2); }

// A stage and a clock that is turned by hand.
class StageTest : public testing::Test {
 protected:
  void Join(uint64_t peer) {
    stage_.AddSource(Mic(peer), PeerId(peer), MediaKind::kAudio,
                     SourceType::kMicrophone, false);
    stage_.AddSource(Camera(peer), PeerId(peer), MediaKind::kVideo,
                     SourceType::kCamera, false);
  }
  void Join(uint64_t first, uint64_t last) {
    for (uint64_t peer = first; peer <= last; ++peer) Join(peer);
  }

  // Everybody named sends a packet each 20 ms, for `time`.
  void Talk(rtp::TimeDelta time,
            const std::vector<std::pair<uint64_t, uint8_t>>& levels) {
    for (const rtp::Timestamp end = now_ + time; now_ < end;) {
      for (const auto& [peer, level] : levels) {
        stage_.OnAudioLevel(now_, Mic(peer), level);
      }
      RunFor(milliseconds(20));
    }
  }

  void RunFor(rtp::TimeDelta time) {
    const rtp::Timestamp end = now_ + time;
    while (stage_.NextDeadline() <= end) {
      now_ = std::max(now_, stage_.NextDeadline());
      stage_.HandleTimeout(now_);
    }
    now_ = end;
  }

  Sources Wanted(uint64_t self, MediaKind kind, size_t count,
                 const Sources& pins = {}, bool pins_only = false) {
    Sources wanted;
    rtp::ReceiveSpec receive;
    receive.pins = pins;
    receive.pins_only = pins_only;
    stage_.Wanted(PeerId(self), kind, receive, count, wanted);
    return wanted;
  }
  Sources Heard(uint64_t self, size_t count) {
    return Wanted(self, MediaKind::kAudio, count);
  }
  Sources Seen(uint64_t self, size_t count, const Sources& pins = {}) {
    return Wanted(self, MediaKind::kVideo, count, pins);
  }
  static bool Has(const Sources& sources, SourceId source) {
    return std::find(sources.begin(), sources.end(), source) != sources.end();
  }

  rtp::Timestamp now_{seconds(1000)};
  Stage stage_{rtp::ConferenceId(1)};
};

TEST_F(StageTest, HearsTheLoudestThree) {
  Join(1, 6);
  Talk(seconds(2), {{1, 45}, {2, 15}, {3, 40}, {4, 20}, {5, 30}, {6, 127}});
  Sources heard = Heard(9, 3);
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (Sources{Mic(2), Mic(4), Mic(5)}));
}

TEST_F(StageTest, HearsThreeWhoBeginWhileTheDominantSpeakerIsSilent) {
  Join(1, 4);
  Talk(seconds(2), {{4, kLoud}});
  Talk(seconds(5), {{4, kSilent}});
  ASSERT_EQ(stage_.dominant(), Mic(4));
  ASSERT_TRUE(stage_.speaking().empty());
  // Their first words, before anybody can have become dominant.
  Talk(milliseconds(20), {{1, kLoud}, {2, kLoud}, {3, kLoud}});
  ASSERT_EQ(stage_.dominant(), Mic(4));
  Sources heard = Heard(9, 3);
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (Sources{Mic(1), Mic(2), Mic(3)}));
}

TEST_F(StageTest, ASpeakerIsHeardFromTheFirstLoudPacket) {
  Join(1, 5);
  Talk(seconds(1), {{1, 20}, {2, 20}});
  stage_.TakeOrderChanged();
  stage_.OnAudioLevel(now_, Mic(5), kLoud);
  EXPECT_EQ(stage_.NextDeadline(), now_);
  stage_.HandleTimeout(now_);
  EXPECT_TRUE(stage_.TakeOrderChanged());
  EXPECT_TRUE(Has(Heard(9, 3), Mic(5)));
}

TEST_F(StageTest, WhoIsInFrontStaysThereByTheAdvantage) {
  Join(1, 4);
  Talk(seconds(2), {{1, 20}, {2, 22}, {3, 30}});
  ASSERT_TRUE(Has(Heard(9, 3), Mic(3)));
  // A little louder than the third, below the advantage: not heard.
  Talk(seconds(1), {{1, 20}, {2, 22}, {3, 30}, {4, 27}});
  EXPECT_TRUE(Has(Heard(9, 3), Mic(3)));
  EXPECT_FALSE(Has(Heard(9, 3), Mic(4)));
  // Much louder: heard.
  Talk(seconds(1), {{1, 20}, {2, 22}, {3, 30}, {4, 15}});
  EXPECT_FALSE(Has(Heard(9, 3), Mic(3)));
  EXPECT_TRUE(Has(Heard(9, 3), Mic(4)));
  // And now the new one has the advantage.
  Talk(seconds(1), {{1, 20}, {2, 22}, {3, 17}, {4, 21}});
  EXPECT_TRUE(Has(Heard(9, 3), Mic(4)));
}

TEST_F(StageTest, PausesBetweenWordsTakeNobodysPlace) {
  Join(1, 5);
  Talk(seconds(2), {{1, 15}, {2, 20}, {3, 25}, {4, kSilent}, {5, kSilent}});
  for (int i = 0; i < 5; ++i) {
    Talk(milliseconds(600), {{1, kSilent}, {2, 20}, {3, 25}, {4, kSilent}});
    EXPECT_TRUE(Has(Heard(9, 3), Mic(1)));
    EXPECT_TRUE(Has(stage_.speaking(), Mic(1)));
    Talk(milliseconds(300), {{1, 15}, {2, 20}, {3, 25}, {4, kSilent}});
  }
}

TEST_F(StageTest, WhoFellSilentIsSpeakingNoMore) {
  Join(1, 2);
  Talk(seconds(1), {{1, kLoud}});
  EXPECT_EQ(stage_.speaking(), Sources{Mic(1)});
  stage_.TakeSpeakersChanged();
  Talk(seconds(3), {{1, kSilent}});
  EXPECT_TRUE(stage_.speaking().empty());
  EXPECT_TRUE(stage_.TakeSpeakersChanged());
  EXPECT_FALSE(stage_.TakeSpeakersChanged());  // once
}

TEST_F(StageTest, NobodyDominatesBeforeSomebodySpoke) {
  Join(1, 2);
  Talk(seconds(2), {{1, kSilent}, {2, kSilent}});
  EXPECT_EQ(stage_.dominant(), SourceId());
  EXPECT_FALSE(stage_.TakeSpeakersChanged());
}

TEST_F(StageTest, TheDominantSpeakerStaysThroughSilence) {
  Join(1, 3);
  Talk(seconds(2), {{2, kLoud}, {1, kSilent}});
  ASSERT_EQ(stage_.dominant(), Mic(2));
  Talk(seconds(120), {{2, kSilent}, {1, kSilent}, {3, kSilent}});
  EXPECT_EQ(stage_.dominant(), Mic(2));
  RunFor(seconds(120));  // not even packets
  EXPECT_EQ(stage_.dominant(), Mic(2));
  EXPECT_EQ(Seen(9, 1), Sources{Camera(2)});
}

TEST_F(StageTest, ACoughTakesNobodysPlace) {
  Join(1, 2);
  Talk(seconds(3), {{1, 20}, {2, kSilent}});
  ASSERT_EQ(stage_.dominant(), Mic(1));
  Talk(milliseconds(60), {{1, 20}, {2, 5}});
  Talk(seconds(1), {{1, 20}, {2, kSilent}});
  EXPECT_EQ(stage_.dominant(), Mic(1));
}

TEST_F(StageTest, TheDominantSpeakerGoesWithHisSource) {
  Join(1, 2);
  Talk(seconds(2), {{1, kLoud}});
  ASSERT_EQ(stage_.dominant(), Mic(1));
  stage_.TakeSpeakersChanged();
  stage_.RemoveSource(Mic(1));
  EXPECT_EQ(stage_.dominant(), SourceId());
  EXPECT_TRUE(stage_.speaking().empty());
  EXPECT_TRUE(stage_.TakeSpeakersChanged());
  EXPECT_FALSE(stage_.HasSource(Mic(1)));
  EXPECT_TRUE(stage_.HasSource(Camera(1)));
}

TEST_F(StageTest, ShowsWhoSpokeLastThenWhoJoinedFirst) {
  Join(1, 5);
  EXPECT_EQ(Seen(9, 5),
            (Sources{Camera(1), Camera(2), Camera(3), Camera(4), Camera(5)}));
  Talk(seconds(3), {{4, kLoud}});
  Talk(seconds(3), {{4, kSilent}, {2, kLoud}});
  Talk(seconds(3), {{4, kSilent}, {2, kSilent}, {5, kLoud}});
  ASSERT_EQ(stage_.dominant(), Mic(5));
  EXPECT_EQ(Seen(9, 5),
            (Sources{Camera(5), Camera(2), Camera(4), Camera(1), Camera(3)}));
  EXPECT_EQ(Seen(9, 2), (Sources{Camera(5), Camera(2)}));
}

TEST_F(StageTest, TellsWhenTheOrderChanged) {
  EXPECT_TRUE(stage_.TakeOrderChanged());
  EXPECT_FALSE(stage_.TakeOrderChanged());
  Join(1);
  EXPECT_TRUE(stage_.TakeOrderChanged());
  stage_.UpdateSource(Camera(1), SourceType::kCamera, false);  // as it was
  EXPECT_FALSE(stage_.TakeOrderChanged());
  stage_.UpdateSource(Camera(1), SourceType::kCamera, true);
  EXPECT_TRUE(stage_.TakeOrderChanged());
  stage_.RemoveSource(SourceId(77));  // nobody's
  EXPECT_FALSE(stage_.TakeOrderChanged());
  stage_.RemoveSource(Camera(1));
  EXPECT_TRUE(stage_.TakeOrderChanged());
}

TEST_F(StageTest, AScreenComesFirst) {
  Join(1, 3);
  stage_.AddSource(Screen(3), PeerId(3), MediaKind::kVideo, SourceType::kScreen,
                   false);
  Talk(seconds(3), {{1, kLoud}});
  EXPECT_EQ(Seen(9, 3), (Sources{Screen(3), Camera(1), Camera(2)}));
  // The newest speaker's of two.
  stage_.AddSource(Screen(1), PeerId(1), MediaKind::kVideo, SourceType::kScreen,
                   false);
  Talk(seconds(3), {{1, kSilent}, {2, kLoud}});
  Talk(seconds(3), {{2, kSilent}, {1, kLoud}});
  EXPECT_EQ(Seen(9, 2), (Sources{Screen(1), Screen(3)}));
}

TEST_F(StageTest, ASourceBecomesAScreenAndBack) {
  Join(1, 3);
  stage_.UpdateSource(Camera(3), SourceType::kScreen, false);
  EXPECT_EQ(Seen(9, 2), (Sources{Camera(3), Camera(1)}));
  stage_.UpdateSource(Camera(3), SourceType::kCamera, false);
  EXPECT_EQ(Seen(9, 2), (Sources{Camera(1), Camera(2)}));
}

TEST_F(StageTest, PinsComeBeforeScreensAndSpeakersInTheirOrder) {
  Join(1, 5);
  stage_.AddSource(Screen(2), PeerId(2), MediaKind::kVideo, SourceType::kScreen,
                   false);
  Talk(seconds(3), {{1, kLoud}});
  EXPECT_EQ(Seen(9, 4, {Camera(5), Camera(4)}),
            (Sources{Camera(5), Camera(4), Screen(2), Camera(1)}));
  EXPECT_EQ(Seen(9, 1, {Camera(5), Camera(4)}), Sources{Camera(5)});
}

TEST_F(StageTest, PinsAreIgnoredWhereTheyMeanNothing) {
  Join(1, 3);
  // Twice, of the wrong kind, unknown, one's own.
  EXPECT_EQ(
      Seen(2, 3, {Camera(3), Camera(3), Mic(1), SourceId(999), Camera(2)}),
      (Sources{Camera(3), Camera(1)}));
}

TEST_F(StageTest, NobodyGetsHimself) {
  Join(1, 3);
  Talk(seconds(3), {{1, kLoud}});
  ASSERT_EQ(stage_.dominant(), Mic(1));
  EXPECT_FALSE(Has(Seen(1, 9), Camera(1)));
  EXPECT_FALSE(Has(Heard(1, 9), Mic(1)));
  EXPECT_FALSE(Has(Seen(1, 9, {Camera(1)}), Camera(1)));
  EXPECT_EQ(Seen(1, 9).size(), 2u);
  EXPECT_EQ(Heard(2, 9).front(), Mic(1));
}

TEST_F(StageTest, MutedSourcesAreNotWantedNotEvenPinned) {
  Join(1, 3);
  stage_.UpdateSource(Camera(1), SourceType::kCamera, true);
  stage_.UpdateSource(Mic(2), SourceType::kMicrophone, true);
  EXPECT_EQ(Seen(9, 9, {Camera(1)}), (Sources{Camera(2), Camera(3)}));
  EXPECT_EQ(Heard(9, 9), (Sources{Mic(1), Mic(3)}));
  stage_.UpdateSource(Camera(1), SourceType::kCamera, false);
  EXPECT_EQ(Seen(9, 1), Sources{Camera(1)});
}

TEST_F(StageTest, WhoIsMutedCannotSpeak) {
  Join(1, 2);
  stage_.UpdateSource(Mic(1), SourceType::kMicrophone, true);
  Talk(seconds(3), {{1, kLoud}});
  EXPECT_EQ(stage_.dominant(), SourceId());
  EXPECT_TRUE(stage_.speaking().empty());
  EXPECT_EQ(stage_.NextDeadline(), rtp::kNever);
}

TEST_F(StageTest, LevelsOfUnknownSourcesAreIgnored) {
  stage_.OnAudioLevel(now_, SourceId(5), kLoud);
  EXPECT_EQ(stage_.NextDeadline(), rtp::kNever);
}

TEST_F(StageTest, WantsNothingOnNoSlotsAndAppends) {
  Join(1, 2);
  EXPECT_TRUE(Seen(9, 0, {Camera(1)}).empty());
  Sources wanted = {Camera(1)};
  stage_.Wanted(PeerId(9), MediaKind::kVideo, {}, 2, wanted);
  EXPECT_EQ(wanted, (Sources{Camera(1), Camera(1), Camera(2)}));
}

TEST_F(StageTest, WantsNothingElseThanPinsWhereOnlyTheyAreWanted) {
  Join(1, 3);
  EXPECT_EQ(Wanted(9, MediaKind::kVideo, 2, {Camera(2)}, true),
            Sources{Camera(2)});
  stage_.UpdateSource(Camera(2), SourceType::kCamera, true);
  EXPECT_TRUE(Wanted(9, MediaKind::kVideo, 2, {Camera(2)}, true).empty());
}

TEST(FillSlotsTest, WhatIsWantedStaysInItsPlace) {
  std::array<SourceId, 3> slots = {Camera(1), Camera(2), Camera(3)};
  FillSlots(Sources{Camera(3), Camera(4), Camera(1)}, slots);
  EXPECT_EQ(slots, (std::array{Camera(1), Camera(4), Camera(3)}));
}

TEST(FillSlotsTest, SlotsLeftOverAreEmptied) {
  std::array<SourceId, 3> slots = {Camera(1), Camera(2), Camera(3)};
  FillSlots(Sources{Camera(2)}, slots);
  EXPECT_EQ(slots, (std::array{SourceId(), Camera(2), SourceId()}));
  FillSlots({}, slots);
  EXPECT_EQ(slots, (std::array{SourceId(), SourceId(), SourceId()}));
}

TEST(FillSlotsTest, MoreWantedThanSlotsTakesTheFirst) {
  std::array<SourceId, 2> slots = {Camera(3), SourceId()};
  FillSlots(Sources{Camera(1), Camera(2), Camera(3)}, slots);
  EXPECT_EQ(slots, (std::array{Camera(1), Camera(2)}));
}

TEST(FillSlotsTest, NoSlotsIsNoHarm) { FillSlots(Sources{Camera(1)}, {}); }

}  // namespace
}  // namespace sfu
