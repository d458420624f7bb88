// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "signaling/session_description.h"

namespace bot {

// Session descriptions as SDP (RFC 8866, with RFC 9143 BUNDLE, RFC 8839 ICE,
// RFC 8122 fingerprints, RFC 4585 and 5104 feedback, RFC 8285 extensions,
// RFC 5576 SSRCs), for servers that know no Jingle. A content is a media
// section, its name the MID.

// `initiator`: the offerer writes. What it sends is then "sendonly" where the
// content says so.
std::string WriteSdp(const signaling::SessionDescription& description,
                     bool initiator);

// What the other side wrote. `from_initiator`: it is the offerer. Attributes
// that are not known are passed over. Nothing, with the line that is wrong, if
// it cannot be used.
std::optional<signaling::SessionDescription> ParseSdp(std::string_view sdp,
                                                      bool from_initiator,
                                                      std::string* error);

}  // namespace bot
