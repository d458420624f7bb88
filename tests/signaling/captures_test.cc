// SPDX-License-Identifier: GPL-3.0-or-later
// Recordings of real clients (tests/signaling/captures/), replayed: each
// stanza is read by guard, parser and codecs and written again; what callers
// said is then said to a focus, as if they had called the room, and all that
// the focus does is compared with tests/signaling/goldens/.
//
// After a change that is meant, or for a new recording:
//   CARILLON_UPDATE_GOLDENS=1 build/dev/tests/signaling/interop_tests
//       --gtest_filter='*Captures*'
// and read what `git diff` shows: a golden is right when docs and XEPs say so,
// not when the test is green.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "signaling/jingle_codec.h"
#include "tests/signaling/client_rules.h"
#include "tests/signaling/focus_fixture.h"
#include "tests/signaling/replay.h"

namespace signaling {
namespace {

using ::testing::SizeIs;

constexpr const char* kDomain = "sfu.example";

Jid& ToOf(Stanza& stanza) {
  return std::visit([](auto& s) -> Jid& { return s.to; }, stanza);
}
Jid& FromOf(Stanza& stanza) {
  return std::visit([](auto& s) -> Jid& { return s.from; }, stanza);
}

const JingleMessage* JingleIn(const Stanza& stanza) {
  const auto* iq = std::get_if<Iq>(&stanza);
  return iq == nullptr ? nullptr : std::get_if<JingleMessage>(&iq->payload);
}

// What we read but never write.
void Forget(Stanza& stanza) {
  auto* iq = std::get_if<Iq>(&stanza);
  if (iq == nullptr) return;
  if (iq->type == IqType::kError) iq->payload = Unknown();
  auto* jingle = std::get_if<JingleMessage>(&iq->payload);
  if (jingle == nullptr) return;
  for (Content& content : jingle->description.contents) {
    if (content.description) content.description->has_sdes_encryption = false;
    if (!content.description) content.description_ns.clear();
    if (!content.transport) content.transport_ns.clear();
  }
}

// In a few words, for a reader of the golden.
std::string Summary(const Stanza& stanza) {
  const XmlElement xml = WriteStanza(stanza);
  std::string said = xml.name + " " + std::string(xml.Attribute("type"));
  if (xml.children.empty()) return said;
  const XmlElement& payload = xml.children[0];
  said += " " + payload.name;
  if (const JingleMessage* jingle = JingleIn(stanza)) {
    said = std::string(JingleActionName(jingle->action));
    for (const Content& content : jingle->description.contents) {
      said += " " + content.name;
      if (!content.transport) continue;
      const size_t candidates = content.transport->candidates.size();
      if (candidates > 0) said += "[" + std::to_string(candidates) + "]";
      if (content.transport->gathering_complete) said += "[complete]";
    }
    for (const XmlElement& child : payload.children) {
      if (child.ns == ns::kRtpInfo) said += " " + child.name;
    }
  }
  return said;
}

class CapturesTest : public FocusTest,
                     public ::testing::WithParamInterface<std::string> {
 protected:
  // The stanza of a recording that the server's side of a stream made of it.
  static Stanza Read(const Recorded& recorded) {
    Wire wire(kDomain);
    const std::vector<Stanza> stanzas = wire.Read(recorded.xml);
    EXPECT_THAT(wire.TakeRejected(), ::testing::IsEmpty()) << recorded.xml;
    EXPECT_THAT(stanzas, SizeIs(1)) << recorded.xml;
    return stanzas.empty() ? Stanza() : stanzas[0];
  }

  static void ExpectRoundTrip(Stanza stanza) {
    const std::string written = Serialize(WriteStanza(stanza));
    Wire wire(kDomain);
    const std::vector<Stanza> again = wire.Read(written);
    ASSERT_THAT(again, SizeIs(1)) << written;
    Forget(stanza);
    EXPECT_TRUE(again[0] == stanza) << written;
  }

  // Says what a caller said, to the room.
  void Replay(const Stanza& recorded, const Jid& caller) {
    Stanza stanza = recorded;
    const bool full = !ToOf(stanza).resource.empty();
    FromOf(stanza) = caller;
    // Who has seen the room's presence calls what it came from.
    ToOf(stanza) =
        J(full ? "standup@sfu.example/focus" : "standup@sfu.example");
    golden_ << "\n<!-- " << caller.ToString() << " to "
            << ToOf(stanza).ToString() << ": " << Summary(stanza) << " -->\n";
    sink_.sent.clear();
    focus_->HandleStanza(now_, stanza);
    Write();
    const JingleMessage* jingle = JingleIn(stanza);
    if (jingle == nullptr) return;
    for (const Stanza& sent : sink_.sent) ExpectAccepted(*jingle, sent);
    AnswerAll(caller);
    sink_.sent.clear();
    Advance(milliseconds(10));
  }

  void ExpectAccepted(const JingleMessage& offer, const Stanza& sent) {
    const JingleMessage* answer = JingleIn(sent);
    if (answer == nullptr || answer->action != JingleAction::kSessionAccept) {
      return;
    }
    const XmlElement xml = WriteStanza(sent);
    EXPECT_TRUE(AnyoneWouldAccept(offer, xml));
    if (GetParam().starts_with("dino-")) {
      EXPECT_TRUE(DinoWouldAccept(offer, xml));
    } else if (GetParam().starts_with("chromium-")) {
      EXPECT_TRUE(StanzaJsWouldAccept(offer, xml));
    }
  }

  void Write() {
    if (sink_.sent.empty()) golden_ << "<!-- nothing -->\n";
    for (const Stanza& stanza : sink_.sent) {
      EXPECT_EQ(std::visit([](const auto& s) { return s.from.Bare(); }, stanza),
                J("standup@sfu.example"));
      Name(stanza);
      golden_ << Pretty(WriteStanza(stanza), 1);
    }
  }

  // Random values get names in the order in which they are seen first, so that
  // a golden does not change with who else drew some.
  void Name(const Stanza& stanza) {
    const auto name = [this](const std::string& value, const char* kind) {
      if (value.empty() || names_.contains(value)) return;
      names_[value] = kind + std::to_string(++counts_[kind]);
    };
    if (const auto* iq = std::get_if<Iq>(&stanza)) {
      if (iq->type == IqType::kSet) name(iq->id, "focus-iq-");
    } else if (const auto* message = std::get_if<Message>(&stanza)) {
      name(message->id, "focus-message-");
      const auto* roster = std::get_if<Roster>(&message->payload);
      if (roster == nullptr) return;
      name(roster->resume, "resume-");
      for (const RosterParticipant& participant : roster->participants) {
        name(participant.id, "participant-");
      }
    }
  }
  std::string Named() const {
    std::string text = golden_.str();
    for (const auto& [value, name] : names_) {
      for (size_t at = 0; (at = text.find(value, at)) != std::string::npos;) {
        text.replace(at, value.size(), name);
        at += name.size();
      }
    }
    return text;
  }

  // What the media plane was told.
  void WriteMedia() {
    golden_ << "\n<!-- in the end -->\n";
    for (const auto& [peer, spec] : media_.specs) {
      golden_ << " <peer id='" << peer.value() << "'>\n";
      for (const rtp::TransportSpec& transport : spec.transports) {
        golden_ << "  <transport local='" << transport.local.ufrag
                << "' remote='" << transport.remote.ufrag << "' dtls='"
                << (transport.dtls_role == rtp::DtlsRole::kActive ? "active"
                                                                  : "passive")
                << "'/>\n";
      }
      for (const rtp::ContentSpec& content : spec.contents) {
        golden_ << "  <content name='" << content.name << "' transport='"
                << int{content.transport} << "' payload-types='";
        for (const rtp::CodecSpec& codec : content.codecs) {
          golden_ << (&codec == &content.codecs[0] ? "" : " ")
                  << int{codec.payload_type};
        }
        golden_ << "'";
        if (content.uplink) {
          golden_ << " uplink='";
          for (const rtp::Ssrc ssrc : content.uplink->ssrcs) {
            golden_ << (ssrc == content.uplink->ssrcs[0] ? "" : " ") << ssrc;
          }
          golden_ << "' muted='" << (content.uplink->muted ? "yes" : "no")
                  << "'";
        }
        if (content.slot) golden_ << " slot='" << content.slot->ssrc << "'";
        golden_ << "/>\n";
      }
      golden_ << " </peer>\n";
    }
    if (media_.specs.empty()) golden_ << "<!-- nobody is in the room -->\n";
  }

  std::ostringstream golden_;
  std::map<std::string, std::string> names_;
  std::map<std::string, int> counts_;
};

TEST_P(CapturesTest, IsAnsweredAsKept) {
  const std::filesystem::path path = [] {
    for (const auto& file : CaptureFiles()) {
      if (file.stem() == GetParam()) return file;
    }
    return std::filesystem::path();
  }();
  const std::vector<Recorded> recording = ReadCapture(path);
  ASSERT_FALSE(recording.empty()) << path;

  std::vector<Stanza> stanzas;
  std::map<std::string, Jid> callers;
  std::set<std::string> called;  // the room stands in for them
  for (const Recorded& recorded : recording) {
    stanzas.push_back(Read(recorded));
    Stanza& stanza = stanzas.back();
    ExpectRoundTrip(stanza);
    const JingleMessage* jingle = JingleIn(stanza);
    const bool begins =
        recorded.xml.find("<propose ") != std::string::npos ||
        (jingle != nullptr && jingle->action == JingleAction::kSessionInitiate);
    if (!begins || called.contains(recorded.party)) continue;
    called.insert(ToOf(stanza).ToString());
    callers.try_emplace(recorded.party, J("caller@example/" +
                                          std::to_string(callers.size() + 1)));
  }

  golden_ << "<replay of='" << GetParam() << "'>\n";
  for (size_t i = 0; i < stanzas.size(); ++i) {
    const auto caller = callers.find(recording[i].party);
    if (caller != callers.end()) Replay(stanzas[i], caller->second);
  }
  sink_.sent.clear();
  Advance(seconds(1));
  golden_ << "\n<!-- a second later -->\n";
  Write();
  WriteMedia();
  golden_ << "</replay>\n";
  const std::string difference = CompareGolden(GetParam(), Named());
  EXPECT_TRUE(difference.empty()) << difference;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& file : CaptureFiles()) names.push_back(file.stem());
  return names;
}

std::string CaseName(const ::testing::TestParamInfo<std::string>& param) {
  std::string name = param.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded, CapturesTest, ::testing::ValuesIn(Names()),
                         CaseName);

// A file that is taken away is missed.
TEST(CapturesFiles, AreThereAndEachGoldenHasOne) {
  const std::vector<std::string> names = Names();
  EXPECT_THAT(names, ::testing::IsSupersetOf(
                         {"chromium-calls-gajim", "chromium-stanza-1to1",
                          "chromium-stanza-calls-dino", "dino-calls-component",
                          "dino-to-dino-video", "gajim-calls-chromium"}));
  EXPECT_EQ(GoldenNames(), names);
}

}  // namespace
}  // namespace signaling
