// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/probes.h"

#include <algorithm>

namespace rtp {
namespace {

// Of a probe that the sender does not fill.
constexpr TimeDelta kSendWait = std::chrono::seconds(1);
// Nearer to the greatest rate nothing is left to be found.
constexpr double kNearMax = 0.95;
constexpr double kPacketBytes = 1200;

}  // namespace

void Prober::Plan(double bps, double max_bps) {
  planned_.push_back({std::min(bps, max_bps), bps >= max_bps});
}

void Prober::Start(Timestamp now, double start_bps, double max_bps) {
  if (started_) return;
  started_ = true;
  Postpone(now);
  if (start_bps >= max_bps) return;
  Plan(kFirst * start_bps, max_bps);
  if (kFirst * start_bps < max_bps) Plan(kSecond * start_bps, max_bps);
  BeginNext(now);
}

void Prober::Postpone(Timestamp now) { next_ = now + kInterval; }

void Prober::BeginNext(Timestamp now) {
  if (active_ || planned_.empty()) return;
  const Planned planned = planned_.front();
  planned_.pop_front();
  Active active;
  active.cluster = ++last_cluster_;
  active.bps = planned.bps;
  active.last = planned.last;
  active.wanted_bytes = static_cast<size_t>(
      planned.bps / 8 * static_cast<double>(kDuration.count()) / 1e6);
  active.until = now + kSendWait;
  active_ = active;
  results_.Begin(active.cluster);
  Postpone(now);
}

std::optional<Probe> Prober::current() const {
  if (!active_ || active_->sent) return std::nullopt;
  // Where few packets are left to be sent, these are to be of full size.
  const size_t by_packets =
      active_->packets < kMinPackets
          ? (kMinPackets - active_->packets) * static_cast<size_t>(kPacketBytes)
          : 0;
  const size_t by_bytes = active_->bytes < active_->wanted_bytes
                              ? active_->wanted_bytes - active_->bytes
                              : 0;
  return Probe{active_->cluster,
               DataRate::BitsPerSecond(static_cast<int64_t>(active_->bps)),
               std::max({by_packets, by_bytes, size_t{1}})};
}

void Prober::OnPacketSent(Timestamp now, uint32_t cluster, uint32_t size) {
  if (!active_ || active_->sent || cluster != active_->cluster) return;
  active_->bytes += size;
  ++active_->packets;
  active_->sent = (active_->packets >= kMinPackets &&
                   active_->bytes >= active_->wanted_bytes) ||
                  active_->packets >= ProbeResults::kMaxPackets;
  if (active_->sent) active_->until = now + kResultWait;
}

void Prober::OnResult(const PacketResult& packet) {
  if (active_ && packet.probe_cluster == active_->cluster) {
    results_.OnResult(packet);
  }
}

void Prober::OnFall(Timestamp now, double before_bps) {
  recover_bps_ = std::max(kRecover * before_bps,
                          recover_at_ == kNever ? 0.0 : recover_bps_);
  recover_at_ = now + kRecoverAfter;
}

std::optional<ProbeResults::Estimate> Prober::HandleTimeout(
    Timestamp now, const Situation& situation) {
  if (!started_) return std::nullopt;
  const auto estimate = EndProbe(now, situation);
  if (situation.congested) {
    planned_.clear();
    Postpone(now);
    if (recover_at_ != kNever) recover_at_ = now + kRecoverAfter;
  }
  if (active_) return estimate;
  if (now >= recover_at_) {
    recover_at_ = kNever;
    PlanIfMore(std::min(recover_bps_, kMaxRecover * situation.target_bps),
               situation);
  }
  if (now >= next_) {
    Postpone(now);
    PlanIfMore(kStep * situation.target_bps, situation);
  }
  BeginNext(now);
  return estimate;
}

std::optional<ProbeResults::Estimate> Prober::EndProbe(
    Timestamp now, const Situation& situation) {
  if (!active_) return std::nullopt;
  const bool reported =
      active_->sent && results_.reported() >= active_->packets;
  if (!reported && now < active_->until) return std::nullopt;
  const Active probe = *active_;
  active_.reset();
  if (!probe.sent) return std::nullopt;
  const auto estimate = results_.Evaluate(probe.bytes);
  if (!estimate || estimate->bps <= kFurther * probe.bps) {
    planned_.clear();
  } else if (planned_.empty() && !probe.last) {
    Plan(kStep * estimate->bps, situation.max_bps);
  }
  return estimate;
}

void Prober::PlanIfMore(double bps, const Situation& situation) {
  if (!planned_.empty() || bps <= situation.target_bps ||
      situation.target_bps >= kNearMax * situation.max_bps) {
    return;
  }
  Plan(bps, situation.max_bps);
}

Timestamp Prober::NextDeadline() const {
  return active_ ? active_->until : std::min(next_, recover_at_);
}

}  // namespace rtp
