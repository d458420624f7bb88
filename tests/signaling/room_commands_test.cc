// SPDX-License-Identifier: GPL-3.0-or-later
// The state machine of XEP-0050, apart from what becomes of its orders.
#include "signaling/room_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signaling/namespaces.h"
#include "tests/support/seeded_random.h"

namespace signaling {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Action = Command::Action;
using Status = Command::Status;

Jid J(std::string_view text) { return Jid::Parse(text).value(); }

class RoomCommandsTest : public testing::Test {
 protected:
  RoomCommandsTest() {
    room_.name = "standup";
    for (const char* id : {"p1", "p2"}) {
      auto participant = std::make_unique<Participant>();
      participant->id = id;
      participant->name = "Guest";
      participant->jid = J(std::string(id) + "@example.org/r");
      room_.participants.push_back(std::move(participant));
    }
  }

  CommandResult Do(Command command, RoomCommands::Asker asker = kBoss) {
    return commands_.Handle(now_, room_, asker, command);
  }
  static Command Start(std::string node, Action action = Action::kExecute) {
    Command command;
    command.node = std::move(node);
    command.action = action;
    return command;
  }
  // Begins a command that has a form; its session id.
  std::string Begin(const std::string& node,
                    RoomCommands::Asker asker = kBoss) {
    const CommandResult result = Do(Start(node), asker);
    const auto* reply = std::get_if<Command>(&result.answer);
    if (reply == nullptr) return "none";
    EXPECT_EQ(reply->status, Status::kExecuting);
    EXPECT_TRUE(reply->form.has_value());
    return reply->session;
  }
  static FormField Value(std::string var, std::vector<std::string> values) {
    FormField field;
    field.var = std::move(var);
    field.values = std::move(values);
    return field;
  }
  static Command Submit(std::string node, std::string session,
                        std::vector<FormField> fields,
                        Action action = Action::kComplete) {
    Command command = Start(std::move(node), action);
    command.session = std::move(session);
    command.form = DataForm();
    command.form->type = DataForm::Type::kSubmit;
    command.form->fields = std::move(fields);
    return command;
  }
  static Command ReplyOf(const CommandResult& result) {
    const auto* reply = std::get_if<Command>(&result.answer);
    EXPECT_NE(reply, nullptr);
    return reply == nullptr ? Command() : *reply;
  }
  // "type/condition/command condition" of an error; else what it is.
  static std::string Error(const CommandResult& result) {
    const auto* error = std::get_if<StanzaError>(&result.answer);
    if (error == nullptr) return "no error";
    EXPECT_FALSE(result.order.has_value());
    return error->type + "/" + error->condition + "/" +
           error->command_condition;
  }

