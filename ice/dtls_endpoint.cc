// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/dtls_endpoint.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "rtp/base/bytes.h"

namespace ice {
namespace {

// First retransmission; doubled each time (RFC 6347 s4.2.4.1).
constexpr unsigned kFirstTimeoutUs = 200'000;
constexpr unsigned kMaxTimeoutUs = 4'000'000;

unsigned NextTimeout(SSL* /*ssl*/, unsigned last_us) {
  if (last_us == 0) return kFirstTimeoutUs;
  return std::min(last_us * 2, kMaxTimeoutUs);
}

// A BIO that keeps the edges of datagrams.
struct DatagramBio {
  std::span<const uint8_t> incoming;
  std::vector<std::vector<uint8_t>> outgoing;
};

DatagramBio* Self(BIO* bio) {
  return static_cast<DatagramBio*>(BIO_get_data(bio));
}

int BioRead(BIO* bio, char* out, int size) {
  DatagramBio* self = Self(bio);
  BIO_clear_retry_flags(bio);
  if (self->incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t count =
      std::min(self->incoming.size(), static_cast<size_t>(std::max(size, 0)));
  std::memcpy(out, self->incoming.data(), count);
  self->incoming = {};
  return static_cast<int>(count);
}

int BioWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  const auto* bytes = reinterpret_cast<const uint8_t*>(data);
  Self(bio)->outgoing.emplace_back(bytes, bytes + size);
  return size;
}

long BioControl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return DtlsEndpoint::kMtu;
    default:
      // Zero for all else, or OpenSSL believes in kernel TLS.
      return 0;
  }
}

const BIO_METHOD* DatagramBioMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
                                    "carillon datagram");
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

// The datagram without the records of epoch 0 that are no part of a handshake:
// alerts, which anybody can write while nothing is encrypted, and data, which
// nobody may. OpenSSL would end the association over either. RFC 6347 s4.1.2.7
// has unauthentic records discarded rather than believed; the price is that a
// peer that honestly refuses us in plaintext shows by the timeout of its
// transport only. Where an alert is authentic, OpenSSL sees it.
std::vector<uint8_t> WithoutPlaintextAlerts(std::span<const uint8_t> datagram) {
  constexpr size_t kHeaderSize = 13;  // RFC 6347 s4.1
  std::vector<uint8_t> kept;
  kept.reserve(datagram.size());
  while (!datagram.empty()) {
    size_t size = datagram.size();
    bool drop = false;
    if (size >= kHeaderSize) {
      size = std::min<size_t>(size, kHeaderSize + rtp::LoadU16(datagram, 11));
      drop = rtp::LoadU16(datagram, 3) == 0 &&
             (datagram[0] == SSL3_RT_ALERT ||
              datagram[0] == SSL3_RT_APPLICATION_DATA);
    }
    if (!drop) kept.insert(kept.end(), datagram.data(), datagram.data() + size);
    datagram = datagram.subspan(size);
  }
  return kept;
}

std::optional<rtp::SrtpProfile> ProfileOf(const SRTP_PROTECTION_PROFILE* p) {
  if (p == nullptr) return std::nullopt;
  switch (p->id) {
    case SRTP_AEAD_AES_128_GCM:
      return rtp::SrtpProfile::kAeadAes128Gcm;
    case SRTP_AEAD_AES_256_GCM:
      return rtp::SrtpProfile::kAeadAes256Gcm;
    case SRTP_AES128_CM_SHA1_80:
      return rtp::SrtpProfile::kAesCm128HmacSha1_80;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct DtlsEndpoint::Association {
  struct FreeSsl {
    void operator()(SSL* freed) const { SSL_free(freed); }
  };
  // Whether OpenSSL may go on with the peer's certificate. It may when nobody
  // told us a fingerprint yet: then CheckFingerprint() judges, later.
  static int Verify(int preverified, X509_STORE_CTX* store);

  DatagramBio bio;
  std::unique_ptr<SSL, FreeSsl> ssl;  // owns the BIO
};

int DtlsEndpoint::Association::Verify(int /*preverified*/,
                                      X509_STORE_CTX* store) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<DtlsEndpoint*>(SSL_get_ex_data(ssl, 0));
  if (!self->fingerprint_ ||
      self->IsSignalled(X509_STORE_CTX_get0_cert(store))) {
    return 1;
  }
  // RFC 8122 s6.2: ends with bad_certificate, which this error stands for.
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  self->state_ = State::kMismatch;
  return 0;
}

DtlsEndpoint::DtlsEndpoint(const Certificate& certificate, rtp::DtlsRole role)
    : role_(role), association_(std::make_unique<Association>()) {
  SSL* ssl = SSL_new(certificate.context());
  BIO* bio = BIO_new(DatagramBioMethod());
  if (ssl == nullptr || bio == nullptr) {  // out of memory
    SSL_free(ssl);
    BIO_free(bio);
    association_.reset();
    state_ = State::kFailed;
    return;
  }
  BIO_set_data(bio, &association_->bio);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_mtu(ssl, kMtu);
  DTLS_set_timer_cb(ssl, NextTimeout);
  SSL_set_ex_data(ssl, 0, this);
  SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                 Association::Verify);
  if (role == rtp::DtlsRole::kActive) {
    SSL_set_connect_state(ssl);
  } else {
    SSL_set_accept_state(ssl);
  }
  association_->ssl.reset(ssl);
}

