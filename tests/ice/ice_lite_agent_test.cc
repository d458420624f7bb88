// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/ice_lite_agent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ice/stun_message.h"
#include "tests/support/seeded_random.h"

namespace ice {
namespace {

using Bytes = std::vector<uint8_t>;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr rtp::Timestamp kStart{seconds(1000)};
const rtp::IceCredentials kLocal = {"Lfrag", "local-password-of-24-byte"};
const rtp::IceCredentials kRemote = {"Rfrag", "remote-password-of-24-byt"};
const rtp::IceCredentials kLocal2 = {"Lfrag2", "second-local-password-24b"};
const rtp::IceCredentials kRemote2 = {"Rfrag2", "second-remote-password-24"};

SocketAddress Peer(uint8_t host, uint16_t port = 5000) {
  return SocketAddress(std::array<uint8_t, 4>{192, 0, 2, host}, port);
}

class RecordingSink : public DatagramSink {
 public:
  void SendDatagram(const SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    sent.emplace_back(to, Bytes(datagram.begin(), datagram.end()));
  }
  std::vector<std::pair<SocketAddress, Bytes>> sent;
};

// What a check says; the defaults are those of a controlling peer that does
// not nominate.
struct Check {
  std::string username = "Lfrag:Rfrag";
  std::string key = kLocal.pwd;
  StunClass message_class = StunClass::kRequest;
  bool nominate = false;
  bool controlling = true;
  bool controlled = false;
  bool integrity = true;
  bool fingerprint = true;
  bool priority = true;
  StunTransactionId transaction = {9, 8, 7, 6, 5, 4, 3, 2, 1};
  int unknown = 0;  // attributes that must be understood, and are not

  Bytes Write() const {
    std::array<uint8_t, 512> buffer;
    StunWriter writer(buffer, message_class, transaction);
    if (!username.empty()) writer.AddUsername(username);
    if (priority) writer.AddPriority(0x6E0001FF);
    if (controlling) writer.AddIceControlling(7);
    if (controlled) writer.AddIceControlled(7);
    if (nominate) writer.AddUseCandidate();
    const size_t at = writer.written().size();
    for (int i = 0; i < unknown; ++i) writer.AddPriority(0);
    for (int i = 0; i < unknown; ++i) {  // 0x0024 becomes 0x7F01 and so on
      buffer[at + 8 * i] = 0x7F;
      buffer[at + 8 * i + 1] = static_cast<uint8_t>(i + 1);
    }
    if (integrity) writer.AddIntegrity(key);
    if (fingerprint) writer.AddFingerprint();
    EXPECT_TRUE(writer.ok());
    return {writer.written().begin(), writer.written().end()};
  }
};

class IceLiteAgentTest : public testing::Test {
 protected:
  bool Handle(const Check& check, const SocketAddress& from,
              rtp::Timestamp now = kStart) {
    return agent_.HandleStun(now, from, check.Write(), sink_);
  }
  // The answer to the last one; fails if there is none.
  StunMessage Answer() {
    EXPECT_FALSE(sink_.sent.empty());
    if (sink_.sent.empty()) return {};
    answer_ = sink_.sent.back().second;
    const auto message = StunMessage::Parse(answer_);
    EXPECT_TRUE(message);
    return message.value_or(StunMessage());
  }
  void ExpectNothingHappened(const SocketAddress& from) {
    EXPECT_TRUE(sink_.sent.empty());
    EXPECT_FALSE(agent_.selected());
    EXPECT_FALSE(agent_.IsValidated(from));
  }

