// SPDX-License-Identifier: GPL-3.0-or-later
// What a client reads whose call cannot be, as XML: text in, text out. The
// conditions are those of XEP-0166 s7.4 and s10 and of XEP-0167, which clients
// have words for; the rest of the table of errors is in focus_errors_test.cc
// and session_table_test.cc.
#include "tests/signaling/focus_fixture.h"
#include "tests/signaling/replay.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RefusalsTest : public FocusTest {
 protected:
  // What is sent to whoever says `xml`; a random id of ours is "ours".
  std::vector<std::string> Said(const std::string& xml) {
    Wire wire("sfu.example");
    sink_.sent.clear();
    for (const Stanza& stanza : wire.Read(xml)) {
      focus_->HandleStanza(now_, stanza);
    }
    std::vector<std::string> said;
    for (Stanza stanza : sink_.sent) {
      if (auto* iq = std::get_if<Iq>(&stanza)) {
        if (iq->type == IqType::kSet) iq->id = "ours";
      } else if (auto* message = std::get_if<Message>(&stanza)) {
        if (message->type == "headline") continue;
        message->id = "ours";
      }
      said.push_back(Serialize(WriteStanza(stanza)));
    }
    return said;
  }

  static std::string Ask(const std::string& id, const std::string& jingle) {
    return "<iq type='set' from='a@example/r' to='standup@sfu.example' id='" +
           id + "'><jingle xmlns='urn:xmpp:jingle:1' sid='SID' " + jingle +
           "</jingle></iq>";
  }
  static std::string Offer(const std::string& contents) {
    return Ask("o1",
               "action='session-initiate' initiator='a@example/r'>" + contents);
  }
  // One of audio.
  static std::string Audio(const std::string& description,
                           const std::string& transport) {
    return "<content creator='initiator' name='audio'><description "
           "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>" +
           description + "</description>" + transport + "</content>";
  }
  static std::string Ice(const std::string& inner) {
    return "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' "
           "ufrag='abcd' pwd='0123456789012345678901'>" +
           inner + "</transport>";
  }
  static std::string Dtls(const std::string& hash = "sha-256",
                          const std::string& setup = "actpass") {
    std::string digest = "AB";
    for (int i = 1; i < 32; ++i) digest += ":AB";
    return "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='" + hash +
           "' setup='" + setup + "'>" + digest + "</fingerprint>";
  }
  static constexpr const char* kOpus =
      "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>"
      "<rtcp-mux/>";

  static std::string Error(const std::string& id, const std::string& error) {
    return "<iq type='error' id='" + id +
           "' from='standup@sfu.example' to='a@example/r'>" + error + "</iq>";
  }
  static std::string Ack(const std::string& id) {
    return "<iq type='result' id='" + id +
           "' from='standup@sfu.example' to='a@example/r'/>";
  }
  static std::string End(const std::string& reason) {
    return "<iq type='set' id='ours' from='standup@sfu.example' "
           "to='a@example/r'><jingle xmlns='urn:xmpp:jingle:1' "
           "action='session-terminate' sid='SID'><reason>" +
           reason + "</reason></jingle></iq>";
  }
  static constexpr const char* kCryptoRequired =
      "<security-error/><text>DTLS-SRTP is required</text><crypto-required "
      "xmlns='urn:xmpp:jingle:apps:rtp:errors:1'/>";

  // That such a call is taken note of, ended, and leaves nothing.
  void ExpectEnd(const std::string& offer, const std::string& reason) {
    EXPECT_THAT(Said(offer), ElementsAre(Ack("o1"), End(reason)));
    EXPECT_EQ(focus_->rooms(), 0U);
    EXPECT_THAT(media_.specs, IsEmpty());
  }
  void ExpectEndLike(const std::string& offer, const std::string& condition) {
    const std::vector<std::string> said = Said(offer);
    ASSERT_THAT(said, SizeIs(2));
    EXPECT_EQ(said[0], Ack("o1"));
    EXPECT_THAT(said[1], HasSubstr("<reason><" + condition + "/><text>"));
    EXPECT_EQ(focus_->rooms(), 0U);
  }
};

// ---- no encryption ----

TEST_F(RefusalsTest, PlainRtpNeedsCrypto) {
  ExpectEnd(Offer(Audio(kOpus, Ice(""))), kCryptoRequired);
}

TEST_F(RefusalsTest, PlainRtpWithoutMuxNeedsCrypto) {
  ExpectEnd(Offer(Audio("<payload-type id='96' name='OPUS' clockrate='48000'/>",
                        Ice(""))),
            kCryptoRequired);
}

