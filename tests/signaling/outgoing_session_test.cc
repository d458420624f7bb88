// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/outgoing_session.h"

#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = SessionInfo::Kind;

class OutgoingSessionTest : public ::testing::Test {
 protected:
  OutgoingSessionTest() {
    const auto message = session_.Initiate();
    EXPECT_TRUE(message);
    if (message) offer_ = *message;
  }

  // As a browser would answer.
  JingleMessage Answer() const {
    JingleMessage answer = Jingle(JingleAction::kSessionAccept, "1~p1");
    answer.description = offer_.description;
    for (Content& content : answer.description.contents) {
      content.transport = ClientTransport("down");
      content.transport->fingerprint->setup = DtlsSetup::kActive;
      content.description->sources.clear();
    }
    return answer;
  }
  std::optional<StanzaError> Handle(const JingleMessage& message) {
    out_ = SessionOutbox();
    return session_.HandleRequest(now_, message, out_);
  }
  // Why an answer is refused.
  std::string RefusalOf(const JingleMessage& answer) {
    EXPECT_EQ(Handle(answer), std::nullopt);
    if (out_.requests.size() != 1 || !out_.requests[0].reason) return "";
    EXPECT_TRUE(out_.ended);
    EXPECT_THAT(media_.removed, ElementsAre(session_.peer()));
    return out_.requests[0].reason->condition;
  }
  const rtp::PeerSpec& Spec() const { return media_.specs.at(session_.peer()); }

  const rtp::Timestamp now_{seconds(1000)};
  RecordingMedia media_;
  OutgoingSession session_{"1~p1",
                           "standup@sfu.example",
                           rtp::ConferenceId(3),
                           {{rtp::SourceId(7), rtp::MediaKind::kAudio},
                            {rtp::SourceId(8), rtp::MediaKind::kVideo}},
                           OutgoingSession::Transports::kBundle,
                           media_};
  JingleMessage offer_;
  SessionOutbox out_;
};

TEST_F(OutgoingSessionTest, OffersWhatItShows) {
  EXPECT_EQ(offer_.action, JingleAction::kSessionInitiate);
  EXPECT_EQ(offer_.initiator, "standup@sfu.example");
  const auto& contents = offer_.description.contents;
  ASSERT_THAT(contents, SizeIs(2));
  EXPECT_THAT(offer_.description.groups, SizeIs(1));
  for (const Content& content : contents) {
    EXPECT_EQ(content.senders, Senders::kInitiator) << "nothing is taken in";
    EXPECT_EQ(content.transport->fingerprint->setup, DtlsSetup::kActpass);
    EXPECT_EQ(content.transport->ufrag, contents[0].transport->ufrag);
    EXPECT_THAT(content.transport->candidates, SizeIs(testing::Ge(1U)));
    EXPECT_TRUE(content.description->rtcp_mux);
    EXPECT_TRUE(content.description->stream);
  }
  EXPECT_EQ(contents[0].description->payload_types[0].name, "opus");
  EXPECT_EQ(contents[1].description->payload_types[0].name, "VP8");
  EXPECT_NE(contents[0].description->ssrc, contents[1].description->ssrc);
  EXPECT_THAT(media_.specs, IsEmpty()) << "nobody is served yet";
}

TEST_F(OutgoingSessionTest, NoIdMeansTwoThings) {
  std::map<uint8_t, std::string> types;
  std::map<uint8_t, std::string> extensions;
  for (const Content& content : offer_.description.contents) {
    for (const PayloadType& type : content.description->payload_types) {
      EXPECT_TRUE(types.emplace(type.id, type.name).second) << int{type.id};
    }
    for (const HeaderExtension& e : content.description->extensions) {
      EXPECT_EQ(extensions.emplace(e.id, e.uri).first->second, e.uri);
      EXPECT_LE(e.id, 14) << "one-byte headers";
    }
  }
}

