// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/sdp_client.h"

#include <utility>

#include "tools/bot/sdp.h"

namespace bot {
namespace {

SourceIds DrawSources(rtp::RandomSource& random, uint32_t layers) {
  SourceIds sources{random.NextU32() | 1, {}};
  for (uint32_t i = 0; i < layers; ++i) {
    sources.video.emplace_back(random.NextU32() | 1, random.NextU32() | 1);
  }
  return sources;
}

}  // namespace

SdpClient::SdpClient(Config config, rtp::RandomSource& random,
                     const ice::DtlsIdentity& identity,
                     std::shared_ptr<const MediaSamples> samples,
                     MediaSockets& sockets)
    : Participant(std::move(config), random, identity, std::move(samples),
                  sockets),
      sources_(DrawSources(random, config_.media.simulcast)) {}

void SdpClient::Start(rtp::Timestamp now) {
  now_ = now;
  started_ = now;
  logged_in_ = now;
}

void SdpClient::Leave(rtp::Timestamp now) {
  now_ = now;
  if (left_) return;
  for (MediaSession* leg : transports_.legs) leg->Close();
  left_ = failure().empty();
  Fail("left");
}

MediaSession::Config SdpClient::LegConfig() const {
  MediaSession::Config config;
  config.feedback = config_.media.feedback;
  config.congestion_control = config_.media.congestion_control;
  config.extensions = OfferedExtensions();
  return config;
}

OfferedTransport SdpClient::TransportOf(const MediaSession& session) const {
  return {session.local_credentials(), identity_.sha256()};
}

std::string SdpClient::Offer(rtp::Timestamp now) {
  now_ = now;
  MediaSession& leg = OpenLeg(LegConfig());
  transports_.legs = {&leg};
  const bool sends = config_.send_audio || config_.send_video;
  OfferConfig config;
  config.profile = sends ? Profile::kAvConferences : Profile::kSlots;
  config.audio_slots = config.video_slots = sends ? 0 : 1;
  config.send_audio = config_.send_audio;
  config.send_video = config_.send_video;
  config.video_codec = config_.media.video_codec;
  config.sources = sources_;
  const auto offer = MakeOffer(config, {TransportOf(leg)});
  for (const auto& content : offer.contents) {
    transports_.contents[content.name] = 0;
  }
  AddSenders(transports_, sources_);
  return WriteSdp(offer, /*initiator=*/true);
}

void SdpClient::HandleAnswer(rtp::Timestamp now, std::string_view sdp) {
  now_ = now;
  std::string error;
  const auto answer = ParseSdp(sdp, /*from_initiator=*/false, &error);
  if (!answer) return Fail(error);
  accepted_ = now;
  ConnectLegs(transports_, *answer, /*peer_initiated=*/false);
}

std::string SdpClient::Answer(rtp::Timestamp now, std::string_view sdp) {
  now_ = now;
  std::string error;
  const auto offer = ParseSdp(sdp, /*from_initiator=*/true, &error);
  if (!offer) {
    Fail(error);
    return "";
  }
  accepted_ = now;
  MediaSession::Config config = LegConfig();
  config.extensions = ExtensionsOf(*offer);
  MediaSession& leg = OpenLeg(std::move(config));
  transports_.legs = {&leg};
  const auto answer = MakeAnswer(*offer, TransportOf(leg));
  for (const auto& content : answer.contents) {
    transports_.contents[content.name] = 0;
  }
  ConnectLegs(transports_, *offer, /*peer_initiated=*/true);
  return failure().empty() ? WriteSdp(answer, /*initiator=*/false) : "";
}

void SdpClient::OnLegFailed(MediaSession& session) { Fail(session.failure()); }

}  // namespace bot
