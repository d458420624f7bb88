// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "rtp/base/time.h"
#include "tools/bot/bot.h"

namespace bot {

// What some bots saw, for people and for tests. Times are told in milliseconds
// since `begin`.
class Report {
 public:
  explicit Report(rtp::Timestamp begin);
  ~Report();

  void AddBot(const Bot& bot);
  // One that joined a room that was going on: how long after ICE was connected
  // it had its first picture.
  void AddLateJoiner(const Bot& bot);
  // From now on bot number `bot` speaks.
  void AddSpeaker(rtp::Timestamp now, size_t bot);

  std::string ToText() const;
  std::string ToJson() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace bot
