// SPDX-License-Identifier: GPL-3.0-or-later
// The media of a bot: transport, what it sends, what it makes of what comes.
#include <algorithm>
#include <array>
#include <utility>

#include "ice/datagram_kind.h"
#include "rtp/extensions.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtx.h"
#include "tools/bot/bot.h"

namespace bot {
namespace {

constexpr rtp::TimeDelta kReportInterval = std::chrono::seconds(1);
constexpr size_t kRtcpSize = 1100;

}  // namespace

void Bot::HandleDatagram(rtp::Timestamp now, const ice::SocketAddress& from,
                         std::span<const uint8_t> datagram) {
  now_ = now;
  if (!failure_.empty() || !dtls_) return;
  switch (ice::ClassifyDatagram(datagram)) {
    case ice::DatagramKind::kStun: {
      const bool before = ice_.selected().has_value();
      ice_.HandleStun(now, from, datagram);
      if (!before && ice_.selected()) {
        times_.ice_connected = now;
        if (config_.faults) SendFaultBeforeKeys();
        dtls_->Start(now);
        AfterDtls(now);
      }
      return;
    }
    case ice::DatagramKind::kDtls:
      dtls_->HandleDatagram(now, datagram);
      return AfterDtls(now);
    case ice::DatagramKind::kRtp:
      if (srtp_ && !IsLost()) HandleRtp(now, datagram);
      return;
    case ice::DatagramKind::kRtcp:
      if (srtp_) HandleRtcp(now, datagram);
      return;
    case ice::DatagramKind::kUnknown:
      return;
  }
}

void Bot::AfterDtls(rtp::Timestamp now) {
  for (const auto& datagram : dtls_->TakeDatagrams()) {
    if (ice_.selected()) media_sink_.SendDatagram(*ice_.selected(), datagram);
  }
  switch (dtls_->state()) {
    case ice::DtlsEndpoint::State::kHandshaking:
      return;
    case ice::DtlsEndpoint::State::kConnected:
      if (!srtp_) StartMedia(now);
      return;
    case ice::DtlsEndpoint::State::kFailed:
      return Fail("the DTLS handshake failed");
    case ice::DtlsEndpoint::State::kMismatch:
      return Fail("the server's certificate is not the signalled one");
    case ice::DtlsEndpoint::State::kClosed:
      return Fail("the server closed DTLS");
  }
}

void Bot::StartMedia(rtp::Timestamp now) {
  times_.dtls_connected = now;
  srtp_ = std::make_unique<SrtpClient>(*dtls_->keys());
  if (!srtp_->ok()) return Fail("libsrtp2 refused the keys");
  const auto send = [this](std::span<const uint8_t> p) { SendPlainRtp(p); };
  MediaSender::Config sender;
  sender.extensions = extensions_;
  if (config_.send_audio) {
    sender.kind = rtp::MediaKind::kAudio;
    sender.payload_type = kOpusPayloadType;
    sender.ssrc = audio_ssrc_;
    sender.mid = "audio0";
    audio_ = std::make_unique<MediaSender>(sender, samples_, send);
    audio_->set_audio_level(audio_level_);
    audio_->Start(now);
  }
  if (config_.send_video) {
    sender.kind = rtp::MediaKind::kVideo;
    sender.payload_type = kVp8PayloadType;
    sender.rtx_payload_type = kVp8RtxPayloadType;
    sender.ssrc = video_ssrc_;
    sender.rtx_ssrc = rtx_ssrc_;
    sender.mid = "video0";
    video_ = std::make_unique<MediaSender>(sender, samples_, send);
    video_->Start(now);
  }
  next_report_ = now + kReportInterval;
}

void Bot::SetAudioLevel(uint8_t level) {
  audio_level_ = level;
  if (audio_) audio_->set_audio_level(level);
}

uint64_t Bot::packets_sent() const {
  return (audio_ ? audio_->packets_sent() : 0) +
         (video_ ? video_->packets_sent() : 0);
}

bool Bot::IsLost() {
  return config_.lose_permille > 0 &&
         random_.NextU32() % 1000 < config_.lose_permille;
}

void Bot::SendPlainRtp(std::span<const uint8_t> packet) {
  if (config_.faults) {
    if (const auto view = rtp::RtpView::Parse(packet)) {
      last_sent_[view->ssrc].assign(packet.begin(), packet.end());
    }
  }
  const std::vector<uint8_t> wire = srtp_->ProtectRtp(packet);
  if (!wire.empty() && !IsLost()) media_sink_.SendDatagram(*ice_.selected(), wire);
}

void Bot::SendPlainRtcp(std::span<const uint8_t> compound) {
  const std::vector<uint8_t> wire = srtp_->ProtectRtcp(compound);
  if (!wire.empty()) media_sink_.SendDatagram(*ice_.selected(), wire);
}

void Bot::HandleRtp(rtp::Timestamp now, std::span<const uint8_t> datagram) {
  const auto plain = srtp_->UnprotectRtp(datagram);
  if (!plain) {
    ++unauthentic_;
    return;
  }
  const auto packet = rtp::RtpView::Parse(*plain);
  if (!packet) return;
  const auto found = std::find_if(
      receivers_.begin(), receivers_.end(), [&](const auto& receiver) {
        return receiver->config().ssrc == packet->ssrc ||
               receiver->config().rtx_ssrc == packet->ssrc;
      });
  if (found == receivers_.end()) return;
  MediaReceiver& receiver = **found;
  const auto extensions = rtp::ParseExtensions(*packet, extensions_);
  if (extensions.transport_sequence) {
    twcc_.OnPacket(now, *extensions.transport_sequence, packet->ssrc,
                   packet->marker);
  }
  if (packet->ssrc == receiver.config().ssrc) {
    receiver.HandlePacket(now, *packet, /*retransmitted=*/false);
  } else if (const auto original =
                 rtp::UnwrapRtx(*packet, receiver.config().ssrc,
                                receiver.config().payload_type)) {
    receiver.HandlePacket(now, *original, /*retransmitted=*/true);
  }
  rtp::Timestamp& first = receiver.config().kind == rtp::MediaKind::kVideo
                              ? times_.first_picture
                              : times_.first_sound;
  if (first == rtp::kNever && receiver.figures().first_frame) first = now;
}

void Bot::HandleRtcp(rtp::Timestamp now, std::span<const uint8_t> datagram) {
  const auto plain = srtp_->UnprotectRtcp(datagram);
  if (!plain) {
    ++unauthentic_;
    return;
  }
  rtp::RtcpReader reader(*plain);
  while (const auto packet = reader.Next()) {
    if (const auto report = rtp::ParseSenderReport(*packet)) {
      for (const auto& receiver : receivers_) {
        if (receiver->config().ssrc == report->ssrc) {
          receiver->HandleSenderReport(now, report->info);
        }
      }
      continue;
    }
    const auto feedback = rtp::ParseFeedback(*packet);
    if (!feedback || !video_) continue;
    if (feedback->IsPli() || feedback->IsFir()) {
      video_->HandleKeyFrameRequest();
      ++video_->key_frame_requests;
    } else if (feedback->IsNack() && feedback->media == video_ssrc_) {
      rtp::ParseNack(*feedback, [this](uint16_t seq) {
        video_->HandleNack(seq, transport_seq_);
      });
    }
  }
}

rtp::Timestamp Bot::NextDeadline() const {
  if (!failure_.empty()) return rtp::kNever;
  rtp::Timestamp deadline = ice_.NextDeadline();
  if (dtls_) deadline = std::min(deadline, dtls_->NextDeadline());
  if (!srtp_) return deadline;
  if (audio_) deadline = std::min(deadline, audio_->NextDeadline());
  if (video_) deadline = std::min(deadline, video_->NextDeadline());
  return std::min({deadline, next_report_, next_feedback_});
}

void Bot::HandleTimeout(rtp::Timestamp now) {
  now_ = now;
  if (!failure_.empty()) return;
  ice_.HandleTimeout(now, media_sink_);
  if (dtls_ && now >= dtls_->NextDeadline()) {
    dtls_->HandleTimeout(now);
    AfterDtls(now);
  }
  if (!srtp_ || !failure_.empty()) return;
  if (audio_) audio_->HandleTimeout(now, transport_seq_);
  if (video_) video_->HandleTimeout(now, transport_seq_);
  if (now >= next_report_) SendReports(now);
  SendFeedback(now);
  next_feedback_ = twcc_.NextDeadline();
  for (const auto& receiver : receivers_) {
    next_feedback_ = std::min(next_feedback_, receiver->NextDeadline());
  }
}

void Bot::SendReports(rtp::Timestamp now) {
  next_report_ = now + kReportInterval;
  std::array<uint8_t, kRtcpSize> buffer;
  rtp::RtcpWriter compound(buffer);
  if (audio_) audio_->WriteSenderReport(now, config_.ntp, compound);
  if (video_) video_->WriteSenderReport(now, config_.ntp, compound);
  std::vector<rtp::ReportBlock> blocks;
  for (const auto& receiver : receivers_) {
    if (const auto block = receiver->BuildReport(now)) {
      blocks.push_back(*block);
    }
  }
  rtp::WriteReceiverReport(audio_ssrc_, blocks, compound);
  if (!compound.empty()) SendPlainRtcp(compound.written());
}

// Reduced-size (RFC 5506): the server takes it, and it is what browsers send.
void Bot::SendFeedback(rtp::Timestamp now) {
  std::array<uint8_t, kRtcpSize> buffer;
  for (;;) {
    rtp::RtcpWriter message(buffer);
    const bool more = twcc_.WriteFeedback(now, audio_ssrc_, message);
    if (more) SendPlainRtcp(message.written());
    if (!more) break;
  }
  rtp::RtcpWriter asked(buffer);
  for (const auto& receiver : receivers_) {
    receiver->WriteFeedback(now, audio_ssrc_, asked);
  }
  if (!asked.empty()) SendPlainRtcp(asked.written());
}

}  // namespace bot
