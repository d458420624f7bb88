// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/jingle_session.h"

#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using Kind = SessionInfo::Kind;

class JingleSessionTest : public ::testing::Test {
 protected:
  JingleSessionTest() { Make(); }

  void Make() {
    session_ = std::make_unique<JingleSession>(
        "sid", "standup@sfu.example", rtp::ConferenceId(3), media_,
        [this] { return rtp::SourceId(++last_source_); });
  }
  // Begins the session; the accept, unless it was ended.
  JingleMessage Begin(SessionDescription offer) {
    out_ = SessionOutbox();
    EXPECT_TRUE(session_->HandleInitiate(now_, offer, out_));
    return out_.requests.empty() ? JingleMessage() : out_.requests.front();
  }
  // What a request is answered; what else comes of it is in `out_`.
  std::optional<StanzaError> Handle(JingleAction action,
                                    std::vector<Content> contents = {}) {
    return Handle(Jingle(action, "sid", std::move(contents)));
  }
  std::optional<StanzaError> Handle(const JingleMessage& message) {
    out_ = SessionOutbox();
    return session_->HandleRequest(now_, message, out_);
  }
  void Modify(std::string content, Senders senders) {
    EXPECT_EQ(Handle(JingleAction::kContentModify,
                     {Named(std::move(content), senders)}),
              std::nullopt);
    EXPECT_THAT(out_.requests, IsEmpty()) << "it is never answered";
  }
  void Inform(Kind kind, std::string content = {}) {
    EXPECT_EQ(Handle(Info("sid", kind, std::move(content))), std::nullopt);
    EXPECT_THAT(out_.requests, IsEmpty());
  }
  std::vector<JingleAction> Actions() const {
    std::vector<JingleAction> actions;
    for (const JingleMessage& m : out_.requests) actions.push_back(m.action);
    return actions;
  }
  // As the worker has it.
  const rtp::PeerSpec& Spec() const {
    return media_.specs.at(session_->peer());
  }
  const rtp::ContentSpec& ContentOf(const std::string& name) const {
    for (const rtp::ContentSpec& content : Spec().contents) {
      if (content.name == name) return content;
    }
    ADD_FAILURE() << "no content " << name;
    static const rtp::ContentSpec kNone;
    return kNone;
  }
  size_t Slots(rtp::MediaKind kind) const {
    const auto& contents = Spec().contents;
    return std::count_if(contents.begin(), contents.end(),
                         [kind](const rtp::ContentSpec& c) {
                           return c.kind == kind && c.slot.has_value();
                         });
  }
  static Content Stub(Content content) {
    content.transport = IceTransport();  // that of the bundle
    return content;
  }

  const rtp::Timestamp now_{seconds(1000)};
  RecordingMedia media_;
  uint64_t last_source_ = 0;
  std::unique_ptr<JingleSession> session_;
  SessionOutbox out_;
};

// ---- accepting ----

TEST_F(JingleSessionTest, BundleSharesOneTransport) {
  const JingleMessage accept = Begin(BundleOffer(2, 2));
  EXPECT_EQ(accept.action, JingleAction::kSessionAccept);
  EXPECT_EQ(accept.sid, "sid");
  EXPECT_EQ(accept.responder, "standup@sfu.example");
  EXPECT_EQ(accept.initiator, "");
  EXPECT_THAT(accept.description.groups,
              ElementsAre(ContentGroup{"BUNDLE", {"0", "1", "2", "3"}}));
  ASSERT_THAT(accept.description.contents, SizeIs(4));
  for (const Content& content : accept.description.contents) {
    EXPECT_EQ(content.transport->ufrag, Spec().transports[0].local.ufrag);
    EXPECT_EQ(content.transport->fingerprint->setup, DtlsSetup::kPassive);
    EXPECT_THAT(content.transport->candidates, SizeIs(1));
  }
  EXPECT_THAT(Spec().transports, SizeIs(1));
  EXPECT_EQ(Spec().conference, rtp::ConferenceId(3));
  EXPECT_EQ(session_->state(), JingleSession::State::kActive);
}

TEST_F(JingleSessionTest, BundleNamesTheSsrcsOfItsSlots) {
  const JingleMessage accept = Begin(BundleOffer());
  const RtpDescription& video = *accept.description.contents[1].description;
  const rtp::SlotSpec slot = *ContentOf("1").slot;
  EXPECT_EQ(video.ssrc, slot.ssrc);
  EXPECT_THAT(video.ssrc_groups,
              ElementsAre(SsrcGroup{"FID", {slot.ssrc, slot.rtx_ssrc}}));
  EXPECT_NE(slot.ssrc, slot.rtx_ssrc);
  EXPECT_NE(slot.ssrc, ContentOf("0").slot->ssrc);
}

