// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/packet_cache.h"
#include "rtp/packet_pool.h"
#include "sfu/outbox.h"

namespace sfu {

class Slot;
class Uplink;

// A source on this worker: where its packets come from, where they go, and
// the recent ones. Slots and the uplink register themselves; the route owns
// neither.
struct Route {
  Route(rtp::SourceId id, Uplink* from) : source(id), uplink(from) {}

  rtp::SourceId source;
  Uplink* uplink;
  rtp::PacketCache cache;
  std::vector<Slot*> slots;  // forwarding it, or waiting for its key frame
};

// SourceId -> Route, and the one function that forwards. Thread-compatible
// (one worker).
class Router {
 public:
  Router() = default;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  Route& AddSource(rtp::SourceId source, Uplink* uplink);
  // Tells the route's slots that their source is gone.
  void RemoveSource(rtp::SourceId source);
  // Null if the source is not on this worker.
  Route* Find(rtp::SourceId source);

  // Registers a slot with a source. False if the source is gone.
  [[nodiscard]] bool Subscribe(rtp::SourceId source, Slot* slot);
  void Unsubscribe(rtp::SourceId source, Slot* slot);

  // Keeps `packet` for retransmission and offers it to every slot of the
  // route. Returns false, offering nothing, for a duplicate.
  bool Forward(rtp::Timestamp now, Route& route, const rtp::PacketRef& packet,
               Outbox& outbox);

  // Asks the publisher of `source` for a key frame; limited by its uplink.
  void WantKeyFrame(rtp::Timestamp now, rtp::SourceId source);

 private:
  std::unordered_map<rtp::SourceId, std::unique_ptr<Route>> routes_;
};

}  // namespace sfu
