// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "rtp/base/time.h"

namespace rtp {

// From one group of packets to the next.
struct GroupDelta {
  TimeDelta sent;
  TimeDelta arrived;
  Timestamp arrival;  // of the later group
};

// Groups packets that were sent within kBurst of each other, or that a link
// held up and let go together, since only what lies between groups tells of
// queues (draft-ietf-rmcat-gcc-02 s5.2, s5.3).
class ArrivalGroups {
 public:
  static constexpr TimeDelta kBurst = std::chrono::milliseconds(5);
  static constexpr TimeDelta kMaxBurst = std::chrono::milliseconds(100);

  // A difference each time that a group was completed by this packet, which
  // begins the next.
  std::optional<GroupDelta> Add(Timestamp sent, Timestamp arrival);
  void Reset() { *this = ArrivalGroups(); }

 private:
  struct Group {
    Timestamp first_sent;
    Timestamp last_sent;
    Timestamp first_arrival;
    Timestamp last_arrival;
  };

  bool Belongs(Timestamp sent, Timestamp arrival) const;

  std::optional<Group> previous_;
  std::optional<Group> current_;
  int reordered_ = 0;  // groups in a row
};

}  // namespace rtp
