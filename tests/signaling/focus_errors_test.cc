// SPDX-License-Identifier: GPL-3.0-or-later
// The table of errors of a focus that only responds: what a client has done,
// and what it is told.
#include "signaling/focus.h"
#include "signaling/limits.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Jid kRoom = J("standup@sfu.example");

class FocusErrorsTest : public FocusTest {
 protected:
  // A stanza as it comes from the wire: what it is answered.
  Iq CallXml(const XmlElement& element) {
    const std::optional<Stanza> stanza = ParseStanza(element);
    EXPECT_TRUE(stanza.has_value());
    if (!stanza) return {};
    sink_.sent.clear();
    focus_->HandleStanza(now_, *stanza);
    const Iq* answer =
        sink_.sent.empty() ? nullptr : std::get_if<Iq>(&sink_.sent.front());
    EXPECT_NE(answer, nullptr);
    return answer == nullptr ? Iq() : *answer;
  }
  static XmlElement Xml(const Jid& from, JingleMessage message) {
    Iq iq;
    iq.type = IqType::kSet;
    iq.from = from;
    iq.to = kRoom;
    iq.id = "x1";
    iq.payload = std::move(message);
    return WriteStanza(iq);
  }
  static std::string& AttributeOf(XmlElement& element, std::string_view name) {
    for (auto& [key, value] : element.attributes) {
      if (key == name) return value;
    }
    ADD_FAILURE() << "no attribute " << name;
    return element.attributes.emplace_back().second;
  }
  static JingleMessage Initiate(const Jid& from, SessionDescription offer) {
    JingleMessage message = Jingle(JingleAction::kSessionInitiate, "new");
    message.initiator = from.ToString();
    message.description = std::move(offer);
    return message;
  }

  // Calls with an offer that cannot be: the call is acknowledged and then
  // ended, for the reason that is returned, and leaves nothing behind.
  JingleReason Refusal(SessionDescription offer) {
    Caller alice = MakeCaller("alice@example/a");
    sink_.sent.clear();
    EXPECT_THAT(TryJoin(alice, std::move(offer)), IsResult());
    EXPECT_THAT(sink_.sent, SizeIs(2)) << "an ack and an end";
    EXPECT_THAT(ActionsTo(alice.jid),
                ElementsAre(JingleAction::kSessionTerminate));
    EXPECT_EQ(focus_->rooms(), 0U);
    EXPECT_EQ(focus_->participants(), 0U);
    EXPECT_THAT(media_.specs, IsEmpty());
    EXPECT_EQ(focus_->NextDeadline() == rtp::kNever, false);  // the sweep
    Advance(seconds(120));
    EXPECT_EQ(focus_->NextDeadline(), rtp::kNever);
    return EndOf(alice.jid).value_or(JingleReason());
  }
};

// ---- unknown sid ----

TEST_F(FocusErrorsTest, UnknownSession) {
  const Caller alice = Join("alice@example/a");
  for (const JingleAction action :
       {JingleAction::kSessionInfo, JingleAction::kTransportInfo,
        JingleAction::kContentAdd, JingleAction::kContentModify,
        JingleAction::kContentRemove, JingleAction::kDescriptionInfo,
        JingleAction::kSessionAccept, JingleAction::kTransportReplace,
        JingleAction::kSecurityInfo, JingleAction::kContentAccept}) {
    EXPECT_THAT(Call(alice.jid, kRoom, Jingle(action, "other")),
                IsError("cancel", "item-not-found", "unknown-session"));
    EXPECT_THAT(Call(alice.jid, J("empty@sfu.example"), Jingle(action, "x")),
                IsError("cancel", "item-not-found", "unknown-session"));
  }
  EXPECT_TRUE(IsIn(alice));
}

TEST_F(FocusErrorsTest, EndOfAnUnknownSessionIsAcked) {
  const Caller alice = Join("alice@example/a");
  EXPECT_THAT(
      Call(alice.jid, kRoom, Jingle(JingleAction::kSessionTerminate, "other")),
      IsResult());
  EXPECT_TRUE(IsIn(alice));
}

// ---- known sid, wrong sender or wrong local JID ----

