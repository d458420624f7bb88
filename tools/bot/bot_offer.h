// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ice/socket_address.h"
#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"
#include "rtp/base/peer_spec.h"
#include "signaling/session_description.h"
#include "tools/bot/scenario.h"

namespace bot {

// What a bot offers of each codec.
struct OfferedCodec {
  rtp::Codec codec = rtp::Codec::kOpus;
  uint8_t payload_type = 0;
  uint8_t rtx_payload_type = 0;  // 0: none
};
OfferedCodec OfferOf(rtp::Codec codec);

// The ids of the header extensions of all its contents.
rtp::ExtensionIds OfferedExtensions();

// Those of an answer, or of an offer that is taken as it is.
rtp::ExtensionIds ExtensionsOf(const signaling::SessionDescription& agreed);

// The SSRCs of what a bot sends.
struct SourceIds {
  rtp::Ssrc audio = 0;
  // Of each simulcast layer, the smallest first, and of its retransmissions.
  std::vector<std::pair<rtp::Ssrc, rtp::Ssrc>> video;
};

struct OfferedTransport {
  rtp::IceCredentials credentials;
  std::vector<uint8_t> sha256;  // of the certificate
};

struct OfferConfig {
  Profile profile = Profile::kSlots;
  size_t audio_slots = 3;
  size_t video_slots = 9;
  bool send_audio = true;
  bool send_video = true;
  rtp::Codec video_codec = rtp::Codec::kVp8;  // VP8 is offered, too
  SourceIds sources;
};

// The contents of a session-initiate (jingle.md s6.4 and s6.8). `transports`:
// one, or one for each content of Profile::kPlain.
signaling::SessionDescription MakeOffer(
    const OfferConfig& config, const std::vector<OfferedTransport>& transports);

// The answer to an offer of what the peer sends: takes what a bot knows,
// receives only.
signaling::SessionDescription MakeAnswer(
    const signaling::SessionDescription& offer,
    const OfferedTransport& transport);

// Where checks go to: UDP, best first.
std::vector<ice::SocketAddress> CandidatesOf(
    const signaling::IceTransport& transport);

}  // namespace bot
