// SPDX-License-Identifier: GPL-3.0-or-later
// Who may come into a room, as the focus enforces it.
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FocusPolicyTest : public FocusTest {
 protected:
  // Rooms: open, board (members), secret (password), house (a domain).
  static Focus::Config PolicyConfig() {
    Focus::Config config = DefaultConfig();
    config.policy.create = Access::kMembers;
    config.policy.create_members = {J("maker@example.org")};
    config.policy.rooms["open"] = {};
    RoomPolicy& board = config.policy.rooms["board"];
    board.access = Access::kMembers;
    board.members = {J("member@example.org")};
    board.moderators = {J("boss@example.org")};
    board.max_participants = 2;
    RoomPolicy& secret = config.policy.rooms["secret"];
    secret.access = Access::kPassword;
    secret.password = "correct horse";
    RoomPolicy& house = config.policy.rooms["house"];
    house.access = Access::kDomains;
    house.domains = {"example.org"};
    RoomPolicy& locked = config.policy.rooms["locked"];
    locked.locked = true;
    locked.moderators = {J("boss@example.org")};
    return config;
  }
  FocusPolicyTest() { Make(PolicyConfig()); }

  static std::string Room(const std::string& name) {
    return name + "@sfu.example";
  }
  Iq Try(const std::string& jid, const std::string& room,
         std::string password = {}) {
    Caller caller = MakeCaller(jid, Room(room));
    JingleMessage message = Jingle(JingleAction::kSessionInitiate, caller.sid);
    message.description = BundleOffer();
    message.password = std::move(password);
    return Call(caller.jid, caller.room, std::move(message));
  }
  uint64_t Refused(std::string_view word) const {
    const auto& counts = focus_->stats().refusals;
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts.word(i) == word) return counts.count(i);
    }
    return 0;
  }
};

TEST_F(FocusPolicyTest, OpensNoRoomForWhoMayNot) {
  EXPECT_THAT(Try("x@example.org/1", "new"), IsError("auth", "forbidden", ""));
  EXPECT_EQ(focus_->rooms(), 0u);
  EXPECT_THAT(media_.allocated, IsEmpty());
  EXPECT_EQ(Refused("may_not_create"), 1u);
  EXPECT_THAT(Try("maker@example.org/1", "new"), IsResult());
  // It is there now, and its access is by default that of anyone.
  EXPECT_THAT(Try("x@example.org/1", "new"), IsResult());
}

TEST_F(FocusPolicyTest, LetsIntoARoomWhomItsPolicyNames) {
  EXPECT_THAT(Try("x@guest.example/1", "open"), IsResult());
  const Iq stranger = Try("x@example.org/1", "board");
  EXPECT_THAT(stranger, IsError("auth", "forbidden", ""));
  EXPECT_EQ(stranger.error->text, "you may not enter this room");
  EXPECT_THAT(Try("member@example.org/1", "board"), IsResult());
  EXPECT_THAT(Try("y@guest.example/1", "house"),
              IsError("auth", "forbidden", ""));
  EXPECT_THAT(Try("y@example.org/1", "house"), IsResult());
  EXPECT_EQ(Refused("not_invited"), 2u);
}

TEST_F(FocusPolicyTest, AsksForAPassword) {
  const Iq without = Try("x@guest.example/1", "secret");
  EXPECT_THAT(without, IsError("auth", "not-authorized", ""));
  EXPECT_THAT(Try("x@guest.example/1", "secret", "wrong horse"),
              IsError("auth", "not-authorized", ""));
  EXPECT_EQ(focus_->rooms(), 0u);
  EXPECT_THAT(Try("x@guest.example/1", "secret", "correct horse"), IsResult());
  EXPECT_EQ(Refused("password_needed"), 1u);
  EXPECT_EQ(Refused("password_wrong"), 1u);
}

