// SPDX-License-Identifier: GPL-3.0-or-later
// What commands do to a room and those in it.
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class FocusCommandsTest : public FocusTest {
 protected:
  FocusCommandsTest() {
    Focus::Config config = DefaultConfig();
    config.policy.defaults.moderators = {J("boss@example.org")};
    Make(std::move(config));
  }

  static FormField Value(std::string var, std::vector<std::string> values) {
    FormField field;
    field.var = std::move(var);
    field.values = std::move(values);
    return field;
  }
  Iq Run(const std::string& node, const Jid& from = J("boss@example.org/x")) {
    Command command;
    command.node = node;
    return Call(from, J("standup@sfu.example"), command);
  }
  // Both steps of a command that has a form.
  Iq Run(const std::string& node, std::vector<FormField> fields) {
    const Iq begun = Run(node);
    EXPECT_THAT(begun, IsResult());
    Command command;
    command.node = node;
    command.session = std::get<Command>(begun.payload).session;
    command.form = DataForm();
    command.form->type = DataForm::Type::kSubmit;
    command.form->fields = std::move(fields);
    return Call(J("boss@example.org/x"), J("standup@sfu.example"), command);
  }
  // The kinds of what somebody publishes, as the media plane knows it.
  std::string Sends(const Caller& caller) const {
    std::string kinds;
    for (const rtp::ContentSpec& content : Spec(caller).contents) {
      if (!content.uplink) continue;
      kinds += content.kind == rtp::MediaKind::kAudio ? "a" : "v";
    }
    return kinds;
  }
};

TEST_F(FocusCommandsTest, RoomsTellThatTheyHaveCommands) {
  Join("a@example.org/1");
  const Jid room = J("standup@sfu.example");
  const Iq info = Call(J("a@example.org/1"), room, DiscoInfo(), IqType::kGet);
  EXPECT_THAT(std::get<DiscoInfo>(info.payload).features,
              testing::Contains(std::string(ns::kCommands)));
  DiscoItems items;
  items.node = ns::kCommands;
  const auto nodes = [&](const char* jid) {
    const Iq answer = Call(J(jid), room, items, IqType::kGet);
    std::vector<std::string> found;
    for (const auto& item : std::get<DiscoItems>(answer.payload).items) {
      found.push_back(item.node);
    }
    return found;
  };
  EXPECT_THAT(nodes("a@example.org/1"), ElementsAre("list"));
  EXPECT_THAT(nodes("b@example.org/1"), IsEmpty());
  EXPECT_THAT(nodes("boss@example.org/1"), SizeIs(7));
  DiscoInfo node;
  node.node = "kick";
  const Iq kick = Call(J("a@example.org/1"), room, node, IqType::kGet);
  EXPECT_EQ(std::get<DiscoInfo>(kick.payload).node, "kick");
}

TEST_F(FocusCommandsTest, NobodyCommandsARoomThatIsNotThere) {
  EXPECT_THAT(Run("lock"), IsError("cancel", "item-not-found", ""));
}

TEST_F(FocusCommandsTest, OnlyModeratorsCommand) {
  const Caller a = Join("a@example.org/1");
  for (const char* node : {"configure", "lock", "mute", "kick"}) {
    EXPECT_THAT(Run(node, a.jid), IsError("auth", "forbidden", ""));
  }
  EXPECT_THAT(Run("list", a.jid), IsResult());
  EXPECT_THAT(Run("list", J("b@example.org/1")),
              IsError("auth", "forbidden", ""));
}

TEST_F(FocusCommandsTest, ALockedRoomTakesNobodyNew) {
  Caller a = Join("a@example.org/1");
  EXPECT_THAT(Run("lock"), IsResult());
  Caller b = MakeCaller("b@example.org/1");
  EXPECT_THAT(TryJoin(b, BundleOffer()), IsError("auth", "forbidden", ""));
  // Who is in may call again.
  EXPECT_THAT(TryJoin(a, BundleOffer()),
              IsError("wait", "unexpected-request", "out-of-order"));
  Caller again = MakeCaller("a@example.org/1");
  EXPECT_THAT(TryJoin(again, BundleOffer()), IsResult());
  EXPECT_THAT(Run("unlock"), IsResult());
  EXPECT_THAT(TryJoin(b, BundleOffer()), IsResult());
}

TEST_F(FocusCommandsTest, WhatACommandSetsEndsWithTheRoom) {
  const Caller a = Join("a@example.org/1");
  EXPECT_THAT(Run("lock"), IsResult());
  Do(a, Jingle(JingleAction::kSessionTerminate, a.sid));
  EXPECT_EQ(focus_->rooms(), 0u);
  Caller b = MakeCaller("b@example.org/1");
  EXPECT_THAT(TryJoin(b, BundleOffer()), IsResult());
}

