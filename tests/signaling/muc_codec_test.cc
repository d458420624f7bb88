// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/muc_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>

#include "signaling/limits.h"
#include "signaling/namespaces.h"
#include "signaling/stanza_codec.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

XmlElement Item(std::string_view affiliation, std::string_view role,
                std::string_view jid = {}) {
  XmlElement item("item", ns::kMucUser);
  item.Set("affiliation", affiliation).Set("role", role).SetIf("jid", jid);
  return item;
}

Presence ReadAgain(const Presence& presence) {
  const auto stanza = ParseStanza(WriteStanza(presence));
  return stanza ? std::get<Presence>(*stanza) : Presence();
}

TEST(MucCodec, JoinWantsNoHistory) {
  Presence presence;
  presence.to = Jid{"standup", "muc.example", "focus"};
  presence.muc_join = true;
  const XmlElement element = WriteStanza(presence);
  const XmlElement* x = element.Child("x", ns::kMuc);
  ASSERT_NE(x, nullptr);
  const XmlElement* history = x->Child("history", ns::kMuc);
  ASSERT_NE(history, nullptr);
  EXPECT_EQ(history->Attribute("maxstanzas"), "0");
  EXPECT_EQ(ReadAgain(presence), presence);
}

TEST(MucCodec, ReadsOccupants) {
  XmlElement x("x", ns::kMucUser);
  x.Add(Item("owner", "moderator", "alice@example/a"));
  x.Add(Item("member", "participant", "alice@example/b"));
  x.Add(XmlElement("status", ns::kMucUser)).Set("code", "110");
  x.Add(XmlElement("status", ns::kMucUser)).Set("code", "210");
  const MucUser user = ParseMucUser(x);
  ASSERT_THAT(user.items, SizeIs(2));
  EXPECT_EQ(user.items[0].affiliation, MucAffiliation::kOwner);
  EXPECT_EQ(user.items[0].role, MucRole::kModerator);
  EXPECT_EQ(user.items[0].jid, Jid::Parse("alice@example/a"));
  EXPECT_EQ(user.items[1].affiliation, MucAffiliation::kMember);
  EXPECT_EQ(user.items[1].role, MucRole::kParticipant);
  EXPECT_THAT(user.statuses, ElementsAre(110, 210));
  EXPECT_FALSE(user.destroyed);
}

TEST(MucCodec, WhatIsNotKnownGivesNothing) {
  XmlElement x("x", ns::kMucUser);
  x.Add(Item("emperor", "speaker", "@"));
  x.Add(Item("", ""));
  x.Add(XmlElement("status", ns::kMucUser)).Set("code", "-1");
  x.Add(XmlElement("status", ns::kMucUser)).Set("code", "110x");
  x.Add(XmlElement("status", ns::kMucUser));
  x.Add(XmlElement("item", ns::kMucAdmin)).Set("role", "moderator");
  const MucUser user = ParseMucUser(x);
  EXPECT_THAT(user.items, ElementsAre(MucItem(), MucItem()));
  EXPECT_THAT(user.statuses, IsEmpty());
}

TEST(MucCodec, IsBounded) {
  XmlElement x("x", ns::kMucUser);
  XmlElement query("query", ns::kMucAdmin);
  for (size_t i = 0; i < 3000; ++i) {
    x.Add(Item("none", "visitor"));
    x.Add(XmlElement("status", ns::kMucUser)).Set("code", "100");
    query.Add(XmlElement("item", ns::kMucAdmin))
        .Set("affiliation", "outcast")
        .Set("jid", "u" + std::to_string(i) + "@example");
  }
  EXPECT_THAT(ParseMucUser(x).items, SizeIs(limits::kMucItems));
  EXPECT_THAT(ParseMucUser(x).statuses, SizeIs(limits::kMucStatuses));
  EXPECT_THAT(ParseMucOutcasts(query).jids, SizeIs(limits::kMucOutcasts));
}

TEST(MucCodec, IsReadAsWritten) {
  Presence presence;
  presence.from = Jid{"standup", "muc.example", "Alice & Bob"};
  MucUser user;
  user.items = {{MucAffiliation::kOutcast, MucRole::kNone,
                 Jid{"a", "example", "x"}, "other"},
                {MucAffiliation::kAdmin, MucRole::kModerator, {}, ""}};
  user.statuses = {301, 110};
  user.destroyed = true;
  presence.muc_user = user;
  EXPECT_EQ(ReadAgain(presence), presence);

  Message message;
  message.from = Jid{"standup", "muc.example", ""};
  message.payload = user;
  const auto again = ParseStanza(WriteStanza(message));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(std::get<Message>(*again), message);
}

TEST(MucCodec, ErrorPresenceHasItsCondition) {
  Presence presence;
  presence.type = PresenceType::kError;
  presence.error = StanzaError{"cancel", "conflict", "", "taken"};
  EXPECT_EQ(ReadAgain(presence), presence);
}

TEST(MucCodec, OutcastsOnly) {
  XmlElement query = WriteMucOutcasts({{*Jid::Parse("mallory@example")}});
  query.Add(XmlElement("item", ns::kMucAdmin))
      .Set("affiliation", "owner")
      .Set("jid", "alice@example");
  EXPECT_THAT(ParseMucOutcasts(query).jids,
              ElementsAre(*Jid::Parse("mallory@example")));
  // A request names the list.
  const XmlElement request = WriteMucOutcasts({});
  ASSERT_THAT(request.children, SizeIs(1));
  EXPECT_EQ(request.children[0].Attribute("affiliation"), "outcast");
}

TEST(MucCodec, CallPresenceIsReadAsWritten) {
  CallPresence call;
  call.room = "standup@sfu.example";
  call.count = 2;
  call.dominant = "p1";
  call.participants = {
      {{"p1", "Alice", false, {{"p1-a0", "audio", "microphone", false}}}, "al"},
      {{"p2", "Bob", true, {{"p2-v0", "video", "camera", true}}}, ""}};
  Presence presence;
  presence.call = call;
  EXPECT_EQ(ReadAgain(presence), presence);
}

}  // namespace
}  // namespace signaling
