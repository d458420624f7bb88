// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "signaling/focus.h"
#include "signaling/namespaces.h"
#include "signaling/stanza_codec.h"
#include "signaling/xml_element.h"
#include "tests/support/seeded_random.h"

namespace signaling {

using std::chrono::milliseconds;
using std::chrono::seconds;

// ---- a media plane that only remembers ----

class RecordingMedia : public MediaControl {
 public:
  PeerAllocation AllocatePeer(rtp::ConferenceId /*conference*/,
                              size_t count) override {
    PeerAllocation allocation;
    if (full) return allocation;
    allocation.peer = rtp::PeerId(++last_peer_);
    allocation.cname = "cname-" + std::to_string(last_peer_);
    allocation.transports = Draw(count);
    allocated.push_back(allocation.peer);
    return allocation;
  }
  std::vector<IceTransport> AllocateTransports(rtp::PeerId /*peer*/,
                                               size_t count) override {
    return full ? std::vector<IceTransport>() : Draw(count);
  }
  rtp::Ssrc AllocateSsrc() override { return ++last_ssrc_; }

  void AddPeer(rtp::Timestamp /*now*/, rtp::PeerSpec spec) override {
    EXPECT_FALSE(specs.contains(spec.peer)) << "added twice";
    specs[spec.peer] = std::move(spec);
  }
  void UpdatePeer(rtp::Timestamp /*now*/, rtp::PeerSpec spec) override {
    EXPECT_TRUE(specs.contains(spec.peer)) << "update of nobody";
    specs[spec.peer] = std::move(spec);
    ++updates;
  }
  void SetReceive(rtp::Timestamp /*now*/, rtp::PeerId peer,
                  rtp::ReceiveSpec receive) override {
    received[peer].push_back(std::move(receive));
  }
  IceTransport RestartIce(rtp::Timestamp /*now*/, rtp::PeerId peer,
                          size_t transport,
                          rtp::IceCredentials remote) override {
    restarts.push_back({peer, transport, std::move(remote)});
    return Draw(1).front();
  }
  void RemovePeer(rtp::Timestamp /*now*/, rtp::PeerId peer) override {
    removed.push_back(peer);
    specs.erase(peer);
  }

  struct Restart {
    rtp::PeerId peer;
    size_t transport = 0;
    rtp::IceCredentials remote;
  };
  bool full = false;  // takes no more peers and transports
  std::vector<rtp::PeerId> allocated;
  std::map<rtp::PeerId, rtp::PeerSpec> specs;  // of those served now
  std::map<rtp::PeerId, std::vector<rtp::ReceiveSpec>> received;
  std::vector<Restart> restarts;
  std::vector<rtp::PeerId> removed;
  int updates = 0;

 private:
  std::vector<IceTransport> Draw(size_t count) {
    std::vector<IceTransport> transports(count);
    for (IceTransport& transport : transports) {
      const std::string number = std::to_string(++last_transport_);
      transport.ufrag = "ours" + number;
      transport.pwd = "our-password-of-22-chars-" + number;
      transport.fingerprint =
          Fingerprint{"sha-256", std::vector<uint8_t>(32, 0x5A), std::nullopt};
      transport.candidates.push_back(
          {"c" + number, "1", 1, 0, 0, "udp", "host", "192.0.2.1", 10000, 7});
    }
    return transports;
  }

  uint64_t last_peer_ = 0;
  rtp::Ssrc last_ssrc_ = 1000;
  int last_transport_ = 0;
};

class RecordingSink : public StanzaSink {
 public:
  void Send(Stanza stanza) override { sent.push_back(std::move(stanza)); }

