// SPDX-License-Identifier: GPL-3.0-or-later
// Callers of the av-conferences ProtoXEP: a session for each of the others.
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FocusDownlinksTest : public FocusTest {
 protected:
  Caller JoinAv() {
    Caller caller = JoinOnly("romeo@example/l", UploadOffer());
    EXPECT_TRUE(AnswerFeatures(
        caller.jid, {"urn:xmpp:jingle:av-conferences:0", "urn:xmpp:jingle:1"}));
    return caller;
  }
  static const JingleMessage& JingleOf(const Iq& iq) {
    return std::get<JingleMessage>(iq.payload);
  }
  static JingleMessage AcceptOf(const Iq& initiate) {
    JingleMessage accept = JingleOf(initiate);
    accept.action = JingleAction::kSessionAccept;
    accept.user.reset();
    accept.is_focus = false;
    for (Content& content : accept.description.contents) {
      content.transport = ClientTransport(accept.sid);
      content.transport->fingerprint->setup = DtlsSetup::kActive;
    }
    return accept;
  }
};

TEST_F(FocusDownlinksTest, ACallerWhoOnlySendsIsCalledForTheOthers) {
  const Caller juliet = Join("juliet@example/x");
  const Caller romeo = JoinAv();
  const auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0].from, romeo.room) << "the very address it called";
  const JingleMessage& call = JingleOf(calls[0]);
  EXPECT_TRUE(call.is_focus);
  ASSERT_TRUE(call.user);
  EXPECT_EQ(call.user->entity, "xmpp:standup@sfu.example/" + juliet.id);
  EXPECT_EQ(call.user->name, "juliet");
  EXPECT_THAT(call.description.contents, SizeIs(2));
  Do(romeo, AcceptOf(calls[0]));
  ASSERT_THAT(media_.allocated, SizeIs(3));
  const rtp::PeerId down = media_.allocated.back();
  EXPECT_TRUE(media_.specs.contains(down));
  EXPECT_TRUE(media_.received[down].back().pins_only);
}

TEST_F(FocusDownlinksTest, TheAcceptSaysThatWeAreAFocus) {
  const Caller romeo = JoinOnly("romeo@example/l", UploadOffer());
  bool seen = false;
  for (const JingleMessage& m : JinglesTo(romeo.jid)) {
    if (m.action == JingleAction::kSessionAccept) seen = m.is_focus;
  }
  EXPECT_TRUE(seen);
}

TEST_F(FocusDownlinksTest, NobodyElseIsAskedOrCalled) {
  Join("juliet@example/x");
  const Caller both = JoinOnly("both@example/x");
  EXPECT_FALSE(AnswerFeatures(both.jid, {}));
  const Caller plain = JoinOnly("plain@example/x", UploadOffer());
  EXPECT_TRUE(AnswerFeatures(plain.jid, {"urn:xmpp:jingle:1"}));
  Advance(seconds(5));
  EXPECT_THAT(InitiatesTo(both.jid), IsEmpty());
  EXPECT_THAT(InitiatesTo(plain.jid), IsEmpty());
}

TEST_F(FocusDownlinksTest, OneCallAfterTheOtherWithRisingNames) {
  Join("juliet@example/x");
  Join("nurse@example/x");
  const Caller romeo = JoinAv();
  auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1)) << "one pends at a time";
  Answer(calls[0]);
  Do(romeo, AcceptOf(calls[0]));
  calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_LT(JingleOf(calls[0]).sid, JingleOf(calls[1]).sid);
}

