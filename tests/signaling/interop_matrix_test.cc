// SPDX-License-Identifier: GPL-3.0-or-later
// The interop matrix, a test for each cell: what clients differ in, and that
// each gets what it can use. The clients are those of client_offers.h, their
// demands those of client_rules.h.
#include <algorithm>
#include <array>

#include "tests/signaling/client_offers.h"
#include "tests/signaling/client_rules.h"
#include "tests/signaling/focus_fixture.h"
#include "tests/signaling/replay.h"

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kBare = "standup@sfu.example";
constexpr const char* kFull = "standup@sfu.example/focus";

class InteropMatrixTest : public FocusTest {
 protected:
  static JingleMessage Read(const std::string& xml) {
    Wire wire("sfu.example");
    const std::vector<Stanza> stanzas = wire.Read(xml);
    EXPECT_THAT(stanzas, SizeIs(1)) << xml;
    if (stanzas.size() != 1) return {};
    return std::get<JingleMessage>(std::get<Iq>(stanzas[0]).payload);
  }
  static JingleMessage OfferOf(const std::string& client) {
    return Read(ClientNamed(client).initiate);
  }

  // Calls with `offer`; what a client demands of the answer is demanded.
  Caller Make(const ClientCase& client, const std::string& room,
              JingleMessage offer) {
    Caller caller = MakeCaller(
        client.name + "@example/r" + std::to_string(++callers_), room);
    offer.sid = caller.sid;
    sink_.sent.clear();
    const size_t peers = media_.allocated.size();
    EXPECT_THAT(Call(caller, offer), IsResult());
    EXPECT_THAT(ActionsTo(caller.jid),
                ElementsAre(JingleAction::kSessionAccept));
    if (media_.allocated.size() > peers) caller.peer = media_.allocated.back();
    for (const Iq& request : RequestsTo(caller.jid)) {
      EXPECT_EQ(request.from, caller.room) << "the very JID that was called";
      EXPECT_TRUE(client.would_accept(offer, WriteStanza(request)));
      accept_ = std::get<JingleMessage>(request.payload);
    }
    ExpectCope(caller);
    AnswerAll(caller.jid);
    sink_.sent.clear();
    return caller;
  }
  Caller Make(const std::string& client, const std::string& room) {
    return Make(ClientNamed(client), room, OfferOf(client));
  }
  Caller Make(const std::string& client, JingleMessage offer) {
    return Make(ClientNamed(client), kFull, std::move(offer));
  }

  // That a plain client copes with all that it was sent.
  void ExpectCope(const Caller& caller) {
    for (const Stanza& stanza : sink_.sent) {
      const auto* iq = std::get_if<Iq>(&stanza);
      if (iq != nullptr && iq->to == caller.jid) {
        EXPECT_TRUE(PlainClientWouldCope(stanza));
      }
    }
  }

  // Announces a call; the words that come back, from the focus.
  std::vector<CallMessage::Kind> Announce(const Caller& caller,
                                          const std::string& sid) {
    Message message;
    message.type = "chat";
    message.from = caller.jid;
    message.to = caller.room.Bare();
    message.id = "m1";
    message.payload = CallMessage{
        CallMessage::Kind::kPropose, sid, {Media::kAudio, Media::kVideo}, {}};
    sink_.sent.clear();
    focus_->HandleStanza(now_, message);
    std::vector<CallMessage::Kind> kinds;
    for (const Stanza& stanza : sink_.sent) {
      const auto* said = std::get_if<Message>(&stanza);
      if (said == nullptr) continue;
      const auto* call = std::get_if<CallMessage>(&said->payload);
      if (call == nullptr) continue;
      EXPECT_EQ(said->from, J(kFull)) << "clients call whom they hear";
      EXPECT_EQ(call->id, sid);
      kinds.push_back(call->kind);
    }
    return kinds;
  }

  const Content& Accepted(size_t index) const {
    return accept_.description.contents.at(index);
  }
  const rtp::ContentSpec& Served(const Caller& caller, size_t index) const {
    return Spec(caller).contents.at(index);
  }

