// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/loudest_sources.h"

#include <algorithm>

namespace rtp {
namespace {

constexpr int kSilence = 127;
constexpr int kOne = 16;  // the fixed point of loudness_q4

}  // namespace

bool LoudestSources::OnLevel(Timestamp now, SourceId source, uint8_t level) {
  auto it = std::find_if(entries_.begin(), entries_.end(),
                         [&](const Entry& e) { return e.source == source; });
  if (it == entries_.end()) {
    entries_.push_back(Entry{source});
    it = entries_.end() - 1;
  }
  const int loudness = kSilence - std::min<int>(level, kSilence);
  it->loudness_q4 += (loudness * kOne - it->loudness_q4) / 4;
  if (level > kVoiceLevel) return false;
  const bool heard = it->last_loud != Timestamp::min() &&
                     now - it->last_loud <= kHold;
  it->last_loud = now;
  return !heard;
}

void LoudestSources::Remove(SourceId source) {
  std::erase_if(entries_, [&](const Entry& e) { return e.source == source; });
}

void LoudestSources::Rank(Timestamp now, std::vector<SourceId>& ranked) {
  ranked.clear();
  order_.clear();
  for (Entry& entry : entries_) {
    if (entry.last_loud != Timestamp::min() &&
        now - entry.last_loud <= kHold) {
      order_.push_back(&entry);
    } else {
      entry.in_front = false;
    }
  }
  const auto score = [](const Entry* e) {
    return e->loudness_q4 + (e->in_front ? kFrontAdvantage * kOne : 0);
  };
  // By address, which is the order of joining, where scores are equal; a
  // stable_sort would allocate.
  std::sort(order_.begin(), order_.end(), [&](const Entry* a, const Entry* b) {
    return score(a) != score(b) ? score(a) > score(b) : a < b;
  });
  for (size_t i = 0; i < order_.size(); ++i) {
    order_[i]->in_front = i < kFront;
    ranked.push_back(order_[i]->source);
  }
}

}  // namespace rtp
