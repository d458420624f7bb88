// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ice/datagram_kind.h"
#include "ice/stun_message.h"
#include "tests/ice/openssl_clock.h"
#include "tests/ice/raw_dtls_peer.h"
#include "tests/support/seeded_random.h"

namespace ice {
namespace {

using Bytes = std::vector<uint8_t>;
using State = Transport::State;
using Failure = Transport::Failure;
using rtp::DtlsRole;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr rtp::Timestamp kStart{seconds(1000)};
const rtp::IceCredentials kLocal = {"Lfrag", "local-password-of-24-byte"};
const rtp::IceCredentials kRemote = {"Rfrag", "remote-password-of-24-byt"};

const Certificate& OurCertificate() {
  static const std::unique_ptr<Certificate> made = Certificate::Make();
  return *made;
}
const Certificate& PeerCertificate() {
  static const std::unique_ptr<Certificate> made = Certificate::Make();
  return *made;
}

SocketAddress Address(uint8_t host) {
  return SocketAddress(std::array<uint8_t, 4>{192, 0, 2, host}, 5000);
}

// What went out since the last look.
class RecordingSink : public DatagramSink {
 public:
  void SendDatagram(const SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    sent.emplace_back(to, Bytes(datagram.begin(), datagram.end()));
  }
  std::vector<std::pair<SocketAddress, Bytes>> Take() {
    return std::exchange(sent, {});
  }
  int Count(DatagramKind kind) const {
    return static_cast<int>(
        std::count_if(sent.begin(), sent.end(), [kind](const auto& datagram) {
          return ClassifyDatagram(datagram.second) == kind;
        }));
  }
  std::vector<std::pair<SocketAddress, Bytes>> sent;
};

// A transport and the peer it talks to, which asks from Address(1) unless told
// otherwise.
class TransportTest : public testing::Test {
 protected:
  explicit TransportTest(DtlsRole role = DtlsRole::kPassive) : role_(role) {
    Tell(kStart);
    Make(/*with_fingerprint=*/true);
  }

  void Tell(rtp::Timestamp now) {
    now_ = now;
    SetOpensslTime(now);
  }
  void Make(bool with_fingerprint) {
    rtp::TransportSpec spec;
    spec.local = kLocal;
    spec.remote = kRemote;
    spec.dtls_role = role_;
    if (with_fingerprint) spec.remote_fingerprint = fingerprint_;
    transport_ = std::make_unique<Transport>(now_, spec, OurCertificate());
    peer_ = std::make_unique<DtlsEndpoint>(
        PeerCertificate(),
        role_ == DtlsRole::kActive ? DtlsRole::kPassive : DtlsRole::kActive);
    peer_->SetRemoteFingerprint({"sha-256", OurCertificate().sha256()});
  }
  Bytes Check(bool nominate = true, const rtp::IceCredentials& local = kLocal) {
    std::array<uint8_t, 256> buffer;
    StunWriter writer(buffer, StunClass::kRequest, {++transaction_});
    writer.AddUsername(local.ufrag + ":" + kRemote.ufrag);
    writer.AddPriority(1);
    writer.AddIceControlling(7);
    if (nominate) writer.AddUseCandidate();
    writer.AddIntegrity(local.pwd);
    writer.AddFingerprint();
    return {writer.written().begin(), writer.written().end()};
  }
  bool Ask(uint8_t host = 1, bool nominate = true) {
    return transport_->HandleStun(now_, Address(host), Check(nominate), sink_);
  }
  // Hands what DTLS says to and fro, until nobody has more to say.
  void Carry() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (const auto& [to, datagram] : sink_.Take()) {
        if (ClassifyDatagram(datagram) != DatagramKind::kDtls) continue;
        peer_->HandleDatagram(now_, datagram);
        moved = true;
      }
      for (const Bytes& datagram : peer_->TakeDatagrams()) {
        transport_->HandleDtls(now_, Address(1), datagram, sink_);
        moved = true;
      }
    }
  }
  void Connect() {
    ASSERT_TRUE(Ask());
    peer_->Start(now_);
    Carry();
    ASSERT_EQ(transport_->state(), State::kConnected);
    ASSERT_TRUE(transport_->keys());
  }
  // Lets the clock go to `end`, stopping at each deadline.
  void RunUntil(rtp::Timestamp end) {
    int turns = 0;
    while (transport_->NextDeadline() <= end) {
      ASSERT_LT(++turns, 1000) << "it spins";
      Tell(std::max(now_, transport_->NextDeadline()));
      transport_->HandleTimeout(now_, sink_);
    }
    Tell(end);
    transport_->HandleTimeout(now_, sink_);
  }

