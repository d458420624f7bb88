// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_feedback.h"

namespace rtp {

// Transport-wide feedback: when each packet of a transport arrived, by its
// transport-wide sequence number
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 s3.1).

inline constexpr TimeDelta kTwccReferenceUnit = std::chrono::milliseconds(64);
inline constexpr TimeDelta kTwccDeltaUnit = std::chrono::microseconds(250);
// More statuses in one message could not be told apart after unwrapping.
inline constexpr size_t kMaxTwccStatuses = 32768;

// One packet that arrived, as a feedback message reports it. Packets between
// two that are reported did not arrive.
struct TwccArrival {
  // Position in the message: its sequence number is base_seq + index.
  uint16_t index = 0;
  uint16_t seq = 0;
  // Since the message's reference time; may step back where packets were
  // reordered. A multiple of kTwccDeltaUnit.
  TimeDelta offset{};
  // Since the arrival reported before; since the reference time for the first.
  TimeDelta delta{};
};

// A feedback message that was found whole and sane, read in place. Packets
// base_seq to base_seq + status_count - 1 are reported, the arrived ones by
// Next(), the others by their absence; so reading costs no more than the
// packet has bytes, whatever counts it claims.
class TwccFeedback {
 public:
  // Nothing unless it is transport-wide feedback with 1 to kMaxTwccStatuses
  // statuses, chunks for all of them, a delta for each arrival, and none of
  // the reserved symbols. Bytes after that are ignored.
  static std::optional<TwccFeedback> Parse(const Feedback& feedback);

  Ssrc sender() const { return sender_; }
  Ssrc media() const { return media_; }
  uint16_t base_seq() const { return base_seq_; }
  uint16_t status_count() const { return status_count_; }
  // 24 bits, in kTwccReferenceUnit on a clock of the receiver's; wraps.
  uint32_t reference_time() const { return reference_time_; }
  // Counts the feedback messages; a jump shows that one was lost.
  uint8_t feedback_count() const { return feedback_count_; }

  // The next packet that arrived, in order of sequence; nothing at the end.
  std::optional<TwccArrival> Next();

 private:
  TwccFeedback() = default;
  // Loads the next chunk. False when all statuses were read.
  bool NextChunk();

  Ssrc sender_ = 0;
  Ssrc media_ = 0;
  uint16_t base_seq_ = 0;
  uint16_t status_count_ = 0;
  uint32_t reference_time_ = 0;
  uint8_t feedback_count_ = 0;

  std::span<const uint8_t> chunks_;  // not yet loaded
  std::span<const uint8_t> deltas_;  // not yet read
  uint32_t index_ = 0;               // of the next status
  TimeDelta offset_{};
  // The loaded chunk: `left_` statuses, either all of `run_symbol_` or
  // symbols of `bits_` bits each, the next one at the top of `symbols_`.
  uint16_t left_ = 0;
  bool is_run_ = false;
  uint8_t run_symbol_ = 0;
  uint8_t bits_ = 0;
  uint16_t symbols_ = 0;
};

// One packet that arrived, as a receiver knows it.
struct PacketArrival {
  uint64_t seq = 0;  // unwrapped transport-wide sequence number
  Timestamp arrival;
};

// Writes one feedback message that reports the packets from `base_seq` on.
// `arrivals` ascend by seq, none below `base_seq`; gaps are losses. Chunks are
// chosen to be few: runs where symbols repeat, else one bit per packet, else
// two.
//
// Returns how many of `arrivals`, from the front, the message reports. Fewer
// than all if space, the status count or a time step beyond ±8.19 s ended it:
// the rest goes into another message, whose base_seq is one after the last
// reported. 0 writes nothing: there were no arrivals, or not even the first
// fits.
size_t WriteTwcc(Ssrc sender, Ssrc media, uint8_t feedback_count,
                 uint64_t base_seq, std::span<const PacketArrival> arrivals,
                 RtcpWriter& out);

}  // namespace rtp
