// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rtp/base/time.h"
#include "sfu/counters.h"
#include "sfu/room_census.h"
#include "signaling/focus_stats.h"

namespace sfu {

// What a scrape tells: facts about this moment, and the counters. Carries no
// address, JID or room name.
struct MetricsSnapshot {
  struct WorkerFacts {
    const Counters* counters = nullptr;
    size_t peers = 0;
    rtp::TimeDelta cpu{};
  };
  static inline const signaling::FocusStats kNothing;
  std::vector<WorkerFacts> workers;
  RoomCensus census;
  const signaling::FocusStats* focus = &kNothing;
  uint64_t ice_restarts = 0;
  bool draining = false;
  bool component_connected = false;
  uint64_t component_connects = 0;  // times the XMPP link came up
  uint64_t xmpp_disconnects = 0;    // and was lost
  uint64_t stanzas_dropped = 0;     // sent while the link was down
  size_t http_connections = 0;      // open on the public listener
  size_t websocket_proxies = 0;     // of those, XMPP streams
  size_t command_backlog = 0;       // commands that wait for a full ring
  std::string version;
  double start_time = 0;         // seconds since 1970
  rtp::TimeDelta process_cpu{};  // user and system
  uint64_t resident_bytes = 0;
  uint64_t open_descriptors = 0;
};

// Fills the process_… and resident/open fields from the kernel.
void ReadProcessFacts(MetricsSnapshot* snapshot);

// The text exposition format of Prometheus, version 0.0.4.
std::string MetricsText(const MetricsSnapshot& snapshot);

}  // namespace sfu
