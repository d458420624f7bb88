// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/negotiate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

bool EqualNoCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return lower(x) == lower(y);
  });
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

std::optional<uint8_t> RtxOf(const RtpDescription& offer, uint8_t apt) {
  for (const PayloadType& type : offer.payload_types) {
    if (EqualNoCase(type.name, "rtx") &&
        ParameterOf(type, "apt") == std::to_string(apt)) {
      return type.id;
    }
  }
  return std::nullopt;
}

// RED for Opus names the block codec in its parameters, "111/111", with or
// without a key (RFC 2198 s5).
std::optional<uint8_t> RedOf(const RtpDescription& offer, uint8_t opus) {
  const std::string block = std::to_string(opus);
  for (const PayloadType& type : offer.payload_types) {
    if (!EqualNoCase(type.name, "red") || type.clock_rate != 48000) continue;
    for (const auto& [name, value] : type.parameters) {
      for (const std::string& text : {name, value}) {
        if (text == block || text.starts_with(block + "/")) return type.id;
      }
    }
  }
  return std::nullopt;
}

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
        taken.profile = ParameterOf(type, "profile-level-id").substr(0, 4);
      }
      taken.rtx_payload_type = RtxOf(offer, type.id);
      if (codec == rtp::Codec::kOpus) {
        taken.red_payload_type = RedOf(offer, type.id);
      }
      TakeFeedback(type.feedback, taken);
      TakeFeedback(offer.feedback, taken);
      spec.codecs.push_back(std::move(taken));
      break;  // the first of its kind is the one that the peer prefers
    }
  }
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

void TakeExtensions(const RtpDescription& offer, rtp::ContentSpec& spec) {
  for (const HeaderExtension& extension : offer.extensions) {
    const auto kind = rtp::ExtensionFromUri(extension.uri);
    if (kind && std::find(kExtensions.begin(), kExtensions.end(), *kind) !=
                    kExtensions.end()) {
      spec.extensions.Set(*kind, extension.id);
    }
  }
}

JingleReason Refuse(std::string condition, std::string text) {
  JingleReason reason;
  reason.condition = std::move(condition);
  reason.text = std::move(text);
  return reason;
}

JingleReason CryptoRequired() {
  JingleReason reason = Refuse("security-error", "DTLS-SRTP is required");
  reason.application_condition = "crypto-required";
  reason.application_ns = ns::kRtpErrors;
  return reason;
}

JingleReason MixedSetup() {
  return Refuse("security-error", "all contents need the same DTLS setup");
}

bool IsKnownHash(const Fingerprint& fingerprint) {
  constexpr std::array<std::pair<std::string_view, size_t>, 5> kHashes = {
      {{"sha-1", 20},
       {"sha-224", 28},
       {"sha-256", 32},
       {"sha-384", 48},
       {"sha-512", 64}}};
  return std::any_of(kHashes.begin(), kHashes.end(), [&](const auto& known) {
    return known.first == fingerprint.hash &&
           known.second == fingerprint.digest.size();
  });
}

// Our role towards what the peer said (RFC 5763 s5, jingle.md s2.5): passive
// in a bundle, so that our order of SRTP profiles decides; active otherwise,
// since plain clients start as servers.
rtp::DtlsRole RoleFor(DtlsSetup setup, bool bundle) {
  if (setup == DtlsSetup::kActive) return rtp::DtlsRole::kPassive;
  if (setup == DtlsSetup::kPassive) return rtp::DtlsRole::kActive;
  return bundle ? rtp::DtlsRole::kPassive : rtp::DtlsRole::kActive;
}

class Planner {
 public:
  explicit Planner(size_t first_transport, size_t audio_slots,
                   size_t video_slots)
      : first_transport_(first_transport),
        audio_slots_(audio_slots),
        video_slots_(video_slots) {}

  SessionPlan Plan(const SessionDescription& offer, bool stub_is_bundle) {
    plan_.bundle = stub_is_bundle;
    for (const ContentGroup& group : offer.groups) {
      if (group.semantics == "BUNDLE") bundled_ = group.contents;
    }
    if (!bundled_.empty()) plan_.bundle = true;
    for (const Content& content : offer.contents) {
      if (plan_.refused) return std::move(plan_);
      PlanContent(content);
    }
    const bool any = std::any_of(
        plan_.contents.begin(), plan_.contents.end(),
        [](const ContentPlan& c) { return !c.spec.codecs.empty(); });
    if (!plan_.refused && !any) {
      plan_.refused = why_unserved_.value_or(Refuse(
          "incompatible-parameters",
          "none of the codecs is known here: Opus and VP8 are what every room "
          "has"));
    }
    return std::move(plan_);
  }

