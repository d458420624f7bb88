// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/negotiate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

// ---- offers ----

PayloadType Opus(uint8_t id = 111) {
  return {
      id, "opus", 48000, 2, {{"useinbandfec", "1"}}, {{"transport-cc", ""}}};
}

const std::vector<RtcpFeedback> kVideoFeedback = {{"goog-remb", ""},
                                                  {"transport-cc", ""},
                                                  {"ccm", "fir"},
                                                  {"nack", ""},
                                                  {"nack", "pli"}};

PayloadType Video(uint8_t id, std::string name, Parameters parameters = {}) {
  return {id, std::move(name), 90000, 1, std::move(parameters), kVideoFeedback};
}

PayloadType Vp8(uint8_t id = 96) { return Video(id, "VP8"); }

PayloadType H264(uint8_t id, std::string profile = "42e01f",
                 std::string mode = "1") {
  return Video(id, "H264",
               {{"packetization-mode", std::move(mode)},
                {"profile-level-id", std::move(profile)}});
}

PayloadType Rtx(uint8_t id, int apt) {
  return {id, "rtx", 90000, 1, {{"apt", std::to_string(apt)}}, {}};
}

Fingerprint Sha256(std::optional<DtlsSetup> setup = DtlsSetup::kActpass) {
  return {"sha-256", std::vector<uint8_t>(32, 0xAB), setup};
}

Content Section(std::string name, Media media, std::vector<PayloadType> types,
                Senders senders = Senders::kBoth) {
  Content content;
  content.name = std::move(name);
  content.senders = senders;
  content.description_ns = ns::kRtp;
  content.description.emplace();
  content.description->media = media;
  content.description->payload_types = std::move(types);
  content.description->rtcp_mux = true;
  content.transport_ns = ns::kIceUdp;
  content.transport.emplace();
  content.transport->ufrag = "u" + content.name;
  content.transport->pwd = "p" + content.name;
  content.transport->fingerprint = Sha256();
  return content;
}

Content Audio(std::string name = "0", Senders senders = Senders::kBoth) {
  return Section(std::move(name), Media::kAudio, {Opus()}, senders);
}

Content Webcam(std::string name = "1", Senders senders = Senders::kBoth) {
  return Section(std::move(name), Media::kVideo, {Vp8()}, senders);
}

// Without a group, as Dino offers.
SessionDescription Plain(std::vector<Content> contents) {
  return {std::move(contents), {}};
}

SessionDescription Bundle(std::vector<Content> contents) {
  ContentGroup group{"BUNDLE", {}};
  for (const Content& content : contents)
    group.contents.push_back(content.name);
  return {std::move(contents), {group}};
}

SessionDescription BundleOf(std::vector<PayloadType> video) {
  return Bundle({Section("0", Media::kVideo, std::move(video))});
}

SessionDescription BundleOfAudio(std::vector<PayloadType> audio) {
  return Bundle({Section("0", Media::kAudio, std::move(audio))});
}

// The plan of an offer that can be served.
SessionPlan Planned(const SessionDescription& offer) {
  SessionPlan plan = PlanSession(offer);
  EXPECT_FALSE(plan.refused.has_value())
      << plan.refused.value_or(JingleReason()).text;
  EXPECT_EQ(plan.contents.size(), offer.contents.size());
  // So that a test that expects more fails, and does not end the program.
  plan.contents.resize(offer.contents.size());
  return plan;
}

// The codecs of the only content of an offer.
std::vector<rtp::CodecSpec> CodecsOf(const SessionDescription& offer) {
  return Planned(offer).contents.at(0).spec.codecs;
}

std::vector<std::pair<rtp::Codec, int>> NamesOf(
    const std::vector<rtp::CodecSpec>& codecs) {
  std::vector<std::pair<rtp::Codec, int>> names;
  for (const rtp::CodecSpec& codec : codecs) {
    names.emplace_back(codec.codec, codec.payload_type);
  }
  return names;
}

void ExpectRefused(const SessionDescription& offer,
                   const std::string& condition) {
  const SessionPlan plan = PlanSession(offer);
  ASSERT_TRUE(plan.refused.has_value()) << condition;
  EXPECT_EQ(plan.refused->condition, condition);
  EXPECT_FALSE(plan.refused->text.empty());
}

// Our side of a transport.
IceTransport Ours(DtlsSetup setup = DtlsSetup::kPassive) {
  IceTransport transport;
  transport.ufrag = "ours";
  transport.pwd = "secret";
  transport.fingerprint = Fingerprint{"sha-256", {1, 2, 3}, setup};
  transport.candidates = {
      {"c1", "1", 1, 0, 0, "udp", "host", "203.0.113.5", 10000, 2130706431}};
  return transport;
}

// The answer to `plan` once its slot has its SSRCs.
Content Answered(ContentPlan plan, bool bundle) {
  if (plan.receives) plan.spec.slot = rtp::SlotSpec{1001, 1011};
  return AnswerContent(plan, bundle, Ours(), "sfu");
}

RtpDescription DescribedAnswer(const SessionDescription& offer) {
  const SessionPlan plan = Planned(offer);
  const Content answer = Answered(plan.contents.at(0), plan.bundle);
  EXPECT_TRUE(answer.description.has_value());
  return answer.description.value_or(RtpDescription());
}

std::vector<int> TypesOf(const RtpDescription& description) {
  std::vector<int> ids;
  for (const PayloadType& type : description.payload_types) {
    ids.push_back(type.id);
  }
  return ids;
}

// ---- codecs ----

