// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "signaling/stanza.h"

namespace signaling {

// The IQs of ours that await an answer. An answer counts only from the very
// JID that was asked, at the JID that asked (reliability.md T28); ids have 128
// random bits. `Cookie` is what the asker needs to go on.
template <typename Cookie>
class IqTracker {
 public:
  static constexpr rtp::TimeDelta kTimeout = std::chrono::seconds(30);

  explicit IqTracker(rtp::RandomSource& random) : random_(random) {}

  // The id to send the request under.
  std::string Track(rtp::Timestamp now, const Jid& from, const Jid& to,
                    Cookie cookie, rtp::TimeDelta timeout = kTimeout) {
    std::string id = random_.NextString(26, rtp::kReadableChars);
    pending_.emplace(id, Pending{from, to, now + timeout, std::move(cookie)});
    return id;
  }

  // What a result or error answers; nothing if it answers nothing of ours.
  std::optional<Cookie> Take(const Iq& answer) {
    const auto it = pending_.find(answer.id);
    if (it == pending_.end() || it->second.to != answer.from ||
        it->second.from != answer.to) {
      return std::nullopt;
    }
    Cookie cookie = std::move(it->second.cookie);
    pending_.erase(it);
    return cookie;
  }

  rtp::Timestamp NextDeadline() const {
    rtp::Timestamp deadline = rtp::kNever;
    for (const auto& [id, pending] : pending_) {
      deadline = std::min(deadline, pending.deadline);
    }
    return deadline;
  }

  // The requests that nobody answered in time.
  std::vector<Cookie> HandleTimeout(rtp::Timestamp now) {
    std::vector<Cookie> expired;
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (it->second.deadline > now) {
        ++it;
        continue;
      }
      expired.push_back(std::move(it->second.cookie));
      it = pending_.erase(it);
    }
    return expired;
  }

  // Forgets all: while the link was down nobody could answer.
  void Clear() { pending_.clear(); }
  size_t size() const { return pending_.size(); }

 private:
  struct Pending {
    Jid from;
    Jid to;
    rtp::Timestamp deadline;
    Cookie cookie;
  };
  rtp::RandomSource& random_;
  std::unordered_map<std::string, Pending> pending_;
};

}  // namespace signaling
