// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tools/bot/bot_offer.h"
#include "tools/bot/participant.h"

namespace bot {

// A client of a server that knows SDP, whatever carries that. Sans-IO: offers
// and answers are handed in and out.
class SdpClient : public Participant {
 public:
  SdpClient(Config config, rtp::RandomSource& random,
            const ice::DtlsIdentity& identity,
            std::shared_ptr<const MediaSamples> samples, MediaSockets& sockets);

  // Participant
  void Start(rtp::Timestamp now) override;
  void Leave(rtp::Timestamp now) override;

  // An offer of what it sends; or, of one that sends nothing, of what it would
  // receive (an audio and a video section).
  std::string Offer(rtp::Timestamp now);
  // The answer to its offer. Fails if that cannot be used.
  void HandleAnswer(rtp::Timestamp now, std::string_view sdp);
  // Answers an offer of what the server sends; empty if it failed.
  std::string Answer(rtp::Timestamp now, std::string_view sdp);

 private:
  void OnLegFailed(MediaSession& session) override;
  MediaSession::Config LegConfig() const;
  OfferedTransport TransportOf(const MediaSession& session) const;

  const SourceIds sources_;
  Transports transports_;
};

}  // namespace bot