  const DtlsRole role_;
  rtp::Timestamp now_ = kStart;
  rtp::CertificateFingerprint fingerprint_ = {"sha-256",
                                              PeerCertificate().sha256()};
  RecordingSink sink_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<DtlsEndpoint> peer_;
  uint8_t transaction_ = 0;
};

class TransportRoleTest : public TransportTest,
                          public testing::WithParamInterface<DtlsRole> {
 protected:
  TransportRoleTest() : TransportTest(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Roles, TransportRoleTest,
                         testing::Values(DtlsRole::kPassive, DtlsRole::kActive),
                         [](const testing::TestParamInfo<DtlsRole>& tested) {
                           return tested.param == DtlsRole::kActive ? "Active"
                                                                    : "Passive";
                         });

TEST_P(TransportRoleTest, Connects) {
  EXPECT_EQ(transport_->state(), State::kConnecting);
  EXPECT_FALSE(transport_->remote_address());
  EXPECT_FALSE(transport_->keys());
  Connect();
  EXPECT_EQ(transport_->failure(), Failure::kNone);
  EXPECT_EQ(transport_->remote_address(), Address(1));
  EXPECT_FALSE(transport_->silent());
  ASSERT_TRUE(peer_->keys());
  EXPECT_EQ(transport_->keys()->local.key, peer_->keys()->remote.key);
  EXPECT_EQ(transport_->keys()->remote.key, peer_->keys()->local.key);
}

// T6, P5: DTLS neither goes to nor comes from an address that was not
// validated.
TEST_P(TransportRoleTest, HasNoDtlsBeforeAnAddressIsValidated) {
  peer_->Start(now_);
  for (const Bytes& datagram : peer_->TakeDatagrams()) {
    transport_->HandleDtls(now_, Address(1), datagram, sink_);
  }
  RunUntil(kStart + seconds(5));
  EXPECT_TRUE(sink_.sent.empty());
  EXPECT_EQ(transport_->state(), State::kConnecting);
}

TEST_P(TransportRoleTest, PassesOverDtlsFromElsewhere) {
  ASSERT_TRUE(Ask());
  sink_.Take();
  // A well-formed hello and a fatal alert, from who never authenticated.
  DtlsEndpoint stranger(PeerCertificate(), DtlsRole::kActive);
  stranger.Start(now_);
  for (const Bytes& datagram : stranger.TakeDatagrams()) {
    transport_->HandleDtls(now_, Address(66), datagram, sink_);
  }
  const Bytes alert = {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
  transport_->HandleDtls(now_, Address(66), alert, sink_);
  EXPECT_TRUE(sink_.sent.empty());
  EXPECT_EQ(transport_->state(), State::kConnecting);
  if (role_ == DtlsRole::kActive) {  // its hello went before
    Tell(transport_->NextDeadline());
    transport_->HandleTimeout(now_, sink_);
  }
  peer_->Start(now_);
  Carry();
  EXPECT_EQ(transport_->state(), State::kConnected);
}

TEST_P(TransportRoleTest, TheActiveSideBeginsWithTheFirstCheck) {
  ASSERT_TRUE(Ask());
  const int expected = role_ == DtlsRole::kActive ? 1 : 0;
  EXPECT_EQ(sink_.Count(DatagramKind::kDtls), expected);
  EXPECT_EQ(sink_.Count(DatagramKind::kStun), 1);
  ASSERT_TRUE(Ask());
  EXPECT_EQ(sink_.Count(DatagramKind::kDtls), expected);
}

// DTLS goes where the nomination went, whichever validated address asked.
TEST_P(TransportRoleTest, SendsDtlsToTheNominatedAddress) {
  ASSERT_TRUE(Ask(2, /*nominate=*/false));
  ASSERT_TRUE(Ask(1));
  sink_.Take();
  peer_->Start(now_);
  for (const Bytes& datagram : peer_->TakeDatagrams()) {
    transport_->HandleDtls(now_, Address(2), datagram, sink_);
  }
  if (role_ == DtlsRole::kActive) {
    Tell(transport_->NextDeadline());
    transport_->HandleTimeout(now_, sink_);
  }
  ASSERT_GT(sink_.Count(DatagramKind::kDtls), 0);
  for (const auto& [to, datagram] : sink_.sent) EXPECT_EQ(to, Address(1));
}

// Nobody proved yet to see what we send: it can be forged, see below. The end
// comes with the timeout, and tells why.
TEST_P(TransportRoleTest, FailsOnAnotherCertificate) {
  fingerprint_.digest[0] ^= 1;
  Make(true);
  ASSERT_TRUE(Ask());
  peer_->Start(now_);
  Carry();
  EXPECT_EQ(transport_->state(), State::kConnecting);
  EXPECT_FALSE(transport_->keys());
  RunUntil(kStart + Transport::kConnectTimeout);
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kFingerprintMismatch);
  EXPECT_FALSE(transport_->keys());
  EXPECT_EQ(transport_->NextDeadline(), rtp::kNever);
}

TEST_P(TransportRoleTest, WaitsForALateFingerprint) {
  Make(false);
  ASSERT_TRUE(Ask());
  peer_->Start(now_);
  Carry();
  EXPECT_EQ(transport_->state(), State::kConnecting);
  EXPECT_FALSE(transport_->keys());
  EXPECT_TRUE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  EXPECT_EQ(transport_->state(), State::kConnected);
  EXPECT_TRUE(transport_->keys());
}

TEST_P(TransportRoleTest, FailsOnALateFingerprintThatIsWrong) {
  Make(false);
  ASSERT_TRUE(Ask());
  peer_->Start(now_);
  Carry();
  fingerprint_.digest[0] ^= 1;
  EXPECT_TRUE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kFingerprintMismatch);
  EXPECT_FALSE(transport_->keys());
}

