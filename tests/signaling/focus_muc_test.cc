// SPDX-License-Identifier: GPL-3.0-or-later
// A room that is tied to a MUC: voice there is what may be sent here.
#include "signaling/focus.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const Jid kOccupant{"standup", "sfu.example", "focus"};
const Jid kMuc{"standup", "muc.example", ""};

class FocusMucTest : public FocusTest {
 protected:
  FocusMucTest() {
    Focus::Config config = DefaultConfig();
    config.paired_muc = "auto";
    config.muc_domain = "muc.example";
    Make(std::move(config));
  }

  // Answers what the focus has asked of the MUC.
  void AnswerInfo(bool moderated) {
    for (const Stanza& stanza : std::exchange(sink_.sent, {})) {
      const auto* asked = std::get_if<Iq>(&stanza);
      if (asked == nullptr || asked->to != kMuc) continue;
      Iq iq{IqType::kResult, asked->to, asked->from, asked->id, {}, {}};
      DiscoInfo info;
      info.features = {moderated ? "muc_moderated" : "muc_unmoderated"};
      iq.payload = std::move(info);
      focus_->HandleStanza(now_, iq);
    }
  }
  void SayOf(const std::string& nick, MucRole role, const std::string& jid,
             std::vector<uint16_t> statuses = {},
             PresenceType type = PresenceType::kAvailable,
             MucAffiliation affiliation = MucAffiliation::kNone) {
    Presence presence;
    presence.type = type;
    presence.from = {kMuc.local, kMuc.domain, nick};
    presence.to = kOccupant;
    presence.muc_user.emplace();
    presence.muc_user->items = {{affiliation, role, Jid::Parse(jid), ""}};
    presence.muc_user->statuses = std::move(statuses);
    focus_->HandleStanza(now_, presence);
  }
  // The focus enters; after what is told of others.
  void LetIn() {
    SayOf("focus", MucRole::kParticipant, kOccupant.ToString(), {110});
  }
  void Expel(const std::string& nick, const std::string& jid, uint16_t status) {
    SayOf(nick, MucRole::kNone, jid, {status}, PresenceType::kUnavailable,
          status == 301 ? MucAffiliation::kOutcast : MucAffiliation::kNone);
  }
  // Somebody calls first, and the focus is in the MUC.
  Caller Begin(bool moderated, const std::string& jid = "alice@example/a") {
    Caller caller = JoinOnly(jid);
    AnswerInfo(moderated);
    LetIn();
    return caller;
  }
  struct Sends {
    bool audio = false;
    bool video = false;
    bool operator==(const Sends&) const = default;
  };
  Sends SendsOf(const Caller& caller) const {
    Sends sends;
    for (const rtp::ContentSpec& content : Spec(caller).contents) {
      if (!content.uplink) continue;
      (content.kind == rtp::MediaKind::kAudio ? sends.audio : sends.video) =
          true;
    }
    return sends;
  }
  bool MaySend(const Caller& caller) const {
    const Sends sends = SendsOf(caller);
    EXPECT_EQ(sends.audio, sends.video);
    return sends.audio;
  }
  bool Moderates(const Caller& caller) const {
    for (const auto& [name, room] : focus_->all_rooms()) {
      for (const auto& participant : room->participants) {
        if (participant->jid == caller.jid) return participant->rights.moderate;
      }
    }
    return false;
  }
  // What the MUC's occupants see of the call, of what is in the sink.
  std::optional<Presence> Shown() const {
    std::optional<Presence> shown;
    for (const Stanza& stanza : sink_.sent) {
      const auto* presence = std::get_if<Presence>(&stanza);
      if (presence != nullptr && presence->to.Bare() == kMuc) shown = *presence;
    }
    return shown;
  }
};