TEST_F(FocusDownlinksTest, WhoComesLaterIsShownAndWhoGoesIsNot) {
  const Caller romeo = JoinAv();
  EXPECT_THAT(InitiatesTo(romeo.jid), IsEmpty()) << "never himself";
  const Caller juliet = JoinOnly("juliet@example/x");
  Advance(milliseconds(200));
  JoinOnly("nurse@example/x");
  Advance(milliseconds(200));
  sink_.sent.clear();
  const Caller paris = Join("paris@example/x");
  Advance(milliseconds(500));
  sink_.sent.clear();
  Do(juliet, Jingle(JingleAction::kSessionTerminate, juliet.sid));
  EXPECT_EQ(EndOf(romeo.jid)->condition, "success");
  // The one that pended made way for the next.
  ASSERT_THAT(InitiatesTo(romeo.jid), SizeIs(1));
}

TEST_F(FocusDownlinksTest, WhatIsDeclinedIsNotAskedAgain) {
  Join("juliet@example/x");
  const Caller romeo = JoinAv();
  const auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1));
  JingleMessage decline =
      Jingle(JingleAction::kSessionTerminate, JingleOf(calls[0]).sid);
  decline.reason = JingleReason();
  decline.reason->condition = "decline";
  Do(romeo, decline);
  sink_.sent.clear();
  Advance(seconds(10));
  EXPECT_THAT(InitiatesTo(romeo.jid), IsEmpty());
  EXPECT_EQ(focus_->participants(), 2U) << "its own call goes on";
}

TEST_F(FocusDownlinksTest, AConflictIsTriedOnceMoreUnderAHigherName) {
  Join("juliet@example/x");
  const Caller romeo = JoinAv();
  const auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1));
  sink_.sent.clear();
  Answer(calls[0], StanzaError{"cancel", "conflict", "tie-break", ""});
  const auto again = InitiatesTo(romeo.jid);
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_GT(JingleOf(again[0]).sid, JingleOf(calls[0]).sid);
  sink_.sent.clear();
  Answer(again[0], StanzaError{"cancel", "service-unavailable", "", ""});
  EXPECT_THAT(InitiatesTo(romeo.jid), IsEmpty());
}

TEST_F(FocusDownlinksTest, AnotherSessionOfNobodyIsUnknown) {
  Join("juliet@example/x");
  const Caller romeo = JoinAv();
  const auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1));
  const Iq answer =
      Call(J("mallory@example/x"), romeo.room, AcceptOf(calls[0]));
  EXPECT_EQ(answer.error->jingle_condition, "unknown-session");
  EXPECT_THAT(media_.specs, SizeIs(2));
}

TEST_F(FocusDownlinksTest, GoesWithItsReceiver) {
  Join("juliet@example/x");
  const Caller romeo = JoinAv();
  const auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1));
  Do(romeo, AcceptOf(calls[0]));
  ASSERT_THAT(media_.specs, SizeIs(3));
  Do(romeo, Jingle(JingleAction::kSessionTerminate, romeo.sid));
  EXPECT_THAT(media_.specs, SizeIs(1));
}

TEST_F(FocusDownlinksTest, OneThatFailsTakesNothingElseAlong) {
  Join("juliet@example/x");
  const Caller romeo = JoinAv();
  const auto calls = InitiatesTo(romeo.jid);
  ASSERT_THAT(calls, SizeIs(1));
  Do(romeo, AcceptOf(calls[0]));
  sink_.sent.clear();
  focus_->OnPeerFailed(now_, media_.allocated.back(),
                       PeerFailure::kConnectTimeout);
  EXPECT_EQ(EndOf(romeo.jid)->condition, "connectivity-error");
  EXPECT_EQ(focus_->participants(), 2U);
}

TEST_F(FocusDownlinksTest, BeginsAnewWhenTheServerIsBack) {
  Join("juliet@example/x");
  const Caller romeo = JoinAv();
  ASSERT_THAT(InitiatesTo(romeo.jid), SizeIs(1));
  focus_->OnXmppDown(now_);
  sink_.sent.clear();
  focus_->OnXmppUp(now_);
  EXPECT_THAT(InitiatesTo(romeo.jid), SizeIs(1)) << "what pended is gone";
}

}  // namespace
}  // namespace signaling