TEST_F(TransportTest, RefusesASecondFingerprint) {
  EXPECT_FALSE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  Make(false);
  EXPECT_TRUE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  EXPECT_FALSE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  Connect();
}

TEST_P(TransportRoleTest, FailsWhenNobodyConnectsInTime) {
  EXPECT_EQ(transport_->NextDeadline(), kStart + Transport::kConnectTimeout);
  RunUntil(kStart + Transport::kConnectTimeout - milliseconds(1));
  EXPECT_EQ(transport_->state(), State::kConnecting);
  RunUntil(kStart + Transport::kConnectTimeout);
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kConnectTimeout);
  EXPECT_EQ(transport_->NextDeadline(), rtp::kNever);
}

// Checks alone do not put the end off.
TEST_P(TransportRoleTest, FailsWhenDtlsNeverComes) {
  for (int second = 0; second < 30; ++second) {
    ASSERT_TRUE(Ask());
    RunUntil(kStart + seconds(second + 1));
  }
  EXPECT_EQ(transport_->failure(), Failure::kConnectTimeout);
  // Doubling from 200 ms to 4 s: a dozen hellos at the most.
  EXPECT_LE(sink_.Count(DatagramKind::kDtls), 13);
}

TEST_F(TransportTest, FailsWhenOnlyTheFingerprintIsMissing) {
  Make(false);
  ASSERT_TRUE(Ask());
  peer_->Start(now_);
  Carry();
  RunUntil(kStart + Transport::kConnectTimeout);
  EXPECT_EQ(transport_->failure(), Failure::kConnectTimeout);
  EXPECT_FALSE(transport_->keys());
}

TEST_P(TransportRoleTest, IsDeafOnceItFailed) {
  ASSERT_TRUE(Ask());
  RunUntil(kStart + Transport::kConnectTimeout);
  ASSERT_EQ(transport_->state(), State::kFailed);
  sink_.Take();
  EXPECT_FALSE(Ask());
  peer_->Start(now_);
  for (const Bytes& datagram : peer_->TakeDatagrams()) {
    transport_->HandleDtls(now_, Address(1), datagram, sink_);
  }
  RunUntil(now_ + seconds(60));
  transport_->Close(now_, sink_);
  EXPECT_TRUE(sink_.sent.empty());
  EXPECT_EQ(transport_->failure(), Failure::kConnectTimeout);
}

