// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/stanza_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;
using ::testing::SizeIs;

const Jid kRoom{"standup", "sfu.example", ""};
const Jid kAlice{"alice", "example", "phone"};

XmlElement IqElement(std::string_view type, std::string_view id = "x1") {
  XmlElement element("iq");
  element.Set("type", type).Set("id", id);
  element.Set("from", "alice@example/phone").Set("to", "standup@sfu.example");
  return element;
}

XmlElement IqWith(XmlElement child, std::string_view type = "set") {
  XmlElement element = IqElement(type);
  element.Add(std::move(child));
  return element;
}

// The stanza as the kind it has to be; a failure and an empty one otherwise.
template <typename Kind>
Kind Parsed(const XmlElement& element) {
  const std::optional<Stanza> stanza = ParseStanza(element);
  const Kind* kind = stanza ? std::get_if<Kind>(&*stanza) : nullptr;
  EXPECT_NE(kind, nullptr) << Serialize(element);
  return kind != nullptr ? *kind : Kind();
}

template <typename Kind>
void ExpectReadAsWritten(const Kind& stanza) {
  const XmlElement element = WriteStanza(stanza);
  EXPECT_EQ(Parsed<Kind>(element), stanza) << Serialize(element);
}

// ---- IQs ----

TEST(IqCodec, HasTypeAddressesAndId) {
  const std::pair<std::string_view, IqType> types[] = {
      {"get", IqType::kGet},
      {"set", IqType::kSet},
      {"result", IqType::kResult},
      {"error", IqType::kError}};
  for (const auto& [text, type] : types) {
    const Iq iq = Parsed<Iq>(IqElement(text));
    EXPECT_EQ(iq.type, type);
    EXPECT_EQ(iq.from, kAlice);
    EXPECT_EQ(iq.to, kRoom);
    EXPECT_EQ(iq.id, "x1");
    EXPECT_EQ(iq.payload, IqPayload(Unknown()));
  }
}

// RFC 6120 s8.2.3: id and type are required.
TEST(IqCodec, NeedsAnIdAndAKnownType) {
  for (const std::string_view type : {"", "Get", "ask", "result "}) {
    EXPECT_THAT(ParseStanza(IqElement(type)), Eq(std::nullopt)) << type;
  }
  EXPECT_THAT(ParseStanza(IqElement("get", "")), Eq(std::nullopt));
  XmlElement bare("iq");
  EXPECT_THAT(ParseStanza(bare), Eq(std::nullopt));
}

TEST(IqCodec, IdHasAtMostAKilobyte) {
  EXPECT_EQ(Parsed<Iq>(IqElement("get", std::string(1024, 'i'))).id,
            std::string(1024, 'i'));
  EXPECT_THAT(ParseStanza(IqElement("get", std::string(1025, 'i'))),
              Eq(std::nullopt));
}

TEST(IqCodec, RefusesAddressesThatAreNone) {
  for (const char* attribute : {"from", "to"}) {
    XmlElement element("iq");
    element.Set("type", "get").Set("id", "1").Set(attribute, "a@");
    EXPECT_THAT(ParseStanza(element), Eq(std::nullopt)) << attribute;
  }
}

TEST(IqCodec, MayHaveNoAddresses) {
  XmlElement element("iq");
  element.Set("type", "result").Set("id", "1");
  EXPECT_EQ(Parsed<Iq>(element).from, Jid());
  EXPECT_EQ(Parsed<Iq>(element).to, Jid());
}

TEST(IqCodec, KnowsThePayloadsOfStandardProtocols) {
  EXPECT_EQ(Parsed<Iq>(IqWith(XmlElement("ping", ns::kPing), "get")).payload,
            IqPayload(Ping()));
  XmlElement info("query", ns::kDiscoInfo);
  info.Set("node", "n");
  EXPECT_EQ(Parsed<Iq>(IqWith(info, "get")).payload,
            IqPayload(DiscoInfo{"n", {}, {}}));
  XmlElement items("query", ns::kDiscoItems);
  EXPECT_EQ(Parsed<Iq>(IqWith(items, "get")).payload, IqPayload(DiscoItems()));
}

