// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "rtp/base/time.h"
#include "rtp/base/units.h"
#include "rtp/congestion/feedback.h"
#include "rtp/congestion/probe_results.h"

namespace rtp {

// A short burst at a rate above the present one, to learn whether the path
// carries it. The sender fills it with media, packets sent again, or padding.
struct Probe {
  uint32_t cluster = 0;  // to be named with each packet of it
  DataRate rate;
  size_t bytes_left = 0;  // still to be sent in it, 1 at least
};

// Decides when to probe and how far: at the start at 3 and 6 times the first
// rate, on while the path carries more than kFurther of what was tried, every
// kInterval while there is more to be wanted, and after a sharp fall.
class Prober {
 public:
  static constexpr double kFirst = 3;
  static constexpr double kSecond = 6;
  static constexpr double kStep = 2;
  static constexpr double kFurther = 0.7;
  static constexpr double kSharpFall = 0.66;
  static constexpr double kRecover = 0.85;  // of what was before the fall
  static constexpr double kMaxRecover = 3;  // times the present rate
  static constexpr TimeDelta kInterval = std::chrono::seconds(5);
  static constexpr TimeDelta kRecoverAfter = std::chrono::seconds(2);
  static constexpr TimeDelta kDuration = std::chrono::milliseconds(15);
  static constexpr size_t kMinPackets = 5;
  static constexpr TimeDelta kResultWait = std::chrono::seconds(1);

  // Rates in bits per second. To be called with the first packet.
  void Start(Timestamp now, double start_bps, double max_bps);
  void OnPacketSent(Timestamp now, uint32_t cluster, uint32_t size);
  void OnResult(const PacketResult& packet);

  struct Situation {
    double target_bps = 0;
    double max_bps = 0;
    // The link was found full, or feedback is missing: not now.
    bool congested = false;
  };
  // After feedback and at deadlines. An estimate if a probe ended.
  std::optional<ProbeResults::Estimate> HandleTimeout(
      Timestamp now, const Situation& situation);
  // The rate fell sharply from `before_bps`: try to get back there.
  void OnFall(Timestamp now, double before_bps);

  // The probe to be filled now.
  std::optional<Probe> current() const;
  Timestamp NextDeadline() const;

 private:
  struct Planned {
    double bps = 0;
    bool last = false;  // nothing beyond is wanted
  };
  struct Active {
    uint32_t cluster = 0;
    double bps = 0;
    bool last = false;
    size_t wanted_bytes = 0;
    size_t bytes = 0;
    size_t packets = 0;
    bool sent = false;  // wholly
    Timestamp until;    // of sending, or of the result
  };

  std::optional<ProbeResults::Estimate> EndProbe(Timestamp now,
                                                 const Situation& situation);
  void Plan(double bps, double max_bps);
  void PlanIfMore(double bps, const Situation& situation);
  void BeginNext(Timestamp now);
  void Postpone(Timestamp now);

  bool started_ = false;
  uint32_t last_cluster_ = 0;
  std::deque<Planned> planned_;
  std::optional<Active> active_;
  ProbeResults results_;
  Timestamp next_ = kNever;  // periodic
  Timestamp recover_at_ = kNever;
  double recover_bps_ = 0;
};

}  // namespace rtp
