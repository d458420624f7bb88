// SPDX-License-Identifier: GPL-3.0-or-later
// What the focus counts for the operator.
#include "signaling/focus_stats.h"

#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

// How often `word` was counted.
template <size_t kWords>
uint64_t Count(const WordCounts<kWords>& counts, std::string_view word) {
  for (size_t i = 0; i < kWords; ++i) {
    if (counts.word(i) == word) return counts.count(i);
  }
  ADD_FAILURE() << "no such word: " << word;
  return 0;
}

class FocusStatsTest : public FocusTest {
 protected:
  const FocusStats& Stats() const { return focus_->stats(); }
};

TEST(WordCounts, WhatIsNotInTheListIsTheLastWord) {
  WordCounts<kJingleReasons.size()> counts{kJingleReasons};
  counts.Add("gone");
  counts.Add("made-up");
  counts.Add("");
  EXPECT_EQ(Count(counts, "gone"), 1u);
  EXPECT_EQ(Count(counts, "other"), 2u);
}

TEST(WordCounts, EachPeerFailureHasAWord) {
  EXPECT_EQ(kPeerFailures.size(),
            static_cast<size_t>(PeerFailure::kClosedByPeer) + 1);
  EXPECT_EQ(kPeerFailures[static_cast<size_t>(PeerFailure::kConsentLost)],
            "consent_lost");
}

TEST_F(FocusStatsTest, TellsOfARoomFromItsBeginToItsEnd) {
  const Caller alice = JoinOnly("alice@a.example/1");
  AnswerAll(alice.jid);
  Advance(milliseconds(300));
  focus_->OnPeerConnected(now_, alice.peer);
  focus_->OnPeerConnected(now_, alice.peer);  // said twice, counted once
  const Caller bob = Join("bob@b.example/1");
  EXPECT_EQ(Stats().conferences_created, 1u);
  EXPECT_EQ(Stats().participants_joined, 2u);
  EXPECT_EQ(Stats().sessions_accepted, 2u);
  EXPECT_EQ(Stats().join_milliseconds.sum(), 300u);  // and 0 of Bob
  EXPECT_EQ(Stats().join_milliseconds.bucket(9), 1u);
  Advance(seconds(20));
  for (const Caller& caller : {alice, bob}) {
    JingleMessage bye = Jingle(JingleAction::kSessionTerminate, caller.sid);
    bye.reason.emplace().condition = "success";
    Do(caller, bye);
  }
  EXPECT_EQ(Count(Stats().ended_by_client, "success"), 2u);
  EXPECT_EQ(Stats().conferences_completed, 1u);
  EXPECT_EQ(Stats().conference_sizes.sum(), 2u);
  EXPECT_EQ(Stats().conference_seconds.sum(), 21u);
}

TEST_F(FocusStatsTest, ANewSessionOfTheSameOneIsNobodyNew) {
  const Caller alice = Join("alice@a.example/1");
  Caller again = MakeCaller("alice@a.example/1");
  TryJoin(again, BundleOffer());
  EXPECT_EQ(Stats().participants_joined, 1u);
  EXPECT_EQ(Stats().sessions_accepted, 2u);
  EXPECT_EQ(Count(Stats().ended_by_us, "alternative-session"), 1u);
  EXPECT_EQ(Stats().conferences_completed, 0u);
}

TEST_F(FocusStatsTest, ARoomThatNobodyGotIntoNeverWas) {
  Caller nobody = MakeCaller("alice@a.example/1");
  SessionDescription offer;
  offer.contents = {DataContent("data")};
  TryJoin(nobody, offer);
  EXPECT_EQ(Stats().conferences_created, 0u);
  EXPECT_EQ(Stats().participants_joined, 0u);
  EXPECT_EQ(Stats().sessions_accepted, 0u);
}

