// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "rtp/base/time.h"
#include "tools/bot/bot.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/sdp_client.h"
#include "tools/bot/xmpp_connection.h"

namespace bot {

// The shell of many bots: one thread, one event loop, their sockets, clock and
// chance.
class BotLoop {
 public:
  // Throws boost::system::system_error if the server's TLS cannot be set up.
  BotLoop(const XmppServer& server,
          std::shared_ptr<const MediaSamples> samples);
  // Stops the thread; the bots go without a goodbye.
  ~BotLoop();
  BotLoop(const BotLoop&) = delete;
  BotLoop& operator=(const BotLoop&) = delete;

  // From any thread: does it on the loop's, in order.
  void Post(std::function<void()> task);
  // The same, and waits for it. Not from the loop's thread.
  void Call(const std::function<void()>& task);

  // The rest: on the loop's thread only.

  // A new bot, which begins to join.
  Bot* Add(Bot::Config config);
  // One whose signalling is the caller's; begins.
  SdpClient* AddSdp(SdpClient::Config config);
  void Remove(const Participant* bot);
  void RemoveLater(const Participant* bot, rtp::TimeDelta after);
  // Something was done to the bot that may have changed its deadline.
  void Touch(const Participant* bot);
  // What comes to its sockets stays in the kernel until then.
  void StopReading(const Participant* bot, rtp::Timestamp until);
  // Whether all that bots had to say to their XMPP server was written.
  bool Flushed() const;

  static rtp::Timestamp Now();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bot