TEST_F(RefusalsTest, SdesAloneNeedsCrypto) {
  ExpectEnd(Offer(Audio(std::string(kOpus) +
                            "<encryption required='1'><crypto tag='1' "
                            "crypto-suite='AES_CM_128_HMAC_SHA1_80' "
                            "key-params='inline:"
                            "csaT87DojMV3hIxtas7utZ/HUnBmlTmpSKEEhf91'/>"
                            "</encryption>",
                        Ice(""))),
            kCryptoRequired);
}

TEST_F(RefusalsTest, RawUdpAloneNeedsCrypto) {  // synthetic: Pidgin, Psi
  ExpectEnd(
      Offer(Audio("<payload-type id='0' name='PCMU' clockrate='8000'/>",
                  "<transport xmlns='urn:xmpp:jingle:transports:raw-udp:1'>"
                  "<candidate component='1' generation='0' id='a' "
                  "ip='192.0.2.9' port='5000'/></transport>")),
      kCryptoRequired);
}

// ---- no common ground ----

TEST_F(RefusalsTest, NoCommonCodec) {
  ExpectEndLike(
      Offer(Audio("<payload-type id='18' name='G729' clockrate='8000'/>"
                  "<rtcp-mux/>",
                  Ice(Dtls()))),
      "incompatible-parameters");
}

TEST_F(RefusalsTest, NoKnownTransport) {
  ExpectEndLike(Offer(Audio(kOpus,
                            "<transport xmlns='urn:xmpp:jingle:transports:"
                            "s5b:1' sid='x'/>")),
                "unsupported-transports");
}

TEST_F(RefusalsTest, NoKnownApplication) {
  ExpectEndLike(Offer("<content creator='initiator' name='f'><description "
                      "xmlns='urn:xmpp:jingle:apps:file-transfer:5'/>" +
                      Ice(Dtls()) + "</content>"),
                "unsupported-applications");
}

TEST_F(RefusalsTest, RtcpOnAPortOfItsOwn) {
  ExpectEndLike(
      Offer(Audio("<payload-type id='111' name='opus' clockrate='48000' "
                  "channels='2'/>",
                  Ice(Dtls()))),
      "unsupported-transports");
}

TEST_F(RefusalsTest, UnknownHash) {
  ExpectEndLike(Offer(Audio(kOpus, Ice(Dtls("md5")))), "security-error");
}

TEST_F(RefusalsTest, HoldconnOfNothing) {
  ExpectEndLike(Offer(Audio(kOpus, Ice(Dtls("sha-256", "holdconn")))),
                "security-error");
}

// ---- errors, as jingle.md s6.9 has them ----

TEST_F(RefusalsTest, UnknownSession) {
  EXPECT_THAT(
      Said(Ask("x1", "action='session-info'>")),
      ElementsAre(Error("x1",
                        "<error type='cancel'><item-not-found "
                        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                        "<unknown-session xmlns='urn:xmpp:jingle:errors:1'/>"
                        "</error>")));
}

TEST_F(RefusalsTest, EndOfAnUnknownSessionIsNoError) {
  EXPECT_THAT(Said(Ask("x1", "action='session-terminate'>")),
              ElementsAre(Ack("x1")));
}

TEST_F(RefusalsTest, ForeignSender) {
  ASSERT_THAT(Said(Offer(Audio(kOpus, Ice(Dtls())))), SizeIs(2));
  for (const char* from : {"a@example/other", "b@example/r"}) {
    std::string xml = Ask("x1", "action='session-info'>");
    const std::string own = "from='a@example/r'";
    xml.replace(xml.find(own), own.size(), "from='" + std::string(from) + "'");
    const std::vector<std::string> said = Said(xml);
    ASSERT_THAT(said, SizeIs(1));
    EXPECT_THAT(said[0], HasSubstr("<unknown-session "));
    EXPECT_THAT(said[0], HasSubstr("to='" + std::string(from) + "'"));
  }
  EXPECT_THAT(Said(Ask("x2", "action='session-info'>")),
              ElementsAre(Ack("x2")));
}

TEST_F(RefusalsTest, WrongState) {
  ASSERT_THAT(Said(Offer(Audio(kOpus, Ice(Dtls())))), SizeIs(2));
  const std::string error =
      Error("x2",
            "<error type='wait'><unexpected-request "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "<out-of-order xmlns='urn:xmpp:jingle:errors:1'/></error>");
  EXPECT_THAT(Said(Ask("x2", "action='session-accept'>")), ElementsAre(error));
  EXPECT_THAT(Said(Ask("x2",
                       "action='content-accept'>"
                       "<content creator='initiator' name='audio'/>")),
              ElementsAre(error));
  std::string again = Offer(Audio(kOpus, Ice(Dtls())));
  again.replace(again.find("o1"), 2, "x2");
  EXPECT_THAT(Said(again), ElementsAre(error));
}

