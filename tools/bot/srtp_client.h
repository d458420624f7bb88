// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rtp/base/srtp_keys.h"

namespace bot {

// SRTP by libsrtp2, so that every run with bots checks the server's own
// transform against another (DECISIONS.md 7).
class SrtpClient {
 public:
  explicit SrtpClient(const rtp::SrtpKeys& keys);
  ~SrtpClient();
  SrtpClient(const SrtpClient&) = delete;
  SrtpClient& operator=(const SrtpClient&) = delete;

  // False if libsrtp2 refused the keys.
  bool ok() const { return state_ != nullptr; }

  // What goes on the wire for a plain packet; empty if libsrtp2 refuses it.
  std::vector<uint8_t> ProtectRtp(std::span<const uint8_t> packet);
  std::vector<uint8_t> ProtectRtcp(std::span<const uint8_t> packet);
  // The plain packet; nothing if it does not authenticate or came before.
  std::optional<std::vector<uint8_t>> UnprotectRtp(
      std::span<const uint8_t> packet);
  std::optional<std::vector<uint8_t>> UnprotectRtcp(
      std::span<const uint8_t> packet);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bot