TEST(IqCodec, KnowsThePayloadsOfJingleAndOfTheRoom) {
  XmlElement jingle("jingle", ns::kJingle);
  jingle.Set("action", "session-info").Set("sid", "s");
  JingleMessage message;
  message.sid = "s";
  EXPECT_EQ(Parsed<Iq>(IqWith(jingle)).payload, IqPayload(message));
  XmlElement resume("resume", ns::kRoom);
  resume.Set("token", "t");
  EXPECT_EQ(Parsed<Iq>(IqWith(resume)).payload, IqPayload(Resume{"t", ""}));
}

TEST(IqCodec, CarriesTheErrorOfAPayloadThatIsMalformed) {
  XmlElement jingle("jingle", ns::kJingle);
  jingle.Set("action", "session-dance").Set("sid", "s");
  const Iq iq = Parsed<Iq>(IqWith(jingle));
  EXPECT_EQ(iq.id, "x1");
  EXPECT_EQ(iq.from, kAlice);
  const auto* malformed = std::get_if<Malformed>(&iq.payload);
  ASSERT_NE(malformed, nullptr);
  EXPECT_EQ(malformed->error.condition, "bad-request");
}

TEST(IqCodec, NamesAPayloadThatNobodyKnows) {
  EXPECT_EQ(
      Parsed<Iq>(IqWith(XmlElement("query", "jabber:iq:version"))).payload,
      IqPayload(Unknown{"query", "jabber:iq:version"}));
  // The right name in another namespace.
  EXPECT_EQ(Parsed<Iq>(IqWith(XmlElement("jingle", "urn:other"))).payload,
            IqPayload(Unknown{"jingle", "urn:other"}));
}

TEST(IqCodec, HasOnePayload) {
  XmlElement element = IqElement("set");
  element.Add(XmlElement("query", "jabber:iq:version"));
  element.Add(XmlElement("ping", ns::kPing));
  EXPECT_EQ(Parsed<Iq>(element).payload,
            IqPayload(Unknown{"query", "jabber:iq:version"}));
}

// ---- errors ----

TEST(ErrorCodec, ReadsConditionJingleConditionAndText) {
  XmlElement error("error");
  error.Set("type", "wait");
  error.Add(XmlElement("unexpected-request", ns::kStanzas));
  error.Add(XmlElement("text", ns::kStanzas)).text = "too soon";
  error.Add(XmlElement("out-of-order", ns::kJingleErrors));
  error.Add(XmlElement("other", "urn:other"));
  const Iq iq = Parsed<Iq>(IqWith(error, "error"));
  EXPECT_THAT(iq.error, Optional(StanzaError{"wait", "unexpected-request",
                                             "out-of-order", "too soon"}));
}

// RFC 6120 s8.3.2: defined condition, text, application's condition.
TEST(ErrorCodec, WritesTheTextBehindTheCondition) {
  Iq iq;
  iq.type = IqType::kError;
  iq.id = "1";
  iq.error = StanzaError{"wait", "unexpected-request", "out-of-order", "soon"};
  const XmlElement written = WriteStanza(iq);
  ASSERT_THAT(written.children, SizeIs(1));
  std::vector<std::string> names;
  for (const XmlElement& child : written.children[0].children) {
    names.push_back(child.name);
  }
  EXPECT_THAT(names, ElementsAre("unexpected-request", "text", "out-of-order"));
}

// A request may be returned with its error, before it (RFC 6120 s8.3.1).
TEST(ErrorCodec, FindsTheErrorBehindTheRequest) {
  XmlElement element = IqElement("error");
  element.Add(XmlElement("ping", ns::kPing));
  XmlElement& error = element.Add(XmlElement("error"));
  error.Set("type", "cancel");
  error.Add(XmlElement("item-not-found", ns::kStanzas));
  const Iq iq = Parsed<Iq>(element);
  EXPECT_THAT(iq.error,
              Optional(StanzaError{"cancel", "item-not-found", "", ""}));
}

TEST(ErrorCodec, IsAnErrorEvenWithoutOne) {
  EXPECT_TRUE(Parsed<Iq>(IqElement("error")).error.has_value());
  const Iq iq = Parsed<Iq>(IqWith(XmlElement("error"), "error"));
  ASSERT_TRUE(iq.error.has_value());
  EXPECT_EQ(iq.error->condition, "undefined-condition");
}

