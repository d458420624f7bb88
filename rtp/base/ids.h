// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace rtp {

// A number that means one thing: two ids with different tags do not mix.
template <typename Tag, typename T>
class StrongId {
 public:
  using ValueType = T;

  constexpr StrongId() = default;
  constexpr explicit StrongId(T value) : value_(value) {}

  constexpr T value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const StrongId& id) {
    return H::combine(std::move(state), id.value_);
  }

 private:
  T value_{};
};

// Synchronisation source of an RTP stream (RFC 3550 s3).
using Ssrc = uint32_t;

// One media endpoint of a participant, process-wide. Zero: none.
using PeerId = StrongId<struct PeerIdTag, uint64_t>;
// One published camera, screen or microphone, process-wide. Zero: none.
using SourceId = StrongId<struct SourceIdTag, uint64_t>;
// One room, process-wide, for as long as it lives. Zero: none.
using ConferenceId = StrongId<struct ConferenceIdTag, uint64_t>;

}  // namespace rtp

template <typename Tag, typename T>
struct std::hash<rtp::StrongId<Tag, T>> {
  size_t operator()(const rtp::StrongId<Tag, T>& id) const noexcept {
    return std::hash<T>()(id.value());
  }
};