  JingleMessage accept_;  // of the last call

 private:
  int callers_ = 0;
};

// ---- how a call begins ----

TEST_F(InteropMatrixTest, Direct) {
  for (const ClientCase& client : AllClients()) {
    SCOPED_TRACE(client.name);
    const Caller caller = Make(client.name, kFull);
    EXPECT_TRUE(IsIn(caller));
    EXPECT_THAT(Spec(caller).contents, SizeIs(2));
    for (const rtp::ContentSpec& content : Spec(caller).contents) {
      EXPECT_TRUE(content.uplink && content.slot) << content.name;
    }
  }
}

TEST_F(InteropMatrixTest, AnnouncedByJingleMessages) {
  using Kind = CallMessage::Kind;
  for (const ClientCase& client : AllClients()) {
    if (!client.announces) continue;
    SCOPED_TRACE(client.name);
    Caller caller = MakeCaller(client.name + "@example/r", kFull);
    EXPECT_THAT(Announce(caller, caller.sid),
                ElementsAre(Kind::kRinging, Kind::kProceed));
    JingleMessage offer = Read(client.initiate);
    offer.sid = caller.sid;
    EXPECT_THAT(Call(caller, offer), IsResult());
    for (const Iq& request : RequestsTo(caller.jid)) {
      EXPECT_TRUE(client.would_accept(offer, WriteStanza(request)));
    }
    EXPECT_TRUE(IsIn(caller));
    Do(caller, Jingle(JingleAction::kSessionTerminate, caller.sid));
    EXPECT_FALSE(IsIn(caller));
  }
}

TEST_F(InteropMatrixTest, ToTheBareJid) {
  for (const ClientCase& client : AllClients()) {
    // Dino calls what it has presence from, which is never bare.
    if (client.name == "Dino") continue;
    SCOPED_TRACE(client.name);
    Make(client.name, kBare);
    EXPECT_EQ(accept_.responder, kBare);
  }
}

TEST_F(InteropMatrixTest, ToTheFullJid) {
  for (const ClientCase& client : AllClients()) {
    SCOPED_TRACE(client.name);
    const Caller caller = Make(client.name, kFull);
    EXPECT_EQ(accept_.responder, kFull);
    EXPECT_TRUE(IsIn(caller));
  }
}

// ---- transports ----

TEST_F(InteropMatrixTest, WithBundle) {
  for (const char* client : {"StanzaJs", "Conversations", "Monal", "Movim"}) {
    SCOPED_TRACE(client);
    const Caller caller = Make(client, kFull);
    EXPECT_THAT(Spec(caller).transports, SizeIs(1));
    EXPECT_THAT(accept_.description.groups, SizeIs(1));
    EXPECT_EQ(Spec(caller).transports[0].dtls_role, rtp::DtlsRole::kPassive);
  }
}

TEST_F(InteropMatrixTest, WithoutBundle) {
  const Caller caller = Make("Dino", kFull);
  ASSERT_THAT(Spec(caller).transports, SizeIs(2));
  EXPECT_NE(Spec(caller).transports[0].local, Spec(caller).transports[1].local);
  EXPECT_NE(Spec(caller).transports[0].remote,
            Spec(caller).transports[1].remote);
  EXPECT_THAT(accept_.description.groups, IsEmpty());
}

TEST_F(InteropMatrixTest, SetupVariants) {
  struct Row {
    DtlsSetup offered;
    DtlsSetup bundled;  // the answer
    DtlsSetup plain;
  };
  for (const auto& [offered, bundled, plain] :
       {Row{DtlsSetup::kActpass, DtlsSetup::kPassive, DtlsSetup::kActive},
        Row{DtlsSetup::kActive, DtlsSetup::kPassive, DtlsSetup::kPassive},
        Row{DtlsSetup::kPassive, DtlsSetup::kActive, DtlsSetup::kActive}}) {
    for (const ClientCase& client : AllClients()) {
      SCOPED_TRACE(client.name + " " +
                   std::to_string(static_cast<int>(offered)));
      JingleMessage offer = Read(client.initiate);
      for (Content& content : offer.description.contents) {
        content.transport->fingerprint->setup = offered;
      }
      // Dino's own preference is for active; it does offer nothing else.
      const bool dino = client.name == "Dino";
      ClientCase asked = client;
      if (dino && plain != DtlsSetup::kActive) {
        asked.would_accept = AnyoneWouldAccept;
      }
      const Caller caller = Make(asked, kFull, offer);
      for (const Content& content : accept_.description.contents) {
        EXPECT_EQ(content.transport->fingerprint->setup,
                  client.bundles ? bundled : plain);
      }
      EXPECT_TRUE(IsServed(caller));
    }
  }
}

