// SPDX-License-Identifier: GPL-3.0-or-later
// Who is there, when the XMPP link or a client's own goes away.
#include "signaling/focus.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Jid kRoom = J("standup@sfu.example");

const StanzaError kUnavailable{"cancel", "service-unavailable", "", ""};

class FocusOutageTest : public FocusTest {
 protected:
  // The link breaks and comes back: everybody is asked.
  void Reconnect(rtp::TimeDelta down_for = seconds(2)) {
    focus_->OnXmppDown(now_);
    Advance(down_for);
    sink_.sent.clear();
    focus_->OnXmppUp(now_);
  }
  // The ping to somebody in the sink.
  Iq PingTo(const Jid& jid) const {
    for (const Iq& iq : RequestsTo(jid)) {
      const auto* m = std::get_if<JingleMessage>(&iq.payload);
      if (m != nullptr && m->action == JingleAction::kSessionInfo &&
          m->info.kind == SessionInfo::Kind::kPing) {
        return iq;
      }
    }
    ADD_FAILURE() << jid.ToString() << " was not asked";
    return {};
  }
  bool SeenAway(const Caller& by, const Caller& whom) const {
    const auto seen = Seen(by.jid, whom.id);
    EXPECT_TRUE(seen.has_value());
    return seen && seen->away;
  }
};

// ---- the link comes back: who is there is asked ----

TEST_F(FocusOutageTest, EverybodyIsToldAllAndAsked) {
  const Caller alice = Join("alice@example/a", BundleOffer(1, 3));
  const Caller bob = Join("bob@example/b");
  focus_->OnSpeakersChanged(now_, Spec(bob).conference,
                            Spec(bob).contents[0].uplink->source, {});
  Reconnect();
  for (const Caller& caller : {alice, bob}) {
    const auto roster = CompleteRosterTo(caller.jid);
    ASSERT_TRUE(roster.has_value());
    EXPECT_THAT(roster->participants, SizeIs(2));
    EXPECT_EQ(roster->resume, caller.token);
    EXPECT_THAT(HeadlinesTo<Speakers>(caller.jid), SizeIs(1));
    const Iq ping = PingTo(caller.jid);
    EXPECT_EQ(std::get<JingleMessage>(ping.payload).sid, caller.sid);
    EXPECT_EQ(ping.from, caller.room);
  }
  EXPECT_THAT(HeadlinesTo<SlotMap>(alice.jid), SizeIs(1));
  EXPECT_THAT(HeadlinesTo<SlotMap>(bob.jid), IsEmpty());
}

TEST_F(FocusOutageTest, AnswerKeepsTheSessionForEver) {
  const Caller alice = Join("alice@example/a");
  Reconnect();
  Answer(PingTo(alice.jid));
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(alice));
  EXPECT_FALSE(EndOf(alice.jid).has_value());
}

TEST_F(FocusOutageTest, ErrorOfTheClientItselfIsASignOfLife) {
  for (const char* condition :
       {"feature-not-implemented", "bad-request", "unexpected-request",
        "not-acceptable", "undefined-condition"}) {
    const Caller alice = Join("alice@example/" + std::string(condition));
    Reconnect();
    Answer(PingTo(alice.jid), StanzaError{"cancel", condition, "", ""});
    Advance(seconds(3600));
    EXPECT_TRUE(IsServed(alice)) << condition;
    Do(alice, Jingle(JingleAction::kSessionTerminate, alice.sid));
  }
}

TEST_F(FocusOutageTest, ErrorOfTheClientItselfEndsAGrace) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Say(bob.jid, kRoom, PresenceType::kError);
  EXPECT_TRUE(SeenAway(alice, bob));
  Answer(PingTo(bob.jid),
         StanzaError{"cancel", "feature-not-implemented", "", ""});
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
  EXPECT_FALSE(SeenAway(alice, bob));
}

TEST_F(FocusOutageTest, ErrorOfTheServerGivesAMinute) {
  const Caller alice = Join("alice@example/a");
  for (const char* condition :
       {"service-unavailable", "recipient-unavailable", "item-not-found",
        "gone", "remote-server-not-found", "remote-server-timeout"}) {
    const Caller bob = Join("bob@example/" + std::string(condition));
    Reconnect();
    Answer(PingTo(alice.jid));
    Answer(PingTo(bob.jid), StanzaError{"cancel", condition, "", ""});
    EXPECT_TRUE(SeenAway(alice, bob)) << condition;
    Advance(seconds(59));
    EXPECT_TRUE(IsServed(bob)) << condition;
    Advance(seconds(1));
    EXPECT_FALSE(IsServed(bob)) << condition;
    EXPECT_FALSE(Seen(alice.jid, bob.id).has_value()) << condition;
  }
  EXPECT_TRUE(IsServed(alice));
}

