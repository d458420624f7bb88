// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>
#include <string>

namespace sfu {

// A directory of PEM files that tests make as they need them.
class TlsFiles {
 public:
  explicit TlsFiles(const std::string& test)
      : prefix_(testing::TempDir() + "/carillon_" + test + "_") {}

  std::string certificate() const { return prefix_ + "certificate.pem"; }
  std::string key() const { return prefix_ + "key.pem"; }
  std::string Path(const std::string& name) const { return prefix_ + name; }

  // Writes a certificate of `name` for the next `seconds`, and its key.
  void Make(const std::string& name, long seconds = 3600,
            const char* passphrase = nullptr) const {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_pair(
        EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(),
                                                           &X509_free);
    X509_set_version(x509.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), seconds);
    X509_set_pubkey(x509.get(), key_pair.get());
    X509_NAME* subject = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_ASC,
        reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x509.get(), subject);
    X509_sign(x509.get(), key_pair.get(), EVP_sha256());
    std::FILE* file = std::fopen(certificate().c_str(), "w");
    PEM_write_X509(file, x509.get());
    std::fclose(file);
    file = std::fopen(key().c_str(), "w");
    PEM_write_PrivateKey(file, key_pair.get(),
                         passphrase ? EVP_aes_256_cbc() : nullptr, nullptr, 0,
                         nullptr, const_cast<char*>(passphrase));
    std::fclose(file);
  }

 private:
  const std::string prefix_;
};

}  // namespace sfu
