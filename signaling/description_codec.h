// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "signaling/session_description.h"
#include "signaling/xml_element.h"

namespace signaling {

// <description/> of Jingle RTP sessions (XEP-0167, 0293, 0294, 0339). Unknown
// attributes and children are ignored. Nothing, with a reason in `error`, for
// numbers out of range and lists over limits.h.
std::optional<RtpDescription> ParseRtpDescription(const XmlElement& element,
                                                  std::string* error);
XmlElement WriteRtpDescription(const RtpDescription& description);

// <transport/> of ICE-UDP with its fingerprint (XEP-0176, 0320).
std::optional<IceTransport> ParseIceTransport(const XmlElement& element,
                                              std::string* error);
XmlElement WriteIceTransport(const IceTransport& transport);

// The value of an attribute, cut to limits::kTextBytes: more than any that
// means something here.
std::string ParseText(const XmlElement& element, std::string_view attribute);

// A decimal number of at most `max`, nothing else.
std::optional<uint32_t> ParseNumber(std::string_view text, uint32_t max);

}  // namespace signaling