TEST_F(FocusOutageTest, WhoIsGoneIsSentNothingButTheEnd) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b", BundleOffer(1, 3));
  Reconnect();
  Answer(PingTo(bob.jid), kUnavailable);
  Advance(seconds(1));
  sink_.sent.clear();
  Do(alice, SetName{"Alice"});
  Advance(seconds(1));
  const rtp::SourceId speaker = Spec(alice).contents[0].uplink->source;
  focus_->OnSpeakersChanged(now_, Spec(alice).conference, speaker, {});
  focus_->OnSlotsChanged(now_, bob.peer, {{"0", speaker}});
  EXPECT_THAT(RostersTo(alice.jid), SizeIs(1));
  EXPECT_THAT(HeadlinesTo<Speakers>(alice.jid), SizeIs(1));
  EXPECT_THAT(RostersTo(bob.jid), IsEmpty());
  EXPECT_THAT(HeadlinesTo<Speakers>(bob.jid), IsEmpty());
  EXPECT_THAT(HeadlinesTo<SlotMap>(bob.jid), IsEmpty());
}

TEST_F(FocusOutageTest, AnyRequestEndsTheGrace) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Answer(PingTo(bob.jid), kUnavailable);
  Advance(seconds(30));
  Do(alice, SetName{"Alice B."});
  sink_.sent.clear();
  EXPECT_THAT(Call(bob.jid, kRoom, Ping(), IqType::kGet), IsResult());
  const auto roster = CompleteRosterTo(bob.jid);
  ASSERT_TRUE(roster.has_value()) << "what it missed";
  EXPECT_EQ(roster->participants[0].name, "Alice B.");
  Advance(seconds(1));
  EXPECT_FALSE(SeenAway(alice, bob));
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
}

TEST_F(FocusOutageTest, PresenceEndsTheGrace) {
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Answer(PingTo(bob.jid), kUnavailable);
  Advance(seconds(30));
  Say(bob.jid, kRoom, PresenceType::kAvailable);
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
}

TEST_F(FocusOutageTest, ResultEndsTheGrace) {
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Say(bob.jid, kRoom, PresenceType::kError);
  Advance(seconds(20));
  Answer(PingTo(bob.jid));
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
}

TEST_F(FocusOutageTest, RequestOfAnotherDoesNotEndTheGrace) {
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Answer(PingTo(bob.jid), kUnavailable);
  Advance(seconds(30));
  Call(J("bob@example/other"), kRoom, Ping(), IqType::kGet);
  Say(J("bob@example"), kRoom, PresenceType::kAvailable);
  Advance(seconds(30));
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusOutageTest, UnknownSessionEndsAtOnce) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Answer(PingTo(bob.jid),
         StanzaError{"cancel", "item-not-found", "unknown-session", ""});
  EXPECT_FALSE(IsServed(bob));
  EXPECT_FALSE(Seen(alice.jid, bob.id).has_value());
}

// ---- nobody answers ----

TEST_F(FocusOutageTest, WhoseMediaFlowsStaysForEver) {
  const Caller alice = Join("alice@example/a");
  Reconnect();
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(alice));
  EXPECT_FALSE(EndOf(alice.jid).has_value());
}

TEST_F(FocusOutageTest, WhoIsSilentTooHasAMinute) {
  const Caller bob = Join("bob@example/b");
  Reconnect();
  focus_->OnPeerSilent(now_, bob.peer, true);
  Advance(seconds(89));
  EXPECT_TRUE(IsServed(bob));
  Advance(seconds(1));
  EXPECT_FALSE(IsServed(bob));
  EXPECT_EQ(EndOf(bob.jid).value_or(JingleReason()).condition, "gone");
}

TEST_F(FocusOutageTest, WhoIsHeardAgainStaysForEver) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Reconnect();
  Answer(PingTo(alice.jid));
  focus_->OnPeerSilent(now_, bob.peer, true);
  Advance(seconds(35));  // nobody has answered
  focus_->OnPeerSilent(now_, bob.peer, false);
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
  EXPECT_FALSE(SeenAway(alice, bob));
}