TEST_F(OutgoingSessionTest, AnAnswerBringsTheMedia) {
  EXPECT_EQ(Handle(Answer()), std::nullopt);
  EXPECT_THAT(out_.requests, IsEmpty());
  EXPECT_EQ(session_.state(), OutgoingSession::State::kActive);
  ASSERT_THAT(Spec().contents, SizeIs(2));
  EXPECT_EQ(Spec().transports[0].dtls_role, rtp::DtlsRole::kPassive);
  EXPECT_EQ(Spec().transports[0].remote.ufrag, ClientTransport("down").ufrag);
  EXPECT_FALSE(Spec().contents[0].uplink);
  ASSERT_TRUE(Spec().contents[1].slot);
  EXPECT_EQ(Spec().contents[1].slot->ssrc,
            offer_.description.contents[1].description->ssrc);
  const rtp::ReceiveSpec& receive = media_.received[session_.peer()].back();
  EXPECT_TRUE(receive.pins_only);
  EXPECT_THAT(receive.pins, ElementsAre(rtp::SourceId(7), rtp::SourceId(8)));
}

TEST_F(OutgoingSessionTest, SendsUnderThePayloadTypesOfTheAnswer) {
  JingleMessage answer = Answer();
  auto& types = answer.description.contents[1].description->payload_types;
  std::erase_if(types, [](const PayloadType& t) { return t.name != "VP8"; });
  types[0].id = 120;
  EXPECT_EQ(Handle(answer), std::nullopt);
  ASSERT_THAT(Spec().contents[1].codecs, SizeIs(1));
  EXPECT_EQ(Spec().contents[1].codecs[0].payload_type, 120);
  EXPECT_FALSE(Spec().contents[1].codecs[0].rtx_payload_type);
}

TEST_F(OutgoingSessionTest, AContentThatIsNotWantedIsNotSent) {
  JingleMessage answer = Answer();
  answer.description.contents[1].senders = Senders::kNone;
  EXPECT_EQ(Handle(answer), std::nullopt);
  EXPECT_THAT(Spec().contents, SizeIs(1));
}

TEST_F(OutgoingSessionTest, RefusesAnswersThatCannotBe) {
  JingleMessage answer = Answer();
  for (Content& c : answer.description.contents) c.transport->fingerprint = {};
  EXPECT_EQ(RefusalOf(answer), "security-error");
}
TEST_F(OutgoingSessionTest, RefusesActpassInAnAnswer) {
  JingleMessage answer = Answer();
  answer.description.contents[0].transport->fingerprint->setup =
      DtlsSetup::kActpass;
  EXPECT_EQ(RefusalOf(answer), "security-error");
}
TEST_F(OutgoingSessionTest, RefusesAnAnswerWithoutBundle) {
  JingleMessage answer = Answer();
  answer.description.groups.clear();
  EXPECT_EQ(RefusalOf(answer), "failed-transport");
}
TEST_F(OutgoingSessionTest, RefusesAnAnswerWithoutCodecs) {
  JingleMessage answer = Answer();
  for (Content& c : answer.description.contents) {
    c.description->payload_types.clear();
  }
  EXPECT_EQ(RefusalOf(answer), "incompatible-parameters");
}
TEST_F(OutgoingSessionTest, RefusesAnAnswerThatLacksAContent) {
  JingleMessage answer = Answer();
  answer.description.contents.pop_back();
  EXPECT_EQ(RefusalOf(answer), "failed-application");
}

TEST_F(OutgoingSessionTest, AcceptsOnce) {
  EXPECT_EQ(Handle(Answer()), std::nullopt);
  const auto error = Handle(Answer());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->jingle_condition, "out-of-order");
}

