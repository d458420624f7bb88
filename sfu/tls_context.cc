// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string_view>
#include <utility>

namespace sfu {
namespace {

namespace ssl = boost::asio::ssl;

constexpr char kCiphersOfTls12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
// As ALPN has it: each name behind its length (RFC 7301 s3.1).
constexpr unsigned char kProtocols[] = "\x08http/1.1";

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

// What OpenSSL has to say about its last error.
std::string OpenSslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "unknown error" : reason;
}

// Takes the place of OpenSSL's question on the terminal.
int RefusePassphrase(char*, int, int, void*) { return -1; }

int SelectProtocol(SSL*, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned int offered_size,
                   void*) {
  unsigned char* match = nullptr;
  if (SSL_select_next_proto(&match, size, kProtocols, sizeof(kProtocols) - 1,
                            offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

std::string CheckReadable(std::string_view flag, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (file && file.peek() != std::ifstream::traits_type::eof()) return {};
  const std::string why = errno != 0 ? std::strerror(errno) : "is empty";
  return "--" + std::string(flag) + ": cannot read " + path + " (" + why +
         "); name a PEM file that this user may read";
}

std::string UseFiles(SSL_CTX* context, const std::string& certificate_path,
                     const std::string& key_path) {
  std::string error = CheckReadable("tls_certificate", certificate_path);
  if (error.empty()) error = CheckReadable("tls_key", key_path);
  if (!error.empty()) return error;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate_path.c_str()) !=
      1) {
    return "--tls_certificate: " + certificate_path +
           " is not usable: " + OpenSslReason() +
           "; name a PEM file with the server's certificate first, then those "
           "that lead to its authority";
  }
  const Bio file(BIO_new_file(key_path.c_str(), "r"), &BIO_free);
  const Key key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr,
                                               &RefusePassphrase, nullptr)
                     : nullptr,
                &EVP_PKEY_free);
  if (!key) {
    return "--tls_key: " + key_path + " is not usable: " + OpenSslReason() +
           "; name a PEM file with a private key that has no passphrase";
  }
  if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) !=
      1) {
    return "--tls_key: " + key_path + " is not the key of " + certificate_path +
           "; name two files that were made together";
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return "--tls_key: " + key_path + " is not usable: " + OpenSslReason() +
           "; make another key";
  }
  return {};
}

std::chrono::system_clock::time_point ExpiryOf(const SSL_CTX* context) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)),
                      &end) != 1) {
    return {};
  }
  return std::chrono::system_clock::from_time_t(timegm(&end));
}

}  // namespace

TlsContext::TlsContext(std::string certificate_path, std::string key_path)
    : certificate_path_(std::move(certificate_path)),
      key_path_(std::move(key_path)) {}

TlsContext::~TlsContext() = default;

std::unique_ptr<TlsContext> TlsContext::Load(
    const std::string& certificate_path, const std::string& key_path,
    std::string* error) {
  std::unique_ptr<TlsContext> loaded(
      new TlsContext(certificate_path, key_path));
  *error = loaded->Reload();
  if (!error->empty()) return nullptr;
  return loaded;
}

std::string TlsContext::Reload() {
  auto fresh = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* context = fresh->native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphersOfTls12);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  // Sessions are resumed by tickets, which cost us no memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, &SelectProtocol, nullptr);
  std::string error = UseFiles(context, certificate_path_, key_path_);
  ERR_clear_error();
  if (!error.empty()) return error;
  expiry_ = ExpiryOf(context);
  context_ = std::move(fresh);
  return {};
}

}  // namespace sfu