TEST(NegotiateCodecs, TakesPayloadTypesOfTheOffer) {
  const SessionPlan plan =
      Planned(Bundle({Section("0", Media::kAudio, {Opus(109)}),
                      Section("1", Media::kVideo, {Vp8(35)})}));
  EXPECT_THAT(NamesOf(plan.contents[0].spec.codecs),
              ElementsAre(std::pair(rtp::Codec::kOpus, 109)));
  EXPECT_EQ(plan.contents[0].spec.kind, rtp::MediaKind::kAudio);
  EXPECT_EQ(plan.contents[0].spec.name, "0");
  EXPECT_EQ(plan.contents[0].spec.codecs[0].clock_rate, 48000u);
  EXPECT_THAT(NamesOf(plan.contents[1].spec.codecs),
              ElementsAre(std::pair(rtp::Codec::kVp8, 35)));
  EXPECT_EQ(plan.contents[1].spec.kind, rtp::MediaKind::kVideo);
  EXPECT_EQ(plan.contents[1].spec.codecs[0].clock_rate, 90000u);
}

TEST(NegotiateCodecs, AreInOurOrderOfPreference) {
  EXPECT_THAT(
      NamesOf(CodecsOf(
          BundleOf({Video(45, "AV1", {{"profile", "0"}}), H264(102),
                    Video(98, "VP9", {{"profile-id", "0"}}), Vp8(96)}))),
      ElementsAre(
          std::pair(rtp::Codec::kVp8, 96), std::pair(rtp::Codec::kVp9, 98),
          std::pair(rtp::Codec::kH264, 102), std::pair(rtp::Codec::kAv1, 45)));
}

TEST(NegotiateCodecs, NamesHaveNoCase) {
  EXPECT_THAT(CodecsOf(BundleOf({Video(98, "vp8")})), SizeIs(1));
  PayloadType opus = Opus(96);
  opus.name = "OPUS";
  EXPECT_THAT(CodecsOf(BundleOfAudio({opus})), SizeIs(1));
}

TEST(NegotiateCodecs, TakesTheFirstOfAKind) {
  EXPECT_THAT(NamesOf(CodecsOf(BundleOf({Vp8(100), Vp8(96)}))),
              ElementsAre(std::pair(rtp::Codec::kVp8, 100)));
}

TEST(NegotiateCodecs, TakesFormsOfH264ThatAllDecode) {
  EXPECT_THAT(
      NamesOf(CodecsOf(BundleOf({H264(1, "42e01f", "0"), H264(2, "4d001f"),
                                 H264(3, "64001f"), H264(4, "42001f")}))),
      ElementsAre(std::pair(rtp::Codec::kH264, 4)));
  ExpectRefused(
      BundleOf({H264(1, "640c1f"), H264(2, "42e01f", "0"), Video(3, "H264")}),
      "incompatible-parameters");
}

// RFC 6184 s8.1: hexadecimal, so that case does not matter to who is matched.
TEST(NegotiateCodecs, ProfileOfH264HasNoCase) {
  const auto lower = CodecsOf(BundleOf({H264(102, "42e01f")}));
  const auto upper = CodecsOf(BundleOf({H264(102, "42E01F")}));
  ASSERT_THAT(lower, SizeIs(1));
  ASSERT_THAT(upper, SizeIs(1));
  EXPECT_FALSE(lower[0].profile.empty());
  EXPECT_EQ(lower[0].profile, upper[0].profile);
}

TEST(NegotiateCodecs, LevelOfH264IsNoPartOfItsProfile) {
  EXPECT_EQ(CodecsOf(BundleOf({H264(102, "42e01f")}))[0].profile,
            CodecsOf(BundleOf({H264(102, "42e034")}))[0].profile);
}

TEST(NegotiateCodecs, TakesProfile0OfVp9AndAv1) {
  EXPECT_THAT(
      NamesOf(CodecsOf(BundleOf({Video(100, "VP9", {{"profile-id", "2"}}),
                                 Video(98, "VP9", {{"profile-id", "0"}}),
                                 Video(46, "AV1", {{"profile", "1"}}),
                                 Video(45, "AV1", {{"profile", "0"}})}))),
      ElementsAre(std::pair(rtp::Codec::kVp9, 98),
                  std::pair(rtp::Codec::kAv1, 45)));
  // Profile 0 where none is named (RFC 9628 s6, AV1 RTP v1.0 s7.2).
  EXPECT_THAT(CodecsOf(BundleOf({Video(98, "VP9"), Video(45, "AV1")})),
              SizeIs(2));
}

TEST(NegotiateCodecs, NeedsTheClockOfTheCodec) {
  PayloadType opus = Opus();
  opus.clock_rate = 16000;
  ExpectRefused(BundleOfAudio({opus}), "incompatible-parameters");
  PayloadType vp8 = Vp8();
  vp8.clock_rate = 8000;
  ExpectRefused(BundleOf({vp8}), "incompatible-parameters");
}

TEST(NegotiateCodecs, OfTheRightKindOnly) {
  ExpectRefused(Bundle({Section("0", Media::kAudio, {Vp8()}),
                        Section("1", Media::kVideo, {Opus()})}),
                "incompatible-parameters");
}

TEST(NegotiateCodecs, TakesTheFeedbackThatIsOffered) {
  const auto all = CodecsOf(BundleOf({Vp8()}));
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_TRUE(all[0].nack && all[0].pli && all[0].fir && all[0].remb &&
              all[0].transport_cc);
  PayloadType type = Vp8();
  type.feedback = {};
  auto none = CodecsOf(BundleOf({type}))[0];
  EXPECT_FALSE(none.nack || none.pli || none.fir || none.remb ||
               none.transport_cc);
  // Each on its own.
  const std::pair<RtcpFeedback, bool rtp::CodecSpec::*> single[] = {
      {{"nack", ""}, &rtp::CodecSpec::nack},
      {{"nack", "pli"}, &rtp::CodecSpec::pli},
      {{"ccm", "fir"}, &rtp::CodecSpec::fir},
      {{"goog-remb", ""}, &rtp::CodecSpec::remb},
      {{"transport-cc", ""}, &rtp::CodecSpec::transport_cc}};
  for (const auto& [feedback, field] : single) {
    type.feedback = {feedback, {"nack", "sli"}, {"ccm", "tmmbr"}};
    rtp::CodecSpec expected = none;
    expected.*field = true;
    EXPECT_EQ(CodecsOf(BundleOf({type}))[0], expected) << feedback.type;
  }
}

