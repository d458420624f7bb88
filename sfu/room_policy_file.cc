// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/room_policy_file.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "signaling/room.h"

namespace sfu {
namespace {

using nlohmann::json;
using signaling::Access;
using signaling::Jid;
using signaling::RoomPolicy;
using signaling::ServerPolicy;

constexpr size_t kMaxFileBytes = 4'000'000;
constexpr size_t kMaxRooms = 10'000;
constexpr int64_t kMaxParticipants = 1000;

absl::Status Wrong(const std::string& key, const std::string& wrong,
                   const std::string& remedy) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", key, "\" ", wrong, "; ", remedy));
}

// Reads the value of a key, whose whole name is for errors.
using Reader =
    std::function<absl::Status(const std::string& key, const json& value)>;
using Readers = std::map<std::string, Reader>;

absl::Status ReadObject(const std::string& prefix, const json& object,
                        const Readers& readers) {
  if (!object.is_object()) {
    return Wrong(prefix, "is no object", "write { } with its keys");
  }
  for (const auto& [name, value] : object.items()) {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    const auto reader = readers.find(name);
    if (reader == readers.end()) {
      std::string known;
      for (const auto& [word, unused] : readers) {
        absl::StrAppend(&known, known.empty() ? "" : ", ", word);
      }
      return Wrong(key, "is unknown", "known here are: " + known);
    }
    const absl::Status status = reader->second(key, value);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadList(
    const std::string& key, const json& value, const std::string& remedy,
    const std::function<bool(const std::string& text)>& take) {
  if (!value.is_array()) return Wrong(key, "is no list", remedy);
  if (value.size() > signaling::kMaxPolicyEntries) {
    return Wrong(key, "has too many entries",
                 absl::StrCat("give at most ", signaling::kMaxPolicyEntries));
  }
  for (const json& entry : value) {
    if (!entry.is_string() || !take(entry.get<std::string>())) {
      return Wrong(key, "has " + entry.dump(), remedy);
    }
  }
  return absl::OkStatus();
}

Reader ReadDomains(std::vector<std::string>* to) {
  return [to](const std::string& key, const json& value) {
    to->clear();
    return ReadList(key, value, "write [\"example.org\", ...]",
                    [to](const std::string& text) {
                      const auto jid = Jid::Prepare(text);
                      if (!jid || *jid != Jid{{}, jid->domain, {}}) {
                        return false;
                      }
                      to->push_back(jid->domain);
                      return true;
                    });
  };
}

Reader ReadJids(std::vector<Jid>* to) {
  return [to](const std::string& key, const json& value) {
    to->clear();
    return ReadList(
        key, value, "write [\"alice@example.org\", ...], without resources",
        [to](const std::string& text) {
          const auto jid = Jid::Prepare(text);
          if (!jid || jid->local.empty() || !jid->resource.empty()) {
            return false;
          }
          to->push_back(*jid);
          return true;
        });
  };
}

Reader ReadAccess(Access* to, bool password_too) {
  return [=](const std::string& key, const json& value) -> absl::Status {
    const auto access = value.is_string()
                            ? signaling::AccessOf(value.get<std::string>())
                            : std::nullopt;
    if (!access || (*access == Access::kPassword && !password_too)) {
      return Wrong(
          key, "is " + value.dump(),
          std::string("write anyone, domains") +
              (password_too ? ", members or password" : " or members"));
    }
    *to = *access;
    return absl::OkStatus();
  };
}

Reader ReadBool(bool* to) {
  return [to](const std::string& key, const json& value) -> absl::Status {
    if (!value.is_boolean()) {
      return Wrong(key, "is " + value.dump(), "write true or false");
    }
    *to = value.get<bool>();
    return absl::OkStatus();
  };
}

absl::Status ReadPassword(const std::string& key, const json& value,
                          std::string* to) {
  if (!value.is_string() ||
      !signaling::IsRoomPassword(value.get<std::string>())) {
    // Not its text: this line goes to a log.
    return Wrong(key, "cannot be a password",
                 absl::StrCat("give ", signaling::kMinRoomPassword, " to ",
                              signaling::kMaxRoomPassword,
                              " bytes without control characters"));
  }
  *to = value.get<std::string>();
  return absl::OkStatus();
}

absl::Status ReadMost(const std::string& key, const json& value, size_t* to) {
  if (!value.is_number_integer() || value.get<int64_t>() < 1 ||
      value.get<int64_t>() > kMaxParticipants) {
    return Wrong(key, "is " + value.dump(),
                 absl::StrCat("give 1 to ", kMaxParticipants));
  }
  *to = value.get<size_t>();
  return absl::OkStatus();
}

absl::Status ReadMuc(const std::string& key, const json& value,
                     std::string* to) {
  const std::string text = value.is_string() ? value.get<std::string>() : "?";
  if (text.empty() || text == "auto") {
    *to = text;
    return absl::OkStatus();
  }
  const auto jid = Jid::Prepare(text);
  if (!jid || jid->local.empty() || !jid->resource.empty()) {
    return Wrong(key, "is " + value.dump(),
                 "write \"auto\", the JID of a group chat, or \"\" for none");
  }
  *to = jid->ToString();
  return absl::OkStatus();
}

// Changes what of `policy` the object names.
absl::Status ReadRoom(const std::string& prefix, const json& object,
                      RoomPolicy* policy) {
  const Readers readers = {
      {"access", ReadAccess(&policy->access, true)},
      {"domains", ReadDomains(&policy->domains)},
      {"members", ReadJids(&policy->members)},
      {"moderators", ReadJids(&policy->moderators)},
      {"locked", ReadBool(&policy->locked)},
      {"password",
       [&](const std::string& key, const json& value) {
         return ReadPassword(key, value, &policy->password);
       }},
      {"max_participants",
       [&](const std::string& key, const json& value) {
         return ReadMost(key, value, &policy->max_participants);
       }},
      {"muc",
       [&](const std::string& key, const json& value) {
         return ReadMuc(key, value, &policy->muc);
       }},
  };
  absl::Status status = ReadObject(prefix, object, readers);
  if (!status.ok()) return status;
  if (policy->access == Access::kPassword && policy->password.empty()) {
    return Wrong(prefix + ".access", "is by password and there is none",
                 "give \"password\" as well");
  }
  if (policy->access == Access::kDomains && policy->domains.empty()) {
    return Wrong(prefix + ".access", "is by domains and there are none",
                 "give \"domains\" as well");
  }
  return absl::OkStatus();
}

absl::Status ReadCreate(const std::string& prefix, const json& object,
                        ServerPolicy* policy) {
  const absl::Status status =
      ReadObject(prefix, object,
                 {{"access", ReadAccess(&policy->create, false)},
                  {"domains", ReadDomains(&policy->create_domains)},
                  {"members", ReadJids(&policy->create_members)}});
  if (status.ok() && policy->create == Access::kDomains &&
      policy->create_domains.empty()) {
    return Wrong(prefix + ".access", "is by domains and there are none",
                 "give \"domains\" as well");
  }
  return status;
}

absl::Status ReadRooms(const std::string& prefix, const json& object,
                       ServerPolicy* policy) {
  if (!object.is_object() || object.size() > kMaxRooms) {
    return Wrong(prefix, "is no object of rooms, or too large",
                 absl::StrCat("write { \"name\": { ... } }, at most ",
                              kMaxRooms, " rooms"));
  }
  for (const auto& [name, room] : object.items()) {
    const std::string key = prefix + "." + name;
    if (!signaling::IsRoomName(name)) {
      return Wrong(key, "is no name of a room",
                   "use 1 to 64 of a-z, 0-9, \"-\", \"_\" and \".\"");
    }
    RoomPolicy room_policy = policy->defaults;
    const absl::Status status = ReadRoom(key, room, &room_policy);
    if (!status.ok()) return status;
    policy->rooms[name] = std::move(room_policy);
  }
  return absl::OkStatus();
}

// Where a key stands twice, the second one would win unseen.
json ParseJson(const std::string& text, std::string* error) {
  std::vector<std::vector<std::string>> keys;
  std::string twice;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      const auto key = parsed.get<std::string>();
      auto& seen = keys.back();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) twice = key;
      seen.push_back(key);
    }
    return true;
  };
  try {
    json parsed = json::parse(text, watch, true, true);
    if (!twice.empty()) *error = "\"" + twice + "\" is there twice";
    return parsed;
  } catch (const json::exception& e) {
    *error = e.what();
    return nullptr;
  }
}

}  // namespace

