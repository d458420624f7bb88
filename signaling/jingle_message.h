// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "signaling/session_description.h"

namespace signaling {

// XEP-0166 s7.2, all of its actions.
enum class JingleAction : uint8_t {
  kContentAccept,
  kContentAdd,
  kContentModify,
  kContentReject,
  kContentRemove,
  kDescriptionInfo,
  kSecurityInfo,
  kSessionAccept,
  kSessionInfo,
  kSessionInitiate,
  kSessionTerminate,
  kTransportAccept,
  kTransportInfo,
  kTransportReject,
  kTransportReplace,
};

// XEP-0166 s7.4, plus the sid of <alternative-session/> and an element of an
// application (such as XEP-0167's <crypto-required/>).
struct JingleReason {
  std::string condition;  // "success", "gone", ...
  std::string text;
  std::string alternative_sid;
  std::string application_condition;  // element name
  std::string application_ns;
  bool operator==(const JingleReason&) const = default;
};

inline JingleReason Because(std::string condition, std::string text = {}) {
  JingleReason reason;
  reason.condition = std::move(condition);
  reason.text = std::move(text);
  return reason;
}

// XEP-0167 s9: what a session-info says. kPing is the empty one.
struct SessionInfo {
  enum class Kind : uint8_t {
    kPing,
    kActive,
    kHold,
    kUnhold,
    kMute,
    kUnmute,
    kRinging,
    kUnknown,
  };
  Kind kind = Kind::kPing;
  std::string content;  // of mute and unmute; empty: all contents
  bool operator==(const SessionInfo&) const = default;
};

// One <jingle/> element, any action. Fields that an action does not have are
// empty. Knows nothing of IQs, JIDs or XML.
struct JingleMessage {
  JingleAction action = JingleAction::kSessionInfo;
  std::string sid;
  std::string initiator;
  std::string responder;
  SessionDescription description;
  std::optional<JingleReason> reason;
  SessionInfo info;
  std::string resume_token;  // <resume/> of docs/room-protocol.md
  std::string password;      // <join/> of docs/room-protocol.md
  bool is_focus = false;     // <conference-info isfocus='true'/>, XEP-0298
  // And whose media the session carries.
  struct ConferenceUser {
    std::string entity;  // a URI
    std::string name;
    bool operator==(const ConferenceUser&) const = default;
  };
  std::optional<ConferenceUser> user;
  std::string muji_room;  // of the group call that it belongs to (XEP-0272)
  bool operator==(const JingleMessage&) const = default;
};

// What an IQ error says about a Jingle request (XEP-0166 s10): a defined
// stanza condition (RFC 6120 s8.3) and a Jingle condition, which may be empty.
struct StanzaError {
  std::string type = "cancel";  // auth, cancel, modify, wait
  std::string condition = "bad-request";
  std::string jingle_condition;  // in urn:xmpp:jingle:errors:1
  std::string text;
  std::string command_condition = {};  // of XEP-0050 s4.4
  bool operator==(const StanzaError&) const = default;
};

}  // namespace signaling