// XEP-0293: directly in the description it is for all payload types.
TEST(NegotiateCodecs, TakesTheFeedbackOfAllPayloadTypes) {
  SessionDescription offer = BundleOf({Vp8()});
  RtpDescription& description = *offer.contents[0].description;
  description.payload_types[0].feedback = {{"nack", ""}};
  description.feedback = {{"nack", "pli"}};
  const auto codecs = CodecsOf(offer);
  EXPECT_TRUE(codecs[0].nack);
  EXPECT_TRUE(codecs[0].pli);
  EXPECT_FALSE(codecs[0].fir);
}

TEST(NegotiateRtx, BelongsToItsPayloadType) {
  const auto codecs =
      CodecsOf(BundleOf({Vp8(96), Rtx(97, 96), H264(102), Rtx(103, 102),
                         Video(98, "VP9"), Rtx(99, 100)}));
  ASSERT_THAT(codecs, SizeIs(3));
  EXPECT_EQ(codecs[0].rtx_payload_type, 97);
  EXPECT_EQ(codecs[1].rtx_payload_type, std::nullopt);  // VP9
  EXPECT_EQ(codecs[2].rtx_payload_type, 103);           // H264
}

// apt='9' is not the beginning of 96, nor apt='096' the same text.
TEST(NegotiateRtx, NeedsTheVeryPayloadType) {
  PayloadType other = Rtx(97, 96);
  other.parameters = {{"rtx-time", "96"}};
  EXPECT_EQ(
      CodecsOf(BundleOf({Vp8(96), Rtx(97, 9), other}))[0].rtx_payload_type,
      std::nullopt);
}

TEST(NegotiateRed, NamesTheBlocksThatItHas) {
  const auto red_of = [](Parameters parameters) {
    return CodecsOf(BundleOfAudio(
        {Opus(111), {63, "red", 48000, 2, std::move(parameters), {}}}))[0]
        .red_payload_type;
  };
  EXPECT_EQ(red_of({{"111/111", ""}}), 63);  // as stanza.js writes it
  EXPECT_EQ(red_of({{"", "111/111"}}), 63);
  EXPECT_EQ(red_of({{"fmtp", "111/111/111"}}), 63);
  EXPECT_EQ(red_of({{"11/11", ""}}), std::nullopt);
  EXPECT_EQ(red_of({{"1110/1110", ""}}), std::nullopt);
  EXPECT_EQ(red_of({}), std::nullopt);
}

TEST(NegotiateRed, IsForAudioOnly) {
  EXPECT_EQ(CodecsOf(BundleOf({Vp8(96), Video(118, "red", {{"96/96", ""}})}))[0]
                .red_payload_type,
            std::nullopt);
}

// ---- extensions ----

TEST(NegotiateExtensions, TakesTheIdsOfTheOffer) {
  SessionDescription offer = BundleOf({Vp8()});
  const std::string mid(rtp::ExtensionUri(rtp::ExtensionKind::kMid));
  const std::string twcc(
      rtp::ExtensionUri(rtp::ExtensionKind::kTransportSequence));
  const std::string rid(rtp::ExtensionUri(rtp::ExtensionKind::kRid));
  offer.contents[0].description->extensions = {
      {9, mid, Senders::kBoth},
      {200, twcc, Senders::kBoth},
      {10, rid, Senders::kBoth},
      {11, "urn:example:unknown", Senders::kBoth}};
  const rtp::ExtensionIds ids = Planned(offer).contents[0].spec.extensions;
  EXPECT_EQ(ids.IdOf(rtp::ExtensionKind::kMid), 9);
  EXPECT_EQ(ids.IdOf(rtp::ExtensionKind::kTransportSequence), 200);
  EXPECT_FALSE(ids.Has(rtp::ExtensionKind::kRid));
  EXPECT_FALSE(ids.Has(rtp::ExtensionKind::kAudioLevel));

  EXPECT_THAT(DescribedAnswer(offer).extensions,
              ElementsAre(HeaderExtension{9, mid, Senders::kBoth},
                          HeaderExtension{200, twcc, Senders::kBoth}));
}

TEST(NegotiateExtensions, AnIdNamesOneExtension) {
  SessionDescription offer = BundleOf({Vp8()});
  const std::string mid(rtp::ExtensionUri(rtp::ExtensionKind::kMid));
  const std::string time(rtp::ExtensionUri(rtp::ExtensionKind::kAbsSendTime));
  offer.contents[0].description->extensions = {{4, mid, Senders::kBoth},
                                               {4, time, Senders::kBoth}};
  EXPECT_THAT(DescribedAnswer(offer).extensions,
              ElementsAre(HeaderExtension{4, mid, Senders::kBoth}));
}

// XEP-0294 s4: what is kept is kept as it was offered.
TEST(NegotiateExtensions, KeepsWhoMaySend) {
  SessionDescription offer = BundleOf({Vp8()});
  const HeaderExtension offered{
      3, std::string(rtp::ExtensionUri(rtp::ExtensionKind::kAbsSendTime)),
      Senders::kInitiator};
  offer.contents[0].description->extensions = {offered};
  EXPECT_THAT(DescribedAnswer(offer).extensions, ElementsAre(offered));
}

// ---- transports ----

TEST(NegotiateTransport, ABundleSharesTheFirst) {
  const SessionPlan plan =
      Planned(Bundle({Audio("0"), Webcam("1"), Webcam("2")}));
  EXPECT_TRUE(plan.bundle);
  ASSERT_THAT(plan.transports, SizeIs(1));
  EXPECT_EQ(plan.transports[0].remote, (rtp::IceCredentials{"u0", "p0"}));
  EXPECT_THAT(plan.transports[0].remote_fingerprint,
              Optional(rtp::CertificateFingerprint{
                  "sha-256", std::vector<uint8_t>(32, 0xAB)}));
  for (const ContentPlan& content : plan.contents) {
    EXPECT_EQ(content.spec.transport, 0);
  }
}