  std::vector<Stanza> sent;
};

// ---- offers ----

inline Fingerprint ClientFingerprint(
    std::optional<DtlsSetup> setup = DtlsSetup::kActpass) {
  return {"sha-256", std::vector<uint8_t>(32, 0xAB), setup};
}

inline IceTransport ClientTransport(const std::string& name) {
  IceTransport transport;
  transport.ufrag = "ufrag-" + name;
  transport.pwd = "password-of-the-client-" + name;
  transport.fingerprint = ClientFingerprint();
  return transport;
}

inline Content RtpContent(std::string name, Media media,
                          std::vector<PayloadType> types, Senders senders,
                          const std::string& transport) {
  Content content;
  content.name = std::move(name);
  content.senders = senders;
  content.description_ns = ns::kRtp;
  content.description.emplace();
  content.description->media = media;
  content.description->payload_types = std::move(types);
  content.description->rtcp_mux = true;
  content.transport_ns = ns::kIceUdp;
  content.transport = ClientTransport(transport);
  return content;
}

// As Chromium has it, most of its codecs left out.
inline Content ChromiumAudio(std::string name,
                             Senders senders = Senders::kBoth) {
  const PayloadType opus{
      111, "opus", 48000, 2, {{"minptime", "10"}}, {{"transport-cc", ""}}};
  const PayloadType red{63, "red", 48000, 2, {{"111/111", ""}}, {}};
  const PayloadType pcmu{0, "PCMU", 8000, 1, {}, {}};
  Content content = RtpContent(std::move(name), Media::kAudio,
                               {opus, red, pcmu}, senders, "bundle");
  content.description->extensions = {
      {1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"},
      {4, "urn:ietf:params:rtp-hdrext:sdes:mid"}};
  return content;
}

inline Content ChromiumVideo(std::string name,
                             Senders senders = Senders::kBoth) {
  const std::vector<RtcpFeedback> feedback = {{"goog-remb", ""},
                                              {"transport-cc", ""},
                                              {"ccm", "fir"},
                                              {"nack", ""},
                                              {"nack", "pli"}};
  const PayloadType vp8{96, "VP8", 90000, 1, {}, feedback};
  const PayloadType rtx{97, "rtx", 90000, 1, {{"apt", "96"}}, {}};
  const PayloadType vp9{98, "VP9", 90000, 1, {{"profile-id", "0"}}, feedback};
  Content content = RtpContent(std::move(name), Media::kVideo, {vp8, rtx, vp9},
                               senders, "bundle");
  content.description->extensions = {{4, "urn:ietf:params:rtp-hdrext:sdes:mid"},
                                     {13, "urn:3gpp:video-orientation"}};
  return content;
}

inline ContentGroup BundleOf(const std::vector<Content>& contents) {
  ContentGroup group{"BUNDLE", {}};
  for (const Content& content : contents) {
    group.contents.push_back(content.name);
  }
  return group;
}

// Chromium by stanza.js: microphone "0" and camera "1" with a slot each, then
// contents that only receive, so that there are so many slots in all.
inline SessionDescription BundleOffer(size_t audio_slots = 1,
                                      size_t video_slots = 1) {
  SessionDescription offer;
  offer.contents = {ChromiumAudio("0"), ChromiumVideo("1")};
  offer.contents[0].description->sources = {
      {11, {{"cname", "client"}, {"msid", "- mic"}}}};
  offer.contents[1].description->sources = {
      {21, {{"cname", "client"}, {"msid", "- cam"}}},
      {22, {{"cname", "client"}, {"msid", "- cam"}}}};
  offer.contents[1].description->ssrc_groups = {{"FID", {21, 22}}};
  for (size_t i = 1; i < audio_slots; ++i) {
    offer.contents.push_back(ChromiumAudio(
        std::to_string(offer.contents.size()), Senders::kResponder));
  }
  for (size_t i = 1; i < video_slots; ++i) {
    offer.contents.push_back(ChromiumVideo(
        std::to_string(offer.contents.size()), Senders::kResponder));
  }
  offer.groups = {BundleOf(offer.contents)};
  return offer;
}

// Of a client that only sends.
inline SessionDescription UploadOffer() {
  SessionDescription offer = BundleOffer();
  for (Content& content : offer.contents) content.senders = Senders::kInitiator;
  return offer;
}

inline Content DinoAudio(std::string name = "audio") {
  std::string transport = name;
  Content content =
      RtpContent(std::move(name), Media::kAudio,
                 {{111, "opus", 48000, 2, {{"useinbandfec", "1"}}, {}},
                  {100, "speex", 32000, 1, {}, {}},
                  {0, "PCMU", 8000, 1, {}, {}}},
                 Senders::kBoth, transport);
  content.description->has_sdes_encryption = true;
  return content;
}

inline Content DinoVideo(std::string name = "video") {
  std::string transport = name;
  const std::vector<RtcpFeedback> feedback = {
      {"goog-remb", ""}, {"ccm", "fir"}, {"nack", ""}, {"nack", "pli"}};
  Content content = RtpContent(std::move(name), Media::kVideo,
                               {{98, "VP8", 90000, 1, {}, feedback},
                                {99, "rtx", 90000, 1, {{"apt", "98"}}, {}},
                                {97, "VP9", 90000, 1, {}, feedback}},
                               Senders::kBoth, transport);
  content.description->has_sdes_encryption = true;
  return content;
}

// Dino: no group, a transport for each content, no SSRCs.
inline SessionDescription PlainOffer() {
  return {{DinoAudio(), DinoVideo()}, {}};
}

// A content that names another and no more: of content-modify, mute, ...
inline Content Named(std::string name, Senders senders = Senders::kBoth) {
  Content content;
  content.name = std::move(name);
  content.senders = senders;
  return content;
}

// Not RTP: what some clients offer besides their media.
inline Content DataContent(std::string name) {
  Content content = Named(std::move(name));
  content.description_ns = "urn:xmpp:jingle:transports:webrtc-datachannel:0";
  content.transport_ns = ns::kIceUdp;
  content.transport = ClientTransport("bundle");
  return content;
}

inline JingleMessage Jingle(JingleAction action, std::string sid,
                            std::vector<Content> contents = {}) {
  JingleMessage message;
  message.action = action;
  message.sid = std::move(sid);
  message.description.contents = std::move(contents);
  return message;
}

inline JingleMessage Info(std::string sid, SessionInfo::Kind kind,
                          std::string content = {}) {
  JingleMessage message = Jingle(JingleAction::kSessionInfo, std::move(sid));
  message.info = {kind, std::move(content)};
  return message;
}

// ---- the focus and those who talk to it ----

inline Jid J(std::string_view text) { return Jid::Parse(text).value(); }

class FocusTest : public ::testing::Test {
 protected:
  // Who called, from where, and what came of it.
  struct Caller {
    Jid jid;
    Jid room;
    std::string sid;
    rtp::PeerId peer;
    std::string id;     // of the participant
    std::string token;  // to resume with
  };

  FocusTest() { Make(DefaultConfig()); }

  static Focus::Config DefaultConfig() {
    Focus::Config config;
    config.domain = "sfu.example";
    config.guest_domains = {"guest.example"};
    return config;
  }

  // A focus of this configuration, its link up.
  void Make(Focus::Config config) {
    focus_ = std::make_unique<Focus>(std::move(config), random_, media_, sink_);
    focus_->OnXmppUp(now_);
  }

  // Moves the clock as a shell would: wakes the focus at each deadline.
  void Advance(rtp::TimeDelta by) {
    const rtp::Timestamp end = now_ + by;
    for (int turns = 0; focus_->NextDeadline() <= end; ++turns) {
      ASSERT_LT(turns, 10'000) << "a deadline that never passes";
      now_ = std::max(now_, focus_->NextDeadline());
      focus_->HandleTimeout(now_);
    }
    now_ = end;
  }

  // Sends a request; returns its id.
  std::string Ask(const Jid& from, const Jid& to, IqPayload payload,
                  IqType type = IqType::kSet) {
    Iq iq;
    iq.type = type;
    iq.from = from;
    iq.to = to;
    iq.id = "c" + std::to_string(++last_id_);
    iq.payload = std::move(payload);
    focus_->HandleStanza(now_, iq);
    return iq.id;
  }
  // Sends a request; returns the one answer to it.
  Iq Call(const Jid& from, const Jid& to, IqPayload payload,
          IqType type = IqType::kSet) {
    const std::string id = Ask(from, to, std::move(payload), type);
    std::vector<Iq> answers;
    for (const Stanza& stanza : sink_.sent) {
      const auto* iq = std::get_if<Iq>(&stanza);
      if (iq != nullptr && iq->id == id) answers.push_back(*iq);
    }
    EXPECT_EQ(answers.size(), 1U) << "each request has one answer";
    if (answers.empty()) return {};
    EXPECT_EQ(answers[0].to, from);
    EXPECT_EQ(answers[0].from, to) << "answers come from who was asked";
    return answers[0];
  }
  Iq Call(const Caller& caller, JingleMessage message) {
    return Call(caller.jid, caller.room, std::move(message));
  }
  // The same for what must be acknowledged.
  void Do(const Caller& caller, IqPayload payload) {
    const Iq answer = Call(caller.jid, caller.room, std::move(payload));
    EXPECT_EQ(answer.type, IqType::kResult)
        << answer.error.value_or(StanzaError()).text;
  }
  void Say(const Jid& from, const Jid& to, PresenceType type,
           std::string nick = {}) {
    Presence presence;
    presence.type = type;
    presence.from = from;
    presence.to = to;
    presence.nick = std::move(nick);
    focus_->HandleStanza(now_, presence);
  }
  // Answers a request of the focus.
  void Answer(const Iq& request, std::optional<StanzaError> error = {}) {
    Iq iq;
    iq.type = error ? IqType::kError : IqType::kResult;
    iq.from = request.to;
    iq.to = request.from;
    iq.id = request.id;
    iq.error = std::move(error);
    focus_->HandleStanza(now_, iq);
  }
  // Acknowledges all that the focus has asked of somebody since the sink was
  // cleared.
  void AnswerAll(const Jid& jid) {
    for (const Iq& request : RequestsTo(jid)) Answer(request);
  }

  // Tells the focus, if it asked, what the client at `jid` can do.
  bool AnswerFeatures(const Jid& jid, std::vector<std::string> features) {
    for (const Stanza& stanza : sink_.sent) {
      const auto* iq = std::get_if<Iq>(&stanza);
      if (iq == nullptr || iq->to != jid || iq->type != IqType::kGet) continue;
      EXPECT_TRUE(std::holds_alternative<DiscoInfo>(iq->payload));
      Iq answer;
      answer.type = IqType::kResult;
      answer.from = iq->to;
      answer.to = iq->from;
      answer.id = iq->id;
      answer.payload = DiscoInfo{{}, {}, std::move(features)};
      focus_->HandleStanza(now_, answer);
      return true;
    }
    return false;
  }

  // Calls a room; in `result` goes who is in it now, if the call was taken.
  Iq TryJoin(Caller& caller, SessionDescription offer,
             std::string resume_token = {}) {
    JingleMessage message = Jingle(JingleAction::kSessionInitiate, caller.sid);
    message.initiator = caller.jid.ToString();
    message.description = std::move(offer);
    message.resume_token = std::move(resume_token);
    const size_t before = media_.allocated.size();
    Iq answer = Call(caller.jid, caller.room, std::move(message));
    if (media_.allocated.size() > before) caller.peer = media_.allocated.back();
    if (const auto roster = CompleteRosterTo(caller.jid)) {
      caller.id = roster->self;
      caller.token = roster->resume;
    }
    return answer;
  }
  Caller MakeCaller(const std::string& jid,
                    const std::string& room = "standup@sfu.example") {
    Caller caller;
    caller.jid = J(jid);
    caller.room = J(room);
    caller.sid = "sid-" + std::to_string(++last_sid_);
    return caller;
  }
  // Joins, acknowledges, connects; time goes on until all were told.
  Caller Join(const std::string& jid, SessionDescription offer = BundleOffer(),
              const std::string& room = "standup@sfu.example") {
    Caller caller = JoinOnly(jid, std::move(offer), room);
    AnswerAll(caller.jid);
    focus_->OnPeerConnected(now_, caller.peer);
    Advance(milliseconds(200));
    sink_.sent.clear();
    return caller;
  }
  // Only the session-initiate; what the focus sent stays in the sink.
  Caller JoinOnly(const std::string& jid,
                  SessionDescription offer = BundleOffer(),
                  const std::string& room = "standup@sfu.example") {
    Caller caller = MakeCaller(jid, room);
    sink_.sent.clear();
    EXPECT_EQ(TryJoin(caller, std::move(offer)).type, IqType::kResult);
    EXPECT_NE(caller.id, "") << "no roster for " << jid;
    return caller;
  }

  // What was sent to somebody, of a kind, since the sink was cleared.
  std::vector<Iq> RequestsTo(const Jid& jid) const {
    std::vector<Iq> requests;
    for (const Stanza& stanza : sink_.sent) {
      const auto* iq = std::get_if<Iq>(&stanza);
      if (iq != nullptr && iq->to == jid && iq->type == IqType::kSet) {
        requests.push_back(*iq);
      }
    }
    return requests;
  }
  std::vector<JingleMessage> JinglesTo(const Jid& jid) const {
    std::vector<JingleMessage> messages;
    for (const Iq& iq : RequestsTo(jid)) {
      if (const auto* m = std::get_if<JingleMessage>(&iq.payload)) {
        messages.push_back(*m);
      }
    }
    return messages;
  }
  std::vector<JingleAction> ActionsTo(const Jid& jid) const {
    std::vector<JingleAction> actions;
    for (const JingleMessage& m : JinglesTo(jid)) actions.push_back(m.action);
    return actions;
  }
  // The request of that action to somebody, one and only.
  std::optional<JingleMessage> OneTo(const Jid& jid,
                                     JingleAction action) const {
    std::optional<JingleMessage> found;
    for (JingleMessage& m : JinglesTo(jid)) {
      if (m.action != action) continue;
      EXPECT_FALSE(found.has_value()) << "more than one";
      found = std::move(m);
    }
    EXPECT_TRUE(found.has_value()) << "none";
    return found;
  }
  // The calls that the focus made to somebody.
  std::vector<Iq> InitiatesTo(const Jid& jid) const {
    std::vector<Iq> initiates;
    for (const Iq& iq : RequestsTo(jid)) {
      const auto* jingle = std::get_if<JingleMessage>(&iq.payload);
      if (jingle != nullptr &&
          jingle->action == JingleAction::kSessionInitiate) {
        initiates.push_back(iq);
      }
    }
    return initiates;
  }
  // Why the focus ended somebody's session; nothing if it did not.
  std::optional<JingleReason> EndOf(const Jid& jid) const {
    for (const JingleMessage& m : JinglesTo(jid)) {
      if (m.action == JingleAction::kSessionTerminate) return m.reason;
    }
    return std::nullopt;
  }
  template <typename Payload>
  std::vector<Payload> HeadlinesTo(const Jid& jid) const {
    std::vector<Payload> payloads;
    for (const Stanza& stanza : sink_.sent) {
      const auto* message = std::get_if<Message>(&stanza);
      if (message == nullptr || message->to != jid) continue;
      const auto* payload = std::get_if<Payload>(&message->payload);
      if (payload == nullptr) continue;
      EXPECT_EQ(message->type, "headline");
      payloads.push_back(*payload);
    }
    return payloads;
  }
  std::vector<Roster> RostersTo(const Jid& jid) const {
    return HeadlinesTo<Roster>(jid);
  }
  std::optional<Roster> CompleteRosterTo(const Jid& jid) const {
    std::optional<Roster> complete;
    for (Roster& roster : RostersTo(jid)) {
      if (roster.complete) complete = std::move(roster);
    }
    return complete;
  }
  // What somebody who has read all messages in the sink knows of another.
  std::optional<RosterParticipant> Seen(const Jid& by,
                                        const std::string& id) const {
    std::optional<RosterParticipant> seen;
    for (const Roster& roster : RostersTo(by)) {
      for (const RosterParticipant& p : roster.participants) {
        if (p.id == id) seen = p;
      }
      for (const std::string& left : roster.left) {
        if (left == id) seen.reset();
      }
    }
    return seen;
  }
  std::vector<Presence> PresencesTo(const Jid& jid) const {
    std::vector<Presence> presences;
    for (const Stanza& stanza : sink_.sent) {
      const auto* presence = std::get_if<Presence>(&stanza);
      if (presence != nullptr && presence->to == jid) {
        presences.push_back(*presence);
      }
    }
    return presences;
  }

  // Whether somebody has a session there, as an outsider can tell: a ping of
  // it. It counts as a sign of life.
  bool IsIn(const Caller& caller) {
    return Call(caller, Jingle(JingleAction::kSessionInfo, caller.sid)).type ==
           IqType::kResult;
  }
  // The same without a sign of life.
  bool IsServed(const Caller& caller) const {
    return media_.specs.contains(caller.peer);
  }
  const rtp::PeerSpec& Spec(const Caller& caller) const {
    return media_.specs.at(caller.peer);
  }

  rtp::Timestamp now_{seconds(1000)};
  support::SeededRandom random_{1};
  RecordingMedia media_;
  RecordingSink sink_;
  std::unique_ptr<Focus> focus_;

 private:
  int last_id_ = 0;
  int last_sid_ = 0;
};

inline void PrintTo(const RosterSource& source, std::ostream* out) {
  *out << source.id << " " << source.kind << " " << source.type
       << (source.muted ? " muted" : "");
}
inline void PrintTo(const Iq& iq, std::ostream* out) {
  *out << Serialize(WriteStanza(iq));
}

// Matches an IQ error by what it says.
MATCHER_P3(IsError, type, condition, jingle_condition, "") {
  if (arg.type != IqType::kError || !arg.error) {
    *result_listener << "it is no error";
    return false;
  }
  *result_listener << arg.error->type << " " << arg.error->condition << " "
                   << arg.error->jingle_condition << " " << arg.error->text;
  return arg.error->type == type && arg.error->condition == condition &&
         arg.error->jingle_condition == jingle_condition;
}
MATCHER(IsResult, "") {
  if (arg.error) {
    *result_listener << arg.error->condition << " " << arg.error->text;
  }
  return arg.type == IqType::kResult;
}

}  // namespace signaling
