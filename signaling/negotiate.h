// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "signaling/jingle_message.h"
#include "signaling/session_description.h"

namespace signaling {

// How many slots one client may have (docs/room-protocol.md).
inline constexpr size_t kMaxAudioSlots = 3;
inline constexpr size_t kMaxVideoSlots = 25;

// What of an offered content we take.
struct ContentPlan {
  Content offer;
  bool sends = false;     // the peer publishes here
  bool receives = false;  // a slot of ours
  // Name, kind, transport, codecs and extensions are set; uplink and slot are
  // for the session to fill. Codecs are empty if the content is not served.
  rtp::ContentSpec spec;
};

// What of an offer we take: a pure function of it.
struct SessionPlan {
  // Set: the session cannot be; nothing else counts.
  std::optional<JingleReason> refused;
  bool bundle = false;                // the contents share the first transport
  std::vector<ContentPlan> contents;  // as offered, in order
  // Contents that the answer cannot even name: to be removed after it.
  std::vector<Content> unserved;
  JingleReason why_unserved;  // the first of them
  // Remote side and DTLS role of each transport; local side unset.
  std::vector<rtp::TransportSpec> transports;
};

// Plans the answer to an offer of a peer that initiates (XEP-0167, jingle.md
// s6.4, s6.5). Payload types and extension ids are the offer's; codecs are in
// our order of preference: Opus; VP8, VP9, H264, AV1.
SessionPlan PlanSession(const SessionDescription& offer);

// Likewise for contents that are added to a session (content-add). A transport
// without credentials is that of the bundle. `first_transport`: the index that
// the first new transport gets. `audio_slots`, `video_slots`: how many there
// are already.
SessionPlan PlanAddition(const SessionDescription& addition, bool bundle,
                         size_t first_transport, size_t audio_slots,
                         size_t video_slots);

// The answer's content for `plan`, whose spec is complete. `transport` is our
// side of its transport with the DTLS setup filled in.
Content AnswerContent(const ContentPlan& plan, bool bundle,
                      const IceTransport& transport, const std::string& cname);

// Why a peer without DTLS-SRTP is turned away (jingle.md s6.9).
JingleReason CryptoRequired();

// Whether a fingerprint can be verified: sha-1 to sha-512, of its length.
bool IsKnownHash(const Fingerprint& fingerprint);

// Our DTLS setup attribute for a role.
DtlsSetup SetupOf(rtp::DtlsRole role);

}  // namespace signaling
