// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "signaling/jingle_message.h"
#include "signaling/stanza.h"
#include "signaling/xml_element.h"

namespace signaling {

// <jingle/> (XEP-0166). Yields a JingleMessage, or Malformed with the error to
// answer with (jingle.md s6.9): unknown action, missing sid, duplicate content
// names, numbers out of range, lists over limits.h.
IqPayload ParseJingle(const XmlElement& element);
XmlElement WriteJingle(const JingleMessage& message);

// <reason/> (XEP-0166 s7.4).
JingleReason ParseReason(const XmlElement& element);
XmlElement WriteReason(const JingleReason& reason);

// The name of an action as in XEP-0166 s7.2, for logs.
std::string_view JingleActionName(JingleAction action);

}  // namespace signaling
