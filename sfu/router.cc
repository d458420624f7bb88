// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/router.h"

#include <algorithm>
#include <utility>

#include "sfu/slot.h"
#include "sfu/uplink.h"

namespace sfu {

Route& Router::AddSource(rtp::SourceId source, Uplink* uplink) {
  std::unique_ptr<Route>& route = routes_[source];
  route = std::make_unique<Route>(source, uplink);
  return *route;
}

void Router::RemoveSource(rtp::SourceId source) {
  const auto it = routes_.find(source);
  if (it == routes_.end()) return;
  const std::unique_ptr<Route> route = std::move(it->second);
  routes_.erase(it);
  for (Slot* slot : route->slots) slot->OnSourceRemoved(source);
}

Route* Router::Find(rtp::SourceId source) {
  const auto it = routes_.find(source);
  return it == routes_.end() ? nullptr : it->second.get();
}

bool Router::Subscribe(rtp::SourceId source, Slot* slot) {
  Route* route = Find(source);
  if (route == nullptr) return false;
  if (std::find(route->slots.begin(), route->slots.end(), slot) ==
      route->slots.end()) {
    route->slots.push_back(slot);
  }
  return true;
}

void Router::Unsubscribe(rtp::SourceId source, Slot* slot) {
  if (Route* route = Find(source)) std::erase(route->slots, slot);
}

bool Router::Forward(rtp::Timestamp now, Route& route,
                     const rtp::PacketRef& packet, Outbox& outbox) {
  if (!route.cache.Insert(packet)) return false;
  // A slot that takes a new source on this packet leaves the route of its old
  // one, never this one: the list does not change under the loop.
  for (Slot* slot : route.slots) slot->Offer(now, *packet, outbox);
  return true;
}

void Router::WantKeyFrame(rtp::Timestamp now, rtp::SourceId source) {
  Route* route = Find(source);
  if (route != nullptr) route->uplink->WantKeyFrame(now);
}

}  // namespace sfu
