// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/certificate.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>

namespace ice {
namespace {

constexpr long kValidFrom = -24L * 3600;  // peers' clocks may be late
constexpr long kValidFor = 30L * 24 * 3600;

// AEAD suites with forward secrecy only.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";

// In our order: as DTLS server we choose (performance.md s4.4).
constexpr const char* kSrtpProfiles =
    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";

bool FillCertificate(X509* x509, EVP_PKEY* key) {
  std::array<uint8_t, 8> serial;
  if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
  uint64_t number = 0;
  for (const uint8_t byte : serial) number = number << 8 | byte;
  // Positive, and not zero.
  number = (number >> 1) | 1;
  X509_NAME* name = X509_get_subject_name(x509);
  return X509_set_version(x509, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), number) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(x509), kValidFrom) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(x509), kValidFor) != nullptr &&
         X509_NAME_add_entry_by_txt(
             name, "CN", MBSTRING_ASC,
             reinterpret_cast<const unsigned char*>("WebRTC"), -1, -1,
             0) == 1 &&
         X509_set_issuer_name(x509, name) == 1 &&
         X509_set_pubkey(x509, key) == 1 &&
         X509_sign(x509, key, EVP_sha256()) > 0;
}

bool FillContext(SSL_CTX* context, X509* x509, EVP_PKEY* key) {
  SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_NO_QUERY_MTU |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context, 16 * 1024);
  SSL_CTX_set_read_ahead(context, 1);
  return SSL_CTX_use_certificate(context, x509) == 1 &&
         SSL_CTX_use_PrivateKey(context, key) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
         // This one call returns 0 for success.
         SSL_CTX_set_tlsext_use_srtp(context, kSrtpProfiles) == 0;
}

}  // namespace

void Certificate::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}
void Certificate::Free::operator()(x509_st* certificate) const {
  X509_free(certificate);
}
void Certificate::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

Certificate::~Certificate() = default;

std::unique_ptr<Certificate> Certificate::Make() {
  std::unique_ptr<Certificate> made(new Certificate());
  made->key_.reset(EVP_EC_gen("P-256"));
  made->x509_.reset(X509_new());
  made->context_.reset(SSL_CTX_new(DTLS_method()));
  if (made->key_ == nullptr || made->x509_ == nullptr ||
      made->context_ == nullptr ||
      !FillCertificate(made->x509_.get(), made->key_.get()) ||
      !FillContext(made->context_.get(), made->x509_.get(), made->key_.get())) {
    return nullptr;
  }
  auto digest = CertificateDigest(made->x509_.get(), "sha-256");
  if (!digest) return nullptr;
  made->sha256_ = std::move(*digest);
  return made;
}

std::optional<std::vector<uint8_t>> CertificateDigest(x509_st* certificate,
                                                      std::string_view hash) {
  const EVP_MD* md = hash == "sha-256"   ? EVP_sha256()
                     : hash == "sha-1"   ? EVP_sha1()
                     : hash == "sha-224" ? EVP_sha224()
                     : hash == "sha-384" ? EVP_sha384()
                     : hash == "sha-512" ? EVP_sha512()
                                         : nullptr;
  if (md == nullptr || certificate == nullptr) return std::nullopt;
  std::vector<uint8_t> digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (X509_digest(certificate, md, digest.data(), &size) != 1) {
    return std::nullopt;
  }
  digest.resize(size);
  return digest;
}

}  // namespace ice