// The rules of RFC 7675 as decisions.md has them: what authenticates counts.
TEST_P(TransportRoleTest, IsSilentAfterFifteenSecondsAndEndsAfterThirty) {
  Connect();
  const rtp::Timestamp heard = now_;
  RunUntil(heard + Transport::kSilenceTimeout - milliseconds(1));
  EXPECT_FALSE(transport_->silent());
  RunUntil(heard + Transport::kSilenceTimeout);
  EXPECT_TRUE(transport_->silent());
  EXPECT_EQ(transport_->state(), State::kConnected);
  RunUntil(heard + Transport::kConsentTimeout - milliseconds(1));
  EXPECT_EQ(transport_->state(), State::kConnected);
  RunUntil(heard + Transport::kConsentTimeout);
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kConsentLost);
  // RFC 7675 s5.1: nothing more on that pair, a goodbye neither.
  sink_.Take();
  transport_->Close(now_, sink_);
  EXPECT_TRUE(sink_.sent.empty());
  EXPECT_FALSE(Ask());
}

// The peer was last heard when it finished its handshake, not when signalling
// told us its fingerprint.
TEST_F(TransportTest, ALateFingerprintRenewsNoConsent) {
  Make(false);
  ASSERT_TRUE(Ask());
  peer_->Start(now_);
  Carry();
  RunUntil(kStart + seconds(20));
  ASSERT_TRUE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  ASSERT_EQ(transport_->state(), State::kConnected);
  RunUntil(kStart + seconds(21));
  EXPECT_TRUE(transport_->silent());
  RunUntil(kStart + Transport::kConsentTimeout);
  EXPECT_EQ(transport_->failure(), Failure::kConsentLost);
}

// A handshake that ends is an authentic sign of the peer.
TEST_F(TransportTest, TheHandshakeBeginsConsent) {
  ASSERT_TRUE(Ask());
  RunUntil(kStart + seconds(10));
  peer_->Start(now_);
  Carry();
  ASSERT_EQ(transport_->state(), State::kConnected);
  RunUntil(kStart + seconds(39));
  EXPECT_EQ(transport_->state(), State::kConnected);
  RunUntil(kStart + seconds(40));
  EXPECT_EQ(transport_->failure(), Failure::kConsentLost);
}

// The shell was late: one call, long after both deadlines.
TEST_F(TransportTest, EndsAtOnceWhenCalledLate) {
  Connect();
  Tell(now_ + seconds(45));
  transport_->HandleTimeout(now_, sink_);
  EXPECT_EQ(transport_->failure(), Failure::kConsentLost);
  transport_->Close(now_, sink_);
  EXPECT_TRUE(sink_.sent.empty());
}

TEST_F(TransportTest, ChecksRenewConsent) {
  Connect();
  for (int i = 0; i < 20; ++i) {
    RunUntil(now_ + seconds(14));
    EXPECT_FALSE(transport_->silent());
    ASSERT_TRUE(Ask(1, /*nominate=*/false));
  }
  EXPECT_EQ(transport_->state(), State::kConnected);
}

TEST_F(TransportTest, AuthenticMediaRenewsConsentAndMovesNothing) {
  Connect();
  for (int i = 0; i < 20; ++i) {
    RunUntil(now_ + seconds(29));
    EXPECT_TRUE(transport_->silent());
    transport_->OnMediaAuthenticated(now_);
    EXPECT_FALSE(transport_->silent());
  }
  EXPECT_EQ(transport_->state(), State::kConnected);
  EXPECT_EQ(transport_->remote_address(), Address(1));
}

// Dino's libnice, muted: from it come indications alone, but it answers.
TEST_F(TransportTest, AsksAPeerThatSaysNothing) {
  Connect();
  sink_.Take();
  const auto answer = [&](const Bytes& datagram) {
    const StunMessage ask = StunMessage::Parse(datagram).value();
    EXPECT_EQ(ask.message_class, StunClass::kRequest);
    EXPECT_TRUE(ask.VerifyIntegrity(kRemote.pwd));
    std::array<uint8_t, 256> buffer;
    StunWriter writer(buffer, StunClass::kSuccess, ask.transaction_id);
    writer.AddMappedAddress(Address(9));
    writer.AddIntegrity(kRemote.pwd);
    return transport_->HandleStun(now_, Address(1), writer.written(), sink_);
  };
  for (int i = 0; i < 60; ++i) {
    RunUntil(now_ + Transport::kAskInterval - milliseconds(1));
    ASSERT_TRUE(sink_.sent.empty()) << "asked too soon";
    RunUntil(now_ + milliseconds(1));
    const auto asked = sink_.Take();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].first, Address(1));
    ASSERT_TRUE(answer(asked[0].second));
    EXPECT_FALSE(transport_->silent());
  }
  EXPECT_EQ(transport_->state(), State::kConnected);
}