TEST(NegotiateTransport, WithoutABundleEachHasItsOwn) {
  const SessionPlan plan = Planned(Plain({Audio("audio"), Webcam("video")}));
  EXPECT_FALSE(plan.bundle);
  ASSERT_THAT(plan.transports, SizeIs(2));
  EXPECT_EQ(plan.transports[0].remote,
            (rtp::IceCredentials{"uaudio", "paudio"}));
  EXPECT_EQ(plan.transports[1].remote,
            (rtp::IceCredentials{"uvideo", "pvideo"}));
  EXPECT_EQ(plan.contents[0].spec.transport, 0);
  EXPECT_EQ(plan.contents[1].spec.transport, 1);
}

TEST(NegotiateTransport, OtherGroupsAreNoBundle) {
  SessionDescription offer = Plain({Audio("0"), Webcam("1")});
  offer.groups = {{"LS", {"0", "1"}}};
  const SessionPlan plan = Planned(offer);
  EXPECT_FALSE(plan.bundle);
  EXPECT_THAT(plan.transports, SizeIs(2));
}

TEST(NegotiateTransport, WhatIsNotInTheBundleHasItsOwn) {
  SessionDescription offer = Plain({Audio("0"), Webcam("1"), Webcam("2")});
  offer.groups = {{"BUNDLE", {"0", "2"}}};
  const SessionPlan plan = Planned(offer);
  EXPECT_TRUE(plan.bundle);
  EXPECT_THAT(plan.transports, SizeIs(2));
  EXPECT_EQ(plan.contents[0].spec.transport, plan.contents[2].spec.transport);
  EXPECT_NE(plan.contents[0].spec.transport, plan.contents[1].spec.transport);
}

TEST(NegotiateTransport, ABundledContentMayLackCredentials) {
  SessionDescription offer = Bundle({Audio("0"), Webcam("1")});
  offer.contents[1].transport = IceTransport();
  EXPECT_THAT(Planned(offer).transports, SizeIs(1));
}

// RFC 9143 s7.2.1: the tagged section is the group's first, whichever place it
// has among the contents.
TEST(NegotiateTransport, TheBundleHasThatOfTheGroupsFirst) {
  SessionDescription offer = Plain({Audio("0"), Webcam("1")});
  offer.groups = {{"BUNDLE", {"1", "0"}}};
  const SessionPlan plan = Planned(offer);
  ASSERT_THAT(plan.transports, SizeIs(1));
  EXPECT_EQ(plan.transports[0].remote, (rtp::IceCredentials{"u1", "p1"}));
}

TEST(NegotiateTransport, TheGroupsFirstIsThatWhichIsServed) {
  SessionDescription offer = Plain({Audio("0"), Webcam("1"), Webcam("2")});
  offer.groups = {{"BUNDLE", {"x", "2", "1", "0"}}};
  offer.contents[2].description->rtcp_mux = false;
  const SessionPlan plan = PlanSession(offer);
  ASSERT_FALSE(plan.refused.has_value());
  ASSERT_THAT(plan.transports, SizeIs(1));
  EXPECT_EQ(plan.transports[0].remote, (rtp::IceCredentials{"u1", "p1"}));
}

// The transport of a content before it in the offer is not the bundle's.
TEST(NegotiateTransport, TheBundleNeedNotBeTheFirst) {
  SessionDescription offer = Plain({Webcam("2"), Audio("0"), Webcam("1")});
  offer.groups = {{"BUNDLE", {"1", "0"}}};
  const SessionPlan plan = Planned(offer);
  ASSERT_THAT(plan.transports, SizeIs(2));
  EXPECT_EQ(plan.transports[0].remote, (rtp::IceCredentials{"u2", "p2"}));
  EXPECT_EQ(plan.transports[1].remote, (rtp::IceCredentials{"u1", "p1"}));
  EXPECT_EQ(plan.contents[0].spec.transport, 0);
  EXPECT_EQ(plan.contents[1].spec.transport, 1);
  EXPECT_EQ(plan.contents[2].spec.transport, 1);
}

// jingle.md s6.4 and s6.5: passive in a bundle, active for plain clients.
TEST(NegotiateTransport, RoleComplementsTheOffers) {
  const auto role = [](bool bundle, std::optional<DtlsSetup> setup) {
    SessionDescription offer =
        bundle ? Bundle({Audio("0")}) : Plain({Audio("0")});
    offer.contents[0].transport->fingerprint = Sha256(setup);
    const SessionPlan plan = Planned(offer);
    return plan.transports.at(0).dtls_role;
  };
  using rtp::DtlsRole;
  EXPECT_EQ(role(true, DtlsSetup::kActpass), DtlsRole::kPassive);
  EXPECT_EQ(role(false, DtlsSetup::kActpass), DtlsRole::kActive);
  for (const bool bundle : {false, true}) {
    EXPECT_EQ(role(bundle, DtlsSetup::kActive), DtlsRole::kPassive);
    EXPECT_EQ(role(bundle, DtlsSetup::kPassive), DtlsRole::kActive);
    EXPECT_EQ(role(bundle, std::nullopt), role(bundle, DtlsSetup::kActpass));
  }
  EXPECT_EQ(SetupOf(DtlsRole::kActive), DtlsSetup::kActive);
  EXPECT_EQ(SetupOf(DtlsRole::kPassive), DtlsSetup::kPassive);
}

TEST(NegotiateTransport, KnowsTheHashesOfRfc8122) {
  const std::pair<const char*, size_t> hashes[] = {{"sha-1", 20},
                                                   {"sha-224", 28},
                                                   {"sha-256", 32},
                                                   {"sha-384", 48},
                                                   {"sha-512", 64}};
  for (const auto& [hash, size] : hashes) {
    SessionDescription offer = Bundle({Audio("0")});
    Fingerprint& fingerprint = *offer.contents[0].transport->fingerprint;
    fingerprint.hash = hash;
    fingerprint.digest.assign(size, 1);
    Planned(offer);
    for (const size_t wrong : {size - 1, size + 1, size_t{0}}) {
      fingerprint.digest.assign(wrong, 1);
      ExpectRefused(offer, "security-error");
    }
  }
}

