// SPDX-License-Identifier: GPL-3.0-or-later
// The table of session_table_test.cc for sessions that the focus began: each
// action in each state, from who was called and from who was not.
#include <tuple>

#include "signaling/jingle_codec.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::IsEmpty;

enum class Phase : uint8_t { kPending, kActive, kDeclined, kEnded };
constexpr std::array kPhases = {Phase::kPending, Phase::kActive,
                                Phase::kDeclined, Phase::kEnded};
constexpr std::array kPhaseNames = {"pending", "active", "declined", "ended"};

// The focus has called romeo@example/l from standup@sfu.example, for bob.
struct Party {
  const char* name;
  const char* from;
  const char* to;
};
constexpr std::array kParties = {
    Party{"called", "romeo@example/l", "standup@sfu.example"},
    Party{"shown", "bob@example/b", "standup@sfu.example"},
    Party{"otherResource", "romeo@example/m", "standup@sfu.example"},
    Party{"stranger", "eve@example/e", "standup@sfu.example"},
    Party{"toTheFocus", "romeo@example/l", "standup@sfu.example/focus"},
    Party{"toAnotherRoom", "romeo@example/l", "other@sfu.example"},
};

class DownlinkTableTest
    : public FocusTest,
      public ::testing::WithParamInterface<std::tuple<size_t, size_t, size_t>> {
 protected:
  DownlinkTableTest()
      : action_(static_cast<JingleAction>(std::get<0>(GetParam()))),
        phase_(kPhases[std::get<1>(GetParam())]),
        party_(kParties[std::get<2>(GetParam())]) {}

  void SetUp() override {
    bob_ = Join("bob@example/b");
    Join("carol@example/c", BundleOffer(), "other@sfu.example");
    romeo_ = JoinOnly("romeo@example/l", UploadOffer());
    EXPECT_TRUE(AnswerFeatures(romeo_.jid, {std::string(ns::kAvConferences)}));
    const auto call = OneTo(romeo_.jid, JingleAction::kSessionInitiate);
    ASSERT_TRUE(call.has_value());
    call_ = *call;
    peer_ = media_.allocated.back();
    AnswerAll(romeo_.jid);
    if (phase_ == Phase::kActive || phase_ == Phase::kEnded)
      Do(romeo_, Accept());
    if (phase_ == Phase::kDeclined || phase_ == Phase::kEnded) {
      Do(romeo_, Jingle(JingleAction::kSessionTerminate, call_.sid));
    }
    Advance(milliseconds(200));
    sink_.sent.clear();
  }

  JingleMessage Accept() const {
    JingleMessage accept = call_;
    accept.action = JingleAction::kSessionAccept;
    for (Content& content : accept.description.contents) {
      content.transport = ClientTransport("down");
      content.transport->fingerprint->setup = DtlsSetup::kActive;
    }
    return accept;
  }
  JingleMessage Request() const {
    if (action_ == JingleAction::kSessionAccept) return Accept();
    JingleMessage message = Jingle(action_, call_.sid);
    if (action_ == JingleAction::kSessionInitiate) {
      message.description = BundleOffer();
    } else if (action_ == JingleAction::kTransportInfo) {
      Content moved = Named("0");
      moved.transport = ClientTransport("again");
      message.description.contents = {moved};
    } else if (action_ != JingleAction::kSessionTerminate &&
               action_ != JingleAction::kSessionInfo) {
      message.description.contents = {ChromiumAudio("0")};
    }
    return message;
  }

  bool live() const {
    return phase_ == Phase::kPending || phase_ == Phase::kActive;
  }
  bool called() const { return party_.name == kParties[0].name; }

  void ExpectOwn(const Iq& answer) {
    switch (action_) {
      case JingleAction::kSessionAccept:
        if (phase_ == Phase::kPending) {
          EXPECT_THAT(answer, IsResult());
          return;
        }
        break;
      case JingleAction::kSessionInitiate:
        if (phase_ == Phase::kPending) {
          EXPECT_THAT(answer, IsError("cancel", "conflict", "tie-break"));
          return;
        }
        break;
      case JingleAction::kSessionTerminate:
      case JingleAction::kSessionInfo:
      case JingleAction::kTransportInfo:
      case JingleAction::kDescriptionInfo:
      case JingleAction::kSecurityInfo:
        EXPECT_THAT(answer, IsResult());
        return;
      case JingleAction::kContentAdd:
      case JingleAction::kContentModify:
      case JingleAction::kContentRemove:
      case JingleAction::kTransportReplace:
        EXPECT_THAT(answer, IsError("cancel", "not-acceptable", ""));
        return;
      default:
        break;
    }
    EXPECT_THAT(answer, IsError("wait", "unexpected-request", "out-of-order"));
  }

  const JingleAction action_;
  const Phase phase_;
  const Party party_;
  Caller bob_;
  Caller romeo_;
  JingleMessage call_;
  rtp::PeerId peer_;
};

TEST_P(DownlinkTableTest, IsAnsweredAsTheContractSays) {
  const auto specs = media_.specs;
  ASSERT_EQ(specs.contains(peer_), phase_ == Phase::kActive);
  const Iq answer = Call(J(party_.from), J(party_.to), Request());
  if (live() && called()) {
    ExpectOwn(answer);
  } else if (action_ == JingleAction::kSessionInitiate) {
    EXPECT_THAT(answer, IsResult()) << "a call of his own";
    return;
  } else if (action_ == JingleAction::kSessionTerminate) {
    EXPECT_THAT(answer, IsResult());
  } else {
    EXPECT_THAT(answer, IsError("cancel", "item-not-found", "unknown-session"));
  }
  // Neither his own call nor that of whom he is shown knows of it.
  EXPECT_EQ(media_.specs.at(romeo_.peer), specs.at(romeo_.peer));
  EXPECT_EQ(media_.specs.at(bob_.peer), specs.at(bob_.peer));
  EXPECT_THAT(RequestsTo(bob_.jid), IsEmpty());
  if (called()) return;
  EXPECT_EQ(media_.specs.contains(peer_), phase_ == Phase::kActive);
  EXPECT_THAT(media_.restarts, IsEmpty());
  EXPECT_THAT(RequestsTo(romeo_.jid), IsEmpty());
  if (phase_ == Phase::kPending) {
    Do(romeo_, Accept());
    EXPECT_TRUE(media_.specs.contains(peer_));
  }
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
    Rows, DownlinkTableTest,
    ::testing::Combine(::testing::Range<size_t>(0, 15),
                       ::testing::Range<size_t>(0, kPhases.size()),
                       ::testing::Range<size_t>(0, kParties.size())),
    RowName);

}  // namespace
}  // namespace signaling