TEST_F(TransportTest, AsksUntilConsentIsLost) {
  Connect();
  sink_.Take();
  RunUntil(now_ + Transport::kConsentTimeout);
  EXPECT_EQ(sink_.Take().size(), 5u);
  EXPECT_EQ(transport_->failure(), Failure::kConsentLost);
}

TEST_F(TransportTest, AsksNobodyWhoIsHeard) {
  Connect();
  sink_.Take();
  for (int i = 0; i < 20; ++i) {
    RunUntil(now_ + seconds(4));
    transport_->OnMediaAuthenticated(now_);
  }
  EXPECT_TRUE(sink_.sent.empty());
}

TEST_F(TransportTest, NothingElseRenewsConsent) {
  Connect();
  const rtp::Timestamp heard = now_;
  const rtp::IceCredentials wrong = {kLocal.ufrag, "wrong-password-of-24-byt"};
  std::array<uint8_t, 64> buffer;
  StunWriter indication(buffer, StunClass::kIndication, {1});
  indication.AddFingerprint();
  const Bytes junk(40, 23);  // type of application data
  while (now_ < heard + seconds(29)) {
    RunUntil(now_ + seconds(1));
    EXPECT_FALSE(
        transport_->HandleStun(now_, Address(1), Check(true, wrong), sink_));
    EXPECT_FALSE(
        transport_->HandleStun(now_, Address(1), indication.written(), sink_));
    transport_->HandleDtls(now_, Address(1), junk, sink_);
  }
  EXPECT_TRUE(transport_->silent());
  RunUntil(heard + seconds(30));
  EXPECT_EQ(transport_->failure(), Failure::kConsentLost);
}

// F8: a NAT gives the peer another address; the next check moves us.
TEST_F(TransportTest, FollowsACheckToANewAddress) {
  Connect();
  ASSERT_TRUE(Ask(2));
  EXPECT_EQ(transport_->remote_address(), Address(2));
  EXPECT_EQ(transport_->state(), State::kConnected);
  EXPECT_TRUE(transport_->keys());
}

TEST_F(TransportTest, AnUnauthenticCheckMovesNothing) {
  Connect();
  sink_.Take();
  EXPECT_FALSE(transport_->HandleStun(
      now_, Address(66), Check(true, {kLocal.ufrag, "wrong"}), sink_));
  EXPECT_EQ(transport_->remote_address(), Address(1));
  EXPECT_TRUE(sink_.sent.empty());
}

// F9: make before break, the association goes on.
TEST_F(TransportTest, RestartsIceUnderItsAssociation) {
  Connect();
  const rtp::IceCredentials local = {"Lnew", "new-local-password-24-byt"};
  transport_->RestartIce(now_, local, {"Rnew", "new-remote-password-24-by"});
  EXPECT_EQ(transport_->state(), State::kConnected);
  EXPECT_EQ(transport_->remote_address(), Address(1));
  EXPECT_TRUE(Ask(1, /*nominate=*/false));  // the old credentials, still
  EXPECT_TRUE(
      transport_->HandleStun(now_, Address(3), Check(true, local), sink_));
  EXPECT_EQ(transport_->remote_address(), Address(3));
  EXPECT_TRUE(transport_->keys());
  RunUntil(now_ + seconds(4));
  EXPECT_FALSE(Ask(1));
  EXPECT_TRUE(
      transport_->HandleStun(now_, Address(3), Check(true, local), sink_));
}

TEST_P(TransportRoleTest, EndsWhenThePeerSaysGoodbye) {
  Connect();
  peer_->Close();
  Carry();
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kClosedByPeer);
}

// Once the peer is heard to have keys, nobody needs the association.
TEST_P(TransportRoleTest, AuthenticMediaEndsTheAssociation) {
  transport_->OnMediaAuthenticated(now_);  // nonsense yet, and harmless
  Connect();
  EXPECT_EQ(transport_->NextDeadline(), now_ + Transport::kAskInterval);
  ASSERT_TRUE(Ask());  // a check is no media
  transport_->OnMediaAuthenticated(now_);
  EXPECT_EQ(transport_->state(), State::kConnected);
  EXPECT_TRUE(transport_->keys());
  sink_.Take();
  transport_->Close(now_, sink_);
  EXPECT_TRUE(sink_.sent.empty());
  peer_->Close();
  Carry();
  EXPECT_EQ(transport_->state(), State::kConnected);
}

