// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "rtp/base/peer_spec.h"
#include "signaling/session_description.h"

namespace signaling {

// Which codecs and header extensions of an offered description we take, and
// how an answer names them (RFC 3264 s6.1: with the offer's numbers).

// Adds to `spec`, whose kind is set, the codecs that we know, in our order of
// preference, each with RTX, RED and the feedback that was offered for it.
void TakeCodecs(const RtpDescription& offer, rtp::ContentSpec& spec);
void TakeExtensions(const RtpDescription& offer, rtp::ContentSpec& spec);

// Adds to `answer` what `spec` took of `offer`; one payload type at least if
// any was offered.
void AnswerCodecs(const RtpDescription& offer, const rtp::ContentSpec& spec,
                  RtpDescription& answer);
void AnswerExtensions(const RtpDescription& offer, const rtp::ContentSpec& spec,
                      RtpDescription& answer);

}  // namespace signaling
