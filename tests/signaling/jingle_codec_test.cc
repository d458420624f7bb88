// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/jingle_codec.h"

#include <gloox/parser.h>
#include <gloox/tag.h>
#include <gloox/taghandler.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "signaling/description_codec.h"
#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;

// ---- XML text to elements ----

class OneTag : public gloox::TagHandler {
 public:
  void handleTag(gloox::Tag* tag) override { element = From(*tag, {}); }

  std::optional<XmlElement> element;

 private:
  static XmlElement From(const gloox::Tag& tag, const std::string& inherited) {
    XmlElement out(tag.name(), tag.xmlns().empty() ? inherited : tag.xmlns());
    out.text = tag.cdata();
    for (const gloox::Tag::Attribute* attribute : tag.attributes()) {
      if (attribute->name() != "xmlns" && attribute->prefix() != "xmlns") {
        out.Set(attribute->name(), attribute->value());
      }
    }
    for (const gloox::Tag* child : tag.children()) {
      out.Add(From(*child, out.ns));
    }
    return out;
  }
};

XmlElement Element(std::string xml) {
  OneTag handler;
  gloox::Parser parser(&handler);
  EXPECT_EQ(parser.feed(xml), -1) << xml;
  EXPECT_TRUE(handler.element.has_value()) << xml;
  return handler.element.value_or(XmlElement());
}

// <jingle/> around `inner`.
std::string Jingle(std::string_view action, std::string_view inner) {
  return "<jingle xmlns='urn:xmpp:jingle:1' action='" + std::string(action) +
         "' sid='SID'>" + std::string(inner) + "</jingle>";
}

// <content/> of an RTP session around the children of its description.
std::string Content0(std::string_view inner) {
  return "<content creator='initiator' name='0'>"
         "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>" +
         std::string(inner) + "</description></content>";
}

std::string Ice(std::string_view inner) {
  return "<content creator='initiator' name='0'>"
         "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='u' "
         "pwd='p'>" +
         std::string(inner) + "</transport></content>";
}

JingleMessage Parsed(const std::string& xml) {
  const IqPayload payload = ParseJingle(Element(xml));
  const auto* message = std::get_if<JingleMessage>(&payload);
  const auto* malformed = std::get_if<Malformed>(&payload);
  EXPECT_NE(message, nullptr)
      << (malformed ? malformed->error.text : "") << "\n"
      << xml;
  return message != nullptr ? *message : JingleMessage();
}

// jingle.md s6.9: bad-request, with a text that says why.
void ExpectBadRequest(const std::string& xml) {
  const IqPayload payload = ParseJingle(Element(xml));
  const auto* malformed = std::get_if<Malformed>(&payload);
  ASSERT_NE(malformed, nullptr) << xml;
  EXPECT_THAT(malformed->error.type, ::testing::AnyOf("modify", "cancel"));
  EXPECT_EQ(malformed->error.condition, "bad-request");
  EXPECT_FALSE(malformed->error.text.empty());
}

// Parsed, written, and parsed again from the text: nothing got lost.
JingleMessage ExpectReadAsWritten(const JingleMessage& message) {
  const std::string xml = Serialize(WriteJingle(message));
  JingleMessage again = Parsed(xml);
  EXPECT_EQ(again, message) << xml;
  return again;
}

// The first content's description; a failure and an empty one if it has none.
RtpDescription Described(const std::string& inner) {
  const JingleMessage message =
      Parsed(Jingle("session-initiate", Content0(inner)));
  EXPECT_THAT(message.description.contents, SizeIs(1));
  if (message.description.contents.empty()) return {};
  return message.description.contents[0].description.value_or(RtpDescription());
}

IceTransport Transported(const std::string& inner) {
  const JingleMessage message = Parsed(Jingle("transport-info", Ice(inner)));
  if (message.description.contents.empty()) return {};
  return message.description.contents[0].transport.value_or(IceTransport());
}

std::string Times(size_t count, auto&& make) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += make(std::to_string(i));
  return out;
}

// ---- stanzas that clients sent (Chromium with stanza.js, Dino, Gajim) ----

constexpr std::string_view kChromiumOffer =
    R"(<jingle xmlns="urn:xmpp:jingle:1" sid="b06f29d1" )"
    R"(action="session-initiate"><content creator="initiator" name="0">)"
    R"(<description xmlns="urn:xmpp:jingle:apps:rtp:1" )"
    R"(xmlns:rtcpf="urn:xmpp:jingle:apps:rtp:rtcp-fb:0" )"
    R"(xmlns:rtph="urn:xmpp:jingle:apps:rtp:rtp-hdrext:0" media="audio" )"
    R"(ssrc="319086553"><rtcp-mux/><rtcp-reduced-size/>)"
    R"(<payload-type channels="2" clockrate="48000" id="111" name="opus">)"
    R"(<parameter name="minptime" value="10"/>)"
    R"(<parameter name="useinbandfec" value="1"/>)"
    R"(<rtcpf:rtcp-fb type="transport-cc"/></payload-type>)"
    R"(<payload-type channels="2" clockrate="48000" id="63" name="red">)"
    R"(<parameter name="111/111"/></payload-type>)"
    R"(<payload-type channels="1" clockrate="8000" id="0" name="PCMU"/>)"
    R"(<rtph:rtp-hdrext id="1" uri="urn:ietf:params:rtp-hdrext:)"
    R"(ssrc-audio-level"/><rtph:rtp-hdrext id="4" )"
    R"(uri="urn:ietf:params:rtp-hdrext:sdes:mid"/>)"
    R"(<source xmlns="urn:xmpp:jingle:apps:rtp:ssma:0" ssrc="319086553">)"
    R"(<parameter name="cname" value="wiAwYQAT21MF2laX"/>)"
    R"(<parameter name="msid" value="b48d 8f16"/></source>)"
    R"(<stream xmlns="urn:xmpp:jingle:apps:rtp:msid:0" id="b48d" )"
    R"(track="8f16"/></description>)"
    R"(<transport xmlns="urn:xmpp:jingle:transports:ice-udp:1" ufrag="f63y" )"
    R"(pwd="mWRsZe+Qd1BfA9yZQDmeQlMd">)"
    R"(<fingerprint xmlns="urn:xmpp:jingle:apps:dtls:0" hash="sha-256" )"
    R"(setup="actpass">E9:54:27:2F:AB:C3:6F:09:12:71:81:32:B1:05:06:D4:2D:)"
    R"(C5:4F:44:21:28:10:3A:3A:55:99:4C:D4:5F:D0:3F</fingerprint>)"
    R"(</transport></content><content creator="initiator" name="1">)"
    R"(<description xmlns="urn:xmpp:jingle:apps:rtp:1" )"
    R"(xmlns:rtcpf="urn:xmpp:jingle:apps:rtp:rtcp-fb:0" media="video" )"
    R"(ssrc="3346099280"><rtcp-mux/><rtcp-reduced-size/>)"
    R"(<payload-type channels="1" clockrate="90000" id="96" name="VP8">)"
    R"(<rtcpf:rtcp-fb type="goog-remb"/><rtcpf:rtcp-fb type="ccm" )"
    R"(subtype="fir"/><rtcpf:rtcp-fb type="nack"/><rtcpf:rtcp-fb )"
    R"(type="nack" subtype="pli"/></payload-type>)"
    R"(<payload-type channels="1" clockrate="90000" id="97" name="rtx">)"
    R"(<parameter name="apt" value="96"/></payload-type>)"
    R"(<source xmlns="urn:xmpp:jingle:apps:rtp:ssma:0" ssrc="3346099280"/>)"
    R"(<source xmlns="urn:xmpp:jingle:apps:rtp:ssma:0" ssrc="1421343332"/>)"
    R"(<ssrc-group xmlns="urn:xmpp:jingle:apps:rtp:ssma:0" )"
    R"(semantics="FID"><source ssrc="3346099280"/>)"
    R"(<source ssrc="1421343332"/></ssrc-group></description>)"
    R"(<transport xmlns="urn:xmpp:jingle:transports:ice-udp:1" ufrag="f63y" )"
    R"(pwd="mWRsZe+Qd1BfA9yZQDmeQlMd"/></content>)"
    R"(<group xmlns="urn:xmpp:jingle:apps:grouping:0" semantics="BUNDLE">)"
    R"(<content name="0"/><content name="1"/></group></jingle>)";

