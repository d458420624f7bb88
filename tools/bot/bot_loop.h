// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ice/certificate.h"
#include "rtp/base/time.h"
#include "sfu/system_random.h"
#include "tools/bot/bot.h"
#include "tools/bot/media_samples.h"

namespace bot {

// The shell of many bots in one thread: their sockets, clock and chance.
class BotLoop {
 public:
  struct Config {
    std::string host;  // IPv4 of the XMPP server
    uint16_t port = 0;
  };

  BotLoop(Config config, std::shared_ptr<const MediaSamples> samples);
  ~BotLoop();
  BotLoop(const BotLoop&) = delete;
  BotLoop& operator=(const BotLoop&) = delete;

  // Connects one more bot and lets it join. Null, with `error`, if there is no
  // connection. The bot lives as long as the loop, or until Remove().
  Bot* Join(Bot::Config config, std::string* error);
  void Remove(Bot* bot);

  // Serves all bots until `done(now)`, asked after every turn, or `deadline`.
  // Returns whether it was done. After Stop() it writes what waits, and does not
  // wait itself.
  bool RunUntil(rtp::Timestamp deadline,
                const std::function<bool(rtp::Timestamp)>& done);
  // Whether all that bots had to say to their XMPP server was written.
  bool Flushed() const;
  // From a signal handler: no RunUntil() goes on.
  static void Stop();

  static rtp::Timestamp Now();

 private:
  struct Member;

  void Serve(Member& member, short tcp_events, short udp_events);

  const Config config_;
  const std::shared_ptr<const MediaSamples> samples_;
  sfu::SystemRandom random_;
  std::unique_ptr<ice::Certificate> certificate_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace bot