TEST_F(FocusOutageTest, WhoIsHeardAgainAtAnAddressThatIsGoneHasAMinute) {
  const Caller bob = Join("bob@example/b");
  focus_->OnPeerSilent(now_, bob.peer, true);
  Reconnect();
  Answer(PingTo(bob.jid), kUnavailable);
  Advance(seconds(10));
  sink_.sent.clear();
  focus_->OnPeerSilent(now_, bob.peer, false);
  for (const Iq& request : RequestsTo(bob.jid)) {
    Answer(request, kUnavailable);  // as it is
  }
  Advance(seconds(60));
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusOutageTest, WhoNeverConnectedIsEnded) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = JoinOnly("bob@example/b");
  Advance(seconds(29));
  EXPECT_TRUE(IsServed(bob));
  Advance(seconds(1));  // the accept is not acknowledged
  EXPECT_FALSE(IsServed(bob));
  EXPECT_EQ(EndOf(bob.jid).value_or(JingleReason()).condition, "timeout");
  EXPECT_FALSE(Seen(alice.jid, bob.id).has_value());
}

TEST_F(FocusOutageTest, AcceptThatIsNotAckedIsForgivenWhoIsConnected) {
  const Caller bob = JoinOnly("bob@example/b");
  focus_->OnPeerConnected(now_, bob.peer);
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
}

// ---- an address that is gone ----

TEST_F(FocusOutageTest, UnavailableGivesTenSeconds) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  EXPECT_TRUE(SeenAway(alice, bob));
  Advance(milliseconds(9'900));
  EXPECT_TRUE(IsServed(bob));
  Advance(milliseconds(100));
  EXPECT_FALSE(IsServed(bob));
  EXPECT_FALSE(Seen(alice.jid, bob.id).has_value());
}

TEST_F(FocusOutageTest, ErrorOfAPresenceGivesAMinute) {
  const Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kError);
  Advance(seconds(59));
  EXPECT_TRUE(IsServed(bob));
  Advance(seconds(1));
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusOutageTest, UnavailableOfWhoNeverConnectedEndsAtOnce) {
  Join("alice@example/a");
  const Caller bob = JoinOnly("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  Advance(milliseconds(0));
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusOutageTest, UnavailableAndSilentEndsAtOnce) {
  const Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  Advance(seconds(5));
  EXPECT_TRUE(IsServed(bob));
  focus_->OnPeerSilent(now_, bob.peer, true);
  Advance(milliseconds(0));
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusOutageTest, UnavailableOfAnotherOrElsewhereChangesNothing) {
  const Caller bob = Join("bob@example/b");
  Say(J("bob@example/other"), kRoom, PresenceType::kUnavailable);
  Say(J("bob@example"), kRoom, PresenceType::kUnavailable);
  Say(bob.jid, J("other@sfu.example"), PresenceType::kUnavailable);
  Advance(seconds(120));
  EXPECT_TRUE(IsServed(bob));
}

// ---- resuming ----

TEST_F(FocusOutageTest, ResumeFromANewJidKeepsTheSession) {
  const Caller alice = Join("alice@example/a");
  Caller bob = Join("bob@example/b", BundleOffer(1, 3));
  const Jid old = bob.jid;
  Say(old, kRoom, PresenceType::kUnavailable);
  Advance(seconds(9));
  const int updates = media_.updates;
  sink_.sent.clear();
  bob.jid = J("bob@example/new");
  Do(bob, Resume{bob.token, bob.sid});
  const auto roster = CompleteRosterTo(bob.jid);
  ASSERT_TRUE(roster.has_value());
  EXPECT_EQ(roster->self, bob.id);
  EXPECT_EQ(roster->resume, bob.token);
  EXPECT_THAT(HeadlinesTo<SlotMap>(bob.jid), SizeIs(1));
  EXPECT_FALSE(SeenAway(alice, bob));
  Advance(seconds(3600));
  EXPECT_TRUE(IsIn(bob));
  EXPECT_EQ(media_.updates, updates) << "media is untouched";
  EXPECT_THAT(media_.removed, IsEmpty());
  EXPECT_THAT(RequestsTo(old), IsEmpty());
  EXPECT_THAT(Call(old, kRoom, Jingle(JingleAction::kSessionInfo, bob.sid)),
              IsError("cancel", "item-not-found", "unknown-session"));
}

TEST_F(FocusOutageTest, RosterVersionsRiseByOneAcrossAnAbsence) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = JoinOnly("bob@example/b");
  AnswerAll(bob.jid);
  focus_->OnPeerConnected(now_, bob.peer);
  Advance(seconds(1));
  uint64_t version = 0;
  for (const Roster& roster : RostersTo(bob.jid)) {
    version = std::max(version, roster.version);
  }
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  Advance(seconds(1));
  Do(alice, SetName{"Alice B."});
  const Caller carol = Join("carol@example/c");
  Do(carol, Jingle(JingleAction::kSessionTerminate, carol.sid));
  Say(bob.jid, kRoom, PresenceType::kAvailable);
  ASSERT_THAT(RostersTo(bob.jid), ::testing::Not(IsEmpty()));
  for (const Roster& roster : RostersTo(bob.jid)) {
    EXPECT_EQ(roster.version, ++version);
  }
}

