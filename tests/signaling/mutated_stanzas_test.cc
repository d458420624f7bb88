// SPDX-License-Identifier: GPL-3.0-or-later
// What a stranger makes of real stanzas: 20,000 of them, a million with
// CARILLON_LONG=1, through guard, parser, codecs and focus, while somebody
// else is in the room. CARILLON_SEED=N repeats a run of another seed.
#include <algorithm>
#include <cstdlib>

#include "signaling/limits.h"
#include "tests/signaling/focus_fixture.h"
#include "tests/signaling/replay.h"
#include "tests/signaling/stanza_mutator.h"

namespace signaling {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kDomain = "sfu.example";

size_t HowMany() {
  const char* is_long = std::getenv("CARILLON_LONG");
  return is_long != nullptr && *is_long != '\0' ? 1'000'000 : 20'000;
}
uint32_t Seed() {
  const char* seed = std::getenv("CARILLON_SEED");
  return seed == nullptr ? 1 : static_cast<uint32_t>(std::atol(seed));
}

// A recording whose stanzas are for our room.
std::vector<std::string> Calls(const std::filesystem::path& path) {
  std::vector<std::string> stanzas;
  for (Recorded& recorded : ReadCapture(path)) {
    std::string& xml = recorded.xml;
    for (const std::string_view quote : {"'", "\""}) {
      const std::string to = " to=" + std::string(quote);
      const size_t at = xml.find(to);
      if (at == std::string::npos || at > xml.find('>')) continue;
      const size_t begin = at + to.size();
      xml.replace(begin, xml.find(quote, begin) - begin, "standup@sfu.example");
    }
    stanzas.push_back(std::move(xml));
  }
  return stanzas;
}

class MutatedStanzasTest : public FocusTest {
 protected:
  MutatedStanzasTest() : wire_(kDomain), outside_(kDomain) {
    std::vector<std::string> all;
    for (const auto& path : CaptureFiles()) {
      calls_.push_back(Calls(path));
      all.insert(all.end(), calls_.back().begin(), calls_.back().end());
    }
    bob_ = Join("bob@example/b", BundleOffer(3, 9));
    bobs_ = Spec(bob_);
    mutator_.emplace(
        Seed(), all,
        std::vector<std::string>{bob_.sid, bob_.id, bob_.token, "bob@example/b",
                                 "standup@sfu.example/focus", "source-add",
                                 "content-add", "content-modify",
                                 "content-remove", "transport-replace"});
    calls_.push_back(RoomRequests());
    calls_.push_back(UploadCall());
  }

  // Somebody who is called for each of the others. "DOWNLINK" is the sid of
  // the last such call.
  std::vector<std::string> UploadCall() {
    std::vector<std::string> call;
    const auto add = [&](JingleMessage message) {
      Iq iq;
      iq.type = IqType::kSet;
      iq.to = bob_.room;
      iq.id = "u" + std::to_string(call.size());
      iq.payload = std::move(message);
      call.push_back(Serialize(WriteStanza(iq)));
    };
    JingleMessage initiate = Jingle(JingleAction::kSessionInitiate, "up");
    initiate.description = BundleOffer();
    for (Content& content : initiate.description.contents) {
      content.senders = Senders::kInitiator;
    }
    add(initiate);
    JingleMessage accept = Jingle(JingleAction::kSessionAccept, "DOWNLINK");
    accept.description = BundleOffer();
    for (Content& content : accept.description.contents) {
      content.transport->fingerprint->setup = DtlsSetup::kActive;
    }
    Content moved = Named("0");
    moved.transport = ClientTransport("again");
    add(Info("DOWNLINK", SessionInfo::Kind::kRinging));
    add(Jingle(JingleAction::kTransportInfo, "DOWNLINK", {moved}));
    add(accept);
    add(Jingle(JingleAction::kTransportInfo, "DOWNLINK", {moved}));
    add(initiate);
    add(Jingle(JingleAction::kSessionTerminate, "DOWNLINK"));
    return call;
  }

