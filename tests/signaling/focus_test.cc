// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/focus.h"

#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

const Jid kRoom = J("standup@sfu.example");

// ---- joining ----

TEST_F(FocusTest, CallIsAckedAcceptedThenToldRosterAndSlots) {
  const Caller alice = JoinOnly("alice@example/a", BundleOffer(3, 9));
  std::vector<std::string> order;
  for (const Stanza& stanza : sink_.sent) {
    if (const auto* iq = std::get_if<Iq>(&stanza)) {
      order.push_back(iq->type == IqType::kResult ? "ack" : "accept");
    } else if (const auto* m = std::get_if<Message>(&stanza)) {
      order.push_back(std::holds_alternative<Roster>(m->payload) ? "roster"
                                                                 : "slots");
    }
  }
  ASSERT_GE(order.size(), 4U);
  order.resize(4);
  EXPECT_THAT(order, ElementsAre("ack", "accept", "roster", "slots"));
  EXPECT_THAT(ActionsTo(alice.jid), ElementsAre(JingleAction::kSessionAccept));
}

TEST_F(FocusTest, AcceptIsFromTheVeryJidThatWasCalled) {
  const Caller alice =
      JoinOnly("alice@example/a", BundleOffer(), "standup@sfu.example/focus");
  ASSERT_THAT(RequestsTo(alice.jid), SizeIs(1));
  EXPECT_EQ(RequestsTo(alice.jid)[0].from, J("standup@sfu.example/focus"));
  const auto accept = OneTo(alice.jid, JingleAction::kSessionAccept);
  EXPECT_EQ(accept->responder, "standup@sfu.example/focus");
  EXPECT_EQ(accept->sid, alice.sid);
}

TEST_F(FocusTest, WorkerKnowsThePeerBeforeThePeerKnowsUs) {
  const Caller alice = JoinOnly("alice@example/a");
  ASSERT_TRUE(IsServed(alice));
  const auto accept = OneTo(alice.jid, JingleAction::kSessionAccept);
  const rtp::PeerSpec& spec = Spec(alice);
  ASSERT_THAT(spec.transports, SizeIs(1));
  EXPECT_EQ(spec.transports[0].remote.ufrag, "ufrag-bundle");
  EXPECT_EQ(spec.transports[0].local.ufrag,
            accept->description.contents[0].transport->ufrag);
  EXPECT_EQ(focus_->rooms(), 1U);
  EXPECT_EQ(focus_->participants(), 1U);
}

TEST_F(FocusTest, OthersAreToldOfANewcomerAndTheNewcomerOfThem) {
  const Caller alice = Join("alice@example/a");
  Caller bob = MakeCaller("bob@example/b");
  TryJoin(bob, BundleOffer());
  const auto complete = CompleteRosterTo(bob.jid);
  ASSERT_TRUE(complete.has_value());
  EXPECT_EQ(complete->room, "standup");
  EXPECT_EQ(complete->self, bob.id);
  EXPECT_NE(complete->resume, "");
  EXPECT_NE(complete->resume, alice.token);
  ASSERT_THAT(complete->participants, SizeIs(2));
  EXPECT_EQ(complete->participants[0].id, alice.id);
  EXPECT_EQ(complete->participants[1].id, bob.id);

  ASSERT_THAT(RostersTo(alice.jid), SizeIs(1));
  const Roster diff = RostersTo(alice.jid)[0];
  EXPECT_FALSE(diff.complete);
  EXPECT_EQ(diff.resume, "") << "a secret of another";
  ASSERT_THAT(diff.participants, SizeIs(1));
  const RosterParticipant& newcomer = diff.participants[0];
  EXPECT_EQ(newcomer.id, bob.id);
  EXPECT_EQ(newcomer.name, "bob");
  EXPECT_FALSE(newcomer.away);
  EXPECT_THAT(
      newcomer.sources,
      ElementsAre(RosterSource{bob.id + "-a0", "audio", "microphone", false},
                  RosterSource{bob.id + "-v0", "video", "camera", false}));
}

TEST_F(FocusTest, RoomsDoNotHearOfOneAnother) {
  const Caller alice = Join("alice@example/a");
  Caller bob = MakeCaller("bob@example/b", "other@sfu.example");
  TryJoin(bob, BundleOffer());
  EXPECT_THAT(RostersTo(alice.jid), IsEmpty());
  EXPECT_NE(Spec(alice).conference, Spec(bob).conference);
  EXPECT_EQ(focus_->rooms(), 2U);
}

TEST_F(FocusTest, OneMayBeInTwoRoomsAtOnce) {
  const Caller first = Join("alice@example/a");
  const Caller second =
      Join("alice@example/a", BundleOffer(), "other@sfu.example");
  EXPECT_TRUE(IsIn(first));
  EXPECT_TRUE(IsIn(second));
}

TEST_F(FocusTest, RosterVersionsRiseByOne) {
  const Caller alice = JoinOnly("alice@example/a");
  Advance(seconds(1));
  Caller bob = MakeCaller("bob@example/b");
  TryJoin(bob, BundleOffer());
  Advance(seconds(1));
  Call(bob, Jingle(JingleAction::kSessionTerminate, bob.sid));
  uint64_t version = 0;
  for (const Roster& roster : RostersTo(alice.jid)) {
    EXPECT_EQ(roster.version, ++version);
  }
  EXPECT_EQ(version, 4U);  // complete, herself, Bob, without Bob
}