TEST_F(InteropMatrixTest, CandidatesInline) {
  for (const char* client : {"Dino", "Monal"}) {
    SCOPED_TRACE(client);
    const JingleMessage offer = OfferOf(client);
    ASSERT_THAT(offer.description.contents[0].transport->candidates, SizeIs(2));
    Make(client, offer);
    for (const Content& content : accept_.description.contents) {
      EXPECT_FALSE(content.transport->candidates.empty());
    }
  }
}

// All of what stanza.js sent after its call: UDP, TCP, and the end of it, which
// has no password.
TEST_F(InteropMatrixTest, CandidatesTrickled) {
  const Caller caller = Make("StanzaJs", kFull);
  const rtp::PeerSpec before = Spec(caller);
  size_t trickled = 0;
  for (const auto& path : CaptureFiles()) {
    if (path.stem() != "chromium-stanza-1to1") continue;
    for (const Recorded& recorded : ReadCapture(path)) {
      if (recorded.party != "raw:outgoing" ||
          recorded.xml.find("transport-info") == std::string::npos) {
        continue;
      }
      JingleMessage info = Read(recorded.xml);
      info.sid = caller.sid;
      Do(caller, info);
      ++trickled;
    }
  }
  EXPECT_GT(trickled, 10U);
  EXPECT_EQ(Spec(caller), before);
  EXPECT_THAT(media_.restarts, IsEmpty());
  EXPECT_THAT(RequestsTo(caller.jid), IsEmpty());
}

// Before the client has seen the accept, for any content, or for none.
TEST_F(InteropMatrixTest, CandidatesBeforeTheAccept) {
  const JingleMessage offer = OfferOf("Dino");
  Caller caller = MakeCaller("dino@example/d", kFull);
  JingleMessage call = offer;
  call.sid = caller.sid;
  ASSERT_THAT(Call(caller, call), IsResult());
  Content video = Named("video");
  video.transport = offer.description.contents[1].transport;
  video.transport->fingerprint.reset();
  Do(caller, Jingle(JingleAction::kTransportInfo, caller.sid, {video}));
  video.transport = IceTransport();
  Do(caller, Jingle(JingleAction::kTransportInfo, caller.sid, {video}));
  Do(caller, Jingle(JingleAction::kTransportInfo, caller.sid));
  EXPECT_THAT(media_.restarts, IsEmpty());
  AnswerAll(caller.jid);
  EXPECT_TRUE(IsIn(caller));
}

TEST_F(InteropMatrixTest, WithoutRtcpMux) {
  JingleMessage offer = OfferOf("Dino");
  for (Content& content : offer.description.contents) {
    content.description->rtcp_mux = false;
  }
  const Caller caller = MakeCaller("dino@example/d", kFull);
  offer.sid = caller.sid;
  EXPECT_THAT(Call(caller, offer), IsResult());
  ASSERT_THAT(ActionsTo(caller.jid),
              ElementsAre(JingleAction::kSessionTerminate));
  EXPECT_EQ(EndOf(caller.jid)->condition, "unsupported-transports");
}