  IceLiteAgent agent_{kLocal, kRemote};
  RecordingSink sink_;
  Bytes answer_;
};

TEST_F(IceLiteAgentTest, AnswersACheckToWhereItCameFrom) {
  EXPECT_TRUE(Handle({}, Peer(1)));
  ASSERT_EQ(sink_.sent.size(), 1u);
  EXPECT_EQ(sink_.sent[0].first, Peer(1));
  const StunMessage answer = Answer();
  EXPECT_EQ(answer.message_class, StunClass::kSuccess);
  EXPECT_EQ(answer.transaction_id, Check().transaction);
  EXPECT_EQ(answer.mapped_address, Peer(1));
  // RFC 8445 s7.3.1.1: both are in the answer; no USERNAME (RFC 8489 s9.1.3).
  EXPECT_TRUE(answer.VerifyIntegrity(kLocal.pwd));
  EXPECT_TRUE(answer.has_fingerprint);
  EXPECT_TRUE(answer.username.empty());
  EXPECT_TRUE(agent_.IsValidated(Peer(1)));
  EXPECT_EQ(agent_.selected(), Peer(1));
}

TEST_F(IceLiteAgentTest, AnswersOverIpv6) {
  const SocketAddress from = *SocketAddress::Parse("2001:db8::1", 4000);
  EXPECT_TRUE(Handle({}, from));
  EXPECT_EQ(Answer().mapped_address, from);
}

// An answer lost is answered again, alike.
TEST_F(IceLiteAgentTest, AnswersARetransmissionTheSameWay) {
  EXPECT_TRUE(Handle({}, Peer(1)));
  EXPECT_TRUE(Handle({}, Peer(1), kStart + milliseconds(500)));
  ASSERT_EQ(sink_.sent.size(), 2u);
  EXPECT_EQ(sink_.sent[0], sink_.sent[1]);
}

// Peers that predate RFC 8445 leave FINGERPRINT out, and get none.
TEST_F(IceLiteAgentTest, AnswersWithoutFingerprintWhereThereIsNone) {
  Check check;
  check.fingerprint = false;
  EXPECT_TRUE(Handle(check, Peer(1)));
  EXPECT_FALSE(Answer().has_fingerprint);
}

TEST_F(IceLiteAgentTest, SaysNothingUnasked) {
  EXPECT_FALSE(agent_.selected());
  EXPECT_TRUE(sink_.sent.empty());
  for (int i = 1; i <= 20; ++i) {
    Check check;
    check.nominate = i % 2 == 0;
    Handle(check, Peer(static_cast<uint8_t>(i)), kStart + seconds(i));
    // One answer to each, never a check of its own.
    ASSERT_EQ(sink_.sent.size(), static_cast<size_t>(i));
    EXPECT_NE(Answer().message_class, StunClass::kRequest);
  }
}

TEST_F(IceLiteAgentTest, PassesOverWhatDoesNotAuthenticate) {
  const std::vector<std::pair<const char*, std::function<void(Check&)>>> cases =
      {
          {"no integrity", [](Check& c) { c.integrity = false; }},
          {"wrong password", [](Check& c) { c.key = "wrong"; }},
          {"the peer's password", [](Check& c) { c.key = kRemote.pwd; }},
          {"no username", [](Check& c) { c.username = ""; }},
          {"unknown ufrag", [](Check& c) { c.username = "Other:Rfrag"; }},
          {"ufrags swapped", [](Check& c) { c.username = "Rfrag:Lfrag"; }},
          {"ufrag cut", [](Check& c) { c.username = "Lfra:Rfrag"; }},
          {"ufrag longer", [](Check& c) { c.username = "Lfrag2:Rfrag"; }},
          {"other case", [](Check& c) { c.username = "lfrag:Rfrag"; }},
          {"empty ufrag", [](Check& c) { c.username = ":Rfrag"; }},
          // RFC 8445 s7.3: two values separated by a colon.
          {"no colon", [](Check& c) { c.username = "Lfrag"; }},
      };
  for (const auto& [name, change] : cases) {
    SCOPED_TRACE(name);
    Check check;
    check.nominate = true;
    change(check);
    EXPECT_FALSE(Handle(check, Peer(1)));
    ExpectNothingHappened(Peer(1));
    sink_.sent.clear();
  }
}

TEST_F(IceLiteAgentTest, PassesOverIndicationsAndAnswers) {
  for (const StunClass c :
       {StunClass::kIndication, StunClass::kSuccess, StunClass::kError}) {
    Check check;
    check.message_class = c;
    check.nominate = true;
    EXPECT_FALSE(Handle(check, Peer(1)));
    ExpectNothingHappened(Peer(1));
  }
}

TEST_F(IceLiteAgentTest, PassesOverEachChangedBitAndEachTruncation) {
  Check check;
  check.nominate = true;
  const Bytes bytes = check.Write();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    // The fingerprint's type may become another optional one: s14.5 of
    // RFC 8489 ignores it after the integrity.
    if (bit / 8 == bytes.size() - 8 || bit / 8 == bytes.size() - 7) continue;
    Bytes changed = bytes;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(agent_.HandleStun(kStart, Peer(1), changed, sink_)) << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + size);
    EXPECT_FALSE(agent_.HandleStun(kStart, Peer(1), cut, sink_)) << size;
  }
  ExpectNothingHappened(Peer(1));
}

