// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/congestion/probe_results.h"

#include <algorithm>

namespace rtp {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMinPackets = 3;
// A pacer releases bursts; packets within this are one.
constexpr TimeDelta kBurst = milliseconds(1);
constexpr TimeDelta kMaxInterval = std::chrono::seconds(1);
// Arrivals closer than that were held up and let go together.
constexpr double kMaxKept = 2;

double Bps(uint64_t bytes, TimeDelta time) {
  return static_cast<double>(bytes * 8) * 1e6 /
         static_cast<double>(time.count());
}

}  // namespace

void ProbeResults::Begin(uint32_t cluster) {
  cluster_ = cluster;
  reported_ = received_ = 0;
}

void ProbeResults::OnResult(const PacketResult& packet) {
  if (!packet.was_lost) ++reported_;
  if (!packet.received || received_ == kMaxPackets) return;
  packets_[received_++] = {packet.sent, packet.arrival, packet.size};
}

std::optional<ProbeResults::Estimate> ProbeResults::Evaluate(
    size_t sent_bytes) const {
  if (received_ < kMinPackets) return std::nullopt;
  Timestamp first_sent = Timestamp::max();
  Timestamp last_sent = Timestamp::min();
  Timestamp last_arrival = Timestamp::min();
  uint64_t bytes = 0;
  for (size_t i = 0; i < received_; ++i) {
    first_sent = std::min(first_sent, packets_[i].sent);
    last_sent = std::max(last_sent, packets_[i].sent);
    last_arrival = std::max(last_arrival, packets_[i].arrival);
    bytes += packets_[i].size;
  }
  if (static_cast<double>(bytes) <
      kMinReceived * static_cast<double>(sent_bytes)) {
    return std::nullopt;
  }
  // What was sent before the last burst took until it; what arrived after the
  // first burst took since its end.
  uint64_t first_burst = 0;
  uint64_t last_burst = 0;
  Timestamp first_arrival = Timestamp::min();
  Timestamp first_burst_sent = first_sent;
  for (size_t i = 0; i < received_; ++i) {
    const Packet& packet = packets_[i];
    if (packet.sent - first_sent < kBurst) {
      first_burst += packet.size;
      first_burst_sent = std::max(first_burst_sent, packet.sent);
      first_arrival = std::max(first_arrival, packet.arrival);
    }
    if (last_sent - packet.sent < kBurst) last_burst += packet.size;
  }
  const TimeDelta send_time = last_sent - first_sent;
  const TimeDelta receive_time = last_arrival - first_arrival;
  if (send_time <= TimeDelta::zero() || send_time > kMaxInterval ||
      receive_time <= TimeDelta::zero() || receive_time > kMaxInterval) {
    return std::nullopt;
  }
  // How far the link drew the packets apart. By times and by bytes, since where
  // first and last are of different sizes each is wrong in its own direction.
  const double kept =
      static_cast<double>((last_sent - first_burst_sent).count()) /
      static_cast<double>(receive_time.count());
  if (kept > kMaxKept) return std::nullopt;
  const double sent_bps = Bps(bytes - last_burst, send_time);
  const double received_bps = Bps(bytes - first_burst, receive_time);
  if (kept < kFilled && received_bps < kFilled * sent_bps) {
    return Estimate{kUseOfFilled * received_bps, true};
  }
  return Estimate{sent_bps * std::clamp(kept, kFilled, 1.0), false};
}

}  // namespace rtp
