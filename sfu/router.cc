// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/router.h"

#include <algorithm>
#include <utility>

#include "sfu/slot.h"
#include "sfu/uplink.h"

namespace sfu {
namespace {

// A picture of more packets is not sent anew: the publisher makes another.
constexpr uint64_t kMaxReplay = 128;
// Who was sent the last key frame so recently has no need of another.
constexpr rtp::TimeDelta kReplayIsFresh = std::chrono::milliseconds(500);

}  // namespace

std::optional<uint32_t> Route::RtpTimestampAt(rtp::Timestamp now) const {
  if (clock.at == rtp::Timestamp::min()) return std::nullopt;
  const int64_t elapsed = (now - clock.at).count();
  const int64_t ticks = elapsed * static_cast<int64_t>(clock.rate) / 1'000'000;
  return clock.rtp_timestamp + static_cast<uint32_t>(ticks);
}

Route::Relay* Route::FindRelay(size_t worker) {
  const auto it = std::find_if(
      relays.begin(), relays.end(),
      [worker](const Relay& relay) { return relay.worker == worker; });
  return it == relays.end() ? nullptr : &*it;
}

Route& Router::AddSource(rtp::SourceId source, Uplink* uplink) {
  std::unique_ptr<Route>& route = routes_[source];
  route = std::make_unique<Route>(source, uplink);
  return *route;
}

void Router::AddRemoteSource(rtp::SourceId source, rtp::MediaKind kind,
                             size_t home) {
  std::unique_ptr<Route>& route = routes_[source];
  if (route != nullptr) return;
  route = std::make_unique<Route>(source, nullptr);
  route->kind = kind;
  route->home = home;
}

void Router::RemoveSource(rtp::SourceId source) {
  const auto it = routes_.find(source);
  if (it == routes_.end()) return;
  const std::unique_ptr<Route> route = std::move(it->second);
  routes_.erase(it);
  for (Slot* slot : route->slots) slot->OnSourceRemoved(source);
  if (route->subscribed) {
    Relay(route->home, RelayCell::Kind::kUnsubscribe, source);
  }
}

Route* Router::Find(rtp::SourceId source) {
  const auto it = routes_.find(source);
  return it == routes_.end() ? nullptr : it->second.get();
}

bool Router::Subscribe(rtp::Timestamp now, rtp::SourceId source, Slot* slot) {
  Route* route = Find(source);
  if (route == nullptr) return false;
  if (std::find(route->slots.begin(), route->slots.end(), slot) ==
      route->slots.end()) {
    route->slots.push_back(slot);
  }
  if (!route->is_home() && !route->subscribed) {
    route->subscribed = true;
    Relay(route->home, RelayCell::Kind::kSubscribe, source);
    next_refresh_ = std::min(next_refresh_, now + kRefresh);
  }
  return true;
}

void Router::Unsubscribe(rtp::SourceId source, Slot* slot) {
  Route* route = Find(source);
  if (route == nullptr) return;
  std::erase(route->slots, slot);
  if (route->subscribed && route->slots.empty()) {
    route->subscribed = false;
    route->wanting = false;
    // What comes when it is wanted again does not continue what came.
    route->cache = rtp::PacketCache();
    Relay(route->home, RelayCell::Kind::kUnsubscribe, source);
  }
}

bool Router::Forward(rtp::Timestamp now, Route& route,
                     const rtp::PacketRef& packet, Outbox& outbox) {
  if (!route.cache.Insert(packet)) return false;
  if (next_refresh_ == rtp::kNever) next_refresh_ = now + kRefresh;
  // A slot that takes a new source on this packet leaves the route of its old
  // one, never this one: the list does not change under the loop.
  for (Slot* slot : route.slots) slot->Offer(now, *packet, outbox);
  for (const Route::Relay& relay : route.relays) {
    RelayPacket(relay.worker, *packet);
  }
  return true;
}

void Router::WantKeyFrame(rtp::Timestamp now, rtp::SourceId source) {
  Route* route = Find(source);
  if (route == nullptr) return;
  if (route->is_home()) {
    route->uplink->WantKeyFrame(now);
  } else if (route->kind == rtp::MediaKind::kVideo) {
    route->wanting = true;
    Relay(route->home, RelayCell::Kind::kWantKeyFrame, source);
  }
}

template <typename Fill>
void Router::Relay(size_t to, RelayCell::Kind kind, rtp::SourceId source,
                   Fill&& fill) {
  if (relays_ == nullptr) return;
  RelayCell* cell = relays_->TryCell(to);
  if (cell == nullptr) return counters_.Drop(DropReason::kRelayFull);
  cell->kind = kind;
  cell->source = source;
  fill(*cell);
  relays_->Relay(to);
  counters_.relays_out.Add();
}

void Router::Relay(size_t to, RelayCell::Kind kind, rtp::SourceId source) {
  Relay(to, kind, source, [](RelayCell&) {});
}

void Router::RelayPacket(size_t to, const rtp::Packet& packet) {
  Relay(to, RelayCell::Kind::kPacket, packet.source,
        [&packet](RelayCell& cell) { cell.packet = packet; });
}

void Router::RelayClock(size_t to, const Route& route) {
  Relay(to, RelayCell::Kind::kClock, route.source,
        [&route](RelayCell& cell) { cell.clock = route.clock; });
}

void Router::OnClock(Route& route, const RelayCell::Clock& clock) {
  route.clock = clock;
  for (const Route::Relay& relay : route.relays) {
    RelayClock(relay.worker, route);
  }
}

void Router::RelayLevel(rtp::SourceId source, uint8_t level,
                        std::span<const size_t> workers) {
  for (const size_t worker : workers) {
    Relay(worker, RelayCell::Kind::kLevel, source,
          [level](RelayCell& cell) { cell.level = level; });
  }
}

void Router::HandleRelay(rtp::Timestamp now, size_t from, const RelayCell& cell,
                         rtp::PacketPool& pool, Outbox& outbox) {
  if (cell.kind == RelayCell::Kind::kPacket) {
    return HandlePacket(now, from, cell, pool, outbox);
  }
  Route* route = Find(cell.source);
  if (route == nullptr) return;
  switch (cell.kind) {
    case RelayCell::Kind::kClock:
      if (!route->is_home()) route->clock = cell.clock;
      return;
    case RelayCell::Kind::kSubscribe:
      if (route->is_home()) HandleSubscribe(now, from, *route);
      return;
    case RelayCell::Kind::kUnsubscribe:
      std::erase_if(route->relays, [from](const Route::Relay& relay) {
        return relay.worker == from;
      });
      return;
    case RelayCell::Kind::kWantKeyFrame:
      if (route->is_home()) HandleWant(now, from, *route);
      return;
    case RelayCell::Kind::kPacket:
    case RelayCell::Kind::kLevel:
      return;
  }
}

void Router::HandleWant(rtp::Timestamp now, size_t from, Route& route) {
  const Route::Relay* relay = route.FindRelay(from);
  const bool fresh = relay != nullptr &&
                     relay->replayed != rtp::Timestamp::min() &&
                     now - relay->replayed < kReplayIsFresh;
  if (!fresh) route.uplink->WantKeyFrame(now);
}

void Router::HandleSubscribe(rtp::Timestamp now, size_t from, Route& route) {
  if (Route::Relay* known = route.FindRelay(from)) {
    known->refreshed = now;
    return;
  }
  route.relays.push_back({from, now});
  next_refresh_ = std::min(next_refresh_, now + kRefresh);
  if (route.clock.at != rtp::Timestamp::min()) RelayClock(from, route);
  const auto start = route.cache.KeyFrameStart(now);
  if (!start || route.cache.newest() - *start >= kMaxReplay) {
    route.uplink->WantKeyFrame(now);
    return;
  }
  for (uint64_t seq = *start; seq <= route.cache.newest(); ++seq) {
    if (const auto packet = route.cache.Find(now, seq)) {
      RelayPacket(from, *packet);
    }
  }
  route.relays.back().replayed = now;
}

void Router::HandlePacket(rtp::Timestamp now, size_t from,
                          const RelayCell& cell, rtp::PacketPool& pool,
                          Outbox& outbox) {
  Route* route = Find(cell.source);
  if (route == nullptr || route->is_home() || !route->subscribed) {
    // Sent before it was told that nobody is here any more, or it was not.
    Relay(from, RelayCell::Kind::kUnsubscribe, cell.source);
    return;
  }
  counters_.relays_in.Add();
  rtp::PacketRef packet = pool.Allocate();
  if (!packet) return counters_.Drop(DropReason::kPoolFull);
  packet.Mutable() = cell.packet;
  if (packet->key_frame) route->wanting = false;
  Forward(now, *route, packet, outbox);
}

void Router::HandleTimeout(rtp::Timestamp now) {
  if (now < next_refresh_) return;
  next_refresh_ = rtp::kNever;
  for (const auto& [source, route] : routes_) {
    std::erase_if(route->relays, [now](const Route::Relay& relay) {
      return now - relay.refreshed > kLapse;
    });
    if (route->subscribed) {
      Relay(route->home, RelayCell::Kind::kSubscribe, source);
      if (route->wanting) {
        Relay(route->home, RelayCell::Kind::kWantKeyFrame, source);
      }
    }
    if (route->cache.Expire(now) || route->subscribed ||
        !route->relays.empty()) {
      next_refresh_ = now + kRefresh;
    }
  }
}

}  // namespace sfu