// ---- names ----

TEST_F(FocusTest, NameOfAnAccountIsItsLocalPart) {
  const Caller alice = JoinOnly("alice@example/a");
  EXPECT_EQ(Seen(alice.jid, alice.id)->name, "alice");
}

TEST_F(FocusTest, NameOfAnAnonymousUserIsGuest) {
  const Caller guest = JoinOnly("f3c1@guest.example/x");
  EXPECT_EQ(Seen(guest.jid, guest.id)->name, "Guest");
}

TEST_F(FocusTest, NameIsTheNickOfThePresenceBefore) {
  Say(J("f3c1@guest.example/x"), kRoom, PresenceType::kAvailable, "Alice");
  const Caller guest = JoinOnly("f3c1@guest.example/x");
  EXPECT_EQ(Seen(guest.jid, guest.id)->name, "Alice");
}

TEST_F(FocusTest, NickOfAnotherResourceIsNotTaken) {
  Say(J("f3c1@guest.example/y"), kRoom, PresenceType::kAvailable, "Alice");
  const Caller guest = JoinOnly("f3c1@guest.example/x");
  EXPECT_EQ(Seen(guest.jid, guest.id)->name, "Guest");
}

TEST_F(FocusTest, NickIsForgottenAfterAMinuteAndByUnavailable) {
  Say(J("f3c1@guest.example/x"), kRoom, PresenceType::kAvailable, "Alice");
  Advance(seconds(60));
  Caller guest = JoinOnly("f3c1@guest.example/x");
  EXPECT_EQ(Seen(guest.jid, guest.id)->name, "Guest");

  Say(J("f3c1@guest.example/y"), kRoom, PresenceType::kAvailable, "Bob");
  Say(J("f3c1@guest.example/y"), kRoom, PresenceType::kUnavailable);
  guest = JoinOnly("f3c1@guest.example/y");
  EXPECT_EQ(Seen(guest.jid, guest.id)->name, "Guest");
}

TEST_F(FocusTest, NickIsForgottenBetweenSweepsToo) {
  Call(J("bob@example/b"), kRoom, Ping(), IqType::kGet);  // sweeps from now
  Advance(seconds(10));
  Say(J("f3c1@guest.example/x"), kRoom, PresenceType::kAvailable, "Alice");
  Advance(seconds(65));
  const Caller guest = JoinOnly("f3c1@guest.example/x");
  EXPECT_EQ(Seen(guest.jid, guest.id)->name, "Guest");
}

TEST_F(FocusTest, NickThatComesLaterChangesTheName) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Say(bob.jid, kRoom, PresenceType::kAvailable, "Bob B.");
  EXPECT_EQ(Seen(alice.jid, bob.id)->name, "Bob B.");
}

TEST_F(FocusTest, NameRequestChangesTheNameForAll) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(bob, SetName{"Bo\nb " + std::string(100, 'b')});
  EXPECT_EQ(Seen(alice.jid, bob.id)->name, "Bob " + std::string(60, 'b'));
  EXPECT_EQ(Seen(bob.jid, bob.id)->name, "Bob " + std::string(60, 'b'));
}

TEST_F(FocusTest, EmptyNameIsRefused) {
  const Caller alice = Join("alice@example/a");
  EXPECT_THAT(Call(alice.jid, kRoom, SetName{" \t"}),
              IsError("modify", "bad-request", ""));
}

// ---- discovery and presence ----

TEST_F(FocusTest, RoomSaysWhatItCanDo) {
  const Iq answer =
      Call(J("alice@example/a"), kRoom, DiscoInfo(), IqType::kGet);
  ASSERT_THAT(answer, IsResult());
  const DiscoInfo info = std::get<DiscoInfo>(answer.payload);
  ASSERT_THAT(info.identities, SizeIs(1));
  EXPECT_EQ(info.identities[0].category, "conference");
  EXPECT_THAT(info.features, ::testing::Contains("urn:xmpp:jingle:1"));
  EXPECT_THAT(info.features,
              ::testing::Contains("urn:xmpp:jingle:apps:rtp:video"));
}

TEST_F(FocusTest, CapabilitiesOfItsPresenceCanBeAskedFor) {
  const Jid alice = J("alice@example/a");
  Say(alice, kRoom, PresenceType::kProbe);
  ASSERT_THAT(PresencesTo(alice), SizeIs(1));
  const Presence presence = PresencesTo(alice)[0];
  EXPECT_EQ(presence.from, J("standup@sfu.example/focus"));
  ASSERT_TRUE(presence.caps.has_value());
  DiscoInfo query;
  query.node = presence.caps->node + "#" + presence.caps->ver;
  const Iq answer = Call(alice, presence.from, query, IqType::kGet);
  ASSERT_THAT(answer, IsResult());
  EXPECT_EQ(std::get<DiscoInfo>(answer.payload).node, query.node);
  query.node += "x";
  EXPECT_THAT(Call(alice, presence.from, query, IqType::kGet),
              IsError("cancel", "item-not-found", ""));
}

TEST_F(FocusTest, DomainIsNoConferenceAndTellsNoRooms) {
  Join("alice@example/a");
  const Jid domain = J("sfu.example");
  const Iq info = Call(J("bob@example/b"), domain, DiscoInfo(), IqType::kGet);
  ASSERT_THAT(info, IsResult());
  EXPECT_EQ(std::get<DiscoInfo>(info.payload).identities.at(0).category,
            "component");
  const Iq items = Call(J("bob@example/b"), domain, DiscoItems(), IqType::kGet);
  ASSERT_THAT(items, IsResult());
  EXPECT_THAT(std::get<DiscoItems>(items.payload).items, IsEmpty());
}

