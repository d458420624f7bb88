// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/arrival_groups.h"

#include <algorithm>

namespace rtp {
namespace {

// One of the two clocks was set.
constexpr TimeDelta kMaxOffset = std::chrono::seconds(3);
constexpr int kMaxReordered = 3;

}  // namespace

bool ArrivalGroups::Belongs(Timestamp sent, Timestamp arrival) const {
  if (sent - current_->first_sent <= kBurst) return true;
  const TimeDelta arrived = arrival - current_->last_arrival;
  return arrived <= kBurst && arrived < sent - current_->last_sent &&
         arrival - current_->first_arrival < kMaxBurst;
}

std::optional<GroupDelta> ArrivalGroups::Add(Timestamp sent,
                                             Timestamp arrival) {
  if (!current_) {
    current_ = Group{sent, sent, arrival, arrival};
    return std::nullopt;
  }
  if (sent < current_->first_sent) return std::nullopt;  // out of order
  if (Belongs(sent, arrival)) {
    current_->last_sent = std::max(current_->last_sent, sent);
    current_->last_arrival = std::max(current_->last_arrival, arrival);
    return std::nullopt;
  }
  std::optional<GroupDelta> delta;
  if (previous_) {
    delta = GroupDelta{current_->last_sent - previous_->last_sent,
                       current_->last_arrival - previous_->last_arrival,
                       current_->last_arrival};
    const TimeDelta offset = delta->arrived - delta->sent;
    if (offset > kMaxOffset || offset < -kMaxOffset) {
      Reset();
      return std::nullopt;
    }
    if (delta->arrived < TimeDelta::zero()) {
      if (++reordered_ >= kMaxReordered) {
        Reset();
        return std::nullopt;
      }
      delta.reset();
    } else {
      reordered_ = 0;
    }
  }
  previous_ = current_;
  current_ = Group{sent, sent, arrival, arrival};
  return delta;
}

}  // namespace rtp
