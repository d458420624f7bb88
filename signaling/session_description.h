// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signaling {

// What two parties say about a session, free of any wire format: Jingle is one
// codec of it, SDP (WHIP, SIP) could be another. Terms are those of RFC 8866,
// 8829 and XEP-0166/0167.

enum class Media : uint8_t { kAudio, kVideo, kOther };

// Who may send, in the initiator's and responder's words (XEP-0166 s7.3).
enum class Senders : uint8_t { kBoth, kInitiator, kResponder, kNone };

// A name with a value, e.g. a format parameter (RFC 8866 s6.15). Order kept.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// RTCP feedback (RFC 4585 s4.2, XEP-0293): type "nack", subtype "pli".
struct RtcpFeedback {
  std::string type;
  std::string subtype;
  bool operator==(const RtcpFeedback&) const = default;
};

struct PayloadType {
  uint8_t id = 0;  // 0..127
  std::string name;
  uint32_t clock_rate = 0;  // Hz
  uint8_t channels = 1;
  Parameters parameters;
  std::vector<RtcpFeedback> feedback;
  bool operator==(const PayloadType&) const = default;
};

// RFC 8285, XEP-0294.
struct HeaderExtension {
  uint8_t id = 0;  // 1..255
  std::string uri;
  Senders senders = Senders::kBoth;
  bool operator==(const HeaderExtension&) const = default;
};

// RFC 5576 s4.1, XEP-0339.
struct SsrcSource {
  uint32_t ssrc = 0;
  Parameters parameters;  // cname, msid, ...
  bool operator==(const SsrcSource&) const = default;
};

// RFC 5576 s4.2: "FID" (media, rtx) or "SIM".
struct SsrcGroup {
  std::string semantics;
  std::vector<uint32_t> ssrcs;
  bool operator==(const SsrcGroup&) const = default;
};

// RFC 8830: the media stream and track that a content's source belongs to.
struct StreamId {
  std::string stream;
  std::string track;
  bool operator==(const StreamId&) const = default;
};

// One RTP media section (XEP-0167 <description/>).
struct RtpDescription {
  Media media = Media::kOther;
  std::optional<uint32_t> ssrc;
  std::vector<PayloadType> payload_types;  // preferred first
  std::vector<RtcpFeedback> feedback;      // for all payload types
  std::vector<HeaderExtension> extensions;
  std::vector<SsrcSource> sources;
  std::vector<SsrcGroup> ssrc_groups;
  std::optional<StreamId> stream;
  bool rtcp_mux = false;
  bool rtcp_reduced_size = false;
  bool has_sdes_encryption = false;  // <encryption/>, never echoed
  bool operator==(const RtpDescription&) const = default;
};

// RFC 8839 s5.1, XEP-0176 s5.3.
struct IceCandidate {
  std::string id;
  std::string foundation;
  uint8_t component = 1;
  uint8_t generation = 0;
  uint8_t network = 0;
  std::string protocol = "udp";
  std::string type = "host";
  std::string ip;
  uint16_t port = 0;
  uint32_t priority = 0;
  bool operator==(const IceCandidate&) const = default;
};

// RFC 8842 s5.
enum class DtlsSetup : uint8_t { kActpass, kActive, kPassive, kHoldconn };

// RFC 8122, XEP-0320. `hash` in lower case; `digest` empty where the text was
// not colon-separated hex.
struct Fingerprint {
  std::string hash;
  std::vector<uint8_t> digest;
  std::optional<DtlsSetup> setup;
  bool operator==(const Fingerprint&) const = default;
};

struct IceTransport {
  std::string ufrag;
  std::string pwd;
  std::optional<Fingerprint> fingerprint;
  std::vector<IceCandidate> candidates;
  bool gathering_complete = false;
  bool operator==(const IceTransport&) const = default;
};

// One Jingle content, a media section of SDP.
struct Content {
  std::string name;
  std::string creator = "initiator";  // as received; echoed, never compared
  Senders senders = Senders::kBoth;
  // Set whenever the element was there, even if of a kind we do not know.
  std::string description_ns;
  std::string transport_ns;
  std::optional<RtpDescription> description;  // only XEP-0167's
  std::optional<IceTransport> transport;      // only ICE-UDP's (XEP-0176)
  bool operator==(const Content&) const = default;
};

// RFC 9143 / XEP-0338: semantics "BUNDLE" and the content names.
struct ContentGroup {
  std::string semantics;
  std::vector<std::string> contents;
  bool operator==(const ContentGroup&) const = default;
};

struct SessionDescription {
  std::vector<Content> contents;
  std::vector<ContentGroup> groups;
  bool operator==(const SessionDescription&) const = default;
};

}  // namespace signaling
