// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/command_forms.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "signaling/limits.h"

namespace signaling {
namespace {

using Type = FormField::Type;

constexpr size_t kMostParticipants = 1000;
constexpr std::string_view kNobody = "none of those chosen is here any more";

FormField Field(Type type, std::string var, std::string label,
                std::vector<std::string> values = {}) {
  FormField field;
  field.type = type;
  field.var = std::move(var);
  field.label = std::move(label);
  field.values = std::move(values);
  return field;
}

DataForm Form(std::string title, std::string instructions) {
  DataForm form;
  form.title = std::move(title);
  form.instructions = std::move(instructions);
  return form;
}

std::vector<std::string> Texts(const std::vector<Jid>& jids) {
  std::vector<std::string> texts;
  for (const Jid& jid : jids) texts.push_back(jid.ToString());
  return texts;
}

// Names may be alike; ids are not.
FormField Choice(const Room& room, bool only_denied) {
  FormField field = Field(Type::kListMulti, "participants", "Participants");
  field.required = true;
  for (const auto& participant : room.participants) {
    if (only_denied && participant->by_moderator == Rights()) continue;
    field.options.push_back(
        {participant->name + " (" + participant->id + ")", participant->id});
  }
  return field;
}

FormField WhatField(std::string label) {
  FormField field = Field(Type::kListSingle, "what", std::move(label));
  field.options = {{"Microphone and camera", "both"},
                   {"Microphone", "audio"},
                   {"Camera and screen", "video"}};
  field.values = {"both"};
  return field;
}

// Those chosen who are there.
std::vector<std::string> Chosen(const Room& room, const DataForm& form) {
  const std::vector<std::string> wanted = form.Values("participants");
  std::vector<std::string> chosen;
  for (const auto& participant : room.participants) {
    if (std::find(wanted.begin(), wanted.end(), participant->id) !=
        wanted.end()) {
      chosen.push_back(participant->id);
    }
  }
  return chosen;
}

std::string ReadNumber(const std::string& text, size_t* to) {
  size_t number = 0;
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (!text.empty() && (result.ec != std::errc() || result.ptr != end ||
                        number > kMostParticipants)) {
    return "the most participants are a number from 1 to 1000, or 0";
  }
  *to = number;
  return {};
}

std::string ReadAddresses(const DataForm& form, RoomPolicy* policy) {
  if (form.Find("domains") != nullptr) {
    policy->domains.clear();
    for (const std::string& text : form.Values("domains")) {
      const auto jid = Jid::Prepare(text);
      if (!jid || !jid->local.empty() || !jid->resource.empty()) {
        return "'" + text + "' is no domain";
      }
      policy->domains.push_back(jid->domain);
    }
  }
  if (form.Find("members") != nullptr) {
    policy->members.clear();
    for (const std::string& text : form.Values("members")) {
      const auto jid = Jid::Prepare(text);
      if (!jid || jid->local.empty()) return "'" + text + "' is no address";
      policy->members.push_back(jid->Bare());
    }
  }
  return {};
}

}  // namespace

DataForm ConfigureForm(const Room& room) {
  const RoomPolicy& policy = room.policy;
  DataForm form =
      Form("Room " + room.name,
           "Holds until the last participant has left. Who is in, stays.");
  FormField access =
      Field(Type::kListSingle, "access", "Who may enter",
            {std::string(kAccessWords[static_cast<size_t>(policy.access)])});
  access.options = {{"Anyone", "anyone"},
                    {"Users of the domains below, and members", "domains"},
                    {"Members only", "members"},
                    {"Who knows the password, and members", "password"}};
  const std::string most = std::to_string(policy.max_participants);
  form.fields = {
      std::move(access),
      Field(Type::kJidMulti, "domains", "Domains", policy.domains),
      Field(Type::kJidMulti, "members", "Members", Texts(policy.members)),
      Field(Type::kTextPrivate, "password",
            "Password, 8 bytes or more (empty: as it is)"),
      Field(Type::kTextSingle, "max_participants",
            "Most participants (0: what the server allows)", {most}),
      Field(Type::kBoolean, "locked", "Locked for newcomers",
            {policy.locked ? "1" : "0"})};
  return form;
}

DataForm MuteForm(const Room& room) {
  DataForm form = Form("Mute participants",
                       "They cannot be heard or seen until they are unmuted.");
  form.fields = {Choice(room, false), WhatField("Mute what")};
  return form;
}

DataForm UnmuteForm(const Room& room) {
  DataForm form = Form("Unmute participants", "");
  form.fields = {Choice(room, true), WhatField("Unmute what")};
  return form;
}

DataForm KickForm(const Room& room) {
  DataForm form =
      Form("Remove participants",
           "They cannot come back for a minute. A guest can, as another guest: "
           "lock the room to prevent that.");
  form.fields = {Choice(room, false),
                 Field(Type::kTextSingle, "reason", "Reason, shown to them")};
  return form;
}

DataForm ParticipantTable(const Room& room, bool with_jids) {
  DataForm form = Form("Participants of " + room.name, "");
  form.type = DataForm::Type::kResult;
  form.reported = {Field(Type::kTextSingle, "name", "Name"),
                   Field(Type::kTextSingle, "id", "Id"),
                   Field(Type::kTextSingle, "sends", "Sends"),
                   Field(Type::kTextSingle, "muted", "Muted by a moderator")};
  if (with_jids) {
    form.reported.push_back(Field(Type::kTextSingle, "jid", "Address"));
  }
  for (const auto& participant : room.participants) {
    if (form.rows.size() == limits::kFormValues) break;
    const RosterParticipant seen = Describe(*participant);
    std::string sends;
    for (const RosterSource& source : seen.sources) {
      if (source.muted) continue;
      sends += (sends.empty() ? "" : " ") + source.type;
    }
    std::vector<FormField> row = {
        Field(Type::kTextSingle, "name", "", {seen.name}),
        Field(Type::kTextSingle, "id", "", {seen.id}),
        Field(Type::kTextSingle, "sends", "", {sends}),
        Field(Type::kTextSingle, "muted", "", {seen.denied})};
    if (with_jids) {
      row.push_back(
          Field(Type::kTextSingle, "jid", "", {participant->jid.ToString()}));
    }
    form.rows.push_back(std::move(row));
  }
  return form;
}

Filled ReadConfigure(const Room& room, const DataForm& form) {
  SetPolicy order{room.policy};
  RoomPolicy& policy = order.policy;
  if (form.Find("access") != nullptr) {
    const auto access = AccessOf(form.Value("access"));
    if (!access) return "choose who may enter";
    policy.access = *access;
  }
  if (std::string wrong = ReadAddresses(form, &policy); !wrong.empty()) {
    return wrong;
  }
  if (const std::string password = form.Value("password"); !password.empty()) {
    if (!IsRoomPassword(password)) {
      return "a password has 8 to 256 bytes and no control characters";
    }
    policy.password = password;
  }
  if (policy.access == Access::kPassword && policy.password.empty()) {
    return "give a password as well";
  }
  if (policy.access == Access::kDomains && policy.domains.empty()) {
    return "give the domains as well";
  }
  if (form.Find("max_participants") != nullptr) {
    std::string wrong =
        ReadNumber(form.Value("max_participants"), &policy.max_participants);
    if (!wrong.empty()) return wrong;
  }
  if (form.Find("locked") != nullptr) {
    const auto locked = form.Flag("locked");
    if (!locked) return "locked is 1 or 0";
    policy.locked = *locked;
  }
  return RoomOrder(std::move(order));
}

Filled ReadDeny(const Room& room, const DataForm& form, bool denied) {
  Deny order;
  order.denied = denied;
  if (form.Values("participants").empty()) return "choose at least one";
  order.participants = Chosen(room, form);
  if (order.participants.empty()) return std::string(kNobody);
  const std::string what = form.Value("what");
  if (!what.empty() && what != "both" && what != "audio" && what != "video") {
    return "choose both, audio or video";
  }
  order.audio = what != "video";
  order.video = what != "audio";
  return RoomOrder(std::move(order));
}

Filled ReadKick(const Room& room, const DataForm& form) {
  Kick order;
  if (form.Values("participants").empty()) return "choose at least one";
  order.participants = Chosen(room, form);
  if (order.participants.empty()) return std::string(kNobody);
  order.reason = form.Value("reason");
  return RoomOrder(std::move(order));
}

}  // namespace signaling
