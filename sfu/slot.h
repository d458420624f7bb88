// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "rtp/packet_pool.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_reports.h"
#include "sfu/outbox.h"
#include "sfu/peer_transport.h"
#include "sfu/resend_limiter.h"
#include "sfu/worker_context.h"

namespace sfu {

// One outgoing RTP stream of one subscriber: one SSRC, one sequence and
// timestamp space for life; which source fills it may change. A video slot
// takes another source on a key frame only and shows the old one until then.
//
// What was sent is remembered as segments, each one source under one set of
// offsets: any packet of the recent past can be made again, byte by byte, from
// the source's cache.
class Slot {
 public:
  // `content` has a slot. All references must outlive the slot.
  Slot(const rtp::ContentSpec& content, PeerTransport& transport, Peer& peer,
       WorkerContext& context);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  const rtp::ContentSpec& content() const { return content_; }
  rtp::Ssrc ssrc() const { return content_.slot->ssrc; }
  // What it is to show; zero: nothing.
  rtp::SourceId target() const {
    return pending_.value() != 0 ? pending_ : current_;
  }
  // What it shows.
  rtp::SourceId current() const { return current_; }

  // Codecs and extensions of the same content.
  void Update(const rtp::ContentSpec& content);

  // Shows `source` as soon as it can; zero stops at once.
  void SetTarget(rtp::Timestamp now, rtp::SourceId source, Outbox& outbox);
  void OnSourceRemoved(rtp::SourceId source);

  // A packet of a source that this slot is registered with.
  void Offer(rtp::Timestamp now, const rtp::Packet& packet, Outbox& outbox);

  // The subscriber misses the packet numbered `seq`.
  void HandleNack(rtp::Timestamp now, uint16_t seq, rtp::TimeDelta rtt,
                  Outbox& outbox);
  // The subscriber asks for a key frame (PLI or FIR).
  void HandleKeyFrameRequest(rtp::Timestamp now);
  // A FIR; repeated, it is one request (RFC 5104 s4.3.1.2).
  void HandleFir(rtp::Timestamp now, rtp::Ssrc sender, uint8_t command) {
    const std::pair fir(sender, command);
    if (std::exchange(fir_, fir) != fir) HandleKeyFrameRequest(now);
  }

  // Appends a sender report of this stream; false if it has nothing to report
  // or there is no room.
  bool WriteSenderReport(rtp::Timestamp now,
                         std::span<const rtp::ReportBlock> blocks,
                         rtp::RtcpWriter& out) const;

 private:
  // A run of packets of one source under one set of offsets. Sequence numbers
  // are 64 bits, of which 16 are on the wire.
  struct Segment {
    rtp::SourceId source;
    uint64_t first_in = 0;   // of the source
    uint64_t first_out = 0;  // of this slot
    uint32_t timestamp_offset = 0;
    uint64_t picture_id_offset = 0;
    uint8_t tl0_offset = 0;
    uint32_t key_index_offset = 0;
    bool took_over = false;  // from another
    bool numbered = true;    // frames carry picture ids
  };
  static constexpr size_t kSegments = 8;
  // How much of a source's past may be sent to begin a picture at once.
  static constexpr uint64_t kMaxReplay = 128;
  static constexpr rtp::TimeDelta kMaxReplayAge =
      std::chrono::milliseconds(700);

  void BeginSegment(const rtp::Packet& packet);
  bool Replay(rtp::Timestamp now, rtp::SourceId source, Outbox& outbox);
  const rtp::CodecSpec* CodecOf(rtp::Codec codec) const;
  bool Send(rtp::Timestamp now, const rtp::Packet& packet,
            const Segment& segment, bool resend, Outbox& outbox);
  size_t WriteExtensions(rtp::Timestamp now, const rtp::Packet& packet,
                         std::span<uint8_t> out);
  size_t WritePayloadPrefix(const rtp::Packet& packet, const Segment& segment,
                            std::span<uint8_t> out) const;
  bool ResendIsIdentical() const;
  void Leave(rtp::SourceId& source);
  void SetCurrent(rtp::SourceId source);

  rtp::ContentSpec content_;
  PeerTransport& transport_;
  Peer& peer_;
  WorkerContext& context_;

  rtp::SourceId current_;
  rtp::SourceId pending_;
  rtp::Timestamp pending_since_;

  std::array<Segment, kSegments> segments_;
  uint64_t segment_count_ = 0;  // in all; the newest is the last
  uint64_t newest_out_;         // 64 bits; the first is below 2^15
  bool sent_any_ = false;
  uint64_t negotiated_at_ = 0;     // newest_out_ at the last change of content_
  uint32_t newest_timestamp_ = 0;  // as sent
  rtp::Timestamp newest_arrival_;  // of the packet it was of
  uint32_t clock_rate_;
  // Once a source came that has no picture ids (Dino's), none is sent any more:
  // receivers that number frames in two ways confuse them.
  bool numbered_ = true;
  uint64_t newest_picture_id_ = 0;
  uint8_t newest_tl0_ = 0;
  uint32_t newest_key_index_ = 0;

  uint64_t rtx_seq_;
  ResendLimiter resend_limiter_;
  std::array<rtp::Timestamp, 3> key_frame_requests_;  // the last three
  size_t next_request_ = 0;
  std::optional<std::pair<rtp::Ssrc, uint8_t>> fir_;  // the last one

  uint32_t packets_sent_ = 0;
  uint32_t octets_sent_ = 0;  // payload only (RFC 3550 s6.4.1)
};

}  // namespace sfu
