// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/command_codec.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 5> kActions = {"execute", "next", "prev",
                                                      "complete", "cancel"};
constexpr std::array<std::string_view, 4> kStatuses = {"", "executing",
                                                       "completed", "canceled"};
constexpr std::array<std::string_view, 3> kNoteTypes = {"info", "warn",
                                                        "error"};

Command::Action ActionOf(std::string_view word) {
  const auto it = std::find(kActions.begin(), kActions.end(), word);
  return it == kActions.end()
             ? Command::Action::kUnknown
             : static_cast<Command::Action>(it - kActions.begin());
}

std::string_view WordOf(Command::Action action) {
  return kActions[static_cast<size_t>(action)];
}

void ReadActions(const XmlElement& element, Command* command) {
  const Command::Action first = ActionOf(element.Attribute("execute"));
  if (first != Command::Action::kUnknown) command->default_action = first;
  for (const XmlElement& child : element.children) {
    const Command::Action action = ActionOf(child.name);
    if (action != Command::Action::kUnknown &&
        command->actions.size() < kActions.size()) {
      command->actions.push_back(action);
    }
  }
}

Command::Note ReadNote(const XmlElement& element) {
  Command::Note note;
  const auto type = std::find(kNoteTypes.begin(), kNoteTypes.end(),
                              element.Attribute("type"));
  if (type != kNoteTypes.end()) {
    note.type = static_cast<Command::Note::Type>(type - kNoteTypes.begin());
  }
  note.text = CutText(element.text, limits::kTextBytes);
  return note;
}

}  // namespace

Command ParseCommand(const XmlElement& element) {
  Command command;
  command.node = CutText(element.Attribute("node"), limits::kTextBytes);
  command.session = CutText(element.Attribute("sessionid"), limits::kTextBytes);
  if (element.HasAttribute("action")) {
    command.action = ActionOf(element.Attribute("action"));
  }
  const auto status = std::find(kStatuses.begin(), kStatuses.end(),
                                element.Attribute("status"));
  if (status != kStatuses.end()) {
    command.status = static_cast<Command::Status>(status - kStatuses.begin());
  }
  for (const XmlElement& child : element.children) {
    if (child.Is("actions", ns::kCommands)) {
      ReadActions(child, &command);
    } else if (child.Is("note", ns::kCommands)) {
      if (command.notes.size() < limits::kFormFields) {
        command.notes.push_back(ReadNote(child));
      }
    } else if (child.Is("x", ns::kDataForm) && !command.form) {
      command.form = ParseDataForm(child);
      command.bad_form = !command.form;
    }
  }
  return command;
}

XmlElement WriteCommand(const Command& command) {
  XmlElement element("command", ns::kCommands);
  element.Set("node", command.node)
      .SetIf("sessionid", command.session)
      .SetIf("status", kStatuses[static_cast<size_t>(command.status)]);
  // A reply has a status and no action (s5).
  if (command.status == Command::Status::kNone &&
      command.action != Command::Action::kUnknown) {
    element.Set("action", WordOf(command.action));
  }
  if (!command.actions.empty()) {
    XmlElement& actions = element.Add(XmlElement("actions", ns::kCommands));
    actions.Set("execute", WordOf(command.default_action));
    for (const Command::Action action : command.actions) {
      actions.Add(XmlElement(WordOf(action), ns::kCommands));
    }
  }
  if (command.form) element.Add(WriteDataForm(*command.form));
  for (const Command::Note& note : command.notes) {
    XmlElement& child = element.Add(XmlElement("note", ns::kCommands));
    child.Set("type", kNoteTypes[static_cast<size_t>(note.type)]);
    child.text = note.text;
  }
  return element;
}

}  // namespace signaling
