// SPDX-License-Identifier: GPL-3.0-or-later
// What the occupant makes of others.
#include "tests/signaling/paired_muc_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using MucStandingTest = PairedMucTest;

TEST_F(MucStandingTest, NobodyHasVoiceBeforeItIsKnown) {
  Ask();
  EXPECT_FALSE(MaySend("alice@example/a"));
  Enter("alice", As(MucRole::kParticipant, "alice@example/a"));
  EXPECT_FALSE(MaySend("alice@example/a"));
  EnterSelf();
  EXPECT_TRUE(muc_.TakeChanged());
  EXPECT_TRUE(MaySend("alice@example/a"));
}

TEST_F(MucStandingTest, AMucThatIsSilentKeepsNobodyQuiet) {
  muc_.Begin(now_);
  Advance(seconds(9));
  EXPECT_FALSE(MaySend("alice@example/a"));
  Advance(seconds(1));
  EXPECT_TRUE(muc_.TakeChanged());
  EXPECT_TRUE(MaySend("alice@example/a"));
}

TEST_F(MucStandingTest, RolesAreRights) {
  Join();
  Enter("v", As(MucRole::kVisitor, "visitor@example/a"));
  Enter("p", As(MucRole::kParticipant, "participant@example/a"));
  Enter("m", As(MucRole::kModerator, "moderator@example/a"));
  Enter("o",
        As(MucRole::kVisitor, "owner@example/a", {}, MucAffiliation::kOwner));
  using Standing = PairedMuc::Standing;
  const auto of = [this](const char* jid) { return muc_.StandingOf(J(jid)); };
  EXPECT_EQ(of("visitor@example/a"), (Standing{false, false, false}));
  EXPECT_EQ(of("participant@example/a"), (Standing{true, false, false}));
  EXPECT_EQ(of("moderator@example/a"), (Standing{true, true, false}));
  EXPECT_EQ(of("owner@example/a"), (Standing{false, true, false}));
  EXPECT_EQ(of("nobody@example/a"), (Standing{true, false, false}));
}

TEST_F(MucStandingTest, WhoIsNotThereHasNoVoiceInAModeratedMuc) {
  Join(/*moderated=*/true);
  EXPECT_FALSE(MaySend("nobody@example/a"));
  Enter("p", As(MucRole::kParticipant, "nobody@example/a"));
  EXPECT_TRUE(MaySend("nobody@example/a"));
}

TEST_F(MucStandingTest, ModerationMayBegin) {
  Join();
  EXPECT_TRUE(MaySend("nobody@example/a"));
  Message message;
  message.from = kMuc;
  message.to = kSelf;
  message.payload = MucUser{{}, {104}, false};
  muc_.HandleMessage(now_, message);
  Answer(TakeRequest(), Info(true));
  EXPECT_TRUE(muc_.TakeChanged());
  EXPECT_FALSE(MaySend("nobody@example/a"));
  // What an occupant says is not of the MUC.
  message.from.resource = "mallory";
  muc_.HandleMessage(now_, message);
  EXPECT_THAT(sink_.sent, IsEmpty());
}

TEST_F(MucStandingTest, FullJidThenBareIfItIsOfOneAlone) {
  Join();
  Enter("phone", As(MucRole::kVisitor, "alice@example/phone"));
  EXPECT_FALSE(MaySend("alice@example/phone"));
  EXPECT_FALSE(MaySend("alice@example/laptop")) << "the same person";
  EXPECT_EQ(muc_.NickOf(J("alice@example/laptop")), "phone");
  Enter("desk", As(MucRole::kParticipant, "alice@example/desk"));
  EXPECT_FALSE(MaySend("alice@example/phone"));
  EXPECT_TRUE(MaySend("alice@example/desk"));
  EXPECT_EQ(muc_.NickOf(J("alice@example/laptop")), "") << "which of them?";
}

TEST_F(MucStandingTest, ClientsMayShareANick) {
  Join();
  MucUser both = As(MucRole::kVisitor, "alice@example/a");
  both.items.push_back(both.items[0]);
  both.items[1].jid = J("alice@example/b");
  Enter("alice", both);
  EXPECT_EQ(muc_.NickOf(J("alice@example/a")), "alice");
  EXPECT_EQ(muc_.NickOf(J("alice@example/b")), "alice");
  EXPECT_EQ(muc_.NickOf(J("alice@example/c")), "alice");
}

TEST_F(MucStandingTest, WhoCallsThroughTheMucIsKnownByHisNick) {
  Join();
  Enter("alice", As(MucRole::kVisitor));
  EXPECT_FALSE(MaySend("standup@muc.example/alice"));
  EXPECT_TRUE(MaySend("standup@muc.example/bob"));
}