TEST_F(InteropMatrixTest, IceRestartByCredentialsAlone) {
  // Conversations: new credentials, no candidate, the first content or all.
  const Caller caller = Make("Conversations", kFull);
  const rtp::IceCredentials before = Spec(caller).transports[0].local;
  Content content = Named("0");
  content.transport = IceTransport();
  content.transport->ufrag = "frsh";
  content.transport->pwd = "a-password-that-is-new-22";
  Do(caller, Jingle(JingleAction::kTransportInfo, caller.sid, {content}));
  ASSERT_THAT(media_.restarts, SizeIs(1));
  EXPECT_EQ(media_.restarts[0].remote.ufrag, "frsh");
  const auto answer = OneTo(caller.jid, JingleAction::kTransportInfo);
  ASSERT_TRUE(answer.has_value());
  // In the order of the offer, for all contents of the bundle.
  ASSERT_THAT(answer->description.contents, SizeIs(2));
  for (size_t i = 0; i < 2; ++i) {
    const Content& fresh = answer->description.contents[i];
    EXPECT_EQ(fresh.name, Accepted(i).name);
    EXPECT_NE(fresh.transport->ufrag, before.ufrag);
    EXPECT_NE(fresh.transport->pwd, before.pwd);
    EXPECT_FALSE(fresh.transport->candidates.empty());
    EXPECT_EQ(fresh.transport->fingerprint->setup,
              Accepted(i).transport->fingerprint->setup);
  }
}

TEST_F(InteropMatrixTest, IceRestartOfOneContent) {
  const Caller caller = Make("Dino", kFull);
  const auto before = Spec(caller).transports;
  Content content = Named("video");
  content.transport = IceTransport();
  content.transport->ufrag = "frsh";
  content.transport->pwd = "a-password-that-is-new-22";
  Do(caller, Jingle(JingleAction::kTransportInfo, caller.sid, {content}));
  ExpectCope(caller);
  const auto answer = OneTo(caller.jid, JingleAction::kTransportInfo);
  ASSERT_TRUE(answer.has_value());
  ASSERT_THAT(answer->description.contents, SizeIs(1));
  EXPECT_EQ(answer->description.contents[0].name, "video");
  EXPECT_THAT(media_.restarts, SizeIs(1));
  EXPECT_EQ(media_.restarts[0].transport, 1U);
}

TEST_F(InteropMatrixTest, IceRestartByTransportReplace) {
  for (const char* client : {"Dino", "StanzaJs"}) {
    SCOPED_TRACE(client);
    const Caller caller = Make(client, kFull);
    media_.restarts.clear();
    sink_.sent.clear();
    Content content = Named(Accepted(1).name);
    content.transport_ns = ns::kIceUdp;
    content.transport = ClientTransport("again");
    Do(caller, Jingle(JingleAction::kTransportReplace, caller.sid, {content}));
    const auto answer = OneTo(caller.jid, JingleAction::kTransportAccept);
    ASSERT_TRUE(answer.has_value());
    ExpectCope(caller);
    ASSERT_THAT(answer->description.contents, SizeIs(1));
    EXPECT_NE(answer->description.contents[0].transport->ufrag,
              Accepted(1).transport->ufrag);
    EXPECT_THAT(media_.restarts, SizeIs(1));
    sink_.sent.clear();
    content.transport.reset();
    content.transport_ns = "urn:xmpp:jingle:transports:raw-udp:1";
    Do(caller, Jingle(JingleAction::kTransportReplace, caller.sid, {content}));
    EXPECT_THAT(ActionsTo(caller.jid),
                ElementsAre(JingleAction::kTransportReject));
    EXPECT_TRUE(IsIn(caller));
  }
}

// ---- contents ----

