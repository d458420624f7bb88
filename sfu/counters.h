// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rtp/base/histogram.h"
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

// A number as it is now, with one writing thread and any number of readers.
class Gauge {
 public:
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The tables of what a worker tells, with docs/metrics.md for the operator:
// member, metric name, help text.
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

#define SFU_WORKER_GAUGES(X)                                              \
  X(pool_in_use, "pool_packets", "Packets in memory: caches and queues")  \
  X(pool_limit, "pool_packets_limit", "Packets that memory is meant for") \
  X(event_backlog, "event_backlog", "Events that wait for a full ring")

// And of each histogram its unit, of which the metric has 1, and the exponent
// of the greatest bound that is told.
#define SFU_WORKER_HISTOGRAMS(X)                                               \
  X(receive_batch, "receive_batch_messages", "Messages of one recvmmsg", 1, 5) \
  X(receive_segments, "receive_message_datagrams",                             \
    "Datagrams of one received message, put together by UDP_GRO", 1, 6)        \
  X(send_batch, "send_batch_messages", "Messages given to one sendmmsg", 1, 6) \
  X(send_segments, "send_message_datagrams",                                   \
    "Datagrams of one sent message, cut by UDP_SEGMENT", 1, 6)                 \
  X(receive_delay, "receive_delay_seconds",                                    \
    "From the kernel's receipt of a datagram to its processing", 1e-6, 15)     \
  X(join_ice, "join_ice_seconds",                                              \
    "From the session's begin to the first valid path", 1e-3, 15)              \
  X(join_dtls, "join_dtls_seconds", "From the first path to keys", 1e-3, 15)   \
  X(join_media, "join_first_media_seconds",                                    \
    "From keys to the first packet of media", 1e-3, 15)                        \
  X(key_frame_wait, "key_frame_wait_seconds",                                  \
    "From a video slot's new target to its key frame", 1e-3, 15)               \
  X(rtt, "rtt_seconds", "Round trips to subscribers, by their reports", 1e-3,  \
    13)                                                                        \
  X(incoming_loss, "incoming_loss_ratio",                                      \
    "Lost of what a publisher sent, per stream and second", 1.0 / 256, 8)      \
  X(outgoing_loss, "outgoing_loss_ratio",                                      \
    "Lost of what a subscriber was sent, by its reports", 1.0 / 256, 8)

// What one worker counts. Written by its thread only.
struct alignas(64) Counters {
#define SFU_DECLARE_COUNTER(member, name, help) Counter member;
  SFU_WORKER_COUNTERS(SFU_DECLARE_COUNTER)
#undef SFU_DECLARE_COUNTER
#define SFU_DECLARE_GAUGE(member, name, help) Gauge member;
  SFU_WORKER_GAUGES(SFU_DECLARE_GAUGE)
#undef SFU_DECLARE_GAUGE
#define SFU_DECLARE_HISTOGRAM(member, name, help, unit, exponent) \
  rtp::Histogram member;
  SFU_WORKER_HISTOGRAMS(SFU_DECLARE_HISTOGRAM)
#undef SFU_DECLARE_HISTOGRAM
  std::array<Counter, static_cast<size_t>(DropReason::kCount)> drops;

  void Drop(DropReason reason, uint64_t count = 1) {
    drops[static_cast<size_t>(reason)].Add(count);
  }
};

}  // namespace sfu
