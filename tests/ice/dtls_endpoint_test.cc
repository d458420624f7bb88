// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/dtls_endpoint.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rtp/base/bytes.h"
#include "tests/ice/openssl_clock.h"
#include "tests/ice/raw_dtls_peer.h"
#include "tests/support/seeded_random.h"

namespace ice {
namespace {

using Bytes = std::vector<uint8_t>;
using State = DtlsEndpoint::State;
using rtp::DtlsRole;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr rtp::Timestamp kStart{seconds(1000)};

const Certificate& ServerCertificate() {
  static const std::unique_ptr<Certificate> made = Certificate::Make();
  return *made;
}
const Certificate& ClientCertificate() {
  static const std::unique_ptr<Certificate> made = Certificate::Make();
  return *made;
}
rtp::CertificateFingerprint FingerprintOf(const Certificate& certificate) {
  return {"sha-256", certificate.sha256()};
}

Bytes ClientWriteKey(const rtp::SrtpKeys& keys, bool is_client) {
  const rtp::SrtpMasterKey& key = is_client ? keys.local : keys.remote;
  Bytes bytes(key.key.begin(), key.key.end());
  bytes.insert(bytes.end(), key.salt.begin(), key.salt.end());
  return bytes;
}
Bytes ServerWriteKey(const rtp::SrtpKeys& keys, bool is_client) {
  return ClientWriteKey(keys, !is_client);
}

class DtlsEndpointTest : public testing::Test {
 protected:
  DtlsEndpointTest() { Tell(kStart); }

  void Tell(rtp::Timestamp now) {
    now_ = now;
    SetOpensslTime(now);
  }
  void SetFingerprints() {
    client_.SetRemoteFingerprint(FingerprintOf(ServerCertificate()));
    server_.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
  }
  // Carries what one side has to send to the other; false if nothing.
  bool Carry(DtlsEndpoint& from, DtlsEndpoint& to) {
    const std::vector<Bytes> datagrams = from.TakeDatagrams();
    for (const Bytes& datagram : datagrams) {
      EXPECT_LE(datagram.size(), DtlsEndpoint::kMtu);
      to.HandleDatagram(now_, datagram);
    }
    return !datagrams.empty();
  }
  void CarryAll() {
    bool moved = true;
    while (moved) {
      moved = Carry(client_, server_);
      moved = Carry(server_, client_) || moved;
    }
  }
  void ShakeHands() {
    SetFingerprints();
    server_.Start(now_);
    client_.Start(now_);
    CarryAll();
  }
  void ExpectConnected() {
    ASSERT_EQ(client_.state(), State::kConnected);
    ASSERT_EQ(server_.state(), State::kConnected);
    ASSERT_TRUE(client_.keys());
    ASSERT_TRUE(server_.keys());
    EXPECT_EQ(client_.keys()->profile, server_.keys()->profile);
    EXPECT_EQ(ClientWriteKey(*client_.keys(), true),
              ClientWriteKey(*server_.keys(), false));
    EXPECT_EQ(ServerWriteKey(*client_.keys(), true),
              ServerWriteKey(*server_.keys(), false));
    EXPECT_NE(ClientWriteKey(*client_.keys(), true),
              ServerWriteKey(*client_.keys(), true));
  }

