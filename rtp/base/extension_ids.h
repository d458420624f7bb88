// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rtp {

// The RTP header extensions that this server understands, whatever id a
// negotiation gave them. Others are not forwarded.
enum class ExtensionKind : uint8_t {
  kAudioLevel,             // RFC 6464
  kAbsSendTime,            // webrtc.org experiment
  kTransportSequence,      // draft-holmer-rmcat-transport-wide-cc-extensions-01
  kMid,                    // RFC 9143 s15
  kRid,                    // RFC 8852 s3.1
  kRepairedRid,            // RFC 8852 s3.2
  kVideoOrientation,       // 3GPP TS 26.114 s7.4.5
  kPlayoutDelay,           // webrtc.org experiment
  kDependencyDescriptor,   // AV1 RTP v1.0, appendix A
  kAbsCaptureTime,         // webrtc.org experiment
  kVideoLayersAllocation,  // webrtc.org experiment
  kVideoContentType,       // webrtc.org experiment
  kVideoTiming,            // webrtc.org experiment
  kColorSpace,             // webrtc.org experiment
  kTransmissionOffset,     // RFC 5450
  kCount
};

inline constexpr size_t kExtensionKindCount =
    static_cast<size_t>(ExtensionKind::kCount);

// The URI of each kind, in the order of the enumeration.
inline constexpr std::array<std::string_view, kExtensionKindCount>
    kExtensionUris = {
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "urn:ietf:params:rtp-hdrext:sdes:mid",
        "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        "urn:3gpp:video-orientation",
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "https://aomediacodec.github.io/av1-rtp-spec/"
        "#dependency-descriptor-rtp-header-extension",
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
        "http://www.webrtc.org/experiments/rtp-hdrext/"
        "video-layers-allocation00",
        "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
        "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
        "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
        "urn:ietf:params:rtp-hdrext:toffset",
};

// The URI by which a negotiation names `kind` (XEP-0294, RFC 8285 s5).
constexpr std::string_view ExtensionUri(ExtensionKind kind) {
  return kExtensionUris[static_cast<size_t>(kind)];
}

// The kind that `uri` names; nothing if we do not know it.
constexpr std::optional<ExtensionKind> ExtensionFromUri(std::string_view uri) {
  for (size_t i = 0; i < kExtensionKindCount; ++i) {
    if (kExtensionUris[i] == uri) return static_cast<ExtensionKind>(i);
  }
  return std::nullopt;
}

// The negotiated id of each extension kind, looked up in both directions.
// Ids are 1 to 255 (RFC 8285 s4.3); 0 is absent.
class ExtensionIds {
 public:
  // Gives `kind` the id `id`; 0 takes its id away. Returns false, changing
  // nothing, if another kind has that id.
  constexpr bool Set(ExtensionKind kind, uint8_t id) {
    if (id != 0 && kinds_[id] != 0 && kinds_[id] != Stored(kind)) return false;
    kinds_[ids_[static_cast<size_t>(kind)]] = 0;
    ids_[static_cast<size_t>(kind)] = id;
    if (id != 0) kinds_[id] = Stored(kind);
    return true;
  }

  // The id of `kind`, 0 if it was not negotiated.
  constexpr uint8_t IdOf(ExtensionKind kind) const {
    return ids_[static_cast<size_t>(kind)];
  }
  constexpr bool Has(ExtensionKind kind) const { return IdOf(kind) != 0; }

  // The kind that has `id`; nothing for 0 and for ids not negotiated.
  constexpr std::optional<ExtensionKind> KindOf(uint8_t id) const {
    if (kinds_[id] == 0) return std::nullopt;
    return static_cast<ExtensionKind>(kinds_[id] - 1);
  }

  constexpr bool operator==(const ExtensionIds&) const = default;

 private:
  static constexpr uint8_t Stored(ExtensionKind kind) {
    return static_cast<uint8_t>(static_cast<uint8_t>(kind) + 1);
  }

  std::array<uint8_t, kExtensionKindCount> ids_{};
  std::array<uint8_t, 256> kinds_{};  // by id: the kind plus one, 0 for none
};

}  // namespace rtp