TEST_F(JingleSessionTest, PlainContentsHaveOnePayloadTypeAndATransportEach) {
  const JingleMessage accept = Begin(PlainOffer());
  EXPECT_THAT(accept.description.groups, IsEmpty());
  ASSERT_THAT(accept.description.contents, SizeIs(2));
  const Content& audio = accept.description.contents[0];
  const Content& video = accept.description.contents[1];
  ASSERT_THAT(audio.description->payload_types, SizeIs(1));
  EXPECT_EQ(audio.description->payload_types[0].name, "opus");
  EXPECT_EQ(audio.description->payload_types[0].id, 111);
  ASSERT_THAT(video.description->payload_types, SizeIs(1));
  EXPECT_EQ(video.description->payload_types[0].name, "VP8");
  EXPECT_EQ(video.description->payload_types[0].id, 98);
  EXPECT_NE(audio.transport->ufrag, video.transport->ufrag);
  for (const Content& content : {audio, video}) {
    EXPECT_EQ(content.transport->fingerprint->setup, DtlsSetup::kActive);
    EXPECT_FALSE(content.description->has_sdes_encryption);
    EXPECT_THAT(content.description->sources, IsEmpty());
    EXPECT_EQ(content.senders, Senders::kBoth);
    const rtp::ContentSpec& spec = ContentOf(content.name);
    ASSERT_THAT(spec.codecs, SizeIs(1));
    EXPECT_EQ(spec.codecs[0].rtx_payload_type, std::nullopt);
  }
  ASSERT_THAT(Spec().transports, SizeIs(2));
  EXPECT_EQ(ContentOf("audio").transport, 0);
  EXPECT_EQ(ContentOf("video").transport, 1);
  EXPECT_EQ(Spec().transports[1].remote.ufrag, "ufrag-video");
  EXPECT_FALSE(session_->wants_slot_map());
}

TEST_F(JingleSessionTest, WhoOffersMoreThanOneSlotOfAKindWantsAMap) {
  Begin(BundleOffer(1, 1));
  EXPECT_FALSE(session_->wants_slot_map());
  for (const auto& [audio, video] : {std::pair(2, 1), std::pair(1, 2)}) {
    Make();
    Begin(BundleOffer(audio, video));
    EXPECT_TRUE(session_->wants_slot_map());
  }
}

TEST_F(JingleSessionTest, OnlyPublishingHasNoSlots) {
  SessionDescription offer = BundleOffer();
  for (Content& content : offer.contents) content.senders = Senders::kInitiator;
  const JingleMessage accept = Begin(offer);
  for (const Content& content : accept.description.contents) {
    EXPECT_EQ(content.senders, Senders::kInitiator);
    EXPECT_FALSE(ContentOf(content.name).slot.has_value());
    EXPECT_TRUE(ContentOf(content.name).uplink.has_value());
  }
}

TEST_F(JingleSessionTest, SlotsEndAtThreeAndTwentyFive) {
  SessionDescription offer = BundleOffer(4, 26);
  const JingleMessage accept = Begin(offer);
  ASSERT_THAT(accept.description.contents, SizeIs(30));
  EXPECT_EQ(Slots(rtp::MediaKind::kAudio), 3U);
  EXPECT_EQ(Slots(rtp::MediaKind::kVideo), 25U);
  EXPECT_EQ(accept.description.contents[4].senders, Senders::kNone);
  EXPECT_EQ(accept.description.contents[29].senders, Senders::kNone);
}

TEST_F(JingleSessionTest, UnknownCodecInABundleIsKeptInactive) {
  SessionDescription offer = BundleOffer();
  offer.contents[1].description->payload_types = {
      {34, "H263", 90000, 1, {}, {}}, {31, "H261", 90000, 1, {}, {}}};
  const JingleMessage accept = Begin(offer);
  ASSERT_THAT(accept.description.contents, SizeIs(2));
  EXPECT_EQ(accept.description.contents[1].senders, Senders::kNone);
  EXPECT_THAT(accept.description.contents[1].description->payload_types,
              SizeIs(1));
  EXPECT_THAT(out_.requests, SizeIs(1)) << "nothing is removed";
  Modify("1", Senders::kBoth);
  EXPECT_FALSE(ContentOf("1").uplink.has_value());
  EXPECT_FALSE(ContentOf("1").slot.has_value());
}

TEST_F(JingleSessionTest, FullServerAsksNothing) {
  media_.full = true;
  EXPECT_FALSE(session_->HandleInitiate(now_, BundleOffer(), out_));
  EXPECT_THAT(out_.requests, IsEmpty());
  session_.reset();
  EXPECT_THAT(media_.removed, IsEmpty());
}