TEST_F(FocusErrorsTest, SessionOfAnotherIsUnknown) {
  const Caller alice = Join("alice@example/a");
  Join("bob@example/b");
  for (const char* from :
       {"bob@example/b", "alice@example/b", "eve@example/e", "alice@example"}) {
    EXPECT_THAT(Call(J(from), kRoom, Info(alice.sid, SessionInfo::Kind::kMute)),
                IsError("cancel", "item-not-found", "unknown-session"))
        << from;
    EXPECT_THAT(Call(J(from), kRoom,
                     Jingle(JingleAction::kSessionTerminate, alice.sid)),
                IsResult());
  }
  EXPECT_TRUE(IsServed(alice));
  EXPECT_FALSE(Spec(alice).contents[0].uplink->muted);
}

TEST_F(FocusErrorsTest, SessionAtAnotherJidOfOursIsUnknown) {
  const Caller alice = Join("alice@example/a");
  for (const char* to : {"standup@sfu.example/focus", "other@sfu.example"}) {
    EXPECT_THAT(
        Call(alice.jid, J(to), Info(alice.sid, SessionInfo::Kind::kMute)),
        IsError("cancel", "item-not-found", "unknown-session"))
        << to;
    EXPECT_THAT(Call(alice.jid, J(to),
                     Jingle(JingleAction::kSessionTerminate, alice.sid)),
                IsResult());
  }
  EXPECT_TRUE(IsIn(alice));
}

// ---- wrong state ----

TEST_F(FocusErrorsTest, SecondInitiateOfALiveSessionIsOutOfOrder) {
  const Caller alice = Join("alice@example/a");
  JingleMessage again = Jingle(JingleAction::kSessionInitiate, alice.sid);
  again.description = BundleOffer();
  EXPECT_THAT(Call(alice, again),
              IsError("wait", "unexpected-request", "out-of-order"));
  EXPECT_TRUE(IsIn(alice));
}

TEST_F(FocusErrorsTest, AnswersToNothingAreOutOfOrder) {
  const Caller alice = Join("alice@example/a");
  for (const JingleAction action :
       {JingleAction::kSessionAccept, JingleAction::kContentAccept,
        JingleAction::kContentReject, JingleAction::kTransportAccept,
        JingleAction::kTransportReject}) {
    EXPECT_THAT(Call(alice, Jingle(action, alice.sid, {Named("0")})),
                IsError("wait", "unexpected-request", "out-of-order"));
  }
  EXPECT_TRUE(IsIn(alice));
}

// ---- what is malformed ----

TEST_F(FocusErrorsTest, UnknownActionIsABadRequest) {
  const Caller alice = Join("alice@example/a");
  XmlElement xml =
      Xml(alice.jid, Jingle(JingleAction::kSessionInfo, alice.sid));
  AttributeOf(xml.children[0], "action") = "source-add";
  EXPECT_THAT(CallXml(xml), IsError("modify", "bad-request", ""));
}

TEST_F(FocusErrorsTest, MissingSidIsABadRequest) {
  const Jid alice = J("alice@example/a");
  XmlElement xml = Xml(alice, Initiate(alice, BundleOffer()));
  AttributeOf(xml.children[0], "sid") = "";
  EXPECT_THAT(CallXml(xml), IsError("modify", "bad-request", ""));
}

TEST_F(FocusErrorsTest, InitiateWithoutContentsIsABadRequest) {
  const Jid alice = J("alice@example/a");
  EXPECT_THAT(Call(alice, kRoom, Initiate(alice, {})),
              IsError("modify", "bad-request", ""));
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusErrorsTest, ActionsOnContentsWithoutContentsAreBadRequests) {
  const Caller alice = Join("alice@example/a");
  const int before = media_.updates;
  for (const JingleAction action :
       {JingleAction::kContentAdd, JingleAction::kContentModify,
        JingleAction::kContentRemove, JingleAction::kTransportReplace}) {
    EXPECT_THAT(Call(alice, Jingle(action, alice.sid)),
                IsError("modify", "bad-request", ""))
        << static_cast<int>(action);
  }
  EXPECT_EQ(media_.updates, before);
  EXPECT_THAT(RequestsTo(alice.jid), IsEmpty());
}

