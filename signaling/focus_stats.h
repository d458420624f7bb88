// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rtp/base/histogram.h"
#include "signaling/room_policy.h"

namespace signaling {

// Counts words of a closed list. What is not in it, which a stranger may have
// written, counts as the last word, so that nobody can make up new ones.
template <size_t kWords>
class WordCounts {
 public:
  explicit constexpr WordCounts(
      const std::array<std::string_view, kWords>& words)
      : words_(words) {}

  void Add(std::string_view word) {
    size_t i = 0;
    while (i + 1 < kWords && words_[i] != word) ++i;
    ++counts_[i];
  }

  static constexpr size_t size() { return kWords; }
  std::string_view word(size_t index) const { return words_[index]; }
  uint64_t count(size_t index) const { return counts_[index]; }

 private:
  const std::array<std::string_view, kWords>& words_;
  std::array<uint64_t, kWords> counts_{};
};

// XEP-0166 s7.4.
inline constexpr std::array<std::string_view, 18> kJingleReasons = {
    "alternative-session",
    "busy",
    "cancel",
    "connectivity-error",
    "decline",
    "expired",
    "failed-application",
    "failed-transport",
    "general-error",
    "gone",
    "incompatible-parameters",
    "media-error",
    "security-error",
    "success",
    "timeout",
    "unsupported-applications",
    "unsupported-transports",
    "other"};

// RFC 6120 s8.3.3, as far as a conference meets them, and XEP-0166 s10.
inline constexpr std::array<std::string_view, 15> kErrorConditions = {
    "bad-request",
    "feature-not-implemented",
    "forbidden",
    "gone",
    "item-not-found",
    "not-acceptable",
    "not-authorized",
    "recipient-unavailable",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "unexpected-request",
    "unknown-session",
    "other"};

inline constexpr std::array<std::string_view, 5> kPeerFailures = {
    "connect_timeout", "fingerprint_mismatch", "dtls_failed", "consent_lost",
    "closed_by_peer"};  // as in PeerFailure

// What a focus counted since its start.
struct FocusStats {
  uint64_t conferences_created = 0;
  uint64_t conferences_completed = 0;
  rtp::Histogram conference_seconds;  // of those completed
  rtp::Histogram conference_sizes;    // and most participants at once
  uint64_t participants_joined = 0;   // a new session of the same one: no
  uint64_t sessions_accepted = 0;
  uint64_t sessions_resumed = 0;
  rtp::Histogram join_milliseconds;  // from session-initiate to connected
  WordCounts<kPeerFailures.size()> failures{kPeerFailures};
  WordCounts<kRefusalWords.size()> refusals{kRefusalWords};  // of calls
  WordCounts<kJingleReasons.size()> ended_by_us{kJingleReasons};
  WordCounts<kJingleReasons.size()> ended_by_client{kJingleReasons};
  WordCounts<kErrorConditions.size()> errors_sent{kErrorConditions};
  WordCounts<kErrorConditions.size()> errors_received{kErrorConditions};
  uint64_t requests_received = 0;   // IQs of type get and set
  uint64_t requests_timed_out = 0;  // of ours, that nobody answered
  uint64_t rate_limited = 0;        // stanzas beyond a sender's limit
  uint64_t malformed = 0;           // stanzas that the guard kept back
  uint64_t dominant_speaker_changes = 0;
};

}  // namespace signaling
