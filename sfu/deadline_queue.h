// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "rtp/base/time.h"

namespace sfu {

// Which of many objects is due next. Entries are never removed or moved:
// whoever takes one compares its time with the object's own and skips what is
// stale, so adding costs a push and nothing is searched.
template <typename Id>
class DeadlineQueue {
 public:
  void Add(rtp::Timestamp deadline, Id id) {
    heap_.emplace_back(deadline, id);
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  // kNever if nothing was added. May be stale, never too late.
  rtp::Timestamp NextDeadline() const {
    return heap_.empty() ? rtp::kNever : heap_.front().first;
  }

  // The earliest entry; only if there is one.
  std::pair<rtp::Timestamp, Id> Take() {
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const auto entry = heap_.back();
    heap_.pop_back();
    return entry;
  }

 private:
  static bool Later(const std::pair<rtp::Timestamp, Id>& a,
                    const std::pair<rtp::Timestamp, Id>& b) {
    return a.first > b.first;
  }
  std::vector<std::pair<rtp::Timestamp, Id>> heap_;
};

}  // namespace sfu