  rtp::Timestamp now_ = kStart;
  DtlsEndpoint client_{ClientCertificate(), DtlsRole::kActive};
  DtlsEndpoint server_{ServerCertificate(), DtlsRole::kPassive};
};

TEST_F(DtlsEndpointTest, ShakesHandsInBothRoles) {
  ShakeHands();
  ExpectConnected();
  EXPECT_EQ(client_.keys()->profile, rtp::SrtpProfile::kAeadAes128Gcm);
}

TEST_F(DtlsEndpointTest, ThePassiveSideWaits) {
  server_.Start(now_);
  EXPECT_TRUE(server_.TakeDatagrams().empty());
  EXPECT_EQ(server_.NextDeadline(), rtp::kNever);
  EXPECT_EQ(server_.state(), State::kHandshaking);
}

TEST_F(DtlsEndpointTest, HasNoKeysBeforeTheFingerprintIsKnown) {
  server_.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
  client_.Start(now_);
  CarryAll();
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_EQ(client_.state(), State::kHandshaking);
  EXPECT_FALSE(client_.keys());
  client_.SetRemoteFingerprint(FingerprintOf(ServerCertificate()));
  ExpectConnected();
}

TEST_F(DtlsEndpointTest, AMismatchMeansNoKeys) {
  for (const bool late : {false, true}) {
    for (const DtlsRole role : {DtlsRole::kActive, DtlsRole::kPassive}) {
      SCOPED_TRACE(late);
      const bool active = role == DtlsRole::kActive;
      DtlsEndpoint us(ServerCertificate(), role);
      DtlsEndpoint peer(ClientCertificate(),
                        active ? DtlsRole::kPassive : DtlsRole::kActive);
      rtp::CertificateFingerprint wrong = FingerprintOf(ClientCertificate());
      wrong.digest.back() ^= 1;
      if (!late) us.SetRemoteFingerprint(wrong);
      peer.SetRemoteFingerprint(FingerprintOf(ServerCertificate()));
      us.Start(now_);
      peer.Start(now_);
      bool moved = true;
      while (moved) {
        moved = Carry(peer, us);
        moved = Carry(us, peer) || moved;
        EXPECT_FALSE(us.keys());
      }
      if (late) us.SetRemoteFingerprint(wrong);
      EXPECT_EQ(us.state(), State::kMismatch);
      EXPECT_FALSE(us.keys());
      // The right one, too late, changes nothing.
      us.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
      EXPECT_EQ(us.state(), State::kMismatch);
      EXPECT_FALSE(us.keys());
      // The peer hears of it.
      Carry(us, peer);
      EXPECT_NE(peer.state(), State::kConnected);
    }
  }
}

TEST_F(DtlsEndpointTest, TakesEachHashButTheBrokenOnes) {
  struct Case {
    const char* hash;
    State state;
  };
  for (const Case c :
       {Case{"sha-256", State::kConnected}, Case{"sha-384", State::kConnected},
        Case{"sha-512", State::kConnected}, Case{"md5", State::kMismatch},
        Case{"md2", State::kMismatch}, Case{"", State::kMismatch},
        Case{"sha-3", State::kMismatch}}) {
    SCOPED_TRACE(c.hash);
    DtlsEndpoint us(ServerCertificate(), DtlsRole::kPassive);
    DtlsEndpoint peer(ClientCertificate(), DtlsRole::kActive);
    X509* x509 = SSL_CTX_get0_certificate(ClientCertificate().context());
    const auto digest = CertificateDigest(x509, c.hash);
    us.SetRemoteFingerprint({c.hash, digest.value_or(Bytes())});
    peer.Start(now_);
    while (Carry(peer, us) | Carry(us, peer)) {
    }
    EXPECT_EQ(us.state(), c.state);
    EXPECT_EQ(us.keys().has_value(), c.state == State::kConnected);
  }
}

// A digest that is a part of the right one, or has more.
TEST_F(DtlsEndpointTest, ComparesTheWholeDigest) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{31}, size_t{33}}) {
    DtlsEndpoint us(ServerCertificate(), DtlsRole::kPassive);
    DtlsEndpoint peer(ClientCertificate(), DtlsRole::kActive);
    rtp::CertificateFingerprint part = FingerprintOf(ClientCertificate());
    part.digest.resize(size);
    us.SetRemoteFingerprint(part);
    peer.Start(now_);
    while (Carry(peer, us) | Carry(us, peer)) {
    }
    EXPECT_EQ(us.state(), State::kMismatch) << size;
    EXPECT_FALSE(us.keys());
  }
}

// The first fingerprint counts: a second cannot replace it.
TEST_F(DtlsEndpointTest, TheFirstFingerprintCounts) {
  server_.SetRemoteFingerprint(FingerprintOf(ServerCertificate()));  // wrong
  server_.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
  client_.Start(now_);
  CarryAll();
  EXPECT_EQ(server_.state(), State::kMismatch);
  EXPECT_FALSE(server_.keys());
}

TEST_F(DtlsEndpointTest, SendsAgainWhenItsTimeHasCome) {
  client_.Start(now_);
  const std::vector<Bytes> first = client_.TakeDatagrams();
  ASSERT_EQ(first.size(), 1u);
  const rtp::Timestamp deadline = client_.NextDeadline();
  EXPECT_EQ(deadline, kStart + milliseconds(200));
  Tell(kStart + milliseconds(100));
  client_.HandleTimeout(now_);
  EXPECT_TRUE(client_.TakeDatagrams().empty());
  Tell(deadline);
  client_.HandleTimeout(now_);
  EXPECT_EQ(client_.TakeDatagrams().size(), 1u);
  // RFC 6347 s4.2.4.1: doubled.
  EXPECT_EQ(client_.NextDeadline(), deadline + milliseconds(400));
}

TEST_F(DtlsEndpointTest, SendsLittleToWhoNeverAnswers) {
  client_.Start(now_);
  size_t sent = client_.TakeDatagrams().size();
  while (client_.NextDeadline() <= kStart + seconds(30)) {
    Tell(client_.NextDeadline());
    client_.HandleTimeout(now_);
    sent += client_.TakeDatagrams().size();
  }
  EXPECT_GE(sent, 8u);
  EXPECT_LE(sent, 13u);
  EXPECT_FALSE(client_.keys());
}

// OpenSSL's clock may be behind the one we are told: no busy turn of it.
TEST_F(DtlsEndpointTest, DoesNotSpinWhenOpensslsClockIsLate) {
  client_.Start(now_);
  client_.TakeDatagrams();
  const rtp::Timestamp deadline = client_.NextDeadline();
  SetOpensslTime(deadline - milliseconds(50));
  client_.HandleTimeout(deadline);
  EXPECT_TRUE(client_.TakeDatagrams().empty());
  EXPECT_GE(client_.NextDeadline(), deadline + milliseconds(5));
  EXPECT_LE(client_.NextDeadline(), deadline + milliseconds(60));
}

// A network between two endpoints that takes, doubles and reorders.
struct Damage {
  double loss = 0;
  double duplicates = 0;
  bool reorder = false;
};

