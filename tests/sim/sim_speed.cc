// SPDX-License-Identifier: GPL-3.0-or-later
// How fast a simulated conference goes, and what it comes to: two builds say
// the same of the same seed. sim_speed [SEED [PARTICIPANTS [SECONDS]]]
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/sim/world.h"

int main(int argc, char** argv) {
  const auto number = [&](int index, unsigned long otherwise) {
    return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
  };
  const auto seed = static_cast<uint32_t>(number(1, 1));
  const unsigned long participants = number(2, 12);
  const std::chrono::seconds length(number(3, 600));
  const auto begin = std::chrono::steady_clock::now();
  sim::World world({.seed = seed});
  for (unsigned long i = 0; i < participants; ++i) {
    bot::Bot::Config config = world.NextConfig();
    config.video_slots = participants > 1 ? participants - 1 : 1;
    config.base.media.decrypt_one_in = 16;
    config.base.down.delay = std::chrono::milliseconds(20);
    config.base.down.loss = 0.01;
    world.AddBot(std::move(config));
    world.RunFor(std::chrono::milliseconds(100));
  }
  // Everybody speaks in turn.
  const std::chrono::seconds turn(5);
  for (unsigned long i = 0; turn * i < length; ++i) {
    world.bots()[i % participants]->SetAudioLevel(20);
    world.RunFor(turn);
    world.bots()[i % participants]->SetAudioLevel(127);
  }
  if (!world.AllJoined()) {
    std::printf("not all are there\n");
    return 1;
  }
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
          .count();
  const double simulated =
      std::chrono::duration<double>(world.now().time_since_epoch()).count() -
      1000;
  std::printf(
      "seed %u, %lu participants, %.0f s simulated in %.1f s: %.1f times real "
      "time; %llu datagrams; digest %016llx\n",
      seed, participants, simulated, took, simulated / took,
      static_cast<unsigned long long>(world.datagrams()),
      static_cast<unsigned long long>(world.digest()));
  return 0;
}
