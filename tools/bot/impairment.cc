// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/impairment.h"

#include <algorithm>
#include <utility>

namespace bot {
namespace {

using rtp::TimeDelta;
using rtp::Timestamp;

constexpr size_t kSpareBuffers = 64;

// The largest number whose cube is not above `value`.
uint64_t CubeRoot(uint64_t value) {
  uint64_t root = 0;
  for (int shift = 63; shift >= 0; shift -= 3) {
    root *= 2;
    const uint64_t step = 3 * root * (root + 1) + 1;
    if ((value >> shift) >= step) {
      value -= step << shift;
      ++root;
    }
  }
  return root;
}

// Deviations from the mean, in units of a standard deviation's 2^-15.

int64_t DrawUniform(SeededRandom& random) {
  // Even from -1 to 1, times the square root of 3: a deviation of one.
  const auto even = static_cast<int64_t>(random.Next() >> 47) - 65536;
  return even * 56756 / 65536;
}

int64_t DrawNormal(SeededRandom& random) {
  // Twelve even numbers, each of variance 1/12.
  int64_t sum = 0;
  for (int i = 0; i < 3; ++i) {
    uint64_t word = random.Next();
    for (int j = 0; j < 4; ++j, word >>= 16) {
      sum += static_cast<int64_t>(word & 0xffff);
    }
  }
  return (sum - 6 * 65535) / 2;
}

int64_t DrawPareto(SeededRandom& random) {
  // 1 / cube root of an even number in (0, 1): at least 1, 1.5 on average.
  // Of the tail the last thousandth is cut off.
  const uint64_t number = 64 + random.Below(65536 - 64);
  const auto pareto =
      static_cast<int64_t>(CubeRoot((uint64_t{1} << 62) / (2 * number + 1)));
  // Mean and deviation of these numbers, found by adding them up.
  constexpr int64_t kMean = 48715;
  constexpr int64_t kDeviation = 23049;
  return (pareto - kMean) * 32768 / kDeviation;
}

}  // namespace

Impairment::GilbertElliott Impairment::Bursts(double mean_loss,
                                              double mean_length) {
  GilbertElliott out;
  if (mean_loss <= 0) return out;
  out.to_good = 1 / std::max(mean_length, 1.0);
  // The share of time in the bad state is to_bad / (to_bad + to_good).
  out.to_bad = std::min(1.0, out.to_good * mean_loss / (1 - mean_loss));
  return out;
}

void ImpairedLink::Set(Timestamp now, const Impairment& impairment) {
  Transmit(now);
  const uint64_t old_rate = impairment_.rate_bps;
  const uint64_t new_rate = impairment.rate_bps;
  if (impairment_.jitter != impairment.jitter) {
    wave_end_ = std::min(wave_end_, now);
  }
  impairment_ = impairment;
  clean_ = impairment_.IsClean();
  if (impairment_.bursts.to_bad <= 0) bad_ = false;
  if (queue_.empty() || old_rate == new_rate) return;
  head_fraction_ = 0;
  // What is left of the first one goes on at the new rate.
  const auto left = static_cast<uint64_t>((head_done_ - now).count());
  const uint64_t bits = left * old_rate / 1'000'000;
  head_done_ = now;
  if (new_rate == 0) {
    Transmit(now);
  } else {
    head_done_ += TimeDelta(static_cast<int64_t>(bits * 1'000'000 / new_rate));
  }
}

bool ImpairedLink::IsLost() {
  if (impairment_.outage) return true;
  bool lost = false;
  const Impairment::GilbertElliott& bursts = impairment_.bursts;
  if (bursts.to_bad > 0) {
    if (random_.Chance(bad_ ? bursts.to_good : bursts.to_bad)) bad_ = !bad_;
    lost = random_.Chance(bad_ ? bursts.loss_bad : bursts.loss_good);
  }
  if (impairment_.loss > 0 && random_.Chance(impairment_.loss)) lost = true;
  return lost;
}

void ImpairedLink::Push(Timestamp now, const Route& route,
                        std::span<const uint8_t> datagram, Deliver deliver) {
  const uint64_t number = ++counters_.pushed;
  if (clean_ && empty()) {
    newest_delivered_ = number;
    ++counters_.delivered;
    deliver(route, datagram);
    return;
  }
  if (!clean_ && IsLost()) {
    ++counters_.lost;
  } else {
    const bool corrupt =
        impairment_.corrupt > 0 && random_.Chance(impairment_.corrupt);
    const bool twice =
        impairment_.duplicate > 0 && random_.Chance(impairment_.duplicate);
    Accept(now, number, route, datagram, corrupt);
    if (twice) {
      ++counters_.duplicated;
      Accept(now, number, route, datagram, corrupt);
    }
  }
  PopDue(now, deliver);
}

bool ImpairedLink::IsFull(size_t size) const {
  if (queue_.empty()) return false;
  const size_t bytes = queued_bytes_ + size;
  if (impairment_.queue_bytes > 0 && bytes > impairment_.queue_bytes) {
    return true;
  }
  if (impairment_.queue_time <= TimeDelta::zero()) return false;
  const auto limit = static_cast<uint64_t>(impairment_.queue_time.count());
  return uint64_t{bytes} * 8 * 1'000'000 / impairment_.rate_bps > limit;
}

void ImpairedLink::Accept(Timestamp now, uint64_t number, const Route& route,
                          std::span<const uint8_t> datagram, bool corrupt) {
  Transmit(now);
  const bool limited = impairment_.rate_bps > 0;
  if (limited && IsFull(datagram.size())) {
    ++counters_.queue_drops;
    return;
  }
  Datagram copy{number, route, {}, now};
  if (!spare_.empty()) {
    copy.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  copy.bytes.assign(datagram.begin(), datagram.end());
  if (corrupt && !copy.bytes.empty()) {
    ++counters_.corrupted;
    const uint64_t bit = random_.Below(copy.bytes.size() * 8);
    copy.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  if (!limited) {
    Fly(now, std::move(copy));
    return;
  }
  ++counters_.queued;
  queued_bytes_ += copy.bytes.size();
  queue_.push_back(std::move(copy));
  if (queue_.size() == 1) {
    if (head_done_ < now) head_fraction_ = 0;
    BeginHead(std::max(now, head_done_));
  }
}

void ImpairedLink::BeginHead(Timestamp at) {
  const uint64_t rate = impairment_.rate_bps;
  const uint64_t work =
      uint64_t{queue_.front().bytes.size()} * 8 * 1'000'000 + head_fraction_;
  head_done_ = at + TimeDelta(static_cast<int64_t>(work / rate));
  // Kept, so that the rate is exact over many.
  head_fraction_ = work % rate;
}

void ImpairedLink::Transmit(Timestamp now) {
  while (!queue_.empty() && head_done_ <= now) {
    Datagram sent = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= sent.bytes.size();
    const TimeDelta wait = head_done_ - sent.queued;
    counters_.queue_delay += wait;
    counters_.max_queue_delay = std::max(counters_.max_queue_delay, wait);
    Fly(head_done_, std::move(sent));
    if (!queue_.empty() && impairment_.rate_bps > 0) BeginHead(head_done_);
  }
}

int64_t ImpairedLink::DrawDeviation() {
  switch (impairment_.jitter_kind) {
    case Impairment::Jitter::kUniform:
      return DrawUniform(random_);
    case Impairment::Jitter::kNormal:
      return DrawNormal(random_);
    case Impairment::Jitter::kPareto:
      return DrawPareto(random_);
  }
  return 0;
}

// Between draws the deviation is a straight line, which has two thirds of
// their variance: they are made larger by the square root of 3/2. They are
// three to five deviations apart, so that the line hardly ever falls as fast
// as time goes on, and at random, so that no sender keeps step with them.
int64_t ImpairedLink::GradualDeviation(Timestamp at) {
  const TimeDelta jitter = impairment_.jitter;
  auto draw = [this] { return DrawDeviation() * 80265 / 65536; };
  const auto pick = [this](TimeDelta range) {
    const auto us = static_cast<uint64_t>(range.count());
    return TimeDelta(static_cast<int64_t>(random_.Below(us + 1)));
  };
  // After a long silence somewhere on a line.
  if (at >= wave_end_ + 10 * jitter) wave_end_ = at - pick(10 * jitter);
  while (at >= wave_end_) {
    wave_begin_ = wave_end_;
    wave_from_ = wave_to_;
    wave_to_ = draw();
    wave_end_ += 3 * jitter + pick(2 * jitter);
  }
  const int64_t passed = (at - wave_begin_).count();
  const int64_t length = (wave_end_ - wave_begin_).count();
  return wave_from_ + (wave_to_ - wave_from_) * passed / length;
}

TimeDelta ImpairedLink::DrawDelay(Timestamp at) {
  if (impairment_.jitter <= TimeDelta::zero()) return impairment_.delay;
  const int64_t deviation =
      impairment_.keep_order ? GradualDeviation(at) : DrawDeviation();
  const TimeDelta delay =
      impairment_.delay +
      TimeDelta(impairment_.jitter.count() * deviation / 32768);
  return std::max(delay, TimeDelta::zero());
}

void ImpairedLink::Fly(Timestamp at, Datagram datagram) {
  Flying flying;
  flying.due = at + DrawDelay(at);
  flying.order = ++next_order_;
  const Impairment::Reorder& reorder = impairment_.reorder;
  const bool late = reorder.share > 0 && random_.Chance(reorder.share);
  if (impairment_.keep_order) flying.due = std::max(flying.due, last_due_);
  if (late && reorder.packets > 0) {
    flying.hold = 1 + static_cast<uint32_t>(random_.Below(reorder.packets));
    flying.wait = reorder.wait;
  }
  // Who is late on purpose does not hold up the others.
  if (late && reorder.packets == 0) {
    flying.due += reorder.wait;
  } else {
    last_due_ = std::max(last_due_, flying.due);
  }
  flying.datagram = std::move(datagram);
  flight_.push_back(std::move(flying));
  std::push_heap(flight_.begin(), flight_.end(), Later);
}

Timestamp ImpairedLink::NextDeadline() const {
  Timestamp next = rtp::kNever;
  if (!queue_.empty()) next = head_done_;
  if (!flight_.empty()) next = std::min(next, flight_.front().due);
  for (const Held& held : held_) next = std::min(next, held.due);
  return next;
}

void ImpairedLink::Hand(Datagram& datagram, Deliver deliver) {
  ++counters_.delivered;
  if (datagram.number < newest_delivered_) ++counters_.reordered;
  newest_delivered_ = std::max(newest_delivered_, datagram.number);
  deliver(datagram.route, datagram.bytes);
  if (spare_.size() < kSpareBuffers)
    spare_.push_back(std::move(datagram.bytes));
}

void ImpairedLink::CountDown(Deliver deliver) {
  for (size_t i = 0; i < held_.size();) {
    if (--held_[i].hold > 0) {
      ++i;
      continue;
    }
    Datagram datagram = std::move(held_[i].datagram);
    held_.erase(held_.begin() + static_cast<ptrdiff_t>(i));
    Hand(datagram, deliver);
  }
}

void ImpairedLink::ReleaseHeld(Timestamp until, Deliver deliver) {
  for (size_t i = 0; i < held_.size();) {
    if (held_[i].due > until) {
      ++i;
      continue;
    }
    Datagram datagram = std::move(held_[i].datagram);
    held_.erase(held_.begin() + static_cast<ptrdiff_t>(i));
    Hand(datagram, deliver);
  }
}

void ImpairedLink::PopDue(Timestamp now, Deliver deliver) {
  Transmit(now);
  while (!flight_.empty() && flight_.front().due <= now) {
    std::pop_heap(flight_.begin(), flight_.end(), Later);
    Flying flying = std::move(flight_.back());
    flight_.pop_back();
    ReleaseHeld(flying.due, deliver);
    if (flying.hold > 0) {
      held_.push_back(
          {flying.due + flying.wait, flying.hold, std::move(flying.datagram)});
      continue;
    }
    Hand(flying.datagram, deliver);
    if (!held_.empty()) CountDown(deliver);
  }
  ReleaseHeld(now, deliver);
}

}  // namespace bot