TEST_F(FocusMucTest, NoneByDefault) {
  Make(DefaultConfig());
  const Caller alice = JoinOnly("alice@example/a");
  EXPECT_TRUE(MaySend(alice));
  for (const Stanza& stanza : sink_.sent) {
    std::visit([](const auto& s) { EXPECT_NE(s.to.Bare(), kMuc); }, stanza);
  }
}

TEST_F(FocusMucTest, JoinsWithTheFirstCallAndLeavesWithTheLast) {
  const Caller alice = JoinOnly("alice@example/a");
  EXPECT_FALSE(MaySend(alice)) << "before the MUC is known";
  AnswerInfo(/*moderated=*/false);
  const auto join = Shown();
  ASSERT_TRUE(join.has_value());
  EXPECT_TRUE(join->muc_join);
  EXPECT_EQ(join->from, kOccupant);
  LetIn();
  EXPECT_TRUE(MaySend(alice));
  sink_.sent.clear();
  Do(alice, Jingle(JingleAction::kSessionTerminate, alice.sid));
  const auto leave = Shown();
  ASSERT_TRUE(leave.has_value());
  EXPECT_EQ(leave->type, PresenceType::kUnavailable);
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusMucTest, OneForAllRooms) {
  Focus::Config config = DefaultConfig();
  config.paired_muc = "standup@muc.example";
  Make(std::move(config));
  const Caller alice =
      JoinOnly("alice@example/a", BundleOffer(), "other@sfu.example");
  AnswerInfo(/*moderated=*/false);
  ASSERT_TRUE(Shown().has_value());
  EXPECT_EQ(Shown()->from.ToString(), "other@sfu.example/focus");
}

TEST_F(FocusMucTest, WhoIsInTheCallAloneMaySendUnlessItIsModerated) {
  const Caller alice = Begin(/*moderated=*/false);
  EXPECT_TRUE(MaySend(alice));
  EXPECT_FALSE(Moderates(alice));
}

TEST_F(FocusMucTest, VoiceIsGivenAndTakenInTheMiddleOfACall) {
  const Caller alice = Begin(/*moderated=*/true);
  EXPECT_FALSE(MaySend(alice));
  const Caller bob = JoinOnly("bob@example/b");
  EXPECT_FALSE(MaySend(bob));
  SayOf("alice", MucRole::kVisitor, "alice@example/a");
  EXPECT_FALSE(MaySend(alice));
  SayOf("alice", MucRole::kParticipant, "alice@example/a");
  EXPECT_TRUE(MaySend(alice));
  EXPECT_FALSE(MaySend(bob));
  Advance(seconds(1));
  const auto seen = Seen(bob.jid, alice.id);
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(seen->sources, SizeIs(2)) << "others are told of her sources";
  SayOf("alice", MucRole::kVisitor, "alice@example/a");
  EXPECT_FALSE(MaySend(alice));
  Advance(seconds(1));
  EXPECT_THAT(Seen(bob.jid, alice.id)->sources, IsEmpty());
}

TEST_F(FocusMucTest, WhoJoinsHasHisVoiceAtOnce) {
  Begin(/*moderated=*/true);
  SayOf("bob", MucRole::kParticipant, "bob@example/b");
  SayOf("carol", MucRole::kModerator, "carol@example/c");
  EXPECT_TRUE(MaySend(JoinOnly("bob@example/b")));
  const Caller carol = JoinOnly("carol@example/c");
  EXPECT_TRUE(MaySend(carol));
  EXPECT_TRUE(Moderates(carol));
  SayOf("carol", MucRole::kParticipant, "carol@example/c");
  EXPECT_FALSE(Moderates(carol));
}

TEST_F(FocusMucTest, LeavingAModeratedMucTakesTheVoice) {
  const Caller alice = Begin(/*moderated=*/true);
  SayOf("alice", MucRole::kParticipant, "alice@example/a");
  EXPECT_TRUE(MaySend(alice));
  SayOf("alice", MucRole::kNone, "alice@example/a", {},
        PresenceType::kUnavailable);
  EXPECT_FALSE(MaySend(alice));
  EXPECT_EQ(EndOf(alice.jid), std::nullopt) << "she may go on listening";
}

