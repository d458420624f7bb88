// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "sfu/doctor/checks_files.h"

namespace sfu {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(FILE* file) const { std::fclose(file); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::string OpenSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "it is no PEM file" : reason;
}

// All certificates of the file, the server's own first.
std::vector<Owned<X509>> ReadChain(const std::string& path,
                                   std::string* error) {
  std::vector<Owned<X509>> chain;
  const Owned<FILE> file(std::fopen(path.c_str(), "re"));
  if (!file) {
    *error = std::strerror(errno);
    return chain;
  }
  while (X509* next = PEM_read_X509(file.get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(next);
  }
  if (chain.empty()) *error = OpenSslError();
  ERR_clear_error();  // the end of the file is one
  return chain;
}

// A passphrase is never asked for: the server has nobody to ask.
int NoPassphrase(char*, int, int, void*) { return -1; }

Owned<EVP_PKEY> ReadKey(const std::string& path, mode_t* mode,
                        std::string* error) {
  const Owned<FILE> file(std::fopen(path.c_str(), "re"));
  if (!file) {
    *error = std::strerror(errno);
    return nullptr;
  }
  struct stat status {};
  if (fstat(fileno(file.get()), &status) == 0) *mode = status.st_mode & 07777;
  Owned<EVP_PKEY> key(
      PEM_read_PrivateKey(file.get(), nullptr, NoPassphrase, nullptr));
  if (!key) *error = OpenSslError();
  return key;
}

int64_t UnixSeconds(const ASN1_TIME* time) {
  tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

std::string Text(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> NamesOf(X509* certificate) {
  std::vector<std::string> found;
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      found.push_back(Text(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      const int length = ASN1_STRING_length(name->d.iPAddress);
      char text[INET6_ADDRSTRLEN] = "";
      inet_ntop(length == 4 ? AF_INET : AF_INET6,
                ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text));
      if (length == 4 || length == 16) found.emplace_back(text);
    }
  }
  return found;
}

bool Names(X509* certificate, const std::string& host) {
  return X509_check_ip_asc(certificate, host.c_str(), 0) == 1 ||
         X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) ==
             1;
}

}  // namespace

CertificateFacts ReadCertificate(const CertificateFiles& files, int64_t now) {
  CertificateFacts facts;
  facts.certificate_path = files.certificate;
  facts.key_path = files.key;
  facts.now = now;
  const std::vector<Owned<X509>> chain =
      ReadChain(files.certificate, &facts.certificate_error);
  const Owned<EVP_PKEY> key =
      ReadKey(files.key, &facts.key_mode, &facts.key_error);
  facts.chain = chain.size();
  if (chain.empty() || !key) return facts;
  X509* own = chain.front().get();
  facts.key_matches = X509_check_private_key(own, key.get()) == 1;
  ERR_clear_error();  // a mismatch leaves one
  facts.self_signed = X509_self_signed(own, 0) == 1;
  facts.not_before = UnixSeconds(X509_get0_notBefore(own));
  facts.not_after = UnixSeconds(X509_get0_notAfter(own));
  facts.names = NamesOf(own);
  for (const std::string& host : files.hosts) {
    if (!Names(own, host)) facts.unnamed.push_back(host);
  }
  return facts;
}

}  // namespace sfu