TEST_P(TransportRoleTest, ChecksKeepTheAssociation) {
  Connect();
  ASSERT_TRUE(Ask());
  sink_.Take();
  peer_->Close();
  Carry();
  EXPECT_EQ(transport_->failure(), Failure::kClosedByPeer);
}

// A goodbye that somebody else wrote is none.
TEST_F(TransportTest, AForgedGoodbyeIsNone) {
  Connect();
  const Bytes plain = {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 1, 0};
  transport_->HandleDtls(now_, Address(1), plain, sink_);
  EXPECT_EQ(transport_->state(), State::kConnected);
}

TEST_P(TransportRoleTest, SaysGoodbye) {
  Connect();
  transport_->Close(now_, sink_);
  EXPECT_EQ(sink_.Count(DatagramKind::kDtls), 1);
  EXPECT_EQ(sink_.sent[0].first, Address(1));
  Carry();
  EXPECT_EQ(peer_->state(), DtlsEndpoint::State::kClosed);
}

TEST_F(TransportTest, ClosesWithoutAPeer) {
  transport_->Close(now_, sink_);
  EXPECT_TRUE(sink_.sent.empty());
  ASSERT_TRUE(Ask());
  sink_.Take();
  transport_->Close(now_, sink_);
  EXPECT_TRUE(sink_.sent.empty());
}

// A refused check is no sign that the pair works for media.
TEST_F(TransportTest, ARoleConflictSelectsNothing) {
  std::array<uint8_t, 256> buffer;
  StunWriter writer(buffer, StunClass::kRequest, {1});
  writer.AddUsername("Lfrag:Rfrag");
  writer.AddPriority(1);
  writer.AddIceControlled(7);
  writer.AddIntegrity(kLocal.pwd);
  writer.AddFingerprint();
  EXPECT_TRUE(
      transport_->HandleStun(now_, Address(1), writer.written(), sink_));
  ASSERT_EQ(sink_.sent.size(), 1u);
  const auto answer = StunMessage::Parse(sink_.sent[0].second);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error_code, 487);
  EXPECT_FALSE(transport_->remote_address());
}

// T6, F28: somebody writes in the name of the peer's validated address while
// the handshake is on, and sees nothing of what we send.
class SpoofedDtlsTest : public TransportRoleTest {
 protected:
  void Spoof(std::span<const uint8_t> datagram) {
    transport_->HandleDtls(now_, Address(1), datagram, sink_);
  }
  static Bytes Record(uint8_t type, const Bytes& body) {
    Bytes bytes = {type, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0};
    bytes[12] = static_cast<uint8_t>(body.size());
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  }
  // What a stranger says first, who offers nothing but NULL ciphers.
  static Bytes NullHello() {
    RawDtlsPeer stranger(
        {.certificate = &PeerCertificate(), .ciphers = "ECDHE-ECDSA-NULL-SHA"});
    stranger.Handle({});
    return stranger.Take();
  }
  // A handshake message that comes next and makes no sense: a ServerHello for
  // the client and a ClientHello for the server, of nothing.
  Bytes BadMessage(uint8_t sequence) const {
    const uint8_t type = role_ == DtlsRole::kActive ? 2 : 1;
    return Record(22, {type, 0, 0, 1, 0, sequence, 0, 0, 0, 0, 0, 1, 0});
  }
  std::vector<Bytes> Garbage() const {
    std::vector<Bytes> all = {
        Record(21, {2, 40}),     Record(21, {1, 0}), Record(23, {1, 2, 3}),
        Record(20, {1}),         Record(20, {7}),    Record(22, {}),
        Record(22, Bytes(3, 1)), Record(64, {}),     Bytes(13, 22)};
    support::SeededRandom random(28);
    for (int i = 0; i < 40; ++i) {
      Bytes junk(1 + i);
      random.Fill(junk);
      all.push_back(Record(static_cast<uint8_t>(20 + i % 4), junk));
      all.back()[4] = i % 8 == 7 ? 1 : 0;  // epoch
    }
    return all;
  }
  // What went out so far is lost on the way to the peer.
  void ConnectAfterALoss() {
    sink_.Take();
    ASSERT_TRUE(Ask());
    peer_->Start(now_);
    Carry();
    RunUntil(now_ + seconds(1));
    Carry();
    ASSERT_EQ(transport_->state(), State::kConnected);
    ASSERT_TRUE(transport_->keys());
    ASSERT_TRUE(peer_->keys());
    EXPECT_EQ(transport_->keys()->local.key, peer_->keys()->remote.key);
  }
  // The peer begins anew, as it was.
  void RenewPeer() {
    peer_ = std::make_unique<DtlsEndpoint>(
        PeerCertificate(),
        role_ == DtlsRole::kActive ? DtlsRole::kPassive : DtlsRole::kActive);
    peer_->SetRemoteFingerprint({"sha-256", OurCertificate().sha256()});
  }
};
INSTANTIATE_TEST_SUITE_P(Roles, SpoofedDtlsTest,
                         testing::Values(DtlsRole::kPassive, DtlsRole::kActive),
                         [](const testing::TestParamInfo<DtlsRole>& tested) {
                           return tested.param == DtlsRole::kActive ? "Active"
                                                                    : "Passive";
                         });