TEST_F(FocusOutageTest, ResumeAtAnotherJidOfTheRoomGoesOnFromThere) {
  Caller bob = Join("bob@example/b");
  bob.jid = J("bob@example/new");
  bob.room = J("standup@sfu.example/focus");
  Do(bob, Resume{bob.token, bob.sid});
  EXPECT_TRUE(IsIn(bob));
  Reconnect();
  EXPECT_EQ(PingTo(bob.jid).from, bob.room);
}

TEST_F(FocusOutageTest, ResumeNeedsTokenSidAndRoom) {
  const Caller bob = Join("bob@example/b");
  const Jid other = J("eve@example/e");
  for (const auto& [to, token, sid] :
       {std::tuple(kRoom, bob.token, std::string("other")),
        std::tuple(kRoom, std::string("other"), bob.sid),
        std::tuple(kRoom, std::string(), bob.sid),
        std::tuple(kRoom, bob.token, std::string()),
        std::tuple(J("other@sfu.example"), bob.token, bob.sid)}) {
    EXPECT_THAT(Call(other, to, Resume{token, sid}),
                IsError("cancel", "item-not-found", ""));
  }
  EXPECT_TRUE(IsIn(bob));
}

TEST_F(FocusOutageTest, ResumeFromWhoHasAnotherSessionIsABadRequest) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  EXPECT_THAT(Call(alice.jid, kRoom, Resume{bob.token, bob.sid}),
              IsError("modify", "bad-request", ""));
  EXPECT_TRUE(IsIn(alice));
  EXPECT_TRUE(IsIn(bob));
}

TEST_F(FocusOutageTest, ResumeFromTheSameJidIsWelcome) {
  const Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  Do(bob, Resume{bob.token, bob.sid});
  Advance(seconds(60));
  EXPECT_TRUE(IsServed(bob));
}

TEST_F(FocusOutageTest, ResumeAfterTheEndFindsNothing) {
  Join("alice@example/a");
  Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  Advance(seconds(10));
  bob.jid = J("bob@example/new");
  EXPECT_THAT(Call(bob.jid, kRoom, Resume{bob.token, bob.sid}),
              IsError("cancel", "item-not-found", ""));
}

TEST_F(FocusOutageTest, WordOfTheOldAddressSaysNothingOfTheNewOne) {
  Caller bob = Join("bob@example/b");
  Reconnect();
  const Iq ping = PingTo(bob.jid);
  const Jid old = bob.jid;
  bob.jid = J("bob@example/new");
  Do(bob, Resume{bob.token, bob.sid});
  Answer(ping, StanzaError{"cancel", "item-not-found", "unknown-session", ""});
  Say(old, kRoom, PresenceType::kUnavailable);
  Say(old, kRoom, PresenceType::kError);
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(bob));
}

TEST_F(FocusOutageTest, SilenceOfTheOldAddressSaysNothingOfTheNewOne) {
  const Caller alice = Join("alice@example/a");
  Caller bob = Join("bob@example/b");
  Reconnect();
  Answer(PingTo(alice.jid));
  bob.jid = J("bob@example/new");
  Do(bob, Resume{bob.token, bob.sid});
  focus_->OnPeerSilent(now_, bob.peer, true);
  Advance(seconds(31));  // the old one has not answered
  sink_.sent.clear();
  Do(alice, SetName{"Alice B."});
  EXPECT_THAT(RostersTo(bob.jid), SizeIs(1)) << "it is there";
  Advance(seconds(90));
  EXPECT_TRUE(IsServed(bob));
}

// ---- the link goes down ----

TEST_F(FocusOutageTest, MediaGoesOnWhileTheLinkIsDown) {
  const Caller alice = Join("alice@example/a");
  focus_->OnXmppDown(now_);
  Advance(seconds(3600));
  EXPECT_TRUE(IsServed(alice));
  EXPECT_FALSE(EndOf(alice.jid).has_value());
}

