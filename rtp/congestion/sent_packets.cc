// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/sent_packets.h"

#include <algorithm>
#include <utility>

namespace rtp {
namespace {

constexpr size_t kInitialRing = 64;

}  // namespace

SentPackets::SentPackets() : ring_(kInitialRing) {}

bool SentPackets::Add(Timestamp now, uint16_t seq, Ssrc ssrc, uint32_t size,
                      uint32_t probe_cluster) {
  const uint64_t unwrapped = unwrapper_.Peek(seq);
  if (unwrapper_.started() && unwrapped < end_) return false;
  unwrapper_.Unwrap(seq);
  if (first_ == end_ || unwrapped - end_ >= kMaxPackets) {
    while (first_ != end_) DropFirst();
    first_ = end_ = passed_ = unwrapped;
  }
  while (first_ != end_ && now - At(first_).sent > kMaxAge) DropFirst();
  while (unwrapped - first_ >= kMaxPackets) DropFirst();
  while (unwrapped - first_ >= ring_.size()) Grow();
  // Numbers that were left out age as this one does.
  for (; end_ < unwrapped; ++end_) At(end_) = SentPacket{.sent = now};
  At(unwrapped) = {unwrapped, now,           ssrc,
                   size,      probe_cluster, SentPacket::State::kInFlight};
  end_ = unwrapped + 1;
  bytes_in_flight_ += size;
  return true;
}

const SentPacket* SentPackets::Find(uint64_t seq) const {
  if (seq < first_ || seq >= end_) return nullptr;
  const SentPacket& packet = ring_[seq & (ring_.size() - 1)];
  return packet.state == SentPacket::State::kNone ? nullptr : &packet;
}

void SentPackets::SetState(uint64_t seq, SentPacket::State state) {
  SentPacket& packet = At(seq);
  if (packet.state == SentPacket::State::kInFlight) {
    bytes_in_flight_ -= packet.size;
  }
  packet.state = state;
}

void SentPackets::PassOver(uint64_t seq) {
  for (passed_ = std::max(passed_, first_); passed_ < std::min(seq, end_);
       ++passed_) {
    if (At(passed_).state == SentPacket::State::kInFlight) {
      SetState(passed_, SentPacket::State::kUnreported);
    }
  }
}

void SentPackets::DropFirst() {
  SetState(first_, SentPacket::State::kNone);
  ++first_;
}

void SentPackets::Grow() {
  std::vector<SentPacket> old(ring_.size() * 2);
  std::swap(ring_, old);
  for (uint64_t seq = first_; seq < end_; ++seq) {
    At(seq) = old[seq & (old.size() - 1)];
  }
}

}  // namespace rtp
