// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/negotiate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "signaling/codec_choice.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

JingleReason NoCodec() {
  return Because(
      "incompatible-parameters",
      "none of the codecs is known here: Opus and VP8 are what every "
      "room has");
}

JingleReason MixedSetup() {
  return Because("security-error", "all contents need the same DTLS setup");
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
    // An addition joins the bundle that there is; it begins none.
    const bool may_bundle = stub_is_bundle || first_transport_ == 0;
    for (const ContentGroup& group : offer.groups) {
      if (may_bundle && group.semantics == "BUNDLE") bundled_ = group.contents;
    }
    if (!bundled_.empty()) plan_.bundle = true;
    FindTagged(offer);
    for (const Content& content : offer.contents) {
      if (plan_.refused) return std::move(plan_);
      PlanContent(content);
    }
    const bool any = std::any_of(
        plan_.contents.begin(), plan_.contents.end(),
        [](const ContentPlan& c) { return !c.spec.codecs.empty(); });
    if (!plan_.refused && !any) {
      plan_.refused = plan_.unserved.empty() ? NoCodec() : plan_.why_unserved;
    }
    return std::move(plan_);
  }

 private:
  // Why no answer can so much as name `content`.
  static std::optional<JingleReason> WhyUnserved(const Content& content) {
    if (!content.description) {
      return Because("unsupported-applications",
                     "only RTP sessions (XEP-0167) are served");
    }
    if (!content.transport) {
      // RTP in the clear: the transport is not what it lacks first of all.
      if (content.transport_ns == ns::kRawUdp) return CryptoRequired();
      return Because("unsupported-transports",
                     "only ICE-UDP (XEP-0176) is served");
    }
    if (content.description->rtcp_mux) return std::nullopt;
    // Plain RTP has neither; encryption is what it lacks first of all.
    if (!content.transport->fingerprint) return CryptoRequired();
    return Because("unsupported-transports",
                   "RTCP must share the port of RTP (rtcp-mux)");
  }

  // RFC 9143 s7.2.1: the bundle's transport is that of the group's first,
  // which need not be the offer's first; s7.3.1: of those that are served.
  void FindTagged(const SessionDescription& offer) {
    for (const std::string& name : bundled_) {
      for (const Content& content : offer.contents) {
        if (content.name != name || WhyUnserved(content)) continue;
        tagged_ = &content;
        return;
      }
    }
  }

  void PlanContent(const Content& content) {
    if (auto why = WhyUnserved(content)) {
      return LeaveOut(content, std::move(*why));
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
    // Without a codec in common it stays in the answer, inactive: there are
    // clients that end a call whose answer lacks one of their contents.
    if (!PlanTransport(content, planned.spec)) return;
    if (!plan_.bundle && !planned.spec.codecs.empty()) {
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

  void LeaveOut(const Content& content, JingleReason why) {
    if (plan_.unserved.empty()) plan_.why_unserved = std::move(why);
    plan_.unserved.push_back(content);
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
      spec.transport = bundle_transport_.value_or(0);
    } else {
      const Content& from = in_bundle && tagged_ ? *tagged_ : content;
      plan_.refused = MakeTransport(*from.transport);
      if (plan_.refused) return false;
      spec.transport =
          static_cast<uint8_t>(first_transport_ + plan_.transports.size() - 1);
      if (in_bundle) bundle_transport_ = spec.transport;
    }
    const std::optional<Fingerprint>& own = content.transport->fingerprint;
    if (own && own->setup && setup_ && *own->setup != *setup_) {
      plan_.refused = MixedSetup();
      return false;
    }
    return true;
  }

  // Adds a transport to the plan, or tells why there cannot be one.
  std::optional<JingleReason> MakeTransport(const IceTransport& offer) {
    if (!offer.fingerprint) return CryptoRequired();
    if (!IsKnownHash(*offer.fingerprint)) {
      return Because(
          "security-error",
          "a fingerprint is sha-1 to sha-512, in colon-separated hex");
    }
    const DtlsSetup setup =
        offer.fingerprint->setup.value_or(DtlsSetup::kActpass);
    if (setup == DtlsSetup::kHoldconn || (setup_ && *setup_ != setup)) {
      return MixedSetup();
    }
    setup_ = setup;
    if (offer.ufrag.empty() || offer.pwd.empty()) {
      return Because("unsupported-transports",
                     "a transport needs ufrag and pwd");
    }
    rtp::TransportSpec transport;
    transport.remote = {offer.ufrag, offer.pwd};
    transport.dtls_role = RoleFor(setup, plan_.bundle);
    transport.remote_fingerprint = rtp::CertificateFingerprint{
        offer.fingerprint->hash, offer.fingerprint->digest};
    plan_.transports.push_back(std::move(transport));
    return std::nullopt;
  }

  SessionPlan plan_;
  const size_t first_transport_;
  size_t audio_slots_;
  size_t video_slots_;
  std::vector<std::string> bundled_;
  const Content* tagged_ = nullptr;  // of the offer, first of the bundle
  std::optional<uint8_t> bundle_transport_;
  std::optional<DtlsSetup> setup_;
};

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
  AnswerCodecs(*plan.offer.description, plan.spec, description);
  AnswerExtensions(*plan.offer.description, plan.spec, description);
  if (plan.receives && bundle) AnswerSources(plan, cname, description);
  content.description = std::move(description);
  content.description_ns = ns::kRtp;
  content.transport = transport;
  content.transport_ns = ns::kIceUdp;
  return content;
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

JingleReason CryptoRequired() {
  JingleReason reason = Because("security-error", "DTLS-SRTP is required");
  reason.application_condition = "crypto-required";
  reason.application_ns = ns::kRtpErrors;
  return reason;
}

DtlsSetup SetupOf(rtp::DtlsRole role) {
  return role == rtp::DtlsRole::kActive ? DtlsSetup::kActive
                                        : DtlsSetup::kPassive;
}

}  // namespace signaling