constexpr std::string_view kDinoOffer =
    "<jingle action='session-initiate' xmlns='urn:xmpp:jingle:1' "
    "initiator='dina@localhost/dino-dina' sid='a5d7288c'>"
    "<content creator='initiator' senders='both' name='video'>"
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>"
    "<payload-type name='VP8' clockrate='90000' id='98'>"
    "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='goog-remb'/>"
    "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='nack' "
    "subtype='pli'/></payload-type>"
    "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' "
    "uri='urn:3gpp:video-orientation' id='1'/>"
    "<encryption><crypto crypto-suite='AES_CM_128_HMAC_SHA1_80' tag='1' "
    "key-params='inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'/>"
    "</encryption><rtcp-mux/></description>"
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='7tIA' "
    "pwd='xa8NUawPE+Tg8uhCSfDzmo'>"
    "<fingerprint hash='sha-256' xmlns='urn:xmpp:jingle:apps:dtls:0' "
    "setup='actpass'>CA:6F:5F:C8:B0:F1:1D:2A:35:02:B8:ED:10:58:0B:F0:B0:39:"
    "2B:2E:F9:BF:32:7F:52:C4:B5:E8:E3:8A:6B:35</fingerprint>"
    "<candidate component='1' port='56374' network='0' id='5fbe5fb5' "
    "priority='2015363327' protocol='udp' ip='10.77.0.1' type='host' "
    "foundation='1' generation='0'/>"
    "<candidate component='2' port='56093' network='0' id='529fe2ee' "
    "priority='2015363326' protocol='udp' ip='10.77.0.1' type='host' "
    "foundation='1' generation='0'/></transport></content></jingle>";

constexpr std::string_view kGajimOffer =
    "<jingle action='session-initiate' xmlns='urn:xmpp:jingle:1' "
    "initiator='gaja@localhost/gajim' sid='8eeef8ce'>"
    "<content creator='initiator' senders='both' name='audio'>"
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
    "<payload-type clockrate='48000' id='96' name='OPUS'/>"
    "<payload-type clockrate='48000' id='100' name='telephone-event'>"
    "<parameter value='0-15' name='events'/></payload-type></description>"
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='zL23' "
    "pwd='0tZqE2MtYjnRRXihLTOUbS'>"
    "<candidate component='2' port='0' network='0' id='92f6e3d7' "
    "protocol='tcp' priority='1015021822' ip='fe80::1c55:8ff:feb1:1af3' "
    "type='host' foundation='1' generation='0'/></transport></content>"
    "</jingle>";

TEST(JingleCapture, ReadsAnOfferOfChromium) {
  const JingleMessage offer = Parsed(std::string(kChromiumOffer));
  EXPECT_EQ(offer.action, JingleAction::kSessionInitiate);
  EXPECT_EQ(offer.sid, "b06f29d1");
  EXPECT_THAT(offer.description.groups,
              ElementsAre(ContentGroup{"BUNDLE", {"0", "1"}}));
  ASSERT_THAT(offer.description.contents, SizeIs(2));

  const Content& audio = offer.description.contents[0];
  EXPECT_EQ(audio.name, "0");
  EXPECT_EQ(audio.senders, Senders::kBoth);
  EXPECT_EQ(audio.description_ns, ns::kRtp);
  ASSERT_TRUE(audio.description.has_value());
  EXPECT_EQ(audio.description->media, Media::kAudio);
  EXPECT_THAT(audio.description->ssrc, Optional(319086553u));
  EXPECT_TRUE(audio.description->rtcp_mux);
  EXPECT_TRUE(audio.description->rtcp_reduced_size);
  EXPECT_FALSE(audio.description->has_sdes_encryption);
  EXPECT_THAT(
      audio.description->payload_types,
      ElementsAre(PayloadType{111,
                              "opus",
                              48000,
                              2,
                              {{"minptime", "10"}, {"useinbandfec", "1"}},
                              {{"transport-cc", ""}}},
                  PayloadType{63, "red", 48000, 2, {{"111/111", ""}}, {}},
                  PayloadType{0, "PCMU", 8000, 1, {}, {}}));
  EXPECT_THAT(
      audio.description->extensions,
      ElementsAre(
          HeaderExtension{1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
                          Senders::kBoth},
          HeaderExtension{4, "urn:ietf:params:rtp-hdrext:sdes:mid",
                          Senders::kBoth}));
  EXPECT_THAT(
      audio.description->sources,
      ElementsAre(SsrcSource{
          319086553, {{"cname", "wiAwYQAT21MF2laX"}, {"msid", "b48d 8f16"}}}));
  EXPECT_THAT(audio.description->stream, Optional(StreamId{"b48d", "8f16"}));
  ASSERT_TRUE(audio.transport.has_value());
  EXPECT_EQ(audio.transport->ufrag, "f63y");
  EXPECT_EQ(audio.transport->pwd, "mWRsZe+Qd1BfA9yZQDmeQlMd");
  ASSERT_TRUE(audio.transport->fingerprint.has_value());
  EXPECT_EQ(audio.transport->fingerprint->hash, "sha-256");
  EXPECT_EQ(audio.transport->fingerprint->setup, DtlsSetup::kActpass);
  ASSERT_THAT(audio.transport->fingerprint->digest, SizeIs(32));
  EXPECT_EQ(audio.transport->fingerprint->digest[0], 0xE9);
  EXPECT_EQ(audio.transport->fingerprint->digest[31], 0x3F);

  const RtpDescription& video = *offer.description.contents[1].description;
  EXPECT_EQ(video.media, Media::kVideo);
  EXPECT_THAT(
      video.payload_types[0].feedback,
      ElementsAre(RtcpFeedback{"goog-remb", ""}, RtcpFeedback{"ccm", "fir"},
                  RtcpFeedback{"nack", ""}, RtcpFeedback{"nack", "pli"}));
  EXPECT_THAT(video.sources, SizeIs(2));
  EXPECT_THAT(video.ssrc_groups,
              ElementsAre(SsrcGroup{"FID", {3346099280u, 1421343332u}}));
  ExpectReadAsWritten(offer);
}

