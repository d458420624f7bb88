// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ice/dtls_association.h"

// OpenSSL's own names, so that its headers stay out of this one.
struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;

namespace ice {

// The identity of one process towards its DTLS peers: a self-signed P-256
// certificate made at start and never stored. Immutable once made; may be
// shared between threads.
class Certificate : public DtlsIdentity {
 public:
  // Nothing if OpenSSL refuses, which only a broken installation makes it do.
  static std::unique_ptr<Certificate> Make();
  ~Certificate() override;
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // DtlsIdentity
  const std::vector<uint8_t>& sha256() const override { return sha256_; }
  std::unique_ptr<DtlsAssociation> MakeAssociation(
      rtp::DtlsRole role) const override;

  // What DtlsEndpoint makes its associations from.
  ssl_ctx_st* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
    void operator()(x509_st* certificate) const;
    void operator()(ssl_ctx_st* context) const;
  };
  Certificate() = default;

  std::unique_ptr<evp_pkey_st, Free> key_;
  std::unique_ptr<x509_st, Free> x509_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::vector<uint8_t> sha256_;
};

// The digest of `certificate` by the hash that a fingerprint names ("sha-1" to
// "sha-512", lower case). Nothing for any other: md5 and unknown names are
// refused (RFC 8122 s5).
std::optional<std::vector<uint8_t>> CertificateDigest(x509_st* certificate,
                                                      std::string_view hash);

}  // namespace ice
