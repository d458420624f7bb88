// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "signaling/call_message.h"
#include "signaling/xml_element.h"

namespace signaling {

// An element of XEP-0353. Nothing for one that is unknown or has no id.
std::optional<CallMessage> ParseCallMessage(const XmlElement& element);
XmlElement WriteCallMessage(const CallMessage& message);

}  // namespace signaling