TEST_F(FocusPolicyTest, LimitsHowOftenAPasswordIsTried) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(Try("x@guest.example/1", "secret", "wrong horse"),
                IsError("auth", "not-authorized", ""));
  }
  EXPECT_THAT(Try("x@guest.example/1", "secret", "correct horse"),
              IsError("wait", "resource-constraint", ""));
  // Another resource of the same account does not help to guess.
  EXPECT_THAT(Try("x@guest.example/2", "secret", "other horse"),
              IsError("wait", "resource-constraint", ""));
  EXPECT_THAT(Try("x@guest.example/3", "secret", "correct horse"),
              IsError("wait", "resource-constraint", ""));
  EXPECT_THAT(Try("y@guest.example/1", "secret", "correct horse"), IsResult());
  Advance(seconds(61));
  EXPECT_THAT(Try("x@guest.example/1", "secret", "correct horse"), IsResult());
}

TEST_F(FocusPolicyTest, LetsOnlyModeratorsIntoALockedRoom) {
  const Iq refused = Try("x@guest.example/1", "locked");
  EXPECT_THAT(refused, IsError("auth", "forbidden", ""));
  EXPECT_EQ(refused.error->text, "the room is locked");
  EXPECT_THAT(Try("boss@example.org/1", "locked"), IsResult());
  EXPECT_THAT(Try("x@guest.example/1", "locked"),
              IsError("auth", "forbidden", ""));
}

TEST_F(FocusPolicyTest, ARoomIsFullByItsOwnLimit) {
  EXPECT_THAT(Try("member@example.org/1", "board"), IsResult());
  EXPECT_THAT(Try("member@example.org/2", "board"), IsResult());
  EXPECT_THAT(Try("boss@example.org/1", "board"),
              IsError("wait", "resource-constraint", ""));
  EXPECT_EQ(Refused("room_full"), 1u);
}

TEST_F(FocusPolicyTest, WhoIsInMayCallAgainWithoutThePassword) {
  Caller caller = MakeCaller("x@guest.example/1", Room("secret"));
  JingleMessage message = Jingle(JingleAction::kSessionInitiate, caller.sid);
  message.description = BundleOffer();
  message.password = "correct horse";
  EXPECT_THAT(Call(caller.jid, caller.room, message), IsResult());
  caller.token = CompleteRosterTo(caller.jid)->resume;
  EXPECT_THAT(Try("x@guest.example/1", "secret"), IsResult());
  Caller moved = MakeCaller("z@guest.example/9", Room("secret"));
  EXPECT_THAT(TryJoin(moved, BundleOffer(), "not the token"),
              IsError("auth", "not-authorized", ""));
  EXPECT_THAT(TryJoin(moved, BundleOffer(), caller.token), IsResult());
}

TEST_F(FocusPolicyTest, ClosedRoomsAreNotWatchedByStrangers) {
  const struct {
    const char* room;
    const char* who;
    bool may;
  } rows[] = {
      {"open", "x@guest.example", true},     {"board", "x@example.org", false},
      {"board", "member@example.org", true}, {"secret", "x@example.org", false},
      {"house", "x@guest.example", false},   {"house", "x@example.org", true},
      {"locked", "x@example.org", true},     {"new", "x@example.org", false},
      {"new", "maker@example.org", true}};
  for (const auto& row : rows) {
    sink_.sent.clear();
    Say(J(row.who), J(Room(row.room)), PresenceType::kSubscribe);
    const auto answers = PresencesTo(J(row.who));
    ASSERT_EQ(answers.size(), row.may ? 2u : 1u) << row.room << row.who;
    EXPECT_EQ(answers[0].type, row.may ? PresenceType::kSubscribed
                                       : PresenceType::kUnsubscribed);
    sink_.sent.clear();
    Say(J(row.who), J(Room(row.room)), PresenceType::kProbe);
    EXPECT_EQ(PresencesTo(J(row.who)).size(), row.may ? 1u : 0u);
  }
}

}  // namespace
}  // namespace signaling