TEST_F(FocusErrorsTest, ContentsOfOneNameAreABadRequest) {
  const Jid alice = J("alice@example/a");
  SessionDescription offer = BundleOffer();
  offer.contents[1].name = "0";
  EXPECT_THAT(CallXml(Xml(alice, Initiate(alice, offer))),
              IsError("modify", "bad-request", ""));
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusErrorsTest, MoreThanTheLimitIsABadRequest) {
  const Jid alice = J("alice@example/a");
  SessionDescription offer = BundleOffer();
  while (offer.contents.size() <= limits::kContents) {
    offer.contents.push_back(
        ChromiumVideo("extra" + std::to_string(offer.contents.size())));
  }
  EXPECT_THAT(CallXml(Xml(alice, Initiate(alice, offer))),
              IsError("modify", "bad-request", ""));
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusErrorsTest, NumberOutOfRangeIsABadRequest) {
  const Jid alice = J("alice@example/a");
  SessionDescription offer = BundleOffer();
  offer.contents[0].description->payload_types[0].id = 200;
  EXPECT_THAT(CallXml(Xml(alice, Initiate(alice, offer))),
              IsError("modify", "bad-request", ""));
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusErrorsTest, UnknownContentIsABadRequest) {
  const Caller alice = Join("alice@example/a");
  Content unknown = Named("7");
  unknown.transport = IceTransport();
  for (const JingleAction action :
       {JingleAction::kContentModify, JingleAction::kContentRemove,
        JingleAction::kTransportInfo, JingleAction::kTransportReplace}) {
    EXPECT_THAT(Call(alice, Jingle(action, alice.sid, {Named("0"), unknown})),
                IsError("modify", "bad-request", ""))
        << static_cast<int>(action);
  }
  EXPECT_THAT(Call(alice, Info(alice.sid, SessionInfo::Kind::kMute, "7")),
              IsError("modify", "bad-request", ""));
  EXPECT_THAT(Spec(alice).contents, SizeIs(2)) << "not even the known one";
}

TEST_F(FocusErrorsTest, JingleGetIsABadRequest) {
  EXPECT_THAT(Call(J("alice@example/a"), kRoom,
                   Jingle(JingleAction::kSessionInfo, "s"), IqType::kGet),
              IsError("modify", "bad-request", ""));
}

TEST_F(FocusErrorsTest, RequestThatTheGuardKeptBackIsABadRequest) {
  RejectedStanza rejected;
  rejected.name = "iq";
  rejected.type = "set";
  rejected.id = "r1";
  rejected.from = "alice@example/a";
  rejected.to = "standup@sfu.example";
  rejected.reason = "too deep";
  focus_->HandleRejected(now_, rejected);
  ASSERT_THAT(sink_.sent, SizeIs(1));
  const Iq answer = std::get<Iq>(sink_.sent[0]);
  EXPECT_THAT(answer, IsError("modify", "bad-request", ""));
  EXPECT_EQ(answer.id, "r1");
  EXPECT_EQ(answer.from, kRoom);
  EXPECT_EQ(answer.to, J("alice@example/a"));
  EXPECT_EQ(answer.error->text, "too deep");
}

TEST_F(FocusErrorsTest, RequestsThatTheGuardKeptBackCountAsStanzas) {
  RejectedStanza rejected;
  rejected.name = "iq";
  rejected.type = "get";
  rejected.id = "r1";
  rejected.from = "alice@example/a";
  rejected.to = "standup@sfu.example";
  for (int i = 0; i < 51; ++i) focus_->HandleRejected(now_, rejected);
  ASSERT_THAT(sink_.sent, SizeIs(51));
  EXPECT_THAT(std::get<Iq>(sink_.sent[49]),
              IsError("modify", "bad-request", ""));
  EXPECT_THAT(std::get<Iq>(sink_.sent[50]),
              IsError("wait", "resource-constraint", ""));
}

TEST_F(FocusErrorsTest, OtherStanzasThatTheGuardKeptBackAreNotAnswered) {
  RejectedStanza good;
  good.name = "iq";
  good.type = "set";
  good.id = "r1";
  good.from = "alice@example/a";
  good.to = "standup@sfu.example";
  std::vector<RejectedStanza> bad(6, good);
  bad[0].type = "error";  // errors are never answered (RFC 6120 s8.3.1)
  bad[1].type = "result";
  bad[2].name = "message";
  bad[3].id = "";
  bad[4].from = "@";
  bad[5].to = "";
  for (const RejectedStanza& stanza : bad) {
    focus_->HandleRejected(now_, stanza);
  }
  EXPECT_THAT(sink_.sent, IsEmpty());
}

// ---- unknown session-info ----

TEST_F(FocusErrorsTest, UnknownInfoIsUnsupported) {
  const Caller alice = Join("alice@example/a");
  EXPECT_THAT(Call(alice, Info(alice.sid, SessionInfo::Kind::kUnknown)),
              IsError("modify", "feature-not-implemented", "unsupported-info"));
  EXPECT_TRUE(IsIn(alice));
}

