// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/uplink.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "rtp/payload/av1.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"
#include "rtp/red.h"
#include "rtp/rtcp_feedback.h"
#include "sfu/peer.h"

namespace sfu {
namespace {

rtp::ByteRange RangeOf(const rtp::Packet& packet,
                       std::span<const uint8_t> part) {
  if (part.empty()) return {};
  return {static_cast<uint16_t>(part.data() - packet.bytes.data()),
          static_cast<uint16_t>(part.size())};
}

// Extends a picture id of 7 or 15 bits to 64, near the newest one seen.
uint64_t UnwrapPictureId(uint64_t newest, uint16_t id, bool is_15bit) {
  const uint64_t circle = is_15bit ? 0x8000 : 0x80;
  if (newest == 0) return circle + id;
  const uint64_t forward = (id - newest) & (circle - 1);
  return forward < circle / 2 ? newest + forward : newest + forward - circle;
}

}  // namespace

Uplink::Uplink(const rtp::ContentSpec& content, rtp::PeerId owner, Stage& stage,
               Peer& peer, WorkerContext& context)
    : source_(content.uplink->source),
      kind_(content.kind),
      codecs_(content.codecs),
      stage_(stage),
      peer_(peer),
      context_(context),
      route_(context.router.AddSource(source_, this)),
      stats_(codecs_.front().clock_rate) {
  stage_.AddSource(source_, owner, kind_, content.uplink->type,
                   content.uplink->muted);
}

Uplink::~Uplink() {
  stage_.RemoveSource(source_);
  context_.router.RemoveSource(source_);
}

void Uplink::Update(const rtp::ContentSpec& content) {
  if (!content.codecs.empty()) codecs_ = content.codecs;
  stage_.UpdateSource(source_, content.uplink->type, content.uplink->muted);
}

bool Uplink::LatchSsrc(rtp::Ssrc ssrc) {
  if (ssrc == ssrc_) return true;
  if (ssrc_ != 0) {
    if (++ssrc_changes_ > kMaxSsrcChanges) return false;
    // Another stream: its numbers say nothing of the old ones. The source's
    // own go on, a whole circle later, so that no slot mixes them up.
    stats_ = rtp::ReceiveStats(codecs_.front().clock_rate);
    nack_ = rtp::NackTracker();
    seq_.Reset();
    picture_id_ = 0;
  }
  ssrc_ = ssrc;
  return true;
}

void Uplink::HandlePacket(rtp::Timestamp now, rtp::PacketRef packet,
                          const rtp::RtpView& view,
                          const rtp::ParsedExtensions& extensions,
                          bool retransmitted, Outbox& outbox) {
  const auto codec =
      std::find_if(codecs_.begin(), codecs_.end(), [&](const auto& c) {
        return c.payload_type == view.pt || c.red_payload_type == view.pt;
      });
  if (codec == codecs_.end()) {
    context_.counters.Drop(DropReason::kUnknownPayloadType);
    return;
  }
  rtp::Packet& p = packet.Mutable();
  p.source = source_;
  p.codec = codec->codec;
  p.red = codec->red_payload_type == view.pt;
  p.marker = view.marker;
  p.timestamp = view.timestamp;
  p.payload = RangeOf(p, view.payload);
  if (!ReadPayload(view, p)) {
    context_.counters.Drop(DropReason::kPayloadMalformed);
    return;
  }
  ReadExtensions(extensions, p);
  p.seq = seq_.Unwrap(view.seq) + (static_cast<uint64_t>(ssrc_changes_) << 32);
  if (!retransmitted) stats_.OnPacket(p.arrival, p.seq, p.timestamp);
  if (codec->nack && !nack_.OnPacket(now, p.seq)) WantKeyFrame(now);
  if (p.key_frame) {
    key_frames_.OnKeyframe();
    nack_.ForgetBefore(p.seq);
    context_.counters.key_frames.Add();
  }
  if (kind_ == rtp::MediaKind::kAudio) HeardAudio(now, p);
  if (!context_.router.Forward(now, route_, packet, outbox)) {
    context_.counters.Drop(DropReason::kDuplicate);
    return;
  }
  context_.counters.rtp_in.Add();
  if (NextDeadline() <= now + rtp::NackTracker::kReorderDelay) {
    peer_.WakeAt(NextDeadline());
  }
}

bool Uplink::ReadPayload(const rtp::RtpView& view, rtp::Packet& packet) {
  // Padding only: it keeps its place in the sequence, and that is all.
  if (view.payload.empty()) return true;
  switch (packet.codec) {
    case rtp::Codec::kOpus:
      return !packet.red || rtp::ParseRed(view.payload);
    case rtp::Codec::kVp8:
      return ReadVp8(view.payload, packet);
    case rtp::Codec::kVp9: {
      const auto vp9 = rtp::ParseVp9(view.payload);
      if (!vp9) return false;
      packet.start_of_frame = vp9->start_of_frame && vp9->spatial_id == 0;
      packet.key_frame = vp9->key_frame;
      return true;
    }
    case rtp::Codec::kH264: {
      const auto h264 = rtp::ParseH264(view.payload);
      if (!h264) return false;
      packet.start_of_frame = h264->start_of_picture;
      packet.key_frame = h264->key_frame;
      return true;
    }
    case rtp::Codec::kAv1: {
      const auto av1 = rtp::ParseAv1(view.payload);
      if (!av1) return false;
      packet.start_of_frame = !av1->continues_obu;
      packet.key_frame = av1->key_frame;
      return true;
    }
  }
  return false;
}

bool Uplink::ReadVp8(std::span<const uint8_t> payload, rtp::Packet& packet) {
  const auto vp8 = rtp::ParseVp8(payload);
  if (!vp8) return false;
  packet.vp8 = vp8->descriptor;
  packet.vp8_descriptor_size = vp8->descriptor_size;
  packet.start_of_frame = vp8->start_of_frame;
  packet.key_frame = vp8->key_frame;
  if (vp8->descriptor.picture_id) {
    packet.picture_id =
        UnwrapPictureId(picture_id_, *vp8->descriptor.picture_id,
                        vp8->descriptor.picture_id_15bit);
    picture_id_ = std::max(picture_id_, packet.picture_id);
  }
  return true;
}

void Uplink::ReadExtensions(const rtp::ParsedExtensions& extensions,
                            rtp::Packet& packet) const {
  packet.audio_level = extensions.audio_level;
  packet.video_orientation = extensions.video_orientation;
  packet.video_content_type = extensions.video_content_type;
  packet.playout_delay = RangeOf(packet, extensions.playout_delay);
  packet.abs_capture_time = RangeOf(packet, extensions.abs_capture_time);
  packet.dependency_descriptor =
      RangeOf(packet, extensions.dependency_descriptor);
}

void Uplink::HeardAudio(rtp::Timestamp now, const rtp::Packet& packet) {
  if (packet.audio_level) {
    return OnAudioLevel(now, packet.audio_level->level);
  }
  std::span<const uint8_t> opus = packet.At(packet.payload);
  if (packet.red) {
    const auto red = rtp::ParseRed(opus);
    if (!red) return;
    opus = red->primary.data;
  }
  if (opus_level_ == nullptr) {
    opus_level_ = std::make_unique<rtp::OpusLevel>();
  }
  OnAudioLevel(now, opus_level_->Measure(opus));
}

void Uplink::OnAudioLevel(rtp::Timestamp now, uint8_t level) {
  stage_.OnAudioLevel(now, source_, level);
  context_.router.RelayLevel(source_, level, stage_.other_workers());
}

void Uplink::WantKeyFrame(rtp::Timestamp now) {
  if (kind_ != rtp::MediaKind::kVideo) return;
  key_frames_.Want();
  peer_.WakeAt(std::max(now, key_frames_.NextDeadline()));
}

rtp::Timestamp Uplink::NextDeadline() const {
  // Before there is a stream nobody can be asked for a key frame.
  return ssrc_ == 0
             ? nack_.NextDeadline()
             : std::min(nack_.NextDeadline(), key_frames_.NextDeadline());
}

void Uplink::WriteFeedback(rtp::Timestamp now, rtp::Ssrc sender,
                           rtp::RtcpWriter& out) {
  if (now >= nack_.NextDeadline()) {
    nacked_.clear();
    nack_.HandleTimeout(now, nacked_);
    if (!nacked_.empty()) {
      context_.counters.nacks_out.Add(
          rtp::WriteNack(sender, ssrc_, nacked_, out));
    }
  }
  if (ssrc_ == 0 || !key_frames_.HandleTimeout(now)) return;
  const rtp::CodecSpec& codec = codecs_.front();
  if (codec.pli || !codec.fir) {
    rtp::WritePli(sender, ssrc_, out);
  } else {
    rtp::WriteFir(sender, ssrc_, ++fir_seq_, out);
  }
  context_.counters.key_frame_requests_out.Add();
}

std::optional<rtp::ReportBlock> Uplink::BuildReport(rtp::Timestamp now) {
  if (!stats_.started()) return std::nullopt;
  rtp::ReportBlock block = stats_.BuildReport(now, ssrc_);
  context_.counters.incoming_loss.Observe(block.fraction_lost);
  // seq_ begins one circle up, cycles at zero (RFC 3550 s6.4.1).
  block.extended_highest_seq -= uint32_t{rtp::SeqUnwrapper::kCircle};
  return block;
}

void Uplink::HandleSenderReport(rtp::Timestamp now,
                                const rtp::SenderInfo& info) {
  stats_.OnSenderReport(now, info);
  context_.router.OnClock(
      route_, {now, info.rtp_timestamp, codecs_.front().clock_rate});
}

std::optional<uint8_t> Uplink::MediaPayloadType(
    uint8_t rtx_payload_type) const {
  for (const rtp::CodecSpec& codec : codecs_) {
    if (codec.rtx_payload_type == rtx_payload_type) return codec.payload_type;
  }
  return std::nullopt;
}

}  // namespace sfu