TEST_F(FocusMucTest, KickedOutOfTheMucIsOutOfTheCall) {
  const Caller alice = Begin(/*moderated=*/false);
  const Caller bob = Join("bob@example/b");
  SayOf("bob", MucRole::kParticipant, "bob@example/b");
  Expel("bob", "bob@example/b", 307);
  const auto end = EndOf(bob.jid);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->condition, "decline");
  EXPECT_FALSE(IsServed(bob));
  EXPECT_TRUE(IsServed(alice));
  // A kick is no ban.
  EXPECT_TRUE(MaySend(JoinOnly("bob@example/b")));
}

TEST_F(FocusMucTest, AnotherClientOfTheKickedGoesUnlessItIsThereItself) {
  Begin(/*moderated=*/false);
  const Caller phone = Join("bob@example/phone");
  const Caller desk = Join("bob@example/desk");
  SayOf("bob", MucRole::kParticipant, "bob@example/phone");
  SayOf("bob2", MucRole::kParticipant, "bob@example/desk");
  Expel("bob", "bob@example/phone", 307);
  EXPECT_FALSE(IsServed(phone));
  EXPECT_TRUE(IsServed(desk));
  const Caller laptop = Join("bob@example/laptop");
  Expel("bob2", "bob@example/chat", 307);
  EXPECT_FALSE(IsServed(desk)) << "known from before";
  EXPECT_FALSE(IsServed(laptop));
}

TEST_F(FocusMucTest, TheBannedCannotCallAgain) {
  Begin(/*moderated=*/false);
  const Caller eve = Join("eve@example/e");
  Expel("eve", "eve@example/chat", 301);
  EXPECT_FALSE(IsServed(eve));
  Caller again = MakeCaller("eve@example/again");
  EXPECT_THAT(TryJoin(again, BundleOffer()), IsError("auth", "forbidden", ""));
}

TEST_F(FocusMucTest, TheBannedStayOutWhenTheRoomBeginsAnew) {
  const Caller eve = Begin(/*moderated=*/false, "eve@example/e");
  Expel("eve", "eve@example/e", 301);
  EXPECT_EQ(focus_->rooms(), 0U);
  Begin(/*moderated=*/false, "eve@example/again");
  ASSERT_TRUE(EndOf(J("eve@example/again")).has_value());
  EXPECT_EQ(EndOf(J("eve@example/again"))->condition, "decline");
  // She is let in again.
  const Caller back = JoinOnly("eve@example/back");
  AnswerInfo(/*moderated=*/false);
  SayOf("eve", MucRole::kParticipant, "eve@example/back");
  LetIn();
  EXPECT_TRUE(MaySend(back));
}

TEST_F(FocusMucTest, TheLastOneMayBeExpelled) {
  const Caller alice = Begin(/*moderated=*/false);
  Expel("alice", "alice@example/a", 307);
  EXPECT_FALSE(IsServed(alice));
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusMucTest, AMucThatDoesNotExistChangesNothing) {
  const Caller alice = JoinOnly("alice@example/a");
  for (const Stanza& stanza : std::exchange(sink_.sent, {})) {
    const auto* asked = std::get_if<Iq>(&stanza);
    if (asked == nullptr || asked->to != kMuc) continue;
    Iq iq{IqType::kError, asked->to, asked->from, asked->id, {}, {}};
    iq.error = StanzaError{"cancel", "item-not-found", "", ""};
    focus_->HandleStanza(now_, iq);
  }
  EXPECT_TRUE(MaySend(alice));
  EXPECT_FALSE(Shown().has_value());
}