TEST_F(FocusStatsTest, EachWayOfFailingHasItsCountAndItsReason) {
  const std::pair<PeerFailure, std::string> ways[] = {
      {PeerFailure::kConnectTimeout, "connectivity-error"},
      {PeerFailure::kFingerprintMismatch, "security-error"},
      {PeerFailure::kDtlsFailed, "security-error"},
      {PeerFailure::kConsentLost, "connectivity-error"},
      {PeerFailure::kClosedByPeer, "success"}};
  int number = 0;
  for (const auto& [why, reason] : ways) {
    const uint64_t before = Count(Stats().ended_by_us, reason);
    const Caller caller = Join("u" + std::to_string(++number) + "@a.example/1");
    focus_->OnPeerFailed(now_, caller.peer, why);
    EXPECT_EQ(Stats().failures.count(static_cast<size_t>(why)), 1u);
    EXPECT_EQ(Count(Stats().ended_by_us, reason), before + 1);
  }
}

TEST_F(FocusStatsTest, CountsErrorsOfBothSides) {
  const Caller alice = Join("alice@a.example/1");
  Caller other = alice;
  other.sid = "unheard-of";
  Call(other, Info(other.sid, SessionInfo::Kind::kPing));
  EXPECT_EQ(Count(Stats().errors_sent, "unknown-session"), 1u);
  Call(alice.jid, alice.room, Unknown());
  EXPECT_EQ(Count(Stats().errors_sent, "service-unavailable"), 1u);
  EXPECT_GE(Stats().requests_received, 3u);
  focus_->OnXmppUp(now_);  // asks who is there
  const auto asked = RequestsTo(alice.jid);
  ASSERT_FALSE(asked.empty());
  Answer(asked.back(),
         StanzaError{"cancel", "item-not-found", "unknown-session", ""});
  EXPECT_EQ(Count(Stats().errors_received, "unknown-session"), 1u);
  EXPECT_EQ(Count(Stats().ended_by_us, "gone"), 1u);
}

TEST_F(FocusStatsTest, CountsRequestsThatNobodyAnswered) {
  JoinOnly("alice@a.example/1");  // never acknowledges the session-accept
  Advance(seconds(31));
  EXPECT_EQ(Stats().requests_timed_out, 1u);
  EXPECT_EQ(Count(Stats().ended_by_us, "timeout"), 1u);
}

TEST_F(FocusStatsTest, CountsResumedSessions) {
  const Caller alice = Join("alice@a.example/1");
  const Iq answer =
      Call(J("alice@a.example/2"), alice.room, Resume{alice.token, alice.sid});
  ASSERT_EQ(answer.type, IqType::kResult);
  EXPECT_EQ(Stats().sessions_resumed, 1u);
}

TEST_F(FocusStatsTest, CountsWhatWasKeptBackAndWhatWasTooMuch) {
  RejectedStanza rejected;
  rejected.name = "iq";
  rejected.type = "get";
  rejected.from = "alice@a.example/1";
  rejected.to = "standup@sfu.example";
  rejected.id = "x";
  focus_->HandleRejected(now_, rejected);
  EXPECT_EQ(Stats().malformed, 1u);
  for (int i = 0; i < 60; ++i) {
    Ask(J("bob@b.example/1"), J("standup@sfu.example"), signaling::Ping(),
        IqType::kGet);
  }
  EXPECT_GE(Stats().rate_limited, 9u);
  EXPECT_LE(Stats().rate_limited, 10u);
}

TEST_F(FocusStatsTest, CountsChangesOfTheMainSpeaker) {
  const Caller alice = Join("alice@a.example/1");
  const Caller bob = Join("bob@b.example/1");
  const auto source_of = [&](const Caller& caller) {
    return Spec(caller).contents[0].uplink->source;
  };
  const rtp::ConferenceId conference = Spec(alice).conference;
  const rtp::SourceId first = source_of(alice);
  const rtp::SourceId second = source_of(bob);
  focus_->OnSpeakersChanged(now_, conference, first, {first});
  focus_->OnSpeakersChanged(now_, conference, first, {first, second});
  focus_->OnSpeakersChanged(now_, conference, second, {second});
  EXPECT_EQ(Stats().dominant_speaker_changes, 2u);
}

}  // namespace
}  // namespace signaling
