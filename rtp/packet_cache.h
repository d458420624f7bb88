// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rtp/base/time.h"
#include "rtp/packet_pool.h"

namespace rtp {

// The recent packets of one source on one worker: what NACKs are answered from
// and what a late joiner's picture starts with. A ring by sequence number,
// bounded in packets and in age.
class PacketCache {
 public:
  static constexpr size_t kPackets = 1024;  // a power of two
  static constexpr TimeDelta kMaxAge = std::chrono::seconds(2);

  // Keeps `packet` in place of whatever had its place. Returns false, keeping
  // nothing, for a duplicate or a packet older than the ring.
  bool Insert(PacketRef packet);

  // The packet with sequence number `seq` of the source; null if it never
  // came, is over kMaxAge old, or had to go.
  PacketRef Find(Timestamp now, uint64_t seq) const;

  // The sequence number of the first packet of the newest key frame, if that
  // and everything since is held and no older than kMaxAge.
  std::optional<uint64_t> KeyFrameStart(Timestamp now) const;

  // Drops what is too old, so that idle sources hold no memory. Returns
  // whether anything is left.
  bool Expire(Timestamp now);

  // The greatest sequence number inserted; 0 before the first.
  uint64_t newest() const { return newest_; }

 private:
  const PacketRef* At(uint64_t seq) const {
    return ring_.empty() ? nullptr : &ring_[seq % kPackets];
  }

  std::vector<PacketRef> ring_;  // made with the first packet
  uint64_t newest_ = 0;
  uint64_t oldest_ = 0;  // nothing before it is held
  uint64_t key_frame_ = 0;  // first packet of the newest key frame; 0: none
};

}  // namespace rtp