// ---- refusals (jingle.md s6.9) ----

TEST(NegotiateRefusal, OfWhatIsNotRtp) {
  SessionDescription offer = Plain({Audio("0")});
  offer.contents[0].description.reset();
  offer.contents[0].description_ns = "urn:xmpp:jingle:apps:file-transfer:5";
  ExpectRefused(offer, "unsupported-applications");
}

TEST(NegotiateRefusal, OfWhatIsNotIce) {
  SessionDescription offer = Plain({Audio("0")});
  offer.contents[0].transport.reset();
  offer.contents[0].transport_ns = "urn:xmpp:jingle:transports:s5b:1";
  ExpectRefused(offer, "unsupported-transports");
}

TEST(NegotiateRefusal, OfATransportWithoutCredentials) {
  for (const bool bundle : {false, true}) {
    SessionDescription offer =
        bundle ? Bundle({Audio("0")}) : Plain({Audio("0")});
    offer.contents[0].transport->pwd.clear();
    ExpectRefused(offer, "unsupported-transports");
    offer.contents[0].transport->pwd = "p";
    offer.contents[0].transport->ufrag.clear();
    ExpectRefused(offer, "unsupported-transports");
  }
}

// Gajim, Pidgin: plain RTP; others: SDES.
TEST(NegotiateRefusal, OfWhatIsNotEncrypted) {
  for (const bool sdes : {false, true}) {
    SessionDescription offer = Plain({Audio("0")});
    offer.contents[0].transport->fingerprint.reset();
    offer.contents[0].description->has_sdes_encryption = sdes;
    ExpectRefused(offer, "security-error");
    const JingleReason reason = *PlanSession(offer).refused;
    EXPECT_EQ(reason.application_condition, "crypto-required");
    EXPECT_EQ(reason.application_ns, "urn:xmpp:jingle:apps:rtp:errors:1");
  }
}

TEST(NegotiateRefusal, OfOneContentWithoutAFingerprint) {
  SessionDescription offer = Plain({Audio("0"), Webcam("1")});
  offer.contents[1].transport->fingerprint.reset();
  ExpectRefused(offer, "security-error");
}

TEST(NegotiateRefusal, OfFingerprintsThatAreNone) {
  for (const Fingerprint& fingerprint :
       {Fingerprint{"sha-256", {}, DtlsSetup::kActpass},
        Fingerprint{"md5", std::vector<uint8_t>(16, 1), DtlsSetup::kActpass},
        Fingerprint{"md2", std::vector<uint8_t>(16, 1), DtlsSetup::kActpass},
        Fingerprint{"", std::vector<uint8_t>(32, 1), DtlsSetup::kActpass},
        Fingerprint{"sha-3", std::vector<uint8_t>(32, 1),
                    DtlsSetup::kActpass}}) {
    SessionDescription offer = Plain({Audio("0")});
    offer.contents[0].transport->fingerprint = fingerprint;
    ExpectRefused(offer, "security-error");
    EXPECT_EQ(PlanSession(offer).refused->application_condition, "");
  }
}

TEST(NegotiateRefusal, OfMixedRolesAndOfNone) {
  SessionDescription offer = Plain({Audio("0"), Webcam("1")});
  offer.contents[0].transport->fingerprint = Sha256(DtlsSetup::kActive);
  offer.contents[1].transport->fingerprint = Sha256(DtlsSetup::kPassive);
  ExpectRefused(offer, "security-error");
  offer.contents[1].transport->fingerprint = Sha256(DtlsSetup::kActive);
  Planned(offer);
  offer = Plain({Audio("0")});
  offer.contents[0].transport->fingerprint = Sha256(DtlsSetup::kHoldconn);
  ExpectRefused(offer, "security-error");
}

TEST(NegotiateRefusal, WithoutACommonCodec) {
  ExpectRefused(BundleOfAudio({{0, "PCMU", 8000, 1, {}, {}}}),
                "incompatible-parameters");
  ExpectRefused(BundleOf({}), "incompatible-parameters");
}

TEST(NegotiateRefusal, WithoutContents) {
  EXPECT_TRUE(PlanSession({}).refused.has_value());
}

// jingle.md s9: RTP and RTCP on two ports are not served, and what was not
// offered is not answered (RFC 5761 s5.1.1).
TEST(NegotiateRefusal, OfRtcpOnAPortOfItsOwn) {
  SessionDescription offer = Plain({Audio("0")});
  offer.contents[0].description->rtcp_mux = false;
  ExpectRefused(offer, "unsupported-transports");
}

// Gajim offers neither; what it lacks first of all is encryption.
TEST(NegotiateRefusal, OfPlainRtpIsForSecurityFirst) {
  SessionDescription offer = Plain({Audio("audio"), Webcam("video")});
  for (Content& content : offer.contents) {
    content.description->rtcp_mux = false;
    content.transport->fingerprint.reset();
  }
  ExpectRefused(offer, "security-error");
  EXPECT_EQ(PlanSession(offer).refused->application_condition,
            "crypto-required");
}

TEST(NegotiateRefusal, OfMixedRolesInABundle) {
  SessionDescription offer = Bundle({Audio("0"), Webcam("1")});
  offer.contents[1].transport->fingerprint = Sha256(DtlsSetup::kActive);
  ExpectRefused(offer, "security-error");
}

// ---- contents that are left out, so that the others can be served ----

Content FileTransfer(std::string name) {
  Content content = Audio(std::move(name));
  content.description.reset();
  content.description_ns = "urn:xmpp:jingle:apps:file-transfer:5";
  return content;
}

Content RawUdp(std::string name) {
  Content content = Audio(std::move(name));
  content.transport.reset();
  content.transport_ns = "urn:xmpp:jingle:transports:raw-udp:1";
  return content;
}

