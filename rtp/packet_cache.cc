// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/packet_cache.h"

#include <algorithm>
#include <utility>

namespace rtp {

bool PacketCache::Insert(PacketRef packet) {
  if (ring_.empty()) ring_.resize(kPackets);
  const uint64_t seq = packet->seq;
  if (newest_ >= kPackets && seq <= newest_ - kPackets) return false;
  PacketRef& place = ring_[seq % kPackets];
  if (place && place->seq == seq) return false;
  if (packet->key_frame && seq > key_frame_) key_frame_ = seq;
  if (newest_ == 0) oldest_ = seq;
  newest_ = std::max(newest_, seq);
  oldest_ = std::min(oldest_, seq);
  if (newest_ >= kPackets) oldest_ = std::max(oldest_, newest_ - kPackets + 1);
  place = std::move(packet);
  return true;
}

PacketRef PacketCache::Find(Timestamp now, uint64_t seq) const {
  const PacketRef* place = At(seq);
  if (place == nullptr || !*place || (*place)->seq != seq) return PacketRef();
  if (now - (*place)->arrival > kMaxAge) return PacketRef();
  return *place;
}

std::optional<uint64_t> PacketCache::KeyFrameStart(Timestamp now) const {
  if (key_frame_ == 0) return std::nullopt;
  for (uint64_t seq = key_frame_; seq <= newest_; ++seq) {
    const PacketRef* place = At(seq);
    if (!*place || (*place)->seq != seq) return std::nullopt;
    if (seq == key_frame_ && now - (*place)->arrival > kMaxAge) {
      return std::nullopt;
    }
  }
  return key_frame_;
}

bool PacketCache::Expire(Timestamp now) {
  if (ring_.empty()) return false;
  for (; oldest_ <= newest_; ++oldest_) {
    PacketRef& place = ring_[oldest_ % kPackets];
    if (!place || place->seq != oldest_) continue;
    if (now - place->arrival <= kMaxAge) return true;
    place = PacketRef();
  }
  return false;
}

}  // namespace rtp
