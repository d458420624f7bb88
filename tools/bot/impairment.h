// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <absl/functional/function_ref.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "ice/socket_address.h"
#include "rtp/base/time.h"
#include "tools/bot/seeded_random.h"

namespace bot {

// What a link does to datagrams. The default does nothing. All shares are 0
// to 1. In this order: outage, loss, corruption, duplication, the queue of
// the rate, delay with jitter, reordering.
struct Impairment {
  enum class Jitter : uint8_t {
    kUniform,
    kNormal,  // sum of twelve uniform ones: never beyond six deviations
    kPareto,  // shape 3: 0.7 deviations early at most, 12 late at most
  };
  // Loss in bursts: two states, that may change before each datagram.
  struct GilbertElliott {
    double to_bad = 0;  // chance of good -> bad; 0: off
    double to_good = 1;
    double loss_good = 0;
    double loss_bad = 1;
    bool operator==(const GilbertElliott&) const = default;
  };
  struct Reorder {
    double share = 0;
    // A chosen datagram comes after 1 to so many later ones (drawn evenly),
    // but at most `wait` later. 0: always `wait` later.
    uint32_t packets = 3;
    rtp::TimeDelta wait = std::chrono::milliseconds(100);
    bool operator==(const Reorder&) const = default;
  };

  bool outage = false;  // nothing gets in; what is on its way arrives
  double loss = 0;      // of each datagram alone
  GilbertElliott bursts;
  double corrupt = 0;  // one random bit is turned
  double duplicate = 0;
  uint64_t rate_bps = 0;  // of the bytes of datagrams, no headers; 0: no limit
  // Drop-tail: what would make the queue longer than either is lost, unless
  // the queue is empty; 0: not limited so.
  size_t queue_bytes = 0;
  rtp::TimeDelta queue_time{};
  rtp::TimeDelta delay{};   // mean
  rtp::TimeDelta jitter{};  // standard deviation; no delay goes below zero
  Jitter jitter_kind = Jitter::kNormal;
  // Jitter does not reorder: the delay moves gradually, from one draw to the
  // next some 4 deviations later, as queues do. False: each datagram's is
  // drawn alone, and those closer to one another than the jitter change places.
  bool keep_order = true;
  Reorder reorder;

  bool operator==(const Impairment&) const = default;
  // Whether it does nothing.
  bool IsClean() const { return *this == Impairment(); }

  // Bursts of loss with this share (0 to below 1) and this mean length in
  // datagrams (1 or more), all lost in the bad state, none in the good one.
  static GilbertElliott Bursts(double mean_loss, double mean_length);
};

// A link in one direction that damages datagrams as told, sans-IO. The same
// seed and the same calls give the same result in every build: integers only.
class ImpairedLink {
 public:
  // Between whom; handed back as it was handed in.
  struct Route {
    ice::SocketAddress from;
    ice::SocketAddress to;
  };
  using Deliver = absl::FunctionRef<void(const Route& route,
                                         std::span<const uint8_t> datagram)>;
  struct Counters {
    uint64_t pushed = 0;
    uint64_t delivered = 0;  // with duplicates
    uint64_t lost = 0;       // by loss, bursts and outage
    uint64_t queue_drops = 0;
    uint64_t duplicated = 0;
    uint64_t corrupted = 0;
    uint64_t reordered = 0;        // delivered after a later one
    uint64_t queued = 0;           // that went through the queue of the rate
    rtp::TimeDelta queue_delay{};  // sum of their waits, sending included
    rtp::TimeDelta max_queue_delay{};
  };

  explicit ImpairedLink(uint64_t seed) : random_(seed) {}

  // From now on. What is queued stays and goes on at the new rate; what has
  // left the queue arrives when it was to arrive.
  void Set(rtp::Timestamp now, const Impairment& impairment);
  const Impairment& impairment() const { return impairment_; }

  // Hands in a datagram. What is due is delivered during the call: with a
  // clean link and nothing on its way the datagram itself, uncopied.
  void Push(rtp::Timestamp now, const Route& route,
            std::span<const uint8_t> datagram, Deliver deliver);
  // kNever while nothing is on its way.
  rtp::Timestamp NextDeadline() const;
  // Delivers what is due. `deliver` must not call this link.
  void PopDue(rtp::Timestamp now, Deliver deliver);

  const Counters& counters() const { return counters_; }
  // Datagrams and bytes that wait for the rate.
  size_t queued_packets() const { return queue_.size(); }
  size_t queued_bytes() const { return queued_bytes_; }
  // Whether something is on its way.
  bool empty() const {
    return queue_.empty() && flight_.empty() && held_.empty();
  }

 private:
  struct Datagram {
    uint64_t number = 0;  // by order of pushing; a duplicate's is the same
    Route route;
    std::vector<uint8_t> bytes;
    rtp::Timestamp queued;
  };
  struct Flying {
    rtp::Timestamp due;
    uint64_t order = 0;  // among those due at the same time
    uint32_t hold = 0;   // comes after so many others
    rtp::TimeDelta wait{};
    Datagram datagram;
  };
  struct Held {
    rtp::Timestamp due;
    uint32_t hold = 0;
    Datagram datagram;
  };

  static bool Later(const Flying& a, const Flying& b) {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }
  bool IsLost();
  void Accept(rtp::Timestamp now, uint64_t number, const Route& route,
              std::span<const uint8_t> datagram, bool corrupt);
  void Transmit(rtp::Timestamp now);
  void BeginHead(rtp::Timestamp at);
  void Fly(rtp::Timestamp at, Datagram datagram);
  rtp::TimeDelta DrawDelay(rtp::Timestamp at);
  int64_t DrawDeviation();
  int64_t GradualDeviation(rtp::Timestamp at);
  void Hand(Datagram& datagram, Deliver deliver);
  void CountDown(Deliver deliver);
  void ReleaseHeld(rtp::Timestamp until, Deliver deliver);
  bool IsFull(size_t size) const;

  Impairment impairment_;
  bool clean_ = true;
  bool bad_ = false;  // of the two states
  SeededRandom random_;
  Counters counters_;
  uint64_t next_order_ = 0;
  uint64_t newest_delivered_ = 0;
  rtp::Timestamp last_due_ = rtp::Timestamp::min();
  // Of gradual jitter: from one deviation to the next.
  rtp::Timestamp wave_begin_;
  rtp::Timestamp wave_end_;
  int64_t wave_from_ = 0;
  int64_t wave_to_ = 0;

  std::deque<Datagram> queue_;
  size_t queued_bytes_ = 0;
  rtp::Timestamp head_done_;    // when the first of the queue has been sent
  uint64_t head_fraction_ = 0;  // microseconds, in units of 1 / rate_bps
  std::vector<Flying> flight_;  // a heap
  std::vector<Held> held_;      // by order
  std::vector<std::vector<uint8_t>> spare_;  // buffers to be used again
};

}  // namespace bot