TEST_P(SpoofedDtlsTest, GarbageBeforeTheHandshake) {
  ASSERT_TRUE(Ask());
  for (const Bytes& datagram : Garbage()) {
    Spoof(datagram);
    ASSERT_EQ(transport_->state(), State::kConnecting);
  }
  ConnectAfterALoss();
}

TEST_P(SpoofedDtlsTest, NullCipherHelloBeforeTheHandshake) {
  ASSERT_TRUE(Ask());
  for (int i = 0; i < 10; ++i) {
    Spoof(NullHello());
    ASSERT_EQ(transport_->state(), State::kConnecting);
  }
  ConnectAfterALoss();
}

// Between all flights. What is not the next message takes nothing from us.
TEST_P(SpoofedDtlsTest, AlertsDataAndOldHellosDuringTheHandshake) {
  const Bytes hello = NullHello();
  const auto disturb = [&] {
    for (const Bytes& datagram :
         {Record(21, {2, 40}), Record(21, {1, 0}), Record(23, {1, 2, 3})}) {
      Spoof(datagram);
    }
    if (role_ == DtlsRole::kPassive) Spoof(hello);
  };
  ASSERT_TRUE(Ask());
  peer_->Start(now_);
  for (const Bytes& datagram : peer_->TakeDatagrams()) {
    transport_->HandleDtls(now_, Address(1), datagram, sink_);
  }
  bool moved = true;
  while (moved) {
    moved = false;
    disturb();
    for (const auto& [to, datagram] : sink_.Take()) {
      if (ClassifyDatagram(datagram) != DatagramKind::kDtls) continue;
      peer_->HandleDatagram(now_, datagram);
    }
    for (const Bytes& datagram : peer_->TakeDatagrams()) {
      transport_->HandleDtls(now_, Address(1), datagram, sink_);
      disturb();
      moved = true;
    }
  }
  EXPECT_EQ(transport_->state(), State::kConnected);
  EXPECT_EQ(peer_->state(), DtlsEndpoint::State::kConnected);
}

// What does end a handshake ends that one only: the next one connects.
TEST_P(SpoofedDtlsTest, AResetHandshakeCanBeRepeated) {
  ASSERT_TRUE(Ask());
  for (uint8_t sequence = 0; sequence < 2; ++sequence) {
    SCOPED_TRACE(sequence);
    if (sequence == 1 && role_ == DtlsRole::kPassive) {
      // The peer's own hello was answered already.
      peer_->Start(now_);
      for (const Bytes& datagram : peer_->TakeDatagrams()) {
        transport_->HandleDtls(now_, Address(1), datagram, sink_);
      }
    }
    sink_.Take();
    ASSERT_TRUE(Ask());
    Spoof(BadMessage(role_ == DtlsRole::kActive ? 0 : sequence));
    ASSERT_EQ(transport_->state(), State::kConnecting);
    // It was fatal: we say so.
    ASSERT_FALSE(sink_.sent.empty());
    EXPECT_EQ(sink_.sent.back().second[0], SSL3_RT_ALERT);
  }
  RenewPeer();
  // The active side begins again with the next check, as it did first.
  ConnectAfterALoss();
  EXPECT_EQ(transport_->failure(), Failure::kNone);
}

