// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/srtp_kdf.h"

#include <openssl/evp.h>

#include <algorithm>
#include <span>

namespace rtp {
namespace {

constexpr size_t kBlock = 16;

// The labels of RFC 3711 s4.3.1 and s4.3.2.
constexpr uint8_t kCipherLabel = 0;
constexpr uint8_t kAuthLabel = 1;
constexpr uint8_t kSaltLabel = 2;
constexpr uint8_t kRtcpLabels = 3;

// AES in counter mode over zeros, from the master salt with `label` mixed in.
bool Expand(SrtpProfile profile, const SrtpMasterKey& master, uint8_t label,
            std::span<uint8_t> out) {
  std::array<uint8_t, kBlock> iv{};
  std::copy_n(master.salt.begin(), SrtpSaltSize(profile), iv.begin());
  // The label stands left of a 48-bit index of zero, in a field of 112 bits.
  iv[7] ^= label;
  std::fill(out.begin(), out.end(), uint8_t{0});
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int size = 0;
  const bool ok =
      context != nullptr &&
      EVP_EncryptInit_ex(
          context,
          SrtpKeySize(profile) == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(),
          nullptr, master.key.data(), iv.data()) == 1 &&
      EVP_EncryptUpdate(context, out.data(), &size, out.data(),
                        static_cast<int>(out.size())) == 1;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

}  // namespace

bool DeriveSrtpKey(SrtpProfile profile, const SrtpMasterKey& master,
                   SrtpStream stream, SrtpSessionKey* out) {
  const uint8_t base = stream == SrtpStream::kRtcp ? kRtcpLabels : 0;
  const auto label = [base](uint8_t l) { return static_cast<uint8_t>(base + l); };
  return Expand(profile, master, label(kCipherLabel),
                std::span(out->cipher).first(SrtpKeySize(profile))) &&
         Expand(profile, master, label(kAuthLabel), out->auth) &&
         Expand(profile, master, label(kSaltLabel),
                std::span(out->salt).first(SrtpSaltSize(profile)));
}

}  // namespace rtp
