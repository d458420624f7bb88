// SPDX-License-Identifier: GPL-3.0-or-later
// What a bot sends that no client should, one of each kind: a server drops and
// counts all of it. Its own packets are the models.
#include <algorithm>
#include <array>

#include "rtp/rtcp_feedback.h"
#include "rtp/rtp_packet.h"
#include "tools/bot/media_session.h"

namespace bot {
namespace {

void PutU16(std::vector<uint8_t>& packet, size_t at, uint32_t value) {
  packet[at] = static_cast<uint8_t>(value >> 8);
  packet[at + 1] = static_cast<uint8_t>(value);
}

void PutU32(std::vector<uint8_t>& packet, size_t at, uint32_t value) {
  PutU16(packet, at, value >> 16);
  PutU16(packet, at + 2, value & 0xFFFF);
}

uint16_t SeqOf(const std::vector<uint8_t>& packet) {
  return static_cast<uint16_t>(packet[2] << 8 | packet[3]);
}

void SetPayloadType(std::vector<uint8_t>& packet, uint8_t type) {
  packet[1] = static_cast<uint8_t>((packet[1] & 0x80) | type);
}

constexpr uint8_t kAnyPayloadType = 111;

// RFC 3550 s5.1, no extension, no payload.
std::vector<uint8_t> BareRtp(rtp::Ssrc ssrc, uint8_t payload_type) {
  std::vector<uint8_t> packet(rtp::kRtpFixedHeaderSize);
  packet[0] = 0x80;
  packet[1] = payload_type;
  packet[3] = 1;
  PutU32(packet, 8, ssrc);
  return packet;
}

}  // namespace

void MediaSession::SendFaultBeforeKeys() {
  std::vector<uint8_t> early = BareRtp(own_ssrc(), kAnyPayloadType);
  early.resize(60);
  SendRaw(early);
}

void MediaSession::SendFaults() {
  const auto sender = std::find_if(
      senders_.begin(), senders_.end(),
      [](const auto& each) { return each->kind() == rtp::MediaKind::kVideo; });
  if (!srtp_ || sender == senders_.end()) return;
  const rtp::Ssrc rtx_ssrc = (*sender)->config().layers.front().rtx_ssrc;
  const std::vector<uint8_t> video = last_sent_[(*sender)->ssrc()];
  if (video.empty()) return;
  const size_t header = rtp::RtpHeaderSize(video).value_or(video.size());
  uint16_t seq = SeqOf(video);
  const auto next = [&](std::vector<uint8_t> packet) {
    PutU16(packet, 2, ++seq);
    return packet;
  };

  // What nobody's keys made, and what came before.
  SendRaw(next(video));

  const std::vector<uint8_t> twice = srtp_->ProtectRtp(next(video));
  for (int i = 0; i < 2; ++i) SendRaw(twice);

  // Authentic, but unreadable or not negotiated.
  std::vector<uint8_t> padded = next(video);
  padded[0] |= 0x20;
  padded.resize(header);
  padded.resize(header + 4, 0xFF);  // more padding than payload, it says
  SendPlainRtp(padded);
  std::vector<uint8_t> other_type = next(video);
  SetPayloadType(other_type, 13);
  SendPlainRtp(other_type);
  std::vector<uint8_t> cut = next(video);
  cut.resize(header);
  cut.push_back(0x90);  // a VP8 descriptor that promises more (RFC 7741 s4.2)
  SendPlainRtp(cut);
  const std::array<uint8_t, 12> rtcp = {0x81, 206, 0, 9, 0, 0, 0, 1};
  SendPlainRtcp(rtcp);  // longer by its word than it is

  // Retransmissions (RFC 4588 s4): of what came already, and of nothing.
  std::vector<uint8_t> rtx = video;
  uint16_t rtx_seq =
      last_sent_.contains(rtx_ssrc) ? SeqOf(last_sent_[rtx_ssrc]) : uint16_t{0};
  SetPayloadType(rtx, (*sender)->config().rtx_payload_type);
  PutU32(rtx, 8, rtx_ssrc);
  PutU16(rtx, 2, ++rtx_seq);
  const std::array<uint8_t, 2> original = {video[2], video[3]};
  rtx.insert(rtx.begin() + static_cast<ptrdiff_t>(header), original.begin(),
             original.end());
  SendPlainRtp(rtx);
  rtx.resize(header + 1);
  PutU16(rtx, 2, ++rtx_seq);
  SendPlainRtp(rtx);

  // Asks for what nobody has any more, and then for a key frame.
  for (const auto& receiver : receivers_) {
    std::array<uint8_t, 64> buffer;
    rtp::RtcpWriter nack(buffer);
    const std::array<uint16_t, 1> missing = {0x7FFF};
    rtp::WriteNack(own_ssrc(), receiver->config().ssrc, missing, nack);
    if (receiver->config().kind == rtp::MediaKind::kVideo) {
      rtp::WritePli(own_ssrc(), receiver->config().ssrc, nack);
    }
    SendPlainRtcp(nack.written());
  }

  // Streams that nobody negotiated, more than a client may have. The last, as
  // no new stream of the session has a chance after it.
  for (rtp::Ssrc ssrc = 1; ssrc <= 70; ++ssrc) {
    SendPlainRtp(BareRtp(ssrc, kAnyPayloadType));
  }
}

}  // namespace bot