TEST_F(InteropMatrixTest, CameraLaterOnATransportOfItsOwn) {
  JingleMessage offer = OfferOf("Dino");
  const Content video = offer.description.contents[1];
  offer.description.contents.pop_back();
  const Caller caller = Make("Dino", offer);
  Do(caller, Jingle(JingleAction::kContentAdd, caller.sid, {video}));
  ExpectCope(caller);
  const auto accept = OneTo(caller.jid, JingleAction::kContentAccept);
  ASSERT_TRUE(accept.has_value());
  ASSERT_THAT(accept->description.contents, SizeIs(1));
  const Content& added = accept->description.contents[0];
  EXPECT_EQ(added.name, "video");
  EXPECT_EQ(added.creator, video.creator);
  EXPECT_EQ(added.senders, Senders::kBoth);
  EXPECT_NE(added.transport->ufrag, Accepted(0).transport->ufrag);
  EXPECT_EQ(added.transport->fingerprint->setup, DtlsSetup::kActive);
  ASSERT_THAT(added.description->payload_types, SizeIs(1));
  EXPECT_EQ(added.description->payload_types[0].name, "VP8");
  ASSERT_THAT(Spec(caller).transports, SizeIs(2));
  EXPECT_TRUE(Served(caller, 1).uplink && Served(caller, 1).slot);
  // The microphone goes on as it was.
  EXPECT_EQ(Served(caller, 0).transport, 0);
}

TEST_F(InteropMatrixTest, CameraLaterOnAStubOfTheBundle) {
  JingleMessage offer = OfferOf("Conversations");
  Content video = offer.description.contents[1];
  offer.description.contents.pop_back();
  offer.description.groups[0].contents.pop_back();
  const Caller caller = Make("Conversations", offer);
  video.creator = "responder";  // whoever adds it, in its words
  video.transport = IceTransport();
  JingleMessage add = Jingle(JingleAction::kContentAdd, caller.sid, {video});
  add.description.groups = {{"BUNDLE", {"0", "1"}}};
  Do(caller, add);
  const auto accept = OneTo(caller.jid, JingleAction::kContentAccept);
  ASSERT_TRUE(accept.has_value());
  ASSERT_THAT(accept->description.contents, SizeIs(1));
  EXPECT_EQ(accept->description.contents[0].creator, "responder");
  EXPECT_THAT(Spec(caller).transports, SizeIs(1));
  ASSERT_THAT(Spec(caller).contents, SizeIs(2));
  EXPECT_EQ(Served(caller, 1).transport, 0);
  EXPECT_TRUE(Served(caller, 1).uplink && Served(caller, 1).slot);
}

TEST_F(InteropMatrixTest, CameraLaterByContentModify) {
  JingleMessage offer = OfferOf("Dino");
  offer.description.contents[1].senders = Senders::kResponder;
  const Caller caller = Make("Dino", offer);
  EXPECT_FALSE(Served(caller, 1).uplink);
  Do(caller,
     Jingle(JingleAction::kContentModify, caller.sid, {Named("video")}));
  EXPECT_TRUE(Served(caller, 1).uplink);
  EXPECT_THAT(RequestsTo(caller.jid), IsEmpty()) << "an ack is all";
}

TEST_F(InteropMatrixTest, Mute) {
  for (const ClientCase& client : AllClients()) {
    SCOPED_TRACE(client.name);
    const Caller caller = Make(client.name, kFull);
    const std::string audio = Accepted(0).name;
    using Kind = SessionInfo::Kind;
    Do(caller, Info(caller.sid, Kind::kMute, audio));
    EXPECT_TRUE(Served(caller, 0).uplink->muted);
    EXPECT_FALSE(Served(caller, 1).uplink->muted);
    Do(caller, Info(caller.sid, Kind::kUnmute, audio));
    EXPECT_FALSE(Served(caller, 0).uplink->muted);
    Do(caller, Info(caller.sid, Kind::kHold));
    EXPECT_TRUE(Served(caller, 0).uplink->muted);
    EXPECT_TRUE(Served(caller, 1).uplink->muted);
    Do(caller, Info(caller.sid, Kind::kUnhold));
    EXPECT_FALSE(Served(caller, 1).uplink->muted);
    EXPECT_THAT(RequestsTo(caller.jid), IsEmpty());
  }
}

TEST_F(InteropMatrixTest, UploadOnly) {
  for (const ClientCase& client : AllClients()) {
    SCOPED_TRACE(client.name);
    JingleMessage offer = Read(client.initiate);
    for (Content& content : offer.description.contents) {
      content.senders = Senders::kInitiator;
    }
    const Caller caller = Make(client, kFull, offer);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(Accepted(i).senders, Senders::kInitiator);
      EXPECT_TRUE(Served(caller, i).uplink && !Served(caller, i).slot);
    }
  }
}

