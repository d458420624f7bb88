// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/fake_dtls.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sim {
namespace {

constexpr size_t kDigestSize = 32;
constexpr size_t kSecretSize = 64;
constexpr rtp::TimeDelta kFirstTimeout = std::chrono::milliseconds(200);
constexpr rtp::TimeDelta kMaxTimeout = std::chrono::seconds(4);

// First bytes as of a handshake record, or an alert (RFC 6347 s4.1).
constexpr uint8_t kHandshake = 22;
constexpr uint8_t kAlert = 21;

enum class Flight : uint8_t { kHello, kAnswer, kFinished, kDone };

class FakeDtls : public ice::DtlsAssociation {
 public:
  FakeDtls(rtp::DtlsRole role, const std::vector<uint8_t>& digest,
           rtp::RandomSource& random)
      : role_(role), digest_(digest), secret_(kSecretSize) {
    random.Fill(secret_);
  }

  void Start(rtp::Timestamp now) override {
    if (role_ == rtp::DtlsRole::kActive) Send(now, Flight::kHello);
  }

  void HandleDatagram(rtp::Timestamp now,
                      std::span<const uint8_t> datagram) override {
    if (datagram.size() < 2) return;
    if (datagram[0] == kAlert) {
      if (done_) state_ = State::kClosed;
      return;
    }
    if (datagram.size() != 2 + kDigestSize + kSecretSize) return;
    const auto flight = static_cast<Flight>(datagram[1]);
    const bool expected =
        role_ == rtp::DtlsRole::kPassive
            ? flight == Flight::kHello || flight == Flight::kFinished
            : flight == Flight::kAnswer || flight == Flight::kDone;
    if (!expected || state_ == State::kMismatch) return;
    theirs_.assign(datagram.begin() + 2, datagram.begin() + 2 + kDigestSize);
    their_secret_.assign(datagram.begin() + 2 + kDigestSize, datagram.end());
    switch (flight) {
      case Flight::kHello:
        if (!done_) Send(now, Flight::kAnswer);
        return;
      case Flight::kAnswer:
        if (!done_) Send(now, Flight::kFinished);
        return;
      case Flight::kFinished:
        Send(now, Flight::kDone);
        return Finish();
      case Flight::kDone:
        return Finish();
    }
  }

  void SetRemoteFingerprint(
      const rtp::CertificateFingerprint& fingerprint) override {
    if (!fingerprint_) fingerprint_ = fingerprint.digest;
    if (done_) Finish();
  }
  void OnPeerHasKeys() override {}
  void Close() override {
    if (done_) out_.push_back({kAlert, 0});
  }

  State state() const override { return state_; }
  const std::optional<rtp::SrtpKeys>& keys() const override { return keys_; }
  bool handshake_done() const override { return done_; }
  std::vector<std::vector<uint8_t>> TakeDatagrams() override {
    return std::exchange(out_, {});
  }
  rtp::Timestamp NextDeadline() const override { return deadline_; }
  void HandleTimeout(rtp::Timestamp now) override {
    if (now < deadline_) return;
    timeout_ = std::min(timeout_ * 2, kMaxTimeout);
    Write(last_);
    deadline_ = now + timeout_;
  }

 private:
  void Send(rtp::Timestamp now, Flight flight) {
    last_ = flight;
    Write(flight);
    // The last flight is repeated when asked for, not by the clock.
    deadline_ = flight == Flight::kDone ? rtp::kNever : now + timeout_;
  }

  void Write(Flight flight) {
    std::vector<uint8_t> datagram = {kHandshake, static_cast<uint8_t>(flight)};
    datagram.insert(datagram.end(), digest_.begin(), digest_.end());
    datagram.insert(datagram.end(), secret_.begin(), secret_.end());
    out_.push_back(std::move(datagram));
  }

  void Finish() {
    done_ = true;
    deadline_ = rtp::kNever;
    if (!fingerprint_ || state_ != State::kHandshaking) return;
    if (*fingerprint_ != theirs_) {
      state_ = State::kMismatch;
      return;
    }
    rtp::SrtpKeys keys;
    keys.profile = rtp::SrtpProfile::kAeadAes128Gcm;
    Fill(secret_, keys.local);
    Fill(their_secret_, keys.remote);
    keys_ = keys;
    state_ = State::kConnected;
  }

  static void Fill(const std::vector<uint8_t>& secret,
                   rtp::SrtpMasterKey& key) {
    std::copy_n(secret.begin(), key.key.size(), key.key.begin());
    std::copy_n(secret.begin() + static_cast<ptrdiff_t>(key.key.size()),
                key.salt.size(), key.salt.begin());
  }

  const rtp::DtlsRole role_;
  const std::vector<uint8_t>& digest_;
  std::vector<uint8_t> secret_;
  std::vector<uint8_t> theirs_;
  std::vector<uint8_t> their_secret_;
  std::optional<std::vector<uint8_t>> fingerprint_;
  std::optional<rtp::SrtpKeys> keys_;
  State state_ = State::kHandshaking;
  bool done_ = false;
  Flight last_ = Flight::kHello;
  rtp::TimeDelta timeout_ = kFirstTimeout;
  rtp::Timestamp deadline_ = rtp::kNever;
  std::vector<std::vector<uint8_t>> out_;
};

}  // namespace

FakeIdentity::FakeIdentity(rtp::RandomSource& random)
    : random_(random), sha256_(kDigestSize) {
  random.Fill(sha256_);
}

std::unique_ptr<ice::DtlsAssociation> FakeIdentity::MakeAssociation(
    rtp::DtlsRole role) const {
  return std::make_unique<FakeDtls>(role, sha256_, random_);
}

}  // namespace sim