 private:
  void PlanContent(const Content& content) {
    if (!content.description) {
      return LeaveOut(content, "unsupported-applications",
                      "only RTP sessions (XEP-0167) are served");
    }
    if (!content.transport) {
      return LeaveOut(content, "unsupported-transports",
                      "only ICE-UDP (XEP-0176) is served");
    }
    if (!content.description->rtcp_mux) {
      return LeaveOut(content, "unsupported-transports",
                      "RTCP must share the port of RTP (rtcp-mux)");
    }
    ContentPlan planned;
    planned.offer = content;
    planned.spec.name = content.name;
    planned.spec.kind = content.description->media == Media::kAudio
                            ? rtp::MediaKind::kAudio
                            : rtp::MediaKind::kVideo;
    if (content.description->media != Media::kOther) {
      TakeCodecs(*content.description, planned.spec);
      TakeExtensions(*content.description, planned.spec);
    }
    if (!plan_.bundle && planned.spec.codecs.empty()) {
      // It would need a transport of its own, for nothing.
      return LeaveOut(content, "incompatible-parameters",
                      "none of the codecs is known here: Opus and VP8 are what "
                      "every room has");
    }
    if (!PlanTransport(content, planned.spec)) return;
    if (!plan_.bundle) {
      // Clients without bundles take the only payload type for the codec.
      planned.spec.codecs.resize(1);
      planned.spec.codecs.front().rtx_payload_type.reset();
      planned.spec.codecs.front().red_payload_type.reset();
    }
    if (!planned.spec.codecs.empty()) {
      const Senders senders = content.senders;
      planned.sends =
          senders == Senders::kBoth || senders == Senders::kInitiator;
      planned.receives =
          (senders == Senders::kBoth || senders == Senders::kResponder) &&
          TakeSlot(planned.spec.kind);
    }
    plan_.contents.push_back(std::move(planned));
  }

  void LeaveOut(const Content& content, std::string condition,
                std::string text) {
    plan_.unserved.push_back(content);
    if (!why_unserved_) {
      why_unserved_ = Refuse(std::move(condition), std::move(text));
    }
  }

  bool TakeSlot(rtp::MediaKind kind) {
    const bool audio = kind == rtp::MediaKind::kAudio;
    size_t& used = audio ? audio_slots_ : video_slots_;
    if (used == (audio ? kMaxAudioSlots : kMaxVideoSlots)) return false;
    ++used;
    return true;
  }

  // Finds or makes the content's transport. False, with a refusal, if there is
  // no secure one.
  bool PlanTransport(const Content& content, rtp::ContentSpec& spec) {
    const bool in_bundle = (plan_.bundle && content.transport->ufrag.empty()) ||
                           std::find(bundled_.begin(), bundled_.end(),
                                     content.name) != bundled_.end();
    if (in_bundle && (bundle_transport_ || first_transport_ > 0)) {
      const std::optional<Fingerprint>& own = content.transport->fingerprint;
      if (own && own->setup && setup_ && *own->setup != *setup_) {
        plan_.refused = MixedSetup();
        return false;
      }
      spec.transport = bundle_transport_.value_or(0);
      return true;
    }
    const std::optional<Fingerprint>& fingerprint =
        content.transport->fingerprint;
    if (!fingerprint) {
      plan_.refused = CryptoRequired();
      return false;
    }
    if (!IsKnownHash(*fingerprint)) {
      plan_.refused =
          Refuse("security-error",
                 "a fingerprint is sha-1 to sha-512, in colon-separated hex");
      return false;
    }
    const DtlsSetup setup = fingerprint->setup.value_or(DtlsSetup::kActpass);
    if (setup == DtlsSetup::kHoldconn || (setup_ && *setup_ != setup)) {
      plan_.refused = MixedSetup();
      return false;
    }
    setup_ = setup;
    if (content.transport->ufrag.empty() || content.transport->pwd.empty()) {
      plan_.refused =
          Refuse("unsupported-transports", "a transport needs ufrag and pwd");
      return false;
    }
    rtp::TransportSpec transport;
    transport.remote = {content.transport->ufrag, content.transport->pwd};
    transport.dtls_role = RoleFor(setup, plan_.bundle);
    transport.remote_fingerprint =
        rtp::CertificateFingerprint{fingerprint->hash, fingerprint->digest};
    spec.transport =
        static_cast<uint8_t>(first_transport_ + plan_.transports.size());
    if (in_bundle) bundle_transport_ = spec.transport;
    plan_.transports.push_back(std::move(transport));
    return true;
  }

