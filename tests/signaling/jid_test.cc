// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "signaling/stanza.h"

namespace signaling {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(Jid, HasThreeParts) {
  EXPECT_THAT(Jid::Parse("a@example/r"), Optional(Jid{"a", "example", "r"}));
  EXPECT_THAT(Jid::Parse("a@example"), Optional(Jid{"a", "example", ""}));
  EXPECT_THAT(Jid::Parse("example"), Optional(Jid{"", "example", ""}));
  EXPECT_THAT(Jid::Parse("example/r"), Optional(Jid{"", "example", "r"}));
}

// RFC 7622 s3.2: the resource is what follows the first '/', whatever it has.
TEST(Jid, ResourceMayHoldSeparators) {
  EXPECT_THAT(Jid::Parse("a@example/b/c"),
              Optional(Jid{"a", "example", "b/c"}));
  EXPECT_THAT(Jid::Parse("example/b@c"), Optional(Jid{"", "example", "b@c"}));
  EXPECT_THAT(Jid::Parse("a@example/b@c/d"),
              Optional(Jid{"a", "example", "b@c/d"}));
  EXPECT_THAT(Jid::Parse("a@example//"), Optional(Jid{"a", "example", "/"}));
}

TEST(Jid, NeedsADomain) {
  for (const std::string_view text : {"", "@", "/", "a@", "/r", "a@/r", "@/"}) {
    EXPECT_THAT(Jid::Parse(text), Eq(std::nullopt)) << text;
  }
}

TEST(Jid, PartsHaveAtMost1023Bytes) {
  const std::string most(1023, 'x');
  const std::string more(1024, 'x');
  EXPECT_THAT(Jid::Parse(most + "@" + most + "/" + most),
              Optional(Jid{most, most, most}));
  EXPECT_THAT(Jid::Parse(more + "@b/c"), Eq(std::nullopt));
  EXPECT_THAT(Jid::Parse("a@" + more + "/c"), Eq(std::nullopt));
  EXPECT_THAT(Jid::Parse("a@b/" + more), Eq(std::nullopt));
}

TEST(Jid, IsWrittenAsItWasRead) {
  for (const std::string_view text :
       {"example", "a@example", "a@example/r", "example/r", "a@example/b@c/d",
        "juliet@example.com/b\xC3\xA4lcony", "a@[2001:db8::1]/r"}) {
    const std::optional<Jid> jid = Jid::Parse(text);
    ASSERT_TRUE(jid.has_value()) << text;
    EXPECT_EQ(jid->ToString(), text);
  }
}

TEST(Jid, BareHasNoResource) {
  EXPECT_EQ((Jid{"a", "example", "r"}.Bare()), (Jid{"a", "example", ""}));
  EXPECT_EQ((Jid{"a", "example", ""}.Bare()), (Jid{"a", "example", ""}));
  EXPECT_EQ((Jid{"", "example", "r"}.Bare()), (Jid{"", "example", ""}));
}

// The server has prepared what it routes; to us other octets are others.
TEST(Jid, IsComparedOctetByOctet) {
  EXPECT_NE(Jid::Parse("A@example/r"), Jid::Parse("a@example/r"));
  EXPECT_NE(Jid::Parse("a@Example/r"), Jid::Parse("a@example/r"));
  EXPECT_NE(Jid::Parse("a@example/R"), Jid::Parse("a@example/r"));
  EXPECT_NE(Jid::Parse("a@example"), Jid::Parse("a@example/r"));
  EXPECT_EQ(Jid::Parse("a@example/r"), Jid::Parse("a@example/r"));
  EXPECT_LT(Jid::Parse("a@example/a"), Jid::Parse("a@example/b"));
}

TEST(JidVectors, Rfc7622Examples) {
  // RFC 7622 s3.5, table 1, as far as no preparation is needed.
  EXPECT_THAT(Jid::Parse("juliet@example.com/foo@bar"),
              Optional(Jid{"juliet", "example.com", "foo@bar"}));
  EXPECT_THAT(Jid::Parse("foo\\20bar@example.com"),
              Optional(Jid{"foo\\20bar", "example.com", ""}));
  EXPECT_THAT(Jid::Parse("a.example.com/b@example.net"),
              Optional(Jid{"", "a.example.com", "b@example.net"}));
  EXPECT_THAT(Jid::Parse("king@example.com/\xE2\x99\x9A"),
              Optional(Jid{"king", "example.com", "\xE2\x99\x9A"}));
}

// RFC 7622 s3.3, s3.4: a part that is there has at least one byte.
TEST(JidVectors, Rfc7622RefusesEmptyParts) {
  for (const std::string_view text :
       {"@example.com/", "@example.com", "@example.com/r", "example.com/",
        "juliet@", "/foobar"}) {
    EXPECT_FALSE(Jid::Parse(text).has_value()) << text;
  }
}

TEST(Jid, PreparesWhatAPersonWrites) {
  EXPECT_THAT(Jid::Prepare("Alice@Example.ORG"),
              Optional(Jid{"alice", "example.org", ""}));
  EXPECT_THAT(Jid::Prepare("\xC3\x84nne@example.org/Home"),
              Optional(Jid{"\xC3\xA4nne", "example.org", "Home"}));
  EXPECT_THAT(Jid::Prepare("example.org"),
              Optional(Jid{"", "example.org", ""}));
  for (const char* text : {"", "@example.org", "a b@example.org", "alice@",
                           "a\"b@example.org", "alice@example.org/"}) {
    EXPECT_FALSE(Jid::Prepare(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace signaling
