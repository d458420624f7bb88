// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ice/datagram_kind.h"
#include "rtp/extensions.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtcp_twcc.h"
#include "rtp/rtx.h"

namespace bot {
namespace {

constexpr rtp::TimeDelta kReportInterval = std::chrono::seconds(1);
constexpr size_t kRtcpSize = 1100;
// Of sound with all its headers, bit/s.
constexpr int64_t kSoundRate = 50'000;
constexpr rtp::TimeDelta kProbeRetry = std::chrono::milliseconds(20);
constexpr size_t kProbeSize = 1000;  // bytes

}  // namespace

MediaSession::MediaSession(Config config, rtp::RandomSource& random,
                           const ice::DtlsIdentity& identity,
                           ice::DatagramSink& sink)
    : config_(std::move(config)),
      identity_(identity),
      sink_(sink),
      ice_(random),
      spare_ssrc_(random.NextU32() | 1) {}

MediaSession::~MediaSession() = default;

void MediaSession::Fail(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
}

MediaSender& MediaSession::AddSender(
    MediaSender::Config config, std::shared_ptr<const MediaSamples> samples) {
  senders_.push_back(std::make_unique<MediaSender>(
      std::move(config), std::move(samples),
      [this](const SentPacket& packet) { SendRtp(packet); }));
  return *senders_.back();
}

void MediaSession::AddReceiver(MediaReceiver::Config config) {
  receivers_.push_back(std::make_unique<MediaReceiver>(std::move(config)));
}

rtp::Ssrc MediaSession::own_ssrc() const {
  return senders_.empty() ? spare_ssrc_ : senders_.front()->ssrc();
}

// ---- the transport ----

void MediaSession::Connect(rtp::Timestamp now, Remote remote) {
  dtls_ = identity_.MakeAssociation(remote.our_role);
  dtls_->SetRemoteFingerprint(remote.fingerprint);
  ice_.Start(now, std::move(remote.credentials), std::move(remote.candidates));
}

void MediaSession::AfterRestart(rtp::Timestamp now, rtp::IceCredentials remote,
                                std::vector<ice::SocketAddress> candidates) {
  ice_.Start(now, std::move(remote), std::move(candidates));
}

void MediaSession::HandleDatagram(rtp::Timestamp now,
                                  const ice::SocketAddress& from,
                                  std::span<const uint8_t> datagram) {
  now_ = now;
  if (!failure_.empty() || !dtls_) return;
  switch (ice::ClassifyDatagram(datagram)) {
    case ice::DatagramKind::kStun: {
      const bool before = ice_.selected().has_value();
      ice_.HandleStun(now, from, datagram, sink_);
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
      if (srtp_) HandleRtp(now, datagram);
      return;
    case ice::DatagramKind::kRtcp:
      if (srtp_) HandleRtcp(now, datagram);
      return;
    case ice::DatagramKind::kUnknown:
      return;
  }
}

void MediaSession::AfterDtls(rtp::Timestamp now) {
  using State = ice::DtlsAssociation::State;
  for (const auto& datagram : dtls_->TakeDatagrams()) SendRaw(datagram);
  switch (dtls_->state()) {
    case State::kHandshaking:
      return;
    case State::kConnected:
      if (!srtp_) StartMedia(now);
      return;
    case State::kFailed:
      return Fail("the DTLS handshake failed");
    case State::kMismatch:
      return Fail("the server's certificate is not the signalled one");
    case State::kClosed:
      return Fail("the server closed DTLS");
  }
}

void MediaSession::StartMedia(rtp::Timestamp now) {
  times_.dtls_connected = now;
  srtp_ = std::make_unique<SrtpClient>(*dtls_->keys());
  if (!srtp_->ok()) {
    srtp_.reset();
    return Fail("libsrtp2 refused the keys");
  }
  if (config_.congestion_control && !senders_.empty()) {
    congestion_ = std::make_unique<rtp::CongestionController>(
        rtp::CongestionController::Config{});
  }
  for (const auto& sender : senders_) sender->Start(now);
  next_report_ = now + kReportInterval;
}

void MediaSession::Close() {
  if (!dtls_) return;
  dtls_->Close();
  for (const auto& datagram : dtls_->TakeDatagrams()) SendRaw(datagram);
}

// ---- out ----

void MediaSession::SendRaw(std::span<const uint8_t> datagram) {
  if (ice_.selected()) sink_.SendDatagram(*ice_.selected(), datagram);
}

void MediaSession::SendPlainRtp(std::span<const uint8_t> packet) {
  if (config_.faults) {
    if (const auto view = rtp::RtpView::Parse(packet)) {
      last_sent_[view->ssrc].assign(packet.begin(), packet.end());
    }
  }
  const std::vector<uint8_t> wire = srtp_->ProtectRtp(packet);
  if (wire.empty()) return;
  ++traffic_.packets_sent;
  traffic_.bytes_sent += wire.size();
  SendRaw(wire);
}

void MediaSession::SendRtp(const SentPacket& packet) {
  SendPlainRtp(packet.bytes);
  if (congestion_ == nullptr || !packet.transport_seq) return;
  congestion_->OnPacketSent(now_, *packet.transport_seq, packet.ssrc,
                            packet.bytes.size(), probing_);
  pacer_.OnPacketSent(now_, packet.bytes.size());
}

double MediaSession::target_bps() const {
  return congestion_ == nullptr
             ? 0
             : static_cast<double>(congestion_->target().bps());
}

void MediaSession::FollowRate(rtp::Timestamp now) {
  if (congestion_ == nullptr) return;
  congestion_->HandleTimeout(now);
  pacer_.SetRate(now, congestion_->pacing_rate());
  MediaSender* video = nullptr;
  int64_t others = 0;
  for (const auto& sender : senders_) {
    if (sender->kind() == rtp::MediaKind::kVideo) {
      video = sender.get();
    } else {
      others += kSoundRate;
    }
  }
  if (video == nullptr) return;
  video->SetTargetRate(
      std::max<int64_t>(congestion_->target().bps() - others, 1));
  // What media leaves of a probe is filled with packets sent again.
  for (auto probe = congestion_->probe(); probe && pacer_.MaySend(now);
       probe = congestion_->probe()) {
    probing_ = probe->cluster;
    const bool sent = video->SendProbe(now, kProbeSize, transport_seq_) > 0;
    probing_ = 0;
    if (!sent) {
      // There was nothing yet to be sent again.
      pacer_next_ = now + kProbeRetry;
      return;
    }
  }
  pacer_next_ = pacer_.NextSend(now);
}

void MediaSession::SendPlainRtcp(std::span<const uint8_t> compound) {
  const std::vector<uint8_t> wire = srtp_->ProtectRtcp(compound);
  if (!wire.empty()) SendRaw(wire);
}

// ---- in ----

MediaReceiver* MediaSession::FindReceiver(rtp::Ssrc ssrc) const {
  const auto found =
      std::find_if(receivers_.begin(), receivers_.end(), [&](const auto& r) {
        return r->config().ssrc == ssrc || r->config().rtx_ssrc == ssrc;
      });
  if (found != receivers_.end()) return found->get();
  // One whose SSRC nobody signalled, as clients without BUNDLE have it.
  if (receivers_.size() != 1 || receivers_[0]->config().ssrc != 0) {
    return nullptr;
  }
  receivers_[0]->Latch(ssrc);
  return receivers_[0].get();
}

void MediaSession::HandleRtp(rtp::Timestamp now,
                             std::span<const uint8_t> datagram) {
  ++traffic_.packets_received;
  traffic_.bytes_received += datagram.size();
  // SRTP leaves the header and its extensions in clear (RFC 3711 s3.1), but
  // not how much padding there is.
  constexpr uint8_t kPadding = 0x20;
  std::optional<rtp::RtpView> packet;
  if ((datagram[0] & kPadding) == 0) packet = rtp::RtpView::Parse(datagram);
  MediaReceiver* receiver = packet ? FindReceiver(packet->ssrc) : nullptr;
  bool rtx = receiver != nullptr && packet->ssrc != receiver->config().ssrc;
  std::optional<std::vector<uint8_t>> plain;
  // Nothing is believed of a stream that nobody knows.
  if (receiver == nullptr || rtx || receiver->WantsPlain(*packet)) {
    plain = srtp_->UnprotectRtp(datagram);
    if (!plain) {
      ++traffic_.unauthentic;
      if (receiver != nullptr) receiver->CountUnauthentic();
      return;
    }
    packet = rtp::RtpView::Parse(*plain);
    if (packet && receiver == nullptr) {
      receiver = FindReceiver(packet->ssrc);
      rtx = receiver != nullptr && packet->ssrc != receiver->config().ssrc;
    }
  }
  if (!packet || receiver == nullptr) return;
  if (config_.feedback == Feedback::kTwcc) {
    const auto extensions = rtp::ParseExtensions(*packet, config_.extensions);
    if (extensions.transport_sequence) {
      twcc_.OnPacket(now, *extensions.transport_sequence, packet->ssrc,
                     packet->marker);
    }
  }
  if (rtx) {
    receiver->HandleRtx(now, *packet);
  } else {
    receiver->HandlePacket(now, *packet, /*retransmitted=*/false,
                           plain.has_value());
  }
  rtp::Timestamp& first = receiver->config().kind == rtp::MediaKind::kVideo
                              ? times_.first_picture
                              : times_.first_sound;
  if (first == rtp::kNever && receiver->first_frame()) first = now;
}

void MediaSession::HandleRtcp(rtp::Timestamp now,
                              std::span<const uint8_t> datagram) {
  const auto plain = srtp_->UnprotectRtcp(datagram);
  if (!plain) {
    ++traffic_.unauthentic;
    return;
  }
  rtp::RtcpReader reader(*plain);
  while (const auto packet = reader.Next()) {
    if (const auto report = rtp::ParseSenderReport(*packet)) {
      if (MediaReceiver* receiver = FindReceiver(report->ssrc)) {
        receiver->HandleSenderReport(now, report->info);
      }
      continue;
    }
    const auto feedback = rtp::ParseFeedback(*packet);
    if (!feedback) continue;
    if (congestion_ != nullptr) {
      if (const auto twcc = rtp::TwccFeedback::Parse(*feedback)) {
        congestion_->OnTwcc(now, *twcc);
        continue;
      }
      if (const auto remb = rtp::ParseRemb(*feedback)) {
        congestion_->OnRemb(now, remb->bitrate);
        continue;
      }
    }
    for (const auto& sender : senders_) {
      if (feedback->IsPli() && sender->Owns(feedback->media)) {
        sender->HandleKeyFrameRequest(feedback->media);
      } else if (feedback->IsFir()) {
        for (const auto& layer : sender->config().layers) {
          if (sender->kind() == rtp::MediaKind::kVideo) {
            sender->HandleKeyFrameRequest(layer.ssrc);
          }
        }
      } else if (feedback->IsNack() && sender->Owns(feedback->media)) {
        rtp::ParseNack(*feedback, [&](uint16_t seq) {
          sender->HandleNack(now, feedback->media, seq, transport_seq_);
        });
      }
    }
  }
}

void MediaSession::AskForKeyFrames() {
  if (!srtp_) return;
  std::array<uint8_t, kRtcpSize> buffer;
  rtp::RtcpWriter asked(buffer);
  for (const auto& receiver : receivers_) {
    if (receiver->config().kind != rtp::MediaKind::kVideo) continue;
    rtp::WritePli(own_ssrc(), receiver->config().ssrc, asked);
  }
  if (!asked.empty()) SendPlainRtcp(asked.written());
}

void MediaSession::Settle(rtp::Timestamp now) {
  for (const auto& receiver : receivers_) receiver->Settle(now);
}

// ---- time ----

rtp::Timestamp MediaSession::NextDeadline() const {
  if (!failure_.empty()) return rtp::kNever;
  rtp::Timestamp deadline = ice_.NextDeadline();
  if (dtls_) deadline = std::min(deadline, dtls_->NextDeadline());
  if (!srtp_) return deadline;
  if (congestion_ != nullptr) {
    deadline = std::min(deadline, congestion_->NextDeadline());
    if (congestion_->probe()) deadline = std::min(deadline, pacer_next_);
  }
  for (const auto& sender : senders_) {
    deadline = std::min(deadline, sender->NextDeadline());
  }
  return std::min({deadline, next_report_, next_feedback_});
}

void MediaSession::HandleTimeout(rtp::Timestamp now) {
  now_ = now;
  if (!failure_.empty()) return;
  ice_.HandleTimeout(now, sink_);
  if (ice_.lost()) return Fail("the server answers no checks (ICE)");
  if (dtls_ && now >= dtls_->NextDeadline()) {
    dtls_->HandleTimeout(now);
    AfterDtls(now);
  }
  if (!srtp_ || !failure_.empty()) return;
  for (const auto& sender : senders_) {
    sender->HandleTimeout(now, transport_seq_);
  }
  FollowRate(now);
  if (now >= next_report_) SendReports(now);
  next_feedback_ = rtp::kNever;
  if (config_.feedback == Feedback::kNone) return;
  SendFeedback(now);
  next_feedback_ = twcc_.NextDeadline();
  for (const auto& receiver : receivers_) {
    next_feedback_ = std::min(next_feedback_, receiver->NextDeadline());
  }
}

void MediaSession::SendReports(rtp::Timestamp now) {
  next_report_ = now + kReportInterval;
  std::array<uint8_t, kRtcpSize> buffer;
  rtp::RtcpWriter compound(buffer);
  for (const auto& sender : senders_) {
    sender->WriteSenderReport(now, compound);
  }
  if (config_.feedback != Feedback::kNone) {
    std::vector<rtp::ReportBlock> blocks;
    for (const auto& receiver : receivers_) {
      if (rtt().count() > 0) receiver->set_rtt(rtt());
      if (const auto block = receiver->BuildReport(now)) {
        blocks.push_back(*block);
      }
    }
    rtp::WriteReceiverReport(own_ssrc(), blocks, compound);
  }
  if (config_.feedback == Feedback::kRemb) WriteRemb(now, compound);
  if (!compound.empty()) SendPlainRtcp(compound.written());
}

// By what came over the last interval: half as much again could come. There is
// no other estimate without the sender's clock.
void MediaSession::WriteRemb(rtp::Timestamp /*now*/, rtp::RtcpWriter& out) {
  constexpr int64_t kLeast = 300'000;  // bit/s
  const uint64_t bytes =
      std::exchange(reported_bytes_, traffic_.bytes_received);
  const int64_t rate =
      static_cast<int64_t>(traffic_.bytes_received - bytes) * 12;
  std::vector<rtp::Ssrc> ssrcs;
  for (const auto& receiver : receivers_) {
    ssrcs.push_back(receiver->config().ssrc);
  }
  rtp::WriteRemb(own_ssrc(),
                 rtp::DataRate::BitsPerSecond(std::max(rate, kLeast)), ssrcs,
                 out);
}

// Reduced-size (RFC 5506): the server takes it, and it is what browsers send.
void MediaSession::SendFeedback(rtp::Timestamp now) {
  std::array<uint8_t, kRtcpSize> buffer;
  for (;;) {
    rtp::RtcpWriter message(buffer);
    if (!twcc_.WriteFeedback(now, own_ssrc(), message)) break;
    SendPlainRtcp(message.written());
  }
  rtp::RtcpWriter asked(buffer);
  for (const auto& receiver : receivers_) {
    receiver->WriteFeedback(now, own_ssrc(), asked);
  }
  if (!asked.empty()) SendPlainRtcp(asked.written());
}

}  // namespace bot