  SessionPlan plan_;
  const size_t first_transport_;
  size_t audio_slots_;
  size_t video_slots_;
  std::vector<std::string> bundled_;
  std::optional<uint8_t> bundle_transport_;
  std::optional<JingleReason> why_unserved_;
  std::optional<DtlsSetup> setup_;
};

// `type` of the offer with what we keep of its feedback.
PayloadType AnswerPayloadType(const PayloadType& type,
                              const rtp::CodecSpec* codec) {
  PayloadType answer = type;
  answer.feedback.clear();
  // Value-less parameters are stanza.js's way to write "111/111".
  if (codec == nullptr) return answer;
  if (codec->nack) answer.feedback.push_back({"nack", ""});
  if (codec->pli) answer.feedback.push_back({"nack", "pli"});
  if (codec->fir) answer.feedback.push_back({"ccm", "fir"});
  if (codec->remb) answer.feedback.push_back({"goog-remb", ""});
  if (codec->transport_cc) answer.feedback.push_back({"transport-cc", ""});
  return answer;
}

void AnswerCodecs(const ContentPlan& plan, RtpDescription& answer) {
  const auto find = [&](uint8_t id) {
    const auto& types = plan.offer.description->payload_types;
    return std::find_if(types.begin(), types.end(),
                        [id](const PayloadType& t) { return t.id == id; });
  };
  for (const rtp::CodecSpec& codec : plan.spec.codecs) {
    answer.payload_types.push_back(
        AnswerPayloadType(*find(codec.payload_type), &codec));
  }
  for (const rtp::CodecSpec& codec : plan.spec.codecs) {
    for (const auto& extra : {codec.rtx_payload_type, codec.red_payload_type}) {
      if (extra) {
        answer.payload_types.push_back(
            AnswerPayloadType(*find(*extra), nullptr));
      }
    }
  }
  if (plan.spec.codecs.empty() &&
      !plan.offer.description->payload_types.empty()) {
    // A content that is not served keeps one payload type (jingle.md s6.4).
    answer.payload_types.push_back(AnswerPayloadType(
        plan.offer.description->payload_types.front(), nullptr));
  }
}

void AnswerSources(const ContentPlan& plan, const std::string& cname,
                   RtpDescription& answer) {
  const rtp::SlotSpec& slot = *plan.spec.slot;
  const std::string stream = "slot-" + plan.spec.name;
  const auto source = [&](rtp::Ssrc ssrc) {
    answer.sources.push_back(
        {ssrc, {{"cname", cname}, {"msid", stream + " " + plan.spec.name}}});
  };
  answer.ssrc = slot.ssrc;
  source(slot.ssrc);
  const bool rtx = std::any_of(
      plan.spec.codecs.begin(), plan.spec.codecs.end(),
      [](const rtp::CodecSpec& c) { return c.rtx_payload_type.has_value(); });
  if (rtx) {
    source(slot.rtx_ssrc);
    answer.ssrc_groups.push_back({"FID", {slot.ssrc, slot.rtx_ssrc}});
  }
  answer.stream = StreamId{stream, plan.spec.name};
}

}  // namespace

SessionPlan PlanSession(const SessionDescription& offer) {
  return Planner(0, 0, 0).Plan(offer, false);
}

SessionPlan PlanAddition(const SessionDescription& addition, bool bundle,
                         size_t first_transport, size_t audio_slots,
                         size_t video_slots) {
  return Planner(first_transport, audio_slots, video_slots)
      .Plan(addition, bundle);
}

Content AnswerContent(const ContentPlan& plan, bool bundle,
                      const IceTransport& transport, const std::string& cname) {
  Content content;
  content.name = plan.offer.name;
  content.creator = plan.offer.creator;
  content.senders = plan.sends && plan.receives ? Senders::kBoth
                    : plan.sends                ? Senders::kInitiator
                    : plan.receives             ? Senders::kResponder
                                                : Senders::kNone;
  RtpDescription description;
  description.media = plan.offer.description->media;
  description.rtcp_mux = true;
  AnswerCodecs(plan, description);
  for (const HeaderExtension& extension : plan.offer.description->extensions) {
    const auto kind = rtp::ExtensionFromUri(extension.uri);
    if (kind && plan.spec.extensions.IdOf(*kind) == extension.id) {
      description.extensions.push_back(extension);
    }
  }
  if (plan.receives && bundle) AnswerSources(plan, cname, description);
  content.description = std::move(description);
  content.description_ns = ns::kRtp;
  content.transport = transport;
  content.transport_ns = ns::kIceUdp;
  return content;
}

DtlsSetup SetupOf(rtp::DtlsRole role) {
  return role == rtp::DtlsRole::kActive ? DtlsSetup::kActive
                                        : DtlsSetup::kPassive;
}

}  // namespace signaling
