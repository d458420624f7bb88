// SPDX-License-Identifier: GPL-3.0-or-later
// Calls that are announced by XEP-0353.
#include "signaling/call_message.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = CallMessage::Kind;

class FocusCallsTest : public FocusTest {
 protected:
  void Tell(const Jid& from, const Jid& to, CallMessage call,
            std::string type = "chat") {
    Message message;
    message.type = std::move(type);
    message.from = from;
    message.to = to;
    message.id = "m1";
    message.payload = std::move(call);
    sink_.sent.clear();
    focus_->HandleStanza(now_, message);
  }
  void Propose(std::string sid = "sid-p",
               std::vector<Media> media = {Media::kAudio, Media::kVideo}) {
    Tell(romeo_, room_, {Kind::kPropose, std::move(sid), std::move(media), {}});
  }
  std::vector<CallMessage> CallsTo(const Jid& to) const {
    std::vector<CallMessage> calls;
    for (const Stanza& stanza : sink_.sent) {
      const auto* message = std::get_if<Message>(&stanza);
      if (message == nullptr || message->to != to) continue;
      const auto* call = std::get_if<CallMessage>(&message->payload);
      if (call == nullptr) continue;
      EXPECT_EQ(message->from, focus_jid_);
      EXPECT_EQ(message->type, "chat");
      EXPECT_NE(message->id, "");
      calls.push_back(*call);
    }
    return calls;
  }
  std::vector<Kind> KindsTo(const Jid& to) const {
    std::vector<Kind> kinds;
    for (const CallMessage& call : CallsTo(to)) kinds.push_back(call.kind);
    return kinds;
  }
  // The call that was proposed, to the address that said "proceed".
  Caller Make(const std::string& sid = "sid-p") {
    Caller caller = MakeCaller(romeo_.ToString(), focus_jid_.ToString());
    caller.sid = sid;
    EXPECT_EQ(TryJoin(caller, PlainOffer()).type, IqType::kResult);
    return caller;
  }

  const Jid romeo_ = J("romeo@example/phone");
  const Jid room_ = J("standup@sfu.example");
  const Jid focus_jid_ = J("standup@sfu.example/focus");
};

TEST_F(FocusCallsTest, AProposedCallIsTakenAtOnce) {
  Propose();
  EXPECT_THAT(CallsTo(romeo_),
              ElementsAre(CallMessage{Kind::kRinging, "sid-p", {}, {}},
                          CallMessage{Kind::kProceed, "sid-p", {}, {}}));
  Make();
  EXPECT_EQ(focus_->participants(), 1U);
}

TEST_F(FocusCallsTest, ProposedTwiceIsAnsweredTwice) {
  Propose();
  Propose();
  EXPECT_THAT(KindsTo(romeo_), ElementsAre(Kind::kRinging, Kind::kProceed));
}

TEST_F(FocusCallsTest, AFullRoomIsBusy) {
  auto config = DefaultConfig();
  config.max_participants_per_room = 1;
  FocusTest::Make(config);
  Join("juliet@example/x");
  Propose();
  ASSERT_THAT(CallsTo(romeo_), SizeIs(1));
  EXPECT_EQ(CallsTo(romeo_)[0].kind, Kind::kReject);
  EXPECT_EQ(CallsTo(romeo_)[0].reason->condition, "busy");
  EXPECT_EQ(CallsTo(romeo_)[0].reason->text, "the room is full");
}

TEST_F(FocusCallsTest, NeitherSoundNorPictureIsDeclined) {
  Propose("sid-p", {Media::kOther});
  ASSERT_THAT(CallsTo(romeo_), SizeIs(1));
  EXPECT_EQ(CallsTo(romeo_)[0].reason->condition, "decline");
}

TEST_F(FocusCallsTest, TheCallThatWasAnnouncedIsFinishedToo) {
  Propose();
  const Caller caller = Make();
  sink_.sent.clear();
  focus_->Shutdown(now_);
  ASSERT_THAT(CallsTo(romeo_), SizeIs(1));
  EXPECT_EQ(CallsTo(romeo_)[0].kind, Kind::kFinish);
  EXPECT_EQ(CallsTo(romeo_)[0].id, "sid-p");
  EXPECT_EQ(CallsTo(romeo_)[0].reason->condition, "gone");
}

TEST_F(FocusCallsTest, ACallThatWasNotAnnouncedIsNot) {
  Propose();
  Tell(romeo_, room_, {Kind::kRetract, "sid-p", {}, {}});
  Make();
  sink_.sent.clear();
  focus_->Shutdown(now_);
  EXPECT_THAT(CallsTo(romeo_), IsEmpty());
}

TEST_F(FocusCallsTest, AnAnnouncementIsForgottenIfNoCallComes) {
  Propose();
  Advance(seconds(90));
  Make();
  sink_.sent.clear();
  focus_->Shutdown(now_);
  EXPECT_THAT(CallsTo(romeo_), IsEmpty());
}

TEST_F(FocusCallsTest, FinishEndsTheCall) {
  Propose();
  const Caller caller = Make();
  Tell(J("romeo@example/other"), focus_jid_, {Kind::kFinish, "sid-p", {}, {}});
  Tell(romeo_, focus_jid_, {Kind::kFinish, "another", {}, {}});
  EXPECT_EQ(focus_->participants(), 1U) << "of somebody, of something else";
  Tell(romeo_, focus_jid_, {Kind::kFinish, "sid-p", {}, {}});
  EXPECT_EQ(focus_->participants(), 0U);
}

TEST_F(FocusCallsTest, WhatIsNoProposalIsNotAnswered) {
  for (const Kind kind : {Kind::kRinging, Kind::kProceed, Kind::kReject,
                          Kind::kAccept, Kind::kRetract, Kind::kFinish}) {
    Tell(romeo_, room_, {kind, "sid-p", {}, {}});
    EXPECT_THAT(sink_.sent, IsEmpty());
  }
  Tell(romeo_, room_, {Kind::kPropose, "sid-p", {Media::kAudio}, {}}, "error");
  EXPECT_THAT(sink_.sent, IsEmpty());
  Tell(romeo_, J("sfu.example"),
       {Kind::kPropose, "sid-p", {Media::kAudio}, {}});
  EXPECT_THAT(sink_.sent, IsEmpty());
}

TEST_F(FocusCallsTest, ProposalsAreLimitedAsAllStanzasAre) {
  for (int i = 0; i < 60; ++i) Propose("sid-" + std::to_string(i));
  EXPECT_THAT(sink_.sent, IsEmpty());
}

}  // namespace
}  // namespace signaling