// ---- two at once, and who is nobody ----

// A session-initiate that meets another of the same client's: the new one
// counts, and the old one learns its sid.
TEST_F(InteropMatrixTest, TieBreakOfTwoCalls) {
  const Caller first = Make("StanzaJs", kFull);
  Caller second = first;
  second.sid = "a-sid-that-is-lower";
  JingleMessage offer = OfferOf("StanzaJs");
  offer.sid = second.sid;
  EXPECT_THAT(Call(second, offer), IsResult());
  ASSERT_TRUE(EndOf(first.jid).has_value());
  EXPECT_EQ(EndOf(first.jid)->condition, "alternative-session");
  EXPECT_EQ(EndOf(first.jid)->alternative_sid, second.sid);
  EXPECT_TRUE(IsIn(second));
  EXPECT_FALSE(IsIn(first));
  EXPECT_EQ(focus_->participants(), 1U);
}

// The focus has called, and the client calls by the same name: the focus wins
// while its call is pending; after that it is only too late.
TEST_F(InteropMatrixTest, TieBreakOfOneSessionByBoth) {
  Make("Dino", kFull);
  JingleMessage upload = OfferOf("StanzaJs");
  for (Content& content : upload.description.contents) {
    content.senders = Senders::kInitiator;
  }
  const Caller caller = MakeCaller("av@example/r", kFull);
  upload.sid = caller.sid;
  sink_.sent.clear();
  ASSERT_THAT(Call(caller, upload), IsResult());
  std::string asked;
  for (const Stanza& stanza : sink_.sent) {
    const auto* iq = std::get_if<Iq>(&stanza);
    if (iq != nullptr && iq->type == IqType::kGet) asked = iq->id;
  }
  Iq features;
  features.type = IqType::kResult;
  features.from = caller.jid;
  features.to = caller.room;
  features.id = asked;
  features.payload = DiscoInfo{{}, {}, {std::string(ns::kAvConferences)}};
  focus_->HandleStanza(now_, features);
  const auto ours = OneTo(caller.jid, JingleAction::kSessionInitiate);
  ASSERT_TRUE(ours.has_value());
  JingleMessage theirs = upload;
  theirs.sid = ours->sid;
  EXPECT_THAT(Call(caller, theirs), IsError("cancel", "conflict", "tie-break"));
  JingleMessage accept = *ours;
  accept.action = JingleAction::kSessionAccept;
  for (Content& content : accept.description.contents) {
    content.transport = ClientTransport("down");
    content.transport->fingerprint->setup = DtlsSetup::kActive;
  }
  EXPECT_THAT(Call(caller, accept), IsResult());
  EXPECT_THAT(Call(caller, theirs),
              IsError("wait", "unexpected-request", "out-of-order"));
  EXPECT_TRUE(IsIn(caller));
}

TEST_F(InteropMatrixTest, TieBreakToARequestOfOurs) {
  const Caller caller = Make("Conversations", kFull);
  Content content = Named("0");
  content.transport = ClientTransport("again");
  Do(caller, Jingle(JingleAction::kTransportInfo, caller.sid, {content}));
  ASSERT_THAT(RequestsTo(caller.jid), SizeIs(1));
  Answer(RequestsTo(caller.jid)[0],
         StanzaError{"cancel", "conflict", "tie-break", ""});
  EXPECT_TRUE(IsIn(caller));
}

TEST_F(InteropMatrixTest, UnknownSession) {
  const Caller caller = Make("Movim", kFull);
  EXPECT_THAT(Call(caller, Jingle(JingleAction::kSessionInfo, "another")),
              IsError("cancel", "item-not-found", "unknown-session"));
  EXPECT_THAT(Call(caller, Jingle(JingleAction::kSessionTerminate, "another")),
              IsResult());
  EXPECT_TRUE(IsIn(caller));
}

