// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "rtp/base/peer_spec.h"
#include "signaling/session_description.h"

namespace signaling {

// What we offer on a content that we only send on: every codec that a source
// may have, the room's common ones first, and the extensions that slots write.
// The payload types are ours and the same in all offers.
RtpDescription OfferDescription(rtp::MediaKind kind, const rtp::SlotSpec& slot,
                                const std::string& stream,
                                const std::string& cname);

// The same for clients that know one codec, one transport and one SSRC per
// content: Opus or VP8, nothing else.
RtpDescription OfferPlainDescription(rtp::MediaKind kind);

}  // namespace signaling
