// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "rtp/base/time.h"

namespace rtp {

// Decides when to ask a publisher for a key frame (PLI, RFC 4585 s6.3.1). Many
// subscribers may want one at once; the publisher hears one request per
// kMinInterval, and again, ever less often, if none arrived by then. Sends
// nothing itself.
class KeyframeRequester {
 public:
  static constexpr TimeDelta kMinInterval = std::chrono::milliseconds(200);
  static constexpr TimeDelta kMaxInterval = std::chrono::seconds(2);
  static constexpr int kQuickTries = 10;

  void Want() { wanted_ = true; }
  void OnKeyframe() {
    wanted_ = false;
    tries_ = 0;
  }
  // Nobody waits any more.
  void Cancel() { OnKeyframe(); }
  bool wanted() const { return wanted_; }
  Timestamp NextDeadline() const { return wanted_ ? next_allowed_ : kNever; }

  // True if a request must be sent now; the caller sends it.
  [[nodiscard]] bool HandleTimeout(Timestamp now) {
    if (now < NextDeadline()) return false;
    ++tries_;
    next_allowed_ = now + (tries_ < kQuickTries ? kMinInterval : kMaxInterval);
    return true;
  }

 private:
  bool wanted_ = false;
  int tries_ = 0;  // since the last key frame
  Timestamp next_allowed_ = Timestamp::min();  // when the next may leave
};

}  // namespace rtp
