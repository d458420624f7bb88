// SPDX-License-Identifier: GPL-3.0-or-later
// The occupant by itself: how it joins, stays and comes back.
#include "tests/signaling/paired_muc_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using State = PairedMuc::State;

TEST_F(PairedMucTest, AsksThenJoins) {
  muc_.Begin(now_);
  const Iq request = TakeRequest();
  EXPECT_EQ(request.to, kMuc);
  EXPECT_EQ(request.from, kSelf);
  EXPECT_TRUE(std::holds_alternative<DiscoInfo>(request.payload));
  Answer(request, Info(false));
  const std::vector<Presence> joins = Take<Presence>();
  ASSERT_THAT(joins, SizeIs(1));
  EXPECT_TRUE(joins[0].muc_join);
  EXPECT_EQ(joins[0].to.ToString(), "standup@muc.example/focus");
  EXPECT_EQ(joins[0].from, kSelf);
  EXPECT_EQ(muc_.state(), State::kJoining);
  EnterSelf();
  EXPECT_EQ(muc_.state(), State::kJoined);
}

TEST_F(PairedMucTest, StrangersCannotAnswer) {
  muc_.Begin(now_);
  const Iq request = TakeRequest();
  Iq iq{IqType::kResult, J("mallory@example/x"), kSelf, request.id, {}, {}};
  EXPECT_FALSE(muc_.HandleAnswer(now_, iq));
  EXPECT_EQ(muc_.state(), State::kAsking);
}

TEST_F(PairedMucTest, TakesAnotherNickIfItsOwnIsTaken) {
  Ask();
  sink_.sent.clear();
  Say("focus", PresenceType::kError, {},
      StanzaError{"cancel", "conflict", "", ""});
  const std::vector<Presence> joins = Take<Presence>();
  ASSERT_THAT(joins, SizeIs(1));
  EXPECT_EQ(joins[0].to.resource, "focus-2");
  EXPECT_TRUE(joins[0].muc_join);
  EnterSelf();
  EXPECT_EQ(muc_.state(), State::kJoined);
  // The other "focus" goes; we do not.
  Exit("focus", As(MucRole::kNone));
  EXPECT_EQ(muc_.state(), State::kJoined);
}

TEST_F(PairedMucTest, TooManyOfItsNameAreAFailure) {
  Ask();
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(muc_.state(), State::kJoining);
    Say(muc_.nick(), PresenceType::kError, {},
        StanzaError{"cancel", "conflict", "", ""});
  }
  EXPECT_EQ(muc_.state(), State::kFailed);
}

TEST_F(PairedMucTest, ANickThatTheMucChoseIsItsOwn) {
  Ask();
  Enter("Focus_", As(MucRole::kParticipant, kSelf.ToString(), {110, 210}));
  EXPECT_EQ(muc_.state(), State::kJoined);
  EXPECT_EQ(muc_.nick(), "Focus_");
}

TEST_F(PairedMucTest, AMucThatIsNotThereIsNotMade) {
  muc_.Begin(now_);
  Refuse(TakeRequest(), "item-not-found");
  EXPECT_EQ(muc_.state(), State::kAbsent);
  EXPECT_THAT(sink_.sent, IsEmpty()) << "joining would create it";
  EXPECT_TRUE(MaySend("alice@example/a"));
  Advance(seconds(2));
  EXPECT_EQ(muc_.state(), State::kAsking);
  Answer(TakeRequest(), Info(true));
  EnterSelf();
  EXPECT_EQ(muc_.state(), State::kJoined);
  EXPECT_FALSE(MaySend("alice@example/a"));
}

TEST_F(PairedMucTest, TriesAgainWithGrowingPauses) {
  muc_.Begin(now_);
  std::vector<int64_t> pauses;
  for (int i = 0; i < 7; ++i) {
    Refuse(TakeRequest(), "remote-server-not-found");
    EXPECT_EQ(muc_.state(), State::kFailed);
    const rtp::Timestamp failed = now_;
    now_ = muc_.NextDeadline();
    muc_.HandleTimeout(now_);
    pauses.push_back(
        std::chrono::duration_cast<seconds>(now_ - failed).count());
  }
  EXPECT_THAT(pauses, ElementsAre(2, 4, 8, 16, 32, 60, 60));
}

TEST_F(PairedMucTest, RefusedFromAModeratedMucItKnowsThatMuch) {
  Ask(/*moderated=*/true);
  Say("focus", PresenceType::kError, {},
      StanzaError{"auth", "registration-required", "", ""});
  EXPECT_EQ(muc_.state(), State::kFailed);
  EXPECT_FALSE(MaySend("alice@example/a"));
}

TEST_F(PairedMucTest, KickedItComesBack) {
  Join(/*moderated=*/true);
  Enter("alice", As(MucRole::kParticipant, "alice@example/a"));
  Enter("bob", As(MucRole::kVisitor, "bob@example/b"));
  Exit("focus", As(MucRole::kNone, kSelf.ToString(), {110, 307}));
  EXPECT_EQ(muc_.state(), State::kFailed);
  EXPECT_THAT(muc_.TakeExpelled(), IsEmpty());
  EXPECT_TRUE(MaySend("alice@example/a")) << "what was known last holds";
  EXPECT_FALSE(MaySend("bob@example/b"));
  Advance(seconds(2));
  Answer(TakeRequest(), Info(true));
  // Alice has gone meanwhile, and Bob has got a voice.
  Enter("bob", As(MucRole::kParticipant, "bob@example/b"));
  EXPECT_TRUE(MaySend("alice@example/a")) << "until all is told";
  EnterSelf();
  EXPECT_FALSE(MaySend("alice@example/a"));
  EXPECT_TRUE(MaySend("bob@example/b"));
}

