// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "signaling/stanza.h"
#include "tools/bot/bot.h"

namespace bot {

// One Jingle session of a bot: the call, or one by which it is called.
struct Bot::Session : public Participant::Transports {
  std::string sid;
  signaling::Jid peer;
  std::string owner;  // whose media it carries, where one only
  bool accepted = false;
  // What fills a slot from now on.
  void OnSource(rtp::Timestamp now, const std::string& content,
                const std::string& source_owner);
};

}  // namespace bot