// Everything that the other side of a recorded call said, said by Eve.
TEST_F(InteropMatrixTest, HijackByAWrongSender) {
  const Caller dino = Make("Dino", kFull);
  const rtp::PeerSpec before = Spec(dino);
  size_t tried = 0;
  for (const auto& path : CaptureFiles()) {
    for (const Recorded& recorded : ReadCapture(path)) {
      Wire wire("sfu.example");
      const std::vector<Stanza> stanzas = wire.Read(recorded.xml);
      ASSERT_THAT(stanzas, SizeIs(1));
      const auto* iq = std::get_if<Iq>(&stanzas[0]);
      if (iq == nullptr || iq->type != IqType::kSet) continue;
      JingleMessage message = std::get<JingleMessage>(iq->payload);
      if (message.action == JingleAction::kSessionInitiate) continue;
      message.sid = dino.sid;
      Advance(milliseconds(60));
      const Iq answer = Call(J("eve@example/e"), J(kFull), message);
      if (message.action == JingleAction::kSessionTerminate) {
        EXPECT_THAT(answer, IsResult());
      } else {
        EXPECT_THAT(answer,
                    IsError("cancel", "item-not-found", "unknown-session"));
      }
      ++tried;
    }
  }
  EXPECT_GE(tried, 50U);
  EXPECT_EQ(Spec(dino), before);
  EXPECT_THAT(RequestsTo(dino.jid), IsEmpty());
  EXPECT_TRUE(IsIn(dino));
}

// ---- forms of XML ----

TEST_F(InteropMatrixTest, PrefixedXml) {
  const std::string xml = ClientNamed("StanzaJs").initiate;
  ASSERT_NE(xml.find("<rtcpf:rtcp-fb "), std::string::npos);
  ASSERT_NE(xml.find("<rtph:rtp-hdrext "), std::string::npos);
  const Caller caller = Make("StanzaJs", kFull);
  const rtp::ContentSpec& video = Served(caller, 1);
  ASSERT_FALSE(video.codecs.empty());
  EXPECT_TRUE(video.codecs[0].nack && video.codecs[0].pli &&
              video.codecs[0].fir && video.codecs[0].remb &&
              video.codecs[0].transport_cc);
  EXPECT_EQ(video.extensions.IdOf(rtp::ExtensionKind::kMid), 4);
}

TEST_F(InteropMatrixTest, ParametersWithoutAValue) {
  const JingleMessage offer = OfferOf("StanzaJs");
  size_t without = 0;
  for (const PayloadType& type :
       offer.description.contents[0].description->payload_types) {
    for (const auto& [name, value] : type.parameters) {
      if (value.empty()) ++without;
    }
  }
  ASSERT_EQ(without, 1U) << "that of RED";
  const Caller caller = Make("StanzaJs", kFull);
  EXPECT_EQ(Served(caller, 0).codecs.at(0).red_payload_type, 63);
  // Sources without one, as some write them; Conversations ends a call at one.
  JingleMessage bare = OfferOf("Conversations");
  for (Content& content : bare.description.contents) {
    for (SsrcSource& source : content.description->sources) {
      source.parameters.emplace_back("mslabel", "");
    }
  }
  Make("Conversations", bare);
}

TEST_F(InteropMatrixTest, OfferOf34Codecs) {
  JingleMessage offer = OfferOf("StanzaJs");
  RtpDescription& video = *offer.description.contents[1].description;
  std::array<bool, 128> taken{};
  for (const PayloadType& type : video.payload_types) taken[type.id] = true;
  for (uint8_t id = 35; video.payload_types.size() < 34; ++id) {
    if (taken[id]) continue;
    // Before what is known: order alone must not decide.
    video.payload_types.insert(
        video.payload_types.begin(),
        PayloadType{id, "H265", 90000, 1, {{"profile-id", "1"}}, {}});
  }
  ASSERT_THAT(video.payload_types, SizeIs(34));
  const Caller caller = Make("StanzaJs", offer);
  EXPECT_EQ(Served(caller, 1).codecs.at(0).codec, rtp::Codec::kVp8);
  EXPECT_EQ(Accepted(1).description->payload_types.at(0).name, "VP8");
}

