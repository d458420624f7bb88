// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

#include "rtp/base/srtp_keys.h"

namespace rtp {

// What one direction uses, for RTP or for RTCP; sizes as the profile says.
struct SrtpSessionKey {
  std::array<uint8_t, 32> cipher{};
  std::array<uint8_t, 20> auth{};  // HMAC-SHA1 only
  std::array<uint8_t, 14> salt{};
};

enum class SrtpStream : uint8_t { kRtp, kRtcp };

// Derives session keys from a master key (RFC 3711 s4.3, RFC 6188 s7,
// RFC 7714 s11), key derivation rate zero. Returns false only if OpenSSL lacks
// AES in counter mode.
bool DeriveSrtpKey(SrtpProfile profile, const SrtpMasterKey& master,
                   SrtpStream stream, SrtpSessionKey* out);

}  // namespace rtp