std::unique_ptr<DtlsAssociation> Certificate::MakeAssociation(
    rtp::DtlsRole role) const {
  return std::make_unique<DtlsEndpoint>(*this, role);
}

DtlsEndpoint::~DtlsEndpoint() {
  for (std::optional<rtp::SrtpKeys>* keys : {&exported_, &keys_}) {
    if (*keys) OPENSSL_cleanse(&**keys, sizeof(**keys));
  }
}

void DtlsEndpoint::Start(rtp::Timestamp now) {
  if (role_ == rtp::DtlsRole::kActive) Advance(now);
}

void DtlsEndpoint::HandleDatagram(rtp::Timestamp now,
                                  std::span<const uint8_t> datagram) {
  if (association_ == nullptr || state_ == State::kFailed ||
      state_ == State::kMismatch) {
    return;
  }
  const std::vector<uint8_t> kept = WithoutPlaintextAlerts(datagram);
  if (kept.empty() || ++datagrams_ > kMaxDatagrams) return;
  association_->bio.incoming = kept;
  Advance(now);
  association_->bio.incoming = {};
}

void DtlsEndpoint::Advance(rtp::Timestamp now) {
  if (association_ == nullptr) return;
  SSL* ssl = association_->ssl.get();
  ERR_clear_error();
  int result = 1;
  if (!handshake_done_) {
    result = SSL_do_handshake(ssl);
    if (result == 1) {
      handshake_done_ = true;
      let_go_ = now + kLinger;
      OnHandshakeDone();
    }
  }
  if (result == 1 && state_ != State::kFailed) {
    // Alerts, and retransmissions of what we answered already. Application
    // data has no meaning here.
    std::array<uint8_t, 2048> ignored;
    do {
      result = SSL_read(ssl, ignored.data(), ignored.size());
    } while (result > 0);
  }
  if (result <= 0) {
    OnSslError(SSL_get_error(ssl, result));
    ERR_clear_error();
  }
  Schedule(now);
}

void DtlsEndpoint::OnSslError(int error) {
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ||
      state_ == State::kMismatch) {
    return;
  }
  if (error == SSL_ERROR_ZERO_RETURN) {
    state_ = State::kClosed;
  } else if (!handshake_done_ || (SSL_get_shutdown(association_->ssl.get()) &
                                  SSL_RECEIVED_SHUTDOWN) != 0) {
    // After the handshake only the peer's own fatal alert counts. Whatever else
    // upsets OpenSSL then, the keys are as good as before.
    state_ = State::kFailed;
  }
}

void DtlsEndpoint::OnHandshakeDone() {
  if (!ExportKeys()) {
    state_ = State::kFailed;
    return;
  }
  CheckFingerprint();
}