TEST_F(InteropMatrixTest, OfferOf12Contents) {
  // Stock stanza.js with ten transceivers more: two of audio, eight of video.
  JingleMessage offer = OfferOf("StanzaJs");
  for (size_t i = 2; i < 12; ++i) {
    Content content = offer.description.contents[i < 4 ? 0 : 1];
    content.name = std::to_string(i);
    content.senders = Senders::kResponder;
    content.description->sources.clear();
    content.description->ssrc_groups.clear();
    content.description->ssrc.reset();
    content.description->stream.reset();
    offer.description.contents.push_back(content);
    offer.description.groups[0].contents.push_back(content.name);
  }
  // As it is on the wire, between the limits of all that reads it.
  Iq iq;
  iq.type = IqType::kSet;
  iq.id = "x";
  iq.from = J("a@example/r");
  iq.to = J(kBare);
  iq.payload = offer;
  offer = Read(Serialize(WriteStanza(iq)));
  const Caller caller = Make("StanzaJs", offer);
  ASSERT_THAT(Spec(caller).contents, SizeIs(12));
  EXPECT_THAT(Spec(caller).transports, SizeIs(1));
  std::vector<rtp::Ssrc> ssrcs;
  for (const rtp::ContentSpec& content : Spec(caller).contents) {
    ASSERT_TRUE(content.slot.has_value());
    ssrcs.push_back(content.slot->ssrc);
  }
  std::sort(ssrcs.begin(), ssrcs.end());
  EXPECT_EQ(std::unique(ssrcs.begin(), ssrcs.end()), ssrcs.end());
}

// ---- who cannot be served, and who goes ----

TEST_F(InteropMatrixTest, CallsOfGajimAndPidgin) {
  std::vector<JingleMessage> offers;
  for (const auto& path : CaptureFiles()) {
    if (path.stem() != "gajim-calls-chromium") continue;
    offers.push_back(Read(ReadCapture(path).at(0).xml));  // recorded
  }
  JingleMessage pidgin = offers.at(0);  // synthetic: by raw UDP
  for (Content& content : pidgin.description.contents) {
    content.transport.reset();
    content.transport_ns = ns::kRawUdp;
  }
  offers.push_back(pidgin);
  for (JingleMessage& offer : offers) {
    const Caller caller = MakeCaller("gaja@example/gajim", kFull);
    offer.sid = caller.sid;
    sink_.sent.clear();
    EXPECT_THAT(Call(caller, offer), IsResult());
    ASSERT_THAT(ActionsTo(caller.jid),
                ElementsAre(JingleAction::kSessionTerminate));
    EXPECT_EQ(EndOf(caller.jid)->condition, "security-error");
    EXPECT_EQ(EndOf(caller.jid)->application_condition, "crypto-required");
    EXPECT_EQ(focus_->rooms(), 0U);
  }
}

TEST_F(InteropMatrixTest, LeavingByLossOfPresence) {
  const Caller dino = Make("Dino", kFull);
  const Caller movim = Make("Movim", kFull);
  focus_->OnPeerConnected(now_, dino.peer);
  // To the room or to its focus: servers send it wherever presence went.
  Say(movim.jid, J(kBare), PresenceType::kUnavailable);
  Advance(milliseconds(1));
  EXPECT_FALSE(IsServed(movim)) << "had no media yet";
  Say(dino.jid, J(kFull), PresenceType::kUnavailable);
  EXPECT_TRUE(IsServed(dino)) << "its media flows";
  Advance(seconds(11));
  EXPECT_FALSE(IsServed(dino));
  EXPECT_EQ(focus_->rooms(), 0U);
}

TEST_F(InteropMatrixTest, LeavingByAnErrorOfItsServer) {
  const Caller monal = Make("Monal", kFull);
  Say(monal.jid, J(kFull), PresenceType::kError);
  Advance(milliseconds(1));
  EXPECT_FALSE(IsServed(monal));
}

}  // namespace
}  // namespace signaling
