// SPDX-License-Identifier: GPL-3.0-or-later
// Each action of XEP-0166 in each state of a session, from who has it and from
// who has not: the error is the one of the contract (docs: "Errors"), and a
// wrong sender changes nothing for the right one.
#include <tuple>

#include "signaling/jingle_codec.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Phase : uint8_t {
  kNever,      // nobody has called
  kPending,    // our session-accept is not acknowledged yet
  kActive,     // acknowledged, media flows
  kEnded,      // by its client
  kEndedByUs,  // its media failed
};
constexpr std::array kPhases = {Phase::kNever, Phase::kPending, Phase::kActive,
                                Phase::kEnded, Phase::kEndedByUs};
constexpr std::array kPhaseNames = {"never", "pending", "active", "ended",
                                    "endedByUs"};

// The session is alice@example/a's with standup@sfu.example.
struct Party {
  const char* name;
  const char* from;
  const char* to;
};
constexpr std::array kParties = {
    Party{"owner", "alice@example/a", "standup@sfu.example"},
    Party{"otherParticipant", "bob@example/b", "standup@sfu.example"},
    Party{"otherResource", "alice@example/b", "standup@sfu.example"},
    Party{"bareJid", "alice@example", "standup@sfu.example"},
    Party{"stranger", "eve@example/e", "standup@sfu.example"},
    Party{"toTheFocus", "alice@example/a", "standup@sfu.example/focus"},
    Party{"toAnotherRoom", "alice@example/a", "other@sfu.example"},
    Party{"toNoRoom", "alice@example/a", "nowhere@sfu.example"},
};

constexpr size_t kActions = 15;

class SessionTableTest
    : public FocusTest,
      public ::testing::WithParamInterface<std::tuple<size_t, size_t, size_t>> {
 protected:
  SessionTableTest()
      : action_(static_cast<JingleAction>(std::get<0>(GetParam()))),
        phase_(kPhases[std::get<1>(GetParam())]),
        party_(kParties[std::get<2>(GetParam())]) {}

  void SetUp() override {
    bob_ = Join("bob@example/b");
    carol_ = Join("carol@example/c", BundleOffer(), "other@sfu.example");
    if (phase_ == Phase::kNever) {
      alice_ = MakeCaller("alice@example/a");
    } else if (phase_ == Phase::kPending) {
      alice_ = JoinOnly("alice@example/a");
    } else {
      alice_ = Join("alice@example/a");
    }
    if (phase_ == Phase::kEnded) {
      Do(alice_, Jingle(JingleAction::kSessionTerminate, alice_.sid));
    } else if (phase_ == Phase::kEndedByUs) {
      focus_->OnPeerFailed(now_, alice_.peer, PeerFailure::kConsentLost);
    }
    Advance(milliseconds(200));
    sink_.sent.clear();
  }

  bool live() const {
    return phase_ == Phase::kPending || phase_ == Phase::kActive;
  }
  bool owner() const { return party_.name == kParties[0].name; }

  // A request that is in order if the session is alice's and active.
  JingleMessage Request() const {
    JingleMessage message = Jingle(action_, alice_.sid);
    Content audio = ChromiumAudio("0");
    switch (action_) {
      case JingleAction::kSessionInitiate:
        message.description = BundleOffer();
        break;
      case JingleAction::kContentAdd: {
        Content screen = ChromiumVideo("2", Senders::kInitiator);
        screen.transport = IceTransport();
        message.description.contents = {screen};
        break;
      }
      case JingleAction::kContentModify:
        message.description.contents = {Named("1", Senders::kResponder)};
        break;
      case JingleAction::kTransportInfo:
      case JingleAction::kTransportReplace:
        audio.description.reset();
        audio.transport->ufrag = "fresh";
        message.description.contents = {audio};
        break;
      case JingleAction::kSessionInfo:
        message.info.kind = SessionInfo::Kind::kMute;
        break;
      case JingleAction::kDescriptionInfo:
        audio.description->ssrc = 99;
        message.description.contents = {audio};
        break;
      case JingleAction::kSessionTerminate:
      case JingleAction::kSecurityInfo:
        break;
      default:
        message.description.contents = {audio};
    }
    return message;
  }

  void ExpectAnswer(const Iq& answer) {
    if (action_ == JingleAction::kSessionInitiate) {
      // From anybody else it is a call of his own, whatever its sid.
      if (live() && owner()) {
        EXPECT_THAT(answer,
                    IsError("wait", "unexpected-request", "out-of-order"));
      } else {
        EXPECT_THAT(answer, IsResult());
      }
      return;
    }
    if (!live() || !owner()) {
      if (action_ == JingleAction::kSessionTerminate) {
        EXPECT_THAT(answer, IsResult());
      } else {
        EXPECT_THAT(answer,
                    IsError("cancel", "item-not-found", "unknown-session"));
      }
      return;
    }
    switch (action_) {
      case JingleAction::kSessionAccept:
      case JingleAction::kContentAccept:
      case JingleAction::kContentReject:
      case JingleAction::kTransportAccept:
      case JingleAction::kTransportReject:
        EXPECT_THAT(answer,
                    IsError("wait", "unexpected-request", "out-of-order"));
        break;
      default:
        EXPECT_THAT(answer, IsResult());
    }
  }

  // What the owner's good requests bring; empty: nothing is asked back.
  std::vector<JingleAction> Expected() const {
    switch (action_) {
      case JingleAction::kContentAdd:
        return {JingleAction::kContentAccept};
      case JingleAction::kTransportInfo:
        return {JingleAction::kTransportInfo};  // a restart
      case JingleAction::kTransportReplace:
        return {JingleAction::kTransportAccept};
      default:
        return {};
    }
  }
  bool Changes() const {
    switch (action_) {
      case JingleAction::kContentAdd:
      case JingleAction::kContentModify:
      case JingleAction::kContentRemove:
      case JingleAction::kDescriptionInfo:
      case JingleAction::kSessionInfo:
        return true;
      default:
        return false;
    }
  }

  const JingleAction action_;
  const Phase phase_;
  const Party party_;
  Caller alice_;
  Caller bob_;
  Caller carol_;
};

