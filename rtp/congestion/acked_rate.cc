// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/acked_rate.h"

#include <algorithm>

namespace rtp {
namespace {

// The receiver's clock was set, or its feedback is of another one.
constexpr TimeDelta kMaxStep = std::chrono::seconds(3);

}  // namespace

void AckedRate::OnReceived(Timestamp arrival, uint32_t size) {
  if (!arrivals_.empty()) {
    const TimeDelta step = arrival - arrivals_.back().time;
    if (step > kMaxStep || step < -kMaxStep) {
      arrivals_.clear();
      bytes_ = 0;
    }
  }
  auto at = arrivals_.end();
  while (at != arrivals_.begin() && std::prev(at)->time > arrival) --at;
  arrivals_.insert(at, {arrival, size});
  bytes_ += size;
  while (arrivals_.back().time - arrivals_.front().time > kWindow ||
         arrivals_.size() > kMaxPackets) {
    bytes_ -= arrivals_.front().size;
    arrivals_.pop_front();
  }
}

std::optional<double> AckedRate::bps() const {
  return RateOf(arrivals_.size(), bytes_);
}

std::optional<double> AckedRate::recent_bps() const {
  size_t count = 0;
  uint64_t bytes = 0;
  for (auto at = arrivals_.rbegin();
       at != arrivals_.rend() &&
       arrivals_.back().time - at->time <= kShortWindow;
       ++at) {
    ++count;
    bytes += at->size;
  }
  return RateOf(count, bytes);
}

std::optional<double> AckedRate::RateOf(size_t count, uint64_t bytes) const {
  if (count < kMinPackets) return std::nullopt;
  const Arrival& first = arrivals_[arrivals_.size() - count];
  const TimeDelta span = arrivals_.back().time - first.time;
  if (span < kMinSpan) return std::nullopt;
  // n packets delimit n - 1 spaces.
  return static_cast<double>((bytes - first.size) * 8) * 1e6 /
         static_cast<double>(span.count());
}

}  // namespace rtp
