// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/room_policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace sfu {
namespace {

using signaling::Access;
using signaling::Jid;
using signaling::RoomPolicy;
using testing::HasSubstr;

Jid J(std::string_view text) { return Jid::Parse(text).value(); }

std::string ErrorOf(const std::string& text) {
  return std::string(ParseRoomPolicy(text).status().message());
}

TEST(RoomPolicyFile, ReadsAll) {
  const auto policy = ParseRoomPolicy(R"({
    // who may open a room
    "create": {"access": "domains", "domains": ["Example.org"],
               "members": ["guest@other.example"]},
    "rooms": {"board": {"access": "members", "members": ["Bob@example.org"],
                        "max_participants": 5, "muc": "auto"},
              "open": {"access": "anyone", "locked": true,
                       "muc": "chat@muc.example.org"}},
    "default": {"access": "password", "password": "correct horse",
                "domains": ["a.example"], "moderators": ["boss@example.org"]}
  })");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->create, Access::kDomains);
  EXPECT_EQ(policy->create_domains, std::vector<std::string>{"example.org"});
  EXPECT_EQ(policy->create_members, std::vector<Jid>{J("guest@other.example")});
  RoomPolicy defaults;
  defaults.access = Access::kPassword;
  defaults.password = "correct horse";
  defaults.domains = {"a.example"};
  defaults.moderators = {J("boss@example.org")};
  EXPECT_EQ(policy->defaults, defaults);
  // A room's entry says what differs from the default, wherever that stands.
  RoomPolicy board = defaults;
  board.access = Access::kMembers;
  board.members = {J("bob@example.org")};
  board.max_participants = 5;
  board.muc = "auto";
  EXPECT_EQ(policy->rooms.at("board"), board);
  EXPECT_TRUE(policy->rooms.at("open").locked);
  EXPECT_EQ(policy->rooms.at("open").muc, "chat@muc.example.org");
}

TEST(RoomPolicyFile, AnEmptyOneIsThatOfNoFile) {
  const auto policy = ParseRoomPolicy("{}");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->create, Access::kAnyone);
  EXPECT_EQ(policy->defaults, RoomPolicy());
  EXPECT_TRUE(policy->rooms.empty());
}

TEST(RoomPolicyFile, TellsWhichKeyIsWrongAndWhatToDo) {
  const struct {
    const char* text;
    const char* key;
    const char* remedy;
  } rows[] = {
      {"", "no JSON", "correct"},
      {"{\"default\": {\"locked\": true}", "no JSON", "line 1"},
      {"[]", "\"\"", "{ }"},
      {R"({"defaults": {}})", "\"defaults\" is unknown", "create, default"},
      {R"({"default": {}, "default": {}})", "\"default\" is there twice", ""},
      {R"({"default": 1})", "\"default\" is no object", "{ }"},
      {R"({"default": {"acces": "anyone"}})", "\"default.acces\" is unknown",
       "access, domains"},
      {R"({"default": {"access": "all"}})", "\"default.access\" is \"all\"",
       "anyone, domains"},
      {R"({"create": {"access": "password"}})", "\"create.access\"",
       "domains or members"},
      {R"({"create": {"access": "domains"}})", "\"create.access\"",
       "give \"domains\""},
      {R"({"default": {"access": "domains"}})", "\"default.access\"",
       "give \"domains\""},
      {R"({"default": {"access": "password"}})", "\"default.access\"",
       "give \"password\""},
      {R"({"default": {"domains": "example.org"}})", "\"default.domains\"",
       "[\"example.org\""},
      {R"({"default": {"domains": ["a@example.org"]}})", "a@example.org",
       "[\"example.org\""},
      {R"({"default": {"members": ["example.org"]}})", "\"default.members\"",
       "alice@example.org"},
      {R"({"default": {"moderators": ["a@example.org/1"]}})",
       "\"default.moderators\"", "without resources"},
      {R"({"default": {"moderators": [7]}})", "has 7", "without resources"},
      {R"({"default": {"locked": "yes"}})", "\"default.locked\"",
       "true or false"},
      {R"({"default": {"max_participants": 0}})",
       "\"default.max_participants\"", "1 to 1000"},
      {R"({"default": {"max_participants": 2.5}})",
       "\"default.max_participants\"", "1 to 1000"},
      {R"({"rooms": {"Board": {}}})", "\"rooms.Board\"", "a-z"},
      {R"({"rooms": {"board": {"muc": "example.org"}}})", "\"rooms.board.muc\"",
       "auto"},
      {R"({"rooms": []})", "\"rooms\"", "{ \"name\""},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(ErrorOf(row.text), HasSubstr(row.key)) << row.text;
    EXPECT_THAT(ErrorOf(row.text), HasSubstr(row.remedy)) << row.text;
  }
}

TEST(RoomPolicyFile, DoesNotTellPasswords) {
  const std::string error =
      ErrorOf(R"({"rooms": {"board": {"password": "hunter2"}}})");
  EXPECT_THAT(error, HasSubstr("\"rooms.board.password\""));
  EXPECT_THAT(error, HasSubstr("8 to 256"));
  EXPECT_THAT(error, testing::Not(HasSubstr("hunter2")));
}

TEST(RoomPolicyFile, NamesTheFile) {
  const std::string path = testing::TempDir() + "/carillon_room_policy_test";
  std::ofstream(path) << R"({"default": {"locked": 1}})";
  EXPECT_THAT(std::string(ReadRoomPolicyFile(path).status().message()),
              HasSubstr(path + ": \"default.locked\""));
  EXPECT_THAT(
      std::string(ReadRoomPolicyFile(path + ".none").status().message()),
      HasSubstr("cannot read " + path + ".none"));
}

}  // namespace
}  // namespace sfu
