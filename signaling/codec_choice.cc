// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/codec_choice.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"

namespace signaling {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool EqualNoCase(std::string_view a, std::string_view b) {
  return Lower(a) == Lower(b);
}

std::string_view ParameterOf(const PayloadType& type, std::string_view name) {
  for (const auto& [key, value] : type.parameters) {
    if (key == name) return value;
  }
  return {};
}

// In order of preference; the room's common codecs come first.
constexpr std::array kCodecs = {rtp::Codec::kOpus, rtp::Codec::kVp8,
                                rtp::Codec::kVp9, rtp::Codec::kH264,
                                rtp::Codec::kAv1};

// Whether `type` is `codec` in a form that everybody else's decoders take.
bool IsCodec(const PayloadType& type, rtp::Codec codec) {
  if (!EqualNoCase(type.name, rtp::CodecName(codec))) return false;
  switch (codec) {
    case rtp::Codec::kOpus:
      return type.clock_rate == 48000;
    case rtp::Codec::kVp8:
      return type.clock_rate == 90000;
    case rtp::Codec::kVp9: {
      const std::string_view profile = ParameterOf(type, "profile-id");
      return profile.empty() || profile == "0";
    }
    case rtp::Codec::kH264:
      // Constrained baseline or baseline, fragments allowed (RFC 6184 s8.1).
      return ParameterOf(type, "packetization-mode") == "1" &&
             ParameterOf(type, "profile-level-id").starts_with("42");
    case rtp::Codec::kAv1: {
      const std::string_view profile = ParameterOf(type, "profile");
      return profile.empty() || profile == "0";
    }
  }
  return false;
}

void TakeFeedback(const std::vector<RtcpFeedback>& offered,
                  rtp::CodecSpec& spec) {
  for (const RtcpFeedback& feedback : offered) {
    if (feedback.type == "nack" && feedback.subtype.empty()) spec.nack = true;
    if (feedback.type == "nack" && feedback.subtype == "pli") spec.pli = true;
    if (feedback.type == "ccm" && feedback.subtype == "fir") spec.fir = true;
    if (feedback.type == "goog-remb") spec.remb = true;
    if (feedback.type == "transport-cc") spec.transport_cc = true;
  }
}

// RFC 4588 s8.6.
bool IsRtxOf(const PayloadType& type, uint8_t media) {
  return EqualNoCase(type.name, "rtx") &&
         ParameterOf(type, "apt") == std::to_string(media);
}

// RED for Opus names the block codec in its parameters, "111/111", with or
// without a key (RFC 2198 s5).
bool IsRedOf(const PayloadType& type, uint8_t opus) {
  if (!EqualNoCase(type.name, "red") || type.clock_rate != 48000) return false;
  const std::string block = std::to_string(opus);
  const auto names = [&block](const std::string& text) {
    return text == block || text.starts_with(block + "/");
  };
  return std::any_of(type.parameters.begin(), type.parameters.end(),
                     [&names](const auto& parameter) {
                       return names(parameter.first) || names(parameter.second);
                     });
}

// The id of the first such payload type that goes with `media`.
std::optional<uint8_t> FindId(const RtpDescription& offer, uint8_t media,
                              bool (*is_for)(const PayloadType&, uint8_t)) {
  for (const PayloadType& type : offer.payload_types) {
    if (is_for(type, media)) return type.id;
  }
  return std::nullopt;
}

// Extensions that we read, or pass on from source to slot.
constexpr std::array kExtensions = {
    rtp::ExtensionKind::kAudioLevel,
    rtp::ExtensionKind::kAbsSendTime,
    rtp::ExtensionKind::kTransportSequence,
    rtp::ExtensionKind::kMid,
    rtp::ExtensionKind::kVideoOrientation,
    rtp::ExtensionKind::kPlayoutDelay,
    rtp::ExtensionKind::kDependencyDescriptor,
    rtp::ExtensionKind::kAbsCaptureTime,
    rtp::ExtensionKind::kVideoContentType,
};

// `type` of the offer with what we keep of its feedback.
PayloadType AnswerPayloadType(const PayloadType& type,
                              const rtp::CodecSpec* codec) {
  PayloadType answer = type;
  answer.feedback.clear();
  if (codec == nullptr) return answer;
  if (codec->nack) answer.feedback.push_back({"nack", ""});
  if (codec->pli) answer.feedback.push_back({"nack", "pli"});
  if (codec->fir) answer.feedback.push_back({"ccm", "fir"});
  if (codec->remb) answer.feedback.push_back({"goog-remb", ""});
  if (codec->transport_cc) answer.feedback.push_back({"transport-cc", ""});
  return answer;
}

}  // namespace