// A certificate is seen before anything proves that its owner takes part: a
// forged one is no mismatch of the peer.
TEST_P(SpoofedDtlsTest, ACertificateOfAStrangerIsNotThePeers) {
  static const std::unique_ptr<Certificate> other = Certificate::Make();
  ASSERT_TRUE(Ask());
  const bool active = role_ == DtlsRole::kActive;
  RawDtlsPeer stranger({.is_client = !active, .certificate = other.get()});
  stranger.Handle({});
  for (int i = 0; i < 4; ++i) {
    const Bytes flight = stranger.Take();
    if (!flight.empty()) Spoof(flight);
    for (const auto& [to, datagram] : sink_.Take()) {
      if (ClassifyDatagram(datagram) == DatagramKind::kDtls) {
        stranger.Handle(datagram);
      }
    }
  }
  // It did come as far as that.
  ASSERT_FALSE(stranger.alerts().empty());
  EXPECT_EQ(stranger.alerts().back().second, SSL_AD_BAD_CERTIFICATE);
  ASSERT_EQ(transport_->state(), State::kConnecting);
  EXPECT_FALSE(transport_->keys());
  ConnectAfterALoss();
}

TEST_P(SpoofedDtlsTest, TheTimeoutStaysWhereItWas) {
  ASSERT_TRUE(Ask());
  RunUntil(kStart + seconds(20));
  Spoof(BadMessage(0));
  ASSERT_EQ(transport_->state(), State::kConnecting);
  RunUntil(kStart + Transport::kConnectTimeout - milliseconds(1));
  EXPECT_EQ(transport_->state(), State::kConnecting);
  RunUntil(kStart + Transport::kConnectTimeout);
  EXPECT_EQ(transport_->state(), State::kFailed);
  // More than that nobody connected.
  EXPECT_EQ(transport_->failure(), Failure::kDtlsFailed);
}

// T7: no more of our time than this.
TEST_P(SpoofedDtlsTest, GetsOverABoundedNumberOfResets) {
  for (int i = 0; i <= Transport::kMaxDtlsRestarts; ++i) {
    ASSERT_EQ(transport_->state(), State::kConnecting) << i;
    ASSERT_TRUE(Ask());
    Spoof(BadMessage(0));
  }
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kDtlsFailed);
}

// Without a check from the peer nothing begins again: no loop of ours.
TEST_P(SpoofedDtlsTest, AResetSendsNoHello) {
  ASSERT_TRUE(Ask());
  sink_.Take();
  Spoof(BadMessage(0));
  ASSERT_EQ(sink_.sent.size(), 1u);
  EXPECT_EQ(sink_.sent[0].second[0], SSL3_RT_ALERT);
  sink_.Take();
  RunUntil(kStart + seconds(10));
  EXPECT_TRUE(sink_.sent.empty());
}

// A late fingerprint holds for each handshake after it.
TEST_P(SpoofedDtlsTest, AResetKeepsALateFingerprint) {
  Make(/*with_fingerprint=*/false);
  ASSERT_TRUE(Ask());
  ASSERT_TRUE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  Spoof(BadMessage(0));
  sink_.Take();
  EXPECT_FALSE(transport_->SetRemoteFingerprint(now_, fingerprint_, sink_));
  ConnectAfterALoss();
}

// A peer that finished its handshake is there, and is what it is.
TEST_P(SpoofedDtlsTest, AFinishedHandshakeThatFailsIsFinal) {
  ASSERT_TRUE(Ask());
  RawDtlsPeer peer({.is_client = role_ == DtlsRole::kPassive,
                    .srtp_profiles = nullptr,
                    .certificate = &PeerCertificate()});
  peer.Handle({});
  for (int i = 0; i < 4; ++i) {
    const Bytes flight = peer.Take();
    if (!flight.empty()) Spoof(flight);
    for (const auto& [to, datagram] : sink_.Take()) {
      if (ClassifyDatagram(datagram) == DatagramKind::kDtls) {
        peer.Handle(datagram);
      }
    }
  }
  EXPECT_EQ(transport_->state(), State::kFailed);
  EXPECT_EQ(transport_->failure(), Failure::kDtlsFailed);
}

}  // namespace
}  // namespace ice