TEST_F(FocusTest, PingIsAnswered) {
  EXPECT_THAT(Call(J("alice@example/a"), kRoom, Ping(), IqType::kGet),
              IsResult());
  EXPECT_THAT(
      Call(J("alice@example/a"), J("sfu.example"), Ping(), IqType::kGet),
      IsResult());
}

TEST_F(FocusTest, SubscriptionIsApprovedAndToldHowManyAreThere) {
  Join("alice@example/a");
  const Jid bob = J("bob@example");
  Say(bob, kRoom, PresenceType::kSubscribe);
  const std::vector<Presence> presences = PresencesTo(bob);
  ASSERT_THAT(presences, SizeIs(2));
  EXPECT_EQ(presences[0].type, PresenceType::kSubscribed);
  EXPECT_EQ(presences[0].from, kRoom);
  EXPECT_EQ(presences[1].type, PresenceType::kAvailable);
  EXPECT_EQ(presences[1].status, "1 in call");
}

TEST_F(FocusTest, UnsubscribeIsConfirmed) {
  const Jid bob = J("bob@example");
  Say(bob, kRoom, PresenceType::kUnsubscribe);
  const std::vector<Presence> presences = PresencesTo(bob);
  ASSERT_THAT(presences, SizeIs(2));
  EXPECT_EQ(presences[0].type, PresenceType::kUnsubscribed);
  EXPECT_EQ(presences[1].type, PresenceType::kUnavailable);
}

TEST_F(FocusTest, PresenceToTheDomainOrToNoRoomIsIgnored) {
  for (const char* to : {"sfu.example", "Stand Up@sfu.example"}) {
    Say(J("bob@example"), J(to), PresenceType::kSubscribe);
  }
  EXPECT_THAT(sink_.sent, IsEmpty());
}

TEST_F(FocusTest, MessagesAreIgnored) {
  Message message;
  message.from = J("alice@example/a");
  message.to = kRoom;
  message.body = "hello";
  focus_->HandleStanza(now_, message);
  EXPECT_THAT(sink_.sent, IsEmpty());
}

// ---- what the room is told, and how often ----

Publish Muted(std::string content, bool muted) {
  return Publish{{{std::move(content), "", muted}}};
}

TEST_F(FocusTest, PublishIsToldToAll) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(bob, Publish{{{"0", "", true}, {"1", "screen", false}}});
  EXPECT_THAT(
      Seen(alice.jid, bob.id)->sources,
      ElementsAre(RosterSource{bob.id + "-a0", "audio", "microphone", true},
                  RosterSource{bob.id + "-v0", "video", "screen", false}));
  EXPECT_TRUE(Spec(bob).contents[0].uplink->muted);
  EXPECT_EQ(Spec(bob).contents[1].uplink->type, rtp::SourceType::kScreen);
}

TEST_F(FocusTest, PublishWithoutChangeIsNotTold) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(bob, Publish{{{"0", "microphone", false}, {"1", "camera", false}}});
  Advance(seconds(1));
  EXPECT_THAT(RostersTo(alice.jid), IsEmpty());
  EXPECT_THAT(RostersTo(bob.jid), IsEmpty());
}

TEST_F(FocusTest, ChangeThatIsTakenBackInTimeIsNotTold) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(alice, Muted("0", true));
  sink_.sent.clear();
  Do(bob, Muted("0", true));
  Do(bob, Muted("0", false));
  Advance(seconds(1));
  EXPECT_THAT(RostersTo(alice.jid), IsEmpty());
}

TEST_F(FocusTest, RosterIsToldAtMostFiveTimesASecondAndNothingIsLost) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  const Caller carol = Join("carol@example/c");
  bool muted = false;
  for (int i = 0; i < 19; ++i) {
    muted = !muted;
    Do(bob, Muted("0", muted));
    Do(carol, Muted("1", muted));
    Advance(milliseconds(50));
  }
  Advance(seconds(1));
  ASSERT_TRUE(muted);
  // In 950 ms, at 0, 200, 400, 600, 800 and at the end of the last interval.
  EXPECT_LE(RostersTo(alice.jid).size(), 6U);
  EXPECT_GE(RostersTo(alice.jid).size(), 3U);
  EXPECT_TRUE(Seen(alice.jid, bob.id)->sources[0].muted);
  EXPECT_TRUE(Seen(alice.jid, carol.id)->sources[1].muted);
  EXPECT_FALSE(Seen(alice.jid, carol.id)->sources[0].muted);
}

// Who comes between a change and the telling of it has it from the complete
// roster; what becomes of it after that must be told as well.
TEST_F(FocusTest, ChangeTakenBackIsToldToWhoHasSeenIt) {
  const Caller alice = Join("alice@example/a");
  Do(alice, Muted("1", true));  // tells: the next is to wait
  Do(alice, Muted("0", true));
  Caller bob = MakeCaller("bob@example/b");
  TryJoin(bob, BundleOffer());
  ASSERT_TRUE(Seen(bob.jid, alice.id)->sources[0].muted);
  Do(alice, Muted("0", false));
  Advance(seconds(1));
  EXPECT_FALSE(Seen(bob.jid, alice.id)->sources[0].muted);
}