TEST_F(JingleSessionTest, RefusedOfferTakesNoPeer) {
  SessionDescription offer = PlainOffer();
  for (Content& c : offer.contents) c.transport->fingerprint.reset();
  Begin(offer);
  EXPECT_THAT(Actions(), ElementsAre(JingleAction::kSessionTerminate));
  EXPECT_TRUE(out_.ended);
  EXPECT_EQ(session_->state(), JingleSession::State::kEnded);
  EXPECT_THAT(media_.allocated, IsEmpty());
}

// ---- SSRCs of what the peer sends ----

TEST_F(JingleSessionTest, SsrcsAreThoseOfTheFidGroup) {
  Begin(BundleOffer());
  EXPECT_THAT(ContentOf("1").uplink->ssrcs, ElementsAre(21));
  EXPECT_THAT(ContentOf("1").uplink->rtx_ssrcs,
              ElementsAre(std::pair(21U, 22U)));
}

TEST_F(JingleSessionTest, SsrcIsThatOfTheFirstSource) {
  Begin(BundleOffer());
  EXPECT_THAT(ContentOf("0").uplink->ssrcs, ElementsAre(11));
}

TEST_F(JingleSessionTest, SsrcIsThatOfTheDescription) {
  SessionDescription offer = PlainOffer();
  offer.contents[0].description->ssrc = 77;
  Begin(offer);
  EXPECT_THAT(ContentOf("audio").uplink->ssrcs, ElementsAre(77));
  EXPECT_THAT(ContentOf("video").uplink->ssrcs, IsEmpty());
}

TEST_F(JingleSessionTest, DescriptionInfoChangesTheSsrcs) {
  Begin(BundleOffer());
  const rtp::SourceId source = ContentOf("1").uplink->source;
  Content changed = Named("1");
  changed.description.emplace();
  changed.description->sources = {{31, {}}, {32, {}}};
  changed.description->ssrc_groups = {{"FID", {31, 32}}};
  EXPECT_EQ(Handle(JingleAction::kDescriptionInfo, {changed}), std::nullopt);
  EXPECT_THAT(ContentOf("1").uplink->ssrcs, ElementsAre(31));
  EXPECT_THAT(ContentOf("1").uplink->rtx_ssrcs,
              ElementsAre(std::pair(31U, 32U)));
  EXPECT_EQ(ContentOf("1").uplink->source, source);
}

TEST_F(JingleSessionTest, DescriptionInfoMayNameTheSsrcAlone) {
  Begin(PlainOffer());
  Content changed = Named("audio");
  changed.description.emplace();
  changed.description->ssrc = 78;
  EXPECT_EQ(Handle(JingleAction::kDescriptionInfo, {changed}), std::nullopt);
  EXPECT_THAT(ContentOf("audio").uplink->ssrcs, ElementsAre(78));
}

TEST_F(JingleSessionTest, DescriptionInfoWithoutSsrcsChangesNone) {
  Begin(BundleOffer(1, 2));
  const int before = media_.updates;
  Content plain = Named("1");
  plain.description.emplace();
  Content slot = Named("2");  // where the peer does not send
  slot.description.emplace();
  slot.description->sources = {{41, {}}};
  EXPECT_EQ(Handle(JingleAction::kDescriptionInfo, {plain, slot, Named("7")}),
            std::nullopt);
  EXPECT_EQ(media_.updates, before);
  EXPECT_THAT(ContentOf("1").uplink->ssrcs, ElementsAre(21));
}

// ---- content-modify ----

TEST_F(JingleSessionTest, OffAndOnKeepsSsrcsAndSource) {
  Begin(BundleOffer());
  session_->SetSource(now_, "1", rtp::SourceType::kScreen, true);
  const rtp::ContentSpec before = ContentOf("1");
  Modify("1", Senders::kNone);
  EXPECT_TRUE(out_.sources_changed);
  EXPECT_FALSE(ContentOf("1").uplink.has_value());
  EXPECT_FALSE(ContentOf("1").slot.has_value());
  Modify("1", Senders::kBoth);
  const rtp::ContentSpec& after = ContentOf("1");
  ASSERT_TRUE(after.uplink && after.slot);
  EXPECT_EQ(after.uplink->source, before.uplink->source);
  EXPECT_EQ(after.uplink->ssrcs, before.uplink->ssrcs);
  EXPECT_EQ(after.uplink->rtx_ssrcs, before.uplink->rtx_ssrcs);
  EXPECT_EQ(after.uplink->type, rtp::SourceType::kScreen);
  EXPECT_TRUE(after.uplink->muted);
  EXPECT_EQ(after.slot->ssrc, before.slot->ssrc);
  EXPECT_EQ(after.slot->rtx_ssrc, before.slot->rtx_ssrc);
}