class DtlsNetworkTest : public DtlsEndpointTest {
 protected:
  bool Chance(double probability) {
    std::array<uint8_t, 2> bytes;
    random_->Fill(bytes);
    return (bytes[0] << 8 | bytes[1]) < probability * 65536;
  }
  bool CarryBadly(DtlsEndpoint& from, DtlsEndpoint& to, const Damage& damage) {
    std::vector<Bytes> datagrams = from.TakeDatagrams();
    if (damage.reorder) std::reverse(datagrams.begin(), datagrams.end());
    for (const Bytes& datagram : datagrams) {
      if (Chance(damage.loss)) continue;
      to.HandleDatagram(now_, datagram);
      if (Chance(damage.duplicates)) to.HandleDatagram(now_, datagram);
    }
    return !datagrams.empty();
  }
  // Shakes hands for up to 30 s of the clock; returns how long it took.
  rtp::TimeDelta Run(uint32_t seed, const Damage& damage) {
    random_ = std::make_unique<support::SeededRandom>(seed);
    Tell(kStart);
    DtlsEndpoint client(ClientCertificate(), DtlsRole::kActive);
    DtlsEndpoint server(ServerCertificate(), DtlsRole::kPassive);
    client.SetRemoteFingerprint(FingerprintOf(ServerCertificate()));
    server.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
    client.Start(now_);
    while (now_ < kStart + seconds(30)) {
      while (CarryBadly(client, server, damage) |
             CarryBadly(server, client, damage)) {
      }
      if (client.keys() && server.keys()) {
        EXPECT_EQ(ClientWriteKey(*client.keys(), true),
                  ClientWriteKey(*server.keys(), false));
        return now_ - kStart;
      }
      const rtp::Timestamp next =
          std::min(client.NextDeadline(), server.NextDeadline());
      EXPECT_GT(next, now_);
      if (next == rtp::kNever) break;
      Tell(next);
      client.HandleTimeout(now_);
      server.HandleTimeout(now_);
    }
    ADD_FAILURE() << "seed " << seed << " never connected: client "
                  << int{static_cast<uint8_t>(client.state())} << ", server "
                  << int{static_cast<uint8_t>(server.state())} << " after "
                  << (now_ - kStart).count() << " us";
    return seconds(30);
  }

  std::unique_ptr<support::SeededRandom> random_;
};

TEST_F(DtlsNetworkTest, ConvergesAtThirtyPerCentLoss) {
  std::vector<rtp::TimeDelta> took;
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    took.push_back(Run(seed, {.loss = 0.3}));
  }
  std::sort(took.begin(), took.end());
  EXPECT_LE(took[50], seconds(2));
  EXPECT_LE(took[95], seconds(10));
  // Some handshake did lose something, or this shows nothing.
  EXPECT_GT(took[95], seconds(0));
}

TEST_F(DtlsNetworkTest, ConvergesWithDuplicates) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(Run(seed, {.duplicates = 1.0}), seconds(0));
  }
}

TEST_F(DtlsNetworkTest, ConvergesInTheWrongOrder) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    EXPECT_LE(Run(seed, {.reorder = true}), seconds(2));
    Run(seed, {.loss = 0.1, .duplicates = 0.2, .reorder = true});
  }
}

// The last flight is lost: who is done already sends it again when asked.
TEST_F(DtlsEndpointTest, RepeatsItsLastFlight) {
  SetFingerprints();
  client_.Start(now_);
  while (server_.state() == State::kHandshaking) {
    ASSERT_TRUE(Carry(client_, server_));
    if (server_.state() == State::kHandshaking) Carry(server_, client_);
  }
  server_.TakeDatagrams();  // lost
  ASSERT_EQ(client_.state(), State::kHandshaking);
  Tell(client_.NextDeadline());
  client_.HandleTimeout(now_);
  CarryAll();
  ExpectConnected();
}

// A certificate chain of several datagrams.
TEST_F(DtlsEndpointTest, SendsNoDatagramLargerThanItsMtu) {
  const std::unique_ptr<Certificate> large = Certificate::Make();
  for (int i = 0; i < 12; ++i) {
    X509* extra = SSL_CTX_get0_certificate(ClientCertificate().context());
    X509_up_ref(extra);
    ASSERT_EQ(SSL_CTX_add_extra_chain_cert(large->context(), extra), 1);
  }
  DtlsEndpoint server(*large, DtlsRole::kPassive);
  client_.SetRemoteFingerprint(FingerprintOf(*large));
  server.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
  client_.Start(now_);
  Carry(client_, server);
  const std::vector<Bytes> flight = server.TakeDatagrams();
  size_t total = 0;
  for (const Bytes& datagram : flight) {
    EXPECT_LE(datagram.size(), DtlsEndpoint::kMtu);
    total += datagram.size();
    client_.HandleDatagram(now_, datagram);
  }
  EXPECT_GT(total, 3 * DtlsEndpoint::kMtu);
  while (Carry(client_, server) | Carry(server, client_)) {
  }
  EXPECT_EQ(server.state(), State::kConnected);
  EXPECT_EQ(client_.state(), State::kConnected);
}

