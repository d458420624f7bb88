// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/sender_layer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rtp/base/bytes.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/rtx.h"
#include "tools/bot/send_stamp.h"

namespace bot {
namespace {

constexpr size_t kMaxPayload = 1100;
// A payload shorter than that has no place for a stamp.
constexpr size_t kMinStamped = 32;
constexpr size_t kMaxKept = 512;

}  // namespace

void SenderLayer::SendFrame(const Frame& frame, uint16_t& transport_seq) {
  const bool video = rtp::KindOf(config_.codec) == rtp::MediaKind::kVideo;
  Payloads payloads =
      Packetize(config_.codec, frame.header, frame.bytes, kMaxPayload);
  last_timestamp_ = frame.timestamp;
  last_frame_ = frame.now;
  ++frame_number_;
  while (!kept_.empty() && (frame.now - kept_.front().at > kHistory ||
                            kept_.size() >= kMaxKept)) {
    kept_.pop_front();
  }
  for (size_t i = 0; i < payloads.size(); ++i) {
    const bool first = i == 0;
    const bool last = i + 1 == payloads.size();
    Kept& packet = kept_.emplace_back();
    packet.at = frame.now;
    packet.seq = seq_++;
    packet.timestamp = frame.timestamp;
    packet.marker = video ? last && frame.end_of_picture : frame.marker;
    packet.level = frame.level;
    packet.payload = std::move(payloads[i]);
    if (config_.codec == rtp::Codec::kAv1) {
      packet.dependencies =
          WriteDependencyDescriptor(frame.header, first, last, frame_number_);
    }
    if (config_.stamped && packet.payload.size() >= kMinStamped) {
      WriteSendStamp(config_.ntp.ToNtp(frame.now), packet.payload);
    }
    octets_ += packet.payload.size();
    ++packets_;
    Emit(packet, /*again=*/false, transport_seq);
  }
}

bool SenderLayer::Resend(rtp::Timestamp now, uint16_t seq,
                         uint16_t& transport_seq) {
  if (kept_.empty()) return false;
  const uint16_t index = static_cast<uint16_t>(seq - kept_.front().seq);
  if (index >= kept_.size() || now - kept_[index].at > kHistory) return false;
  Emit(kept_[index], /*again=*/true, transport_seq);
  return true;
}

void SenderLayer::ResendLast(rtp::Timestamp now, size_t bytes,
                             uint16_t& transport_seq) {
  if (!HasRtx() || kept_.empty() || now - kept_.back().at > kHistory) return;
  size_t sent = 0;
  for (size_t i = kept_.size(); sent < bytes;) {
    i = i == 0 ? kept_.size() - 1 : i - 1;
    Emit(kept_[i], /*again=*/true, transport_seq);
    sent += kept_[i].payload.size();
  }
}

void SenderLayer::Emit(const Kept& packet, bool again,
                       uint16_t& transport_seq) {
  using Kind = rtp::ExtensionKind;
  const bool rtx = again && HasRtx();
  rtp::ExtensionWriter extensions(config_.extensions);
  extensions.Add(Kind::kMid, config_.mid);
  extensions.Add(rtx ? Kind::kRepairedRid : Kind::kRid, config_.rid);
  if (config_.codec == rtp::Codec::kOpus) {
    extensions.AddAudioLevel(packet.level);
  }
  std::array<uint8_t, 8> sent;
  rtp::StoreU64(sent, 0, config_.ntp.ToNtp(packet.at));
  extensions.Add(Kind::kAbsCaptureTime, sent);
  if (!packet.dependencies.empty()) {
    extensions.Add(Kind::kDependencyDescriptor, packet.dependencies);
  }
  std::optional<uint16_t> number;
  if (extensions.AddTransportSequence(transport_seq)) number = transport_seq++;
  std::array<uint8_t, 192> block;
  const auto layout = extensions.Write(block);
  rtp::RtpHeaderFields header;
  header.marker = packet.marker;
  header.pt = rtx ? config_.rtx_payload_type : config_.payload_type;
  header.seq = rtx ? rtx_seq_++ : packet.seq;
  header.timestamp = packet.timestamp;
  header.ssrc = rtx ? config_.rtx_ssrc : config_.ssrc;
  std::array<uint8_t, rtp::kMaxPacketSize> out;
  size_t size = rtp::WriteRtpHeader(
      header, std::span(block).first(layout ? layout->size : 0), out);
  if (rtx) {
    size += rtp::WriteRtxHeader(packet.seq, std::span(out).subspan(size));
  }
  std::copy(packet.payload.begin(), packet.payload.end(),
            out.begin() + static_cast<ptrdiff_t>(size));
  send_({std::span(out).first(size + packet.payload.size()), number,
         header.ssrc, again});
}

void SenderLayer::WriteSenderReport(rtp::Timestamp now, uint32_t clock_rate,
                                    rtp::RtcpWriter& out) const {
  if (packets_ == 0) return;
  rtp::SenderInfo info;
  info.ntp = config_.ntp.ToNtp(now);
  info.rtp_timestamp =
      last_timestamp_ +
      static_cast<uint32_t>((now - last_frame_).count() *
                            static_cast<int64_t>(clock_rate) / 1'000'000);
  info.packet_count = static_cast<uint32_t>(packets_);
  info.octet_count = static_cast<uint32_t>(octets_);
  rtp::WriteSenderReport(config_.ssrc, info, {}, out);
  rtp::WriteSdesCname(config_.ssrc, "bot", out);
}

}  // namespace bot