TEST_F(JingleSessionTest, DirectionsAreTurnedOneByOne) {
  Begin(BundleOffer());
  Modify("1", Senders::kInitiator);
  EXPECT_TRUE(ContentOf("1").uplink.has_value());
  EXPECT_FALSE(ContentOf("1").slot.has_value());
  Modify("1", Senders::kResponder);
  EXPECT_FALSE(ContentOf("1").uplink.has_value());
  EXPECT_TRUE(ContentOf("1").slot.has_value());
}

TEST_F(JingleSessionTest, ReceivingContentMayBeginToSend) {
  Begin(BundleOffer(1, 2));
  const rtp::SourceId camera = ContentOf("1").uplink->source;
  const rtp::Ssrc ssrc = ContentOf("2").slot->ssrc;
  Modify("2", Senders::kBoth);
  ASSERT_TRUE(ContentOf("2").uplink.has_value());
  const rtp::SourceId source = ContentOf("2").uplink->source;
  EXPECT_NE(source, camera);
  EXPECT_NE(source, rtp::SourceId());
  EXPECT_EQ(ContentOf("2").slot->ssrc, ssrc);
  Modify("2", Senders::kResponder);
  Modify("2", Senders::kBoth);
  EXPECT_EQ(ContentOf("2").uplink->source, source);
}

TEST_F(JingleSessionTest, ModifyTakesNoMoreSlotsThanThereAre) {
  SessionDescription offer = BundleOffer(3, 25);
  offer.contents.push_back(ChromiumAudio("a", Senders::kNone));
  offer.contents.push_back(ChromiumVideo("v", Senders::kNone));
  offer.groups = {BundleOf(offer.contents)};
  Begin(offer);
  Modify("a", Senders::kBoth);
  Modify("v", Senders::kBoth);
  EXPECT_EQ(Slots(rtp::MediaKind::kAudio), 3U);
  EXPECT_EQ(Slots(rtp::MediaKind::kVideo), 25U);
  EXPECT_FALSE(ContentOf("a").slot.has_value());
  EXPECT_TRUE(ContentOf("a").uplink.has_value()) << "it may send";
  // One that is there keeps its slot; one that is left can be taken.
  Modify("2", Senders::kBoth);
  EXPECT_TRUE(ContentOf("2").slot.has_value());
  Modify("2", Senders::kNone);
  Modify("a", Senders::kBoth);
  EXPECT_TRUE(ContentOf("a").slot.has_value());
  EXPECT_EQ(Slots(rtp::MediaKind::kAudio), 3U);
}

TEST_F(JingleSessionTest, SlotsMayBeExchangedInOneModify) {
  SessionDescription offer = BundleOffer(3, 1);
  offer.contents.push_back(ChromiumAudio("a", Senders::kNone));
  offer.groups = {BundleOf(offer.contents)};
  Begin(offer);
  EXPECT_EQ(
      Handle(JingleAction::kContentModify,
             {Named("a", Senders::kResponder), Named("2", Senders::kNone)}),
      std::nullopt);
  EXPECT_TRUE(ContentOf("a").slot.has_value());
  EXPECT_FALSE(ContentOf("2").slot.has_value());
}

TEST_F(JingleSessionTest, ModifyOfAnUnknownContentChangesNothing) {
  Begin(BundleOffer());
  const auto error =
      Handle(JingleAction::kContentModify,
             {Named("0", Senders::kNone), Named("7", Senders::kNone)});
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->condition, "bad-request");
  EXPECT_TRUE(ContentOf("0").uplink.has_value());
}

// ---- hold and mute ----

TEST_F(JingleSessionTest, SlotsAreTurnedOffAndOn) {
  Begin(PlainOffer());
  const rtp::Ssrc ssrc = ContentOf("video").slot->ssrc;
  session_->SetSlots(now_, false);
  EXPECT_FALSE(ContentOf("audio").slot);
  EXPECT_FALSE(ContentOf("video").slot);
  EXPECT_TRUE(ContentOf("video").uplink);
  session_->SetSlots(now_, true);
  EXPECT_EQ(ContentOf("video").slot->ssrc, ssrc);
}

TEST_F(JingleSessionTest, WhatMayNotBeSentIsNoSource) {
  Begin(PlainOffer());
  const auto audio = ContentOf("audio").uplink;
  ASSERT_TRUE(audio);
  session_->SetRights(now_, Rights{.send_audio = false});
  EXPECT_FALSE(ContentOf("audio").uplink);
  EXPECT_TRUE(ContentOf("video").uplink);
  // Unmuting does not help.
  Inform(Kind::kUnmute, "audio");
  EXPECT_FALSE(ContentOf("audio").uplink);
  session_->SetRights(now_, Rights());
  ASSERT_TRUE(ContentOf("audio").uplink);
  EXPECT_EQ(ContentOf("audio").uplink->source, audio->source);
}