// A handshake message of one record as two records of a fragment each
// (RFC 6347 s4.2.3). `hello` has a record header of 13 bytes and a message
// header of 12. The second's sequence number is one that the client does not
// come to use.
std::vector<Bytes> InTwoFragments(const Bytes& hello, size_t first_size) {
  const size_t body = hello.size() - 25;
  const auto fragment = [&](size_t from, size_t size, uint8_t sequence) {
    Bytes record(hello.begin(), hello.begin() + 25);
    record[10] = sequence;
    rtp::StoreU16(record, 11, static_cast<uint16_t>(12 + size));
    rtp::StoreU24(record, 19, static_cast<uint32_t>(from));
    rtp::StoreU24(record, 22, static_cast<uint32_t>(size));
    record.insert(record.end(), hello.begin() + 25 + from,
                  hello.begin() + 25 + from + size);
    return record;
  };
  return {fragment(0, first_size, 0),
          fragment(first_size, body - first_size, 60)};
}

// What a ClientHello with a post-quantum key share looks like.
TEST_F(DtlsEndpointTest, TakesAClientHelloInTwoFragments) {
  client_.Start(now_);
  const std::vector<Bytes> flight = client_.TakeDatagrams();
  ASSERT_EQ(flight.size(), 1u);
  ASSERT_GT(flight[0].size(), 60u);
  const size_t body = flight[0].size() - 25;
  for (const bool swapped : {false, true}) {
    for (const size_t cut : {size_t{1}, size_t{34}, body / 2, body - 1}) {
      SCOPED_TRACE(cut);
      std::vector<Bytes> fragments = InTwoFragments(flight[0], cut);
      if (swapped) std::swap(fragments[0], fragments[1]);
      DtlsEndpoint server(ServerCertificate(), DtlsRole::kPassive);
      server.HandleDatagram(now_, fragments[0]);
      EXPECT_TRUE(server.TakeDatagrams().empty());
      EXPECT_EQ(server.state(), State::kHandshaking);
      server.HandleDatagram(now_, fragments[1]);
      EXPECT_FALSE(server.TakeDatagrams().empty());
      EXPECT_EQ(server.state(), State::kHandshaking);
    }
  }
  // And in one datagram, to the end.
  SetFingerprints();
  const std::vector<Bytes> fragments = InTwoFragments(flight[0], body / 2);
  Bytes both = fragments[0];
  both.insert(both.end(), fragments[1].begin(), fragments[1].end());
  server_.HandleDatagram(now_, both);
  CarryAll();
  ExpectConnected();
}

TEST_F(DtlsEndpointTest, GarbageNeitherAbortsNorConnects) {
  support::SeededRandom random(6347);
  for (int round = 0; round < 200; ++round) {
    DtlsEndpoint server(ServerCertificate(), DtlsRole::kPassive);
    DtlsEndpoint client(ClientCertificate(), DtlsRole::kActive);
    client.Start(now_);
    for (int i = 0; i < 20; ++i) {
      std::array<uint8_t, 4> dice;
      random.Fill(dice);
      Bytes junk((dice[0] << 8 | dice[1]) % 1600);
      random.Fill(junk);
      if (dice[2] % 2 == 0 && junk.size() > 25) {
        // A record of handshake, alert, change or data, with a right length.
        junk[0] = 20 + dice[3] % 4;
        junk[1] = 0xFE;
        junk[2] = 0xFD;
        std::fill(junk.begin() + 3, junk.begin() + 11, uint8_t{0});
        rtp::StoreU16(junk, 11, static_cast<uint16_t>(junk.size() - 13));
      }
      server.HandleDatagram(now_, junk);
      client.HandleDatagram(now_, junk);
      server.TakeDatagrams();
      client.TakeDatagrams();
    }
    EXPECT_FALSE(server.keys());
    EXPECT_FALSE(client.keys());
    EXPECT_NE(server.state(), State::kConnected);
    EXPECT_NE(client.state(), State::kConnected);
  }
}

// RFC 6347 s4.1.2.7: what is no record is discarded, the association lives.
TEST_F(DtlsEndpointTest, SurvivesWhatIsNoRecord) {
  support::SeededRandom random(7983);
  const auto disturb = [&](DtlsEndpoint& endpoint) {
    for (int i = 0; i < 20; ++i) {
      Bytes junk(1 + i * 30);
      random.Fill(junk);
      junk[0] = static_cast<uint8_t>(64 + i);  // no content type
      endpoint.HandleDatagram(now_, junk);
    }
    endpoint.HandleDatagram(now_, {});
  };
  SetFingerprints();
  client_.Start(now_);
  bool moved = true;
  while (moved) {
    disturb(client_);
    disturb(server_);
    moved = Carry(client_, server_);
    moved = Carry(server_, client_) || moved;
  }
  ExpectConnected();
  disturb(server_);
  EXPECT_EQ(server_.state(), State::kConnected);
}

