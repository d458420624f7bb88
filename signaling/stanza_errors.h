// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>

#include "signaling/jingle_message.h"
#include "signaling/stanza.h"

namespace signaling {

// The errors that more than one part answers with (jingle.md s6.9).

inline StanzaError BadRequest(std::string text) {
  return {"modify", "bad-request", "", std::move(text)};
}
inline StanzaError ItemNotFound(std::string text = {}) {
  return {"cancel", "item-not-found", "", std::move(text)};
}
inline StanzaError ResourceConstraint(std::string text) {
  return {"wait", "resource-constraint", "", std::move(text)};
}
inline StanzaError Forbidden(std::string text) {
  return {"auth", "forbidden", "", std::move(text)};
}
inline StanzaError UnknownSession() {
  return {"cancel", "item-not-found", "unknown-session", ""};
}
inline StanzaError OutOfOrder() {
  return {"wait", "unexpected-request", "out-of-order", ""};
}
inline StanzaError UnsupportedInfo() {
  return {"modify", "feature-not-implemented", "unsupported-info", ""};
}

// What a codec makes of an element that it cannot accept.
inline Malformed MalformedRequest(std::string text) {
  return Malformed{BadRequest(std::move(text))};
}

}  // namespace signaling
