// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "rtp/base/time.h"
#include "rtp/base/units.h"

namespace rtp {

// Says when a sender may send its next packet: a debt that each packet raises
// and time pays off at the rate. What must not wait, as audio, is sent anyway
// and counted, so that the others wait for it. Holds no packets.
class Pacer {
 public:
  // Packets are released in bursts no longer than this.
  static constexpr TimeDelta kQuantum = std::chrono::milliseconds(5);
  // So much debt at most: audio alone may exceed the rate for long.
  static constexpr TimeDelta kMaxDebt = std::chrono::milliseconds(500);

  // The rate from `now` on; positive.
  void SetRate(Timestamp now, DataRate rate) {
    Pay(now);
    rate_ = rate;
  }
  void OnPacketSent(Timestamp now, size_t size) {
    Pay(now);
    debt_bits_ =
        std::min(debt_bits_ + static_cast<int64_t>(size) * 8, Bits(kMaxDebt));
  }
  // Whether a packet that can wait may leave.
  bool MaySend(Timestamp now) {
    Pay(now);
    return debt_bits_ <= 0;
  }
  // When it may, if nothing else is sent.
  Timestamp NextSend(Timestamp now) {
    Pay(now);
    if (debt_bits_ <= 0) return now;
    if (rate_.bps() <= 0) return kNever;
    return now +
           TimeDelta((debt_bits_ * 1'000'000 + rate_.bps() - 1) / rate_.bps());
  }

 private:
  int64_t Bits(TimeDelta time) const {
    return rate_.bps() * time.count() / 1'000'000;
  }
  // Time that was not used is worth a quantum at most.
  void Pay(Timestamp now) {
    const TimeDelta time = std::clamp(now - paid_.value_or(now),
                                      TimeDelta::zero(), kMaxDebt + kQuantum);
    if (paid_ && now <= *paid_) return;
    paid_ = now;
    debt_bits_ = std::max(debt_bits_ - Bits(time), -Bits(kQuantum));
  }

  DataRate rate_;
  int64_t debt_bits_ = 0;  // negative: may be sent at once
  std::optional<Timestamp> paid_;
};

}  // namespace rtp
