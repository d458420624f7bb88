// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "rtp/base/srtp_keys.h"

namespace rtp {

enum class SrtpStatus : uint8_t {
  kOk,
  kMalformed,     // not a whole SRTP or SRTCP packet, or it does not fit
  kAuth,          // the tag is not right; nothing was remembered of it
  kReplay,        // seen before, or older than the window (RFC 3711 s3.3.2)
  kTooManySsrcs,  // authentic, but one SSRC more than kMaxSsrcs
};

// SRTP and SRTCP of one transport in both directions (RFC 3711, RFC 7714), on
// OpenSSL's EVP with contexts made once: no call but the constructor allocates,
// except for the first packet of an SSRC. Thread-compatible.
//
// Sending keeps no state per SSRC: the caller, who numbers its streams with 64
// bits, hands in the roll-over counter.
class SrtpSession {
 public:
  static constexpr size_t kReplayWindow = 1024;  // packets
  static constexpr size_t kMaxSsrcs = 64;        // that a peer may send with

  explicit SrtpSession(const SrtpKeys& keys);
  ~SrtpSession();
  SrtpSession(SrtpSession&&) noexcept;
  SrtpSession& operator=(SrtpSession&&) noexcept;

  // Bytes that protecting adds to an RTP packet (the tag), and to an RTCP
  // packet (tag, E bit and index).
  size_t rtp_overhead() const;
  size_t rtcp_overhead() const;

  // Encrypts in place the RTP packet in the first
  // packet.size() - rtp_overhead() bytes and appends the tag, so that `packet`
  // is exactly what goes on the wire. `header_size` is that of RTP header and
  // extension block; `roc` the upper 32 bits of the 48-bit packet index. The
  // same header must never be protected twice with another payload.
  void ProtectRtp(std::span<uint8_t> packet, size_t header_size, uint32_t roc);
  // Likewise for a compound of RTCP; numbers it itself (RFC 3711 s3.4).
  void ProtectRtcp(std::span<uint8_t> packet);

  struct Unprotected {
    SrtpStatus status = SrtpStatus::kMalformed;
    size_t size = 0;  // bytes of `out` written, if kOk
  };
  // Authenticates `packet`, which is left as it is, and decrypts it into
  // `out`, which must not overlap it and have packet.size() bytes.
  Unprotected UnprotectRtp(std::span<const uint8_t> packet,
                           std::span<uint8_t> out);
  Unprotected UnprotectRtcp(std::span<const uint8_t> packet,
                            std::span<uint8_t> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rtp