// After the handshake nothing unauthentic counts, an alert least of all.
TEST_F(DtlsEndpointTest, ForgedAlertsDoNotEndAConnection) {
  ShakeHands();
  ExpectConnected();
  for (const uint8_t epoch : std::to_array<uint8_t>({0, 1})) {
    for (const uint8_t description : std::to_array<uint8_t>({0, 40, 42})) {
      Bytes alert = {21, 0xFE, 0xFD, 0, epoch, 0, 0,          0,
                     0,  1,    0,    0, 2,     2, description};
      server_.HandleDatagram(now_, alert);
      alert.resize(13 + 40, 7);  // as if sealed
      alert[12] = 40;
      server_.HandleDatagram(now_, alert);
    }
  }
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_TRUE(server_.keys());
}

// T7: not more work for one peer than any handshake takes.
TEST_F(DtlsEndpointTest, TakesABoundedNumberOfDatagrams) {
  SetFingerprints();
  const Bytes junk(20, 64);
  for (int i = 0; i < DtlsEndpoint::kMaxDatagrams; ++i) {
    server_.HandleDatagram(now_, junk);
  }
  client_.Start(now_);
  EXPECT_TRUE(Carry(client_, server_));
  EXPECT_TRUE(server_.TakeDatagrams().empty());
}

TEST_F(DtlsEndpointTest, LetsGoOfOpensslAfterAWhile) {
  ShakeHands();
  EXPECT_EQ(server_.NextDeadline(), kStart + DtlsEndpoint::kLinger);
  Tell(server_.NextDeadline());
  server_.HandleTimeout(now_);
  EXPECT_EQ(server_.NextDeadline(), rtp::kNever);
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_TRUE(server_.keys());
  // All else is harmless from then on.
  client_.Close();
  Carry(client_, server_);
  server_.Close();
  server_.HandleTimeout(now_ + seconds(1));
  EXPECT_TRUE(server_.TakeDatagrams().empty());
  EXPECT_EQ(server_.state(), State::kConnected);
}

TEST_F(DtlsEndpointTest, LetsGoOfOpensslAlsoAfterALateFingerprint) {
  client_.Start(now_);
  CarryAll();
  server_.SetRemoteFingerprint(FingerprintOf(ClientCertificate()));
  ASSERT_EQ(server_.state(), State::kConnected);
  ASSERT_NE(server_.NextDeadline(), rtp::kNever);
  EXPECT_EQ(server_.NextDeadline(), kStart + DtlsEndpoint::kLinger);
}

// A client that misses our last flight says its own again, after at most 4 s;
// what it needs of us is there for 30 s.
TEST_F(DtlsEndpointTest, RepeatsItsLastFlightForThirtySeconds) {
  SetFingerprints();
  client_.Start(now_);
  while (server_.state() == State::kHandshaking) {
    ASSERT_TRUE(Carry(client_, server_));
    if (server_.state() == State::kHandshaking) Carry(server_, client_);
  }
  server_.TakeDatagrams();  // lost
  while (now_ < kStart + seconds(22)) {
    ASSERT_NE(client_.NextDeadline(), rtp::kNever);
    Tell(client_.NextDeadline());
    client_.TakeDatagrams();  // lost as well, and so are its repetitions
    client_.HandleTimeout(now_);
    if (now_ >= server_.NextDeadline()) server_.HandleTimeout(now_);
  }
  ASSERT_EQ(client_.state(), State::kHandshaking);
  CarryAll();
  ExpectConnected();
}

TEST_F(DtlsEndpointTest, LetsGoOnceThePeerHasKeys) {
  server_.OnPeerHasKeys();  // what cannot be yet, does nothing
  ShakeHands();
  ExpectConnected();
  server_.OnPeerHasKeys();
  EXPECT_EQ(server_.NextDeadline(), rtp::kNever);
  EXPECT_EQ(server_.state(), State::kConnected);
  EXPECT_TRUE(server_.keys());
  server_.Close();
  EXPECT_TRUE(server_.TakeDatagrams().empty());
  client_.Close();
  EXPECT_TRUE(Carry(client_, server_));
  EXPECT_EQ(server_.state(), State::kConnected);
  server_.OnPeerHasKeys();
}

// T6: in epoch 0 anybody can write an alert, and data nobody may.
TEST_F(DtlsEndpointTest, PassesOverPlaintextAlertsDuringTheHandshake) {
  const auto record = [](uint8_t type, Bytes body) {
    Bytes bytes = {type,
                   0xFE,
                   0xFD,
                   0,
                   0,
                   0,
                   0,
                   0,
                   0,
                   0,
                   77,
                   0,
                   static_cast<uint8_t>(body.size())};
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  };
  const std::vector<Bytes> spoofed = {
      record(21, {2, 40}), record(21, {2, 42}), record(21, {1, 0}),
      record(21, {2}),     record(21, {}),      record(23, {1, 2, 3})};
  const auto disturb = [&](DtlsEndpoint& endpoint) {
    for (const Bytes& datagram : spoofed) {
      endpoint.HandleDatagram(now_, datagram);
    }
  };
  // Also in one datagram with what is genuine, before and behind it.
  const auto carry = [&](DtlsEndpoint& from, DtlsEndpoint& to) {
    const std::vector<Bytes> datagrams = from.TakeDatagrams();
    for (const Bytes& datagram : datagrams) {
      Bytes mixed = spoofed[0];
      mixed.insert(mixed.end(), datagram.begin(), datagram.end());
      mixed.insert(mixed.end(), spoofed[1].begin(), spoofed[1].end());
      to.HandleDatagram(now_, mixed);
    }
    return !datagrams.empty();
  };
  SetFingerprints();
  client_.Start(now_);
  bool moved = true;
  while (moved) {
    disturb(client_);
    disturb(server_);
    moved = carry(client_, server_);
    moved = carry(server_, client_) || moved;
  }
  ExpectConnected();
  // They count for nothing, where datagrams are counted (T7).
  for (int i = 0; i < DtlsEndpoint::kMaxDatagrams; ++i) disturb(server_);
  client_.Close();
  Carry(client_, server_);
  EXPECT_EQ(server_.state(), State::kClosed);
}