TEST_F(FocusOutageTest, NoGraceRunsWhileTheLinkIsDown) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Say(alice.jid, kRoom, PresenceType::kUnavailable);
  Say(bob.jid, kRoom, PresenceType::kError);
  Reconnect(seconds(300));
  EXPECT_TRUE(IsServed(alice));
  EXPECT_TRUE(IsServed(bob));
  PingTo(alice.jid);
  PingTo(bob.jid);
}

TEST_F(FocusOutageTest, QuestionsAreForgottenWhenTheLinkGoesDown) {
  const Caller bob = JoinOnly("bob@example/b");
  Advance(seconds(25));
  Reconnect();
  Advance(seconds(29));  // 56 s after the accept
  EXPECT_TRUE(IsServed(bob));
  Advance(seconds(1));  // 30 s after the ping
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusOutageTest, FailedMediaEndsASessionWhileTheLinkIsDown) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  focus_->OnXmppDown(now_);
  focus_->OnPeerFailed(now_, bob.peer, PeerFailure::kConsentLost);
  EXPECT_FALSE(IsServed(bob));
  sink_.sent.clear();
  focus_->OnXmppUp(now_);
  EXPECT_THAT(CompleteRosterTo(alice.jid)->participants, SizeIs(1));
  EXPECT_THAT(sink_.sent, SizeIs(2)) << "a roster and a ping, for Alice";
}

// An orderly restart of the XMPP server: it says that all are unavailable,
// goes, comes back without them; they come back with new addresses.
TEST_F(FocusOutageTest, RestartOfTheServerEndsNobody) {
  std::vector<Caller> all;
  for (const char* name : {"alice", "bob", "carol", "dave"}) {
    all.push_back(Join(std::string(name) + "@example/before",
                       name[0] == 'd' ? PlainOffer() : BundleOffer(3, 9)));
  }
  for (const Caller& caller : all) {
    Say(caller.jid, kRoom, PresenceType::kUnavailable);
    Advance(milliseconds(100));
  }
  Advance(seconds(2));
  Reconnect(seconds(20));
  for (const Caller& caller : all) Answer(PingTo(caller.jid), kUnavailable);
  // Nobody is known to the server: all are away, until they come.
  rtp::TimeDelta wait = seconds(1);
  for (Caller& caller : all) {
    Advance(wait);
    wait = seconds(19);  // the last 58 s after
    caller.jid.resource = "after";
    EXPECT_THAT(Call(caller.jid, kRoom, Resume{caller.token, caller.sid}),
                IsResult());
  }
  Advance(seconds(3600));
  EXPECT_THAT(media_.removed, IsEmpty());
  for (const Caller& caller : all) {
    EXPECT_TRUE(IsIn(caller)) << caller.jid.ToString();
    EXPECT_FALSE(EndOf(caller.jid).has_value());
    for (const Caller& other : all) EXPECT_FALSE(SeenAway(caller, other));
  }
  EXPECT_EQ(focus_->participants(), 4U);
}

TEST_F(FocusOutageTest, WhoDoesNotComeBackAfterARestartIsRemoved) {
  Caller alice = Join("alice@example/before");
  const Caller bob = Join("bob@example/before");
  Say(alice.jid, kRoom, PresenceType::kUnavailable);
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  Reconnect(seconds(20));
  Answer(PingTo(alice.jid), kUnavailable);
  Answer(PingTo(bob.jid), kUnavailable);
  alice.jid.resource = "after";
  Do(alice, Resume{alice.token, alice.sid});
  Advance(seconds(60));
  EXPECT_TRUE(IsServed(alice));
  EXPECT_FALSE(IsServed(bob));
  EXPECT_FALSE(Seen(alice.jid, bob.id).has_value());
}

// The complete roster after a restart says of somebody that he is there, which
// the server then denies: that is news again, though it was said before.
TEST_F(FocusOutageTest, WhoIsGoneAfterTheRestartAsBeforeItIsToldAgain) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kUnavailable);
  ASSERT_TRUE(SeenAway(alice, bob));
  Reconnect();
  ASSERT_FALSE(SeenAway(alice, bob));
  Answer(PingTo(alice.jid));
  Answer(PingTo(bob.jid), kUnavailable);
  Advance(seconds(1));
  EXPECT_TRUE(SeenAway(alice, bob));
}

TEST_F(FocusOutageTest, NobodyIsAskedWhileTheLinkIsDown) {
  focus_->OnXmppDown(now_);
  Caller alice = MakeCaller("alice@example/a");
  TryJoin(alice, BundleOffer());  // was on its way
  focus_->OnPeerConnected(now_, alice.peer);
  Advance(seconds(300));
  EXPECT_TRUE(IsServed(alice));
}

}  // namespace
}  // namespace signaling