TEST_F(FocusTest, LeavingIsToldAtOnce) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(bob, Jingle(JingleAction::kSessionTerminate, bob.sid));
  ASSERT_THAT(RostersTo(alice.jid), SizeIs(1));
  EXPECT_THAT(RostersTo(alice.jid)[0].left, ElementsAre(bob.id));
  EXPECT_THAT(RostersTo(bob.jid), IsEmpty());
  EXPECT_THAT(ActionsTo(bob.jid), IsEmpty());
  EXPECT_THAT(media_.removed, ElementsAre(bob.peer));
}

TEST_F(FocusTest, RoomEndsWithItsLastParticipant) {
  const Caller alice = Join("alice@example/a");
  const rtp::ConferenceId before = Spec(alice).conference;
  Do(alice, Jingle(JingleAction::kSessionTerminate, alice.sid));
  EXPECT_EQ(focus_->rooms(), 0U);
  EXPECT_EQ(focus_->participants(), 0U);
  const Caller again = Join("alice@example/a");
  EXPECT_NE(Spec(again).conference, before);
  EXPECT_NE(again.token, alice.token);
}

TEST_F(FocusTest, MuteOfJingleIsToldAsPublishIs) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(bob, Info(bob.sid, SessionInfo::Kind::kMute, "1"));
  EXPECT_TRUE(Seen(alice.jid, bob.id)->sources[1].muted);
  EXPECT_FALSE(Seen(alice.jid, bob.id)->sources[0].muted);
}

TEST_F(FocusTest, SilenceIsToldAsAwayAndItsEndToo) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  focus_->OnPeerSilent(now_, bob.peer, true);
  EXPECT_TRUE(Seen(alice.jid, bob.id)->away);
  Advance(seconds(1));
  focus_->OnPeerSilent(now_, bob.peer, false);
  EXPECT_FALSE(Seen(alice.jid, bob.id)->away);
  EXPECT_TRUE(IsServed(bob));
}

// ---- slots ----

TEST_F(FocusTest, FirstSlotMapIsComplete) {
  const Caller alice = JoinOnly("alice@example/a", BundleOffer(3, 9));
  const auto maps = HeadlinesTo<SlotMap>(alice.jid);
  ASSERT_THAT(maps, SizeIs(1));
  EXPECT_EQ(maps[0].version, 1U);
  ASSERT_THAT(maps[0].slots, SizeIs(12));
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(maps[0].slots[i], (SlotMap::Slot{std::to_string(i), "", "", ""}));
  }
}

TEST_F(FocusTest, SlotMapSaysWhatFillsASlot) {
  const Caller alice = Join("alice@example/a", BundleOffer(1, 3));
  const Caller bob = Join("bob@example/b");
  Do(bob, Publish{{{"1", "screen", std::nullopt}}});
  const auto& contents = Spec(bob).contents;
  const std::vector<SlotFill> fill = {{"0", contents[0].uplink->source},
                                      {"2", contents[1].uplink->source},
                                      {"3", rtp::SourceId()}};
  focus_->OnSlotsChanged(now_, alice.peer, fill);
  const auto maps = HeadlinesTo<SlotMap>(alice.jid);
  ASSERT_THAT(maps, SizeIs(1));
  EXPECT_THAT(
      maps[0].slots,
      ElementsAre(SlotMap::Slot{"0", bob.id + "-a0", bob.id, "microphone"},
                  SlotMap::Slot{"1", "", "", ""},
                  SlotMap::Slot{"2", bob.id + "-v0", bob.id, "screen"},
                  SlotMap::Slot{"3", "", "", ""}));
  focus_->OnSlotsChanged(now_, alice.peer, fill);
  EXPECT_THAT(HeadlinesTo<SlotMap>(alice.jid), SizeIs(1)) << "no change";
}

TEST_F(FocusTest, PlainClientsHearNothingOfSlotsUntilTheyAsk) {
  const Caller dino = Join("dino@example/d", PlainOffer());
  const Caller bob = Join("bob@example/b");
  focus_->OnSlotsChanged(now_, dino.peer,
                         {{"audio", Spec(bob).contents[0].uplink->source}});
  EXPECT_THAT(HeadlinesTo<SlotMap>(dino.jid), IsEmpty());
  Do(dino, Receive());
  const auto maps = HeadlinesTo<SlotMap>(dino.jid);
  ASSERT_THAT(maps, SizeIs(1));
  EXPECT_THAT(maps[0].slots, ElementsAre(SlotMap::Slot{"audio", bob.id + "-a0",
                                                       bob.id, "microphone"},
                                         SlotMap::Slot{"video", "", "", ""}));
  Do(dino, Receive());
  EXPECT_THAT(HeadlinesTo<SlotMap>(dino.jid), SizeIs(1));
}

TEST_F(FocusTest, FactsOfUnknownPeersAreIgnored) {
  const rtp::PeerId nobody(99);
  focus_->OnPeerConnected(now_, nobody);
  focus_->OnPeerSilent(now_, nobody, true);
  focus_->OnPeerFailed(now_, nobody, PeerFailure::kConsentLost);
  focus_->OnSlotsChanged(now_, nobody, {});
  focus_->OnSpeakersChanged(now_, rtp::ConferenceId(99), {}, {});
  EXPECT_THAT(sink_.sent, IsEmpty());
}

// ---- speakers ----