TEST(JingleCapture, ReadsAnOfferOfDino) {
  JingleMessage offer = Parsed(std::string(kDinoOffer));
  EXPECT_EQ(offer.initiator, "dina@localhost/dino-dina");
  EXPECT_THAT(offer.description.groups, IsEmpty());
  ASSERT_THAT(offer.description.contents, SizeIs(1));
  Content& video = offer.description.contents[0];
  EXPECT_EQ(video.name, "video");
  ASSERT_TRUE(video.description.has_value());
  EXPECT_TRUE(video.description->has_sdes_encryption);
  EXPECT_TRUE(video.description->rtcp_mux);
  EXPECT_THAT(video.description->ssrc, Eq(std::nullopt));
  EXPECT_THAT(video.description->stream, Eq(std::nullopt));
  ASSERT_TRUE(video.transport.has_value());
  const IceCandidate first{"5fbe5fb5", "1",    1,           0,     0,
                           "udp",      "host", "10.77.0.1", 56374, 2015363327};
  ASSERT_THAT(video.transport->candidates, SizeIs(2));
  EXPECT_EQ(video.transport->candidates[0], first);
  EXPECT_EQ(video.transport->candidates[1].component, 2);

  // SDES keys are read past, and never sent.
  EXPECT_THAT(Serialize(WriteJingle(offer)), Not(HasSubstr("encryption")));
  video.description->has_sdes_encryption = false;
  ExpectReadAsWritten(offer);
}

TEST(JingleCapture, ReadsAnOfferOfGajim) {
  const JingleMessage offer = Parsed(std::string(kGajimOffer));
  ASSERT_THAT(offer.description.contents, SizeIs(1));
  const Content& audio = offer.description.contents[0];
  EXPECT_EQ(audio.description->payload_types[0].name, "OPUS");
  EXPECT_EQ(audio.description->payload_types[0].channels, 1);
  EXPECT_FALSE(audio.description->rtcp_mux);
  EXPECT_THAT(audio.transport->fingerprint, Eq(std::nullopt));
  ASSERT_THAT(audio.transport->candidates, SizeIs(1));
  EXPECT_EQ(audio.transport->candidates[0].protocol, "tcp");
  EXPECT_EQ(audio.transport->candidates[0].ip, "fe80::1c55:8ff:feb1:1af3");
  ExpectReadAsWritten(offer);
}

TEST(JingleCapture, ReadsACandidateOfChromium) {
  const JingleMessage info = Parsed(
      R"(<jingle xmlns="urn:xmpp:jingle:1" sid="b06f29d1" )"
      R"(action="transport-info"><content creator="initiator" name="0">)"
      R"(<transport xmlns="urn:xmpp:jingle:transports:ice-udp:1" )"
      R"(ufrag="f63y"><candidate component="1" foundation="485264123" )"
      R"(ip="127.0.0.1" port="39059" priority="2122194687" protocol="udp" )"
      R"(type="host"/></transport></content></jingle>)");
  EXPECT_EQ(info.action, JingleAction::kTransportInfo);
  const Content& content = info.description.contents.at(0);
  EXPECT_THAT(content.description, Eq(std::nullopt));
  EXPECT_EQ(content.description_ns, "");
  EXPECT_EQ(content.transport->pwd, "");
  const IceCandidate expected{"",     "485264123", 1,     0,         0, "udp",
                              "host", "127.0.0.1", 39059, 2122194687};
  EXPECT_THAT(content.transport->candidates, ElementsAre(expected));
  ExpectReadAsWritten(info);
}

TEST(JingleCapture, ReadsWhatElseClientsSay) {
  JingleMessage ringing = Parsed(
      "<jingle action='session-info' sid='8fe8f6fd' initiator='peer@localhost/"
      "Smv_5GFec0wN' xmlns='urn:xmpp:jingle:1'>"
      "<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/></jingle>");
  EXPECT_EQ(ringing.info.kind, SessionInfo::Kind::kRinging);
  EXPECT_EQ(ringing.initiator, "peer@localhost/Smv_5GFec0wN");
  ExpectReadAsWritten(ringing);

  const JingleMessage end = Parsed(
      "<jingle sid='8c7b1877' xmlns='urn:xmpp:jingle:1' "
      "action='session-terminate'><reason><success/></reason></jingle>");
  EXPECT_EQ(end.action, JingleAction::kSessionTerminate);
  EXPECT_THAT(end.reason, Optional(JingleReason{"success", "", "", "", ""}));
  ExpectReadAsWritten(end);

  const JingleMessage info = Parsed(
      "<jingle action='description-info' xmlns='urn:xmpp:jingle:1' "
      "initiator='gaja@localhost/gajim' sid='8eeef8ce'>"
      "<content creator='initiator' senders='both' name='video'>"
      "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>"
      "<payload-type clockrate='90000' channels='1' name='VP8' id='102'/>"
      "</description></content></jingle>");
  EXPECT_EQ(info.action, JingleAction::kDescriptionInfo);
  EXPECT_THAT(info.description.contents[0].transport, Eq(std::nullopt));
  ExpectReadAsWritten(info);
}

// Conversations answers and adds bundled contents with an empty transport.
TEST(JingleCapture, ReadsAnEmptyTransport) {
  const JingleMessage add = Parsed(
      Jingle("content-add",
             "<content creator='responder' name='1' senders='both'><transport "
             "xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>"));
  const Content& content = add.description.contents.at(0);
  EXPECT_EQ(content.creator, "responder");
  EXPECT_THAT(content.transport, Optional(IceTransport()));
  ExpectReadAsWritten(add);
}

// ---- <jingle/> ----

TEST(JingleCodec, KnowsAllActions) {
  const std::string_view actions[] = {
      "content-accept",   "content-add",       "content-modify",
      "content-reject",   "content-remove",    "description-info",
      "security-info",    "session-accept",    "session-info",
      "session-initiate", "session-terminate", "transport-accept",
      "transport-info",   "transport-reject",  "transport-replace"};
  int value = 0;
  for (const std::string_view action : actions) {
    const JingleMessage message = Parsed(Jingle(action, ""));
    EXPECT_EQ(static_cast<int>(message.action), value++) << action;
    EXPECT_EQ(JingleActionName(message.action), action);
    ExpectReadAsWritten(message);
  }
}

TEST(JingleCodec, RefusesUnknownActions) {
  for (const std::string_view action :
       {"", "Session-Initiate", "session-initiate ", "session-dance"}) {
    ExpectBadRequest(Jingle(action, ""));
  }
  ExpectBadRequest("<jingle xmlns='urn:xmpp:jingle:1' sid='s'/>");
}

TEST(JingleCodec, NeedsASid) {
  const auto jingle = [](const std::string& sid) {
    return "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'" + sid +
           "/>";
  };
  ExpectBadRequest(jingle(""));
  ExpectBadRequest(jingle(" sid=''"));
  ExpectBadRequest(jingle(" sid='" + std::string(257, 's') + "'"));
  EXPECT_EQ(Parsed(jingle(" sid='" + std::string(256, 's') + "'")).sid,
            std::string(256, 's'));
}

