// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ice/certificate.h"

namespace ice {

// A DTLS peer made of OpenSSL alone, which can be what DtlsEndpoint never is.
struct RawDtlsOptions {
  bool is_client = true;
  const char* srtp_profiles = "SRTP_AEAD_AES_128_GCM";  // null: no use_srtp
  const Certificate* certificate = nullptr;             // null: has none
  const char* ciphers = nullptr;                        // null: usual ones
  int version = DTLS1_2_VERSION;
};

class RawDtlsPeer {
 public:
  explicit RawDtlsPeer(const RawDtlsOptions& options)
      : context_(SSL_CTX_new(DTLS_method())) {
    SSL_CTX* context = context_.get();
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, options.version);
    SSL_CTX_set_max_proto_version(context, options.version);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER,
                       [](int, X509_STORE_CTX*) { return 1; });
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    if (options.ciphers != nullptr) {
      ok_ = ok_ && SSL_CTX_set_cipher_list(context, options.ciphers) == 1;
    }
    if (options.certificate != nullptr) {
      SSL_CTX* from = options.certificate->context();
      SSL_CTX_use_certificate(context, SSL_CTX_get0_certificate(from));
      SSL_CTX_use_PrivateKey(context, SSL_CTX_get0_privatekey(from));
    }
    if (options.srtp_profiles != nullptr) {
      ok_ = ok_ &&
            SSL_CTX_set_tlsext_use_srtp(context, options.srtp_profiles) == 0;
    }
    ssl_.reset(SSL_new(context));
    SSL_set_mtu(ssl_.get(), 1200);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_msg_callback(ssl_.get(), OnMessage);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    options.is_client ? SSL_set_connect_state(ssl_.get())
                      : SSL_set_accept_state(ssl_.get());
  }

  // Takes a datagram, empty to begin, and goes on as far as it can.
  void Handle(std::span<const uint8_t> datagram) {
    if (!datagram.empty()) {
      BIO_write(SSL_get_rbio(ssl_.get()), datagram.data(),
                static_cast<int>(datagram.size()));
    }
    uint8_t ignored[2048];
    done_ = done_ || SSL_do_handshake(ssl_.get()) == 1;
    while (done_ && SSL_read(ssl_.get(), ignored, sizeof(ignored)) > 0) {
    }
  }
  // What there is to send; a whole flight counts as one datagram.
  std::vector<uint8_t> Take() {
    BIO* out = SSL_get_wbio(ssl_.get());
    std::vector<uint8_t> bytes(BIO_ctrl_pending(out));
    BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  // A record of the finished association that says anything at all, as no
  // OpenSSL would: sealed with the peer's own key, by RFC 5246 s6.3 and
  // RFC 5288 s3. Empty if the cipher is not AES-128-GCM with SHA-256.
  std::vector<uint8_t> Seal(uint8_t type, std::span<const uint8_t> plain) {
    std::array<uint8_t, 2 * (16 + 4)> block;  // keys, then salts
    if (!DeriveKeyBlock(block)) return {};
    const size_t side = SSL_is_server(ssl_.get()) == 1 ? 1 : 0;
    const auto size = static_cast<uint8_t>(plain.size());
    const uint8_t seq = sealed_++;
    // Epoch 1 and a sequence number beyond OpenSSL's own.
    const std::array<uint8_t, 8> number = {0, 1, 0, 0, 0, 0, 1, seq};
    std::array<uint8_t, 12> nonce;
    std::copy_n(&block[32 + 4 * side], 4, nonce.begin());
    std::copy(number.begin(), number.end(), nonce.begin() + 4);
    std::vector<uint8_t> aad(number.begin(), number.end());
    aad.insert(aad.end(), {type, 0xFE, 0xFD, 0, size});
    std::vector<uint8_t> record = {type, 0xFE, 0xFD};
    record.insert(record.end(), number.begin(), number.end());
    record.insert(record.end(), {0, static_cast<uint8_t>(8 + size + 16)});
    record.insert(record.end(), number.begin(), number.end());
    const size_t body = record.size();
    record.resize(body + size + 16);
    EVP_CIPHER_CTX* gcm = EVP_CIPHER_CTX_new();
    int done = 0;
    EVP_EncryptInit_ex(gcm, EVP_aes_128_gcm(), nullptr, &block[16 * side],
                       nonce.data());
    EVP_EncryptUpdate(gcm, nullptr, &done, aad.data(),
                      static_cast<int>(aad.size()));
    EVP_EncryptUpdate(gcm, &record[body], &done, plain.data(), size);
    EVP_EncryptFinal_ex(gcm, &record[body + size], &done);
    EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, 16, &record[body + size]);
    EVP_CIPHER_CTX_free(gcm);
    return record;
  }

  bool ok() const { return ok_; }  // OpenSSL took the options
  bool done() const { return done_; }
  SSL* ssl() const { return ssl_.get(); }
  // {level, description} of each alert that came, decrypted.
  const std::vector<std::pair<int, int>>& alerts() const { return alerts_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  bool DeriveKeyBlock(std::span<uint8_t> block) {
    const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_.get());
    if (cipher == nullptr ||
        SSL_CIPHER_get_cipher_nid(cipher) != NID_aes_128_gcm) {
      return false;
    }
    std::array<uint8_t, 48> master;
    SSL_SESSION_get_master_key(SSL_get_session(ssl_.get()), master.data(),
                               master.size());
    std::vector<uint8_t> seed = {'k', 'e', 'y', ' ', 'e', 'x', 'p',
                                 'a', 'n', 's', 'i', 'o', 'n'};
    const size_t label = seed.size();
    seed.resize(label + 64);
    SSL_get_server_random(ssl_.get(), &seed[label], 32);
    SSL_get_client_random(ssl_.get(), &seed[label + 32], 32);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(),
                                          master.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(),
                                          seed.size()),
        OSSL_PARAM_construct_end()};
    EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
    EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
    const bool derived =
        EVP_KDF_derive(context, block.data(), block.size(), parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return derived;
  }
  static void OnMessage(int written, int /*version*/, int type,
                        const void* data, size_t size, SSL* /*ssl*/,
                        void* self) {
    if (written != 0 || type != SSL3_RT_ALERT || size < 2) return;
    const auto* bytes = static_cast<const uint8_t*>(data);
    static_cast<RawDtlsPeer*>(self)->alerts_.emplace_back(bytes[0], bytes[1]);
  }

  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  bool ok_ = true;
  bool done_ = false;
  uint8_t sealed_ = 0;
  std::vector<std::pair<int, int>> alerts_;
};

}  // namespace ice
