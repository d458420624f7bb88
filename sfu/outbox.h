// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ice/socket_address.h"
#include "sfu/messages.h"

namespace sfu {

// What one turn of a worker wants done: datagrams to send and events to tell.
// The datagrams are written where they will be sent from: each destination
// fills a contiguous buffer of equal segments, so that a whole run leaves in
// one UDP_SEGMENT message (performance.md s4.1). Buffers are kept from turn to
// turn; nothing is allocated once the largest turn has been seen.
class Outbox {
 public:
  // Past 16 segments a message gains little and bursts hurt receivers.
  static constexpr size_t kMaxSegments = 16;
  static constexpr size_t kMessageBytes = 20'480;
  // Bounds memory (20 MiB a worker); beyond it datagrams are refused.
  static constexpr size_t kMaxMessages = 1024;

  // One sendmsg: `segments` datagrams of `segment_size` bytes each, the last
  // possibly shorter.
  struct Message {
    ice::SocketAddress to;
    size_t size = 0;
    size_t segment_size = 0;
    size_t segments = 0;
    bool closed = false;  // a shorter segment ended it
    std::unique_ptr<std::array<uint8_t, kMessageBytes>> bytes;

    std::span<const uint8_t> data() const {
      return std::span(bytes->data(), size);
    }
  };

  // Where a destination keeps its place: the message it is filling.
  struct Egress {
    uint64_t turn = 0;
    size_t message = 0;
  };

  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Room for one datagram of exactly `size` bytes to `to`, to be written by
  // the caller before the next call. Empty if there is no room in this turn.
  std::span<uint8_t> Append(Egress& egress, const ice::SocketAddress& to,
                            size_t size);

  // Takes back the datagram that the last Append() of `egress` made.
  void Retract(Egress& egress, size_t size);

  // A datagram that is not part of a run (STUN, DTLS).
  void AppendSingle(const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram);

  // The messages of this turn, in order of their first datagram. One whose
  // datagrams were all retracted has no segments: skip it.
  std::span<const Message> messages() const {
    return std::span(messages_.data(), used_);
  }
  // Datagrams in messages().
  size_t datagrams() const;
  // True when a flush should come before more input is taken.
  bool NearlyFull() const { return used_ > kMaxMessages / 2; }

  // Ends the turn: all datagrams are gone; events stay until taken.
  void Clear() {
    used_ = 0;
    ++turn_;
  }

  std::vector<Event> events;
  // Refused for want of room since the process began.
  uint64_t refused = 0;

 private:
  Message* Open(const ice::SocketAddress& to, size_t size);

  std::vector<Message> messages_;
  size_t used_ = 0;
  uint64_t turn_ = 1;
};

}  // namespace sfu