TEST_F(DtlsEndpointTest, SaysGoodbye) {
  ShakeHands();
  client_.Close();
  EXPECT_TRUE(Carry(client_, server_));
  EXPECT_EQ(server_.state(), State::kClosed);
}

TEST_F(DtlsEndpointTest, ClosesNothingBeforeTheHandshake) {
  client_.Start(now_);
  client_.TakeDatagrams();
  client_.Close();
  EXPECT_TRUE(client_.TakeDatagrams().empty());
  EXPECT_EQ(client_.state(), State::kHandshaking);
}

// Calls in an order that makes no sense do no harm.
TEST_F(DtlsEndpointTest, EndsWellWhateverTheOrder) {
  server_.HandleTimeout(now_);
  server_.Close();
  server_.HandleDatagram(now_, {});
  client_.HandleTimeout(now_ + seconds(60));
  client_.Start(now_);
  client_.Start(now_);
  ASSERT_EQ(client_.TakeDatagrams().size(), 1u);
  Tell(client_.NextDeadline());
  client_.HandleTimeout(now_);
  SetFingerprints();
  CarryAll();
  ExpectConnected();
  server_.Start(now_);
  client_.Start(now_);
  CarryAll();
  ExpectConnected();
}

// Two of one role never come to terms, and never to harm.
TEST_F(DtlsEndpointTest, TwoClientsDoNotConnect) {
  DtlsEndpoint other(ServerCertificate(), DtlsRole::kActive);
  client_.Start(now_);
  other.Start(now_);
  for (int i = 0; i < 10; ++i) {
    Carry(client_, other);
    Carry(other, client_);
  }
  EXPECT_FALSE(client_.keys());
  EXPECT_FALSE(other.keys());
}

// Against OpenSSL itself.
class RawPeerTest : public testing::Test {
 protected:
  RawPeerTest() { SetOpensslTime(kStart); }

  // Our endpoint and a peer of the other role, until nothing moves.
  void Run(const RawDtlsOptions& options) {
    peer_ = std::make_unique<RawDtlsPeer>(options);
    ASSERT_TRUE(peer_->ok());
    us_ = std::make_unique<DtlsEndpoint>(
        ServerCertificate(),
        options.is_client ? DtlsRole::kPassive : DtlsRole::kActive);
    if (fingerprint_) us_->SetRemoteFingerprint(*fingerprint_);
    us_->Start(kStart);
    peer_->Handle({});
    Carry();
  }
  void Carry() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (const Bytes& datagram : us_->TakeDatagrams()) {
        peer_->Handle(datagram);
        moved = true;
      }
      const Bytes flight = peer_->Take();
      if (flight.empty()) continue;
      us_->HandleDatagram(kStart, flight);
      moved = true;
    }
  }
  // The peer's own export of the same keys, laid out by RFC 5764 s4.2.
  void ExpectTheKeysOfThePeer(bool peer_is_client) {
    ASSERT_TRUE(us_->keys());
    const rtp::SrtpKeys& keys = *us_->keys();
    const size_t key = rtp::SrtpKeySize(keys.profile);
    const size_t salt = rtp::SrtpSaltSize(keys.profile);
    Bytes theirs(2 * (key + salt));
    const std::string label = "EXTRACTOR-dtls_srtp";
    ASSERT_EQ(
        SSL_export_keying_material(peer_->ssl(), theirs.data(), theirs.size(),
                                   label.data(), label.size(), nullptr, 0, 0),
        1);
    const auto& client = peer_is_client ? keys.remote : keys.local;
    const auto& server = peer_is_client ? keys.local : keys.remote;
    Bytes ours;
    ours.insert(ours.end(), client.key.begin(), client.key.begin() + key);
    ours.insert(ours.end(), server.key.begin(), server.key.begin() + key);
    ours.insert(ours.end(), client.salt.begin(), client.salt.begin() + salt);
    ours.insert(ours.end(), server.salt.begin(), server.salt.begin() + salt);
    EXPECT_EQ(ours, theirs);
  }
  void ExpectFailed() {
    EXPECT_EQ(us_->state(), State::kFailed);
    EXPECT_FALSE(us_->keys());
    EXPECT_EQ(us_->NextDeadline(), rtp::kNever);
  }

  std::optional<rtp::CertificateFingerprint> fingerprint_ =
      FingerprintOf(ClientCertificate());
  std::unique_ptr<RawDtlsPeer> peer_;
  std::unique_ptr<DtlsEndpoint> us_;
};

