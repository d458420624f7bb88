// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/scenario.h"

#include <chrono>

namespace bot {

using std::chrono::milliseconds;

size_t Scenario::bots() const {
  size_t count = 0;
  for (const Group& group : groups) count += group.rooms * group.bots;
  return count;
}

std::string RoomName(const Group& group, size_t room) {
  std::string name = group.room_name;
  const size_t at = name.find("%d");
  if (at != std::string::npos) name.replace(at, 2, std::to_string(room));
  return name;
}

Scenario DefaultScenario() {
  Scenario scenario;
  scenario.groups.emplace_back();
  return scenario;
}

const std::map<std::string, Impairment>& KnownImpairments() {
  static const std::map<std::string, Impairment> kKnown = [] {
    std::map<std::string, Impairment> known;
    known["none"] = {};
    // F1 and F2 of the fault catalogue: a round trip of 100 ms, of which each
    // direction has half.
    for (const auto& [name, loss] :
         {std::pair("loss-1", 0.01), {"loss-5", 0.05}, {"loss-10", 0.1}}) {
      known[name].loss = loss;
      known[name].delay = milliseconds(50);
    }
    known["bursty-30"].bursts = Impairment::Bursts(0.3, 1 / 0.35);
    known["bursty-30"].delay = milliseconds(50);
    known["outage"].outage = true;             // F3
    Impairment& jitter = known["jitter-100"];  // F4
    jitter.delay = milliseconds(100);
    jitter.jitter = milliseconds(100);
    jitter.jitter_kind = Impairment::Jitter::kPareto;
    jitter.duplicate = 0.02;
    jitter.reorder = {0.05, 50, milliseconds(500)};
    known["corrupt-5"].corrupt = 0.05;  // F5
    for (const auto& [name, rate] :
         {std::pair("rate-3000", 3'000'000u), {"rate-500", 500'000u}}) {
      known[name].rate_bps = rate;  // F6, F7
      known[name].queue_time = milliseconds(300);
      known[name].delay = milliseconds(25);
    }
    Impairment& mobile = known["mobile"];
    mobile.rate_bps = 2'000'000;
    mobile.queue_time = milliseconds(500);
    mobile.delay = milliseconds(40);
    mobile.jitter = milliseconds(15);
    mobile.bursts = Impairment::Bursts(0.01, 4);
    Impairment& far = known["international"];
    far.delay = milliseconds(125);
    far.jitter = milliseconds(50);
    far.bursts = Impairment::Bursts(0.1, 3);
    far.reorder = {0.05, 5, milliseconds(100)};
    return known;
  }();
  return kKnown;
}

}  // namespace bot
