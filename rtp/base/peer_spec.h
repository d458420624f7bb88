// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"

namespace rtp {

// What a negotiation agreed on, in the words of the media plane. Signalling
// produces it, the workers consume it; neither knows the other. Plain values.

// ICE credentials of one side (RFC 8445 s5.3).
struct IceCredentials {
  std::string ufrag;
  std::string pwd;
  bool operator==(const IceCredentials&) const = default;
};

// A certificate fingerprint as signalled (RFC 8122 s5): hash name in lower
// case ("sha-256") and the digest bytes.
struct CertificateFingerprint {
  std::string hash;
  std::vector<uint8_t> digest;
  bool operator==(const CertificateFingerprint&) const = default;
};

// Our part in the DTLS handshake (RFC 5763 s5): passive is the server.
enum class DtlsRole : uint8_t { kPassive, kActive };

// One ICE and DTLS association; a BUNDLE group shares one.
struct TransportSpec {
  IceCredentials local;
  IceCredentials remote;
  DtlsRole dtls_role = DtlsRole::kPassive;
  // May come later in a transport-info; no media passes before.
  std::optional<CertificateFingerprint> remote_fingerprint;
  bool operator==(const TransportSpec&) const = default;
};

// One codec that both sides can use on a content.
struct CodecSpec {
  Codec codec = Codec::kOpus;
  uint8_t payload_type = 0;
  std::optional<uint8_t> rtx_payload_type;  // RFC 4588, apt = payload_type
  std::optional<uint8_t> red_payload_type;  // RFC 2198 over this codec
  uint32_t clock_rate = 90000;              // Hz
  // What must be equal for two parties to understand each other beyond the
  // codec's name: H264 "packetization-mode/profile-iop", VP9 and AV1 the
  // profile; empty where there is nothing.
  std::string profile;
  bool nack = false;
  bool pli = false;
  bool fir = false;
  bool remb = false;
  bool transport_cc = false;
  bool operator==(const CodecSpec&) const = default;
};

enum class SourceType : uint8_t { kMicrophone, kCamera, kScreen };

// A source that the peer publishes on a content.
struct UplinkSpec {
  SourceId source;
  SourceType type = SourceType::kCamera;
  bool muted = false;
  // Signalled SSRCs (XEP-0294/0339); empty: latched by mid or by being the
  // only content of its transport.
  std::vector<Ssrc> ssrcs;
  std::vector<std::pair<Ssrc, Ssrc>> rtx_ssrcs;  // {media, rtx}, FID groups
  bool operator==(const UplinkSpec&) const = default;
};

// The stream that we send on a content: one SSRC for life.
struct SlotSpec {
  Ssrc ssrc = 0;
  Ssrc rtx_ssrc = 0;  // meaningful when a codec has rtx
  bool operator==(const SlotSpec&) const = default;
};

// One content of a session (a media section in SDP's words).
struct ContentSpec {
  std::string name;  // also the MID where the extension is negotiated
  MediaKind kind = MediaKind::kAudio;
  uint8_t transport = 0;             // index into PeerSpec::transports
  std::vector<CodecSpec> codecs;     // preferred first
  ExtensionIds extensions;           // same ids in both directions
  std::optional<UplinkSpec> uplink;  // the peer sends here
  std::optional<SlotSpec> slot;      // we send here
  bool operator==(const ContentSpec&) const = default;
};

// Everything a worker needs to serve one peer.
struct PeerSpec {
  PeerId peer;
  ConferenceId conference;
  std::string cname;  // of what we send to this peer (RFC 7022)
  std::vector<TransportSpec> transports;
  std::vector<ContentSpec> contents;
  bool operator==(const PeerSpec&) const = default;
};

// What a subscriber asked for; contents and sources not named have defaults.
struct ReceiveSpec {
  std::vector<SourceId> pins;  // these first, in this order
  struct SlotLimit {
    std::string content;
    uint32_t max_height = 0;  // pixels; 0: nothing is sent on this slot
    bool operator==(const SlotLimit&) const = default;
  };
  std::vector<SlotLimit> limits;
  bool pins_only = false;  // and nothing else
  bool operator==(const ReceiveSpec&) const = default;
};

}  // namespace rtp