Content TcpBytes(std::string name) {
  Content content = RawUdp(std::move(name));
  content.transport_ns = "urn:xmpp:jingle:transports:s5b:1";
  return content;
}

// Its clients know no DTLS either: encryption is what their users should hear.
TEST(NegotiateRefusal, OfRawUdpIsForSecurity) {
  ExpectRefused(Plain({RawUdp("0")}), "security-error");
  EXPECT_EQ(PlanSession(Plain({RawUdp("0")})).refused->application_condition,
            "crypto-required");
}

TEST(NegotiateUnserved, AreWhatNoAnswerCanName) {
  for (const bool bundle : {false, true}) {
    std::vector<Content> contents = {FileTransfer("file"), Audio("0"),
                                     RawUdp("raw"), Audio("two-ports"),
                                     Webcam("1")};
    contents[3].description->rtcp_mux = false;
    const SessionPlan plan =
        PlanSession(bundle ? Bundle(contents) : Plain(contents));
    ASSERT_FALSE(plan.refused.has_value());
    ASSERT_THAT(plan.contents, SizeIs(2));
    EXPECT_EQ(plan.contents[0].spec.name, "0");
    EXPECT_EQ(plan.contents[1].spec.name, "1");
    EXPECT_THAT(plan.unserved,
                ElementsAre(contents[0], contents[2], contents[3]));
    // The bundle is that of the first content that is served.
    EXPECT_THAT(plan.transports, SizeIs(bundle ? 1 : 2));
    EXPECT_EQ(plan.transports.at(0).remote, (rtp::IceCredentials{"u0", "p0"}));
  }
}

TEST(NegotiateUnserved, AreNotThoseWithoutACodec) {
  const Content pcmu =
      Section("0", Media::kAudio, {{0, "PCMU", 8000, 1, {}, {}}});
  const SessionPlan plan = PlanSession(Plain({pcmu, Webcam("1")}));
  ASSERT_FALSE(plan.refused.has_value());
  EXPECT_THAT(plan.unserved, IsEmpty());
  ASSERT_THAT(plan.contents, SizeIs(2));
  EXPECT_THAT(plan.contents[0].spec.codecs, IsEmpty());
  EXPECT_FALSE(plan.contents[0].sends);
  EXPECT_FALSE(plan.contents[0].receives);
  EXPECT_THAT(plan.contents[1].spec.codecs, SizeIs(1));
  // Each its own, as the client will have it.
  EXPECT_THAT(plan.transports, SizeIs(2));
  EXPECT_EQ(plan.contents[0].spec.transport, 0);
  EXPECT_EQ(plan.contents[1].spec.transport, 1);
}

TEST(NegotiateAddition, BeginsNoBundle) {
  const SessionPlan plan = PlanAddition(Bundle({Webcam("2")}), /*bundle=*/false,
                                        /*first_transport=*/1, 0, 0);
  ASSERT_FALSE(plan.refused.has_value());
  EXPECT_FALSE(plan.bundle);
  ASSERT_THAT(plan.transports, SizeIs(1));
  EXPECT_EQ(plan.contents.at(0).spec.transport, 1);
}

TEST(NegotiateUnserved, GiveTheReasonIfThereAreNoOthers) {
  ExpectRefused(Plain({FileTransfer("a"), RawUdp("b")}),
                "unsupported-applications");
  ExpectRefused(Plain({TcpBytes("b"), FileTransfer("a")}),
                "unsupported-transports");
}

TEST(NegotiateUnserved, AreNoneOfAnUsualOffer) {
  EXPECT_THAT(Planned(Bundle({Audio("0"), Webcam("1")})).unserved, IsEmpty());
}

TEST(NegotiateRefusal, NotIfSomeContentCanBeServed) {
  const SessionPlan plan = Planned(
      Bundle({Section("0", Media::kAudio, {{0, "PCMU", 8000, 1, {}, {}}}),
              Webcam("1")}));
  EXPECT_THAT(plan.contents[0].spec.codecs, IsEmpty());
  EXPECT_FALSE(plan.contents[0].sends);
  EXPECT_FALSE(plan.contents[0].receives);
  EXPECT_TRUE(plan.contents[1].sends);
}

// ---- directions and slots ----

TEST(NegotiateSlots, SendersSayWhoSends) {
  const std::pair<Senders, std::pair<bool, bool>> all[] = {
      {Senders::kBoth, {true, true}},
      {Senders::kInitiator, {true, false}},
      {Senders::kResponder, {false, true}},
      {Senders::kNone, {false, false}}};
  for (const auto& [senders, expected] : all) {
    const SessionPlan plan = Planned(Bundle({Audio("0", senders)}));
    EXPECT_EQ(plan.contents[0].sends, expected.first);
    EXPECT_EQ(plan.contents[0].receives, expected.second);
    EXPECT_EQ(Answered(plan.contents[0], true).senders, senders);
  }
}

TEST(NegotiateSlots, AreAtMost3ForAudioAnd25ForVideo) {
  std::vector<Content> contents;
  for (int i = 0; i < 4; ++i)
    contents.push_back(Audio("a" + std::to_string(i)));
  for (int i = 0; i < 26; ++i) {
    contents.push_back(Webcam("v" + std::to_string(i)));
  }
  const SessionPlan plan = Planned(Bundle(contents));
  EXPECT_TRUE(plan.contents[2].receives);
  EXPECT_FALSE(plan.contents[3].receives);
  EXPECT_TRUE(plan.contents[3].sends);
  EXPECT_TRUE(plan.contents[28].receives);
  EXPECT_FALSE(plan.contents[29].receives);
  EXPECT_EQ(Answered(plan.contents[29], true).senders, Senders::kInitiator);
}

TEST(NegotiateSlots, PublishingTakesNone) {
  std::vector<Content> contents;
  for (int i = 0; i < 5; ++i) {
    contents.push_back(Audio("p" + std::to_string(i), Senders::kInitiator));
  }
  contents.push_back(Audio("slot"));
  EXPECT_TRUE(Planned(Bundle(contents)).contents[5].receives);
}

