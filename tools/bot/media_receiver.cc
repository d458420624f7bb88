// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_receiver.h"

#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#include <algorithm>
#include <utility>

#include "rtp/payload/vp8.h"
#include "rtp/rtcp_feedback.h"

namespace bot {
namespace {

constexpr rtp::TimeDelta kPliInterval = std::chrono::milliseconds(500);
// Packets that wait for a missing one; beyond, it is given up.
constexpr size_t kMaxWaiting = 400;

}  // namespace

struct MediaReceiver::Decoder {
  Decoder() {
    ok = vpx_codec_dec_init(&codec, vpx_codec_vp8_dx(), nullptr, 0) ==
         VPX_CODEC_OK;
  }
  ~Decoder() {
    if (ok) vpx_codec_destroy(&codec);
  }
  bool Decode(const std::vector<uint8_t>& frame) {
    if (!ok || vpx_codec_decode(&codec, frame.data(),
                                static_cast<unsigned>(frame.size()), nullptr,
                                0) != VPX_CODEC_OK) {
      return false;
    }
    vpx_codec_iter_t iterator = nullptr;
    return vpx_codec_get_frame(&codec, &iterator) != nullptr;
  }
  vpx_codec_ctx_t codec;
  bool ok = false;
};

MediaReceiver::MediaReceiver(Config config)
    : config_(std::move(config)),
      stats_(config_.kind == rtp::MediaKind::kAudio ? 48000 : 90000) {
  if (config_.decode && config_.kind == rtp::MediaKind::kVideo) {
    decoder_ = std::make_unique<Decoder>();
  }
}

MediaReceiver::~MediaReceiver() = default;

void MediaReceiver::HandlePacket(rtp::Timestamp now, const rtp::RtpView& packet,
                                 bool retransmitted) {
  const uint64_t seq = seq_.Unwrap(packet.seq);
  if (!retransmitted) stats_.OnPacket(now, seq, packet.timestamp);
  nack_.OnPacket(now, seq);
  ++figures_.packets;
  if (retransmitted) ++figures_.recovered;
  if (!figures_.first_packet) figures_.first_packet = now;
  if (seq > newest_seq_) {
    // The order of sending is the order of time, whatever fills the slot.
    if (newest_timestamp_ &&
        static_cast<int32_t>(packet.timestamp - *newest_timestamp_) < 0) {
      ++figures_.backward_timestamps;
    }
    newest_timestamp_ = packet.timestamp;
    newest_seq_ = seq;
  }
  if (config_.kind == rtp::MediaKind::kAudio) {
    Progress(now);
    ++figures_.frames;
    if (!figures_.first_frame) figures_.first_frame = now;
    return;
  }
  if (next_seq_ == 0) next_seq_ = seq;
  Waiting waiting;
  waiting.marker = packet.marker;
  if (const auto vp8 = rtp::ParseVp8(packet.payload)) {
    waiting.start_of_frame = vp8->start_of_frame;
    waiting.key_frame = vp8->key_frame;
    const auto rest = packet.payload.subspan(vp8->descriptor_size);
    waiting.vp8.assign(rest.begin(), rest.end());
  }
  if (seq < next_seq_ || !waiting_.emplace(seq, std::move(waiting)).second) {
    ++figures_.duplicates;
    return;
  }
  if (waiting_.size() > kMaxWaiting) {
    next_seq_ = waiting_.begin()->first;
    need_key_frame_ = true;
    frame_is_whole_ = false;
  }
  TakeInOrder(now);
}

void MediaReceiver::TakeInOrder(rtp::Timestamp now) {
  for (auto it = waiting_.begin();
       it != waiting_.end() && it->first == next_seq_;
       it = waiting_.erase(it), ++next_seq_) {
    const Waiting& packet = it->second;
    if (packet.start_of_frame) {
      frame_.clear();
      frame_is_key_ = packet.key_frame;
      frame_is_whole_ = true;
    }
    frame_.insert(frame_.end(), packet.vp8.begin(), packet.vp8.end());
    if (packet.marker && frame_is_whole_) FinishFrame(now);
  }
}

void MediaReceiver::FinishFrame(rtp::Timestamp now) {
  frame_is_whole_ = false;
  if (frame_is_key_) {
    ++figures_.key_frames;
    need_key_frame_ = false;
  }
  if (need_key_frame_) return;
  if (decoder_ != nullptr && !decoder_->Decode(frame_)) {
    ++figures_.decode_errors;
    need_key_frame_ = true;
    return;
  }
  ++figures_.frames;
  if (!figures_.first_frame) figures_.first_frame = now;
  Progress(now);
}

void MediaReceiver::Progress(rtp::Timestamp now) {
  if (last_progress_) {
    figures_.longest_gap =
        std::max(figures_.longest_gap, now - *last_progress_);
  }
  last_progress_ = now;
}

void MediaReceiver::WriteFeedback(rtp::Timestamp now, rtp::Ssrc sender,
                                  rtp::RtcpWriter& out) {
  std::vector<uint16_t> seqs;
  nack_.HandleTimeout(now, seqs);
  if (!seqs.empty()) rtp::WriteNack(sender, config_.ssrc, seqs, out);
  figures_.lost = nack_.lost();
  if (config_.kind == rtp::MediaKind::kVideo && figures_.first_packet &&
      need_key_frame_ && now >= next_pli_) {
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