TEST_P(SessionTableTest, IsAnsweredAsTheContractSays) {
  const auto specs = media_.specs;
  const size_t rooms = focus_->rooms();
  const Iq answer = Call(J(party_.from), J(party_.to), Request());
  ExpectAnswer(answer);

  // Nobody else is told anything but who is there.
  for (const Caller& other : {bob_, carol_}) {
    if (other.jid == J(party_.from)) continue;
    EXPECT_THAT(RequestsTo(other.jid), IsEmpty());
    EXPECT_EQ(media_.specs.at(other.peer), specs.at(other.peer));
  }
  if (action_ != JingleAction::kSessionInitiate) {
    EXPECT_EQ(focus_->rooms(), rooms);
  }
  if (!live()) {
    EXPECT_FALSE(IsServed(alice_));
    return;
  }
  // A call from the same address to the same room takes the place of alice's.
  if (action_ == JingleAction::kSessionInitiate && !owner() &&
      alice_.jid == J(party_.from) &&
      alice_.room.Bare() == J(party_.to).Bare()) {
    return;
  }
  if (owner() && action_ == JingleAction::kSessionTerminate) {
    EXPECT_FALSE(IsServed(alice_));
    EXPECT_THAT(RequestsTo(alice_.jid), IsEmpty());
    return;
  }
  ASSERT_TRUE(IsServed(alice_));
  if (owner()) {
    EXPECT_EQ(ActionsTo(alice_.jid), Expected());
    EXPECT_EQ(Spec(alice_) != specs.at(alice_.peer), Changes());
  } else {
    EXPECT_EQ(Spec(alice_), specs.at(alice_.peer));
    EXPECT_THAT(media_.restarts, IsEmpty());
    for (const Iq& request : RequestsTo(alice_.jid)) {
      EXPECT_EQ(request.from, J(party_.to)) << "it is her own call elsewhere";
    }
  }
  sink_.sent.clear();
  EXPECT_TRUE(IsIn(alice_));
  EXPECT_TRUE(IsIn(carol_));
}

std::string RowName(
    const ::testing::TestParamInfo<std::tuple<size_t, size_t, size_t>>& row) {
  std::string name(
      JingleActionName(static_cast<JingleAction>(std::get<0>(row.param))));
  std::replace(name.begin(), name.end(), '-', '_');
  return name + "__" + kPhaseNames[std::get<1>(row.param)] + "__" +
         kParties[std::get<2>(row.param)].name;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SessionTableTest,
    ::testing::Combine(::testing::Range<size_t>(0, kActions),
                       ::testing::Range<size_t>(0, kPhases.size()),
                       ::testing::Range<size_t>(0, kParties.size())),
    RowName);

}  // namespace
}  // namespace signaling