TEST_F(JingleSessionTest, HoldMutesAllAndUnholdRestores) {
  Begin(BundleOffer());
  Inform(Kind::kMute, "0");
  Inform(Kind::kHold);
  EXPECT_TRUE(out_.sources_changed);
  EXPECT_TRUE(ContentOf("0").uplink->muted);
  EXPECT_TRUE(ContentOf("1").uplink->muted);
  Inform(Kind::kHold);
  EXPECT_FALSE(out_.sources_changed);
  Inform(Kind::kUnhold);
  EXPECT_TRUE(out_.sources_changed);
  EXPECT_TRUE(ContentOf("0").uplink->muted);
  EXPECT_FALSE(ContentOf("1").uplink->muted);
}

TEST_F(JingleSessionTest, MuteWhileHeldCountsAfterIt) {
  Begin(BundleOffer());
  session_->SetSource(now_, "1", std::nullopt, true);
  Inform(Kind::kHold);
  Inform(Kind::kMute, "0");
  session_->SetSource(now_, "1", std::nullopt, false);
  EXPECT_TRUE(ContentOf("1").uplink->muted) << "held still";
  Inform(Kind::kUnhold);
  EXPECT_TRUE(ContentOf("0").uplink->muted);
  EXPECT_FALSE(ContentOf("1").uplink->muted);
}

TEST_F(JingleSessionTest, ContentAddedWhileHeldIsHeldToo) {
  Begin(BundleOffer());
  Inform(Kind::kHold);
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {Stub(ChromiumVideo("2"))}),
            std::nullopt);
  EXPECT_TRUE(ContentOf("2").uplink->muted);
  Inform(Kind::kUnhold);
  EXPECT_FALSE(ContentOf("2").uplink->muted);
}

// "Active" is the end of a hold and of all mutes (XEP-0167, informational
// messages).
TEST_F(JingleSessionTest, ActiveEndsHoldAndMute) {
  Begin(BundleOffer());
  Inform(Kind::kMute, "0");
  Inform(Kind::kHold);
  Inform(Kind::kActive);
  EXPECT_TRUE(out_.sources_changed);
  EXPECT_FALSE(ContentOf("0").uplink->muted);
  EXPECT_FALSE(ContentOf("1").uplink->muted);
}

TEST_F(JingleSessionTest, MuteWithoutNameIsOfAll) {
  Begin(BundleOffer(1, 2));
  Inform(Kind::kMute);
  EXPECT_TRUE(ContentOf("0").uplink->muted);
  EXPECT_TRUE(ContentOf("1").uplink->muted);
  Inform(Kind::kUnmute);
  EXPECT_FALSE(ContentOf("0").uplink->muted);
  EXPECT_FALSE(ContentOf("1").uplink->muted);
}

TEST_F(JingleSessionTest, MuteOfWhatIsNotSentIsNoChange) {
  Begin(BundleOffer(1, 2));
  Inform(Kind::kMute, "2");
  EXPECT_FALSE(out_.sources_changed);
}

TEST_F(JingleSessionTest, OtherInfosAreAckedWithoutChange) {
  Begin(BundleOffer());
  const int before = media_.updates;
  Inform(Kind::kPing);
  Inform(Kind::kRinging);
  EXPECT_EQ(Handle(JingleAction::kSecurityInfo), std::nullopt);
  EXPECT_EQ(media_.updates, before);
  EXPECT_FALSE(out_.sources_changed);
}

TEST_F(JingleSessionTest, SourceIsSetOnlyWhereThePeerSends) {
  Begin(BundleOffer(1, 2));
  EXPECT_TRUE(
      session_->SetSource(now_, "1", rtp::SourceType::kScreen, std::nullopt));
  EXPECT_EQ(ContentOf("1").uplink->type, rtp::SourceType::kScreen);
  EXPECT_FALSE(ContentOf("1").uplink->muted);
  EXPECT_FALSE(session_->SetSource(now_, "2", std::nullopt, true));
  EXPECT_FALSE(session_->SetSource(now_, "7", std::nullopt, true));
}

// ---- content-add and -remove ----

TEST_F(JingleSessionTest, ContentAddedToABundleSharesItsTransport) {
  Begin(BundleOffer());
  Content screen = Stub(ChromiumVideo("2", Senders::kInitiator));
  screen.creator = "responder";  // what some say of their own
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {screen}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kContentAccept));
  EXPECT_TRUE(out_.sources_changed);
  const Content& answer = out_.requests[0].description.contents.at(0);
  EXPECT_EQ(answer.name, "2");
  EXPECT_EQ(answer.creator, "responder");
  EXPECT_EQ(answer.senders, Senders::kInitiator);
  EXPECT_THAT(Spec().transports, SizeIs(1));
  EXPECT_EQ(ContentOf("2").transport, 0);
}