TEST_F(RefusalsTest, UnsupportedInfo) {
  ASSERT_THAT(Said(Offer(Audio(kOpus, Ice(Dtls())))), SizeIs(2));
  EXPECT_THAT(
      Said(Ask("x4", "action='session-info'><dance xmlns='urn:x'/>")),
      ElementsAre(Error(
          "x4",
          "<error type='modify'><feature-not-implemented "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
          "<unsupported-info xmlns='urn:xmpp:jingle:errors:1'/></error>")));
}

// A client that has a tie of its own in mind ends nothing by it but the session
// that it does not accept.
TEST_F(RefusalsTest, TieBreakOfAClientEndsNothingButTheAccept) {
  Caller alice = JoinOnly("a@example/r");
  const Iq accept = RequestsTo(alice.jid).at(0);
  Answer(accept);
  sink_.sent.clear();
  Content moved = Named("0");
  moved.transport = ClientTransport("again");
  Do(alice, Jingle(JingleAction::kTransportInfo, alice.sid, {moved}));
  const std::vector<Iq> info = RequestsTo(alice.jid);
  ASSERT_THAT(info, SizeIs(1));
  Answer(info[0], StanzaError{"cancel", "conflict", "tie-break", ""});
  EXPECT_TRUE(IsIn(alice));
  const Caller bob = JoinOnly("b@example/r");
  Answer(RequestsTo(bob.jid).at(0),
         StanzaError{"cancel", "conflict", "tie-break", ""});
  EXPECT_FALSE(IsServed(bob));
}

TEST_F(RefusalsTest, EncryptionGivenUpInMidCall) {
  ASSERT_THAT(Said(Offer(Audio(kOpus, Ice(Dtls())))), SizeIs(2));
  EXPECT_THAT(
      Said(Ask("x5",
               "action='content-add'><content creator='initiator' "
               "name='video'><description xmlns='urn:xmpp:jingle:apps:rtp:1' "
               "media='video'><payload-type id='96' name='VP8' "
               "clockrate='90000'/><rtcp-mux/></description>" +
                   Ice("") + "</content>")),
      ElementsAre(Error(
          "x5",
          "<error type='cancel'><not-acceptable "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
          "<security-required xmlns='urn:xmpp:jingle:errors:1'/></error>")));
}

TEST_F(RefusalsTest, FullRoom) {
  Focus::Config config = DefaultConfig();
  config.max_participants_per_room = 1;
  Make(config);
  Join("bob@example/b");
  const std::string busy =
      "<error type='wait'><resource-constraint "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
      "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>the room is full"
      "</text></error>";
  EXPECT_THAT(Said(Offer(Audio(kOpus, Ice(Dtls())))),
              ElementsAre(Error("o1", busy)));
  EXPECT_THAT(
      Said("<message type='chat' from='a@example/r' to='standup@sfu.example' "
           "id='m1'><propose xmlns='urn:xmpp:jingle-message:0' id='SID'>"
           "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>"
           "</propose></message>"),
      ElementsAre(
          "<message type='chat' id='ours' from='standup@sfu.example/focus' "
          "to='a@example/r'><reject xmlns='urn:xmpp:jingle-message:0' "
          "id='SID'><reason xmlns='urn:xmpp:jingle:1'><busy/><text>the room is "
          "full</text></reason></reject><store xmlns='urn:xmpp:hints'/>"
          "</message>"));
}

TEST_F(RefusalsTest, NoSuchRoom) {
  std::string xml = Offer(Audio(kOpus, Ice(Dtls())));
  const std::string room = "to='standup@sfu.example'";
  xml.replace(xml.find(room), room.size(), "to='Not A Room@sfu.example'");
  const std::vector<std::string> said = Said(xml);
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0], HasSubstr("<error type='cancel'><item-not-found "
                                 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                                 "</error>"));
}

// ---- a codec too few is no refusal ----

TEST_F(RefusalsTest, VideoWithoutACommonCodecStaysInactive) {
  SessionDescription offer = PlainOffer();
  offer.contents[1].description->payload_types = {
      {34, "H263", 90000, 1, {}, {}}};
  const Caller dino = JoinOnly("dino@example/d", offer);
  EXPECT_THAT(ActionsTo(dino.jid), ElementsAre(JingleAction::kSessionAccept));
  const auto accept = OneTo(dino.jid, JingleAction::kSessionAccept);
  ASSERT_THAT(accept->description.contents, SizeIs(2));
  const Content& video = accept->description.contents[1];
  EXPECT_EQ(video.name, "video");
  EXPECT_EQ(video.senders, Senders::kNone);
  ASSERT_THAT(video.description->payload_types, SizeIs(1));
  EXPECT_EQ(video.description->payload_types[0].name, "H263");
  ASSERT_THAT(Spec(dino).contents, SizeIs(2));
  EXPECT_FALSE(Spec(dino).contents[1].uplink || Spec(dino).contents[1].slot);
}

}  // namespace
}  // namespace signaling
