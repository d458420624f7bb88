// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "rtp/base/time.h"
#include "rtp/congestion/feedback.h"

namespace rtp {

// What the packets of one probe cluster tell of the path.
class ProbeResults {
 public:
  static constexpr size_t kMaxPackets = 128;
  static constexpr double kMinReceived = 0.6;  // share of the bytes sent
  // Below this part of the sent rate, the link was filled.
  static constexpr double kFilled = 0.9;
  static constexpr double kUseOfFilled = 0.95;

  struct Estimate {
    double bps = 0;
    bool filled = false;  // the link, so more is not there
  };

  void Begin(uint32_t cluster);
  uint32_t cluster() const { return cluster_; }
  void OnResult(const PacketResult& packet);
  // Packets reported, as lost or received.
  size_t reported() const { return reported_; }
  // Nothing if too little came through, or in no sane time.
  std::optional<Estimate> Evaluate(size_t sent_bytes) const;

 private:
  struct Packet {
    Timestamp sent;
    Timestamp arrival;
    uint32_t size = 0;
  };

  uint32_t cluster_ = 0;
  size_t reported_ = 0;
  size_t received_ = 0;
  std::array<Packet, kMaxPackets> packets_{};  // received ones
};

}  // namespace rtp