// ---- encryption is required, after the beginning ----

TEST_F(FocusErrorsTest, ContentWithoutFingerprintNeedsSecurity) {
  SessionDescription audio;
  audio.contents = {DinoAudio()};
  const Caller dino = Join("dino@example/d", audio);
  Content video = DinoVideo();
  video.transport->fingerprint.reset();
  EXPECT_THAT(Call(dino, Jingle(JingleAction::kContentAdd, dino.sid, {video})),
              IsError("cancel", "not-acceptable", "security-required"));
  EXPECT_THAT(RequestsTo(dino.jid), IsEmpty());
  EXPECT_THAT(Spec(dino).contents, SizeIs(1));
  EXPECT_TRUE(IsIn(dino));
}

// ---- JIDs that are no rooms ----

TEST_F(FocusErrorsTest, CallToWhatIsNoRoomIsNotFound) {
  const Jid alice = J("alice@example/a");
  for (const char* to : {"Stand Up@sfu.example", "sfu.example"}) {
    EXPECT_THAT(Call(alice, J(to), Initiate(alice, BundleOffer())),
                IsError("cancel", "item-not-found", ""))
        << to;
  }
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(FocusErrorsTest, UnknownRequestIsUnavailable) {
  const Unknown unknown{"query", "jabber:iq:version"};
  for (const IqType type : {IqType::kGet, IqType::kSet}) {
    EXPECT_THAT(Call(J("alice@example/a"), kRoom, unknown, type),
                IsError("cancel", "service-unavailable", ""));
    EXPECT_THAT(Call(J("alice@example/a"), J("sfu.example"), unknown, type),
                IsError("cancel", "service-unavailable", ""));
  }
}

// ---- an ack, then an end ----

TEST_F(FocusErrorsTest, OfferWithoutRtpHasUnsupportedApplications) {
  SessionDescription offer;
  offer.contents = {DataContent("data")};
  EXPECT_EQ(Refusal(offer).condition, "unsupported-applications");
}

TEST_F(FocusErrorsTest, OfferWithoutIceHasUnsupportedTransports) {
  SessionDescription offer = PlainOffer();
  for (Content& content : offer.contents) {
    content.transport.reset();
    content.transport_ns = "urn:xmpp:jingle:transports:s5b:1";
  }
  EXPECT_EQ(Refusal(offer).condition, "unsupported-transports");
}

TEST_F(FocusErrorsTest, OfferWithoutCommonCodecHasIncompatibleParameters) {
  for (SessionDescription offer : {PlainOffer(), BundleOffer()}) {
    for (Content& content : offer.contents) {
      content.description->payload_types = {{18, "G729", 8000, 1, {}, {}}};
    }
    EXPECT_EQ(Refusal(offer).condition, "incompatible-parameters");
  }
}

TEST_F(FocusErrorsTest, OfferWithoutFingerprintNeedsCrypto) {
  for (SessionDescription offer : {PlainOffer(), BundleOffer()}) {
    for (Content& content : offer.contents) {
      content.transport->fingerprint.reset();
    }
    const JingleReason reason = Refusal(offer);
    EXPECT_EQ(reason.condition, "security-error");
    EXPECT_EQ(reason.application_condition, "crypto-required");
    EXPECT_EQ(reason.application_ns, ns::kRtpErrors);
  }
}

TEST_F(FocusErrorsTest, FingerprintOfAnUnknownHashIsASecurityError) {
  SessionDescription offer = BundleOffer();
  for (Content& content : offer.contents) {
    content.transport->fingerprint->hash = "md5";
    content.transport->fingerprint->digest.resize(16);
  }
  EXPECT_EQ(Refusal(offer).condition, "security-error");
}

TEST_F(FocusErrorsTest, MalformedFingerprintIsASecurityError) {
  SessionDescription offer = BundleOffer();
  for (Content& content : offer.contents) {
    content.transport->fingerprint->digest.clear();
  }
  EXPECT_EQ(Refusal(offer).condition, "security-error");
}

TEST_F(FocusErrorsTest, MixedSetupIsASecurityError) {
  for (SessionDescription offer : {PlainOffer(), BundleOffer()}) {
    offer.contents[0].transport->fingerprint =
        ClientFingerprint(DtlsSetup::kActive);
    EXPECT_EQ(Refusal(offer).condition, "security-error");
  }
}

// ---- what becomes of a session ----

struct FailureRow {
  PeerFailure failure;
  const char* condition;
};

TEST_F(FocusErrorsTest, FailedMediaEndsTheSession) {
  for (const auto& [failure, condition] :
       {FailureRow{PeerFailure::kFingerprintMismatch, "security-error"},
        FailureRow{PeerFailure::kDtlsFailed, "security-error"},
        FailureRow{PeerFailure::kConnectTimeout, "connectivity-error"},
        FailureRow{PeerFailure::kConsentLost, "connectivity-error"},
        FailureRow{PeerFailure::kClosedByPeer, "success"}}) {
    const std::string jid = std::string(condition) + "@example/" +
                            std::to_string(static_cast<int>(failure));
    const Caller alice = Join("alice@example/a" + jid.substr(jid.size() - 1));
    const Caller bob = Join(jid);
    media_.removed.clear();
    focus_->OnPeerFailed(now_, bob.peer, failure);
    EXPECT_EQ(EndOf(bob.jid).value_or(JingleReason()).condition, condition);
    EXPECT_THAT(media_.removed, ElementsAre(bob.peer));
    ASSERT_THAT(RostersTo(alice.jid), SizeIs(1));
    EXPECT_THAT(RostersTo(alice.jid)[0].left, ElementsAre(bob.id));
    EXPECT_THAT(Call(bob, Jingle(JingleAction::kSessionInfo, bob.sid)),
                IsError("cancel", "item-not-found", "unknown-session"));
  }
}

TEST_F(FocusErrorsTest, EndOfTheServerIsToldToAll) {
  const Caller alice = Join("alice@example/a");
  const Caller bob = Join("bob@example/b", BundleOffer(), "other@sfu.example");
  focus_->Shutdown(now_);
  for (const Caller& caller : {alice, bob}) {
    ASSERT_TRUE(EndOf(caller.jid).has_value());
    EXPECT_EQ(EndOf(caller.jid)->condition, "gone");
  }
  EXPECT_THAT(media_.specs, IsEmpty());
  EXPECT_EQ(focus_->rooms(), 0U);
  EXPECT_EQ(focus_->participants(), 0U);
}

TEST_F(FocusErrorsTest, ErrorToTheAcceptEndsTheSession) {
  // Whatever it says, even what would be a sign of life elsewhere.
  for (const char* condition : {"feature-not-implemented", "item-not-found",
                                "not-acceptable", "undefined-condition"}) {
    const Caller alice = JoinOnly("alice@example/" + std::string(condition));
    focus_->OnPeerConnected(now_, alice.peer);
    ASSERT_THAT(RequestsTo(alice.jid), SizeIs(1));
    Answer(RequestsTo(alice.jid)[0], StanzaError{"cancel", condition, "", ""});
    EXPECT_FALSE(IsServed(alice)) << condition;
    EXPECT_TRUE(EndOf(alice.jid).has_value()) << condition;
    EXPECT_EQ(focus_->participants(), 0U);
  }
}

// ---- answers that are none ----

TEST_F(FocusErrorsTest, AnswerOfAnotherIsIgnored) {
  const Caller alice = JoinOnly("alice@example/a");
  const Iq accept = RequestsTo(alice.jid).at(0);
  const StanzaError no{"cancel", "item-not-found", "unknown-session", ""};
  Iq wrong = accept;
  wrong.to = J("eve@example/e");
  Answer(wrong, no);
  wrong = accept;
  wrong.from = J("standup@sfu.example/focus");
  Answer(wrong, no);
  wrong = accept;
  wrong.id = "guessed";
  Answer(wrong, no);
  EXPECT_TRUE(IsServed(alice));
  sink_.sent.clear();
  // Nor has any of them used the question up.
  Answer(accept, no);
  EXPECT_FALSE(IsServed(alice));
}

TEST_F(FocusErrorsTest, AnswersAreNeverAnswered) {
  Iq iq;
  iq.from = J("alice@example/a");
  iq.to = kRoom;
  iq.id = "nothing";
  for (const IqType type : {IqType::kResult, IqType::kError}) {
    iq.type = type;
    for (int i = 0; i < 100; ++i) focus_->HandleStanza(now_, iq);
  }
  EXPECT_THAT(sink_.sent, IsEmpty());
}

// ---- what cannot be served beside what can ----

TEST_F(FocusErrorsTest, OtherContentOfAGoodOfferIsRemovedAfterTheAccept) {
  SessionDescription offer = BundleOffer();
  offer.contents.push_back(DataContent("data"));
  offer.groups = {BundleOf(offer.contents)};
  const Caller alice = JoinOnly("alice@example/a", offer);
  EXPECT_THAT(ActionsTo(alice.jid), ElementsAre(JingleAction::kSessionAccept,
                                                JingleAction::kContentRemove));
  const auto accept = OneTo(alice.jid, JingleAction::kSessionAccept);
  ASSERT_THAT(accept->description.contents, SizeIs(2));
  EXPECT_EQ(accept->description.contents[0].name, "0");
  EXPECT_EQ(accept->description.contents[1].name, "1");
  ASSERT_THAT(accept->description.groups, SizeIs(1));
  EXPECT_THAT(accept->description.groups[0].contents, ElementsAre("0", "1"));
  const auto remove = OneTo(alice.jid, JingleAction::kContentRemove);
  ASSERT_THAT(remove->description.contents, SizeIs(1));
  EXPECT_EQ(remove->description.contents[0].name, "data");
  ASSERT_TRUE(remove->reason.has_value());
  EXPECT_EQ(remove->reason->condition, "unsupported-applications");
  // A client that knows no content-remove says so, and stays.
  for (const Iq& request : RequestsTo(alice.jid)) {
    const auto& m = std::get<JingleMessage>(request.payload);
    if (m.action == JingleAction::kContentRemove) {
      Answer(request, StanzaError{"cancel", "feature-not-implemented", "", ""});
    }
  }
  Advance(seconds(1));
  EXPECT_TRUE(IsServed(alice));
}

// A client that turns its camera on and will have no other picture.
TEST_F(FocusErrorsTest, WhoRefusesAPictureGetsNone) {
  const Caller alice = JoinOnly("alice@example/a", {{DinoAudio()}, {}});
  Content video = DinoVideo();
  video.senders = Senders::kInitiator;
  Do(alice, Jingle(JingleAction::kContentAdd, alice.sid, {video}));
  const auto slots = [&] {
    size_t count = 0;
    for (const auto& [peer, spec] : media_.specs) {
      for (const rtp::ContentSpec& content : spec.contents) {
        count += content.name == "video" && content.slot.has_value();
      }
    }
    return count;
  };
  EXPECT_EQ(slots(), 1u);
  for (const Iq& request : RequestsTo(alice.jid)) {
    const auto& m = std::get<JingleMessage>(request.payload);
    if (m.action == JingleAction::kContentModify) {
      Answer(request, StanzaError{"modify", "bad-request", "", ""});
    }
  }
  EXPECT_EQ(slots(), 0u);
  EXPECT_TRUE(IsServed(alice));
}

TEST_F(FocusErrorsTest, OtherContentThatIsAddedIsRejectedAfterTheAccept) {
  const Caller alice = Join("alice@example/a");
  Content screen = ChromiumVideo("screen", Senders::kInitiator);
  screen.transport = IceTransport();
  Do(alice, Jingle(JingleAction::kContentAdd, alice.sid,
                   {DataContent("data"), screen}));
  EXPECT_THAT(ActionsTo(alice.jid), ElementsAre(JingleAction::kContentAccept,
                                                JingleAction::kContentReject));
  const auto accept = OneTo(alice.jid, JingleAction::kContentAccept);
  ASSERT_THAT(accept->description.contents, SizeIs(1));
  EXPECT_EQ(accept->description.contents[0].name, "screen");
  const auto reject = OneTo(alice.jid, JingleAction::kContentReject);
  ASSERT_THAT(reject->description.contents, SizeIs(1));
  EXPECT_EQ(reject->description.contents[0].name, "data");
  ASSERT_TRUE(reject->reason.has_value());
  EXPECT_EQ(reject->reason->condition, "unsupported-applications");
  EXPECT_THAT(Spec(alice).contents, SizeIs(3));
}

TEST_F(FocusErrorsTest, OnlyOtherContentThatIsAddedIsRejected) {
  const Caller alice = Join("alice@example/a");
  Do(alice,
     Jingle(JingleAction::kContentAdd, alice.sid, {DataContent("data")}));
  EXPECT_THAT(ActionsTo(alice.jid), ElementsAre(JingleAction::kContentReject));
  EXPECT_EQ(OneTo(alice.jid, JingleAction::kContentReject)->reason->condition,
            "unsupported-applications");
  EXPECT_THAT(Spec(alice).contents, SizeIs(2));
}

}  // namespace
}  // namespace signaling
