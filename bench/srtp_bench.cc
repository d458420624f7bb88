// SPDX-License-Identifier: GPL-3.0-or-later
// One SRTP packet protected: by our transform on EVP, and by Debian's libsrtp2
// (DECISIONS.md 7). The ratio of two lines of one run is what counts.
#include <benchmark/benchmark.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "rtp/base/srtp_keys.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/srtp_session.h"

namespace {

constexpr rtp::Ssrc kSsrc = 0x1234;

rtp::SrtpKeys MakeKeys(rtp::SrtpProfile profile) {
  rtp::SrtpKeys keys;
  keys.profile = profile;
  keys.local.key.fill(1);
  keys.local.salt.fill(2);
  keys.remote.key.fill(3);
  keys.remote.salt.fill(4);
  return keys;
}

std::vector<uint8_t> MakePacket(size_t payload) {
  rtp::RtpHeaderFields header;
  header.ssrc = kSsrc;
  std::vector<uint8_t> packet(rtp::kRtpFixedHeaderSize + payload, 0x5A);
  rtp::WriteRtpHeader(header, {}, packet);
  return packet;
}

void SetSeq(std::span<uint8_t> packet, uint64_t seq) {
  packet[2] = static_cast<uint8_t>(seq >> 8);
  packet[3] = static_cast<uint8_t>(seq);
}

void Ours(benchmark::State& state, rtp::SrtpProfile profile) {
  rtp::SrtpSession session(MakeKeys(profile));
  const auto plain = MakePacket(static_cast<size_t>(state.range(0)));
  std::vector<uint8_t> wire(plain.size() + session.rtp_overhead());
  uint64_t seq = 0;
  for (auto _ : state) {
    std::copy(plain.begin(), plain.end(), wire.begin());
    SetSeq(wire, seq);
    session.ProtectRtp(wire, rtp::kRtpFixedHeaderSize,
                       static_cast<uint32_t>(seq >> 16));
    ++seq;
    benchmark::DoNotOptimize(wire.data());
  }
}

void Libsrtp2(benchmark::State& state, rtp::SrtpProfile profile) {
  static const bool ready = srtp_init() == srtp_err_status_ok;
  const rtp::SrtpKeys keys = MakeKeys(profile);
  std::array<uint8_t, 46> key{};
  const size_t key_size = rtp::SrtpKeySize(profile);
  std::copy_n(keys.local.key.begin(), key_size, key.begin());
  std::copy_n(keys.local.salt.begin(), rtp::SrtpSaltSize(profile),
              key.begin() + static_cast<ptrdiff_t>(key_size));
  srtp_policy_t policy{};
  if (profile == rtp::SrtpProfile::kAeadAes128Gcm) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
  }
  policy.ssrc.type = ssrc_any_outbound;
  policy.key = key.data();
  srtp_t session = nullptr;
  if (!ready || srtp_create(&session, &policy) != srtp_err_status_ok) {
    return state.SkipWithError("libsrtp2 refuses");
  }
  const auto plain = MakePacket(static_cast<size_t>(state.range(0)));
  std::vector<uint8_t> wire(plain.size() + SRTP_MAX_TRAILER_LEN);
  uint64_t seq = 0;
  for (auto _ : state) {
    std::copy(plain.begin(), plain.end(), wire.begin());
    SetSeq(wire, seq++);
    int size = static_cast<int>(plain.size());
    if (srtp_protect(session, wire.data(), &size) != srtp_err_status_ok) {
      state.SkipWithError("libsrtp2 failed");
      break;
    }
    benchmark::DoNotOptimize(wire.data());
  }
  srtp_dealloc(session);
}

constexpr auto kGcm = rtp::SrtpProfile::kAeadAes128Gcm;
constexpr auto kCm = rtp::SrtpProfile::kAesCm128HmacSha1_80;

BENCHMARK_CAPTURE(Ours, gcm128, kGcm)->Arg(100)->Arg(1100);
BENCHMARK_CAPTURE(Libsrtp2, gcm128, kGcm)->Arg(100)->Arg(1100);
BENCHMARK_CAPTURE(Ours, cm128, kCm)->Arg(100)->Arg(1100);
BENCHMARK_CAPTURE(Libsrtp2, cm128, kCm)->Arg(100)->Arg(1100);

}  // namespace