TEST(ErrorCodec, OnlyErrorsHaveOne) {
  EXPECT_THAT(Parsed<Iq>(IqWith(XmlElement("error"), "result")).error,
              Eq(std::nullopt));
}

// The forms of jingle.md s6.9.
TEST(ErrorCodec, IsWrittenForJingle) {
  Iq iq;
  iq.type = IqType::kError;
  iq.from = kRoom;
  iq.to = kAlice;
  iq.id = "x1";
  iq.error = StanzaError{"cancel", "item-not-found", "unknown-session", ""};
  EXPECT_EQ(Serialize(WriteStanza(iq)),
            "<iq type='error' id='x1' from='standup@sfu.example' "
            "to='alice@example/phone'><error type='cancel'>"
            "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "<unknown-session xmlns='urn:xmpp:jingle:errors:1'/></error></iq>");
}

TEST(ErrorCodec, ReadsWhatItWrites) {
  for (const StanzaError& error :
       {StanzaError{"cancel", "item-not-found", "unknown-session", ""},
        StanzaError{"wait", "resource-constraint", "", "try <later> & \"so\""},
        StanzaError{"modify", "bad-request", "", "no sid"},
        StanzaError{"auth", "forbidden", "", ""}}) {
    Iq iq;
    iq.type = IqType::kError;
    iq.from = kRoom;
    iq.to = kAlice;
    iq.id = "x1";
    iq.error = error;
    ExpectReadAsWritten(iq);
  }
}

// ---- presence ----

TEST(PresenceCodec, HasTheTypesOfRfc6121) {
  const std::pair<std::string_view, PresenceType> types[] = {
      {"", PresenceType::kAvailable},
      {"unavailable", PresenceType::kUnavailable},
      {"subscribe", PresenceType::kSubscribe},
      {"subscribed", PresenceType::kSubscribed},
      {"unsubscribe", PresenceType::kUnsubscribe},
      {"unsubscribed", PresenceType::kUnsubscribed},
      {"probe", PresenceType::kProbe},
      {"error", PresenceType::kError}};
  for (const auto& [text, type] : types) {
    XmlElement element("presence");
    element.SetIf("type", text).Set("from", "alice@example/phone");
    const Presence presence = Parsed<Presence>(element);
    EXPECT_EQ(presence.type, type);
    EXPECT_EQ(presence.from, kAlice);
    ExpectReadAsWritten(presence);
  }
}

TEST(PresenceCodec, RefusesTypesAndAddressesThatAreNone) {
  XmlElement type("presence");
  type.Set("type", "available");
  EXPECT_THAT(ParseStanza(type), Eq(std::nullopt));
  XmlElement from("presence");
  from.Set("from", "/r");
  EXPECT_THAT(ParseStanza(from), Eq(std::nullopt));
}

TEST(PresenceCodec, IsWrittenForSubscribers) {
  Presence presence;
  presence.from = Jid{"standup", "sfu.example", "focus"};
  presence.to = Jid{"alice", "example", ""};
  presence.show = "chat";
  presence.status = "2 in call";
  presence.caps = Caps{"https://sfu.invalid", "QgayPKawpkPSDYmwT/WM94uAlu0="};
  EXPECT_EQ(Serialize(WriteStanza(presence)),
            "<presence from='standup@sfu.example/focus' to='alice@example'>"
            "<show>chat</show><status>2 in call</status>"
            "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
            "node='https://sfu.invalid' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>"
            "</presence>");
  ExpectReadAsWritten(presence);
}

TEST(PresenceCodec, HasANickname) {
  XmlElement element("presence");
  element.Add(XmlElement("nick", ns::kNick)).text = "Alice";
  element.Add(XmlElement("nick", "urn:other")).text = "Mallory";
  EXPECT_EQ(Parsed<Presence>(element).nick, "Alice");
  Presence presence;
  presence.nick = "Zo\xC3\xAB";
  ExpectReadAsWritten(presence);
}

TEST(PresenceCodec, TextsHaveAtMostAKilobyte) {
  XmlElement element("presence");
  const std::string text(5000, 'x');
  element.Add(XmlElement("nick", ns::kNick)).text = text;
  element.Add(XmlElement("show")).text = text;
  element.Add(XmlElement("status")).text = text;
  const Presence presence = Parsed<Presence>(element);
  EXPECT_EQ(presence.nick, std::string(1024, 'x'));
  EXPECT_EQ(presence.show, std::string(1024, 'x'));
  EXPECT_EQ(presence.status, std::string(1024, 'x'));
}

// Half a character of a name is passed on to all others, and ends our stream.
TEST(PresenceCodec, TextsAreNotCutInsideACharacter) {
  for (size_t lead = 1021; lead <= 1024; ++lead) {
    XmlElement element("presence");
    element.Add(XmlElement("nick", ns::kNick)).text =
        std::string(lead, '\t') + "\xE2\x82\xAC";
    const std::string nick = Parsed<Presence>(element).nick;
    const std::string_view rest = std::string_view(nick).substr(lead);
    EXPECT_TRUE(rest.empty() || rest == "\xE2\x82\xAC") << lead;
  }
}

// ---- messages ----

TEST(MessageCodec, HasTypeBodyAndAddresses) {
  XmlElement element("message");
  element.Set("type", "chat").Set("id", "m1");
  element.Set("from", "alice@example/phone").Set("to", "standup@sfu.example");
  element.Add(XmlElement("body")).text = "hello";
  element.Add(XmlElement("store", "urn:xmpp:hints"));
  Message expected;
  expected.type = "chat";
  expected.id = "m1";
  expected.from = kAlice;
  expected.to = kRoom;
  expected.body = "hello";
  EXPECT_EQ(Parsed<Message>(element), expected);
  ExpectReadAsWritten(expected);
}

TEST(MessageCodec, RefusesAddressesThatAreNone) {
  XmlElement element("message");
  element.Set("to", "@");
  EXPECT_THAT(ParseStanza(element), Eq(std::nullopt));
}

TEST(MessageCodec, CarriesWhatARoomTells) {
  Message message;
  message.type = "headline";
  message.from = kRoom;
  message.to = kAlice;
  message.payload = SlotMap{7, {{"1", "p9-v0", "p9", "camera"}}};
  EXPECT_EQ(Serialize(WriteStanza(message)),
            "<message type='headline' from='standup@sfu.example' "
            "to='alice@example/phone'>"
            "<slots xmlns='urn:carillon:room:0' version='7'>"
            "<slot content='1' source='p9-v0' owner='p9' type='camera'/>"
            "</slots></message>");
  ExpectReadAsWritten(message);
  message.payload = Speakers{"p9", {"p9"}};
  ExpectReadAsWritten(message);
  Roster roster;
  roster.version = 3;
  roster.participants = {{"p9", "Bob", true, {}}};
  message.payload = roster;
  ExpectReadAsWritten(message);
}

TEST(MessageCodec, CarriesAnAnnouncedCall) {
  Message message;
  message.type = "chat";
  message.id = "m1";
  message.from = kAlice;
  message.to = kRoom;
  message.payload = CallMessage{
      CallMessage::Kind::kPropose, "s1", {Media::kAudio, Media::kVideo}, {}};
  EXPECT_EQ(Serialize(WriteStanza(message)),
            "<message type='chat' id='m1' from='alice@example/phone' "
            "to='standup@sfu.example'>"
            "<propose xmlns='urn:xmpp:jingle-message:0' id='s1'>"
            "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>"
            "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/>"
            "</propose><store xmlns='urn:xmpp:hints'/></message>");
  ExpectReadAsWritten(message);
  for (const auto kind :
       {CallMessage::Kind::kRinging, CallMessage::Kind::kProceed,
        CallMessage::Kind::kReject, CallMessage::Kind::kRetract,
        CallMessage::Kind::kFinish, CallMessage::Kind::kAccept}) {
    CallMessage call{kind, "s1", {}, {}};
    if (kind == CallMessage::Kind::kReject) {
      call.reason = JingleReason();
      call.reason->condition = "busy";
      call.reason->text = "the room is full";
    }
    message.payload = call;
    ExpectReadAsWritten(message);
  }
}

TEST(MessageCodec, AnAnnouncementWithoutIdIsNone) {
  XmlElement element("message");
  element.Add(XmlElement("propose", "urn:xmpp:jingle-message:0"));
  const auto stanza = ParseStanza(element);
  ASSERT_TRUE(stanza);
  EXPECT_TRUE(
      std::holds_alternative<Unknown>(std::get<Message>(*stanza).payload));
}

// ---- all ----

TEST(StanzaCodec, RefusesWhatIsNoStanza) {
  for (const XmlElement& element :
       {XmlElement(), XmlElement("handshake"), XmlElement("IQ"),
        XmlElement("message", "urn:other"),
        XmlElement("features", "http://etherx.jabber.org/streams")}) {
    EXPECT_THAT(ParseStanza(element), Eq(std::nullopt)) << element.name;
  }
}

TEST(StanzaCodec, ReadsTheIqsItWrites) {
  JingleMessage terminate;
  terminate.action = JingleAction::kSessionTerminate;
  terminate.sid = "s";
  terminate.reason = JingleReason{"success", "", "", "", ""};
  for (const IqPayload& payload : std::initializer_list<IqPayload>{
           Unknown(), Unknown{"query", "jabber:iq:version"}, Ping(), terminate,
           DiscoInfo{"node",
                     {{"conference", "audio-video", "standup"},
                      {"component", "generic", ""}},
                     {"urn:xmpp:ping", "urn:xmpp:jingle:1"}},
           DiscoItems{"", {{"standup@sfu.example", "standup"}, {"b@c", ""}}},
           Receive{{"a"}, {{"4", 180}}}, Publish{{{"0", "", true}}},
           SetName{"Bob"}, Resume{"t", "s"}}) {
    Iq iq;
    iq.type = IqType::kSet;
    iq.from = kRoom;
    iq.to = kAlice;
    iq.id = "x1";
    iq.payload = payload;
    ExpectReadAsWritten(iq);
  }
}

// ---- text ----

TEST(Serialize, EscapesTextAndValues) {
  XmlElement element("a", "urn:a&b");
  element.Set("v", "<&>'\"");
  element.text = "<&>'\"";
  EXPECT_EQ(Serialize(element),
            "<a xmlns='urn:a&amp;b' v='&lt;&amp;&gt;&apos;&quot;'>"
            "&lt;&amp;&gt;&apos;&quot;</a>");
}

TEST(Serialize, NamesANamespaceWhereItChanges) {
  XmlElement element("iq");
  XmlElement& outer = element.Add(XmlElement("a", "urn:a"));
  outer.Add(XmlElement("b", "urn:a"));
  outer.Add(XmlElement("c", "urn:c"));
  EXPECT_EQ(Serialize(element),
            "<iq><a xmlns='urn:a'><b/><c xmlns='urn:c'/></a></iq>");
  EXPECT_EQ(Serialize(outer, "urn:a"), "<a><b/><c xmlns='urn:c'/></a>");
}

TEST(Serialize, LeavesOutWhatXmlCannotHold) {
  XmlElement element("a");
  element.text = std::string(
      "1\0"
      "2\x01"
      "3\x1F"
      "4\x7F"
      "5",
      9);
  EXPECT_EQ(Serialize(element),
            "<a>1234\x7F"
            "5</a>");
}

// XML 1.0 s3.3.3: a parser takes a bare line end or tab in a value for a space.
TEST(Serialize, KeepsLineEndsInValues) {
  XmlElement element("a");
  element.Set("v", "1\n2\t3");
  EXPECT_EQ(Serialize(element).find_first_of("\n\t"), std::string::npos);
}

// XML 1.0 s2.11: a parser takes a bare CR for a line feed.
TEST(Serialize, WritesWhiteSpaceSoThatItArrives) {
  XmlElement element("a");
  element.Set("v", "\r\n\t");
  element.text = "\r\n\t";
  EXPECT_EQ(Serialize(element), "<a v='&#13;&#10;&#9;'>&#13;\n\t</a>");
}

TEST(CutText, LeavesWholeCharacters) {
  const std::string text =
      "x\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";  // 1, 2, 3 and 4 bytes
  const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (size_t most = 0; most < std::size(kept); ++most) {
    EXPECT_EQ(CutText(text, most), text.substr(0, kept[most])) << most;
  }
  EXPECT_EQ(CutText("", 0), "");
}

}  // namespace
}  // namespace signaling
