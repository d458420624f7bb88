// SPDX-License-Identifier: GPL-3.0-or-later
// Clients with group calls (XEP-0272): the order that Dino wants.
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FocusMujiTest : public FocusTest {
 protected:
  FocusMujiTest() {
    Focus::Config config = DefaultConfig();
    config.muji_facade = true;
    Make(std::move(config));
  }

  template <typename T>
  std::vector<T> SentTo(const Jid& jid) const {
    std::vector<T> found;
    for (const Stanza& stanza : sink_.sent) {
      const T* it = std::get_if<T>(&stanza);
      if (it != nullptr && it->to == jid) found.push_back(*it);
    }
    return found;
  }
  std::optional<CallInvite> InviteTo(const Jid& jid) const {
    for (const Message& message : SentTo<Message>(jid)) {
      const auto* invite = std::get_if<CallInvite>(&message.payload);
      if (invite == nullptr) continue;
      EXPECT_EQ(message.id, invite->id);
      return *invite;
    }
    return std::nullopt;
  }
  // Of Dino, in a call with its room, its features known.
  Caller JoinDino() {
    Caller caller = JoinOnly("dina@example/dino", PlainOffer());
    EXPECT_TRUE(AnswerFeatures(
        caller.jid, {"urn:xmpp:jingle:muji:0", "urn:xmpp:jingle-message:0"}));
    AnswerAll(caller.jid);
    EXPECT_EQ(InviteTo(caller.jid), std::nullopt) << "the call does not stand";
    focus_->OnPeerConnected(now_, caller.peer);
    const auto invite = InviteTo(caller.jid);
    EXPECT_TRUE(invite);
    muc_ = J(invite.value_or(CallInvite()).muji_room);
    return caller;
  }
  void Present(const Caller& caller, bool preparing, bool media,
               PresenceType type = PresenceType::kAvailable) {
    Presence presence;
    presence.type = type;
    presence.from = caller.jid;
    presence.to = muc_;
    presence.to.resource = "dina";
    presence.muji = MujiPresence();
    presence.muji->preparing = preparing;
    if (media) {
      presence.muji->contents = {{"audio", *DinoAudio().description}};
    }
    focus_->HandleStanza(now_, presence);
  }
  Jid muc_;
};

TEST_F(FocusMujiTest, OthersComeWhenTheClientIsReady) {
  const Caller juliet = Join("juliet@example/x");
  const Caller dina = JoinDino();
  sink_.sent.clear();
  Present(dina, /*preparing=*/true, /*media=*/false);
  const auto told = SentTo<Presence>(dina.jid);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].muc_user->items[0].jid, dina.room)
      << "the one that it has a call with, and nobody else to be called";
  EXPECT_THAT(told[1].muc_user->statuses, ElementsAre(100, 110));
  EXPECT_TRUE(told[1].muji->preparing);
  EXPECT_EQ(SentTo<Message>(dina.jid).back().subject, "");
  EXPECT_THAT(InitiatesTo(dina.jid), IsEmpty());

  sink_.sent.clear();
  Present(dina, /*preparing=*/false, /*media=*/true);
  const auto shown = SentTo<Presence>(dina.jid);
  ASSERT_THAT(shown, SizeIs(2));
  const auto calls = InitiatesTo(dina.jid);
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(shown[1].muc_user->items[0].jid, calls[0].from);
  EXPECT_EQ(calls[0].from.local, "juliet-" + juliet.id);
  const auto& call = std::get<JingleMessage>(calls[0].payload);
  EXPECT_EQ(call.muji_room, muc_.ToString());
  EXPECT_THAT(call.description.groups, IsEmpty());
  for (const Content& content : call.description.contents) {
    EXPECT_EQ(content.senders, Senders::kInitiator) << "one upload only";
  }

  JingleMessage accept = call;
  accept.action = JingleAction::kSessionAccept;
  accept.muji_room.clear();
  for (Content& content : accept.description.contents) {
    content.transport = ClientTransport("down-" + content.name);
    content.transport->fingerprint->setup = DtlsSetup::kActive;
  }
  EXPECT_EQ(Call(dina.jid, calls[0].from, accept).type, IqType::kResult);
  EXPECT_EQ(media_.specs.at(media_.allocated.back()).transports.size(), 2U);

  sink_.sent.clear();
  Do(juliet, Jingle(JingleAction::kSessionTerminate, juliet.sid));
  const auto gone = SentTo<Presence>(dina.jid);
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].type, PresenceType::kUnavailable);
}

// Two of the same voice would be one too many.
TEST_F(FocusMujiTest, TheFirstCallIsSilentWhileThereIsTheGroupCall) {
  Join("juliet@example/x");
  const Caller dina = JoinDino();
  const auto slots = [&] {
    size_t count = 0;
    for (const rtp::ContentSpec& content :
         media_.specs.at(dina.peer).contents) {
      count += content.slot.has_value();
      EXPECT_TRUE(content.uplink) << "it is the only upload";
    }
    return count;
  };
  EXPECT_EQ(slots(), 2U);
  Present(dina, false, true);
  EXPECT_EQ(slots(), 0U);
  Present(dina, false, false, PresenceType::kUnavailable);
  EXPECT_EQ(slots(), 2U);
}

TEST_F(FocusMujiTest, AnOccupantHasOnePicture) {
  SessionDescription offer = BundleOffer();
  offer.contents.push_back(ChromiumVideo("screen", Senders::kInitiator));
  offer.groups = {BundleOf(offer.contents)};
  JoinOnly("juliet@example/x", offer);
  const Caller dina = JoinDino();
  Present(dina, false, true);
  const auto calls = InitiatesTo(dina.jid);
  ASSERT_THAT(calls, SizeIs(1));
  const auto& call = std::get<JingleMessage>(calls[0].payload);
  ASSERT_THAT(call.description.contents, SizeIs(2));
  EXPECT_EQ(call.description.contents[0].description->media, Media::kAudio);
  EXPECT_EQ(call.description.contents[1].description->media, Media::kVideo);
}

TEST_F(FocusMujiTest, ClientsWithoutGroupCallsAreLeftAlone) {
  Join("juliet@example/x");
  const Caller caller = JoinOnly("romeo@example/x", PlainOffer());
  EXPECT_TRUE(AnswerFeatures(caller.jid, {"urn:xmpp:jingle:1"}));
  focus_->OnPeerConnected(now_, caller.peer);
  EXPECT_EQ(InviteTo(caller.jid), std::nullopt);
}

TEST_F(FocusMujiTest, LeavingTheGroupCallEndsItsSessionsAndNoMore) {
  Join("juliet@example/x");
  const Caller dina = JoinDino();
  Present(dina, false, true);
  ASSERT_THAT(InitiatesTo(dina.jid), SizeIs(1));
  sink_.sent.clear();
  Present(dina, false, false, PresenceType::kUnavailable);
  EXPECT_EQ(EndOf(dina.jid)->condition, "success");
  EXPECT_EQ(focus_->participants(), 2U);
}

TEST_F(FocusMujiTest, TheMucIsForOneClient) {
  const Caller dina = JoinDino();
  const Iq info = Call(dina.jid, muc_, DiscoInfo(), IqType::kGet);
  EXPECT_EQ(std::get<DiscoInfo>(info.payload).identities[0].type, "text");
  Presence presence;
  presence.from = J("mallory@example/x");
  presence.to = muc_;
  presence.to.resource = "mallory";
  presence.muji = MujiPresence();
  sink_.sent.clear();
  focus_->HandleStanza(now_, presence);
  EXPECT_THAT(sink_.sent, IsEmpty());
}

}  // namespace
}  // namespace signaling
