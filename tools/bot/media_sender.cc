// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_sender.h"

#include <algorithm>
#include <utility>

#include "rtp/extensions.h"
#include "rtp/payload/vp8.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/rtx.h"

namespace bot {
namespace {

constexpr size_t kMaxPayload = 1100;

}  // namespace

MediaSender::MediaSender(Config config,
                         std::shared_ptr<const MediaSamples> samples, Send send)
    : config_(std::move(config)),
      samples_(std::move(samples)),
      send_(std::move(send)) {}

void MediaSender::HandleTimeout(rtp::Timestamp now, uint16_t& transport_seq) {
  while (now >= next_frame_) {
    SendFrame(next_frame_, transport_seq);
    next_frame_ += config_.kind == rtp::MediaKind::kAudio
                       ? rtp::TimeDelta(MediaSamples::kOpusFrameMs * 1000)
                       : rtp::TimeDelta(1'000'000 / MediaSamples::kFps);
  }
}

void MediaSender::SendFrame(rtp::Timestamp now, uint16_t& transport_seq) {
  const bool audio = config_.kind == rtp::MediaKind::kAudio;
  const auto& samples = audio ? samples_->opus : samples_->vp8;
  if (std::exchange(key_frame_wanted_, false) && !audio) next_sample_ = 0;
  const std::vector<uint8_t>& sample = samples[next_sample_];
  next_sample_ = (next_sample_ + 1) % samples.size();
  timestamp_ +=
      audio ? 48u * MediaSamples::kOpusFrameMs : 90000u / MediaSamples::kFps;
  last_frame_ = now;
  picture_id_ = (picture_id_ + 1) & rtp::kVp8PictureId15BitMax;
  for (size_t at = 0; at < sample.size(); at += kMaxPayload) {
    Sent& packet = history_[seq_ % history_.size()];
    packet.seq = seq_++;
    packet.timestamp = timestamp_;
    const size_t size = std::min(kMaxPayload, sample.size() - at);
    packet.marker = !audio && at + size == sample.size();
    packet.payload.clear();
    if (!audio) {
      rtp::Vp8Descriptor descriptor;
      descriptor.start_of_partition = at == 0;
      descriptor.picture_id = picture_id_;
      descriptor.picture_id_15bit = true;
      packet.payload.resize(rtp::kMaxVp8DescriptorSize);
      packet.payload.resize(
          rtp::WriteVp8Descriptor(descriptor, packet.payload));
    }
    const auto from = sample.begin() + static_cast<ptrdiff_t>(at);
    packet.payload.insert(packet.payload.end(), from,
                          from + static_cast<ptrdiff_t>(size));
    octets_ += packet.payload.size();
    ++packets_;
    Emit(packet, /*rtx=*/false, transport_seq);
  }
}

void MediaSender::Emit(const Sent& packet, bool rtx, uint16_t& transport_seq) {
  rtp::ExtensionWriter extensions(config_.extensions);
  extensions.Add(rtp::ExtensionKind::kMid, config_.mid);
  if (config_.kind == rtp::MediaKind::kAudio) {
    extensions.AddAudioLevel({audio_level_ < 127, audio_level_});
  }
  if (extensions.AddTransportSequence(transport_seq)) ++transport_seq;
  std::array<uint8_t, 128> block;
  const auto layout = extensions.Write(block);
  rtp::RtpHeaderFields header;
  header.marker = packet.marker;
  header.pt = rtx ? config_.rtx_payload_type : config_.payload_type;
  header.seq = rtx ? rtx_seq_++ : packet.seq;
  header.timestamp = packet.timestamp;
  header.ssrc = rtx ? config_.rtx_ssrc : config_.ssrc;
  std::array<uint8_t, 1500> out;
  size_t size = rtp::WriteRtpHeader(
      header, std::span(block).first(layout ? layout->size : 0), out);
  if (rtx) {
    size += rtp::WriteRtxHeader(packet.seq, std::span(out).subspan(size));
  }
  std::copy(packet.payload.begin(), packet.payload.end(),
            out.begin() + static_cast<ptrdiff_t>(size));
  send_(std::span(out).first(size + packet.payload.size()));
}

void MediaSender::HandleNack(uint16_t seq, uint16_t& transport_seq) {
  const Sent& packet = history_[seq % history_.size()];
  if (packet.seq != seq || packet.payload.empty() ||
      config_.rtx_payload_type == 0) {
    return;
  }
  ++resent;
  Emit(packet, /*rtx=*/true, transport_seq);
}

void MediaSender::WriteSenderReport(rtp::Timestamp now,
                                    const rtp::NtpClock& ntp,
                                    rtp::RtcpWriter& out) const {
  if (packets_ == 0) return;
  const int64_t rate = config_.kind == rtp::MediaKind::kAudio ? 48000 : 90000;
  rtp::SenderInfo info;
  info.ntp = ntp.ToNtp(now);
  info.rtp_timestamp =
      timestamp_ +
      static_cast<uint32_t>((now - last_frame_).count() * rate / 1'000'000);
  info.packet_count = static_cast<uint32_t>(packets_);
  info.octet_count = static_cast<uint32_t>(octets_);
  rtp::WriteSenderReport(config_.ssrc, info, {}, out);
  rtp::WriteSdesCname(config_.ssrc, "bot", out);
}

}  // namespace bot
