// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signaling {
namespace {

using ::testing::IsEmpty;

TEST(RoomName, IsLowerCaseLettersDigitsAndSigns) {
  for (const char* name :
       {"a", "0", "standup", "team-2_b.c", "-", "_", ".", "9lives"}) {
    EXPECT_TRUE(IsRoomName(name)) << name;
  }
  for (const char* name :
       {"", " ", "Standup", "a b", "a@b", "a/b", "a\n", "a'b", "a&b", "a:b",
        "r\xC3\xA9union", "a%20b", "a+b", "a\\b"}) {
    EXPECT_FALSE(IsRoomName(name)) << name;
  }
  EXPECT_FALSE(IsRoomName(std::string("a\0b", 3)));
}

TEST(RoomName, OfEveryByteOnlyThoseThatAreAllowed) {
  int allowed = 0;
  for (int c = 0; c < 256; ++c) {
    if (IsRoomName(std::string(1, static_cast<char>(c)))) ++allowed;
  }
  EXPECT_EQ(allowed, 26 + 10 + 3);
}

TEST(RoomName, HasAtMost64Characters) {
  EXPECT_TRUE(IsRoomName(std::string(64, 'a')));
  EXPECT_FALSE(IsRoomName(std::string(65, 'a')));
}

TEST(CleanName, LeavesANameAlone) {
  for (const char* name :
       {"Alice", "Alice B.", "Zo\xC3\xAB", "\xE6\x9D\x8E\xE6\x98\x8E",
        "\xF0\x9F\x98\x80", "<b>&'\"", "a  b"}) {
    EXPECT_EQ(CleanName(name), name);
  }
}

TEST(CleanName, DropsControlCharacters) {
  EXPECT_EQ(CleanName(std::string("A\0l\x01i\x1F"
                                  "c\x7F"
                                  "e\t\r\n",
                                  13)),
            "Alice");
}

// U+0080 to U+009F are controls as well (Unicode's category Cc).
TEST(CleanName, DropsTheUpperControlCharacters) {
  EXPECT_EQ(CleanName("A\xC2\x85"
                      "B\xC2\x9B"
                      "C\xC2\x80\xC2\x9F\xC2\xA0"
                      "D"),
            "ABC\xC2\xA0"
            "D");
}

TEST(CleanName, CutsAfter64Characters) {
  EXPECT_EQ(CleanName(std::string(64, 'x')), std::string(64, 'x'));
  EXPECT_EQ(CleanName(std::string(65, 'x')), std::string(64, 'x'));
  EXPECT_EQ(CleanName(std::string(10000, 'x')), std::string(64, 'x'));
}

TEST(CleanName, CountsCharactersNotBytesAndCutsNoneInTwo) {
  for (const std::string character :
       {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    std::string name;
    for (int i = 0; i < 64; ++i) name += character;
    EXPECT_EQ(CleanName(name), name);
    EXPECT_EQ(CleanName(name + character), name);
    EXPECT_EQ(CleanName(name + "x"), name);
  }
}

TEST(CleanName, DoesNotCountWhatItDrops) {
  EXPECT_EQ(CleanName(std::string(100, '\t') + std::string(64, 'x')),
            std::string(64, 'x'));
}

TEST(CleanName, HasNoSpacesAround) {
  EXPECT_EQ(CleanName("  Alice B. "), "Alice B.");
  EXPECT_EQ(CleanName("\t Alice \n"), "Alice");
}

TEST(CleanName, IsEmptyIfNothingIsLeft) {
  EXPECT_EQ(CleanName(""), "");
  EXPECT_EQ(CleanName("   "), "");
  EXPECT_EQ(CleanName("\x01\n\x7F"), "");
}

TEST(Describe, TellsIdAndNameOfOneWithoutASession) {
  Participant participant;
  participant.id = "p7k2m4";
  participant.name = "Alice";
  participant.jid = Jid{"alice", "example", "phone"};
  participant.resume_token = "secret";
  EXPECT_THAT(SourcesOf(participant), IsEmpty());
  const RosterParticipant expected{"p7k2m4", "Alice", false, {}};
  EXPECT_EQ(Describe(participant), expected);
}

TEST(Describe, IsAwayWhenSilentOrWithoutAnAddress) {
  Participant participant;
  EXPECT_FALSE(Describe(participant).away);
  participant.away = true;
  EXPECT_TRUE(Describe(participant).away);
  participant.away = false;
  participant.ends_at = rtp::Timestamp(std::chrono::seconds(30));
  EXPECT_TRUE(Describe(participant).away);
}

}  // namespace
}  // namespace signaling
