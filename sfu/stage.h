// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rtp/active_speaker.h"
#include "rtp/base/ids.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "rtp/loudest_sources.h"

namespace sfu {

// Decides, for one conference, which sources its subscribers see and hear:
// the loudest speakers for audio; pins, screens, recency of speech and order
// of joining for video. Lives on the worker, so that a switch never waits for
// the control thread (decisions.md s3.1). Knows sources and their order;
// filling slots is FillSlots().
class Stage {
 public:
  explicit Stage(rtp::ConferenceId conference) : conference_(conference) {}

  rtp::ConferenceId conference() const { return conference_; }

  // The other workers that have peers of the conference. Each has a stage of
  // its own, which hears the same levels.
  const std::vector<size_t>& other_workers() const { return other_workers_; }
  void set_other_workers(std::vector<size_t> workers) {
    other_workers_ = std::move(workers);
  }

  void AddSource(rtp::SourceId source, rtp::PeerId owner, rtp::MediaKind kind,
                 rtp::SourceType type, bool muted);
  void RemoveSource(rtp::SourceId source);
  // Type and mute state as signalled.
  void UpdateSource(rtp::SourceId source, rtp::SourceType type, bool muted);
  bool HasSource(rtp::SourceId source) const { return Find(source) != nullptr; }

  // The audio level of a packet (RFC 6464: 0 is loudest, 127 silence).
  void OnAudioLevel(rtp::Timestamp now, rtp::SourceId source, uint8_t level);

  rtp::Timestamp NextDeadline() const;
  // Re-ranks speakers.
  void HandleTimeout(rtp::Timestamp now);

  // True once after anything changed that Wanted() depends on.
  bool TakeOrderChanged();
  // True once after the dominant speaker or the set of speakers changed.
  bool TakeSpeakersChanged();
  // The audio source that dominates; zero until somebody has spoken.
  rtp::SourceId dominant() const { return dominant_; }
  // The audio sources heard now.
  const std::vector<rtp::SourceId>& speaking() const { return speaking_; }

  // Appends to `wanted` the sources that subscriber `self`, who asked for
  // `receive`, is to get on `count` slots of `kind`, most wanted first: never
  // one of its own, never a muted one.
  void Wanted(rtp::PeerId self, rtp::MediaKind kind,
              const rtp::ReceiveSpec& receive, size_t count,
              std::vector<rtp::SourceId>& wanted);

 private:
  struct Entry {
    rtp::SourceId source;
    rtp::PeerId owner;
    rtp::MediaKind kind;
    rtp::SourceType type;
    bool muted;
    rtp::Timestamp last_dominant = rtp::Timestamp::min();
    rtp::Timestamp last_heard = rtp::Timestamp::min();
  };

  const Entry* Find(rtp::SourceId source) const;
  Entry* Find(rtp::SourceId source);
  void OnDominant(rtp::Timestamp now, rtp::SourceId audio_source);
  void RankSpeaking(rtp::Timestamp now);
  void Rank();

  rtp::ConferenceId conference_;
  std::vector<size_t> other_workers_;
  std::vector<Entry> entries_;  // in order of joining
  rtp::ActiveSpeaker active_speaker_;
  rtp::LoudestSources loudest_;
  rtp::SourceId dominant_;
  std::vector<rtp::SourceId> speaking_;
  std::vector<rtp::SourceId> ranking_;  // kept for its memory
  rtp::Timestamp next_ranking_ = rtp::kNever;
  bool order_changed_ = true;
  bool speakers_changed_ = false;
  bool ranked_ = false;  // audio_order_ and video_order_ are current
  std::vector<const Entry*> audio_order_;
  std::vector<const Entry*> video_order_;
};

// Puts the first slots.size() sources of `wanted` into `slots`; what is in
// place and still wanted stays where it is, so that nobody's picture jumps.
// Slots left over become empty (zero).
void FillSlots(std::span<const rtp::SourceId> wanted,
               std::span<rtp::SourceId> slots);

}  // namespace sfu
