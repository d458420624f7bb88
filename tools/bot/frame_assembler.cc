// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/frame_assembler.h"

#include <utility>

namespace bot {

void FrameAssembler::Add(rtp::Timestamp now, Packet packet,
                         std::vector<Frame>& frames) {
  if (!started_) {
    started_ = true;
    next_seq_ = packet.seq;
    needs_key_since_ = now;
  }
  if (packet.seq < next_seq_) return;  // given up before
  if (packet.seq == next_seq_ && waiting_.empty()) {
    return Take(now, std::move(packet), frames);
  }
  if (waiting_.empty()) gap_since_ = now;
  const uint64_t seq = packet.seq;
  waiting_.emplace(seq, std::move(packet));
  TakeInOrder(now, frames);
  if (waiting_.size() > kMaxWaiting) GiveUp(now, frames);
  HandleTimeout(now, frames);
}

void FrameAssembler::TakeInOrder(rtp::Timestamp now,
                                 std::vector<Frame>& frames) {
  bool moved = false;
  while (!waiting_.empty() && waiting_.begin()->first == next_seq_) {
    auto node = waiting_.extract(waiting_.begin());
    Take(now, std::move(node.mapped()), frames);
    moved = true;
  }
  // The next gap is a younger one.
  if (moved) gap_since_ = now;
}

void FrameAssembler::HandleTimeout(rtp::Timestamp now,
                                   std::vector<Frame>& frames) {
  if (waiting_.empty()) return;
  if (now - gap_since_ >= kReorder) {
    if (const auto key = WholeKeyFrame()) {
      waiting_.erase(waiting_.begin(), waiting_.lower_bound(*key));
      SkipTo(*key);
      return TakeInOrder(now, frames);
    }
  }
  if (now - gap_since_ >= patience_) GiveUp(now, frames);
}

rtp::Timestamp FrameAssembler::NextDeadline() const {
  return waiting_.empty() ? rtp::kNever : gap_since_ + patience_;
}

void FrameAssembler::GiveUp(rtp::Timestamp now, std::vector<Frame>& frames) {
  if (waiting_.empty()) return;
  SkipTo(waiting_.begin()->first);
  TakeInOrder(now, frames);
}

void FrameAssembler::SkipTo(uint64_t seq) {
  next_seq_ = seq;
  boundary_ = false;
  after_loss_ = true;
  open_ = false;
}

std::optional<uint64_t> FrameAssembler::WholeKeyFrame() const {
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    const Packet& first = it->second;
    if (!first.look || !first.look->key_frame ||
        !first.look->start_of_picture) {
      continue;
    }
    uint64_t seq = it->first;
    for (auto next = it; next != waiting_.end() && next->first == seq;
         ++next, ++seq) {
      if (next->second.marker) return it->first;
    }
  }
  return std::nullopt;
}

void FrameAssembler::Take(rtp::Timestamp now, Packet packet,
                          std::vector<Frame>& frames) {
  ++next_seq_;
  if (open_ && packet.timestamp != timestamp_) {
    // The one before ended without a marker.
    Finish(now, frames);
    boundary_ = true;
  }
  if (!open_) {
    open_ = true;
    timestamp_ = packet.timestamp;
    whole_ = boundary_ || (packet.look && packet.look->start_of_picture);
    first_look_ = packet.look;
    frame_ = Frame();
  }
  boundary_ = packet.marker;
  if (packet.look) {
    frame_.key |= packet.look->key_frame;
    if (packet.look->height > 0) frame_.height = packet.look->height;
  }
  frame_.spatial_id.reset();
  if (packet.look) frame_.spatial_id = packet.look->spatial_id;
  frame_.media.insert(frame_.media.end(), packet.media.begin(),
                      packet.media.end());
  if (packet.marker) Finish(now, frames);
}

// Whether what was lost was of upper temporal layers only, which nothing that
// comes depends on for long.
bool FrameAssembler::ContinuesAfterLoss() const {
  if (!first_look_ || !first_look_->tl0_picture_index || !last_tl0_) {
    return false;
  }
  const uint8_t expected = static_cast<uint8_t>(
      *last_tl0_ + (first_look_->temporal_id == 0 ? 1 : 0));
  return *first_look_->tl0_picture_index == expected;
}

void FrameAssembler::Finish(rtp::Timestamp now, std::vector<Frame>& frames) {
  open_ = false;
  if (!whole_) return;
  if (std::exchange(after_loss_, false) && !frame_.key &&
      !ContinuesAfterLoss()) {
    RequireKey(now);
  }
  last_tl0_.reset();
  if (needs_key_) {
    if (!frame_.key) return;
    needs_key_ = false;
    frame_.waited = now - needs_key_since_;
  }
  if (first_look_) last_tl0_ = first_look_->tl0_picture_index;
  frames.push_back(std::move(frame_));
}

void FrameAssembler::RequireKey(rtp::Timestamp now) {
  if (!std::exchange(needs_key_, true)) needs_key_since_ = now;
}

}  // namespace bot