TEST_F(IceLiteAgentTest, PassesOverJunk) {
  support::SeededRandom random(8445);
  for (int i = 0; i < 5000; ++i) {
    std::array<uint8_t, 1> size;
    random.Fill(size);
    Bytes junk(size[0]);
    random.Fill(junk);
    if (i % 2 == 0 && junk.size() >= 20) {
      const std::array<uint8_t, 8> header = {
          0,    1,    0,    static_cast<uint8_t>(junk.size() - 20),
          0x21, 0x12, 0xA4, 0x42};
      std::copy(header.begin(), header.end(), junk.begin());
    }
    EXPECT_FALSE(agent_.HandleStun(kStart, Peer(1), junk, sink_));
  }
  ExpectNothingHappened(Peer(1));
}

// An empty password would let anybody in.
TEST(IceLiteAgent, EmptyCredentialsAuthenticateNobody) {
  IceLiteAgent agent({}, {});
  RecordingSink sink;
  Check check;
  check.username = ":Rfrag";
  check.key = "";
  EXPECT_FALSE(agent.HandleStun(kStart, Peer(1), check.Write(), sink));
  EXPECT_TRUE(sink.sent.empty());
}

TEST_F(IceLiteAgentTest, NoAnswerIsLargerThanItsRequest) {
  for (const char* ip : {"192.0.2.1", "2001:db8::1"}) {
    for (int bits = 0; bits < 64; ++bits) {
      Check check;
      check.fingerprint = bits & 1;
      check.priority = bits & 2;
      check.controlling = bits & 4;
      check.controlled = bits & 8;
      check.nominate = bits & 16;
      check.unknown = bits & 32 ? 12 : 0;
      sink_.sent.clear();
      const Bytes request = check.Write();
      EXPECT_TRUE(agent_.HandleStun(kStart, *SocketAddress::Parse(ip, 5000),
                                    request, sink_));
      ASSERT_LE(sink_.sent.size(), 1u);
      if (!sink_.sent.empty()) {
        EXPECT_LE(sink_.sent[0].second.size(), request.size());
      }
    }
  }
}

// The peer takes itself for controlled; so are we, always.
TEST_F(IceLiteAgentTest, TellsAControlledPeerOfTheConflict) {
  Check check;
  check.controlling = false;
  check.controlled = true;
  check.nominate = true;
  EXPECT_TRUE(Handle(check, Peer(1)));
  const StunMessage answer = Answer();
  EXPECT_EQ(answer.message_class, StunClass::kError);
  EXPECT_EQ(answer.error_code, 487);
  EXPECT_EQ(answer.transaction_id, check.transaction);
  EXPECT_TRUE(answer.VerifyIntegrity(kLocal.pwd));
  EXPECT_FALSE(answer.mapped_address);
  // A refused check validates and nominates nothing.
  EXPECT_FALSE(agent_.selected());
  EXPECT_FALSE(agent_.IsValidated(Peer(1)));
  // The peer switches and tries again.
  EXPECT_TRUE(Handle({}, Peer(1)));
  EXPECT_EQ(Answer().message_class, StunClass::kSuccess);
  EXPECT_EQ(agent_.selected(), Peer(1));
}

TEST_F(IceLiteAgentTest, AsksTheSelectedPeerForItsConsent) {
  agent_.AskForConsent(sink_);
  EXPECT_TRUE(sink_.sent.empty()) << "there is nobody yet";
  EXPECT_TRUE(Handle({}, Peer(1)));
  sink_.sent.clear();
  std::vector<StunTransactionId> ids;
  for (int i = 0; i < 2; ++i) {
    agent_.AskForConsent(sink_);
    ASSERT_EQ(sink_.sent.size(), 1u);
    EXPECT_EQ(sink_.sent[0].first, Peer(1));
    const StunMessage ask = StunMessage::Parse(sink_.sent[0].second).value();
    EXPECT_EQ(ask.message_class, StunClass::kRequest);
    EXPECT_EQ(ask.username, "Rfrag:Lfrag");
    EXPECT_TRUE(ask.VerifyIntegrity(kRemote.pwd));
    EXPECT_EQ(ask.ice_controlled, 0u);
    EXPECT_FALSE(ask.use_candidate);
    ids.push_back(ask.transaction_id);
    sink_.sent.clear();
  }
  EXPECT_NE(ids[0], ids[1]);
  const auto answer = [&](const StunTransactionId& id, const std::string& key) {
    std::array<uint8_t, 256> buffer;
    StunWriter writer(buffer, StunClass::kSuccess, id);
    writer.AddIntegrity(key);
    return agent_.HandleStun(kStart, Peer(1), writer.written(), sink_);
  };
  EXPECT_FALSE(answer(ids[0], "not-the-password-it-has"));
  EXPECT_TRUE(answer(ids[0], kRemote.pwd));
  EXPECT_FALSE(answer(ids[0], kRemote.pwd)) << "once";
  EXPECT_TRUE(answer(ids[1], kRemote.pwd));
}

