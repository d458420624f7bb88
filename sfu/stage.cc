// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/stage.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sfu {
namespace {

constexpr rtp::TimeDelta kRankingInterval = std::chrono::milliseconds(100);

bool SameSet(std::vector<rtp::SourceId> a, std::vector<rtp::SourceId> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

}  // namespace

void Stage::AddSource(rtp::SourceId source, rtp::PeerId owner,
                      rtp::MediaKind kind, rtp::SourceType type, bool muted) {
  entries_.push_back(Entry{source, owner, kind, type, muted});
  ranked_ = false;
  order_changed_ = true;
}

void Stage::RemoveSource(rtp::SourceId source) {
  if (std::erase_if(entries_,
                    [&](const Entry& e) { return e.source == source; }) == 0) {
    return;
  }
  active_speaker_.Remove(source);
  loudest_.Remove(source);
  if (dominant_ == source) {
    dominant_ = rtp::SourceId();
    speakers_changed_ = true;
  }
  if (std::erase(speaking_, source) > 0) speakers_changed_ = true;
  ranked_ = false;
  order_changed_ = true;
}

void Stage::UpdateSource(rtp::SourceId source, rtp::SourceType type,
                         bool muted) {
  Entry* entry = Find(source);
  if (entry == nullptr || (entry->type == type && entry->muted == muted)) {
    return;
  }
  entry->type = type;
  entry->muted = muted;
  ranked_ = false;
  order_changed_ = true;
}

void Stage::OnAudioLevel(rtp::Timestamp now, rtp::SourceId source,
                         uint8_t level) {
  const Entry* entry = Find(source);
  if (entry == nullptr || entry->muted) return;
  active_speaker_.OnLevel(now, source, level);
  // Somebody begins to speak: heard with this packet, not the next ranking.
  if (loudest_.OnLevel(now, source, level)) next_ranking_ = now;
}

rtp::Timestamp Stage::NextDeadline() const {
  return std::min(active_speaker_.NextDeadline(), next_ranking_);
}

void Stage::HandleTimeout(rtp::Timestamp now) {
  if (active_speaker_.HandleTimeout(now)) {
    OnDominant(now, active_speaker_.dominant());
  }
  if (now >= next_ranking_) RankSpeaking(now);
}

bool Stage::TakeOrderChanged() { return std::exchange(order_changed_, false); }

bool Stage::TakeSpeakersChanged() {
  return std::exchange(speakers_changed_, false);
}

void Stage::Wanted(rtp::PeerId self, rtp::MediaKind kind,
                   const rtp::ReceiveSpec& receive, size_t count,
                   std::vector<rtp::SourceId>& wanted) {
  const size_t first = wanted.size();
  const auto take = [&](const Entry* entry) {
    if (wanted.size() - first >= count || entry->kind != kind || entry->muted ||
        entry->owner == self ||
        std::find(wanted.begin() + static_cast<ptrdiff_t>(first), wanted.end(),
                  entry->source) != wanted.end()) {
      return;
    }
    wanted.push_back(entry->source);
  };
  for (const rtp::SourceId pin : receive.pins) {
    if (const Entry* entry = Find(pin)) take(entry);
  }
  if (receive.pins_only) return;
  if (!ranked_) Rank();
  for (const Entry* entry :
       kind == rtp::MediaKind::kAudio ? audio_order_ : video_order_) {
    take(entry);
  }
}

const Stage::Entry* Stage::Find(rtp::SourceId source) const {
  const auto it =
      std::find_if(entries_.begin(), entries_.end(),
                   [&](const Entry& e) { return e.source == source; });
  return it == entries_.end() ? nullptr : &*it;
}

Stage::Entry* Stage::Find(rtp::SourceId source) {
  return const_cast<Entry*>(std::as_const(*this).Find(source));
}

void Stage::OnDominant(rtp::Timestamp now, rtp::SourceId audio_source) {
  const Entry* speaker = Find(audio_source);
  if (speaker == nullptr || audio_source == dominant_) return;
  dominant_ = audio_source;
  const rtp::PeerId owner = speaker->owner;
  for (Entry& entry : entries_) {
    if (entry.owner == owner) entry.last_dominant = now;
  }
  ranked_ = false;
  order_changed_ = true;
  speakers_changed_ = true;
}

void Stage::RankSpeaking(rtp::Timestamp now) {
  loudest_.Rank(now, ranking_);
  for (const rtp::SourceId source : ranking_) {
    if (Entry* entry = Find(source)) entry->last_heard = now;
  }
  if (ranking_ != speaking_) {
    if (!SameSet(ranking_, speaking_)) speakers_changed_ = true;
    std::swap(speaking_, ranking_);
    ranked_ = false;
    order_changed_ = true;
  }
  next_ranking_ = speaking_.empty() ? rtp::kNever : now + kRankingInterval;
}

void Stage::Rank() {
  audio_order_.clear();
  video_order_.clear();
  for (const Entry& entry : entries_) {
    (entry.kind == rtp::MediaKind::kAudio ? audio_order_ : video_order_)
        .push_back(&entry);
  }
  // The dominant speaker first, but in silence behind all who are heard.
  const auto place = [this](const Entry* e) {
    const auto it = std::find(speaking_.begin(), speaking_.end(), e->source);
    const bool first = it != speaking_.end() && e->source == dominant_;
    return first ? -1 : it - speaking_.begin();
  };
  std::stable_sort(audio_order_.begin(), audio_order_.end(),
                   [&](const Entry* a, const Entry* b) {
                     return std::make_tuple(place(a), a->source != dominant_,
                                            b->last_heard) <
                            std::make_tuple(place(b), b->source != dominant_,
                                            a->last_heard);
                   });
  std::stable_sort(video_order_.begin(), video_order_.end(),
                   [](const Entry* a, const Entry* b) {
                     const auto rank = [](const Entry* e) {
                       return e->type != rtp::SourceType::kScreen;
                     };
                     return std::make_tuple(rank(a), b->last_dominant) <
                            std::make_tuple(rank(b), a->last_dominant);
                   });
  ranked_ = true;
}

void FillSlots(std::span<const rtp::SourceId> wanted,
               std::span<rtp::SourceId> slots) {
  wanted = wanted.first(std::min(wanted.size(), slots.size()));
  const auto is_wanted = [&](rtp::SourceId source) {
    return std::find(wanted.begin(), wanted.end(), source) != wanted.end();
  };
  for (rtp::SourceId& slot : slots) {
    if (!is_wanted(slot)) slot = rtp::SourceId();
  }
  for (const rtp::SourceId source : wanted) {
    if (std::find(slots.begin(), slots.end(), source) != slots.end()) continue;
    // As many free slots as wanted sources without one: there is a place.
    *std::find(slots.begin(), slots.end(), rtp::SourceId()) = source;
  }
}

}  // namespace sfu