TEST_F(FocusCommandsTest, ConfiguresWhoMayEnter) {
  Join("a@example.org/1");
  EXPECT_THAT(Run("configure", {Value("access", {"domains"}),
                                Value("domains", {"example.org"})}),
              IsResult());
  Caller b = MakeCaller("b@other.example/1");
  EXPECT_THAT(TryJoin(b, BundleOffer()), IsError("auth", "forbidden", ""));
  Join("c@example.org/1");
}

TEST_F(FocusCommandsTest, AMutedOneHasNoSourceAndAllAreTold) {
  const Caller a = Join("a@example.org/1");
  const Caller b = Join("b@example.org/1");
  EXPECT_EQ(Sends(a), "av");
  EXPECT_THAT(
      Run("mute", {Value("participants", {a.id}), Value("what", {"audio"})}),
      IsResult());
  EXPECT_EQ(Sends(a), "v");
  EXPECT_EQ(Sends(b), "av");
  Advance(milliseconds(200));
  EXPECT_EQ(Seen(b.jid, a.id)->denied, "audio");
  EXPECT_EQ(Seen(a.jid, a.id)->denied, "audio");
  // His own word changes nothing.
  Call(a, Info(a.sid, SessionInfo::Kind::kUnmute));
  EXPECT_EQ(Sends(a), "v");
  EXPECT_THAT(Run("mute", {Value("participants", {a.id})}), IsResult());
  EXPECT_EQ(Sends(a), "");
  Advance(milliseconds(200));
  EXPECT_EQ(Seen(b.jid, a.id)->denied, "audio video");
  EXPECT_THAT(Run("unmute", {Value("participants", {a.id})}), IsResult());
  EXPECT_EQ(Sends(a), "av");
  Advance(milliseconds(200));
  EXPECT_EQ(Seen(b.jid, a.id)->denied, "");
}

TEST_F(FocusCommandsTest, WhoComesBackIsStillMuted) {
  const Caller a = Join("a@example.org/1");
  Join("b@example.org/1");
  EXPECT_THAT(Run("mute", {Value("participants", {a.id})}), IsResult());
  // By a new call in place of the old one, ...
  const Caller again = Join("a@example.org/1");
  EXPECT_EQ(again.id, a.id);
  EXPECT_EQ(Sends(again), "");
  // ... by leaving and coming back, ...
  Do(again, Jingle(JingleAction::kSessionTerminate, again.sid));
  const Caller back = Join("a@example.org/2");
  EXPECT_NE(back.id, a.id);
  EXPECT_EQ(Sends(back), "");
  EXPECT_THAT(Run("unmute", {Value("participants", {back.id})}), IsResult());
  EXPECT_EQ(Sends(back), "av");
  // ... and not any more.
  Do(back, Jingle(JingleAction::kSessionTerminate, back.sid));
  EXPECT_EQ(Sends(Join("a@example.org/2")), "av");
}

TEST_F(FocusCommandsTest, AKickedOneIsEndedWithAReasonAndStaysOut) {
  const Caller a = Join("a@example.org/1");
  const Caller b = Join("b@example.org/1");
  EXPECT_THAT(Run("kick", {Value("participants", {a.id}),
                           Value("reason", {"too loud"})}),
              IsResult());
  const auto end = EndOf(a.jid);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->condition, "decline");
  EXPECT_THAT(end->text, HasSubstr("too loud"));
  EXPECT_FALSE(IsServed(a)) << "media stops at once";
  EXPECT_TRUE(IsServed(b));
  EXPECT_THAT(RostersTo(b.jid).back().left, ElementsAre(a.id));

  for (const char* jid : {"a@example.org/1", "a@example.org/2"}) {
    Caller again = MakeCaller(jid);
    EXPECT_THAT(TryJoin(again, BundleOffer()),
                IsError("auth", "forbidden", ""));
    EXPECT_THAT(TryJoin(again, BundleOffer(), a.token),
                IsError("auth", "forbidden", ""));
  }
  Advance(seconds(61));
  Join("a@example.org/1");
}

TEST_F(FocusCommandsTest, KicksTheLastOnes) {
  const Caller a = Join("a@example.org/1");
  const Caller b = Join("b@example.org/1");
  EXPECT_THAT(Run("kick", {Value("participants", {a.id, b.id})}), IsResult());
  EXPECT_EQ(focus_->rooms(), 0u);
  EXPECT_EQ(focus_->participants(), 0u);
}

TEST_F(FocusCommandsTest, AModeratorInTheRoomIsOneByAnyClient) {
  Join("boss@example.org/1");
  EXPECT_THAT(Run("lock", J("boss@example.org/2")), IsResult());
}

TEST_F(FocusCommandsTest, CommandsAreOfTypeSet) {
  Join("a@example.org/1");
  Command command;
  command.node = "lock";
  EXPECT_EQ(Call(J("boss@example.org/1"), J("standup@sfu.example"), command,
                 IqType::kGet)
                .type,
            IqType::kError);
}

}  // namespace
}  // namespace signaling