// Deviates from RFC 8445 as a whole: a lite agent never checks. Without it a
// peer that we called and that cannot switch had no path.
class PeerThatStaysControlledTest : public IceLiteAgentTest {
 protected:
  // One more of its checks; what comes of it is in the sink.
  void Insist(rtp::TimeDelta at, const SocketAddress& from = Peer(1)) {
    Check check;
    check.controlling = false;
    check.controlled = true;
    check.transaction[0] = ++last_;
    sink_.sent.clear();
    EXPECT_TRUE(Handle(check, from, kStart + at));
  }
  void InsistUntilLed() {
    for (const int ms : {0, 100, 600}) Insist(milliseconds(ms));
    ASSERT_EQ(sink_.sent.size(), 2u);
  }
  StunMessage Sent(size_t index) {
    answer_ = sink_.sent.at(index).second;
    return StunMessage::Parse(answer_).value();
  }
  // Its answer to our check.
  bool Respond(const StunTransactionId& id, const std::string& key,
               const SocketAddress& from = Peer(1)) {
    std::array<uint8_t, 256> buffer;
    StunWriter writer(buffer, StunClass::kSuccess, id);
    writer.AddMappedAddress(from);
    writer.AddIntegrity(key);
    writer.AddFingerprint();
    return agent_.HandleStun(kStart + milliseconds(700), from, writer.written(),
                             sink_);
  }
  uint8_t last_ = 0;
};

TEST_F(PeerThatStaysControlledTest, IsCheckedAndNominatedAtLast) {
  for (const int ms : {0, 100}) {
    Insist(milliseconds(ms));
    ASSERT_EQ(sink_.sent.size(), 1u);
    EXPECT_EQ(Sent(0).error_code, 487);
  }
  Insist(milliseconds(600));
  ASSERT_EQ(sink_.sent.size(), 2u);
  EXPECT_EQ(Sent(0).message_class, StunClass::kSuccess);
  const StunMessage check = Sent(1);
  EXPECT_EQ(sink_.sent[1].first, Peer(1));
  EXPECT_EQ(check.message_class, StunClass::kRequest);
  EXPECT_EQ(check.username, "Rfrag:Lfrag");
  EXPECT_TRUE(check.VerifyIntegrity(kRemote.pwd));
  EXPECT_TRUE(check.use_candidate);
  EXPECT_EQ(check.ice_controlling, 0u);
  EXPECT_TRUE(check.priority);
  EXPECT_FALSE(agent_.selected()) << "it has not answered yet";
  EXPECT_TRUE(Respond(check.transaction_id, kRemote.pwd));
  EXPECT_EQ(agent_.selected(), Peer(1));
  // From now on its checks are keep-alives.
  Insist(seconds(3));
  ASSERT_EQ(sink_.sent.size(), 1u);
  EXPECT_EQ(Sent(0).message_class, StunClass::kSuccess);
}

TEST_F(PeerThatStaysControlledTest, HasTimeToSwitch) {
  for (int ms = 0; ms < 500; ms += 50) {
    Insist(milliseconds(ms));
    ASSERT_EQ(sink_.sent.size(), 1u);
    EXPECT_EQ(Sent(0).error_code, 487);
  }
}

TEST_F(PeerThatStaysControlledTest, AForgedAnswerValidatesNothing) {
  InsistUntilLed();
  const StunTransactionId id = Sent(1).transaction_id;
  EXPECT_FALSE(Respond(id, "not-the-password-it-has"));
  EXPECT_FALSE(Respond(id, kRemote.pwd, Peer(2)));
  EXPECT_FALSE(Respond(StunTransactionId(), kRemote.pwd));
  EXPECT_FALSE(agent_.selected());
  EXPECT_TRUE(Respond(id, kRemote.pwd));
  EXPECT_FALSE(Respond(id, kRemote.pwd)) << "once";
}