TEST_F(PairedMucTest, ADestroyedMucTiesNobody) {
  Join(/*moderated=*/true);
  Enter("bob", As(MucRole::kVisitor, "bob@example/b"));
  MucUser destroyed = As(MucRole::kNone, "", {110});
  destroyed.destroyed = true;
  Exit("focus", destroyed);
  EXPECT_EQ(muc_.state(), State::kAbsent);
  EXPECT_TRUE(muc_.TakeChanged());
  EXPECT_TRUE(MaySend("bob@example/b"));
}

TEST_F(PairedMucTest, AsksItselfWhetherItIsStillThere) {
  Join();
  for (int i = 0; i < 3; ++i) {
    Advance(seconds(60));
    const Iq ping = TakeRequest();
    EXPECT_EQ(ping.to.ToString(), "standup@muc.example/focus");
    EXPECT_TRUE(std::holds_alternative<Ping>(ping.payload));
    Answer(ping, Unknown());
  }
  EXPECT_EQ(muc_.state(), State::kJoined);
  Advance(seconds(60));
  Refuse(TakeRequest(), "service-unavailable");  // our own, through the MUC
  EXPECT_EQ(muc_.state(), State::kJoined);
  Advance(seconds(60));
  Refuse(TakeRequest(), "not-acceptable");
  EXPECT_EQ(muc_.state(), State::kFailed);
  Advance(seconds(2));
  EXPECT_EQ(muc_.state(), State::kAsking);
}

TEST_F(PairedMucTest, APingThatNobodyAnswersSaysNo) {
  Join();
  Advance(seconds(92));
  EXPECT_EQ(muc_.state(), State::kAsking);
}

TEST_F(PairedMucTest, AnErrorForItsPresenceSaysThatItIsOut) {
  Join();
  Say("focus", PresenceType::kError, {},
      StanzaError{"wait", "resource-constraint", "", ""});
  EXPECT_EQ(muc_.state(), State::kJoined);
  Say("focus", PresenceType::kError, {},
      StanzaError{"modify", "not-acceptable", "", ""});
  EXPECT_EQ(muc_.state(), State::kFailed);
}

TEST_F(PairedMucTest, TheLinkGoesDownAndUp) {
  Join(/*moderated=*/true);
  Enter("bob", As(MucRole::kParticipant, "bob@example/b"));
  muc_.OnXmppDown();
  EXPECT_EQ(muc_.NextDeadline(), rtp::kNever);
  EXPECT_TRUE(MaySend("bob@example/b"));
  now_ += seconds(100);
  Join(/*moderated=*/true);
  EXPECT_EQ(muc_.state(), State::kJoined);
  EXPECT_FALSE(MaySend("bob@example/b")) << "he has not come back";
}

TEST_F(PairedMucTest, GoodByeOfItsLastVisitIsNoKick) {
  Join();
  muc_.Leave();
  const std::vector<Presence> leaving = Take<Presence>();
  ASSERT_THAT(leaving, SizeIs(1));
  EXPECT_EQ(leaving[0].type, PresenceType::kUnavailable);
  EXPECT_EQ(leaving[0].to.ToString(), "standup@muc.example/focus");
  Ask();
  Exit("focus", As(MucRole::kNone, kSelf.ToString(), {110}));
  EXPECT_EQ(muc_.state(), State::kJoining);
}

TEST_F(PairedMucTest, WhoIsNotInDoesNotLeave) {
  muc_.Begin(now_);
  sink_.sent.clear();
  muc_.Leave();
  EXPECT_THAT(sink_.sent, IsEmpty());
}

TEST_F(PairedMucTest, ShowsTheCallAtMostOnceASecond) {
  Join();
  CallPresence call;
  for (uint64_t count = 1; count <= 5; ++count) {
    call.count = count;
    muc_.Show(now_, call);
    Advance(milliseconds(100));
  }
  EXPECT_THAT(Take<Presence>(), IsEmpty()) << "the join was one, too";
  Advance(milliseconds(500));
  const std::vector<Presence> shown = Take<Presence>();
  ASSERT_THAT(shown, SizeIs(1));
  EXPECT_FALSE(shown[0].muc_join);
  EXPECT_EQ(shown[0].status, "5 in call");
  EXPECT_EQ(shown[0].call, call);
  EXPECT_TRUE(shown[0].caps.has_value());
  Advance(seconds(10));
  EXPECT_THAT(Take<Presence>(), IsEmpty()) << "nothing is new";
}

TEST_F(PairedMucTest, ShowsLargeCallsMoreRarely) {
  Join();
  Advance(seconds(1));
  CallPresence call;
  call.count = 100;
  muc_.Show(now_, call);
  call.count = 101;
  muc_.Show(now_, call);
  EXPECT_THAT(Take<Presence>(), SizeIs(1));
  Advance(milliseconds(9900));
  EXPECT_THAT(Take<Presence>(), IsEmpty());
  Advance(milliseconds(100));
  EXPECT_THAT(Take<Presence>(), SizeIs(1));
}

TEST_F(PairedMucTest, WhatIsNewWhileItIsAwayIsShownWhenItJoins) {
  CallPresence call;
  call.count = 3;
  muc_.Show(now_, call);
  EXPECT_THAT(sink_.sent, IsEmpty());
  Ask();
  const std::vector<Presence> joins = Take<Presence>();
  ASSERT_THAT(joins, SizeIs(1));
  EXPECT_EQ(joins[0].call, call);
}

}  // namespace
}  // namespace signaling
