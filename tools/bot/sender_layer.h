// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/extensions.h"
#include "rtp/rtcp_compound.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/packetizer.h"

namespace bot {

// A packet on its way out, before SRTP.
struct SentPacket {
  std::span<const uint8_t> bytes;
  std::optional<uint16_t> transport_seq;
  rtp::Ssrc ssrc = 0;
  bool rtx = false;  // a retransmission, whatever its SSRC
};

// One RTP stream of a sender: of simulcast one layer, else all there is.
// Numbers its packets and keeps them for a while, to send them again.
class SenderLayer {
 public:
  // A packet that is asked for later than that is not there any more.
  static constexpr rtp::TimeDelta kHistory = std::chrono::seconds(1);

  struct Config {
    rtp::Codec codec = rtp::Codec::kOpus;
    uint8_t payload_type = 0;
    // With one of them 0 a packet is sent again as it was.
    uint8_t rtx_payload_type = 0;
    rtp::Ssrc rtx_ssrc = 0;
    rtp::Ssrc ssrc = 0;
    std::string mid;
    std::string rid;
    rtp::ExtensionIds extensions;
    rtp::NtpClock ntp;
    uint16_t first_seq = 1000;
    bool stamped = false;  // each payload ends in a send stamp
  };
  using Send = std::function<void(const SentPacket&)>;

  SenderLayer(Config config, const Send& send)
      : config_(std::move(config)), send_(send), seq_(config_.first_seq) {}

  const Config& config() const { return config_; }

  // What goes out of one spatial layer of a picture, or of a sound.
  struct Frame {
    rtp::Timestamp now;
    uint32_t timestamp = 0;
    FrameHeader header;
    std::span<const uint8_t> bytes;
    bool end_of_picture = true;
    bool marker = false;  // of sound: the first after a pause
    rtp::AudioLevel level;
  };
  void SendFrame(const Frame& frame, uint16_t& transport_seq);
  // False if it is not known any more.
  bool Resend(rtp::Timestamp now, uint16_t seq, uint16_t& transport_seq);

  // At least `bytes` of payload from the newest packet back, round and round;
  // by RTX only, as nobody asked for it.
  void ResendLast(rtp::Timestamp now, size_t bytes, uint16_t& transport_seq);

  // `clock_rate` in Hz. Nothing where nothing was sent yet.
  void WriteSenderReport(rtp::Timestamp now, uint32_t clock_rate,
                         rtp::RtcpWriter& out) const;

  uint64_t packets() const { return packets_; }

 private:
  struct Kept {
    rtp::Timestamp at;
    uint16_t seq = 0;
    bool marker = false;
    uint32_t timestamp = 0;
    rtp::AudioLevel level;
    std::vector<uint8_t> dependencies;
    std::vector<uint8_t> payload;
  };

  bool HasRtx() const {
    return config_.rtx_payload_type != 0 && config_.rtx_ssrc != 0;
  }
  void Emit(const Kept& packet, bool again, uint16_t& transport_seq);

  const Config config_;
  const Send& send_;
  uint16_t seq_;
  uint16_t rtx_seq_ = 1;
  uint16_t frame_number_ = 0;
  uint32_t last_timestamp_ = 0;
  rtp::Timestamp last_frame_;
  std::deque<Kept> kept_;  // without gaps in their numbers
  uint64_t packets_ = 0;
  uint64_t octets_ = 0;
};

}  // namespace bot