  inline static const RoomCommands::Asker kBoss = {J("boss@example.org/r"),
                                                   false, true};
  inline static const RoomCommands::Asker kOther = {J("boss2@example.org/r"),
                                                    false, true};
  inline static const RoomCommands::Asker kMember = {J("p1@example.org/r"),
                                                     true, false};
  inline static const RoomCommands::Asker kStranger = {J("x@example.org/r"),
                                                       false, false};
  rtp::Timestamp now_{std::chrono::seconds(1000)};
  support::SeededRandom random_{1};
  RoomCommands commands_{random_};
  Room room_;
};

TEST_F(RoomCommandsTest, ListsWhatTheAskerMayUse) {
  const auto nodes = [](const DiscoItems& items) {
    std::vector<std::string> found;
    for (const auto& item : items.items) {
      EXPECT_EQ(item.jid, "standup@sfu.example");
      found.push_back(item.node);
    }
    return found;
  };
  const Jid room = J("standup@sfu.example");
  EXPECT_THAT(nodes(RoomCommands::Items(room, kBoss)),
              ElementsAre("configure", "lock", "unlock", "mute", "unmute",
                          "kick", "list"));
  EXPECT_THAT(nodes(RoomCommands::Items(room, kMember)), ElementsAre("list"));
  EXPECT_THAT(nodes(RoomCommands::Items(room, kStranger)), IsEmpty());
}

TEST_F(RoomCommandsTest, TellsWhatACommandIs) {
  EXPECT_EQ(RoomCommands::Info("kick")->identities[0].type, "command-node");
  EXPECT_EQ(RoomCommands::Info(std::string(ns::kCommands))->identities[0].type,
            "command-list");
  EXPECT_FALSE(RoomCommands::Info("explode").has_value());
}

TEST_F(RoomCommandsTest, ObeysModeratorsOnly) {
  for (const char* node :
       {"configure", "lock", "unlock", "mute", "unmute", "kick"}) {
    for (const auto& asker : {kMember, kStranger}) {
      EXPECT_EQ(Error(Do(Start(node), asker)), "auth/forbidden/") << node;
    }
  }
  EXPECT_EQ(Error(Do(Start("list"), kStranger)), "auth/forbidden/");
  EXPECT_EQ(Error(Do(Start("explode"))), "cancel/item-not-found/");
  EXPECT_EQ(commands_.sessions(), 0u);
}

TEST_F(RoomCommandsTest, LocksInOneStep) {
  for (const bool lock : {true, false}) {
    const CommandResult result = Do(Start(lock ? "lock" : "unlock"));
    EXPECT_EQ(ReplyOf(result).status, Status::kCompleted);
    ASSERT_TRUE(result.order.has_value());
    EXPECT_EQ(std::get<SetPolicy>(*result.order).policy.locked, lock);
  }
  EXPECT_EQ(commands_.sessions(), 0u);
}

TEST_F(RoomCommandsTest, ListsParticipants) {
  const DataForm for_all = *ReplyOf(Do(Start("list"), kMember)).form;
  EXPECT_EQ(for_all.type, DataForm::Type::kResult);
  EXPECT_THAT(for_all.rows, SizeIs(2));
  for (const auto& row : for_all.rows) {
    for (const FormField& field : row) EXPECT_NE(field.var, "jid");
  }
  const DataForm for_boss = *ReplyOf(Do(Start("list"))).form;
  EXPECT_EQ(for_boss.rows[1].back().values,
            std::vector<std::string>{"p2@example.org/r"});
}

TEST_F(RoomCommandsTest, MutesByAForm) {
  const Command form = ReplyOf(Do(Start("mute")));
  EXPECT_EQ(form.actions, std::vector<Action>{Action::kComplete});
  EXPECT_THAT(form.form->Find("participants")->options, SizeIs(2));
  const struct {
    const char* what;
    bool audio;
    bool video;
  } rows[] = {
      {"both", true, true}, {"audio", true, false}, {"video", false, true}};
  for (const auto& row : rows) {
    const CommandResult result = Do(Submit(
        "mute", Begin("mute"),
        {Value("participants", {"p2", "gone"}), Value("what", {row.what})}));
    EXPECT_EQ(ReplyOf(result).status, Status::kCompleted);
    ASSERT_TRUE(result.order.has_value());
    const Deny& deny = std::get<Deny>(*result.order);
    EXPECT_THAT(deny.participants, ElementsAre("p2"));
    EXPECT_EQ(deny.audio, row.audio);
    EXPECT_EQ(deny.video, row.video);
    EXPECT_TRUE(deny.denied);
  }
}

TEST_F(RoomCommandsTest, UnmutesThoseWhoAreMuted) {
  const Command none = ReplyOf(Do(Start("unmute")));
  EXPECT_EQ(none.status, Status::kCompleted);
  EXPECT_THAT(none.notes, SizeIs(1));
  room_.participants[1]->by_moderator.send_audio = false;
  const Command form = ReplyOf(Do(Start("unmute")));
  ASSERT_THAT(form.form->Find("participants")->options, SizeIs(1));
  EXPECT_EQ(form.form->Find("participants")->options[0].value, "p2");
  const CommandResult result =
      Do(Submit("unmute", form.session, {Value("participants", {"p2"})}));
  EXPECT_FALSE(std::get<Deny>(*result.order).denied);
}

TEST_F(RoomCommandsTest, KicksByAForm) {
  const CommandResult result =
      Do(Submit("kick", Begin("kick"),
                {Value("participants", {"p1"}), Value("reason", {"noise"})}));
  const Kick& kick = std::get<Kick>(*result.order);
  EXPECT_THAT(kick.participants, ElementsAre("p1"));
  EXPECT_EQ(kick.reason, "noise");
}

TEST_F(RoomCommandsTest, ConfiguresByAForm) {
  room_.policy.password = "old password";
  const DataForm form = *ReplyOf(Do(Start("configure"))).form;
  EXPECT_EQ(form.Value("password"), "") << "nobody need read it";
  const CommandResult result =
      Do(Submit("configure", Begin("configure"),
                {Value("access", {"members"}),
                 Value("members", {"Bob@example.org", "eve@example.org/x"}),
                 Value("max_participants", {"7"}), Value("locked", {"true"})}));
  const RoomPolicy& policy = std::get<SetPolicy>(*result.order).policy;
  EXPECT_EQ(policy.access, Access::kMembers);
  EXPECT_THAT(policy.members,
              ElementsAre(J("bob@example.org"), J("eve@example.org")));
  EXPECT_EQ(policy.max_participants, 7u);
  EXPECT_TRUE(policy.locked);
  EXPECT_EQ(policy.password, "old password") << "left empty: as it was";
}

TEST_F(RoomCommandsTest, ShowsTheFormAgainWithWhatIsWrong) {
  const std::vector<std::vector<FormField>> wrong = {
      {Value("access", {"everyone"})},
      {Value("access", {"password"})},
      {Value("access", {"domains"})},
      {Value("password", {"short"})},
      {Value("domains", {"a@example.org"})},
      {Value("members", {"example.org"})},
      {Value("max_participants", {"many"})},
      {Value("max_participants", {"1001"})},
      {Value("locked", {"maybe"})}};
  for (const auto& fields : wrong) {
    const std::string session = Begin("configure");
    const CommandResult result = Do(Submit("configure", session, fields));
    const Command reply = ReplyOf(result);
    EXPECT_EQ(reply.status, Status::kExecuting) << fields[0].var;
    EXPECT_EQ(reply.session, session);
    ASSERT_THAT(reply.notes, SizeIs(1));
    EXPECT_EQ(reply.notes[0].type, Command::Note::Type::kError);
    EXPECT_FALSE(result.order.has_value());
    if (fields[0].var != "password") {
      EXPECT_EQ(reply.form->Values(fields[0].var), fields[0].values);
    }
    // It can be corrected.
    EXPECT_EQ(ReplyOf(Do(Submit("configure", session, {}))).status,
              Status::kCompleted);
  }
}

TEST_F(RoomCommandsTest, TellsThatNobodyChosenIsThere) {
  const Command gone = ReplyOf(
      Do(Submit("kick", Begin("kick"), {Value("participants", {"p9"})})));
  EXPECT_EQ(gone.status, Status::kExecuting);
  EXPECT_THAT(gone.notes[0].text, HasSubstr("any more"));
  const Command none = ReplyOf(Do(Submit("kick", Begin("kick"), {})));
  EXPECT_THAT(none.notes[0].text, HasSubstr("at least one"));
}

// XEP-0050 s3.4, s4.4: each action, when it is the first and when a form is
// there to be filled in.
TEST_F(RoomCommandsTest, AnswersEachActionInEachState) {
  const struct {
    Action action;
    const char* first;
    const char* later;
  } rows[] = {
      {Action::kExecute, "no error", "no error"},
      {Action::kComplete, "modify/bad-request/bad-action", "no error"},
      {Action::kNext, "modify/bad-request/bad-action",
       "modify/bad-request/bad-action"},
      {Action::kPrev, "modify/bad-request/bad-action",
       "modify/bad-request/bad-action"},
      {Action::kCancel, "modify/bad-request/bad-action", "no error"},
      {Action::kUnknown, "modify/bad-request/malformed-action",
       "modify/bad-request/malformed-action"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Error(Do(Start("kick", row.action))), row.first);
    EXPECT_EQ(Error(Do(Submit("kick", Begin("kick"),
                              {Value("participants", {"p1"})}, row.action))),
              row.later);
  }
}

TEST_F(RoomCommandsTest, CanBeCancelled) {
  const std::string session = Begin("kick");
  Command cancel = Start("kick", Action::kCancel);
  cancel.session = session;
  const CommandResult result = Do(cancel);
  EXPECT_EQ(ReplyOf(result).status, Status::kCanceled);
  EXPECT_FALSE(result.order.has_value());
  EXPECT_EQ(Error(Do(cancel)), "modify/bad-request/bad-sessionid");
  // Clients may also give the form back as cancelled.
  Command form = Submit("kick", Begin("kick"), {});
  form.form->type = DataForm::Type::kCancel;
  EXPECT_EQ(ReplyOf(Do(form)).status, Status::kCanceled);
}

TEST_F(RoomCommandsTest, ASessionIsItsSendersOnly) {
  const std::string session = Begin("kick");
  const Command submit =
      Submit("kick", session, {Value("participants", {"p1"})});
  constexpr const char* kBad = "modify/bad-request/bad-sessionid";
  EXPECT_EQ(Error(Do(submit, kOther)), kBad);
  RoomCommands::Asker elsewhere = kBoss;
  elsewhere.jid.resource = "other";
  EXPECT_EQ(Error(Do(submit, elsewhere)), kBad);
  Command other_node = submit;
  other_node.node = "mute";
  EXPECT_EQ(Error(Do(other_node)), kBad);
  Command other_id = submit;
  other_id.session += "x";
  EXPECT_EQ(Error(Do(other_id)), kBad);
  Room other_room;
  other_room.name = "other";
  EXPECT_EQ(Error(commands_.Handle(now_, other_room, kBoss, submit)), kBad);
  // Nor his who is no moderator any more.
  RoomCommands::Asker dismissed = kBoss;
  dismissed.moderates = false;
  EXPECT_EQ(Error(Do(submit, dismissed)), "auth/forbidden/");
  // None of that did any harm.
  EXPECT_EQ(ReplyOf(Do(submit)).status, Status::kCompleted);
  EXPECT_EQ(Error(Do(submit)), kBad) << "once only";
}

TEST_F(RoomCommandsTest, WantsAForm) {
  Command empty = Start("kick", Action::kComplete);
  empty.session = Begin("kick");
  EXPECT_EQ(Error(Do(empty)), "modify/bad-request/bad-payload");
  empty.bad_form = true;
  EXPECT_EQ(Error(Do(empty)), "modify/bad-request/bad-payload");
  Command form = Submit("kick", empty.session, {});
  form.form->type = DataForm::Type::kForm;
  EXPECT_EQ(Error(Do(form)), "modify/bad-request/bad-payload");
}

TEST_F(RoomCommandsTest, SessionsExpire) {
  const std::string session = Begin("kick");
  const std::vector<FormField> fields = {Value("participants", {"p1"})};
  now_ += minutes(10);
  EXPECT_EQ(Error(Do(Submit("kick", session, fields))),
            "cancel/not-allowed/session-expired");
  EXPECT_EQ(Error(Do(Submit("kick", session, fields))),
            "modify/bad-request/bad-sessionid");
  const std::string late = Begin("kick");
  now_ += minutes(9);
  EXPECT_EQ(ReplyOf(Do(Submit("kick", late, fields))).status,
            Status::kCompleted);
}

TEST_F(RoomCommandsTest, SessionsAreBounded) {
  const std::string first = Begin("kick");
  for (size_t i = 0; i < RoomCommands::kSessionsPerAsker; ++i) {
    now_ += minutes(1);
    Begin("mute");
  }
  EXPECT_EQ(commands_.sessions(), RoomCommands::kSessionsPerAsker);
  EXPECT_EQ(Error(Do(Submit("kick", first, {Value("participants", {"p1"})}))),
            "modify/bad-request/bad-sessionid")
      << "the oldest one made place";
  const auto asker = [](int i) {
    RoomCommands::Asker another = kBoss;
    another.jid.resource = std::to_string(i);
    return another;
  };
  for (int i = 0; commands_.sessions() < RoomCommands::kSessions; ++i) {
    Begin("mute", asker(i));
  }
  EXPECT_EQ(Error(Do(Start("mute"), kOther)), "wait/resource-constraint/");
  now_ += minutes(20);
  EXPECT_EQ(ReplyOf(Do(Start("mute"), kOther)).status, Status::kExecuting);
  EXPECT_EQ(commands_.sessions(), 1u);
}

}  // namespace
}  // namespace signaling