TEST(JingleCodec, CarriesWhoseMediaItIs) {
  JingleMessage message;
  message.action = JingleAction::kSessionInitiate;
  message.sid = "SID";
  message.muji_room = "muji-1f@sfu.example";
  message.is_focus = true;
  message.user = {"xmpp:standup@sfu.example/p1", "Alice"};
  EXPECT_EQ(Parsed(Serialize(WriteJingle(message))), message);
}

TEST(JingleCodec, IgnoresWhatItDoesNotKnow) {
  const std::string known = Jingle("session-initiate", Content0("<rtcp-mux/>"));
  const JingleMessage message = Parsed(
      "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='SID' "
      "future='1'><unknown xmlns='urn:other' room='r'/><future/>"
      "<content creator='initiator' name='0' future='1' disposition='session'>"
      "<future/><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video' "
      "future='1'><future/><rtcp-mux/><bandwidth type='AS'>128</bandwidth>"
      "<x xmlns='urn:other'><rtcp-mux/></x></description>"
      "<security xmlns='urn:other'/></content></jingle>");
  EXPECT_EQ(message, Parsed(known));
}

TEST(JingleCodec, KnowsElementsByTheirNamespaces) {
  const JingleMessage message = Parsed(Jingle(
      "session-initiate",
      "<content xmlns='urn:other' name='9'/>"
      "<group xmlns='urn:other' semantics='BUNDLE'/>"
      "<reason xmlns='urn:other'><success/></reason>" +
          Content0("<payload-type xmlns='urn:other' id='1'/>"
                   "<rtcp-mux xmlns='urn:other'/><source ssrc='1'/>"
                   "<rtp-hdrext id='1' uri='u'/><stream id='1' track='1'/>")));
  EXPECT_THAT(message.description.contents, SizeIs(1));
  EXPECT_THAT(message.description.groups, IsEmpty());
  EXPECT_THAT(message.reason, Eq(std::nullopt));
  RtpDescription nothing;
  nothing.media = Media::kVideo;
  EXPECT_THAT(message.description.contents[0].description, Optional(nothing));
}

TEST(JingleCodec, CarriesTheTokenOfAResume) {
  const JingleMessage message = Parsed(Jingle(
      "session-initiate", "<resume xmlns='urn:carillon:room:0' token='k3'/>"));
  EXPECT_EQ(message.resume_token, "k3");
  ExpectReadAsWritten(message);
}

TEST(JingleCodec, TellsAFocus) {
  EXPECT_TRUE(Parsed(Jingle("session-accept",
                            "<conference-info xmlns='urn:xmpp"
                            ":coin:1' isfocus='true'/>"))
                  .is_focus);
  EXPECT_FALSE(Parsed(Jingle("session-accept",
                             "<conference-info xmlns='urn:xmp"
                             "p:coin:1'/>"))
                   .is_focus);
  JingleMessage message;
  message.action = JingleAction::kSessionAccept;
  message.sid = "s";
  message.is_focus = true;
  ExpectReadAsWritten(message);
}

// ---- contents ----

TEST(ContentCodec, HasSenders) {
  const std::pair<std::string_view, Senders> all[] = {
      {"", Senders::kBoth},
      {" senders=''", Senders::kBoth},
      {" senders='both'", Senders::kBoth},
      {" senders='initiator'", Senders::kInitiator},
      {" senders='responder'", Senders::kResponder},
      {" senders='none'", Senders::kNone}};
  for (const auto& [attribute, senders] : all) {
    const JingleMessage message = Parsed(
        Jingle("content-modify", "<content creator='initiator' name='0'" +
                                     std::string(attribute) + "/>"));
    EXPECT_EQ(message.description.contents.at(0).senders, senders);
    ExpectReadAsWritten(message);
  }
  ExpectBadRequest(
      Jingle("content-modify", "<content name='0' senders='all'/>"));
}

// jingle.md s6.4: what both may send on is written without senders.
TEST(ContentCodec, LeavesOutSendersThatAreBoth) {
  EXPECT_THAT(
      Serialize(WriteJingle(Parsed(Jingle("session-accept", Content0(""))))),
      Not(HasSubstr("senders")));
}

TEST(ContentCodec, ContentModifySaysTheDirectionAlsoWhereItIsTheDefault) {
  JingleMessage message;
  message.action = JingleAction::kContentModify;
  message.description.contents.resize(1);
  message.description.contents[0].name = "video";
  EXPECT_THAT(Serialize(WriteJingle(message)), HasSubstr("both"));
  message.action = JingleAction::kContentRemove;
  EXPECT_THAT(Serialize(WriteJingle(message)), Not(HasSubstr("both")));
}

TEST(ContentCodec, EchoesItsCreator) {
  for (const std::string creator : {"initiator", "responder"}) {
    const JingleMessage message = Parsed(Jingle(
        "content-accept", "<content creator='" + creator + "' name='0'/>"));
    EXPECT_EQ(message.description.contents.at(0).creator, creator);
    ExpectReadAsWritten(message);
  }
}

TEST(ContentCodec, NeedsAName) {
  ExpectBadRequest(
      Jingle("session-initiate", "<content creator='initiator'/>"));
  ExpectBadRequest(Jingle("session-initiate", "<content name=''/>"));
  ExpectBadRequest(Jingle("session-initiate",
                          "<content name='" + std::string(257, 'n') + "'/>"));
  Parsed(Jingle("session-initiate",
                "<content name='" + std::string(256, 'n') + "'/>"));
}

// jingle.md s6.1: unique, whoever created it.
TEST(ContentCodec, RefusesANameTwice) {
  ExpectBadRequest(Jingle("session-initiate",
                          "<content creator='initiator' name='0'/>"
                          "<content creator='initiator' name='0'/>"));
  ExpectBadRequest(Jingle("session-initiate",
                          "<content creator='initiator' name='0'/>"
                          "<content creator='responder' name='0'/>"));
}

TEST(ContentCodec, AreAtMost32) {
  const auto content = [](const std::string& i) {
    return "<content creator='initiator' name='" + i + "'/>";
  };
  EXPECT_THAT(Parsed(Jingle("session-initiate", Times(32, content)))
                  .description.contents,
              SizeIs(32));
  ExpectBadRequest(Jingle("session-initiate", Times(33, content)));
}

TEST(ContentCodec, TellsApplicationsAndTransportsThatItDoesNotKnow) {
  const JingleMessage message = Parsed(
      Jingle("session-initiate",
             "<content creator='initiator' name='0'><description "
             "xmlns='urn:xmpp:jingle:apps:file-transfer:5'/><transport "
             "xmlns='urn:xmpp:jingle:transports:raw-udp:1'/></content>"));
  const Content& content = message.description.contents.at(0);
  EXPECT_EQ(content.description_ns, "urn:xmpp:jingle:apps:file-transfer:5");
  EXPECT_EQ(content.transport_ns, "urn:xmpp:jingle:transports:raw-udp:1");
  EXPECT_THAT(content.description, Eq(std::nullopt));
  EXPECT_THAT(content.transport, Eq(std::nullopt));
}