  // What the recordings have none of.
  std::vector<std::string> RoomRequests() {
    std::vector<std::string> requests;
    const auto add = [&](const IqPayload& payload) {
      Iq iq;
      iq.type = IqType::kSet;
      iq.to = bob_.room;
      iq.id = "r" + std::to_string(requests.size());
      iq.payload = payload;
      requests.push_back(Serialize(WriteStanza(iq)));
    };
    JingleMessage initiate = Jingle(JingleAction::kSessionInitiate, "s");
    initiate.description = BundleOffer(2, 2);
    add(initiate);
    add(Receive{{bob_.id + "-v0"}, {{"1", 180}}});
    add(Publish{{{"1", "screen", true}}});
    add(SetName{"Eve"});
    add(Resume{bob_.token + "x", bob_.sid});
    Content screen = ChromiumVideo("screen", Senders::kInitiator);
    screen.transport = IceTransport();
    add(Jingle(JingleAction::kContentAdd, "s", {screen}));
    add(Jingle(JingleAction::kContentModify, "s",
               {Named("1", Senders::kResponder)}));
    Content moved = Named("0");
    moved.transport = ClientTransport("again");
    add(Jingle(JingleAction::kTransportInfo, "s", {moved}));
    add(Jingle(JingleAction::kTransportReplace, "s", {moved}));
    add(Info("s", SessionInfo::Kind::kMute, "0"));
    add(Info("s", SessionInfo::Kind::kHold));
    add(Jingle(JingleAction::kContentRemove, "s", {Named("1")}));
    return requests;
  }

  // One stanza of Eve's, with something done to it, and what came of it.
  void Attack(const std::string& stanza) {
    std::string xml = stanza;
    constexpr std::string_view kDownlink = "DOWNLINK";
    if (const size_t at = xml.find(kDownlink); at != std::string::npos) {
      xml.replace(at, kDownlink.size(), downlink_);
    }
    bool well_formed = true;
    for (size_t i = mutator_->Below(4); i > 0; --i) {
      xml = mutator_->MutateStructure(std::move(xml));
    }
    if (mutator_->Below(3) == 0) {
      xml = mutator_->MutateBytes(std::move(xml));
      well_formed = false;
    }
    sent_before_ = std::exchange(sent_xml_, xml);
    sink_.sent.clear();
    const int streams = wire_.streams();
    std::vector<Stanza> stanzas = wire_.Read(xml);
    for (Stanza& read : stanzas) Handle(read);
    for (RejectedStanza& rejected : wire_.TakeRejected()) Reject(rejected);
    TellFeatures();
    CheckAll();
    CheckStream(well_formed, streams);
    Advance(milliseconds(60));
    if (mutator_->Below(2) == 0) AnswerAll(eve_);
    CheckAll();
    ++attacks_;
  }

  void Handle(Stanza& stanza) {
    // Her server says who she is.
    std::visit([this](auto& s) { s.from = eve_; }, stanza);
    const size_t before = sink_.sent.size();
    focus_->HandleStanza(now_, stanza);
    const auto* iq = std::get_if<Iq>(&stanza);
    if (iq == nullptr) return;
    const bool asked = iq->type == IqType::kGet || iq->type == IqType::kSet;
    ExpectAnswers(before, iq->id, iq->to, asked ? 1 : 0);
  }

  // Eve's client can be called for each of the others, if it is asked.
  void TellFeatures() {
    const std::vector<Stanza> sent = sink_.sent;
    for (const Stanza& stanza : sent) {
      const auto* iq = std::get_if<Iq>(&stanza);
      if (iq == nullptr || iq->type != IqType::kGet) continue;
      Iq answer;
      answer.type = IqType::kResult;
      answer.from = iq->to;
      answer.to = iq->from;
      answer.id = iq->id;
      answer.payload = DiscoInfo{{}, {}, {std::string(ns::kAvConferences)}};
      focus_->HandleStanza(now_, answer);
    }
    for (const JingleMessage& message : JinglesTo(eve_)) {
      if (message.action != JingleAction::kSessionInitiate) continue;
      downlink_ = message.sid;
      ++downlinks_;
    }
  }

  void Reject(RejectedStanza& rejected) {
    rejected.from = eve_.ToString();
    const size_t before = sink_.sent.size();
    focus_->HandleRejected(now_, rejected);
    EXPECT_LE(sink_.sent.size(), before + 1);
  }

  // Each request has one answer, from whom it was for.
  void ExpectAnswers(size_t from, const std::string& id, const Jid& to,
                     size_t count) {
    size_t answers = 0;
    for (size_t i = from; i < sink_.sent.size(); ++i) {
      const auto* iq = std::get_if<Iq>(&sink_.sent[i]);
      if (iq == nullptr || iq->type == IqType::kSet ||
          iq->type == IqType::kGet) {
        continue;  // what we ask of her
      }
      ++answers;
      EXPECT_EQ(iq->id, id);
      EXPECT_EQ(iq->from, to);
    }
    EXPECT_EQ(answers, count);
  }