TEST_F(JingleSessionTest, ContentAddedWithoutBundleHasItsOwnTransport) {
  Begin({{DinoAudio()}, {}});
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {DinoVideo()}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kContentAccept));
  const Content& answer = out_.requests[0].description.contents.at(0);
  ASSERT_THAT(answer.description->payload_types, SizeIs(1));
  EXPECT_EQ(answer.description->payload_types[0].name, "VP8");
  ASSERT_THAT(Spec().transports, SizeIs(2));
  EXPECT_EQ(ContentOf("video").transport, 1);
  EXPECT_EQ(answer.transport->ufrag, Spec().transports[1].local.ufrag);
  EXPECT_EQ(answer.transport->fingerprint->setup, DtlsSetup::kActive);
}

// Dino's camera, turned on in a call that had none: it alone would send.
TEST_F(JingleSessionTest, CameraTurnedOnGetsAPictureToo) {
  Begin({{DinoAudio()}, {}});
  Content video = DinoVideo();
  video.senders = Senders::kInitiator;
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {video}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kContentAccept,
                                     JingleAction::kContentModify));
  EXPECT_EQ(out_.requests[0].description.contents.at(0).senders,
            Senders::kInitiator);
  EXPECT_THAT(out_.requests[1].description.contents,
              ElementsAre(Named("video", Senders::kBoth)));
  EXPECT_TRUE(ContentOf("video").uplink);
  EXPECT_TRUE(ContentOf("video").slot);
  session_->OnModifyRefused(now_);
  EXPECT_TRUE(ContentOf("video").uplink);
  EXPECT_FALSE(ContentOf("video").slot);
  session_->OnModifyRefused(now_);  // of another, or a second time
}

TEST_F(JingleSessionTest, SecondCameraGetsNoSecondPicture) {
  Begin(PlainOffer());
  Content video = DinoVideo();
  video.name = "second";
  video.senders = Senders::kInitiator;
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {video}), std::nullopt);
  EXPECT_THAT(Actions(), ElementsAre(JingleAction::kContentAccept));
  EXPECT_FALSE(ContentOf("second").slot);
}

TEST_F(JingleSessionTest, OneWayMicrophoneIsNotAnswered) {
  Begin({{DinoVideo()}, {}});
  Content audio = DinoAudio();
  audio.senders = Senders::kInitiator;
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {audio}), std::nullopt);
  EXPECT_THAT(Actions(), ElementsAre(JingleAction::kContentAccept));
}

// A group of an addition cannot make a bundle of a session that has none.
TEST_F(JingleSessionTest, GroupOfAnAdditionDoesNotBundleItWithAnother) {
  Begin({{DinoAudio()}, {}});
  JingleMessage message =
      Jingle(JingleAction::kContentAdd, "sid", {DinoVideo()});
  message.description.groups = {BundleOf(message.description.contents)};
  EXPECT_EQ(Handle(message), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kContentAccept));
  EXPECT_NE(ContentOf("video").transport, ContentOf("audio").transport);
}

TEST_F(JingleSessionTest, ContentOfAKnownNameIsNotAdded) {
  Begin(BundleOffer());
  const auto error =
      Handle(JingleAction::kContentAdd,
             {Stub(ChromiumVideo("2")), Stub(ChromiumVideo("1"))});
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->condition, "bad-request");
  EXPECT_THAT(Spec().contents, SizeIs(2));
}

TEST_F(JingleSessionTest, NoMoreThanThirtyTwoContents) {
  Begin(BundleOffer(3, 25));
  std::vector<Content> more;
  for (int i = 0; i < 5; ++i) {
    more.push_back(
        Stub(ChromiumVideo("v" + std::to_string(i), Senders::kInitiator)));
  }
  const auto error = Handle(JingleAction::kContentAdd, more);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->condition, "bad-request");
  more.pop_back();
  EXPECT_EQ(Handle(JingleAction::kContentAdd, more), std::nullopt);
}

TEST_F(JingleSessionTest, AdditionsCountTheSlotsThatAreThere) {
  Begin(BundleOffer(3, 1));
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {Stub(ChromiumAudio("a"))}),
            std::nullopt);
  EXPECT_EQ(out_.requests[0].description.contents.at(0).senders,
            Senders::kInitiator);
  EXPECT_EQ(Slots(rtp::MediaKind::kAudio), 3U);
}