// ---- content-add ----

TEST(NegotiateAddition, HasTransportsAfterThoseThatAreThere) {
  const SessionPlan plan =
      PlanAddition(Plain({Webcam("video")}), false, 1, 1, 0);
  ASSERT_FALSE(plan.refused.has_value());
  EXPECT_FALSE(plan.bundle);
  ASSERT_THAT(plan.transports, SizeIs(1));
  EXPECT_EQ(plan.contents.at(0).spec.transport, 1);
  EXPECT_EQ(plan.transports[0].dtls_role, rtp::DtlsRole::kActive);
}

TEST(NegotiateAddition, AnEmptyTransportIsThatOfTheBundle) {
  SessionDescription addition = Plain({Webcam("2")});
  addition.contents[0].transport = IceTransport();
  const SessionPlan plan = PlanAddition(addition, true, 1, 1, 1);
  ASSERT_FALSE(plan.refused.has_value());
  EXPECT_TRUE(plan.bundle);
  EXPECT_THAT(plan.transports, IsEmpty());
  EXPECT_EQ(plan.contents.at(0).spec.transport, 0);
}

TEST(NegotiateAddition, InTheGroupIsInTheBundle) {
  const SessionPlan plan = PlanAddition(Bundle({Webcam("2")}), true, 1, 1, 1);
  ASSERT_FALSE(plan.refused.has_value());
  EXPECT_THAT(plan.transports, IsEmpty());
  EXPECT_EQ(plan.contents.at(0).spec.transport, 0);
}

TEST(NegotiateAddition, NeedsATransportWithoutABundle) {
  SessionDescription addition = Plain({Webcam("2")});
  addition.contents[0].transport = IceTransport();
  EXPECT_TRUE(PlanAddition(addition, false, 1, 1, 1).refused.has_value());
}

TEST(NegotiateAddition, CountsTheSlotsThatAreThere) {
  EXPECT_TRUE(PlanAddition(Bundle({Audio("9")}), true, 1, 2, 25)
                  .contents.at(0)
                  .receives);
  EXPECT_FALSE(PlanAddition(Bundle({Audio("9")}), true, 1, 3, 0)
                   .contents.at(0)
                   .receives);
  EXPECT_TRUE(PlanAddition(Bundle({Webcam("9")}), true, 1, 3, 24)
                  .contents.at(0)
                  .receives);
  EXPECT_FALSE(PlanAddition(Bundle({Webcam("9")}), true, 1, 0, 25)
                   .contents.at(0)
                   .receives);
}

// ---- answers ----

TEST(NegotiateAnswer, IsAContentOfTheOffer) {
  SessionDescription offer = Bundle({Audio("0")});
  offer.contents[0].creator = "responder";
  const SessionPlan plan = Planned(offer);
  const Content answer = Answered(plan.contents[0], true);
  EXPECT_EQ(answer.name, "0");
  EXPECT_EQ(answer.creator, "responder");
  EXPECT_EQ(answer.senders, Senders::kBoth);
  EXPECT_EQ(answer.description_ns, ns::kRtp);
  EXPECT_EQ(answer.transport_ns, ns::kIceUdp);
  EXPECT_THAT(answer.transport, Optional(Ours()));
  EXPECT_EQ(answer.description->media, Media::kAudio);
  EXPECT_TRUE(answer.description->rtcp_mux);
  EXPECT_FALSE(answer.description->has_sdes_encryption);
}

TEST(NegotiateAnswer, HasParametersAndFeedbackOfTheOffer) {
  PayloadType offered = H264(102);
  offered.feedback = {{"nack", "pli"},
                      {"goog-remb", ""},
                      {"ccm", "tmmbr"},
                      {"nack", "sli"},
                      {"ack", "rpsi"}};
  const RtpDescription answer = DescribedAnswer(BundleOf({offered}));
  ASSERT_THAT(answer.payload_types, SizeIs(1));
  PayloadType expected = offered;
  expected.feedback = {{"nack", "pli"}, {"goog-remb", ""}};
  EXPECT_EQ(answer.payload_types[0], expected);
}

TEST(NegotiateAnswer, HasNoFeedbackThatWasNotOffered) {
  PayloadType offered = Vp8();
  offered.feedback = {};
  EXPECT_THAT(DescribedAnswer(BundleOf({offered})).payload_types[0].feedback,
              IsEmpty());
}

TEST(NegotiateAnswer, KeepsRtxWithItsPayloadTypeOnly) {
  const RtpDescription answer = DescribedAnswer(
      BundleOf({Vp8(96), Rtx(97, 96), H264(104, "42001f", "0"), Rtx(107, 104),
                Video(118, "red"), Rtx(119, 118), Video(120, "ulpfec")}));
  EXPECT_THAT(TypesOf(answer), ElementsAre(96, 97));
  EXPECT_EQ(answer.payload_types[1], Rtx(97, 96));
}

TEST(NegotiateAnswer, KeepsRedOfOpus) {
  const PayloadType red{63, "red", 48000, 2, {{"111/111", ""}}, {}};
  const RtpDescription answer = DescribedAnswer(
      BundleOfAudio({Opus(111), red, {0, "PCMU", 8000, 1, {}, {}}}));
  EXPECT_THAT(TypesOf(answer), ElementsAre(111, 63));
  EXPECT_EQ(answer.payload_types[1], red);
}

// jingle.md s6.4: slots name their SSRCs, cname and msid, and rtx its group.
TEST(NegotiateAnswer, OfABundleNamesTheSources) {
  const RtpDescription answer =
      DescribedAnswer(BundleOf({Vp8(96), Rtx(97, 96)}));
  EXPECT_THAT(answer.ssrc, Optional(1001u));
  ASSERT_THAT(answer.sources, SizeIs(2));
  EXPECT_EQ(answer.sources[0].ssrc, 1001u);
  EXPECT_EQ(answer.sources[1].ssrc, 1011u);
  ASSERT_TRUE(answer.stream.has_value());
  for (const SsrcSource& source : answer.sources) {
    EXPECT_EQ(source.parameters,
              (Parameters{{"cname", "sfu"},
                          {"msid", answer.stream->stream + " " +
                                       answer.stream->track}}));
  }
  EXPECT_THAT(answer.ssrc_groups, ElementsAre(SsrcGroup{"FID", {1001, 1011}}));
}

