// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/report_control.h"

#include <algorithm>

namespace rtp {
namespace {

double Seconds(TimeDelta delta) {
  return static_cast<double>(delta.count()) / 1e6;
}

}  // namespace

void ReportControl::SetLimits(double min_bps, double max_bps) {
  min_bps_ = min_bps;
  max_bps_ = max_bps;
  bps_ = std::clamp(bps_, min_bps_, max_bps_);
}

void ReportControl::OnRemb(Timestamp now, double bps) {
  remb_ = std::max(bps, min_bps_);  // never stuck at zero
  remb_at_ = now;
  Grow(now);
}

void ReportControl::OnReport(Timestamp now, double loss, TimeDelta rtt) {
  loss_ = loss;
  if (rtt > TimeDelta::zero()) {
    // The least is forgotten by a hundredth each time: paths change.
    min_rtt_ = min_rtt_ ? std::min(rtt, *min_rtt_ + *min_rtt_ / 100) : rtt;
    queued_ = rtt > *min_rtt_ + kQueue;
  }
  if (loss <= kHighLoss && !queued_) {
    Grow(now);
    return;
  }
  silent_at_ = now + kSilence;
  starving_ = false;
  grown_at_ = now;
  if (lowered_at_ && now - *lowered_at_ < kMinInterval + rtt) return;
  lowered_at_ = now;
  const double factor = loss > kHighLoss ? 1 - loss / 2 : 1.0;
  bps_ = std::max(bps_ * std::min(factor, queued_ ? kDelayDecrease : 1.0),
                  min_bps_);
}

void ReportControl::Grow(Timestamp now) {
  const double seconds =
      grown_at_ ? std::min(Seconds(now - *grown_at_), 1.0) : 0.0;
  grown_at_ = now;
  silent_at_ = now + kSilence;
  starving_ = false;
  if (loss_ >= kLowLoss || queued_) return;
  const auto limit = remb(now);
  const double quick = bps_ * (1 + kFollow * seconds);
  const double slow = bps_ * (1 + kIncrease * seconds);
  if (limit) {
    // REMB is itself an estimate of the path: beyond it there is nothing.
    if (bps_ < *limit) bps_ = std::min(quick, *limit);
  } else {
    bps_ = slow;
  }
  bps_ = std::clamp(bps_, min_bps_, max_bps_);
}

void ReportControl::HandleTimeout(Timestamp now) {
  while (now >= silent_at_) {
    starving_ = true;
    bps_ = std::max(bps_ / 2, min_bps_);
    silent_at_ += kSilence;
  }
}

std::optional<double> ReportControl::remb(Timestamp now) const {
  if (!remb_ || now - remb_at_ > kRembLife) return std::nullopt;
  return remb_;
}

double ReportControl::bps(Timestamp now) const {
  return std::min(bps_, remb(now).value_or(bps_));
}

}  // namespace rtp
