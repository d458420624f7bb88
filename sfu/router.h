// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/packet_cache.h"
#include "rtp/packet_pool.h"
#include "sfu/counters.h"
#include "sfu/outbox.h"
#include "sfu/relay.h"

namespace sfu {

class Slot;
class Uplink;

// A source on this worker: where its packets come from, where they go, and
// the recent ones. Its publisher is here, or on another worker, its home, that
// relays it as long as a slot here wants it. Slots and the uplink register
// themselves; the route owns neither.
struct Route {
  // A worker that wants the packets too.
  struct Relay {
    size_t worker = 0;
    rtp::Timestamp refreshed;                         // said so last
    rtp::Timestamp replayed = rtp::Timestamp::min();  // got a key frame so
  };

  Route(rtp::SourceId id, Uplink* from) : source(id), uplink(from) {}

  bool is_home() const { return uplink != nullptr; }
  // Null if `worker` does not want the packets.
  Relay* FindRelay(size_t worker);

  // Which RTP timestamp of the source belongs to `now`, by its last sender
  // report; nothing before one came.
  std::optional<uint32_t> RtpTimestampAt(rtp::Timestamp now) const;

  rtp::SourceId source;
  Uplink* uplink;   // null if the publisher is on another worker
  size_t home = 0;  // then: that worker,
  rtp::MediaKind kind = rtp::MediaKind::kVideo;  // what it is,
  bool subscribed = false;  // whether it was told that we want packets,
  bool wanting = false;     // and a key frame, which has not come
  RelayCell::Clock clock;
  rtp::PacketCache cache;
  std::vector<Slot*> slots;  // forwarding it, or waiting for its key frame
  std::vector<Relay> relays;
};

// SourceId -> Route, and the one function that forwards. Thread-compatible
// (one worker).
class Router {
 public:
  // How often a wish for packets is said again, and when it lapses unsaid.
  static constexpr rtp::TimeDelta kRefresh = std::chrono::milliseconds(250);
  static constexpr rtp::TimeDelta kLapse = std::chrono::seconds(2);

  explicit Router(Counters& counters) : counters_(counters) {}
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Where other workers are; null: nowhere. Must outlive the router.
  void set_relays(RelaySink* relays) { relays_ = relays; }

  Route& AddSource(rtp::SourceId source, Uplink* uplink);
  // A source whose publisher is on worker `home`.
  void AddRemoteSource(rtp::SourceId source, rtp::MediaKind kind, size_t home);
  // Tells the route's slots that their source is gone.
  void RemoveSource(rtp::SourceId source);
  // Null if the source is not known on this worker.
  Route* Find(rtp::SourceId source);

  // Registers a slot with a source. False if the source is gone.
  [[nodiscard]] bool Subscribe(rtp::Timestamp now, rtp::SourceId source,
                               Slot* slot);
  void Unsubscribe(rtp::SourceId source, Slot* slot);

  // Keeps `packet` for retransmission and offers it to every slot and every
  // other worker of the route. Returns false, offering nothing, for a
  // duplicate.
  bool Forward(rtp::Timestamp now, Route& route, const rtp::PacketRef& packet,
               Outbox& outbox);

  // Asks the publisher of `source` for a key frame; limited by its uplink.
  void WantKeyFrame(rtp::Timestamp now, rtp::SourceId source);

  // A sender report of a source whose publisher is here.
  void OnClock(Route& route, const RelayCell::Clock& clock);
  // Its audio level, for the stages of `workers`.
  void RelayLevel(rtp::SourceId source, uint8_t level,
                  std::span<const size_t> workers);

  // All but kLevel, which is the stage's.
  void HandleRelay(rtp::Timestamp now, size_t from, const RelayCell& cell,
                   rtp::PacketPool& pool, Outbox& outbox);

  // Refreshes what was asked of other workers, forgets what lapsed and packets
  // that are too old.
  rtp::Timestamp NextDeadline() const { return next_refresh_; }
  void HandleTimeout(rtp::Timestamp now);

 private:
  template <typename Fill>
  void Relay(size_t to, RelayCell::Kind kind, rtp::SourceId source,
             Fill&& fill);
  void Relay(size_t to, RelayCell::Kind kind, rtp::SourceId source);
  void RelayPacket(size_t to, const rtp::Packet& packet);
  void RelayClock(size_t to, const Route& route);
  void HandleSubscribe(rtp::Timestamp now, size_t from, Route& route);
  static void HandleWant(rtp::Timestamp now, size_t from, Route& route);
  void HandlePacket(rtp::Timestamp now, size_t from, const RelayCell& cell,
                    rtp::PacketPool& pool, Outbox& outbox);

  Counters& counters_;
  RelaySink* relays_ = nullptr;
  std::unordered_map<rtp::SourceId, std::unique_ptr<Route>> routes_;
  rtp::Timestamp next_refresh_ = rtp::kNever;
};

}  // namespace sfu
