// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rtp {

// Where random bytes come from: a constructor argument, so that tests can hand
// in a seeded one. Production hands in OpenSSL's RAND_bytes.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(std::span<uint8_t> bytes) = 0;

  uint32_t NextU32() {
    uint8_t b[4];
    Fill(b);
    return static_cast<uint32_t>(b[0]) << 24 |
           static_cast<uint32_t>(b[1]) << 16 |
           static_cast<uint32_t>(b[2]) << 8 | b[3];
  }
  uint64_t NextU64() {
    const uint64_t high = NextU32();
    return high << 32 | NextU32();
  }
  // `length` characters drawn evenly from `alphabet`, whose size must be a
  // power of two no greater than 256.
  std::string NextString(size_t length, std::string_view alphabet) {
    std::string out(length, '\0');
    for (char& c : out) {
      uint8_t b;
      Fill(std::span(&b, 1));
      c = alphabet[b & (alphabet.size() - 1)];
    }
    return out;
  }
};

// The ice-char set (RFC 8445 s5.3): 64 characters, so six bits each.
inline constexpr std::string_view kIceChars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 32 lower-case letters and digits that are not mistaken for one another.
inline constexpr std::string_view kReadableChars =
    "abcdefghjkmnpqrstuvwxyz023456789";

}  // namespace rtp
