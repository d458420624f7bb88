// SPDX-License-Identifier: GPL-3.0-or-later
// The server is going away: who is here stays, nobody else comes.
#include "signaling/focus.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const Jid kRoom = J("standup@sfu.example");

class FocusDrainTest : public FocusTest {
 protected:
  auto IsGoingAway() const {
    return IsError("wait", "service-unavailable", "");
  }
};

TEST_F(FocusDrainTest, NobodyJoinsAnyMore) {
  const Caller alice = Join("alice@example/a");
  focus_->Drain();
  for (const char* room : {"standup@sfu.example", "new@sfu.example"}) {
    Caller bob = MakeCaller("bob@example/b", room);
    const Iq answer = TryJoin(bob, BundleOffer());
    EXPECT_THAT(answer, IsGoingAway()) << room;
    EXPECT_NE(answer.error.value_or(StanzaError()).text, "");
  }
  EXPECT_THAT(media_.specs, SizeIs(1));
  EXPECT_EQ(focus_->rooms(), 1U);
  EXPECT_EQ(focus_->participants(), 1U);
}

TEST_F(FocusDrainTest, TryingAgainIsNotHeldAgainstAnybody) {
  focus_->Drain();
  Caller bob = MakeCaller("bob@example/b");
  for (int i = 0; i < 30; ++i) {
    EXPECT_THAT(TryJoin(bob, BundleOffer()), IsGoingAway()) << i;
    Advance(seconds(1));
  }
}

TEST_F(FocusDrainTest, StrangersTokenOpensNothing) {
  const Caller alice = Join("alice@example/a");
  focus_->Drain();
  Caller bob = MakeCaller("bob@example/b");
  EXPECT_THAT(TryJoin(bob, BundleOffer(), "guessed"), IsGoingAway());
  // Nor does that of one room in another.
  bob = MakeCaller("bob@example/b", "new@sfu.example");
  EXPECT_THAT(TryJoin(bob, BundleOffer(), alice.token), IsGoingAway());
}

TEST_F(FocusDrainTest, SessionsGoOn) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  focus_->Drain();
  EXPECT_THAT(sink_.sent, IsEmpty()) << "nobody is told";
  Do(alice, Jingle(JingleAction::kContentModify, alice.sid,
                   {Named("1", Senders::kResponder)}));
  EXPECT_EQ(media_.updates, 1);
  JingleMessage restart = Jingle(JingleAction::kTransportInfo, alice.sid);
  for (const Content& content : BundleOffer().contents) {
    restart.description.contents.push_back(Named(content.name));
    restart.description.contents.back().transport_ns = ns::kIceUdp;
    restart.description.contents.back().transport = ClientTransport("new");
  }
  Do(alice, restart);
  EXPECT_THAT(media_.restarts, SizeIs(1));
  Do(bob, SetName{"Bob B."});
  Do(bob, Publish{{{"0", "", true}}});
  Do(bob, Receive{});
  Advance(seconds(3600));
  EXPECT_TRUE(IsIn(alice));
  EXPECT_TRUE(IsIn(bob));
  EXPECT_THAT(media_.removed, IsEmpty());
}

TEST_F(FocusDrainTest, WhoLostItsConnectionResumes) {
  Caller alice = Join("alice@example/a");
  focus_->Drain();
  Say(alice.jid, kRoom, PresenceType::kUnavailable);
  Advance(seconds(5));
  alice.jid = J("alice@example/new");
  Do(alice, Resume{alice.token, alice.sid});
  Advance(seconds(3600));
  EXPECT_TRUE(IsIn(alice));
  EXPECT_THAT(media_.removed, IsEmpty());
}

TEST_F(FocusDrainTest, WhoIsInMayCallAnew) {
  Caller alice = Join("alice@example/a");
  focus_->Drain();
  // The same client, whose media broke, and then a new one with its token.
  for (const char* jid : {"alice@example/a", "alice@example/new"}) {
    Caller again = MakeCaller(jid);
    sink_.sent.clear();
    EXPECT_THAT(TryJoin(again, BundleOffer(), alice.token), IsResult()) << jid;
    EXPECT_EQ(again.id, alice.id);
    EXPECT_EQ(focus_->participants(), 1U);
    EXPECT_TRUE(IsServed(again));
  }
}

TEST_F(FocusDrainTest, WhoLeavesDoesNotComeBack) {
  Caller alice = Join("alice@example/a");
  focus_->Drain();
  Do(alice, Jingle(JingleAction::kSessionTerminate, alice.sid));
  EXPECT_EQ(focus_->participants(), 0U);
  Caller again = MakeCaller("alice@example/a");
  EXPECT_THAT(TryJoin(again, BundleOffer(), alice.token), IsGoingAway());
}

TEST_F(FocusDrainTest, TheEndIsGone) {
  const Caller alice = Join("alice@example/a");
  focus_->Drain();
  focus_->Shutdown(now_);
  const auto reason = EndOf(alice.jid);
  ASSERT_TRUE(reason.has_value());
  EXPECT_EQ(reason->condition, "gone");
  EXPECT_EQ(focus_->participants(), 0U);
}

}  // namespace
}  // namespace signaling