TEST_F(FocusMucTest, VoiceOutlivesTheLink) {
  const Caller alice = Begin(/*moderated=*/true);
  SayOf("alice", MucRole::kParticipant, "alice@example/a");
  const Caller bob = Join("bob@example/b");
  focus_->OnXmppDown(now_);
  Advance(seconds(20));
  EXPECT_TRUE(MaySend(alice));
  EXPECT_FALSE(MaySend(bob));
  sink_.sent.clear();
  focus_->OnXmppUp(now_);
  AnswerInfo(/*moderated=*/true);
  ASSERT_TRUE(Shown().has_value());
  EXPECT_TRUE(Shown()->muc_join);
  SayOf("bob", MucRole::kParticipant, "bob@example/b");
  LetIn();
  EXPECT_FALSE(MaySend(alice)) << "she has not come back to the MUC";
  EXPECT_TRUE(MaySend(bob));
}

TEST_F(FocusMucTest, ResumedByAnotherAddressHeIsAnotherOccupant) {
  Begin(/*moderated=*/true);
  SayOf("bob", MucRole::kParticipant, "bob@guest.example/1");
  Caller bob = Join("bob@guest.example/1");
  EXPECT_TRUE(MaySend(bob));
  const Jid other = J("else@guest.example/2");
  EXPECT_THAT(Call(other, bob.room, Resume{bob.token, bob.sid}), IsResult());
  EXPECT_FALSE(MaySend(bob));
  SayOf("bob_", MucRole::kParticipant, other.ToString());
  EXPECT_TRUE(MaySend(bob));
}

TEST_F(FocusMucTest, CallsFromTheMucItself) {
  Begin(/*moderated=*/true);
  SayOf("bob", MucRole::kParticipant, "bob@example/b");
  const Caller bob = Join("standup@muc.example/bob");
  EXPECT_TRUE(MaySend(bob));
  Expel("bob", "bob@example/b", 307);
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(FocusMucTest, OthersCannotSpeakForTheMuc) {
  const Caller alice = Begin(/*moderated=*/true);
  Presence presence;
  presence.from = J("mallory@example/alice");
  presence.to = kOccupant;
  presence.muc_user.emplace();
  presence.muc_user->items = {
      {MucAffiliation::kOwner, MucRole::kModerator, alice.jid, ""}};
  focus_->HandleStanza(now_, presence);
  EXPECT_FALSE(MaySend(alice));
  EXPECT_FALSE(Moderates(alice));
}

TEST_F(FocusMucTest, ShowsWhoIsInTheCall) {
  const Caller alice = Begin(/*moderated=*/false);
  SayOf("queen", MucRole::kModerator, "alice@example/a");
  const Caller bob = JoinOnly("bob@example/b");
  sink_.sent.clear();
  focus_->OnSpeakersChanged(now_, focus_->all_rooms().at("standup")->conference,
                            Spec(alice).contents.at(0).uplink->source, {});
  Advance(seconds(1));
  const auto shown = Shown();
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->status, "2 in call");
  ASSERT_TRUE(shown->call.has_value());
  EXPECT_EQ(shown->call->room, "standup@sfu.example");
  EXPECT_EQ(shown->call->count, 2U);
  EXPECT_EQ(shown->call->dominant, alice.id);
  ASSERT_THAT(shown->call->participants, SizeIs(2));
  EXPECT_EQ(shown->call->participants[0].nick, "queen");
  EXPECT_EQ(shown->call->participants[0].as_told.id, alice.id);
  EXPECT_THAT(shown->call->participants[0].as_told.sources, SizeIs(2));
  EXPECT_EQ(shown->call->participants[1].nick, "");
  EXPECT_EQ(shown->call->participants[1].as_told.name, "bob");
  sink_.sent.clear();
  Do(bob, Jingle(JingleAction::kSessionTerminate, bob.sid));
  Advance(seconds(1));
  ASSERT_TRUE(Shown().has_value());
  EXPECT_EQ(Shown()->call->count, 1U);
}

}  // namespace
}  // namespace signaling
