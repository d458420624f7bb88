// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/rtp/congestion_sim.h"

#include <algorithm>
#include <utility>

namespace rtp {
namespace {

using std::chrono::milliseconds;

constexpr TimeDelta kFrame = TimeDelta(33'333);
constexpr size_t kPacketSize = 1200;
constexpr double kSample = 0.1;
// A policer's bucket.
constexpr int64_t kBurstBits = 20 * 8 * 1200;

}  // namespace

bool SimLink::Loses() {
  double chance = config_.loss;
  if (config_.burst > 0) {
    // So rare that with the bursts it comes to `loss` of all.
    chance = lost_last_
                 ? config_.burst
                 : config_.loss * (1 - config_.burst) / (1 - config_.loss);
  }
  return lost_last_ = Chance() < chance;
}

void SimLink::Send(Timestamp now, size_t size, Deliver deliver) {
  if (Loses()) return;
  if (config_.polices) {
    const int64_t us = (now - tokens_at_).count();
    tokens_at_ = now;
    tokens_bits_ =
        std::min(tokens_bits_ + config_.bps * us / 1'000'000, kBurstBits);
    if (tokens_bits_ < static_cast<int64_t>(size) * 8) return;
    tokens_bits_ -= static_cast<int64_t>(size) * 8;
    Fly(now, std::move(deliver));
    return;
  }
  const int64_t bytes = static_cast<int64_t>(size);
  const int64_t most = config_.bps / 8 * config_.queue.count() / 1'000'000;
  if (queued_bytes_ + bytes > std::max<int64_t>(most, 3000)) return;
  if (queue_.empty()) {
    head_done_ = now + TimeDelta(bytes * 8 * 1'000'000 / config_.bps);
  }
  queued_bytes_ += bytes;
  queue_.push_back({bytes, std::move(deliver)});
}

void SimLink::Fly(Timestamp departed, Deliver deliver) {
  Timestamp arrival = departed + config_.delay;
  if (config_.jitter.count() > 0) {
    arrival += TimeDelta(static_cast<int64_t>(
        Chance() * static_cast<double>(config_.jitter.count())));
  }
  if (!flying_.empty()) arrival = std::max(arrival, flying_.back().arrival);
  flying_.push_back({arrival, std::move(deliver)});
}

void SimLink::Run(Timestamp now) {
  while (!queue_.empty() && head_done_ <= now) {
    Fly(head_done_, std::move(queue_.front().deliver));
    queued_bytes_ -= queue_.front().size;
    queue_.pop_front();
    if (!queue_.empty()) {
      head_done_ +=
          TimeDelta(queue_.front().size * 8 * 1'000'000 / config_.bps);
    }
  }
  while (!flying_.empty() && flying_.front().arrival <= now) {
    const Flying packet = std::move(flying_.front());
    flying_.pop_front();
    packet.deliver(packet.arrival);
  }
}

SimFlow::SimFlow(const Config& config, SimLink& link)
    : config_(config),
      link_(link),
      control_(config.control),
      seq_(config.first_seq) {}

void SimFlow::Run(Timestamp now) {
  ReceiveFeedback(now);
  if (now >= control_.NextDeadline()) control_.HandleTimeout(now);
  if (next_frame_ == Timestamp()) next_frame_ = now;
  if (now >= next_frame_) MakeFrame(now);
  SendPackets(now);
  if (now >= recorder_.NextDeadline()) SendFeedback(now);
}

void SimFlow::MakeFrame(Timestamp now) {
  next_frame_ = now + kFrame;
  const int64_t bps = std::min(control_.target().bps(), config_.media_max_bps);
  // What waits already is not made again, as an encoder would see to.
  if (media_bytes_ > static_cast<size_t>(bps / 8 / 5)) return;
  size_t left = static_cast<size_t>(bps / 8 / 30);
  while (left > 0) {
    const size_t size = std::min(left, kPacketSize);
    media_.push_back(std::max<size_t>(size, 60));
    media_bytes_ += media_.back();
    left -= size;
  }
}

void SimFlow::SendPackets(Timestamp now) {
  while (true) {
    pacer_.SetRate(now, control_.pacing_rate());
    const auto probe = control_.probe();
    if (!pacer_.MaySend(now)) return;
    if (!media_.empty()) {
      const size_t size = media_.front();
      media_.pop_front();
      media_bytes_ -= size;
      SendPacket(now, size, probe ? probe->cluster : 0);
    } else if (probe && config_.padding) {
      SendPacket(now, std::clamp<size_t>(probe->bytes_left, 200, kPacketSize),
                 probe->cluster);
    } else {
      return;
    }
  }
}

void SimFlow::SendPacket(Timestamp now, size_t size, uint32_t cluster) {
  const uint16_t seq = seq_++;
  pacer_.OnPacketSent(now, size);
  control_.OnPacketSent(now, seq, 1, size, cluster);
  totals_.sent_bytes += size;
  ++totals_.sent_packets;
  link_.Send(now, size, [this, seq, size](Timestamp arrival) {
    totals_.received_bytes += size;
    ++totals_.received_packets;
    recorder_.OnPacket(arrival, static_cast<uint16_t>(seq + shift_), 1, false);
  });
}

void SimFlow::SendFeedback(Timestamp now) {
  while (true) {
    std::array<uint8_t, 1200> buffer;
    RtcpWriter writer(buffer);
    if (!recorder_.WriteFeedback(now, 2, writer)) return;
    if (!feedback_flows_) continue;
    if (random_.NextU32() / 4294967296.0 < config_.feedback_loss) continue;
    const auto bytes = writer.written();
    back_.push_back({now + config_.back_delay, {bytes.begin(), bytes.end()}});
  }
}

void SimFlow::ReceiveFeedback(Timestamp now) {
  while (!back_.empty() && back_.front().arrival <= now) {
    RtcpReader reader(back_.front().bytes);
    while (const auto packet = reader.Next()) {
      const auto feedback = ParseFeedback(*packet);
      if (!feedback) continue;
      if (const auto twcc = TwccFeedback::Parse(*feedback)) {
        control_.OnTwcc(now, *twcc);
      }
    }
    back_.pop_front();
  }
}

void SimRun::RunUntil(double seconds) {
  while (static_cast<double>(now_ms_) < seconds * 1000) {
    ++now_ms_;
    const Timestamp now(milliseconds(1000 + now_ms_));
    link_.Run(now);
    for (const auto& flow : flows_) flow->Run(now);
    queue_ms_ = std::max(
        queue_ms_, static_cast<double>(link_.QueueDelay().count()) / 1000);
    if (now_ms_ % 100 != 0) continue;
    Sample sample;
    sample.at = static_cast<double>(now_ms_) / 1000;
    sample.queue_ms = std::exchange(queue_ms_, 0);
    for (size_t i = 0; i < flows_.size(); ++i) {
      const SimFlow::Totals& totals = flows_[i]->totals();
      sample.target.push_back(flows_[i]->control().target().bps());
      sample.sent.push_back(
          static_cast<int64_t>(totals.sent_bytes - last_[i].sent_bytes) * 80);
      sample.received.push_back(static_cast<int64_t>(
          (totals.received_bytes - last_[i].received_bytes) * 80));
      last_[i] = totals;
    }
    samples_.push_back(std::move(sample));
  }
}

namespace {

template <typename Value>
double Mean(const std::vector<SimRun::Sample>& samples, double from, double to,
            Value value) {
  double sum = 0;
  double count = 0;
  for (const SimRun::Sample& sample : samples) {
    if (sample.at <= from + kSample / 2 || sample.at > to + kSample / 2) {
      continue;
    }
    sum += static_cast<double>(value(sample));
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace

double SimRun::Sent(double from, double to, size_t flow) const {
  return Mean(samples_, from, to,
              [flow](const Sample& sample) { return sample.sent[flow]; });
}

double SimRun::Received(double from, double to, size_t flow) const {
  return Mean(samples_, from, to,
              [flow](const Sample& sample) { return sample.received[flow]; });
}

double SimRun::MaxQueueMs(double from, double to) const {
  double most = 0;
  for (const Sample& sample : samples_) {
    if (sample.at > from + kSample / 2 && sample.at <= to + kSample / 2) {
      most = std::max(most, sample.queue_ms);
    }
  }
  return most;
}

double SimRun::MedianQueueMs(double from, double to) const {
  std::vector<double> delays;
  for (const Sample& sample : samples_) {
    if (sample.at > from && sample.at <= to) delays.push_back(sample.queue_ms);
  }
  if (delays.empty()) return 0;
  std::sort(delays.begin(), delays.end());
  return delays[delays.size() / 2];
}

std::optional<double> SimRun::Reaches(double from, double bps) const {
  for (const Sample& sample : samples_) {
    if (sample.at < from + 1) continue;
    if (Received(sample.at - 1, sample.at) >= bps) return sample.at;
  }
  return std::nullopt;
}

uint64_t SimRun::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;
  for (const Sample& sample : samples_) {
    for (const int64_t target : sample.target) {
      hash = (hash ^ static_cast<uint64_t>(target)) * 0x100000001b3;
    }
  }
  return hash;
}

}  // namespace rtp
