// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/srtp_transform.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

#include "rtp/base/bytes.h"

// SHA_CTX is deprecated in OpenSSL 3; only here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace rtp {
namespace {

constexpr size_t kGcmNonce = 12;
constexpr size_t kSha1Block = 64;

const EVP_CIPHER* CipherOf(SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::kAeadAes128Gcm:
      return EVP_aes_128_gcm();
    case SrtpProfile::kAeadAes256Gcm:
      return EVP_aes_256_gcm();
    case SrtpProfile::kAesCm128HmacSha1_80:
      return EVP_aes_128_ctr();
  }
  return nullptr;
}

void BeginSha1(const std::array<uint8_t, 20>& key, uint8_t pad, SHA_CTX* out) {
  std::array<uint8_t, kSha1Block> block;
  block.fill(pad);
  for (size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  SHA1_Init(out);
  SHA1_Update(out, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace

SrtpTransform::SrtpTransform(SrtpProfile profile, const SrtpMasterKey& master,
                             SrtpStream stream, bool encrypt)
    : is_gcm_(profile != SrtpProfile::kAesCm128HmacSha1_80) {
  if (!DeriveSrtpKey(profile, master, stream, &key_)) return;
  context_.reset(EVP_CIPHER_CTX_new());
  if (context_ == nullptr ||
      EVP_CipherInit_ex(context_.get(), CipherOf(profile), nullptr,
                        key_.cipher.data(), nullptr, encrypt ? 1 : 0) != 1) {
    context_.reset();
  }
  BeginSha1(key_.auth, 0x36, &inner_);
  BeginSha1(key_.auth, 0x5C, &outer_);
}

SrtpTransform::~SrtpTransform() {
  OPENSSL_cleanse(&key_, sizeof(key_));
  OPENSSL_cleanse(&inner_, sizeof(inner_));
  OPENSSL_cleanse(&outer_, sizeof(outer_));
}

// RFC 7714 s8.1: 00 00 | SSRC | ROC | SEQ, and s9.1: 00 00 | SSRC | 00 00 |
// SRTCP index; exclusive-or with the salt. Both are the index in 48 bits, as
// an SRTCP index has only 31.
bool SrtpTransform::SetGcmNonce(uint32_t ssrc, uint64_t index,
                                std::span<const uint8_t> aad,
                                std::span<const uint8_t> aad_tail) {
  std::array<uint8_t, kGcmNonce> nonce{};
  StoreU32(nonce, 2, ssrc);
  StoreU16(nonce, 6, static_cast<uint16_t>(index >> 32));
  StoreU32(nonce, 8, static_cast<uint32_t>(index));
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] ^= key_.salt[i];
  int size = 0;
  return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr,
                           nonce.data(), -1) == 1 &&
         EVP_CipherUpdate(context_.get(), nullptr, &size, aad.data(),
                          static_cast<int>(aad.size())) == 1 &&
         (aad_tail.empty() ||
          EVP_CipherUpdate(context_.get(), nullptr, &size, aad_tail.data(),
                           static_cast<int>(aad_tail.size())) == 1);
}

bool SrtpTransform::Seal(uint32_t ssrc, uint64_t index,
                         std::span<const uint8_t> aad,
                         std::span<const uint8_t> aad_tail,
                         std::span<const uint8_t> in, uint8_t* out,
                         std::span<uint8_t> tag) {
  int size = 0;
  return ok() && SetGcmNonce(ssrc, index, aad, aad_tail) &&
         (in.empty() ||
          EVP_CipherUpdate(context_.get(), out, &size, in.data(),
                           static_cast<int>(in.size())) == 1) &&
         EVP_CipherFinal_ex(context_.get(), out + size, &size) == 1 &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG,
                             static_cast<int>(tag.size()), tag.data()) == 1;
}

bool SrtpTransform::Open(uint32_t ssrc, uint64_t index,
                         std::span<const uint8_t> aad,
                         std::span<const uint8_t> aad_tail,
                         std::span<const uint8_t> in, uint8_t* out,
                         std::span<const uint8_t> tag) {
  int size = 0;
  return ok() && SetGcmNonce(ssrc, index, aad, aad_tail) &&
         (in.empty() ||
          EVP_CipherUpdate(context_.get(), out, &size, in.data(),
                           static_cast<int>(in.size())) == 1) &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG,
                             static_cast<int>(tag.size()),
                             const_cast<uint8_t*>(tag.data())) == 1 &&
         EVP_CipherFinal_ex(context_.get(), out + size, &size) == 1;
}

// RFC 3711 s4.1.1: (salt << 16) ^ (SSRC << 64) ^ (index << 16).
bool SrtpTransform::Crypt(uint32_t ssrc, uint64_t index,
                          std::span<const uint8_t> in, uint8_t* out) {
  std::array<uint8_t, 16> iv{};
  std::copy(key_.salt.begin(), key_.salt.end(), iv.begin());
  for (int i = 0; i < 4; ++i) {
    iv[4 + static_cast<size_t>(i)] ^= static_cast<uint8_t>(ssrc >> (24 - 8 * i));
  }
  for (int i = 0; i < 6; ++i) {
    iv[8 + static_cast<size_t>(i)] ^=
        static_cast<uint8_t>(index >> (40 - 8 * i));
  }
  int size = 0;
  return ok() &&
         EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data(),
                           -1) == 1 &&
         (in.empty() ||
          EVP_CipherUpdate(context_.get(), out, &size, in.data(),
                           static_cast<int>(in.size())) == 1);
}

void SrtpTransform::Authenticate(std::span<const uint8_t> first,
                                 std::span<const uint8_t> second,
                                 uint8_t tag[10]) const {
  uint8_t digest[SHA_DIGEST_LENGTH];
  SHA_CTX sha = inner_;
  SHA1_Update(&sha, first.data(), first.size());
  SHA1_Update(&sha, second.data(), second.size());
  SHA1_Final(digest, &sha);
  sha = outer_;
  SHA1_Update(&sha, digest, sizeof(digest));
  SHA1_Final(digest, &sha);
  std::memcpy(tag, digest, 10);
}

}  // namespace rtp