TEST_F(OutgoingSessionTest, OurOwnCallWinsATie) {
  const auto error = Handle(Jingle(JingleAction::kSessionInitiate, "1~p1"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->condition, "conflict");
  EXPECT_EQ(error->jingle_condition, "tie-break");
}

TEST_F(OutgoingSessionTest, TakesCandidatesBeforeTheAnswer) {
  Content content = Named("0");
  content.transport = ClientTransport("down");
  EXPECT_EQ(Handle(Jingle(JingleAction::kTransportInfo, "1~p1", {content})),
            std::nullopt);
  content.name = "nonsense";
  EXPECT_TRUE(Handle(Jingle(JingleAction::kTransportInfo, "1~p1", {content})));
}

TEST_F(OutgoingSessionTest, NewCredentialsAreARestart) {
  EXPECT_EQ(Handle(Answer()), std::nullopt);
  Content content = Named("0");
  content.transport = ClientTransport("down");
  EXPECT_EQ(Handle(Jingle(JingleAction::kTransportInfo, "1~p1", {content})),
            std::nullopt);
  EXPECT_THAT(out_.requests, IsEmpty()) << "the same";
  content.transport->ufrag = "other";
  EXPECT_EQ(Handle(Jingle(JingleAction::kTransportInfo, "1~p1", {content})),
            std::nullopt);
  EXPECT_THAT(media_.restarts, SizeIs(1));
  ASSERT_THAT(out_.requests, SizeIs(1));
  EXPECT_THAT(out_.requests[0].description.contents, SizeIs(2));
}

TEST_F(OutgoingSessionTest, IsEndedByEitherSide) {
  EXPECT_EQ(Handle(Jingle(JingleAction::kSessionTerminate, "1~p1")),
            std::nullopt);
  EXPECT_TRUE(out_.ended);
  EXPECT_THAT(out_.requests, IsEmpty());
  EXPECT_THAT(media_.removed, ElementsAre(session_.peer()));
  EXPECT_TRUE(Handle(Answer())) << "it is over";
}

// As for Dino, which knows no bundles.
TEST(OutgoingPlainSessionTest, HasATransportForEachContent) {
  RecordingMedia media;
  OutgoingSession session("1~p1", "p1@sfu.example", rtp::ConferenceId(3),
                          {{rtp::SourceId(7), rtp::MediaKind::kAudio},
                           {rtp::SourceId(8), rtp::MediaKind::kVideo}},
                          OutgoingSession::Transports::kOnePerContent, media);
  const auto offer = session.Initiate();
  ASSERT_TRUE(offer);
  const auto& contents = offer->description.contents;
  EXPECT_THAT(offer->description.groups, IsEmpty());
  ASSERT_THAT(contents, SizeIs(2));
  EXPECT_NE(contents[0].transport->ufrag, contents[1].transport->ufrag);
  for (const Content& content : contents) {
    EXPECT_THAT(content.description->payload_types, SizeIs(1));
    EXPECT_FALSE(content.description->ssrc);
  }
  JingleMessage answer = Jingle(JingleAction::kSessionAccept, "1~p1", contents);
  for (Content& content : answer.description.contents) {
    content.transport = ClientTransport("down-" + content.name);
    content.transport->fingerprint->setup = DtlsSetup::kActive;
  }
  SessionOutbox out;
  const rtp::Timestamp now(seconds(1000));
  EXPECT_EQ(session.HandleRequest(now, answer, out), std::nullopt);
  const rtp::PeerSpec& spec = media.specs.at(session.peer());
  ASSERT_THAT(spec.transports, SizeIs(2));
  EXPECT_EQ(spec.contents[1].transport, 1);
  EXPECT_EQ(spec.transports[1].remote.ufrag, ClientTransport("down-1").ufrag);
  // A restart of one leaves the other alone.
  Content changed = Named("1");
  changed.transport = ClientTransport("elsewhere");
  EXPECT_EQ(
      session.HandleRequest(
          now, Jingle(JingleAction::kTransportInfo, "1~p1", {changed}), out),
      std::nullopt);
  ASSERT_THAT(media.restarts, SizeIs(1));
  EXPECT_EQ(media.restarts[0].transport, 1U);
  ASSERT_THAT(out.requests, SizeIs(1));
  EXPECT_THAT(out.requests[0].description.contents, SizeIs(1));
}

}  // namespace
}  // namespace signaling
