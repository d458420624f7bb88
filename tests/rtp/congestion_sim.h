// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "rtp/congestion/congestion_controller.h"
#include "rtp/congestion/pacer.h"
#include "rtp/twcc_recorder.h"
#include "tests/support/seeded_random.h"

namespace rtp {

// A link with a queue that drops its tail, in virtual time. For tests of
// congestion control; packets of several flows share it.
class SimLink {
 public:
  struct Config {
    int64_t bps = 3'000'000;
    TimeDelta delay = std::chrono::milliseconds(50);   // one way, of the wire
    TimeDelta queue = std::chrono::milliseconds(300);  // its length at `bps`
    double loss = 0;                                   // random, 0..1
    // Whether the next packet is lost too, after one that was; 0: by chance.
    double burst = 0;
    TimeDelta jitter{};    // 0 to this, in order
    bool polices = false;  // drops what exceeds the rate, keeps no queue
    uint32_t seed = 1;
  };
  using Deliver = std::function<void(Timestamp arrival)>;

  explicit SimLink(const Config& config)
      : config_(config), random_(config.seed) {}

  void set_bps(int64_t bps) { config_.bps = bps; }
  void set_loss(double loss) { config_.loss = loss; }
  int64_t bps() const { return config_.bps; }

  void Send(Timestamp now, size_t size, Deliver deliver);
  // Delivers what arrived by `now`.
  void Run(Timestamp now);
  // How long a packet would wait now.
  TimeDelta QueueDelay() const {
    return TimeDelta(queued_bytes_ * 8 * 1'000'000 / config_.bps);
  }

 private:
  struct Packet {
    int64_t size = 0;
    Deliver deliver;
  };
  struct Flying {
    Timestamp arrival;
    Deliver deliver;
  };
  // The same on each machine, unlike the standard's distributions.
  double Chance() { return random_.NextU32() / 4294967296.0; }

  void Fly(Timestamp departed, Deliver deliver);

  bool Loses();

  Config config_;
  bool lost_last_ = false;
  support::SeededRandom random_;
  std::deque<Packet> queue_;
  int64_t queued_bytes_ = 0;
  Timestamp head_done_;  // of the first in the queue
  std::deque<Flying> flying_;
  int64_t tokens_bits_ = 0;  // of the policer
  Timestamp tokens_at_;
};

// A sender of video of the rate it is told, at 30 frames a second, paced, with
// padding for probes; and its receiver. Feedback goes over the wire format.
class SimFlow {
 public:
  struct Config {
    CongestionController::Config control;
    TimeDelta back_delay = std::chrono::milliseconds(50);
    uint16_t first_seq = 1;
    int64_t media_max_bps = INT64_MAX;  // more is not there to be sent
    bool padding = true;
    double feedback_loss = 0;  // 0..1
  };

  SimFlow(const Config& config, SimLink& link);

  // Once each millisecond.
  void Run(Timestamp now);

  CongestionController& control() { return control_; }
  void set_media_max(int64_t bps) { config_.media_max_bps = bps; }
  // Feedback vanishes, or is about other packets.
  void set_feedback(bool flows) { feedback_flows_ = flows; }
  void set_feedback_shift(uint16_t shift) {
    shift_ = shift;
    recorder_ = TwccRecorder();
  }

  struct Totals {
    uint64_t sent_bytes = 0;
    uint64_t received_bytes = 0;
    uint64_t sent_packets = 0;
    uint64_t received_packets = 0;
  };
  const Totals& totals() const { return totals_; }

 private:
  void MakeFrame(Timestamp now);
  void SendPackets(Timestamp now);
  void SendPacket(Timestamp now, size_t size, uint32_t cluster);
  void SendFeedback(Timestamp now);
  void ReceiveFeedback(Timestamp now);

  Config config_;
  SimLink& link_;
  CongestionController control_;
  Pacer pacer_;
  TwccRecorder recorder_;
  uint16_t seq_;
  std::deque<size_t> media_;  // sizes of packets that wait
  size_t media_bytes_ = 0;
  Timestamp next_frame_;
  struct Message {
    Timestamp arrival;
    std::vector<uint8_t> bytes;
  };
  std::deque<Message> back_;
  support::SeededRandom random_{7};
  bool feedback_flows_ = true;
  uint16_t shift_ = 0;
  Totals totals_;
};

// One or more flows over one link, and what is measured of them each 100 ms.
class SimRun {
 public:
  struct Sample {
    double at = 0;  // seconds
    std::vector<int64_t> target;
    std::vector<int64_t> sent;      // bits per second, of this sample
    std::vector<int64_t> received;  // likewise
    double queue_ms = 0;            // the longest
  };

  explicit SimRun(const SimLink::Config& link) : link_(link) {}
  SimFlow& Add(const SimFlow::Config& config = {}) {
    flows_.push_back(std::make_unique<SimFlow>(config, link_));
    last_.emplace_back();
    return *flows_.back();
  }
  SimLink& link() { return link_; }
  void RunUntil(double seconds);

  const std::vector<Sample>& samples() const { return samples_; }
  // Means over [from, to) seconds, bits per second.
  double Sent(double from, double to, size_t flow = 0) const;
  double Received(double from, double to, size_t flow = 0) const;
  double MaxQueueMs(double from, double to) const;
  double MedianQueueMs(double from, double to) const;
  // The first time from `from` on since which the last second's mean received
  // is at least `bps`; nothing if never.
  std::optional<double> Reaches(double from, double bps) const;
  // Of all targets, in order (FNV-1a).
  uint64_t Hash() const;

 private:
  SimLink link_;
  std::vector<std::unique_ptr<SimFlow>> flows_;
  std::vector<SimFlow::Totals> last_;
  std::vector<Sample> samples_;
  int64_t now_ms_ = 0;
  double queue_ms_ = 0;
};

}  // namespace rtp