bool DtlsEndpoint::ExportKeys() {
  SSL* ssl = association_->ssl.get();
  const auto profile = ProfileOf(SSL_get_selected_srtp_profile(ssl));
  if (!profile) return false;
  const size_t key_size = rtp::SrtpKeySize(*profile);
  const size_t salt_size = rtp::SrtpSaltSize(*profile);
  std::array<uint8_t, 2 * (32 + 14)> material;
  constexpr char kLabel[] = "EXTRACTOR-dtls_srtp";
  if (SSL_export_keying_material(ssl, material.data(),
                                 2 * (key_size + salt_size), kLabel,
                                 sizeof(kLabel) - 1, nullptr, 0, 0) != 1) {
    return false;
  }
  // RFC 5764 s4.2: client key, server key, client salt, server salt.
  rtp::SrtpMasterKey client;
  rtp::SrtpMasterKey server;
  const uint8_t* from = material.data();
  const auto take = [&from](uint8_t* to, size_t size) {
    std::memcpy(to, from, size);
    from += size;
  };
  take(client.key.data(), key_size);
  take(server.key.data(), key_size);
  take(client.salt.data(), salt_size);
  take(server.salt.data(), salt_size);
  OPENSSL_cleanse(material.data(), material.size());
  const bool is_client = role_ == rtp::DtlsRole::kActive;
  exported_ = rtp::SrtpKeys{*profile, is_client ? client : server,
                            is_client ? server : client};
  return true;
}

void DtlsEndpoint::SetRemoteFingerprint(
    const rtp::CertificateFingerprint& fingerprint) {
  if (!fingerprint_) fingerprint_ = fingerprint;
  if (handshake_done_ && state_ == State::kHandshaking) CheckFingerprint();
  if (keys_) deadline_ = std::min(deadline_, let_go_);
}

bool DtlsEndpoint::IsSignalled(x509_st* certificate) const {
  const auto digest = CertificateDigest(certificate, fingerprint_->hash);
  return digest && !digest->empty() && *digest == fingerprint_->digest;
}

void DtlsEndpoint::CheckFingerprint() {
  if (!fingerprint_ || !exported_ || association_ == nullptr) return;
  if (!IsSignalled(SSL_get0_peer_certificate(association_->ssl.get()))) {
    state_ = State::kMismatch;
    OPENSSL_cleanse(&*exported_, sizeof(*exported_));
    exported_.reset();
    // Deviates from RFC 8122 s6.2 because the fingerprint came after the
    // certificate was let pass, and OpenSSL has no call that sends an alert of
    // our choice: close_notify instead of bad_certificate.
    SSL_shutdown(association_->ssl.get());
    return;
  }
  keys_ = std::exchange(exported_, std::nullopt);
  state_ = State::kConnected;
}

void DtlsEndpoint::OnPeerHasKeys() {
  if (association_ != nullptr && state_ == State::kConnected) LetGo();
}

void DtlsEndpoint::LetGo() {
  association_.reset();
  deadline_ = rtp::kNever;
}

void DtlsEndpoint::Close() {
  if (association_ == nullptr || !handshake_done_) return;
  ERR_clear_error();
  SSL_shutdown(association_->ssl.get());
  ERR_clear_error();
}

std::vector<std::vector<uint8_t>> DtlsEndpoint::TakeDatagrams() {
  if (association_ == nullptr) return {};
  return std::exchange(association_->bio.outgoing, {});
}

void DtlsEndpoint::Schedule(rtp::Timestamp now) {
  deadline_ = rtp::kNever;
  if (association_ == nullptr || state_ == State::kFailed ||
      state_ == State::kMismatch || state_ == State::kClosed) {
    return;
  }
  timeval left;
  if (DTLSv1_get_timeout(association_->ssl.get(), &left) == 1) {
    deadline_ = now + std::chrono::seconds(left.tv_sec) +
                std::chrono::microseconds(left.tv_usec);
  }
  if (keys_) deadline_ = std::min(deadline_, let_go_);
}

void DtlsEndpoint::HandleTimeout(rtp::Timestamp now) {
  if (now < deadline_ || association_ == nullptr) return;
  if (keys_ && now >= let_go_) {
    LetGo();
    return;
  }
  ERR_clear_error();
  if (DTLSv1_handle_timeout(association_->ssl.get()) < 0 && !handshake_done_) {
    state_ = State::kFailed;
  }
  ERR_clear_error();
  Schedule(now);
  // OpenSSL's clock may lag ours by a little: not before a while from now.
  deadline_ = std::max(deadline_, now + std::chrono::milliseconds(5));
}

}  // namespace ice