TEST_F(MucStandingTest, HiddenJidsTellNothing) {
  Join();
  EXPECT_FALSE(muc_.hides_jids());
  Enter("alice", As(MucRole::kVisitor));
  EXPECT_TRUE(muc_.hides_jids());
  EXPECT_TRUE(MaySend("alice@example/a"));
}

TEST_F(MucStandingTest, OnlyNewsAreAChange) {
  Join();
  EXPECT_TRUE(muc_.TakeChanged());
  Enter("alice", As(MucRole::kVisitor, "alice@example/a"));
  EXPECT_TRUE(muc_.TakeChanged());
  Enter("alice", As(MucRole::kVisitor, "alice@example/a"));
  EXPECT_FALSE(muc_.TakeChanged()) << "only its status is another one";
  Enter("alice", As(MucRole::kParticipant, "alice@example/a"));
  EXPECT_TRUE(muc_.TakeChanged());
}

TEST_F(MucStandingTest, ANewNickKeepsItsRole) {
  Join(/*moderated=*/true);
  Enter("alice", As(MucRole::kParticipant, "alice@example/a"));
  MucUser renamed = As(MucRole::kParticipant, "alice@example/a", {303});
  renamed.items[0].nick = "queen";
  Exit("alice", renamed);
  EXPECT_TRUE(MaySend("alice@example/a")) << "not even for a moment";
  EXPECT_EQ(muc_.NickOf(J("alice@example/a")), "queen");
}

TEST_F(MucStandingTest, KickedAndBannedAreExpelled) {
  Join();
  for (const uint16_t status : std::vector<uint16_t>{301, 307, 321, 322}) {
    Enter("alice", As(MucRole::kParticipant, "alice@example/a"));
    Exit("alice", As(MucRole::kNone, "", {status}));
    const auto expelled = muc_.TakeExpelled();
    ASSERT_THAT(expelled, SizeIs(1)) << status;
    EXPECT_THAT(expelled[0].jids, ElementsAre(J("standup@muc.example/alice"),
                                              J("alice@example/a")));
    EXPECT_EQ(expelled[0].banned, status == 301);
  }
}

TEST_F(MucStandingTest, WhoLeavesOrLosesItsConnectionIsNot) {
  Join();
  for (const std::vector<uint16_t>& statuses :
       {std::vector<uint16_t>{}, {307, 333}}) {
    Enter("alice", As(MucRole::kParticipant, "alice@example/a"));
    Exit("alice", As(MucRole::kNone, "alice@example/a", statuses));
    EXPECT_THAT(muc_.TakeExpelled(), IsEmpty());
    EXPECT_EQ(muc_.occupants(), 0U);
  }
}

TEST_F(MucStandingTest, TheBannedStayOutUntilTheyAreLetIn) {
  Join();
  Enter("eve", As(MucRole::kParticipant, "eve@example/a"));
  MucUser banned =
      As(MucRole::kNone, "eve@example/a", {301}, MucAffiliation::kOutcast);
  Exit("eve", banned);
  EXPECT_TRUE(muc_.StandingOf(J("eve@example/other")).banned);
  EXPECT_FALSE(muc_.StandingOf(J("adam@example/a")).banned);
  Enter("eve", As(MucRole::kParticipant, "eve@example/a"));
  EXPECT_FALSE(muc_.StandingOf(J("eve@example/other")).banned);
}

TEST_F(MucStandingTest, AnAdminAsksWhoIsBanned) {
  Ask();
  sink_.sent.clear();
  EnterSelf(MucAffiliation::kAdmin);
  const Iq request = TakeRequest();
  EXPECT_EQ(request.to, kMuc);
  ASSERT_TRUE(std::holds_alternative<MucOutcasts>(request.payload));
  Answer(request, MucOutcasts{{J("eve@example"), J("bad.example")}});
  EXPECT_TRUE(muc_.TakeChanged());
  EXPECT_TRUE(muc_.StandingOf(J("eve@example/a")).banned);
  EXPECT_TRUE(muc_.StandingOf(J("anybody@bad.example/a")).banned);
  // Somebody who was never in is pardoned.
  Message message;
  message.from = kMuc;
  message.payload = As(MucRole::kNone, "eve@example");
  muc_.HandleMessage(now_, message);
  EXPECT_FALSE(muc_.StandingOf(J("eve@example/a")).banned);
}

}  // namespace
}  // namespace signaling
