// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "signaling/data_form.h"

namespace signaling {

// One <command/> of XEP-0050, of either direction.
struct Command {
  enum class Action : uint8_t {
    kExecute,  // also where none is told
    kNext,
    kPrev,
    kComplete,
    kCancel,
    kUnknown,
  };
  enum class Status : uint8_t { kNone, kExecuting, kCompleted, kCanceled };
  struct Note {
    enum class Type : uint8_t { kInfo, kWarn, kError };
    Type type = Type::kInfo;
    std::string text;
    bool operator==(const Note&) const = default;
  };

  std::string node;
  std::string session;  // sessionid; empty: a command begins
  Action action = Action::kExecute;
  Status status = Status::kNone;
  // Which actions may follow (s3.4); of those, what `execute` stands for.
  std::vector<Action> actions;
  Action default_action = Action::kComplete;
  std::vector<Note> notes;
  std::optional<DataForm> form;
  bool bad_form = false;  // there was one that could not be read
  bool operator==(const Command&) const = default;
};

}  // namespace signaling
