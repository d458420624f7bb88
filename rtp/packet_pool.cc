// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/packet_pool.h"

#include <algorithm>
#include <cstddef>

namespace rtp {

PacketRef PacketPool::Allocate() {
  if (free_ == nullptr) {
    if (allocated_ >= max_packets_) return PacketRef();
    chunks_.push_back(std::make_unique<std::array<Cell, kChunkCells>>());
    const size_t count = std::min(kChunkCells, max_packets_ - allocated_);
    for (size_t i = 0; i < count; ++i) {
      Cell& cell = (*chunks_.back())[i];
      cell.pool = this;
      cell.next_free = free_;
      free_ = &cell;
    }
    allocated_ += count;
  }
  Cell* cell = free_;
  free_ = cell->next_free;
  ++in_use_;
  Packet& packet = cell->packet;
  packet.red = false;
  packet.key_frame = false;
  packet.start_of_frame = false;
  packet.audio_level.reset();
  packet.video_orientation.reset();
  packet.video_content_type.reset();
  packet.playout_delay = ByteRange();
  packet.abs_capture_time = ByteRange();
  packet.dependency_descriptor = ByteRange();
  packet.vp8 = Vp8Descriptor();
  packet.vp8_descriptor_size = 0;
  packet.picture_id = 0;
  packet.payload = ByteRange();
  return PacketRef(cell);
}

}  // namespace rtp