TEST_F(JingleSessionTest, AdditionToAFullServerIsRejected) {
  Begin({{DinoAudio()}, {}});
  media_.full = true;
  EXPECT_EQ(Handle(JingleAction::kContentAdd, {DinoVideo()}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kContentReject));
  EXPECT_EQ(out_.requests[0].description.contents.at(0).name, "video");
  EXPECT_TRUE(out_.requests[0].reason.has_value());
  EXPECT_THAT(Spec().contents, SizeIs(1));
  EXPECT_FALSE(out_.sources_changed);
}

// Each addition without a bundle draws a transport. A peer that adds and
// removes all day must not fill the worker, nor the index run over.
TEST_F(JingleSessionTest, TransportsOfASessionAreBounded) {
  Begin({{DinoAudio()}, {}});
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Handle(JingleAction::kContentAdd, {DinoVideo()}), std::nullopt);
    if (Actions() != std::vector{JingleAction::kContentAccept}) break;
    ASSERT_NE(ContentOf("video").transport, ContentOf("audio").transport);
    EXPECT_EQ(Handle(JingleAction::kContentRemove, {Named("video")}),
              std::nullopt);
  }
  EXPECT_LE(Spec().transports.size(), 64U);
  EXPECT_EQ(session_->state(), JingleSession::State::kActive);
}

TEST_F(JingleSessionTest, RemovedContentIsGone) {
  Begin(BundleOffer());
  EXPECT_EQ(Handle(JingleAction::kContentRemove, {Named("0")}), std::nullopt);
  EXPECT_TRUE(out_.sources_changed);
  EXPECT_THAT(out_.requests, IsEmpty());
  ASSERT_THAT(Spec().contents, SizeIs(1));
  EXPECT_EQ(Spec().contents[0].name, "1");
  EXPECT_THAT(Spec().transports, SizeIs(1));
}

TEST_F(JingleSessionTest, RemovalOfTheLastContentEndsTheSession) {
  Begin(BundleOffer());
  EXPECT_EQ(Handle(JingleAction::kContentRemove, {Named("1"), Named("0")}),
            std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kSessionTerminate));
  EXPECT_EQ(out_.requests[0].reason->condition, "success");
  EXPECT_TRUE(out_.ended);
  EXPECT_THAT(media_.removed, ElementsAre(session_->peer()));
}

// ---- transports ----

TEST_F(JingleSessionTest, CandidatesAreAckedAndNoMore) {
  Begin(PlainOffer());
  Content content = Named("audio");
  EXPECT_EQ(Handle(JingleAction::kTransportInfo, {content}), std::nullopt);
  content.transport = IceTransport();
  content.transport->candidates.resize(3);
  EXPECT_EQ(Handle(JingleAction::kTransportInfo, {content}), std::nullopt);
  content.transport->ufrag = "ufrag-audio";
  content.transport->gathering_complete = true;
  EXPECT_EQ(Handle(JingleAction::kTransportInfo, {content}), std::nullopt);
  content.transport = ClientTransport("audio");
  EXPECT_EQ(Handle(JingleAction::kTransportInfo, {content}), std::nullopt);
  EXPECT_THAT(out_.requests, IsEmpty());
  EXPECT_THAT(media_.restarts, IsEmpty());
}

TEST_F(JingleSessionTest, RestartOfABundleIsAnsweredAtOnceInOfferOrder) {
  Begin(BundleOffer(1, 2));
  const std::string before = Spec().transports[0].local.ufrag;
  Content content = Named("2");
  content.transport = ClientTransport("new");
  JingleMessage message =
      Jingle(JingleAction::kTransportInfo, "sid", {content});
  EXPECT_TRUE(session_->IsRestart(message));
  EXPECT_EQ(Handle(message), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kTransportInfo));
  const auto& answers = out_.requests[0].description.contents;
  ASSERT_THAT(answers, SizeIs(3));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answers[i].name, std::to_string(i));
    EXPECT_NE(answers[i].transport->ufrag, before);
    EXPECT_EQ(answers[i].transport->ufrag, answers[0].transport->ufrag);
    EXPECT_EQ(answers[i].transport->fingerprint->setup, DtlsSetup::kPassive);
  }
  ASSERT_THAT(media_.restarts, SizeIs(1));
  EXPECT_EQ(media_.restarts[0].remote.ufrag, "ufrag-new");
  // The same again is none.
  EXPECT_FALSE(session_->IsRestart(message));
  EXPECT_EQ(Handle(message), std::nullopt);
  EXPECT_THAT(out_.requests, IsEmpty());
  EXPECT_THAT(media_.restarts, SizeIs(1));
}

