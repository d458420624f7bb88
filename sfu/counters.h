// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rtp/srtp_session.h"

namespace sfu {

// Why a datagram or packet was not used. Each is a label of
// carillon_dropped_total.
enum class DropReason : uint8_t {
  kUnclassified,      // not STUN, DTLS, RTP or RTCP (RFC 7983)
  kTooLarge,          // over 1500 bytes
  kUnknownAddress,    // media or DTLS from an address that no peer validated
  kStunRejected,      // STUN that is malformed, unknown or not authenticated
  kBeforeKeys,        // media before DTLS finished
  kSrtpAuth,          // SRTP or SRTCP that does not authenticate
  kSrtpReplay,        // seen before, or older than the window
  kSrtpTooManySsrcs,  // more SSRCs than a peer may have
  kRtpMalformed,
  kRtcpMalformed,
  kUnknownSsrc,  // no content of the peer may send it
  kUnknownPayloadType,
  kPayloadMalformed,
  kRateLimited,  // above the ingress limit of a participant
  kPoolFull,     // packet memory is used up
  kOutboxFull,   // more in one turn than the outbox holds
  kSendFailed,   // the kernel refused it
  kRtxRejected,  // an RTX packet that restores nothing
  kDuplicate,    // media that came before
  kRelayFull,    // no room on the way to another worker
  kCount,
};
std::string_view DropReasonName(DropReason reason);

// Why a packet that SRTP refused is dropped.
DropReason DropReasonOf(rtp::SrtpStatus status);

// A counter with one writing thread and any number of readers.
class Counter {
 public:
  void Add(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count,
                 std::memory_order_relaxed);
  }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The one table of what a worker counts: member, metric name, help text.
#define SFU_WORKER_COUNTERS(X)                                                \
  X(datagrams_received, "datagrams_received", "Datagrams read from sockets")  \
  X(bytes_received, "received_bytes", "Bytes of those datagrams")             \
  X(datagrams_sent, "datagrams_sent", "Datagrams handed to the kernel")       \
  X(bytes_sent, "sent_bytes", "Bytes of those datagrams")                     \
  X(sends, "send_messages", "Messages given to sendmmsg, GSO counted once")   \
  X(rtp_in, "rtp_received", "RTP packets accepted from peers")                \
  X(rtp_out, "rtp_forwarded", "RTP packets sent to subscribers")              \
  X(rtcp_in, "rtcp_received", "RTCP packets accepted from peers")             \
  X(rtcp_out, "rtcp_sent", "RTCP packets sent to peers")                      \
  X(nacks_in, "nacked_packets_received", "Packets that subscribers missed")   \
  X(nacks_out, "nacked_packets_sent", "Packets asked of publishers again")    \
  X(resent, "resent_packets", "Packets sent again on request")                \
  X(not_resent, "not_resent_packets", "Requested packets that were not sent") \
  X(key_frame_requests_in, "key_frame_requests_received",                     \
    "PLI and FIR received from subscribers")                                  \
  X(key_frame_requests_out, "key_frame_requests_sent",                        \
    "PLI and FIR sent to publishers")                                         \
  X(key_frames, "key_frames_received", "Key frames begun by publishers")      \
  X(slot_switches, "slot_switches", "Times a slot took another source")       \
  X(feedback_in, "transport_feedback_received",                               \
    "Transport-wide feedback packets received")                               \
  X(feedback_out, "transport_feedback_sent",                                  \
    "Transport-wide feedback packets sent")                                   \
  X(relays_out, "relayed_sent", "Cells sent to other workers")                \
  X(relays_in, "relayed_received", "Packets taken from other workers")        \
  X(commands, "commands", "Commands taken from the control thread")           \
  X(busy_microseconds, "busy_microseconds", "Time not spent waiting")

// What one worker counts. Written by its thread only.
struct alignas(64) Counters {
#define SFU_DECLARE_COUNTER(member, name, help) Counter member;
  SFU_WORKER_COUNTERS(SFU_DECLARE_COUNTER)
#undef SFU_DECLARE_COUNTER
  std::array<Counter, static_cast<size_t>(DropReason::kCount)> drops;

  void Drop(DropReason reason, uint64_t count = 1) {
    drops[static_cast<size_t>(reason)].Add(count);
  }
};

}  // namespace sfu
