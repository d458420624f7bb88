// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/packet_pool.h"

namespace sfu {

// What one worker tells another about a source of a conference that spans both.
// Lossy: a full ring drops it. Media survives loss, and what must not be lost
// is said again (Router::kRefresh).
struct RelayCell {
  enum class Kind : uint8_t {
    // From the worker that has the source's publisher, its home:
    kPacket,  // `packet`
    kLevel,   // `level`, of each audio packet
    kClock,   // `clock`, of its last sender report
    // To its home:
    kSubscribe,     // packets are wanted from now on, a key frame first
    kUnsubscribe,   // and not any more
    kWantKeyFrame,  // a subscriber there asks for one
  };
  // An RTP timestamp and when it was (RFC 3550 s6.4.1).
  struct Clock {
    rtp::Timestamp at = rtp::Timestamp::min();  // before any report
    uint32_t rtp_timestamp = 0;
    uint32_t rate = 0;  // Hz
  };

  Kind kind = Kind::kPacket;
  rtp::SourceId source;
  uint8_t level = 127;  // RFC 6464
  Clock clock;
  rtp::Packet packet;
};

// A worker's way to the others.
class RelaySink {
 public:
  virtual ~RelaySink() = default;
  // The next cell to worker `to`, to be filled before Relay(to); null if there
  // is no room. Holds what it held before: kind and source must be set.
  virtual RelayCell* TryCell(size_t to) = 0;
  // Sends the cell that TryCell(to) gave.
  virtual void Relay(size_t to) = 0;
};

}  // namespace sfu
