// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/bot_offer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/namespaces.h"

namespace bot {
namespace {

constexpr std::array<std::pair<rtp::ExtensionKind, uint8_t>, 5> kExtensions = {
    {{rtp::ExtensionKind::kAudioLevel, 1},
     {rtp::ExtensionKind::kTransportSequence, 3},
     {rtp::ExtensionKind::kMid, 4},
     {rtp::ExtensionKind::kAbsCaptureTime, 5},
     {rtp::ExtensionKind::kDependencyDescriptor, 6}}};

constexpr std::array<OfferedCodec, 5> kCodecs = {{{rtp::Codec::kOpus, 111, 0},
                                                  {rtp::Codec::kVp8, 96, 97},
                                                  {rtp::Codec::kVp9, 98, 99},
                                                  {rtp::Codec::kH264, 102, 103},
                                                  {rtp::Codec::kAv1, 45, 46}}};

void DescribeCodec(rtp::Codec codec, signaling::RtpDescription& description) {
  const OfferedCodec offered = OfferOf(codec);
  const bool audio = codec == rtp::Codec::kOpus;
  signaling::PayloadType type;
  type.id = offered.payload_type;
  type.name = rtp::CodecName(codec);
  type.clock_rate = audio ? 48000 : 90000;
  type.channels = audio ? 2 : 1;
  type.feedback.push_back({"transport-cc", ""});
  if (audio) {
    type.parameters = {{"useinbandfec", "1"}, {"usedtx", "1"}};
  } else {
    type.feedback.push_back({"nack", ""});
    type.feedback.push_back({"nack", "pli"});
    type.feedback.push_back({"ccm", "fir"});
  }
  if (codec == rtp::Codec::kVp9) type.parameters = {{"profile-id", "0"}};
  if (codec == rtp::Codec::kH264) {
    type.parameters = {{"profile-level-id", "42e01f"},
                       {"packetization-mode", "1"},
                       {"level-asymmetry-allowed", "1"}};
  }
  description.payload_types.push_back(std::move(type));
  if (audio) return;
  signaling::PayloadType rtx;
  rtx.id = offered.rtx_payload_type;
  rtx.name = "rtx";
  rtx.clock_rate = 90000;
  rtx.parameters.emplace_back("apt", std::to_string(offered.payload_type));
  description.payload_types.push_back(std::move(rtx));
}

signaling::RtpDescription DescribeMedia(rtp::MediaKind kind,
                                        rtp::Codec video_codec) {
  const bool audio = kind == rtp::MediaKind::kAudio;
  signaling::RtpDescription description;
  description.media =
      audio ? signaling::Media::kAudio : signaling::Media::kVideo;
  description.rtcp_mux = true;
  DescribeCodec(audio ? rtp::Codec::kOpus : video_codec, description);
  if (!audio && video_codec != rtp::Codec::kVp8) {
    DescribeCodec(rtp::Codec::kVp8, description);
  }
  for (const auto& [extension, id] : kExtensions) {
    if (extension == rtp::ExtensionKind::kAudioLevel && !audio) continue;
    if (extension == rtp::ExtensionKind::kDependencyDescriptor &&
        (audio || video_codec != rtp::Codec::kAv1)) {
      continue;
    }
    description.extensions.push_back({id,
                                      std::string(rtp::ExtensionUri(extension)),
                                      signaling::Senders::kBoth});
  }
  return description;
}

void DescribeSources(const std::vector<std::pair<rtp::Ssrc, rtp::Ssrc>>& layers,
                     signaling::RtpDescription& description) {
  description.ssrc = layers.front().first;
  signaling::SsrcGroup simulcast{"SIM", {}};
  for (const auto& [ssrc, rtx] : layers) {
    for (const rtp::Ssrc each : {ssrc, rtx}) {
      if (each != 0) description.sources.push_back({each, {{"cname", "bot"}}});
    }
    if (rtx != 0) description.ssrc_groups.push_back({"FID", {ssrc, rtx}});
    simulcast.ssrcs.push_back(ssrc);
  }
  if (layers.size() > 1) {
    description.ssrc_groups.push_back(std::move(simulcast));
  }
}

signaling::IceTransport DescribeTransport(const OfferedTransport& offered,
                                          signaling::DtlsSetup setup) {
  signaling::IceTransport transport;
  transport.ufrag = offered.credentials.ufrag;
  transport.pwd = offered.credentials.pwd;
  transport.fingerprint =
      signaling::Fingerprint{"sha-256", offered.sha256, setup};
  return transport;
}

signaling::Senders SendersOf(Profile profile, bool publishes, bool receives) {
  if (!publishes) return signaling::Senders::kResponder;
  if (profile == Profile::kAvConferences || !receives) {
    return signaling::Senders::kInitiator;
  }
  return signaling::Senders::kBoth;
}

}  // namespace

OfferedCodec OfferOf(rtp::Codec codec) {
  return *std::find_if(kCodecs.begin(), kCodecs.end(),
                       [codec](const auto& c) { return c.codec == codec; });
}

rtp::ExtensionIds OfferedExtensions() {
  rtp::ExtensionIds ids;
  for (const auto& [kind, id] : kExtensions) ids.Set(kind, id);
  return ids;
}

rtp::ExtensionIds ExtensionsOf(const signaling::SessionDescription& agreed) {
  rtp::ExtensionIds ids;
  for (const signaling::Content& content : agreed.contents) {
    if (!content.description) continue;
    for (const auto& extension : content.description->extensions) {
      const auto kind = rtp::ExtensionFromUri(extension.uri);
      if (kind) ids.Set(*kind, extension.id);
    }
  }
  return ids;
}

signaling::SessionDescription MakeOffer(
    const OfferConfig& config,
    const std::vector<OfferedTransport>& transports) {
  signaling::SessionDescription offer;
  signaling::ContentGroup bundle{"BUNDLE", {}};
  const auto add = [&](rtp::MediaKind kind, size_t slots, bool sends) {
    const bool audio = kind == rtp::MediaKind::kAudio;
    const size_t receiving = config.profile == Profile::kAvConferences ? 0
                             : config.profile == Profile::kPlain
                                 ? std::min<size_t>(slots, 1)
                                 : slots;
    for (size_t i = 0; i < std::max<size_t>(receiving, sends ? 1 : 0); ++i) {
      signaling::Content content;
      content.name = (audio ? "audio" : "video") + std::to_string(i);
      const bool publishes = sends && i == 0;
      content.senders = SendersOf(config.profile, publishes, receiving > 0);
      content.description_ns = signaling::ns::kRtp;
      content.description = DescribeMedia(kind, config.video_codec);
      if (publishes) {
        if (audio) {
          DescribeSources({{config.sources.audio, 0}}, *content.description);
        } else {
          DescribeSources(config.sources.video, *content.description);
        }
      }
      content.transport_ns = signaling::ns::kIceUdp;
      const size_t index =
          std::min(offer.contents.size(), transports.size() - 1);
      content.transport =
          DescribeTransport(transports[index], signaling::DtlsSetup::kActpass);
      bundle.contents.push_back(content.name);
      offer.contents.push_back(std::move(content));
    }
  };
  add(rtp::MediaKind::kAudio, config.audio_slots, config.send_audio);
  add(rtp::MediaKind::kVideo, config.video_slots, config.send_video);
  if (config.profile != Profile::kPlain) {
    offer.groups.push_back(std::move(bundle));
  }
  return offer;
}

signaling::SessionDescription MakeAnswer(
    const signaling::SessionDescription& offer,
    const OfferedTransport& transport) {
  signaling::SessionDescription answer;
  answer.groups = offer.groups;
  for (const signaling::Content& offered : offer.contents) {
    if (!offered.description) continue;
    signaling::Content content;
    content.name = offered.name;
    content.creator = offered.creator;
    content.senders = offered.senders;
    content.description_ns = signaling::ns::kRtp;
    signaling::RtpDescription& description = content.description.emplace();
    description.media = offered.description->media;
    description.rtcp_mux = true;
    for (const auto& type : offered.description->payload_types) {
      const bool known =
          std::any_of(kCodecs.begin(), kCodecs.end(), [&](const auto& codec) {
            return type.name == rtp::CodecName(codec.codec);
          });
      if (known || type.name == "rtx") {
        description.payload_types.push_back(type);
      }
    }
    const rtp::ExtensionIds ours = OfferedExtensions();
    for (const auto& extension : offered.description->extensions) {
      const auto kind = rtp::ExtensionFromUri(extension.uri);
      if (kind && ours.Has(*kind)) description.extensions.push_back(extension);
    }
    content.transport_ns = signaling::ns::kIceUdp;
    content.transport =
        DescribeTransport(transport, signaling::DtlsSetup::kActive);
    answer.contents.push_back(std::move(content));
  }
  return answer;
}

std::vector<ice::SocketAddress> CandidatesOf(
    const signaling::IceTransport& transport) {
  std::vector<signaling::IceCandidate> candidates = transport.candidates;
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const auto& a, const auto& b) { return a.priority > b.priority; });
  std::vector<ice::SocketAddress> addresses;
  for (const signaling::IceCandidate& candidate : candidates) {
    if (candidate.protocol != "udp" || candidate.component != 1) continue;
    const auto address =
        ice::SocketAddress::Parse(candidate.ip, candidate.port);
    if (address) addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace bot