TEST_F(RawPeerTest, ExportsTheKeysOfEachProfileInBothRoles) {
  struct Case {
    const char* name;
    rtp::SrtpProfile profile;
  };
  for (const Case c :
       {Case{"SRTP_AEAD_AES_128_GCM", rtp::SrtpProfile::kAeadAes128Gcm},
        Case{"SRTP_AEAD_AES_256_GCM", rtp::SrtpProfile::kAeadAes256Gcm},
        Case{"SRTP_AES128_CM_SHA1_80",
             rtp::SrtpProfile::kAesCm128HmacSha1_80}}) {
    for (const bool peer_is_client : {true, false}) {
      SCOPED_TRACE(c.name);
      Run({.is_client = peer_is_client,
           .srtp_profiles = c.name,
           .certificate = &ClientCertificate()});
      ASSERT_EQ(us_->state(), State::kConnected);
      EXPECT_TRUE(peer_->done());
      EXPECT_EQ(us_->keys()->profile, c.profile);
      ExpectTheKeysOfThePeer(peer_is_client);
      // RFC 7627, which RFC 8827 s6.5 asks for.
      EXPECT_EQ(SSL_get_extms_support(peer_->ssl()), 1);
      EXPECT_EQ(SSL_version(peer_->ssl()), DTLS1_2_VERSION);
    }
  }
}

// RFC 5764 s4.1.1: the server chooses, by its own preference.
TEST_F(RawPeerTest, ChoosesTheProfileItself) {
  Run({.srtp_profiles = "SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80:"
                        "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM",
       .certificate = &ClientCertificate()});
  ASSERT_TRUE(us_->keys());
  EXPECT_EQ(us_->keys()->profile, rtp::SrtpProfile::kAeadAes128Gcm);
  Run({.srtp_profiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM",
       .certificate = &ClientCertificate()});
  ASSERT_TRUE(us_->keys());
  EXPECT_EQ(us_->keys()->profile, rtp::SrtpProfile::kAeadAes256Gcm);
}

// RFC 5764 s4.1.1: use_srtp in the ClientHello, preferred first, no MKI.
TEST_F(RawPeerTest, OffersItsProfilesInOrder) {
  DtlsEndpoint client(ClientCertificate(), DtlsRole::kActive);
  client.Start(kStart);
  const std::vector<Bytes> flight = client.TakeDatagrams();
  ASSERT_EQ(flight.size(), 1u);
  const Bytes expected = {0, 14, 0, 9, 0, 6, 0, 7, 0, 8, 0, 1, 0};
  EXPECT_NE(std::search(flight[0].begin(), flight[0].end(), expected.begin(),
                        expected.end()),
            flight[0].end());
}

// P3: no 32-bit tags; and no media without SRTP.
TEST_F(RawPeerTest, FailsWithoutAProfileOfOurs) {
  for (const char* profiles : {"SRTP_AES128_CM_SHA1_32", ""}) {
    for (const bool is_client : {true, false}) {
      SCOPED_TRACE(profiles);
      Run({.is_client = is_client,
           .srtp_profiles = *profiles == '\0' ? nullptr : profiles,
           .certificate = &ClientCertificate()});
      ExpectFailed();
    }
  }
}

TEST_F(RawPeerTest, FailsWithoutACertificate) {
  Run({.is_client = true, .certificate = nullptr});
  ExpectFailed();
}

TEST_F(RawPeerTest, FailsWithOldVersionsAndWeakCiphers) {
  Run({.certificate = &ClientCertificate(), .version = DTLS1_VERSION});
  ExpectFailed();
  for (const char* ciphers :
       {"ECDHE-ECDSA-NULL-SHA", "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"}) {
    SCOPED_TRACE(ciphers);
    Run({.certificate = &ClientCertificate(), .ciphers = ciphers});
    ExpectFailed();
  }
}

TEST_F(RawPeerTest, TellsThePeerWhyItFailed) {
  Run({.srtp_profiles = "SRTP_AEAD_AES_128_GCM",
       .certificate = &ClientCertificate(),
       .ciphers = "ECDHE-ECDSA-NULL-SHA"});
  ExpectFailed();
  ASSERT_EQ(peer_->alerts().size(), 1u);
  EXPECT_EQ(peer_->alerts()[0].first, SSL3_AL_FATAL);
}

// RFC 8122 s6.2: the connection ends with a bad_certificate error.
TEST_F(RawPeerTest, AMismatchEndsWithBadCertificate) {
  fingerprint_->digest.back() ^= 1;
  for (const bool is_client : {true, false}) {
    Run({.is_client = is_client, .certificate = &ClientCertificate()});
    EXPECT_EQ(us_->state(), State::kMismatch);
    EXPECT_FALSE(us_->keys());
    ASSERT_FALSE(peer_->alerts().empty());
    EXPECT_EQ(peer_->alerts().back(),
              (std::pair<int, int>(SSL3_AL_FATAL, SSL_AD_BAD_CERTIFICATE)));
  }
}