class SpeakersTest : public FocusTest {
 protected:
  rtp::SourceId Microphone(const Caller& caller) const {
    return Spec(caller).contents[0].uplink->source;
  }
};

TEST_F(SpeakersTest, AreToldByParticipant) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  focus_->OnSpeakersChanged(now_, Spec(alice).conference, Microphone(bob),
                            {Microphone(bob), Microphone(alice)});
  const Speakers expected{bob.id, {bob.id, alice.id}};
  EXPECT_THAT(HeadlinesTo<Speakers>(alice.jid), ElementsAre(expected));
  EXPECT_THAT(HeadlinesTo<Speakers>(bob.jid), ElementsAre(expected));
}

TEST_F(SpeakersTest, AreToldToWhoComesLater) {
  const Caller alice = Join("alice@example/a");
  focus_->OnSpeakersChanged(now_, Spec(alice).conference, Microphone(alice),
                            {});
  const Caller bob = JoinOnly("bob@example/b");
  EXPECT_THAT(HeadlinesTo<Speakers>(bob.jid),
              ElementsAre(Speakers{alice.id, {}}));
}

TEST_F(SpeakersTest, AreNotToldToNewcomersBeforeAnybodySpoke) {
  Join("alice@example/a");
  const Caller bob = JoinOnly("bob@example/b");
  EXPECT_THAT(HeadlinesTo<Speakers>(bob.jid), IsEmpty());
}

TEST_F(SpeakersTest, AreToldAtMostFiveTimesASecondAndNothingIsLost) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  for (int i = 0; i < 100; ++i) {
    const Caller& dominant = i % 2 == 0 ? alice : bob;
    focus_->OnSpeakersChanged(now_, Spec(alice).conference,
                              Microphone(dominant), {Microphone(dominant)});
    Advance(milliseconds(10));
  }
  Advance(seconds(1));
  const auto told = HeadlinesTo<Speakers>(alice.jid);
  EXPECT_LE(told.size(), 6U);
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told.back().dominant, bob.id);
}

// ---- wishes ----

TEST_F(FocusTest, ReceiveIsPassedOn) {
  const Caller alice = Join("alice@example/a", BundleOffer(1, 3));
  const Caller bob = Join("bob@example/b");
  Do(alice, Receive{{bob.id + "-v0"}, {{"2", 180}, {"3", 0}}});
  rtp::ReceiveSpec expected;
  expected.pins = {Spec(bob).contents[1].uplink->source};
  expected.limits = {{"2", 180}, {"3", 0}};
  EXPECT_THAT(media_.received[alice.peer], ElementsAre(expected));
}

TEST_F(FocusTest, PinOfASourceThatComesLaterIsAppliedThen) {
  const Caller alice = Join("alice@example/a", BundleOffer(1, 3));
  Caller bob = Join("bob@example/b");
  Do(alice, Receive{{bob.id + "-v1", bob.id + "-v0"}, {}});
  ASSERT_THAT(media_.received[alice.peer], SizeIs(1));
  const rtp::SourceId camera = Spec(bob).contents[1].uplink->source;
  EXPECT_THAT(media_.received[alice.peer].back().pins, ElementsAre(camera));

  Content screen = ChromiumVideo("screen", Senders::kInitiator);
  screen.transport = IceTransport();  // that of the bundle
  Do(bob, Jingle(JingleAction::kContentAdd, bob.sid, {screen}));
  Advance(seconds(1));
  ASSERT_THAT(Spec(bob).contents, SizeIs(3));
  const rtp::SourceId added = Spec(bob).contents[2].uplink->source;
  ASSERT_THAT(media_.received[alice.peer], SizeIs(2));
  EXPECT_THAT(media_.received[alice.peer].back().pins,
              ElementsAre(added, camera));
}

TEST_F(FocusTest, PinOfSomebodyWhoCalledAgainIsAppliedToTheNewSource) {
  const Caller alice = Join("alice@example/a");
  Caller bob = Join("bob@example/b");
  Do(alice, Receive{{bob.id + "-v0"}, {}});
  Caller again = MakeCaller("bob@example/b2");
  TryJoin(again, BundleOffer(), bob.token);
  Advance(seconds(1));
  ASSERT_THAT(media_.received[alice.peer], SizeIs(2));
  EXPECT_THAT(media_.received[alice.peer].back().pins,
              ElementsAre(Spec(again).contents[1].uplink->source));
}

TEST_F(FocusTest, SameWishesAreNotPassedOnTwice) {
  const Caller alice = Join("alice@example/a", BundleOffer(1, 3));
  Do(alice, Receive{{}, {{"2", 180}}});
  Do(alice, Receive{{}, {{"2", 180}}});
  EXPECT_THAT(media_.received[alice.peer], SizeIs(1));
  Do(alice, Receive());  // back to the defaults
  ASSERT_THAT(media_.received[alice.peer], SizeIs(2));
  EXPECT_EQ(media_.received[alice.peer].back(), rtp::ReceiveSpec());
}

TEST_F(FocusTest, LimitOfWhatIsNoSlotIsABadRequest) {
  const Caller alice = Join("alice@example/a");
  EXPECT_THAT(Call(alice.jid, kRoom, Receive{{}, {{"7", 180}}}),
              IsError("modify", "bad-request", ""));
  EXPECT_THAT(media_.received, IsEmpty());
}

