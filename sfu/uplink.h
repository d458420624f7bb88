// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "rtp/extensions.h"
#include "rtp/keyframe_requester.h"
#include "rtp/nack_tracker.h"
#include "rtp/opus_level.h"
#include "rtp/packet_pool.h"
#include "rtp/receive_stats.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtp_packet.h"
#include "rtp/seq.h"
#include "sfu/outbox.h"
#include "sfu/router.h"
#include "sfu/stage.h"
#include "sfu/worker_context.h"

namespace sfu {

// One incoming stream of a peer, a source of the conference: counts it, asks
// for what is missing, reads what each packet is, and hands it to the router.
class Uplink {
 public:
  // An SSRC that may be latched anew this often, when a client restarts its
  // sender without saying so.
  static constexpr int kMaxSsrcChanges = 8;

  // `content` has an uplink and at least one codec. `stage` and `context` must
  // outlive the uplink.
  Uplink(const rtp::ContentSpec& content, rtp::PeerId owner, Stage& stage,
         Peer& peer, WorkerContext& context);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  rtp::SourceId source() const { return source_; }
  rtp::Ssrc ssrc() const { return ssrc_; }

  // New codecs, type or mute state of the same source.
  void Update(const rtp::ContentSpec& content);

  // The stream is `ssrc` from now on, or does it stay as it was? False when it
  // changed too often.
  bool LatchSsrc(rtp::Ssrc ssrc);

  // A packet of this stream, decrypted into `packet`; `view` points into it.
  // `retransmitted`: it was unwrapped from RTX.
  void HandlePacket(rtp::Timestamp now, rtp::PacketRef packet,
                    const rtp::RtpView& view,
                    const rtp::ParsedExtensions& extensions, bool retransmitted,
                    Outbox& outbox);
  void HandleSenderReport(rtp::Timestamp now, const rtp::SenderInfo& info);
  void set_rtt(rtp::TimeDelta rtt) { nack_.set_rtt(rtt); }

  // Asks for a key frame as soon as the limits allow.
  void WantKeyFrame(rtp::Timestamp now);

  rtp::Timestamp NextDeadline() const;
  // Appends the NACK and PLI that are due, sent as `sender`.
  void WriteFeedback(rtp::Timestamp now, rtp::Ssrc sender,
                     rtp::RtcpWriter& out);
  // Nothing before the first packet.
  std::optional<rtp::ReportBlock> BuildReport(rtp::Timestamp now);

  // The RTX payload type's media payload type; nothing if it is none.
  std::optional<uint8_t> MediaPayloadType(uint8_t rtx_payload_type) const;

 private:
  // Fills in what the payload says. False if it is malformed.
  bool ReadPayload(const rtp::RtpView& view, rtp::Packet& packet);
  bool ReadVp8(std::span<const uint8_t> payload, rtp::Packet& packet);
  void ReadExtensions(const rtp::ParsedExtensions& extensions,
                      rtp::Packet& packet) const;
  void HeardAudio(rtp::Timestamp now, const rtp::Packet& packet);
  void OnAudioLevel(rtp::Timestamp now, uint8_t level);

  const rtp::SourceId source_;
  const rtp::MediaKind kind_;
  std::vector<rtp::CodecSpec> codecs_;
  Stage& stage_;
  Peer& peer_;
  WorkerContext& context_;
  Route& route_;

  rtp::Ssrc ssrc_ = 0;
  int ssrc_changes_ = 0;
  rtp::SeqUnwrapper seq_;
  uint64_t picture_id_ = 0;  // unwrapped, the newest; 0 before the first
  rtp::ReceiveStats stats_;
  rtp::NackTracker nack_;
  rtp::KeyframeRequester key_frames_;
  uint8_t fir_seq_ = 0;
  std::vector<uint16_t> nacked_;                // scratch
  std::unique_ptr<rtp::OpusLevel> opus_level_;  // where no levels are sent
};

}  // namespace sfu
