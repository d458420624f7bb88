// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/extensions.h"
#include "rtp/payload/vp8.h"
#include "rtp/rtp_packet.h"

namespace rtp {

// Where a value lies in Packet::bytes; size 0: absent.
struct ByteRange {
  uint16_t offset = 0;
  uint16_t size = 0;
};

// One packet of a source, decrypted and understood: the immutable media unit
// that slots, caches and relays share (decisions.md s3.2). The uplink fills it;
// after that nobody writes.
struct Packet {
  SourceId source;
  uint64_t seq = 0;        // of the source, unwrapped
  uint32_t timestamp = 0;  // of the source, in units of the codec's clock
  Timestamp arrival;
  Codec codec = Codec::kOpus;
  bool marker = false;
  bool red = false;             // the payload is RED over `codec` (RFC 2198)
  bool key_frame = false;       // the first packet of a key frame
  bool start_of_frame = false;  // the first packet of a frame
  std::optional<AudioLevel> audio_level;
  std::optional<uint8_t> video_orientation;
  std::optional<uint8_t> video_content_type;
  ByteRange playout_delay;
  ByteRange abs_capture_time;
  ByteRange dependency_descriptor;
  // VP8 only; descriptor_size 0 otherwise.
  Vp8Descriptor vp8;
  uint8_t vp8_descriptor_size = 0;
  uint64_t picture_id = 0;  // unwrapped; meaningful if vp8.picture_id is set
  ByteRange payload;        // without padding; may be empty
  // The decrypted packet as it came, header included.
  std::array<uint8_t, kMaxPacketSize> bytes;

  std::span<const uint8_t> At(ByteRange range) const {
    return std::span(bytes).subspan(range.offset, range.size);
  }
};

class PacketRef;

// Memory for packets, in cells that are reused. Bounded; allocates only when
// more are in use than ever before. Must outlive every PacketRef of it.
// Thread-compatible: one thread, so counting references costs an increment.
class PacketPool {
 public:
  // `max_packets`: cells at most (about 1.7 KB each).
  explicit PacketPool(size_t max_packets) : max_packets_(max_packets) {}
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // A packet with fresh fields and unspecified bytes; null if all are in use.
  PacketRef Allocate();

  size_t in_use() const { return in_use_; }
  size_t capacity() const { return max_packets_; }

 private:
  friend class PacketRef;
  struct Cell {
    Packet packet;
    uint32_t references = 0;
    PacketPool* pool = nullptr;
    Cell* next_free = nullptr;
  };
  static constexpr size_t kChunkCells = 64;

  void Free(Cell* cell) {
    cell->next_free = free_;
    free_ = cell;
    --in_use_;
  }

  const size_t max_packets_;
  size_t allocated_ = 0;
  size_t in_use_ = 0;
  Cell* free_ = nullptr;
  std::vector<std::unique_ptr<std::array<Cell, kChunkCells>>> chunks_;
};

// A counted reference to a packet of a pool; may be null.
class PacketRef {
 public:
  PacketRef() = default;
  PacketRef(const PacketRef& other) : cell_(other.cell_) {
    if (cell_ != nullptr) ++cell_->references;
  }
  PacketRef(PacketRef&& other) noexcept
      : cell_(std::exchange(other.cell_, nullptr)) {}
  PacketRef& operator=(PacketRef other) noexcept {
    std::swap(cell_, other.cell_);
    return *this;
  }
  ~PacketRef() {
    if (cell_ != nullptr && --cell_->references == 0) cell_->pool->Free(cell_);
  }

  explicit operator bool() const { return cell_ != nullptr; }
  const Packet& operator*() const { return cell_->packet; }
  const Packet* operator->() const { return &cell_->packet; }
  // For the one who fills it, before it is shared.
  Packet& Mutable() { return cell_->packet; }

 private:
  friend class PacketPool;
  explicit PacketRef(PacketPool::Cell* cell) : cell_(cell) {
    cell_->references = 1;
  }
  PacketPool::Cell* cell_ = nullptr;
};

}  // namespace rtp
