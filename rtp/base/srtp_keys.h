// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rtp {

// SRTP protection profiles, by their DTLS-SRTP code points (RFC 5764 s4.1.2,
// RFC 7714 s14.2), in our order of preference.
enum class SrtpProfile : uint16_t {
  kAeadAes128Gcm = 0x0007,
  kAeadAes256Gcm = 0x0008,
  kAesCm128HmacSha1_80 = 0x0001,
};

// Bytes of master key and master salt (RFC 3711 s8.2, RFC 7714 s12).
constexpr size_t SrtpKeySize(SrtpProfile profile) {
  return profile == SrtpProfile::kAeadAes256Gcm ? 32 : 16;
}
constexpr size_t SrtpSaltSize(SrtpProfile profile) {
  return profile == SrtpProfile::kAesCm128HmacSha1_80 ? 14 : 12;
}

// One direction; only the first SrtpKeySize / SrtpSaltSize bytes count.
struct SrtpMasterKey {
  std::array<uint8_t, 32> key{};
  std::array<uint8_t, 14> salt{};
};

// What a DTLS handshake exports (RFC 5764 s4.2), from our point of view.
struct SrtpKeys {
  SrtpProfile profile = SrtpProfile::kAeadAes128Gcm;
  SrtpMasterKey local;   // protects what we send
  SrtpMasterKey remote;  // protects what the peer sends
};

}  // namespace rtp
