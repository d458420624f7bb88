// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_receiver.h"

#include <algorithm>
#include <utility>

#include "rtp/base/bytes.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtx.h"
#include "tools/bot/send_stamp.h"

namespace bot {
namespace {

constexpr rtp::TimeDelta kPliInterval = std::chrono::milliseconds(500);
// How long a missing packet is waited for: as long as it is asked for, or as
// a network may reorder.
constexpr rtp::TimeDelta kPatience = std::chrono::milliseconds(700);
constexpr rtp::TimeDelta kPatienceWithoutNack = std::chrono::milliseconds(100);

uint32_t ClockRate(rtp::MediaKind kind) {
  return kind == rtp::MediaKind::kAudio ? 48000 : 90000;
}

rtp::Codec UsualCodec(rtp::MediaKind kind) {
  return kind == rtp::MediaKind::kAudio ? rtp::Codec::kOpus : rtp::Codec::kVp8;
}

// Of 32.32 fixed point seconds.
rtp::TimeDelta FromNtp(int64_t delta) {
  const int64_t seconds = delta >> 32;
  const int64_t rest = delta & 0xFFFFFFFF;
  return rtp::TimeDelta(seconds * 1'000'000 + (rest * 1'000'000 >> 32));
}

}  // namespace

MediaReceiver::MediaReceiver(Config config)
    : config_(std::move(config)),
      stats_(ClockRate(config_.kind)),
      assembler_(config_.nack ? kPatience : kPatienceWithoutNack) {
  figures_.content = config_.content;
  figures_.kind = config_.kind;
  figures_.codec = UsualCodec(config_.kind);
}

MediaReceiver::~MediaReceiver() = default;

std::optional<rtp::Codec> MediaReceiver::CodecOf(uint8_t payload_type) const {
  if (config_.codecs.empty()) {
    if (payload_type == config_.payload_type) return UsualCodec(config_.kind);
    return std::nullopt;
  }
  const auto found = config_.codecs.find(payload_type);
  if (found == config_.codecs.end()) return std::nullopt;
  return found->second;
}

// ---- packets ----

bool MediaReceiver::WantsPlain(const rtp::RtpView& header) {
  // RTX: the payload says which packet it is.
  if (config_.decrypt_one_in <= 1 || header.ssrc != config_.ssrc) return true;
  const bool sample = until_plain_ == 0;
  until_plain_ = sample ? config_.decrypt_one_in - 1 : until_plain_ - 1;
  if (sample || config_.kind == rtp::MediaKind::kAudio) return sample;
  return config_.decode || assembler_.needs_looks() ||
         header.pt != payload_type_ || seq_.Peek(header.seq) != newest_seq_ + 1;
}

bool MediaReceiver::HandleRtx(rtp::Timestamp now, const rtp::RtpView& rtx) {
  uint8_t type = config_.payload_type;
  if (!config_.rtx_types.empty()) {
    const auto found = config_.rtx_types.find(rtx.pt);
    if (found == config_.rtx_types.end()) return false;
    type = found->second;
  }
  const auto original = rtp::UnwrapRtx(rtx, config_.ssrc, type);
  if (!original) return false;
  HandlePacket(now, *original, /*retransmitted=*/true);
  return true;
}

void MediaReceiver::HandlePacket(rtp::Timestamp now, const rtp::RtpView& packet,
                                 bool retransmitted, bool plain) {
  const uint64_t seq = seq_.Unwrap(packet.seq);
  figures_.bytes +=
      packet.header_size + packet.payload.size() + packet.padding_size;
  if (!first_packet_) first_packet_ = now;
  const bool newest = seq > newest_seq_;
  if (!window_.Take(seq)) {
    ++figures_.duplicates;
    return;
  }
  CountPacket(now, seq, packet, retransmitted);
  const auto extensions = rtp::ParseExtensions(packet, config_.extensions);
  MeasureLatency(now, packet, extensions, plain);
  const auto codec = CodecOf(packet.pt);
  if (newest) {
    newest_seq_ = seq;
    if (codec) payload_type_ = packet.pt;
    if (codec) figures_.codec = *codec;
  }
  if (config_.kind == rtp::MediaKind::kVideo) {
    HandleVideo(now, seq, packet, extensions, plain);
  } else if (codec) {
    ++figures_.frames;
    if (!first_frame_) first_frame_ = now;
    if (newest) sound_.OnPacket(now, seq, packet.timestamp);
  }
  CopyMeters();
}

void MediaReceiver::CountPacket(rtp::Timestamp now, uint64_t seq,
                                const rtp::RtpView& packet,
                                bool retransmitted) {
  // Without RTX a retransmission is the packet once more, late.
  if (retransmitted || window_.WasAsked(seq)) {
    ++figures_.recovered;
  } else {
    ++figures_.packets;
    if (seq < newest_seq_) ++figures_.reordered;
    stats_.OnPacket(now, seq, packet.timestamp);
    figures_.jitter = rtp::TimeDelta(int64_t{stats_.jitter()} * 1'000'000 /
                                     ClockRate(config_.kind));
  }
  if (!nack_.OnPacket(now, seq)) assembler_.GiveUp(now, frames_);
  figures_.lost = nack_.lost();
  if (seq < newest_seq_) return;
  // The order of sending is the order of time, whatever fills the slot.
  if (newest_timestamp_ &&
      static_cast<int32_t>(packet.timestamp - *newest_timestamp_) < 0) {
    ++figures_.backward_timestamps;
  }
  newest_timestamp_ = packet.timestamp;
}

void MediaReceiver::MeasureLatency(rtp::Timestamp now,
                                   const rtp::RtpView& packet,
                                   const rtp::ParsedExtensions& extensions,
                                   bool plain) {
  const rtp::NtpTime ntp = config_.ntp.ToNtp(now);
  rtp::TimeDelta latency;
  if (!extensions.abs_capture_time.empty()) {
    latency = FromNtp(static_cast<int64_t>(
        ntp - rtp::LoadU64(extensions.abs_capture_time, 0)));
  } else if (const auto sent =
                 plain ? ReadSendStamp(packet.payload) : std::nullopt) {
    latency = FromNtp(
        int64_t{static_cast<int32_t>(rtp::CompactNtp(ntp) - *sent)} << 16);
  } else {
    return;
  }
  figures_.latency.Add(latency);
  latencies_.Add(latency);
  last_latency_ = {latency, now};
}

Distribution MediaReceiver::TakeLatencies() {
  return std::exchange(latencies_, Distribution());
}

// ---- pictures ----

void MediaReceiver::HandleVideo(rtp::Timestamp now, uint64_t seq,
                                const rtp::RtpView& packet,
                                const rtp::ParsedExtensions& extensions,
                                bool plain) {
  FrameAssembler::Packet part;
  part.seq = seq;
  part.timestamp = packet.timestamp;
  part.marker = packet.marker;
  if (!extensions.dependency_descriptor.empty()) {
    part.look =
        LookAtDependencies(extensions.dependency_descriptor, dependencies_);
  }
  const auto codec = CodecOf(packet.pt);
  if (plain && codec && !part.look) part.look = LookAt(*codec, packet.payload);
  if (config_.decode && plain && part.look) {
    const auto media = packet.payload.subspan(part.look->descriptor_size);
    part.media.assign(media.begin(), media.end());
  }
  assembler_.Add(now, std::move(part), frames_);
  ShowFrames(now);
}

void MediaReceiver::ShowFrames(rtp::Timestamp now) {
  for (const auto& frame : std::exchange(frames_, {})) ShowFrame(now, frame);
}

void MediaReceiver::ShowFrame(rtp::Timestamp now,
                              const FrameAssembler::Frame& frame) {
  if (config_.decode) {
    if (decoder_ == nullptr || decoder_->codec() != figures_.codec) {
      decoder_ = PictureDecoder::Make(figures_.codec);
    }
    if (decoder_ != nullptr && !decoder_->Decode(frame.media)) {
      ++figures_.decode_errors;
      assembler_.RequireKey(now);
      return;
    }
  }
  ++figures_.frames;
  if (!first_frame_) first_frame_ = now;
  if (frame.key) ++figures_.key_frames;
  if (frame.waited) figures_.key_frame_wait.Add(*frame.waited);
  CountLayers(frame);
  freezes_.OnFrame(now);
}

void MediaReceiver::CountLayers(const FrameAssembler::Frame& frame) {
  uint32_t height = frame.key ? frame.height : 0;
  if (decoder_ != nullptr) height = decoder_->height();
  if (height > 0) figures_.height = height;
  const bool layered = figures_.codec == rtp::Codec::kVp9;
  if (layered && frame.spatial_id) {
    if (shown_spatial_id_ && *shown_spatial_id_ != *frame.spatial_id) {
      ++figures_.layer_switches;
    }
    shown_spatial_id_ = frame.spatial_id;
  }
  if (!layered && height > 0) {
    if (shown_height_ && *shown_height_ != height) ++figures_.layer_switches;
    shown_height_ = height;
  }
}

// ---- what a person would feel ----

void MediaReceiver::CopyMeters() {
  if (config_.kind == rtp::MediaKind::kVideo) {
    figures_.freezes = freezes_.freezes();
    figures_.frozen = freezes_.frozen();
    figures_.watched = freezes_.watched();
    figures_.longest_gap = freezes_.longest_gap();
  } else {
    figures_.audio_gaps = sound_.gaps();
    figures_.audio_gap_time = sound_.gap_time();
    figures_.watched = sound_.heard();
    figures_.longest_gap = sound_.longest_gap();
  }
}

void MediaReceiver::Settle(rtp::Timestamp now) {
  if (config_.kind == rtp::MediaKind::kVideo) {
    assembler_.HandleTimeout(now, frames_);
    ShowFrames(now);
    freezes_.Settle(now);
  }
  if (!config_.nack) {
    // Nobody asks for them, but they are to be counted.
    std::vector<uint16_t> seqs;
    nack_.HandleTimeout(now, seqs);
  }
  figures_.lost = nack_.lost();
  CopyMeters();
}

void MediaReceiver::OnSourceChanged(rtp::Timestamp now,
                                    std::string_view owner) {
  OnSourceMuted(now);
  figures_.owner = owner;
  last_latency_.reset();
  shown_height_.reset();
  shown_spatial_id_.reset();
}

void MediaReceiver::OnSourceMuted(rtp::Timestamp) {
  freezes_.Pause();
  sound_.Pause();
}

void MediaReceiver::OnSourceEmpty(rtp::Timestamp now) {
  OnSourceChanged(now, "");
}

// ---- feedback ----

rtp::Timestamp MediaReceiver::NextDeadline() const {
  rtp::Timestamp deadline =
      std::min(nack_.NextDeadline(), assembler_.NextDeadline());
  if (config_.kind == rtp::MediaKind::kVideo && assembler_.needs_key()) {
    deadline = std::min(deadline, next_pli_);
  }
  return deadline;
}

void MediaReceiver::WriteFeedback(rtp::Timestamp now, rtp::Ssrc sender,
                                  rtp::RtcpWriter& out) {
  std::vector<uint16_t> seqs;
  nack_.HandleTimeout(now, seqs);
  if (!seqs.empty() && config_.nack) {
    for (const uint16_t seq : seqs) window_.MarkAsked(seq);
    rtp::WriteNack(sender, config_.ssrc, seqs, out);
  }
  figures_.lost = nack_.lost();
  if (config_.kind != rtp::MediaKind::kVideo) return;
  assembler_.HandleTimeout(now, frames_);
  ShowFrames(now);
  CopyMeters();
  if (assembler_.needs_key() && now >= next_pli_) {
    next_pli_ = now + kPliInterval;
    rtp::WritePli(sender, config_.ssrc, out);
  }
}

std::optional<rtp::ReportBlock> MediaReceiver::BuildReport(rtp::Timestamp now) {
  if (!stats_.started()) return std::nullopt;
  rtp::ReportBlock block = stats_.BuildReport(now, config_.ssrc);
  // seq_ begins one circle up, cycles at zero (RFC 3550 s6.4.1).
  block.extended_highest_seq -= uint32_t{rtp::SeqUnwrapper::kCircle};
  return block;
}

}  // namespace bot