absl::StatusOr<ServerPolicy> ParseRoomPolicy(const std::string& text) {
  std::string error;
  const json file = ParseJson(text, &error);
  if (!error.empty()) {
    return absl::InvalidArgumentError("this is no JSON that can be used (" +
                                      error + "); correct it there");
  }
  ServerPolicy policy;
  json rooms = json::object();
  absl::Status status =
      ReadObject("", file,
                 {{"create",
                   [&](const std::string& key, const json& value) {
                     return ReadCreate(key, value, &policy);
                   }},
                  {"default",
                   [&](const std::string& key, const json& value) {
                     return ReadRoom(key, value, &policy.defaults);
                   }},
                  {"rooms", [&](const std::string&, const json& value) {
                     rooms = value;  // when the default is known
                     return absl::OkStatus();
                   }}});
  if (status.ok()) status = ReadRooms("rooms", rooms, &policy);
  if (!status.ok()) return status;
  return policy;
}

absl::StatusOr<ServerPolicy> ReadRoomPolicyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open() || file.gcount() == 0) {
    return absl::InvalidArgumentError(
        "cannot read " + path +
        "; check the path, its permissions and that it is not empty");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(path + " is too large; shorten it");
  }
  absl::StatusOr<ServerPolicy> policy = ParseRoomPolicy(text);
  if (policy.ok()) return policy;
  return absl::InvalidArgumentError(path + ": " +
                                    std::string(policy.status().message()));
}

}  // namespace sfu