TEST(GroupCodec, KeepsSemanticsAndOrder) {
  const JingleMessage message = Parsed(Jingle(
      "session-initiate",
      "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='LS'>"
      "<content name='b'/><content name='a'/></group>"
      "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'/>"));
  EXPECT_THAT(
      message.description.groups,
      ElementsAre(ContentGroup{"LS", {"b", "a"}}, ContentGroup{"BUNDLE", {}}));
  ExpectReadAsWritten(message);
}

TEST(GroupCodec, IsBounded) {
  const JingleMessage message =
      Parsed(Jingle("session-initiate", Times(100, [](const std::string&) {
                      return "<group xmlns='urn:xmpp:jingle:apps:grouping:0' "
                             "semantics='BUNDLE'>" +
                             Times(100,
                                   [](const std::string& i) {
                                     return "<content name='" + i + "'/>";
                                   }) +
                             "</group>";
                    })));
  EXPECT_LE(message.description.groups.size(), limits::kContents);
  for (const ContentGroup& group : message.description.groups) {
    EXPECT_LE(group.contents.size(), limits::kContents);
  }
}

// ---- reasons and session-info ----

TEST(ReasonCodec, HasConditionTextAndApplicationsCondition) {
  const JingleMessage message = Parsed(Jingle(
      "session-terminate",
      "<reason><security-error/><text>DTLS-SRTP required</text>"
      "<crypto-required xmlns='urn:xmpp:jingle:apps:rtp:errors:1'/></reason>"));
  EXPECT_THAT(message.reason,
              Optional(JingleReason{"security-error", "DTLS-SRTP required", "",
                                    "crypto-required",
                                    "urn:xmpp:jingle:apps:rtp:errors:1"}));
  ExpectReadAsWritten(message);
}

// The form of jingle.md s6.9.
TEST(ReasonCodec, IsWrittenAsTheContractShows) {
  JingleMessage message;
  message.action = JingleAction::kSessionTerminate;
  message.sid = "SID";
  message.reason =
      JingleReason{"security-error", "DTLS-SRTP required", "",
                   "crypto-required", "urn:xmpp:jingle:apps:rtp:errors:1"};
  EXPECT_EQ(Serialize(WriteJingle(message)),
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' "
            "sid='SID'><reason><security-error/><text>DTLS-SRTP required"
            "</text><crypto-required "
            "xmlns='urn:xmpp:jingle:apps:rtp:errors:1'/></reason></jingle>");
}

TEST(ReasonCodec, NamesTheSessionThatGoesOn) {
  const JingleMessage message =
      Parsed(Jingle("session-terminate",
                    "<reason><alternative-session><sid>b84tkkwlmb48kgfb</sid>"
                    "</alternative-session></reason>"));
  EXPECT_EQ(message.reason->condition, "alternative-session");
  EXPECT_EQ(message.reason->alternative_sid, "b84tkkwlmb48kgfb");
  ExpectReadAsWritten(message);
}

TEST(ReasonCodec, MayBeEmptyOrMissing) {
  EXPECT_THAT(Parsed(Jingle("session-terminate", "")).reason, Eq(std::nullopt));
  EXPECT_THAT(Parsed(Jingle("session-terminate", "<reason/>")).reason,
              Optional(JingleReason()));
}

TEST(SessionInfoCodec, KnowsTheKindsOfXep0167) {
  using Kind = SessionInfo::Kind;
  const std::pair<std::string_view, Kind> kinds[] = {
      {"active", Kind::kActive},  {"hold", Kind::kHold},
      {"unhold", Kind::kUnhold},  {"mute", Kind::kMute},
      {"unmute", Kind::kUnmute},  {"ringing", Kind::kRinging},
      {"whistle", Kind::kUnknown}};
  for (const auto& [name, kind] : kinds) {
    const JingleMessage message = Parsed(
        Jingle("session-info", "<" + std::string(name) +
                                   " xmlns='urn:xmpp:jingle:apps:rtp:info:1'"
                                   "/>"));
    EXPECT_EQ(message.info.kind, kind) << name;
    if (kind != Kind::kUnknown) ExpectReadAsWritten(message);
  }
}

TEST(SessionInfoCodec, NamesTheContentThatIsMuted) {
  const JingleMessage message = Parsed(Jingle(
      "session-info",
      "<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' creator='initiator' "
      "name='video'/>"));
  EXPECT_EQ(message.info, (SessionInfo{SessionInfo::Kind::kMute, "video"}));
  ExpectReadAsWritten(message);
}

TEST(SessionInfoCodec, IsAPingWhenEmpty) {
  EXPECT_EQ(Parsed(Jingle("session-info", "")).info.kind,
            SessionInfo::Kind::kPing);
}

TEST(SessionInfoCodec, IsUnknownOtherwise) {
  EXPECT_EQ(
      Parsed(Jingle("session-info", "<mute xmlns='urn:other'/>")).info.kind,
      SessionInfo::Kind::kUnknown);
}

TEST(SessionInfoCodec, IsOfSessionInfoOnly) {
  EXPECT_EQ(Parsed(Jingle("session-accept",
                          "<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"))
                .info,
            SessionInfo());
}

// ---- <description/> ----

TEST(DescriptionCodec, HasMedia) {
  for (const auto& [text, media] :
       {std::pair("audio", Media::kAudio), std::pair("video", Media::kVideo),
        std::pair("application", Media::kOther)}) {
    XmlElement element("description", ns::kRtp);
    element.Set("media", text);
    std::string error;
    const auto description = ParseRtpDescription(element, &error);
    ASSERT_TRUE(description.has_value());
    EXPECT_EQ(description->media, media);
  }
}

TEST(DescriptionCodec, SsrcIsANumber) {
  for (const std::string_view ssrc :
       {"", "-1", "4294967296", "x", "0x10", "1 "}) {
    XmlElement element("description", ns::kRtp);
    element.Set("ssrc", ssrc);
    std::string error;
    EXPECT_FALSE(ParseRtpDescription(element, &error).has_value()) << ssrc;
    EXPECT_FALSE(error.empty());
  }
}

TEST(PayloadTypeCodec, IdIsFrom0To127) {
  for (const std::string id : {"", "128", "255", "256", "-1", "+1", "1.0", "x",
                               " 1", "1 ", "4294967392"}) {
    ExpectBadRequest(Jingle("session-initiate",
                            Content0("<payload-type id='" + id + "'/>")));
  }
  ExpectBadRequest(Jingle("session-initiate", Content0("<payload-type/>")));
  EXPECT_THAT(
      Described("<payload-type id='0'/><payload-type id='127'/>").payload_types,
      ElementsAre(PayloadType{0, "", 0, 1, {}, {}},
                  PayloadType{127, "", 0, 1, {}, {}}));
}

TEST(PayloadTypeCodec, RefusesRatesAndChannelsThatAreNoNumbers) {
  for (const std::string attribute :
       {"clockrate='x'", "clockrate=''", "clockrate='-1'",
        "clockrate='1000001'", "channels='x'", "channels='-1'",
        "channels='256'", "channels=''"}) {
    ExpectBadRequest(
        Jingle("session-initiate",
               Content0("<payload-type id='96' " + attribute + "/>")));
  }
}

