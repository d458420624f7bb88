// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace signaling {
namespace {

using testing::Optional;

Jid J(std::string_view text) { return Jid::Parse(text).value(); }

RoomPolicy Policy(Access access) {
  RoomPolicy policy;
  policy.access = access;
  policy.domains = {"example.org"};
  policy.members = {J("member@other.example")};
  policy.moderators = {J("boss@other.example")};
  policy.password = "correct horse";
  return policy;
}

TEST(RoomPolicy, TellsWhoMayEnter) {
  const auto yes = std::optional<Refusal>();
  const auto not_invited = std::optional(Refusal::kNotInvited);
  const auto needed = std::optional(Refusal::kPasswordNeeded);
  const auto wrong = std::optional(Refusal::kPasswordWrong);
  const struct {
    Access access;
    std::string_view jid;
    std::string_view password;
    std::optional<Refusal> why;
  } rows[] = {
      {Access::kAnyone, "x@guest.example/1", "", yes},
      {Access::kDomains, "x@guest.example/1", "", not_invited},
      {Access::kDomains, "x@example.org/1", "", yes},
      {Access::kDomains, "x@sub.example.org/1", "", not_invited},
      {Access::kDomains, "example.org@guest.example/1", "", not_invited},
      {Access::kDomains, "x@guest.example/example.org", "", not_invited},
      {Access::kDomains, "member@other.example/1", "", yes},
      {Access::kDomains, "boss@other.example/1", "", yes},
      {Access::kDomains, "x@guest.example/1", "correct horse", not_invited},
      {Access::kMembers, "x@example.org/1", "", not_invited},
      {Access::kMembers, "member@other.example/1", "", yes},
      {Access::kMembers, "member@other.example", "", yes},
      {Access::kMembers, "Member@other.example/1", "", not_invited},
      {Access::kMembers, "boss@other.example/1", "", yes},
      {Access::kPassword, "x@example.org/1", "", needed},
      {Access::kPassword, "x@example.org/1", "correct horsf", wrong},
      {Access::kPassword, "x@example.org/1", "correct hors", wrong},
      {Access::kPassword, "x@example.org/1", "correct horsee", wrong},
      {Access::kPassword, "x@example.org/1", "correct horse", yes},
      {Access::kPassword, "member@other.example/1", "", yes},
      {Access::kPassword, "boss@other.example/1", "", yes},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(WhyMayNotEnter(Policy(row.access), J(row.jid), row.password),
              row.why)
        << static_cast<int>(row.access) << " " << row.jid << " "
        << row.password;
  }
}

TEST(RoomPolicy, LetsOnlyModeratorsIntoALockedRoom) {
  for (const Access access : {Access::kAnyone, Access::kDomains,
                              Access::kMembers, Access::kPassword}) {
    RoomPolicy policy = Policy(access);
    policy.locked = true;
    for (const char* jid : {"x@example.org/1", "member@other.example/1"}) {
      EXPECT_THAT(WhyMayNotEnter(policy, J(jid), "correct horse"),
                  Optional(Refusal::kLocked))
          << jid;
    }
    EXPECT_FALSE(WhyMayNotEnter(policy, J("boss@other.example/1"), ""));
  }
}

TEST(RoomPolicy, TellsWhoMayCreate) {
  ServerPolicy policy;
  policy.create_domains = {"example.org"};
  policy.create_members = {J("maker@other.example")};
  policy.defaults.moderators = {J("boss@other.example")};
  policy.rooms["known"] = Policy(Access::kMembers);
  const struct {
    Access create;
    std::string_view name;
    std::string_view jid;
    bool may;
  } rows[] = {
      {Access::kAnyone, "new", "x@guest.example/1", true},
      {Access::kDomains, "new", "x@guest.example/1", false},
      {Access::kDomains, "new", "x@example.org/1", true},
      {Access::kDomains, "new", "maker@other.example/1", true},
      {Access::kMembers, "new", "x@example.org/1", false},
      {Access::kMembers, "new", "maker@other.example/1", true},
      {Access::kMembers, "new", "boss@other.example/1", true},
      // The operator has made that one; who may enter it is its own affair.
      {Access::kMembers, "known", "x@guest.example/1", true},
  };
  for (const auto& row : rows) {
    policy.create = row.create;
    EXPECT_EQ(MayCreate(policy, std::string(row.name), J(row.jid)), row.may)
        << row.name << " " << row.jid;
  }
}

TEST(RoomPolicy, IsThatOfTheRoomOrTheDefault) {
  ServerPolicy policy;
  policy.defaults.max_participants = 7;
  policy.rooms["known"].max_participants = 3;
  EXPECT_EQ(PolicyFor(policy, "known").max_participants, 3u);
  EXPECT_EQ(PolicyFor(policy, "other").max_participants, 7u);
}

TEST(RoomPolicy, NoPasswordOpensNothing) {
  EXPECT_FALSE(IsSecret("", ""));
  EXPECT_FALSE(IsSecret("x", ""));
  EXPECT_FALSE(IsSecret("", "x"));
  EXPECT_FALSE(IsSecret("xx", "x"));
  EXPECT_TRUE(IsSecret("x", "x"));
}

TEST(RoomPolicy, EachRefusalHasAWordAndAnError) {
  std::set<std::string> texts;
  for (size_t i = 0; i < kRefusalWords.size(); ++i) {
    const StanzaError error = ErrorOf(static_cast<Refusal>(i));
    EXPECT_FALSE(error.text.empty()) << i;
    texts.insert(error.text);
    const bool password = kRefusalWords[i].starts_with("password");
    EXPECT_EQ(error.condition == "not-authorized", password) << i;
  }
  EXPECT_EQ(texts.size(), kRefusalWords.size());
  EXPECT_EQ(kRefusalWords.back(), "kicked");
  EXPECT_EQ(static_cast<size_t>(Refusal::kKicked), kRefusalWords.size() - 1);
}

TEST(RoomPolicy, PasswordsAreNeitherShortNorOdd) {
  EXPECT_TRUE(IsRoomPassword("12345678"));
  EXPECT_FALSE(IsRoomPassword("1234567"));
  EXPECT_FALSE(IsRoomPassword("1234567\n8"));
  EXPECT_TRUE(IsRoomPassword(std::string(256, 'x')));
  EXPECT_FALSE(IsRoomPassword(std::string(257, 'x')));
}

}  // namespace
}  // namespace signaling
