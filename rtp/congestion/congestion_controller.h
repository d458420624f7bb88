// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/base/units.h"
#include "rtp/congestion/acked_rate.h"
#include "rtp/congestion/application_limit.h"
#include "rtp/congestion/backlog.h"
#include "rtp/congestion/delay_trend.h"
#include "rtp/congestion/feedback.h"
#include "rtp/congestion/loss_control.h"
#include "rtp/congestion/probes.h"
#include "rtp/congestion/rate_control.h"
#include "rtp/congestion/report_control.h"
#include "rtp/congestion/sent_packets.h"
#include "rtp/congestion/starvation_guard.h"
#include "rtp/rtcp_twcc.h"

namespace rtp {

// What holds the rate where it is.
enum class RateLimit : uint8_t {
  kStart,        // no feedback yet
  kDelay,        // the delay's trend (grows while nothing is found)
  kLoss,         // loss that comes with the rate
  kRemb,         // the receiver's own estimate
  kBacklog,      // a queue is being drained
  kReports,      // loss or round-trip time of receiver reports
  kStarvation,   // feedback is missing
  kApplication,  // not all of it is used, so it does not grow
  kMinimum,
  kMaximum,
};
std::string_view ToString(RateLimit limit);

// How fast to send on one transport, from what its receiver tells (Google
// Congestion Control, draft-ietf-rmcat-gcc-02, with probing). Sans-IO: knows
// no packets, only their sizes and times. Feedback about each packet is
// followed where there is any (loss from it only: that of receiver reports may
// lie before us); else REMB, with the loss and round-trip time of reports.
class CongestionController {
 public:
  struct Config {
    DataRate min = DataRate::Kbps(30);
    DataRate max = DataRate::Kbps(20'000);
    DataRate start = DataRate::Kbps(300);  // within min and max
  };
  // Pacing is that much faster than the target, so that queues end.
  static constexpr double kPacing = 1.25;
  // Feedback about packets that stopped for so long is given up, if there are
  // reports.
  static constexpr TimeDelta kTwccLife = std::chrono::seconds(10);

  explicit CongestionController(const Config& config);

  // A packet left under transport-wide sequence number `seq`. `size` in bytes,
  // with headers; `probe_cluster`: that of probe() if it was sent for it.
  void OnPacketSent(Timestamp now, uint16_t seq, Ssrc ssrc, size_t size,
                    uint32_t probe_cluster);
  void OnTwcc(Timestamp now, const TwccFeedback& feedback);
  // The same from any other format that tells of each packet (RFC 8888);
  // ascending by seq, which Unwrap() gives.
  void OnReports(Timestamp now, const std::vector<PacketReport>& reports);
  uint64_t Unwrap(uint16_t seq) const { return sent_.Unwrap(seq); }
  // REMB; zero counts as the least rate.
  void OnRemb(Timestamp now, DataRate bitrate);
  // A report block about one of our streams: the share lost, 0..1, and the
  // round-trip time, zero if it has none (RFC 3550 s6.4.1). Of several
  // streams, the worst.
  void OnReceiverReport(Timestamp now, double loss, TimeDelta rtt);
  // A round trip measured otherwise, as by STUN.
  void OnRttUpdate(TimeDelta rtt);
  // What more would be for nothing; probes go no further.
  void SetLimits(Timestamp now, DataRate min, DataRate max);

  Timestamp NextDeadline() const;
  void HandleTimeout(Timestamp now);

  // All that may be sent: media, retransmissions, padding.
  DataRate target() const { return target_; }
  // For the pacer; that of the probe while there is one.
  DataRate pacing_rate() const;
  // To be asked before each packet: what is to be sent in it is sent at its
  // rate, and named with OnPacketSent(). What media does not fill is padding.
  std::optional<Probe> probe() const;
  // Not all of the target is used.
  bool app_limited() const { return app_limit_.limited(); }
  uint64_t bytes_in_flight() const { return sent_.bytes_in_flight(); }

  // Why the target is what it is.
  struct Explanation {
    RateLimit limit = RateLimit::kStart;
    DataRate target;
    DataRate delay_rate;                // of the delay's trend alone
    std::optional<DataRate> loss_rate;  // bound by loss
    std::optional<DataRate> remb;
    std::optional<DataRate> acked;     // arrives at the receiver
    std::optional<DataRate> capacity;  // where the link was last found full
    LinkUse use = LinkUse::kNormal;
    double trend_ms = 0;  // against threshold_ms
    double threshold_ms = 0;
    TimeDelta queue{};         // before the link, about
    double loss = 0;           // of the last quarter of a second
    double inherent_loss = 0;  // whatever the rate
    TimeDelta rtt{};           // smoothed; zero if not known
    bool app_limited = false;
    uint32_t probe_cluster = 0;  // of the probe that is being filled
    uint64_t unmatched = 0;      // reports about packets never sent
  };
  Explanation Explain(Timestamp now) const;

 private:
  void OnResults(Timestamp now, const FeedbackResults& results);
  void Confirm(Timestamp now, const FeedbackResults& results);
  void UpdateRate(Timestamp now);
  void UpdateProbes(Timestamp now);
  void UpdateTarget(Timestamp now);
  void SetRtt(TimeDelta sample);
  TimeDelta GuardRtt() const;
  bool follows_reports(Timestamp now) const;

  DataRate min_;
  DataRate max_;
  SentPackets sent_;
  FeedbackJoin join_;
  DelayTrend trend_;
  Backlog backlog_;
  AckedRate acked_;
  LossControl loss_;
  RateControl rate_;
  ReportControl reports_;
  Prober prober_;
  ApplicationLimit app_limit_;
  StarvationGuard guard_;

  std::optional<TimeDelta> rtt_;  // smoothed
  bool rtt_from_reports_ = false;
  std::optional<Timestamp> confirmed_at_;  // by feedback about packets
  uint64_t newest_confirmed_ = 0;
  std::optional<double> before_starving_bps_;
  bool loss_bounds_ = false;
  bool by_reports_ = false;
  uint64_t unmatched_ = 0;
  DataRate target_;
};

}  // namespace rtp
