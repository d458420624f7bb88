// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_compound.h"
#include "tools/bot/media_samples.h"

namespace bot {

// One stream that a bot sends: packets of a loop, sent again when NACKed, with
// a key frame when asked. Sans-IO: plain packets go to `send`.
class MediaSender {
 public:
  struct Config {
    rtp::MediaKind kind = rtp::MediaKind::kAudio;
    uint8_t payload_type = 0;
    uint8_t rtx_payload_type = 0;  // 0: none
    rtp::Ssrc ssrc = 0;
    rtp::Ssrc rtx_ssrc = 0;
    std::string mid;
    rtp::ExtensionIds extensions;
  };
  using Send = std::function<void(std::span<const uint8_t>)>;

  MediaSender(Config config, std::shared_ptr<const MediaSamples> samples,
              Send send);

  rtp::Ssrc ssrc() const { return config_.ssrc; }
  // RFC 6464, of the packets from now on.
  void set_audio_level(uint8_t level) { audio_level_ = level; }

  void Start(rtp::Timestamp now) { next_frame_ = now; }
  rtp::Timestamp NextDeadline() const { return next_frame_; }
  // Sends what is due. `transport_seq` counts the packets of the transport.
  void HandleTimeout(rtp::Timestamp now, uint16_t& transport_seq);

  void HandleNack(uint16_t seq, uint16_t& transport_seq);
  // Restarts the loop at its key frame.
  void HandleKeyFrameRequest() { key_frame_wanted_ = true; }
  void WriteSenderReport(rtp::Timestamp now, const rtp::NtpClock& ntp,
                         rtp::RtcpWriter& out) const;

  uint64_t packets_sent() const { return packets_; }
  uint64_t key_frame_requests = 0;
  uint64_t resent = 0;

 private:
  struct Sent {
    uint16_t seq = 0;
    bool marker = false;
    uint32_t timestamp = 0;
    std::vector<uint8_t> payload;
  };

  void SendFrame(rtp::Timestamp now, uint16_t& transport_seq);
  void Emit(const Sent& packet, bool rtx, uint16_t& transport_seq);

  const Config config_;
  const std::shared_ptr<const MediaSamples> samples_;
  const Send send_;
  uint8_t audio_level_ = 127;
  size_t next_sample_ = 0;
  bool key_frame_wanted_ = false;
  uint16_t seq_ = 1000;
  uint16_t rtx_seq_ = 1;
  uint32_t timestamp_ = 0;
  rtp::Timestamp last_frame_;
  uint16_t picture_id_ = 0;
  std::array<Sent, 512> history_;
  rtp::Timestamp next_frame_ = rtp::kNever;
  uint64_t packets_ = 0;
  uint64_t octets_ = 0;
};

}  // namespace bot