TEST_F(FocusTest, PublishOfWhatIsNotSentIsABadRequestAndChangesNothing) {
  const Caller alice = Join("alice@example/a", BundleOffer(1, 3));
  const Caller bob = Join("bob@example/b");
  const int before = media_.updates;
  // One that is good, then: no such content; only received; wrong medium.
  for (const Publish::Source& bad :
       {Publish::Source{"7", "", true}, Publish::Source{"2", "", true},
        Publish::Source{"0", "screen", true},
        Publish::Source{"1", "microphone", true}}) {
    EXPECT_THAT(Call(alice.jid, kRoom, Publish{{{"0", "", true}, bad}}),
                IsError("modify", "bad-request", ""));
  }
  Advance(seconds(1));
  EXPECT_EQ(media_.updates, before);
  EXPECT_THAT(RostersTo(bob.jid), IsEmpty());
}

TEST_F(FocusTest, RequestsOfWhoIsNotInTheRoomAreNotFound) {
  Join("alice@example/a");
  const Jid bob = J("bob@example/b");
  EXPECT_THAT(Call(bob, kRoom, Receive()),
              IsError("cancel", "item-not-found", ""));
  EXPECT_THAT(Call(bob, kRoom, Publish()),
              IsError("cancel", "item-not-found", ""));
  EXPECT_THAT(Call(bob, kRoom, SetName{"Bob"}),
              IsError("cancel", "item-not-found", ""));
  EXPECT_THAT(Call(bob, kRoom, Resume{"token", "sid"}),
              IsError("cancel", "item-not-found", ""));
}

// A name means one source for as long as its owner is there.
TEST_F(FocusTest, SourceKeepsItsNameWhileAnotherIsOff) {
  SessionDescription offer = BundleOffer();
  offer.contents.push_back(ChromiumVideo("2", Senders::kInitiator));
  offer.groups = {BundleOf(offer.contents)};
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b", offer);
  Do(bob, Publish{{{"2", "screen", std::nullopt}}});
  Do(alice, Receive{{bob.id + "-v1"}, {}});
  const rtp::SourceId screen = Spec(bob).contents[2].uplink->source;
  Advance(seconds(1));
  Do(bob, Jingle(JingleAction::kContentModify, bob.sid,
                 {Named("1", Senders::kNone)}));
  Advance(seconds(1));
  EXPECT_THAT(
      Seen(alice.jid, bob.id)->sources,
      ElementsAre(RosterSource{bob.id + "-a0", "audio", "microphone", false},
                  RosterSource{bob.id + "-v1", "video", "screen", false}));
  EXPECT_THAT(media_.received[alice.peer].back().pins, ElementsAre(screen));
}

// ---- calling again ----

TEST_F(FocusTest, SecondCallOfTheSameJidReplacesTheFirst) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Caller again = MakeCaller("bob@example/b");
  EXPECT_THAT(TryJoin(again, BundleOffer()), IsResult());
  const auto reason = EndOf(bob.jid);
  ASSERT_TRUE(reason.has_value());
  EXPECT_EQ(reason->condition, "alternative-session");
  EXPECT_EQ(reason->alternative_sid, again.sid);
  EXPECT_EQ(OneTo(bob.jid, JingleAction::kSessionTerminate)->sid, bob.sid);
  EXPECT_EQ(OneTo(bob.jid, JingleAction::kSessionAccept)->sid, again.sid);
  EXPECT_THAT(media_.removed, ElementsAre(bob.peer));
  EXPECT_TRUE(IsServed(again));
  EXPECT_EQ(focus_->participants(), 2U);
  // To the others nobody left and nobody came.
  EXPECT_EQ(again.id, bob.id);
  for (const Roster& roster : RostersTo(alice.jid)) {
    EXPECT_THAT(roster.left, IsEmpty());
  }
  EXPECT_THAT(CompleteRosterTo(bob.jid)->participants, SizeIs(2));
}

TEST_F(FocusTest, CallWithATokenFromAnotherJidTakesOverTheParticipant) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Do(bob, SetName{"Robert"});
  Advance(seconds(1));
  sink_.sent.clear();
  Caller again = MakeCaller("f3c1@guest.example/x");
  EXPECT_THAT(TryJoin(again, BundleOffer(), bob.token), IsResult());
  EXPECT_EQ(again.id, bob.id);
  EXPECT_EQ(again.token, bob.token);
  const auto reason = EndOf(bob.jid);
  ASSERT_TRUE(reason.has_value()) << "the old one is to know";
  EXPECT_EQ(reason->condition, "alternative-session");
  EXPECT_EQ(reason->alternative_sid, again.sid);
  EXPECT_THAT(media_.removed, ElementsAre(bob.peer));
  EXPECT_FALSE(EndOf(again.jid).has_value());
  EXPECT_EQ(Seen(again.jid, again.id)->name, "Robert");
  EXPECT_THAT(CompleteRosterTo(again.jid)->participants, SizeIs(2));
  EXPECT_THAT(Call(bob, Jingle(JingleAction::kSessionInfo, bob.sid)),
              IsError("cancel", "item-not-found", "unknown-session"));
  EXPECT_TRUE(IsIn(again));
}

TEST_F(FocusTest, CallWithAnUnknownTokenIsACallLikeAnother) {
  const Caller alice = Join("alice@example/a");
  Caller bob = MakeCaller("bob@example/b");
  EXPECT_THAT(TryJoin(bob, BundleOffer(), "no such token"), IsResult());
  EXPECT_NE(bob.id, alice.id);
  EXPECT_NE(bob.token, "no such token");
  EXPECT_EQ(focus_->participants(), 2U);
}

