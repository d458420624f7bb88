// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/congestion_controller.h"

#include <algorithm>

namespace rtp {
namespace {

using std::chrono::milliseconds;

// Longer than any path; what is beyond is a clock's fault.
constexpr TimeDelta kMaxRtt = std::chrono::seconds(5);
constexpr TimeDelta kDefaultRtt = milliseconds(200);
// Sent that many times what arrives, before a long queue: it overflows.
constexpr double kOverflow = 1.1;
// After the link was found full, no probe.
constexpr TimeDelta kCalm = milliseconds(500);

DataRate Rate(double bps) {
  return DataRate::BitsPerSecond(static_cast<int64_t>(bps));
}
double Bps(DataRate rate) { return static_cast<double>(rate.bps()); }

std::optional<DataRate> Rate(const std::optional<double>& bps) {
  if (!bps) return std::nullopt;
  return Rate(*bps);
}

}  // namespace

std::string_view ToString(RateLimit limit) {
  switch (limit) {
    case RateLimit::kStart:
      return "start";
    case RateLimit::kDelay:
      return "delay";
    case RateLimit::kLoss:
      return "loss";
    case RateLimit::kRemb:
      return "remb";
    case RateLimit::kBacklog:
      return "backlog";
    case RateLimit::kReports:
      return "reports";
    case RateLimit::kStarvation:
      return "starvation";
    case RateLimit::kApplication:
      return "application";
    case RateLimit::kMinimum:
      return "minimum";
    case RateLimit::kMaximum:
      return "maximum";
  }
  return "";
}

CongestionController::CongestionController(const Config& config)
    : min_(config.min),
      max_(config.max),
      rate_(Bps(config.min), Bps(config.max), Bps(config.start)),
      reports_(Bps(config.min), Bps(config.max), Bps(config.start)),
      target_(std::clamp(config.start, config.min, config.max)) {}

void CongestionController::OnPacketSent(Timestamp now, uint16_t seq, Ssrc ssrc,
                                        size_t size, uint32_t probe_cluster) {
  const auto bytes = static_cast<uint32_t>(std::min<size_t>(size, 65535));
  if (!sent_.Add(now, seq, ssrc, bytes, probe_cluster)) return;
  app_limit_.OnTime(now, Bps(target_));
  app_limit_.OnSent(bytes);
  prober_.Start(now, Bps(target_), Bps(max_));
  if (probe_cluster != 0) prober_.OnPacketSent(now, probe_cluster, bytes);
  if (!by_reports_) guard_.OnPacketSent(now, GuardRtt());
}

void CongestionController::OnTwcc(Timestamp now, const TwccFeedback& feedback) {
  OnResults(now, join_.JoinTwcc(feedback, sent_));
}

void CongestionController::OnReports(Timestamp now,
                                     const std::vector<PacketReport>& reports) {
  OnResults(now, join_.Join(reports, sent_));
}

void CongestionController::OnResults(Timestamp now,
                                     const FeedbackResults& results) {
  unmatched_ += results.unmatched;
  app_limit_.OnTime(now, Bps(target_));
  if (!StarvationGuard::Confirms(results.received, results.unmatched)) {
    // Nothing is learnt from what does not fit, but loss, which lowers only.
    if (results.received > 0) return;
  }
  bool arrived = false;
  backlog_.BeginMessage();
  for (const PacketResult& packet : results.packets) {
    loss_.OnResult(packet);
    prober_.OnResult(packet);
    if (!packet.received) continue;
    arrived = true;
    acked_.OnReceived(packet.arrival, packet.size);
    trend_.OnReceived(packet.sent, packet.arrival);
    backlog_.OnReceived(packet.sent, packet.arrival);
  }
  Confirm(now, results);
  // Old news is no reason to grow.
  if (arrived) UpdateRate(now);
  UpdateProbes(now);
  UpdateTarget(now);
}

// News of packets that arrived proves that feedback flows.
void CongestionController::Confirm(Timestamp now,
                                   const FeedbackResults& results) {
  const PacketResult* newest = nullptr;
  for (const PacketResult& packet : results.packets) {
    if (packet.received) newest = &packet;
  }
  if (newest == nullptr) return;
  confirmed_at_ = now;
  by_reports_ = false;
  if (newest->seq >= newest_confirmed_) {
    newest_confirmed_ = newest->seq;
    if (!rtt_from_reports_) SetRtt(now - newest->sent);
  }
  Timestamp oldest = kNever;
  for (uint64_t seq = std::max(newest_confirmed_ + 1, sent_.first());
       seq < sent_.end() && oldest == kNever; ++seq) {
    if (const SentPacket* packet = sent_.Find(seq)) oldest = packet->sent;
  }
  guard_.OnConfirmation(now, oldest, GuardRtt());
  if (before_starving_bps_) {
    prober_.OnFall(now, *before_starving_bps_);
    before_starving_bps_.reset();
  }
}

void CongestionController::UpdateRate(Timestamp now) {
  const double before = rate_.bps();
  RateControl::Input input;
  input.use = trend_.use();
  input.acked_bps = acked_.bps();
  input.recent_acked_bps = acked_.recent_bps();
  input.app_limited = app_limit_.limited();
  input.rtt = rtt_.value_or(kDefaultRtt);
  if (input.use == LinkUse::kNormal && backlog_.full() && input.acked_bps &&
      Bps(target_) > kOverflow * *input.acked_bps) {
    input.use = LinkUse::kOver;
  }
  if (!guard_.starving()) rate_.Update(now, input);
  const auto bound = loss_.bound_bps();
  loss_bounds_ = bound && *bound <= rate_.bps();
  if (loss_bounds_) {
    rate_.SetRate(now, *bound);
    rate_.capacity().OnOveruse(*bound);
  }
  if (rate_.bps() < Prober::kSharpFall * before) prober_.OnFall(now, before);
}

void CongestionController::UpdateProbes(Timestamp now) {
  Prober::Situation situation;
  situation.target_bps = rate_.bps();
  situation.max_bps = Bps(max_);
  situation.congested = trend_.use() == LinkUse::kOver || loss_bounds_ ||
                        guard_.starving() || by_reports_ ||
                        (rate_.last_overuse() != Timestamp::min() &&
                         now - rate_.last_overuse() < kCalm);
  const auto estimate = prober_.HandleTimeout(now, situation);
  if (!estimate || situation.congested) return;
  if (estimate->bps > rate_.bps()) {
    rate_.RaiseTo(now, estimate->bps, rtt_.value_or(kDefaultRtt));
    if (estimate->filled) rate_.capacity().OnProbe(estimate->bps);
  } else if (estimate->filled && app_limit_.limited()) {
    // What is not used may be gone; what arrives is there.
    rate_.SetRate(
        now, std::max(estimate->bps, acked_.bps().value_or(estimate->bps)));
  }
}

void CongestionController::UpdateTarget(Timestamp now) {
  double bps = rate_.bps() * backlog_.factor();
  if (by_reports_) {
    bps = reports_.bps(now);
  } else if (const auto remb = reports_.remb(now)) {
    bps = std::min(bps, *remb);
  }
  target_ = std::clamp(Rate(bps), min_, max_);
}

bool CongestionController::follows_reports(Timestamp now) const {
  return reports_.heard() &&
         (!confirmed_at_ || now - *confirmed_at_ > kTwccLife);
}

void CongestionController::OnRemb(Timestamp now, DataRate bitrate) {
  reports_.OnRemb(now, Bps(bitrate));
  HandleTimeout(now);
}

void CongestionController::OnReceiverReport(Timestamp now, double loss,
                                            TimeDelta rtt) {
  if (rtt > TimeDelta::zero()) OnRttUpdate(rtt);
  reports_.OnReport(now, std::clamp(loss, 0.0, 1.0),
                    std::clamp(rtt, TimeDelta::zero(), kMaxRtt));
  HandleTimeout(now);
}

void CongestionController::OnRttUpdate(TimeDelta rtt) {
  rtt_from_reports_ = true;
  SetRtt(rtt);
}

void CongestionController::SetRtt(TimeDelta sample) {
  if (sample < TimeDelta::zero() || sample > kMaxRtt) return;
  rtt_ = rtt_ ? (*rtt_ * 7 + sample) / 8 : sample;
}

TimeDelta CongestionController::GuardRtt() const {
  return rtt_.value_or(StarvationGuard::kUnknownRtt);
}

void CongestionController::SetLimits(Timestamp now, DataRate min,
                                     DataRate max) {
  min_ = min;
  max_ = max;
  rate_.SetLimits(Bps(min), Bps(max));
  reports_.SetLimits(Bps(min), Bps(max));
  UpdateTarget(now);
}

Timestamp CongestionController::NextDeadline() const {
  return std::min(
      {guard_.NextDeadline(), prober_.NextDeadline(), reports_.NextDeadline()});
}

void CongestionController::HandleTimeout(Timestamp now) {
  app_limit_.OnTime(now, Bps(target_));
  if (!by_reports_ && follows_reports(now)) {
    by_reports_ = true;
    if (confirmed_at_) reports_.SetRate(rate_.bps());
    guard_.Stop();
  }
  reports_.HandleTimeout(now);
  const double factor = guard_.HandleTimeout(now);
  if (factor < 1) {
    if (!before_starving_bps_) before_starving_bps_ = rate_.bps();
    rate_.SetRate(now, rate_.bps() * factor);
  }
  // So that per-packet feedback, if it comes, goes on from there.
  if (by_reports_) rate_.SetRate(now, reports_.bps(now));
  UpdateProbes(now);
  UpdateTarget(now);
}

DataRate CongestionController::pacing_rate() const {
  if (const auto wanted = probe()) return wanted->rate;
  return Rate(kPacing * Bps(target_));
}

std::optional<Probe> CongestionController::probe() const {
  return by_reports_ ? std::nullopt : prober_.current();
}

CongestionController::Explanation CongestionController::Explain(
    Timestamp now) const {
  Explanation why;
  why.target = target_;
  why.delay_rate = Rate(rate_.bps());
  why.loss_rate = Rate(loss_.bound_bps());
  why.remb = Rate(reports_.remb(now));
  why.acked = Rate(acked_.bps());
  why.capacity = Rate(rate_.capacity().bps());
  why.use = trend_.use();
  why.trend_ms = trend_.trend_ms();
  why.threshold_ms = trend_.threshold_ms();
  why.queue = backlog_.delay();
  why.loss = loss_.loss();
  why.inherent_loss = loss_.inherent_loss();
  why.rtt = rtt_.value_or(TimeDelta::zero());
  why.app_limited = app_limit_.limited();
  if (const auto wanted = probe()) why.probe_cluster = wanted->cluster;
  why.unmatched = unmatched_;

  if (guard_.starving() || (by_reports_ && reports_.starving())) {
    why.limit = RateLimit::kStarvation;
  } else if (why.remb && target_ >= *why.remb) {
    why.limit = RateLimit::kRemb;
  } else if (target_ >= max_) {
    why.limit = RateLimit::kMaximum;
  } else if (target_ <= min_) {
    why.limit = RateLimit::kMinimum;
  } else if (by_reports_) {
    why.limit = RateLimit::kReports;
  } else if (!confirmed_at_) {
    why.limit = RateLimit::kStart;
  } else if (loss_bounds_) {
    why.limit = RateLimit::kLoss;
  } else if (backlog_.drains()) {
    why.limit = RateLimit::kBacklog;
  } else if (why.app_limited && why.use == LinkUse::kNormal) {
    why.limit = RateLimit::kApplication;
  } else {
    why.limit = RateLimit::kDelay;
  }
  return why;
}

}  // namespace rtp