void TakeCodecs(const RtpDescription& offer, rtp::ContentSpec& spec) {
  for (const rtp::Codec codec : kCodecs) {
    if (rtp::KindOf(codec) != spec.kind) continue;
    for (const PayloadType& type : offer.payload_types) {
      if (!IsCodec(type, codec)) continue;
      rtp::CodecSpec taken;
      taken.codec = codec;
      taken.payload_type = type.id;
      taken.clock_rate = type.clock_rate;
      if (codec == rtp::Codec::kH264) {
        // RFC 6184 s8.1: hexadecimal, of either case.
        taken.profile =
            Lower(ParameterOf(type, "profile-level-id").substr(0, 4));
      }
      taken.rtx_payload_type = FindId(offer, type.id, IsRtxOf);
      if (codec == rtp::Codec::kOpus) {
        taken.red_payload_type = FindId(offer, type.id, IsRedOf);
      }
      TakeFeedback(type.feedback, taken);
      TakeFeedback(offer.feedback, taken);
      spec.codecs.push_back(std::move(taken));
      break;  // the first of its kind is the one that the peer prefers
    }
  }
}

void TakeExtensions(const RtpDescription& offer, rtp::ContentSpec& spec) {
  for (const HeaderExtension& extension : offer.extensions) {
    const auto kind = rtp::ExtensionFromUri(extension.uri);
    if (kind && std::find(kExtensions.begin(), kExtensions.end(), *kind) !=
                    kExtensions.end()) {
      spec.extensions.Set(*kind, extension.id);
    }
  }
}

void AnswerCodecs(const RtpDescription& offer, const rtp::ContentSpec& spec,
                  RtpDescription& answer) {
  const auto& types = offer.payload_types;
  // An id may be offered twice; the one that was taken is meant.
  const auto add = [&](const rtp::CodecSpec* codec, const auto& is_meant) {
    const auto type = std::find_if(types.begin(), types.end(), is_meant);
    if (type == types.end()) return;
    answer.payload_types.push_back(AnswerPayloadType(*type, codec));
  };
  for (const rtp::CodecSpec& codec : spec.codecs) {
    add(&codec, [&codec](const PayloadType& type) {
      return type.id == codec.payload_type && IsCodec(type, codec.codec);
    });
  }
  for (const rtp::CodecSpec& codec : spec.codecs) {
    add(nullptr, [&codec](const PayloadType& type) {
      return type.id == codec.rtx_payload_type &&
             IsRtxOf(type, codec.payload_type);
    });
    add(nullptr, [&codec](const PayloadType& type) {
      return type.id == codec.red_payload_type &&
             IsRedOf(type, codec.payload_type);
    });
  }
  if (spec.codecs.empty() && !types.empty()) {
    // A content that is not served keeps one payload type (jingle.md s6.4).
    answer.payload_types.push_back(AnswerPayloadType(types.front(), nullptr));
  }
}

void AnswerExtensions(const RtpDescription& offer, const rtp::ContentSpec& spec,
                      RtpDescription& answer) {
  for (const HeaderExtension& extension : offer.extensions) {
    const auto kind = rtp::ExtensionFromUri(extension.uri);
    if (kind && spec.extensions.IdOf(*kind) == extension.id) {
      answer.extensions.push_back(extension);
    }
  }
}

}  // namespace signaling
