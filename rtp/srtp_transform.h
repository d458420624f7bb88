// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "rtp/srtp_kdf.h"

namespace rtp {

// The cryptography of one direction, for RTP or for RTCP: an EVP context whose
// key is set once and whose nonce is set per packet. No call but the
// constructor allocates. Knows packets only as bytes.
class SrtpTransform {
 public:
  // `encrypt`: the sending direction. ok() is false only if OpenSSL lacks a
  // cipher.
  SrtpTransform(SrtpProfile profile, const SrtpMasterKey& master,
                SrtpStream stream, bool encrypt);
  ~SrtpTransform();
  SrtpTransform(const SrtpTransform&) = delete;
  SrtpTransform& operator=(const SrtpTransform&) = delete;

  bool ok() const { return context_ != nullptr; }
  bool is_gcm() const { return is_gcm_; }
  size_t tag_size() const { return is_gcm_ ? 16 : 10; }

  // AEAD (RFC 7714 s8, s9): en- or decrypts `in` to `out`, which may be the
  // same place, with additional data in up to two parts. Seal writes the tag,
  // Open checks it; both return false if they fail.
  bool Seal(uint32_t ssrc, uint64_t index, std::span<const uint8_t> aad,
            std::span<const uint8_t> aad_tail, std::span<const uint8_t> in,
            uint8_t* out, std::span<uint8_t> tag);
  bool Open(uint32_t ssrc, uint64_t index, std::span<const uint8_t> aad,
            std::span<const uint8_t> aad_tail, std::span<const uint8_t> in,
            uint8_t* out, std::span<const uint8_t> tag);

  // Counter mode (RFC 3711 s4.1.1): the same both ways.
  bool Crypt(uint32_t ssrc, uint64_t index, std::span<const uint8_t> in,
             uint8_t* out);
  // The first 80 bits of HMAC-SHA1 over `first` and `second` (RFC 3711 s4.2).
  void Authenticate(std::span<const uint8_t> first,
                    std::span<const uint8_t> second, uint8_t tag[10]) const;

 private:
  bool SetGcmNonce(uint32_t ssrc, uint64_t index,
                   std::span<const uint8_t> aad,
                   std::span<const uint8_t> aad_tail);

  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const {
      EVP_CIPHER_CTX_free(context);
    }
  };
  const bool is_gcm_;
  SrtpSessionKey key_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
  // SHA-1 after the padded key, inner and outer: EVP's own ways to begin an
  // HMAC anew allocate twice a packet (decisions.md s1.6).
  SHA_CTX inner_;
  SHA_CTX outer_;
};

}  // namespace rtp
