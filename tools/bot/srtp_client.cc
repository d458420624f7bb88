// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/srtp_client.h"

#include <srtp2/srtp.h>

#include <algorithm>
#include <array>

namespace bot {
namespace {

void SetPolicy(rtp::SrtpProfile profile, srtp_policy_t& policy) {
  switch (profile) {
    case rtp::SrtpProfile::kAeadAes128Gcm:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
      return;
    case rtp::SrtpProfile::kAeadAes256Gcm:
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
      return;
    case rtp::SrtpProfile::kAesCm128HmacSha1_80:
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
      return;
  }
}

srtp_t Make(rtp::SrtpProfile profile, const rtp::SrtpMasterKey& master,
            srtp_ssrc_type_t direction) {
  static const bool initialised = srtp_init() == srtp_err_status_ok;
  if (!initialised) return nullptr;
  std::array<uint8_t, 32 + 14> key;
  const size_t key_size = rtp::SrtpKeySize(profile);
  std::copy_n(master.key.begin(), key_size, key.begin());
  std::copy_n(master.salt.begin(), rtp::SrtpSaltSize(profile),
              key.begin() + static_cast<ptrdiff_t>(key_size));
  srtp_policy_t policy{};
  SetPolicy(profile, policy);
  policy.ssrc.type = direction;
  policy.key = key.data();
  policy.window_size = 1024;
  policy.allow_repeat_tx = 1;  // a plain resend (RFC 4585) is one
  srtp_t session = nullptr;
  if (srtp_create(&session, &policy) != srtp_err_status_ok) return nullptr;
  return session;
}

}  // namespace

struct SrtpClient::State {
  srtp_t send = nullptr;
  srtp_t receive = nullptr;
  ~State() {
    if (send != nullptr) srtp_dealloc(send);
    if (receive != nullptr) srtp_dealloc(receive);
  }

  using Transform = srtp_err_status_t (*)(srtp_t, void*, int*);
  static bool Apply(Transform transform, srtp_t session,
                    std::vector<uint8_t>& packet, size_t room) {
    int size = static_cast<int>(packet.size());
    packet.resize(packet.size() + room);
    if (transform(session, packet.data(), &size) != srtp_err_status_ok) {
      return false;
    }
    packet.resize(static_cast<size_t>(size));
    return true;
  }
};

SrtpClient::SrtpClient(const rtp::SrtpKeys& keys)
    : state_(std::make_unique<State>()) {
  state_->send = Make(keys.profile, keys.local, ssrc_any_outbound);
  state_->receive = Make(keys.profile, keys.remote, ssrc_any_inbound);
  if (state_->send == nullptr || state_->receive == nullptr) state_.reset();
}

SrtpClient::~SrtpClient() = default;

std::vector<uint8_t> SrtpClient::ProtectRtp(std::span<const uint8_t> packet) {
  std::vector<uint8_t> out(packet.begin(), packet.end());
  if (!State::Apply(srtp_protect, state_->send, out, SRTP_MAX_TRAILER_LEN)) {
    return {};
  }
  return out;
}

std::vector<uint8_t> SrtpClient::ProtectRtcp(std::span<const uint8_t> packet) {
  std::vector<uint8_t> out(packet.begin(), packet.end());
  if (!State::Apply(srtp_protect_rtcp, state_->send, out,
                    SRTP_MAX_TRAILER_LEN + 4)) {
    return {};
  }
  return out;
}

std::optional<std::vector<uint8_t>> SrtpClient::UnprotectRtp(
    std::span<const uint8_t> packet) {
  std::vector<uint8_t> out(packet.begin(), packet.end());
  if (!State::Apply(srtp_unprotect, state_->receive, out, 0)) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::vector<uint8_t>> SrtpClient::UnprotectRtcp(
    std::span<const uint8_t> packet) {
  std::vector<uint8_t> out(packet.begin(), packet.end());
  if (!State::Apply(srtp_unprotect_rtcp, state_->receive, out, 0)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace bot