// When the fingerprint is signalled last, a goodbye is all that is left.
TEST_F(RawPeerTest, ALateMismatchEndsWithAGoodbye) {
  rtp::CertificateFingerprint wrong = *std::exchange(fingerprint_, {});
  wrong.digest.back() ^= 1;
  for (const bool is_client : {true, false}) {
    Run({.is_client = is_client, .certificate = &ClientCertificate()});
    ASSERT_EQ(us_->state(), State::kHandshaking);
    us_->SetRemoteFingerprint(wrong);
    Carry();
    EXPECT_EQ(us_->state(), State::kMismatch);
    EXPECT_FALSE(us_->keys());
    EXPECT_EQ(peer_->alerts(), (std::vector<std::pair<int, int>>{
                                   {SSL3_AL_WARNING, SSL_AD_CLOSE_NOTIFY}}));
  }
}

TEST_F(RawPeerTest, AnAuthenticFatalAlertEndsAConnection) {
  for (const bool late : {false, true}) {
    for (const bool is_client : {true, false}) {
      fingerprint_ = FingerprintOf(ClientCertificate());
      if (late) fingerprint_.reset();
      Run({.is_client = is_client, .certificate = &ClientCertificate()});
      ASSERT_EQ(us_->state(), late ? State::kHandshaking : State::kConnected);
      const Bytes alert = peer_->Seal(
          SSL3_RT_ALERT, Bytes{SSL3_AL_FATAL, SSL_AD_INTERNAL_ERROR});
      ASSERT_FALSE(alert.empty());
      Bytes forged = alert;
      forged.back() ^= 1;
      us_->HandleDatagram(kStart, forged);
      EXPECT_EQ(us_->state(), late ? State::kHandshaking : State::kConnected);
      us_->HandleDatagram(kStart, alert);
      EXPECT_EQ(us_->state(), State::kFailed);
      EXPECT_EQ(us_->NextDeadline(), rtp::kNever);
    }
  }
}

TEST_F(RawPeerTest, AnAuthenticWarningEndsNoConnection) {
  Run({.certificate = &ClientCertificate()});
  us_->HandleDatagram(
      kStart, peer_->Seal(SSL3_RT_ALERT,
                          Bytes{SSL3_AL_WARNING, SSL_AD_USER_CANCELLED}));
  EXPECT_EQ(us_->state(), State::kConnected);
}

// RFC 8827 s6.5 and SSL_OP_NO_RENEGOTIATION: a second handshake is refused.
TEST_F(RawPeerTest, DoesNotRenegotiate) {
  Run({.certificate = &ClientCertificate()});
  ASSERT_EQ(us_->state(), State::kConnected);
  const Bytes before = ClientWriteKey(*us_->keys(), false);
  SSL_renegotiate(peer_->ssl());
  SSL_do_handshake(peer_->ssl());
  us_->HandleDatagram(kStart, peer_->Take());
  EXPECT_EQ(us_->state(), State::kConnected);
  Carry();
  // OpenSSL takes the refusal for the end, and says so by a fatal alert.
  EXPECT_EQ(us_->state(), State::kFailed);
  EXPECT_EQ(ClientWriteKey(*us_->keys(), false), before);
  ASSERT_EQ(peer_->alerts().size(), 1u);
  EXPECT_EQ(peer_->alerts()[0].second, SSL_AD_NO_RENEGOTIATION);
}

// Data has no meaning here, and does no harm.
TEST_F(RawPeerTest, PassesOverApplicationData) {
  Run({.certificate = &ClientCertificate()});
  const Bytes data(1000, 7);
  ASSERT_GT(SSL_write(peer_->ssl(), data.data(), 1000), 0);
  Carry();
  EXPECT_EQ(us_->state(), State::kConnected);
  SSL_shutdown(peer_->ssl());
  Carry();
  EXPECT_EQ(us_->state(), State::kClosed);
}

TEST(Certificate, IsAFreshP256CertificateEachTime) {
  EXPECT_NE(ServerCertificate().sha256(), ClientCertificate().sha256());
  EXPECT_EQ(ServerCertificate().sha256().size(), 32u);
  X509* x509 = SSL_CTX_get0_certificate(ServerCertificate().context());
  EVP_PKEY* key = X509_get0_pubkey(x509);
  EXPECT_EQ(EVP_PKEY_get_id(key), EVP_PKEY_EC);
  EXPECT_EQ(EVP_PKEY_get_bits(key), 256);
  EXPECT_EQ(X509_verify(x509, key), 1);
  // P16: 30 days and no more, and begun already.
  int days = 0;
  int rest = 0;
  ASSERT_EQ(ASN1_TIME_diff(&days, &rest, nullptr, X509_get0_notAfter(x509)), 1);
  EXPECT_GE(days, 29);
  EXPECT_LE(days, 30);
  ASSERT_EQ(ASN1_TIME_diff(&days, &rest, X509_get0_notBefore(x509), nullptr),
            1);
  EXPECT_GE(days, 1);
  EXPECT_FALSE(CertificateDigest(nullptr, "sha-256"));
  EXPECT_FALSE(CertificateDigest(x509, "md5"));
  EXPECT_FALSE(CertificateDigest(x509, "SHA-256"));  // lower case by contract
  EXPECT_EQ(CertificateDigest(x509, "sha-256"), ServerCertificate().sha256());
}

}  // namespace
}  // namespace ice