  void CheckAll() {
    for (const Stanza& stanza : sink_.sent) {
      const Jid& to =
          std::visit([](const auto& s) -> const Jid& { return s.to; }, stanza);
      if (to == bob_.jid) {
        const auto* message = std::get_if<Message>(&stanza);
        ASSERT_NE(message, nullptr);
        EXPECT_TRUE(std::holds_alternative<Roster>(message->payload));
      } else {
        EXPECT_EQ(to.Bare(), eve_.Bare());
      }
      // What is sent is one stanza again, whatever it repeats.
      const std::string written = Serialize(WriteStanza(stanza));
      const auto* iq = std::get_if<Iq>(&stanza);
      // Such an id is answered but not accepted.
      const bool odd = iq != nullptr && iq->id.size() > limits::kTextBytes;
      EXPECT_THAT(outside_.Read(written), SizeIs(odd ? 0 : 1))
          << written << outside_.why_closed();
      EXPECT_TRUE(outside_.up());
    }
    ASSERT_TRUE(IsServed(bob_));
    EXPECT_EQ(Spec(bob_), bobs_);
    EXPECT_TRUE(media_.received[bob_.peer].empty());
    for (const auto& restart : media_.restarts) {
      EXPECT_NE(restart.peer, bob_.peer);
    }
    media_.restarts.clear();
    sink_.sent.clear();
  }

  // A stanza that is well-formed does not end the stream, however bad it is.
  // One that is not ends it, or leaves it in the middle of something.
  void CheckStream(bool well_formed, int streams) {
    if (well_formed) {
      EXPECT_TRUE(wire_.up()) << wire_.why_closed();
      EXPECT_EQ(wire_.streams(), streams + (was_up_ ? 0 : 1));
    }
    was_up_ = wire_.up();
    if (was_up_ && PingPasses()) return;
    EXPECT_FALSE(well_formed);
    ++broken_;
    wire_.Restart();
    was_up_ = true;
    EXPECT_TRUE(PingPasses());
  }
  bool PingPasses() {
    const std::vector<Stanza> stanzas = wire_.Read(
        "<iq type='get' id='p' from='bob@example/b' to='sfu.example'>"
        "<ping xmlns='urn:xmpp:ping'/></iq>");
    wire_.TakeRejected();
    return stanzas.size() == 1 && std::holds_alternative<Iq>(stanzas[0]) &&
           std::holds_alternative<signaling::Ping>(
               std::get<Iq>(stanzas[0]).payload) &&
           std::get<Iq>(stanzas[0]).id == "p";
  }

  // Eve comes with an address of her own and goes.
  void Visit() {
    eve_ = J("eve" + std::to_string(++visits_) + "@example/e");
    const std::vector<std::string>& call = mutator_->Any(calls_);
    for (const std::string& stanza : call) {
      Attack(mutator_->Below(8) == 0 ? mutator_->Any(mutator_->Any(calls_))
                                     : stanza);
      if (HasFatalFailure()) return;
    }
    std::vector<Jid> rooms;
    for (const auto& [name, room] : focus_->all_rooms()) {
      rooms.push_back(Jid{name, kDomain, {}});
    }
    sink_.sent.clear();
    for (const Jid& room : rooms) Say(eve_, room, PresenceType::kUnavailable);
    Advance(milliseconds(1));
    CheckAll();
    EXPECT_EQ(focus_->participants(), 1U);
    EXPECT_EQ(focus_->rooms(), 1U);
    EXPECT_THAT(media_.specs, SizeIs(1));
    media_.allocated.clear();
    media_.removed.clear();
  }

  Wire wire_;
  Wire outside_;
  std::vector<std::vector<std::string>> calls_;
  std::optional<StanzaMutator> mutator_;
  Caller bob_;
  rtp::PeerSpec bobs_;
  Jid eve_;
  std::string sent_xml_;
  std::string sent_before_;
  size_t attacks_ = 0;
  size_t broken_ = 0;
  size_t visits_ = 0;
  std::string downlink_ = "none";
  size_t downlinks_ = 0;
  bool was_up_ = true;
};

TEST_F(MutatedStanzasTest, HarmNobody) {
  const size_t how_many = HowMany();
  while (attacks_ < how_many) {
    Visit();
    if (!HasFailure()) continue;
    FAIL() << "visit " << visits_ << ", stanza " << attacks_ << " of seed "
           << Seed() << ":\n"
           << sent_xml_ << "\nafter\n"
           << sent_before_;
  }
  // They were bad, yet not so bad that nothing was ever tried.
  EXPECT_GT(broken_, how_many / 20);
  EXPECT_GT(focus_->stats().sessions_accepted, how_many / 200);
  EXPECT_GT(focus_->stats().malformed, how_many / 1000);
  EXPECT_GT(downlinks_, how_many / 2000);
  EXPECT_TRUE(IsIn(bob_));
  std::printf("%zu stanzas, %zu broke the stream, %zu calls taken\n", attacks_,
              broken_, static_cast<size_t>(focus_->stats().sessions_accepted));
}

}  // namespace
}  // namespace signaling