TEST_F(PeerThatStaysControlledTest, LeadsAfterAllIfItSwitches) {
  InsistUntilLed();
  const StunTransactionId id = Sent(1).transaction_id;
  Check check;
  check.nominate = true;
  EXPECT_TRUE(Handle(check, Peer(3), kStart + milliseconds(650)));
  EXPECT_EQ(agent_.selected(), Peer(3));
  // Its late answer does not undo what it nominates.
  Respond(id, kRemote.pwd);
  EXPECT_EQ(agent_.selected(), Peer(3));
  Insist(milliseconds(800));
  EXPECT_EQ(Sent(0).error_code, 487);
}

// RFC 8489 s6.3.1.
TEST_F(IceLiteAgentTest, TellsOfAttributesThatItDoesNotKnow) {
  Check check;
  check.unknown = 3;
  check.nominate = true;
  EXPECT_TRUE(Handle(check, Peer(1)));
  const StunMessage answer = Answer();
  EXPECT_EQ(answer.message_class, StunClass::kError);
  EXPECT_EQ(answer.error_code, 420);
  EXPECT_TRUE(answer.VerifyIntegrity(kLocal.pwd));
  const Bytes unknown = {0x00, 0x0A, 0, 6, 0x7F, 1, 0x7F, 2, 0x7F, 3, 0, 0};
  EXPECT_NE(std::search(answer_.begin(), answer_.end(), unknown.begin(),
                        unknown.end()),
            answer_.end());
  EXPECT_FALSE(agent_.selected());
  EXPECT_FALSE(agent_.IsValidated(Peer(1)));
}

// Who is not authenticated learns nothing, not even of his errors.
TEST_F(IceLiteAgentTest, TellsErrorsOnlyToWhoAuthenticates) {
  Check check;
  check.key = "wrong";
  check.unknown = 1;
  EXPECT_FALSE(Handle(check, Peer(1)));
  check.unknown = 0;
  check.controlled = true;
  EXPECT_FALSE(Handle(check, Peer(1)));
  ExpectNothingHappened(Peer(1));
}

TEST_F(IceLiteAgentTest, SelectsTheFirstValidatedUntilANomination) {
  Handle({}, Peer(1));
  Handle({}, Peer(2));
  EXPECT_EQ(agent_.selected(), Peer(1));
  EXPECT_TRUE(agent_.IsValidated(Peer(2)));
  Check nomination;
  nomination.nominate = true;
  Handle(nomination, Peer(2));
  EXPECT_EQ(agent_.selected(), Peer(2));
  // A later check without nomination moves nothing.
  Handle({}, Peer(1));
  Handle({}, Peer(3));
  EXPECT_EQ(agent_.selected(), Peer(2));
}

// decisions: the latest nomination wins (RFC 8445 s8.1.1).
TEST_F(IceLiteAgentTest, FollowsTheLatestNomination) {
  Check nomination;
  nomination.nominate = true;
  for (const uint8_t host : std::to_array<uint8_t>({1, 2, 1, 3})) {
    Handle(nomination, Peer(host));
    EXPECT_EQ(agent_.selected(), Peer(host));
  }
  // Another port is another address: what a NAT does when it rebinds.
  Handle(nomination, Peer(3, 5001));
  EXPECT_EQ(agent_.selected(), Peer(3, 5001));
}

TEST_F(IceLiteAgentTest, RemembersAFewAddressesAndTheSelectedOne) {
  Check nomination;
  nomination.nominate = true;
  Handle(nomination, Peer(1));
  for (uint8_t host = 2; host <= 100; ++host) {
    Handle({}, Peer(host));
    int remembered = 0;
    for (uint8_t other = 1; other <= 100; ++other) {
      remembered += agent_.IsValidated(Peer(other)) ? 1 : 0;
    }
    EXPECT_EQ(remembered, std::min<int>(host, IceLiteAgent::kMaxValidated));
    EXPECT_TRUE(agent_.IsValidated(Peer(host)));
    EXPECT_TRUE(agent_.IsValidated(Peer(1)));
  }
  EXPECT_EQ(agent_.selected(), Peer(1));
  EXPECT_FALSE(agent_.IsValidated(Peer(2)));
}

TEST_F(IceLiteAgentTest, RemoteCredentialsMayComeLate) {
  IceLiteAgent agent(kLocal, {});
  EXPECT_TRUE(agent.HandleStun(kStart, Peer(1), Check().Write(), sink_));
  agent.SetRemote(kRemote);
  EXPECT_TRUE(agent.HandleStun(kStart, Peer(1), Check().Write(), sink_));
}