TEST(NegotiateAnswer, WithoutRtxHasOneSource) {
  const RtpDescription answer = DescribedAnswer(BundleOf({Vp8(96)}));
  ASSERT_THAT(answer.sources, SizeIs(1));
  EXPECT_EQ(answer.sources[0].ssrc, 1001u);
  EXPECT_THAT(answer.ssrc_groups, IsEmpty());
}

TEST(NegotiateAnswer, WithoutASlotHasNoSources) {
  const RtpDescription answer =
      DescribedAnswer(Bundle({Webcam("0", Senders::kInitiator)}));
  EXPECT_THAT(answer.ssrc, Eq(std::nullopt));
  EXPECT_THAT(answer.sources, IsEmpty());
  EXPECT_THAT(answer.stream, Eq(std::nullopt));
}

TEST(NegotiateAnswer, SlotsHaveStreamsOfTheirOwn) {
  const SessionPlan plan = Planned(Bundle({Webcam("1"), Webcam("2")}));
  const Content first = Answered(plan.contents[0], true);
  const Content second = Answered(plan.contents[1], true);
  ASSERT_TRUE(first.description->stream.has_value());
  ASSERT_TRUE(second.description->stream.has_value());
  EXPECT_NE(first.description->stream->stream,
            second.description->stream->stream);
}

// jingle.md s6.5: Dino gets one payload type, and nothing about sources.
TEST(NegotiateAnswer, WithoutABundleIsShort) {
  SessionDescription offer =
      Plain({Section("video", Media::kVideo,
                     {H264(99), Vp8(98), Rtx(96, 98), Video(97, "VP9")})});
  offer.contents[0].description->has_sdes_encryption = true;
  const RtpDescription answer = DescribedAnswer(offer);
  EXPECT_THAT(TypesOf(answer), ElementsAre(98));
  EXPECT_THAT(answer.ssrc, Eq(std::nullopt));
  EXPECT_THAT(answer.sources, IsEmpty());
  EXPECT_THAT(answer.ssrc_groups, IsEmpty());
  EXPECT_THAT(answer.stream, Eq(std::nullopt));
  EXPECT_FALSE(answer.has_sdes_encryption);
}

TEST(NegotiateAnswer, WithoutABundleHasNoRed) {
  EXPECT_THAT(TypesOf(DescribedAnswer(
                  Plain({Section("audio", Media::kAudio,
                                 {Opus(111),
                                  {63, "red", 48000, 2, {{"111/111", ""}}, {}},
                                  {0, "PCMU", 8000, 1, {}, {}}})}))),
              ElementsAre(111));
}

// jingle.md s6.4: never omitted.
TEST(NegotiateAnswer, OfWhatIsNotServedKeepsOnePayloadType) {
  const SessionPlan plan = Planned(Bundle(
      {Section("0", Media::kAudio,
               {{0, "PCMU", 8000, 1, {}, {}}, {8, "PCMA", 8000, 1, {}, {}}}),
       Webcam("1")}));
  const Content answer = Answered(plan.contents[0], true);
  EXPECT_EQ(answer.senders, Senders::kNone);
  EXPECT_THAT(TypesOf(*answer.description), SizeIs(1));
  EXPECT_THAT(answer.description->sources, IsEmpty());
  EXPECT_THAT(answer.transport, Optional(Ours()));
}

TEST(NegotiateAnswer, OfAnIdUsedTwiceIsForTheCodecThatWasTaken) {
  const RtpDescription answer =
      DescribedAnswer(BundleOf({Video(96, "theora"), Vp8(96)}));
  ASSERT_THAT(answer.payload_types, SizeIs(1));
  EXPECT_EQ(answer.payload_types[0].name, "VP8");
}

TEST(NegotiateAnswer, OfAnIdUsedTwiceIsForItsRtx) {
  const RtpDescription answer =
      DescribedAnswer(BundleOf({Vp8(96), Video(97, "theora"), Rtx(97, 96)}));
  ASSERT_THAT(answer.payload_types, SizeIs(2));
  EXPECT_EQ(answer.payload_types[1].name, "rtx");
}

// A stock Chromium's video section, as stanza.js offers it.
TEST(NegotiateAnswer, ToChromium) {
  std::vector<PayloadType> types = {
      Vp8(96),
      Rtx(97, 96),
      H264(102, "42001f"),
      Rtx(103, 102),
      H264(104, "42001f", "0"),
      Rtx(107, 104),
      H264(108, "42e01f"),
      Rtx(109, 108),
      H264(114, "42e01f", "0"),
      Rtx(115, 114),
      H264(116, "4d001f"),
      Rtx(117, 116),
      H264(39, "4d001f", "0"),
      Rtx(40, 39),
      Video(45, "AV1", {{"level-idx", "5"}, {"profile", "0"}, {"tier", "0"}}),
      Rtx(46, 45),
      Video(98, "VP9", {{"profile-id", "0"}}),
      Rtx(99, 98),
      Video(100, "VP9", {{"profile-id", "2"}}),
      Rtx(101, 100),
      {118, "red", 90000, 1, {}, {}},
      Rtx(119, 118),
      {120, "ulpfec", 90000, 1, {}, {}}};
  const RtpDescription answer = DescribedAnswer(BundleOf(types));
  std::vector<int> ids = TypesOf(answer);
  EXPECT_EQ(ids.at(0), 96);
  EXPECT_THAT(
      ids, ::testing::UnorderedElementsAre(96, 97, 98, 99, 102, 103, 45, 46));
}

}  // namespace
}  // namespace signaling