TEST(PayloadTypeCodec, AreAtMost64InAContent) {
  const auto type = [](const std::string& i) {
    return "<payload-type id='" + i + "'/>";
  };
  EXPECT_THAT(Described(Times(64, type)).payload_types, SizeIs(64));
  ExpectBadRequest(Jingle("session-initiate", Content0(Times(65, type))));
}

TEST(PayloadTypeCodec, ParametersAndFeedbackAreBounded) {
  const RtpDescription description = Described(
      "<payload-type id='96'>" +
      Times(500,
            [](const std::string& i) {
              return "<parameter name='p" + i +
                     "' value='1'/><rtcp-fb "
                     "xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='t" +
                     i + "'/>";
            }) +
      "</payload-type>");
  ASSERT_THAT(description.payload_types, SizeIs(1));
  EXPECT_THAT(description.payload_types[0].parameters,
              SizeIs(limits::kParameters));
  EXPECT_THAT(description.payload_types[0].feedback,
              SizeIs(limits::kFeedbackTypes));
}

// XEP-0339 has attributes of sources without a value; stanza.js writes "red"'s
// "111/111" so, and takes an empty value for "111/111=".
TEST(PayloadTypeCodec, ParametersWithoutAValueAreWrittenWithoutOne) {
  const RtpDescription description = Described(
      "<payload-type id='63'><parameter name='111/111'/></payload-type>"
      "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='1'>"
      "<parameter name='x'/><parameter name='y' value='z'/></source>");
  const std::string written = Serialize(WriteRtpDescription(description));
  EXPECT_THAT(written, HasSubstr("<parameter name='111/111'/>"));
  EXPECT_THAT(written, HasSubstr("<parameter name='x'/>"));
  EXPECT_THAT(written, HasSubstr("<parameter name='y' value='z'/>"));
}

TEST(DescriptionCodec, TextsHaveAtMostAKilobyte) {
  const std::string text(limits::kTextBytes + 1, 'x');
  const std::string cut(limits::kTextBytes, 'x');
  const RtpDescription description = Described(
      "<payload-type id='1' name='" + text + "'><parameter name='" + text +
      "' value='" + text +
      "'/></payload-type>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' uri='" +
      text + "'/>");
  ASSERT_THAT(description.payload_types, SizeIs(1));
  EXPECT_EQ(description.payload_types[0].name, cut);
  EXPECT_THAT(description.payload_types[0].parameters,
              ElementsAre(std::pair(cut, cut)));
  EXPECT_THAT(description.extensions,
              ElementsAre(HeaderExtension{1, cut, Senders::kBoth}));
}

TEST(ExtensionCodec, IdIsFrom1To255) {
  const auto extension = [](const std::string& id) {
    return "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='" +
           id + "' uri='u'/>";
  };
  for (const std::string id : {"", "0", "256", "-1", "x", "1 "}) {
    ExpectBadRequest(Jingle("session-initiate", Content0(extension(id))));
  }
  EXPECT_THAT(Described(extension("1") + extension("255")).extensions,
              ElementsAre(HeaderExtension{1, "u", Senders::kBoth},
                          HeaderExtension{255, "u", Senders::kBoth}));
}

TEST(ExtensionCodec, AreAtMost32InASession) {
  const auto extensions = [](int first, int count) {
    std::string out;
    for (int i = first; i < first + count; ++i) {
      out += "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='" +
             std::to_string(i) + "' uri='u" + std::to_string(i) + "'/>";
    }
    return out;
  };
  const auto session = [&](int first, int count) {
    std::string other = Content0(extensions(first, count));
    other.replace(other.find("name='0'"), 8, "name='1'");
    return Jingle("session-initiate", Content0(extensions(1, 32)) + other);
  };
  EXPECT_THAT(Described(extensions(1, 32)).extensions, SizeIs(32));
  ExpectBadRequest(Jingle("session-initiate", Content0(extensions(1, 33))));
  Parsed(session(1, 32));  // the same ones again
  ExpectBadRequest(session(33, 1));
}

TEST(SourceCodec, SsrcsAreNumbers) {
  for (const std::string ssrc : {"", "-1", "4294967296", "x"}) {
    ExpectBadRequest(Jingle(
        "session-initiate",
        Content0("<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='" +
                 ssrc + "'/>")));
    ExpectBadRequest(
        Jingle("session-initiate",
               Content0("<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' "
                        "semantics='FID'><source ssrc='" +
                        ssrc + "'/></ssrc-group>")));
  }
  EXPECT_THAT(Described("<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' "
                        "ssrc='4294967295'/>")
                  .sources,
              ElementsAre(SsrcSource{UINT32_MAX, {}}));
}

TEST(SourceCodec, AreAtMost20InASession) {
  const auto source = [](const std::string& i) {
    return "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='" + i + "'/>";
  };
  EXPECT_THAT(Described(Times(20, source)).sources, SizeIs(20));
  ExpectBadRequest(Jingle("session-initiate", Content0(Times(21, source))));
  std::string other = Content0(source("99"));
  other.replace(other.find("name='0'"), 8, "name='1'");
  ExpectBadRequest(
      Jingle("session-initiate", Content0(Times(20, source)) + other));
}

TEST(SourceCodec, GroupsAreAtMost20InASession) {
  const auto group = [](const std::string& i) {
    return "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' "
           "semantics='SIM'><source ssrc='" +
           i + "'/></ssrc-group>";
  };
  EXPECT_THAT(Described(Times(20, group)).ssrc_groups, SizeIs(20));
  ExpectBadRequest(Jingle("session-initiate", Content0(Times(21, group))));
}

// decisions.md s2: 128 different ones in a session. Ids have seven bits, so
// that more cannot be; the same in many contents are no more.
TEST(PayloadTypeCodec, MayBeTheSameInManyContents) {
  const std::string types = Times(64, [](const std::string& i) {
    return "<payload-type id='" + i + "'/>";
  });
  std::string contents;
  for (int i = 0; i < 12; ++i) {
    std::string content = Content0(types);
    content.replace(content.find("name='0'"), 8,
                    "name='" + std::to_string(i) + "'");
    contents += content;
  }
  EXPECT_THAT(Parsed(Jingle("session-initiate", contents)).description.contents,
              SizeIs(12));
}

// ---- <transport/> ----

TEST(TransportCodec, CredentialsAreAtMost256Characters) {
  const auto transport = [](size_t ufrag, size_t pwd) {
    return Jingle("transport-info",
                  "<content name='0'><transport "
                  "xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='" +
                      std::string(ufrag, 'u') + "' pwd='" +
                      std::string(pwd, 'p') + "'/></content>");
  };
  Parsed(transport(256, 256));
  ExpectBadRequest(transport(257, 22));
  ExpectBadRequest(transport(4, 257));
}

TEST(TransportCodec, KnowsTheEndOfGathering) {
  EXPECT_FALSE(Transported("").gathering_complete);
  EXPECT_TRUE(Transported("<gathering-complete/>").gathering_complete);
  ExpectReadAsWritten(
      Parsed(Jingle("transport-info", Ice("<gathering-complete/>"))));
}

