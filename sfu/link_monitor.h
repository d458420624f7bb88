// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "rtp/base/time.h"

namespace sfu {

// Tells whether the server at the other end of a stream still answers. A TCP
// connection to a hung server stays open and takes what is written, so only
// bytes that arrive prove anything: when none came for a while a ping is due
// (XEP-0199 s4.2), and when none follows it either the link is dead.
class LinkMonitor {
 public:
  struct Config {
    rtp::TimeDelta quiet = std::chrono::seconds(10);  // until a ping is sent
    rtp::TimeDelta reply = std::chrono::seconds(10);  // then until it is dead
  };
  enum class Action { kNone, kSendPing, kDead };

  explicit LinkMonitor(const Config& config) : config_(config) {}

  // The link has just come up, or bytes arrived.
  void OnReceived(rtp::Timestamp now) {
    deadline_ = now + config_.quiet;
    pinged_ = false;
  }
  // The link is gone: no deadline until it is up again.
  void OnDown() { deadline_ = rtp::kNever; }

  rtp::Timestamp NextDeadline() const { return deadline_; }

  // What the caller must do now.
  [[nodiscard]] Action HandleTimeout(rtp::Timestamp now) {
    if (now < deadline_) return Action::kNone;
    if (pinged_) {
      OnDown();
      return Action::kDead;
    }
    pinged_ = true;
    deadline_ = now + config_.reply;
    return Action::kSendPing;
  }

 private:
  const Config config_;
  rtp::Timestamp deadline_ = rtp::kNever;
  bool pinged_ = false;
};

}  // namespace sfu
