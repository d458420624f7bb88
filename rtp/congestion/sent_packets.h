// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/seq.h"

namespace rtp {

// A packet that was sent under a transport-wide sequence number.
struct SentPacket {
  enum class State : uint8_t {
    kNone,        // this number was not used
    kInFlight,    // nothing known yet
    kUnreported,  // later ones were reported, this one was not
    kLost,
    kReceived,
  };

  uint64_t seq = 0;  // unwrapped
  Timestamp sent;
  Ssrc ssrc = 0;
  uint32_t size = 0;           // bytes that count for the link's rate
  uint32_t probe_cluster = 0;  // 0: none
  State state = State::kNone;
};

// What was sent on one transport, for as long as feedback about it may come:
// kMaxAge, and kMaxPackets at most, so that memory is bounded and a 16 bit
// number means one packet. A ring that grows with what is in flight.
class SentPackets {
 public:
  static constexpr size_t kMaxPackets = 16384;
  static constexpr TimeDelta kMaxAge = std::chrono::seconds(5);

  SentPackets();

  // Numbers ascend; one that does not is ignored and false returned.
  bool Add(Timestamp now, uint16_t seq, Ssrc ssrc, uint32_t size,
           uint32_t probe_cluster);
  // The number nearest to the last one sent.
  uint64_t Unwrap(uint16_t seq) const { return unwrapper_.Peek(seq); }
  // nullptr if it was not sent or is forgotten.
  const SentPacket* Find(uint64_t seq) const;
  // Of a packet that Find() finds.
  void SetState(uint64_t seq, SentPacket::State state);
  // What is in flight before `seq` will not be heard of: kUnreported.
  void PassOver(uint64_t seq);

  uint64_t bytes_in_flight() const { return bytes_in_flight_; }
  // Numbers from first() up to but without end() are remembered.
  uint64_t first() const { return first_; }
  uint64_t end() const { return end_; }

 private:
  SentPacket& At(uint64_t seq) { return ring_[seq & (ring_.size() - 1)]; }
  void DropFirst();
  void Grow();

  SeqUnwrapper unwrapper_;
  std::vector<SentPacket> ring_;  // the size is a power of two
  uint64_t first_ = 0;
  uint64_t end_ = 0;
  uint64_t passed_ = 0;  // nothing before is in flight
  uint64_t bytes_in_flight_ = 0;
};

}  // namespace rtp