TEST(TransportCodec, IgnoresARemoteCandidate) {
  EXPECT_THAT(Transported("<remote-candidate component='1' ip='10.0.1.2' "
                          "port='9001'/>")
                  .candidates,
              IsEmpty());
}

std::string Candidate(const std::string& attribute, const std::string& value) {
  std::vector<std::pair<std::string, std::string>> attributes = {
      {"component", "1"}, {"foundation", "1"},   {"generation", "0"},
      {"id", "c1"},       {"ip", "203.0.113.5"}, {"network", "0"},
      {"port", "10000"},  {"priority", "1"},     {"protocol", "udp"},
      {"type", "host"}};
  std::string xml = "<candidate";
  for (const auto& [name, text] : attributes) {
    xml += " " + name + "='" + (name == attribute ? value : text) + "'";
  }
  return xml + "/>";
}

// One candidate that is odd must not end a call that has others.
TEST(TransportCodec, DropsCandidatesThatAreUnusable) {
  const std::pair<std::string, std::string> odd[] = {
      {"component", ""},
      {"component", "x"},
      {"component", "0"},
      {"component", "256"},
      {"component", "257"},
      {"component", "-1"},
      {"port", ""},
      {"port", "65536"},
      {"port", "-1"},
      {"port", "x"},
      {"priority", ""},
      {"priority", "-1"},
      {"priority", "4294967296"}};
  for (const auto& [attribute, value] : odd) {
    const IceTransport transport =
        Transported(Candidate(attribute, value) + Candidate("", ""));
    ASSERT_FALSE(transport.candidates.empty());
    if (value == "256" && transport.candidates.size() == 2) {
      // RFC 8839 s5.1: the last component there is.
      EXPECT_EQ(int{transport.candidates[0].component}, 256);
      continue;
    }
    EXPECT_THAT(transport.candidates, SizeIs(1)) << attribute << " " << value;
  }
}

TEST(TransportCodec, CandidatesAreAtMost64) {
  const auto candidate = [](const std::string& i) {
    return Candidate("id", i);
  };
  EXPECT_THAT(Transported(Times(64, candidate)).candidates, SizeIs(64));
  ExpectBadRequest(Jingle("transport-info", Ice(Times(65, candidate))));
}

TEST(TransportCodec, RefusesNoCandidateForItsAddress) {
  for (const std::string ip :
       {"10.0.0.1", "fe80::1", "f0b1.local", "host.example"}) {
    const IceTransport transport = Transported(Candidate("ip", ip));
    ASSERT_THAT(transport.candidates, SizeIs(1));
    EXPECT_EQ(transport.candidates[0].ip, ip);
  }
}

// ---- <fingerprint/> ----

Fingerprint Fingered(const std::string& attributes, const std::string& text) {
  return Transported("<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' " +
                     attributes + ">" + text + "</fingerprint>")
      .fingerprint.value_or(Fingerprint());
}

TEST(FingerprintCodec, HasHashSetupAndDigest) {
  EXPECT_EQ(Fingered("hash='sha-256' setup='passive'", "00:1A:ff"),
            (Fingerprint{"sha-256", {0x00, 0x1A, 0xFF}, DtlsSetup::kPassive}));
  EXPECT_EQ(Fingered("hash='SHA-256'", "AB"),
            (Fingerprint{"sha-256", {0xAB}, std::nullopt}));
}

TEST(FingerprintCodec, KnowsTheRoles) {
  for (const auto& [text, setup] :
       {std::pair("actpass", DtlsSetup::kActpass),
        std::pair("active", DtlsSetup::kActive),
        std::pair("passive", DtlsSetup::kPassive),
        std::pair("holdconn", DtlsSetup::kHoldconn)}) {
    EXPECT_EQ(
        Fingered("hash='sha-1' setup='" + std::string(text) + "'", "AB").setup,
        setup);
    ExpectReadAsWritten(Parsed(Jingle(
        "transport-info",
        Ice("<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-1' "
            "setup='" +
            std::string(text) + "'>AB:CD</fingerprint>"))));
  }
  EXPECT_EQ(Fingered("hash='sha-1' setup='both'", "AB").setup, std::nullopt);
}

TEST(FingerprintCodec, MayHaveSpaceAround) {
  for (const std::string space : {" ", "\n", "\t", "\r\n", "\n\t  "}) {
    EXPECT_EQ(Fingered("hash='sha-1'", space + "AB:CD" + space).digest,
              (std::vector<uint8_t>{0xAB, 0xCD}));
  }
}

TEST(FingerprintCodec, HasNoDigestIfItIsNotColonSeparatedHex) {
  for (const std::string text :
       {"", ":", "A", "ABCD", "AB:C", "AB:", ":AB", "AB:CD:", "AB::CD", "AB CD",
        "AB-CD", "GG", "AB:0x", "AB:+1", "AB:-1", "AB: CD"}) {
    EXPECT_THAT(Fingered("hash='sha-1'", text).digest, IsEmpty()) << text;
  }
}

// A digest that is too long is none, not its beginning.
TEST(FingerprintCodec, IsNotCut) {
  const auto of = [](size_t bytes) {
    std::string text = "AB";
    for (size_t i = 1; i < bytes; ++i) text += ":AB";
    return Fingered("hash='sha-512'", text).digest.size();
  };
  EXPECT_EQ(of(64), 64u);
  EXPECT_NE(of(65), 64u);
  EXPECT_NE(of(1000), 64u);
}

TEST(ParseNumber, TakesDecimalNumbersOnly) {
  EXPECT_THAT(ParseNumber("0", 0), Optional(0u));
  EXPECT_THAT(ParseNumber("007", 7), Optional(7u));
  EXPECT_THAT(ParseNumber("4294967295", UINT32_MAX), Optional(UINT32_MAX));
  for (const std::string_view text :
       {"", " ", "-0", "+0", "1 ", " 1", "1.", "0x1", "1e1", "4294967296",
        "99999999999999999999", "\xD9\xA1"}) {
    EXPECT_THAT(ParseNumber(text, UINT32_MAX), Eq(std::nullopt)) << text;
  }
  EXPECT_THAT(ParseNumber("8", 7), Eq(std::nullopt));
}

// ---- examples of the standards ----

TEST(JingleVectors, Xep0166Terminate) {
  const JingleMessage message = Parsed(
      "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' "
      "sid='a73sjjvkla37jfea'><reason><success/><text>Sorry, gotta go!</text>"
      "</reason></jingle>");
  EXPECT_EQ(message.sid, "a73sjjvkla37jfea");
  EXPECT_THAT(message.reason, Optional(JingleReason{
                                  "success", "Sorry, gotta go!", "", "", ""}));
  ExpectReadAsWritten(message);
}