TEST_F(JingleSessionTest, RestartWithoutBundleIsAnsweredContentByContent) {
  Begin(PlainOffer());
  Content audio = Named("audio");
  audio.transport = ClientTransport("new-audio");
  Content video = Named("video");
  video.transport = ClientTransport("new-video");
  EXPECT_EQ(Handle(JingleAction::kTransportInfo, {audio, video}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kTransportInfo,
                                     JingleAction::kTransportInfo));
  EXPECT_THAT(out_.requests[0].description.contents, SizeIs(1));
  EXPECT_EQ(out_.requests[1].description.contents.at(0).name, "video");
  ASSERT_THAT(media_.restarts, SizeIs(2));
  EXPECT_EQ(media_.restarts[1].transport, 1U);
}

TEST_F(JingleSessionTest, UpdateAfterARestartHasTheNewCredentials) {
  Begin(BundleOffer());
  Content content = Named("0");
  content.transport = ClientTransport("new");
  Handle(JingleAction::kTransportInfo, {content});
  const std::string ufrag =
      out_.requests.at(0).description.contents.at(0).transport->ufrag;
  Inform(Kind::kMute, "0");
  EXPECT_EQ(Spec().transports[0].remote.ufrag, "ufrag-new");
  EXPECT_EQ(Spec().transports[0].local.ufrag, ufrag);
}

TEST_F(JingleSessionTest, TransportReplaceByIceIsAccepted) {
  Begin(BundleOffer());
  Content content = Named("0");
  content.transport = ClientTransport("new");
  EXPECT_EQ(Handle(JingleAction::kTransportReplace, {content}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kTransportAccept));
  const Content& answer = out_.requests[0].description.contents.at(0);
  EXPECT_EQ(answer.name, "0");
  EXPECT_NE(answer.transport->ufrag, "");
  EXPECT_THAT(media_.restarts, SizeIs(1));
}

TEST_F(JingleSessionTest, TransportReplaceByAnotherIsRejected) {
  Begin(BundleOffer());
  Content content = Named("0");
  content.transport_ns = "urn:xmpp:jingle:transports:s5b:1";
  EXPECT_EQ(Handle(JingleAction::kTransportReplace, {content}), std::nullopt);
  ASSERT_THAT(Actions(), ElementsAre(JingleAction::kTransportReject));
  EXPECT_EQ(out_.requests[0].description.contents.at(0).name, "0");
  EXPECT_THAT(media_.restarts, IsEmpty());
}

// ---- states ----

constexpr JingleAction kAllActions[] = {
    JingleAction::kContentAccept,    JingleAction::kContentAdd,
    JingleAction::kContentModify,    JingleAction::kContentReject,
    JingleAction::kContentRemove,    JingleAction::kDescriptionInfo,
    JingleAction::kSecurityInfo,     JingleAction::kSessionAccept,
    JingleAction::kSessionInfo,      JingleAction::kSessionInitiate,
    JingleAction::kSessionTerminate, JingleAction::kTransportAccept,
    JingleAction::kTransportInfo,    JingleAction::kTransportReject,
    JingleAction::kTransportReplace};

TEST_F(JingleSessionTest, EverythingIsOutOfOrderBeforeAndAfter) {
  const StanzaError expected{"wait", "unexpected-request", "out-of-order", ""};
  for (const JingleAction action : kAllActions) {
    EXPECT_THAT(Handle(action), Optional(expected));
  }
  EXPECT_EQ(session_->state(), JingleSession::State::kNew);
  Begin(BundleOffer());
  EXPECT_EQ(Handle(JingleAction::kSessionTerminate), std::nullopt);
  EXPECT_TRUE(out_.ended);
  EXPECT_THAT(out_.requests, IsEmpty());
  for (const JingleAction action : kAllActions) {
    EXPECT_THAT(Handle(action), Optional(expected));
    EXPECT_THAT(out_.requests, IsEmpty());
  }
  session_.reset();
  EXPECT_THAT(media_.removed, SizeIs(1));
}

TEST_F(JingleSessionTest, EndsOnce) {
  Begin(BundleOffer());
  SessionOutbox out;
  JingleReason reason;
  reason.condition = "gone";
  session_->Terminate(now_, reason, out);
  session_->Terminate(now_, reason, out);
  ASSERT_THAT(out.requests, SizeIs(1));
  EXPECT_EQ(out.requests[0].action, JingleAction::kSessionTerminate);
  EXPECT_EQ(out.requests[0].reason->condition, "gone");
  EXPECT_TRUE(out.ended);
  session_.reset();
  EXPECT_THAT(media_.removed, SizeIs(1));
}

TEST_F(JingleSessionTest, ForgottenSessionGivesItsPeerBack) {
  Begin(BundleOffer());
  session_.reset();
  EXPECT_THAT(media_.removed, SizeIs(1));
  EXPECT_THAT(media_.specs, IsEmpty());
}

}  // namespace
}  // namespace signaling