TEST_F(FocusTest, TokenOfAnotherRoomTakesNothingOver) {
  const Caller alice = Join("alice@example/a");
  Caller bob = MakeCaller("bob@example/b", "other@sfu.example");
  EXPECT_THAT(TryJoin(bob, BundleOffer(), alice.token), IsResult());
  EXPECT_TRUE(IsServed(alice));
  EXPECT_EQ(focus_->participants(), 2U);
}

// An address is in a room once: who is there already cannot take another's
// place as well.
TEST_F(FocusTest, CallWithAnothersTokenFromWhoIsThereMakesNoTwo) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  for (const auto& [jid, token] :
       {std::pair(alice.jid, bob.token), std::pair(bob.jid, alice.token)}) {
    Caller again = MakeCaller(jid.ToString());
    sink_.sent.clear();
    const Iq answer = TryJoin(again, BundleOffer(), token);
    EXPECT_THAT(answer, IsError("modify", "bad-request", ""));
    EXPECT_FALSE(EndOf(alice.jid).has_value());
    EXPECT_FALSE(EndOf(bob.jid).has_value());
  }
  EXPECT_EQ(focus_->participants(), 2U);
}

TEST_F(FocusTest, RefusedSecondCallLeavesTheFirst) {
  const Caller alice = Join("alice@example/a");
  Caller again = MakeCaller("alice@example/a");
  SessionDescription offer = BundleOffer();
  for (Content& content : offer.contents) {
    content.transport->fingerprint.reset();
  }
  EXPECT_THAT(TryJoin(again, offer), IsResult());
  EXPECT_EQ(EndOf(alice.jid)->condition, "security-error");
  EXPECT_EQ(OneTo(alice.jid, JingleAction::kSessionTerminate)->sid, again.sid);
  EXPECT_TRUE(IsServed(alice));
  EXPECT_TRUE(IsIn(alice));
}

TEST_F(FocusTest, FullServerLeavesTheFirstCall) {
  const Caller alice = Join("alice@example/a");
  media_.full = true;
  Caller again = MakeCaller("alice@example/a");
  EXPECT_THAT(TryJoin(again, BundleOffer()),
              IsError("wait", "resource-constraint", ""));
  EXPECT_TRUE(IsIn(alice));
}

// ---- how much anybody may ask for ----

TEST_F(FocusTest, FiftyStanzasAtOnceThenTwentyASecond) {
  const Jid alice = J("alice@example/a");
  for (int i = 0; i < 50; ++i) {
    ASSERT_THAT(Call(alice, kRoom, Ping(), IqType::kGet), IsResult()) << i;
  }
  EXPECT_THAT(Call(alice, kRoom, Ping(), IqType::kGet),
              IsError("wait", "resource-constraint", ""));
  EXPECT_THAT(Call(J("bob@example/b"), kRoom, Ping(), IqType::kGet),
              IsResult());
  Advance(seconds(1));
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(Call(alice, kRoom, Ping(), IqType::kGet), IsResult()) << i;
  }
  EXPECT_THAT(Call(alice, kRoom, Ping(), IqType::kGet),
              IsError("wait", "resource-constraint", ""));
  Advance(seconds(3));
  for (int i = 0; i < 50; ++i) {
    ASSERT_THAT(Call(alice, kRoom, Ping(), IqType::kGet), IsResult()) << i;
  }
}

TEST_F(FocusTest, LimitOfStanzasIsNotForgottenWhileItIsUsed) {
  const Jid alice = J("alice@example/a");
  for (int i = 0; i < 50; ++i) Call(alice, kRoom, Ping(), IqType::kGet);
  for (int second = 0; second < 120; ++second) {
    Advance(seconds(1));
    for (int i = 0; i < 20; ++i) {
      ASSERT_THAT(Call(alice, kRoom, Ping(), IqType::kGet), IsResult());
    }
    ASSERT_THAT(Call(alice, kRoom, Ping(), IqType::kGet),
                IsError("wait", "resource-constraint", ""));
    sink_.sent.clear();
  }
}

TEST_F(FocusTest, NothingIsDueWhenNobodyIsThere) {
  Call(J("alice@example/a"), kRoom, Ping(), IqType::kGet);
  Say(J("bob@example/b"), kRoom, PresenceType::kAvailable, "Bob");
  Advance(seconds(600));
  EXPECT_EQ(focus_->NextDeadline(), rtp::kNever);
}

TEST_F(FocusTest, PresencesCountAsStanzas) {
  const Jid alice = J("alice@example");
  for (int i = 0; i < 60; ++i) Say(alice, kRoom, PresenceType::kProbe);
  EXPECT_THAT(PresencesTo(alice), SizeIs(50));
}

class TrickleTest : public FocusTest {
 protected:
  TrickleTest() {
    alice_ = Join("alice@example/a");
    while (Call(alice_.jid, kRoom, Ping(), IqType::kGet).type ==
           IqType::kResult) {
    }
    sink_.sent.clear();
  }
  JingleMessage Trickle(IceTransport transport, std::string content = "0") {
    Content named = Named(std::move(content));
    named.transport = std::move(transport);
    return Jingle(JingleAction::kTransportInfo, alice_.sid, {named});
  }

  Caller alice_;
};

