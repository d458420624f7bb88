// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "rtp/base/time.h"

namespace bot {

// How a picture moves: a freeze is a time between two frames of more than
// three mean ones, and 150 ms more than one. The mean is of the last frames,
// freezes left out.
class FreezeMeter {
 public:
  static constexpr size_t kMeanOf = 30;
  static constexpr rtp::TimeDelta kExtra = std::chrono::milliseconds(150);
  // The mean where no two frames came yet.
  static constexpr rtp::TimeDelta kAssumed = std::chrono::milliseconds(100);

  void OnFrame(rtp::Timestamp now);
  // From here to the next frame nothing was to be seen.
  void Pause() { last_.reset(); }
  // Counts what is going on: a freeze does not wait for its end.
  void Settle(rtp::Timestamp now);

  uint64_t freezes() const { return freezes_; }
  rtp::TimeDelta frozen() const { return frozen_; }
  rtp::TimeDelta watched() const { return watched_; }
  rtp::TimeDelta longest_gap() const { return longest_gap_; }
  // A gap of more than that is a freeze.
  rtp::TimeDelta Limit() const;

 private:
  std::optional<rtp::Timestamp> last_;
  rtp::TimeDelta gap_watched_{};  // of the gap going on, counted before
  rtp::TimeDelta gap_frozen_{};
  std::array<rtp::TimeDelta, kMeanOf> gaps_{};
  size_t gap_count_ = 0;
  rtp::TimeDelta gap_sum_{};
  uint64_t freezes_ = 0;
  rtp::TimeDelta frozen_{};
  rtp::TimeDelta watched_{};
  rtp::TimeDelta longest_gap_{};
};

}  // namespace bot
