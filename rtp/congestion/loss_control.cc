// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/loss_control.h"

#include <algorithm>

namespace rtp {
namespace {

// Weight of a window against that of the next one.
constexpr double kFading = 0.96;
// Of a packet's being lost; so that one packet proves nothing.
constexpr double kMinVariance = 0.02;
// How much worse, in squared deviations, a greater capacity may explain; and
// no capacity at all, since chance makes one fit in many.
constexpr double kTolerance = 2;
constexpr double kProof = 9;
// Squared deviations that an inherent loss of 1 beyond the free one costs.
constexpr double kPenalty = 60;
constexpr double kMaxInherent = 0.5;
constexpr double kNoLimit = -1;
// Capacities to be tried are what came through in the last windows.
constexpr size_t kCandidates = 8;
// Two windows that lost so much more than was foreseen are another link.
constexpr double kChange = 0.2;
constexpr double kAfterLoss = -0.05;
constexpr double kLift = 0.005;
constexpr double kMaxLift = 0.3;
// Lost by chance, beyond what is always lost.
constexpr double kChanceLoss = 0.02;

}  // namespace

void LossControl::OnResult(const PacketResult& packet) {
  if (packet.was_lost) {  // it was late only: taken back where it can be
    lost_bytes_ -= std::min<uint64_t>(lost_bytes_, packet.size);
    return;
  }
  if (!begin_) begin_ = packet.sent;
  const TimeDelta length = packet.sent - *begin_;
  if (length >= kWindow && packets_ >= kMinPackets) {
    CloseWindow(length);
    begin_ = packet.sent;
    sent_bytes_ = lost_bytes_ = 0;
    packets_ = 0;
  }
  ++packets_;
  sent_bytes_ += packet.size;
  if (!packet.received) lost_bytes_ += packet.size;
}

void LossControl::CloseWindow(TimeDelta length) {
  if (sent_bytes_ == 0) return;
  const double sent = static_cast<double>(sent_bytes_);
  loss_ = static_cast<double>(lost_bytes_) / sent;
  windows_[count_++ % kWindows] = {
      sent * 8 * 1e6 / static_cast<double>(length.count()), 1 - loss_,
      static_cast<double>(packets_)};
  known_ = std::min(known_ + 1, kWindows);
  ForgetIfChanged();
  Explain();
  Lift();
}

void LossControl::ForgetIfChanged() {
  if (known_ <= 2) return;
  for (size_t age = 0; age < 2; ++age) {
    const Window& window = Last(age);
    const double passed = bound_ ? std::min(1.0, *bound_ / window.rate) : 1.0;
    if (window.received > passed * (1 - inherent_) - kChange) return;
  }
  known_ = 2;
}

void LossControl::Lift() {
  if (bound_ && loss_ <= inherent_ + kChanceLoss) {
    lift_ = std::min(lift_ + kLift, kMaxLift);
  } else {
    lift_ = kAfterLoss;
  }
}

LossControl::Fit LossControl::FitTo(double capacity) const {
  // A line through zero: received = passed * through, by least squares.
  double product = 0;
  double square = 0;
  double all = 0;
  double weight = 1;
  for (size_t age = 0; age < known_; ++age, weight *= kFading) {
    const Window& window = Last(age);
    const double passed =
        capacity < 0 ? 1.0 : std::min(1.0, capacity / window.rate);
    const double w = weight * window.packets;
    product += w * passed * window.received;
    square += w * passed * passed;
    all += w * window.received * window.received;
  }
  if (square <= 0) return {};
  const double through = std::clamp(product / square, 1 - kMaxInherent, 1.0);
  const double residue =
      all - 2 * through * product + through * through * square;
  return {1 - through, std::max(residue, 0.0)};
}

void LossControl::Explain() {
  if (known_ < kMinWindows) return;
  double lost = 0;
  double packets = 0;
  double weights = 0;
  double weight = 1;
  for (size_t age = 0; age < known_; ++age, weight *= kFading) {
    lost += Last(age).packets * (1 - Last(age).received);
    packets += Last(age).packets;
    weights += weight;
  }
  const double mean = lost / packets;

  const Fit unlimited = FitTo(kNoLimit);
  struct Candidate {
    double capacity = 0;
    Fit fit;
  };
  std::array<Candidate, kCandidates + 1> candidates;
  size_t count = 0;
  double least = unlimited.residue;
  const auto add = [&](double capacity) {
    if (capacity <= 0) return;
    candidates[count] = {capacity, FitTo(capacity)};
    least = std::min(least, candidates[count++].fit.residue);
  };
  if (bound_) add(*bound_);
  for (size_t age = 0; age < std::min(known_, kCandidates); ++age) {
    add(Last(age).rate * Last(age).received);
  }
  // What a packet varies by: as chance has it, or, as losses come in bursts,
  // as even the best explanation leaves.
  const double variance = std::max(
      {mean * (1 - mean), kMinVariance, least / std::max(weights - 2, 1.0)});
  const double free_loss = kFreeLoss + kFreeLostBps / Last(0).rate;
  const auto badness = [&](const Fit& fit) {
    return fit.residue / variance +
           kPenalty * std::max(0.0, fit.inherent - free_loss);
  };
  double best = badness(unlimited);
  for (size_t i = 0; i < count; ++i) {
    best = std::min(best, badness(candidates[i].fit));
  }
  bound_.reset();
  inherent_ = unlimited.inherent;
  if (badness(unlimited) <= best + kProof) return;
  // The greatest that explains well.
  for (size_t i = 0; i < count; ++i) {
    if (badness(candidates[i].fit) > best + kTolerance) continue;
    if (bound_ && *bound_ >= candidates[i].capacity) continue;
    bound_ = candidates[i].capacity;
    inherent_ = candidates[i].fit.inherent;
  }
}

}  // namespace rtp