TEST_F(TrickleTest, CandidatesOverTheRateAreAcked) {
  IceTransport transport;
  transport.candidates.resize(1);
  EXPECT_THAT(Call(alice_, Trickle(transport)), IsResult());
  transport.ufrag = "ufrag-bundle";  // as stanza.js ends, without a password
  transport.gathering_complete = true;
  EXPECT_THAT(Call(alice_, Trickle(transport)), IsResult());
  transport.pwd = "password-of-the-client-bundle";
  EXPECT_THAT(Call(alice_, Trickle(transport)), IsResult());
  EXPECT_THAT(sink_.sent, SizeIs(3)) << "the acks alone";
  EXPECT_THAT(media_.restarts, IsEmpty());
}

TEST_F(TrickleTest, RestartOverTheRateIsNotLostInSilence) {
  IceTransport transport = ClientTransport("new");
  EXPECT_THAT(Call(alice_, Trickle(transport)),
              IsError("wait", "resource-constraint", ""));
  // A new password alone: when it is handled, below, it is a restart.
  transport.ufrag = "ufrag-bundle";
  EXPECT_THAT(Call(alice_, Trickle(transport)),
              IsError("wait", "resource-constraint", ""));
  EXPECT_THAT(media_.restarts, IsEmpty());
  Advance(seconds(1));
  EXPECT_THAT(Call(alice_, Trickle(transport)), IsResult());
  EXPECT_THAT(media_.restarts, SizeIs(1));
}

TEST_F(TrickleTest, OthersAndOtherSessionsGetTheError) {
  JingleMessage other = Trickle(IceTransport());
  other.sid = "other";
  EXPECT_THAT(Call(alice_, other), IsError("wait", "resource-constraint", ""));
  EXPECT_THAT(Call(alice_, Trickle(IceTransport(), "7")),
              IsError("wait", "resource-constraint", ""));
  EXPECT_THAT(Call(J("bob@example/b"), kRoom, Trickle(IceTransport())),
              IsError("cancel", "item-not-found", "unknown-session"));
}

TEST_F(FocusTest, FiveCallsAMinute) {
  for (int i = 0; i < 5; ++i) {
    Caller alice = MakeCaller("alice@example/a");
    ASSERT_THAT(TryJoin(alice, BundleOffer()), IsResult()) << i;
  }
  Caller alice = MakeCaller("alice@example/a");
  EXPECT_THAT(TryJoin(alice, BundleOffer()),
              IsError("wait", "resource-constraint", ""));
  Caller bob = MakeCaller("bob@example/b");
  EXPECT_THAT(TryJoin(bob, BundleOffer()), IsResult());
  Advance(seconds(61));
  EXPECT_THAT(TryJoin(alice, BundleOffer()), IsResult());
}

TEST_F(FocusTest, TwoRoomsPerJid) {
  Join("alice@example/a", BundleOffer(), "one@sfu.example");
  const Caller two = Join("alice@example/a", BundleOffer(), "two@sfu.example");
  Caller three = MakeCaller("alice@example/a", "three@sfu.example");
  EXPECT_THAT(TryJoin(three, BundleOffer()),
              IsError("wait", "resource-constraint", ""));
  EXPECT_EQ(focus_->rooms(), 2U);
  // Again in one of them is no third.
  Caller again = MakeCaller("alice@example/a", "two@sfu.example");
  EXPECT_THAT(TryJoin(again, BundleOffer()), IsResult());
  Do(again, Jingle(JingleAction::kSessionTerminate, again.sid));
  EXPECT_THAT(TryJoin(three, BundleOffer()), IsResult());
}

TEST_F(FocusTest, RoomIsFull) {
  Focus::Config config = DefaultConfig();
  config.max_participants_per_room = 2;
  Make(std::move(config));
  Join("alice@example/a");
  const Caller bob = Join("bob@example/b");
  Caller carol = MakeCaller("carol@example/c");
  EXPECT_THAT(TryJoin(carol, BundleOffer()),
              IsError("wait", "resource-constraint", ""));
  Caller again = MakeCaller("bob@example/b2");
  EXPECT_THAT(TryJoin(again, BundleOffer(), bob.token), IsResult())
      << "who takes a place over needs none";
  Do(again, Jingle(JingleAction::kSessionTerminate, again.sid));
  EXPECT_THAT(TryJoin(carol, BundleOffer()), IsResult());
}

TEST_F(FocusTest, ServerHasNoMoreRooms) {
  Focus::Config config = DefaultConfig();
  config.max_rooms = 1;
  Make(std::move(config));
  Join("alice@example/a");
  Caller bob = MakeCaller("bob@example/b", "other@sfu.example");
  EXPECT_THAT(TryJoin(bob, BundleOffer()),
              IsError("wait", "resource-constraint", ""));
  bob.room = kRoom;
  EXPECT_THAT(TryJoin(bob, BundleOffer()), IsResult());
}

TEST_F(FocusTest, ServerIsFull) {
  media_.full = true;
  Caller alice = MakeCaller("alice@example/a");
  EXPECT_THAT(TryJoin(alice, BundleOffer()),
              IsError("wait", "resource-constraint", ""));
  EXPECT_EQ(focus_->rooms(), 0U);
  EXPECT_THAT(media_.removed, IsEmpty());
  media_.full = false;
  EXPECT_THAT(TryJoin(alice, BundleOffer()), IsResult());
}

}  // namespace
}  // namespace signaling
