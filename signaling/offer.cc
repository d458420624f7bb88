// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/offer.h"

#include <array>
#include <string_view>
#include <utility>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"

namespace signaling {
namespace {

struct VideoCodec {
  rtp::Codec codec;
  uint8_t id;  // and its RTX has the next one
  Parameters parameters;
};

PayloadType Opus() {
  PayloadType opus;
  opus.id = 111;
  opus.name = rtp::CodecName(rtp::Codec::kOpus);
  opus.clock_rate = 48000;
  opus.channels = 2;
  opus.parameters = {{"minptime", "10"}, {"useinbandfec", "1"}};
  opus.feedback = {{"transport-cc", ""}};
  return opus;
}

void AddVideo(const VideoCodec& codec, RtpDescription& description) {
  PayloadType type;
  type.id = codec.id;
  type.name = rtp::CodecName(codec.codec);
  type.clock_rate = 90000;
  type.parameters = codec.parameters;
  type.feedback = {{"nack", ""},
                   {"nack", "pli"},
                   {"ccm", "fir"},
                   {"goog-remb", ""},
                   {"transport-cc", ""}};
  description.payload_types.push_back(std::move(type));
  PayloadType rtx;
  rtx.id = codec.id + 1;
  rtx.name = "rtx";
  rtx.clock_rate = 90000;
  rtx.parameters = {{"apt", std::to_string(codec.id)}};
  description.payload_types.push_back(std::move(rtx));
}

}  // namespace

RtpDescription OfferDescription(rtp::MediaKind kind, const rtp::SlotSpec& slot,
                                const std::string& stream,
                                const std::string& cname) {
  using Kind = rtp::ExtensionKind;
  RtpDescription description;
  description.ssrc = slot.ssrc;
  description.rtcp_mux = true;
  std::vector<Kind> extensions = {Kind::kAbsSendTime, Kind::kTransportSequence,
                                  Kind::kMid};
  const Parameters parameters = {{"cname", cname},
                                 {"msid", stream + " " + stream}};
  description.sources.push_back({slot.ssrc, parameters});
  if (kind == rtp::MediaKind::kAudio) {
    description.media = Media::kAudio;
    description.payload_types.push_back(Opus());
    extensions.push_back(Kind::kAudioLevel);
  } else {
    description.media = Media::kVideo;
    AddVideo({rtp::Codec::kVp8, 96, {}}, description);
    AddVideo({rtp::Codec::kVp9, 98, {{"profile-id", "0"}}}, description);
    AddVideo({rtp::Codec::kH264,
              102,
              {{"level-asymmetry-allowed", "1"},
               {"packetization-mode", "1"},
               {"profile-level-id", "42e01f"}}},
             description);
    AddVideo({rtp::Codec::kAv1, 45, {}}, description);
    description.sources.push_back({slot.rtx_ssrc, parameters});
    description.ssrc_groups.push_back({"FID", {slot.ssrc, slot.rtx_ssrc}});
    extensions.push_back(Kind::kVideoOrientation);
    extensions.push_back(Kind::kDependencyDescriptor);
  }
  description.stream = StreamId{stream, stream};
  // One kind has one id on all contents of a bundle (RFC 9143 s15).
  for (const Kind extension : extensions) {
    description.extensions.push_back(
        {static_cast<uint8_t>(static_cast<size_t>(extension) + 1),
         std::string(rtp::ExtensionUri(extension)), Senders::kBoth});
  }
  return description;
}

RtpDescription OfferPlainDescription(rtp::MediaKind kind) {
  RtpDescription description;
  description.rtcp_mux = true;
  if (kind == rtp::MediaKind::kAudio) {
    description.media = Media::kAudio;
    description.payload_types.push_back(Opus());
  } else {
    description.media = Media::kVideo;
    AddVideo({rtp::Codec::kVp8, 96, {}}, description);
    description.payload_types.pop_back();  // no RTX
  }
  for (PayloadType& type : description.payload_types) {
    std::erase_if(type.feedback, [](const RtcpFeedback& feedback) {
      return feedback.type == "transport-cc";
    });
  }
  return description;
}

}  // namespace signaling