class IceRestartTest : public IceLiteAgentTest {
 protected:
  IceRestartTest() {
    old_.nominate = true;
    fresh_.nominate = true;
    fresh_.username = "Lfrag2:Rfrag2";
    fresh_.key = kLocal2.pwd;
    Handle(old_, Peer(1));
    agent_.Restart(kStart, kLocal2, kRemote2);
  }
  Check old_;
  Check fresh_;
};

TEST_F(IceRestartTest, KeepsTheSelectedAddressUntilANewNomination) {
  EXPECT_EQ(agent_.selected(), Peer(1));
  Check unnominated = fresh_;
  unnominated.nominate = false;
  EXPECT_TRUE(Handle(unnominated, Peer(2)));
  EXPECT_EQ(agent_.selected(), Peer(1));
  EXPECT_TRUE(Handle(fresh_, Peer(2)));
  EXPECT_EQ(agent_.selected(), Peer(2));
}

TEST_F(IceRestartTest, AnswersWithThePasswordOfTheRequest) {
  EXPECT_TRUE(Handle(fresh_, Peer(1)));
  EXPECT_TRUE(Answer().VerifyIntegrity(kLocal2.pwd));
  EXPECT_TRUE(Handle(old_, Peer(1)));
  EXPECT_TRUE(Answer().VerifyIntegrity(kLocal.pwd));
}

TEST_F(IceRestartTest, OldCredentialsAreValidForThreeSeconds) {
  EXPECT_TRUE(Handle(old_, Peer(1), kStart + milliseconds(2999)));
  sink_.sent.clear();
  EXPECT_FALSE(Handle(old_, Peer(1), kStart + milliseconds(3001)));
  EXPECT_FALSE(Handle(old_, Peer(1), kStart + std::chrono::hours(1)));
  EXPECT_TRUE(sink_.sent.empty());
  EXPECT_TRUE(Handle(fresh_, Peer(1), kStart + std::chrono::hours(1)));
}

TEST_F(IceRestartTest, DoesNotMixOldAndNewCredentials) {
  sink_.sent.clear();
  Check mixed = old_;
  mixed.key = kLocal2.pwd;
  EXPECT_FALSE(Handle(mixed, Peer(3)));
  mixed = fresh_;
  mixed.key = kLocal.pwd;
  EXPECT_FALSE(Handle(mixed, Peer(3)));
  EXPECT_TRUE(sink_.sent.empty());
  EXPECT_FALSE(agent_.IsValidated(Peer(3)));
}

// A check that was on its way when the peer nominated anew says nothing about
// the new pairs (RFC 8445 s9).
TEST_F(IceRestartTest, AnOldCheckDoesNotUndoTheNewNomination) {
  EXPECT_TRUE(Handle(fresh_, Peer(2), kStart + milliseconds(500)));
  EXPECT_TRUE(Handle(old_, Peer(1), kStart + milliseconds(600)));
  EXPECT_EQ(agent_.selected(), Peer(2));
}

// Until then the old pair is the one in use, and may still move (RFC 8445 s9).
TEST_F(IceRestartTest, AnOldCheckStillMovesBeforeTheNewNomination) {
  EXPECT_TRUE(Handle(old_, Peer(4), kStart + milliseconds(500)));
  EXPECT_EQ(agent_.selected(), Peer(4));
  EXPECT_TRUE(Handle(fresh_, Peer(2), kStart + milliseconds(600)));
  EXPECT_EQ(agent_.selected(), Peer(2));
}

TEST_F(IceRestartTest, ASecondRestartEndsTheFirstCredentials) {
  agent_.Restart(kStart + seconds(1), {"Lfrag3", "third-password-24-bytes-"},
                 {"Rfrag3", "third-remote-password-24"});
  EXPECT_FALSE(Handle(old_, Peer(1), kStart + milliseconds(1500)));
  EXPECT_TRUE(Handle(fresh_, Peer(1), kStart + milliseconds(3500)));
  EXPECT_FALSE(Handle(fresh_, Peer(1), kStart + milliseconds(4001)));
  Check third = fresh_;
  third.username = "Lfrag3:Rfrag3";
  third.key = "third-password-24-bytes-";
  EXPECT_TRUE(Handle(third, Peer(1), kStart + seconds(5)));
}

}  // namespace
}  // namespace ice
