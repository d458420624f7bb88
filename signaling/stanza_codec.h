// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "signaling/stanza.h"
#include "signaling/xml_element.h"

namespace signaling {

// A stanza of the stream, typed. Nothing for an element that is none, an IQ
// without id or of unknown type, and addresses that are no JIDs. A request
// that was understood but cannot be accepted carries Malformed.
std::optional<Stanza> ParseStanza(const XmlElement& element);
XmlElement WriteStanza(const Stanza& stanza);

}  // namespace signaling
