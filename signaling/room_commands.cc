// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room_commands.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/command_forms.h"
#include "signaling/namespaces.h"
#include "signaling/stanza_errors.h"

namespace signaling {
namespace {

struct Known {
  std::string_view node;
  std::string_view name;
  bool for_all = false;                     // not for moderators only
  DataForm (*form)(const Room&) = nullptr;  // null: done in one step
  Filled (*read)(const Room&, const DataForm&) = nullptr;
};

constexpr std::array<Known, 7> kKnown = {{
    {"configure", "Set who may enter", false, ConfigureForm, ReadConfigure},
    {"lock", "Lock the room"},
    {"unlock", "Unlock the room"},
    {"mute", "Mute participants", false, MuteForm,
     [](const Room& room, const DataForm& form) {
       return ReadDeny(room, form, true);
     }},
    {"unmute", "Unmute participants", false, UnmuteForm,
     [](const Room& room, const DataForm& form) {
       return ReadDeny(room, form, false);
     }},
    {"kick", "Remove participants", false, KickForm, ReadKick},
    {"list", "List participants", true},
}};

const Known* Find(const std::string& node) {
  const auto it =
      std::find_if(kKnown.begin(), kKnown.end(),
                   [&](const Known& known) { return known.node == node; });
  return it == kKnown.end() ? nullptr : &*it;
}

bool May(const Known& known, const RoomCommands::Asker& asker) {
  return asker.moderates || (known.for_all && asker.is_in);
}

// XEP-0050 s4.4. All of them have a general condition as well.
CommandResult Wrong(std::string condition, std::string text) {
  StanzaError error = BadRequest(std::move(text));
  if (condition == "session-expired") {
    error.type = "cancel";
    error.condition = "not-allowed";
  }
  error.command_condition = std::move(condition);
  return {std::move(error), {}};
}

CommandResult BadAction() {
  return Wrong("bad-action", "the command cannot do this now");
}

Command Reply(const std::string& node, Command::Status status) {
  Command reply;
  reply.node = node;
  reply.status = status;
  return reply;
}

CommandResult Completed(const Command& command, std::string text,
                        std::optional<RoomOrder> order = {}) {
  Command reply = Reply(command.node, Command::Status::kCompleted);
  reply.session = command.session;
  if (!text.empty()) {
    reply.notes = {{Command::Note::Type::kInfo, std::move(text)}};
  }
  return {std::move(reply), std::move(order)};
}

// A form to fill in. There is one stage: it can be completed or left.
CommandResult Executing(const std::string& node, const std::string& session,
                        DataForm form, std::string wrong = {}) {
  Command reply = Reply(node, Command::Status::kExecuting);
  reply.session = session;
  reply.actions = {Command::Action::kComplete};
  reply.form = std::move(form);
  if (!wrong.empty()) {
    reply.notes = {{Command::Note::Type::kError, std::move(wrong)}};
  }
  return {std::move(reply), {}};
}

// `form` with what was filled in, so that it can be corrected.
DataForm Again(DataForm form, const DataForm& filled) {
  for (FormField& field : form.fields) {
    const FormField* said = filled.Find(field.var);
    if (said != nullptr && field.type != FormField::Type::kTextPrivate) {
      field.values = said->values;
    }
  }
  return form;
}

std::string Done(const RoomOrder& order) {
  if (const auto* deny = std::get_if<Deny>(&order)) {
    return (deny->denied ? "muted: " : "unmuted: ") +
           std::to_string(deny->participants.size());
  }
  if (const auto* kick = std::get_if<Kick>(&order)) {
    return "removed: " + std::to_string(kick->participants.size());
  }
  return "the room is set";
}

}  // namespace

DiscoItems RoomCommands::Items(const Jid& room, const Asker& asker) {
  DiscoItems items;
  items.node = ns::kCommands;
  for (const Known& known : kKnown) {
    if (!May(known, asker)) continue;
    items.items.push_back(
        {room.ToString(), std::string(known.name), std::string(known.node)});
  }
  return items;
}

std::optional<DiscoInfo> RoomCommands::Info(const std::string& node) {
  DiscoInfo info;
  info.node = node;
  info.features = {std::string(ns::kDiscoInfo), std::string(ns::kCommands),
                   std::string(ns::kDataForm)};
  if (node == ns::kCommands) {
    info.identities = {{"automation", "command-list", "Commands"}};
    return info;
  }
  const Known* known = Find(node);
  if (known == nullptr) return std::nullopt;
  info.identities = {{"automation", "command-node", std::string(known->name)}};
  return info;
}

CommandResult RoomCommands::Handle(rtp::Timestamp now, const Room& room,
                                   const Asker& asker, const Command& command) {
  const Known* known = Find(command.node);
  if (known == nullptr) {
    return {ItemNotFound("no such command"), {}};
  }
  // Looked at in each step: who is no moderator any more cannot go on.
  if (!May(*known, asker)) {
    return {Forbidden("for moderators only"), {}};
  }
  if (command.action == Command::Action::kUnknown) {
    return Wrong("malformed-action",
                 "action is execute, next, prev, complete or cancel");
  }
  if (command.session.empty()) return Begin(now, room, asker, command);
  const auto it = sessions_.find(command.session);
  if (it == sessions_.end() || it->second.asker != asker.jid ||
      it->second.room != room.name || it->second.node != command.node) {
    return Wrong("bad-sessionid", "this was never begun, or is over");
  }
  if (now >= it->second.expires) {
    sessions_.erase(it);
    return Wrong("session-expired", "this took too long; begin again");
  }
  return Continue(now, room, command);
}

CommandResult RoomCommands::Begin(rtp::Timestamp now, const Room& room,
                                  const Asker& asker, const Command& command) {
  if (command.action != Command::Action::kExecute) return BadAction();
  const Known& known = *Find(command.node);
  if (known.form != nullptr) {
    const DataForm form = known.form(room);
    const FormField* choice = form.Find("participants");
    if (choice != nullptr && choice->options.empty()) {
      return Completed(command, "there is nobody to choose");
    }
    const std::string session = NewSession(now, room, asker, command.node);
    if (session.empty()) {
      return {ResourceConstraint("too many commands at once"), {}};
    }
    return Executing(command.node, session, form);
  }
  if (command.node == "list") {
    CommandResult result = Completed(command, {});
    std::get<Command>(result.answer).form =
        ParticipantTable(room, asker.moderates);
    return result;
  }
  SetPolicy order{room.policy};
  order.policy.locked = command.node == "lock";
  return Completed(
      command,
      order.policy.locked ? "the room is locked" : "the room is unlocked",
      std::move(order));
}

CommandResult RoomCommands::Continue(rtp::Timestamp now, const Room& room,
                                     const Command& command) {
  const bool form_cancels =
      command.form && command.form->type == DataForm::Type::kCancel;
  if (command.action == Command::Action::kCancel || form_cancels) {
    sessions_.erase(command.session);
    Command reply = Reply(command.node, Command::Status::kCanceled);
    reply.session = command.session;
    return {std::move(reply), {}};
  }
  // Here `execute` is what <actions execute=''/> said: complete (s3.4).
  if (command.action != Command::Action::kExecute &&
      command.action != Command::Action::kComplete) {
    return BadAction();
  }
  if (!command.form || command.form->type != DataForm::Type::kSubmit) {
    return Wrong("bad-payload", "the form of the command is to be submitted");
  }
  const Known& known = *Find(command.node);
  Filled filled = known.read(room, *command.form);
  if (auto* wrong = std::get_if<std::string>(&filled)) {
    sessions_[command.session].expires = now + kExpires;
    return Executing(command.node, command.session,
                     Again(known.form(room), *command.form), std::move(*wrong));
  }
  sessions_.erase(command.session);
  RoomOrder order = std::get<RoomOrder>(std::move(filled));
  std::string done = Done(order);
  return Completed(command, std::move(done), std::move(order));
}

std::string RoomCommands::NewSession(rtp::Timestamp now, const Room& room,
                                     const Asker& asker,
                                     const std::string& node) {
  Forget(now);
  auto oldest = sessions_.end();
  size_t others = 0;
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (it->second.asker != asker.jid) continue;
    ++others;
    if (oldest == sessions_.end() ||
        it->second.expires < oldest->second.expires) {
      oldest = it;
    }
  }
  if (others >= kSessionsPerAsker) sessions_.erase(oldest);
  if (sessions_.size() >= kSessions) return {};
  const std::string id = random_.NextString(26, rtp::kReadableChars);
  sessions_[id] = {asker.jid, room.name, node, now + kExpires};
  return id;
}

void RoomCommands::Forget(rtp::Timestamp now) {
  // Not at once: who is late is told so.
  std::erase_if(sessions_, [now](const auto& entry) {
    return now >= entry.second.expires + kExpires;
  });
}

}  // namespace signaling