// XEP-0167 s4, with XEP-0176's transport and the fingerprint of XEP-0320.
TEST(JingleVectors, Xep0320Initiate) {
  const JingleMessage message = Parsed(R"(
<jingle xmlns='urn:xmpp:jingle:1'
        action='session-initiate'
        initiator='romeo@montague.lit/orchard'
        sid='a73sjjvkla37jfea'>
  <content creator='initiator' name='voice'>
    <description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>
      <payload-type id='96' name='speex' clockrate='16000'/>
      <payload-type id='18' name='G729'/>
      <payload-type id='103' name='L16' clockrate='16000' channels='2'/>
    </description>
    <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'
               pwd='asd88fgpdd777uzjYhagZg'
               ufrag='8hhy'>
      <fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256'
                   setup='actpass'>
        02:1A:CC:54:27:AB:EB:9C:53:3F:3E:4B:65:2E:7D:46:3F:54:42:CD:54:F1:)"
                                       R"(7A:03:A2:7D:F9:B0:7F:46:19:B2
      </fingerprint>
      <candidate component='1' foundation='1' generation='0' id='el0747fg11'
                 ip='10.0.1.1' network='1' port='8998' priority='2130706431'
                 protocol='udp' type='host'/>
      <candidate component='1' foundation='2' generation='0' id='y3s2b30v3r'
                 ip='192.0.2.3' network='1' port='45664' priority='1694498815'
                 protocol='udp' rel-addr='10.0.1.1' rel-port='8998'
                 type='srflx'/>
    </transport>
  </content>
</jingle>)");
  const Content& voice = message.description.contents.at(0);
  EXPECT_THAT(voice.description->payload_types,
              ElementsAre(PayloadType{96, "speex", 16000, 1, {}, {}},
                          PayloadType{18, "G729", 0, 1, {}, {}},
                          PayloadType{103, "L16", 16000, 2, {}, {}}));
  const IceCandidate host{"el0747fg11", "1",    1,          0,    1,
                          "udp",        "host", "10.0.1.1", 8998, 2130706431};
  const IceCandidate reflexive{
      "y3s2b30v3r", "2",     1,           0,     1,
      "udp",        "srflx", "192.0.2.3", 45664, 1694498815};
  EXPECT_THAT(voice.transport->candidates, ElementsAre(host, reflexive));
  ASSERT_TRUE(voice.transport->fingerprint.has_value());
  EXPECT_EQ(voice.transport->fingerprint->setup, DtlsSetup::kActpass);
  ASSERT_THAT(voice.transport->fingerprint->digest, SizeIs(32));
  EXPECT_EQ(voice.transport->fingerprint->digest[0], 0x02);
  EXPECT_EQ(voice.transport->fingerprint->digest[31], 0xB2);
  ExpectReadAsWritten(message);
}

// XEP-0320's last example is indented by tabs.
TEST(JingleVectors, Xep0320TransportInfo) {
  const JingleMessage message = Parsed(
      "<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' "
      "initiator='romeo@montague.lit/orchard' "
      "responder='juliet@capulet.lit/balcony' sid='a73sjjvkla37jfea'>\n"
      "<content creator='initiator' name='voice'>\n"
      "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' "
      "pwd='YH75Fviy6338Vbrhrlp8Yh' ufrag='9uB6'>\n"
      "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' "
      "setup='active'>\n\t        BD:E8:2C:D3:BD:B6:98:50:45:7D:5B:36:89:53:31:"
      "15:52:25:88:82:06:95:88:A3:3D:A5:43:8D:5C:21:21:66\n\t      "
      "</fingerprint></transport></content></jingle>");
  EXPECT_EQ(message.responder, "juliet@capulet.lit/balcony");
  const auto& fingerprint =
      message.description.contents.at(0).transport->fingerprint;
  ASSERT_TRUE(fingerprint.has_value());
  EXPECT_EQ(fingerprint->setup, DtlsSetup::kActive);
  ASSERT_THAT(fingerprint->digest, SizeIs(32));
  EXPECT_EQ(fingerprint->digest[0], 0xBD);
  EXPECT_EQ(fingerprint->digest[31], 0x66);
  ExpectReadAsWritten(message);
}

TEST(JingleVectors, Xep0293Feedback) {
  const RtpDescription description = Described(
      "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='nack' "
      "subtype='pli'/>"
      "<payload-type id='96' name='H264' clockrate='90000'>"
      "<rtcp-fb-trr-int xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' "
      "value='100'/><rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' "
      "type='nack' subtype='sli'/></payload-type>"
      "<payload-type id='34' name='H263' clockrate='90000'/>");
  EXPECT_THAT(description.feedback, ElementsAre(RtcpFeedback{"nack", "pli"}));
  EXPECT_THAT(
      description.payload_types,
      ElementsAre(PayloadType{96, "H264", 90000, 1, {}, {{"nack", "sli"}}},
                  PayloadType{34, "H263", 90000, 1, {}, {}}));
}

TEST(JingleVectors, Xep0294Extensions) {
  const std::string inner =
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' "
      "uri='URI-toffset'/>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='2' "
      "uri='URI-gps-string' senders='initiator'/>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='3' "
      "uri='URI-frametype'/>";
  EXPECT_THAT(
      Described(inner).extensions,
      ElementsAre(HeaderExtension{1, "URI-toffset", Senders::kBoth},
                  HeaderExtension{2, "URI-gps-string", Senders::kInitiator},
                  HeaderExtension{3, "URI-frametype", Senders::kBoth}));
  ExpectReadAsWritten(Parsed(Jingle("session-initiate", Content0(inner))));
}

TEST(JingleVectors, Xep0338Group) {
  const JingleMessage message =
      Parsed(Jingle("session-initiate",
                    "<group xmlns='urn:xmpp:jingle:apps:grouping:0' "
                    "semantics='BUNDLE'><content name='voice'/>"
                    "<content name='webcam'/></group>"
                    "<content creator='initiator' name='voice'/>"
                    "<content creator='initiator' name='webcam'/>"));
  EXPECT_THAT(message.description.groups,
              ElementsAre(ContentGroup{"BUNDLE", {"voice", "webcam"}}));
  EXPECT_THAT(message.description.contents, SizeIs(2));
  ExpectReadAsWritten(message);
}

TEST(JingleVectors, Xep0339Sources) {
  const std::string inner =
      "<payload-type id='100' name='VP8' clockrate='90000'/>"
      "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' semantics='FID'>"
      "<source ssrc='2301230316'/><source ssrc='386328120'/></ssrc-group>"
      "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' semantics='FID'>"
      "<source ssrc='3139499595'/><source ssrc='2613715171'/></ssrc-group>"
      "<source ssrc='2301230316' xmlns='urn:xmpp:jingle:apps:rtp:ssma:0'>"
      "<parameter name='cname' value='T5qvrIZj42v//eYQ'/></source>"
      "<source ssrc='386328120' xmlns='urn:xmpp:jingle:apps:rtp:ssma:0'>"
      "<parameter name='cname' value='uEYgNtStZyTF74sM'/></source>";
  const RtpDescription description = Described(inner);
  EXPECT_THAT(description.ssrc_groups,
              ElementsAre(SsrcGroup{"FID", {2301230316, 386328120}},
                          SsrcGroup{"FID", {3139499595, 2613715171}}));
  EXPECT_THAT(
      description.sources,
      ElementsAre(SsrcSource{2301230316, {{"cname", "T5qvrIZj42v//eYQ"}}},
                  SsrcSource{386328120, {{"cname", "uEYgNtStZyTF74sM"}}}));
  ExpectReadAsWritten(Parsed(Jingle("session-initiate", Content0(inner))));
}

}  // namespace
}  // namespace signaling
