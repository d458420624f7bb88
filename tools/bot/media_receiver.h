// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/nack_tracker.h"
#include "rtp/receive_stats.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtp_packet.h"
#include "rtp/seq.h"

namespace bot {

// One slot as a bot receives it: asks for what is missing, puts frames
// together, and measures what a person would feel.
class MediaReceiver {
 public:
  struct Config {
    std::string content;
    rtp::MediaKind kind = rtp::MediaKind::kAudio;
    rtp::Ssrc ssrc = 0;
    rtp::Ssrc rtx_ssrc = 0;
    uint8_t payload_type = 0;
    bool decode = false;  // VP8 with libvpx; errors are counted
  };
  struct Figures {
    uint64_t packets = 0;
    uint64_t duplicates = 0;
    uint64_t lost = 0;  // never came, retransmission or not
    uint64_t recovered = 0;
    uint64_t frames = 0;
    uint64_t key_frames = 0;
    uint64_t decode_errors = 0;
    uint64_t backward_timestamps = 0;
    std::optional<rtp::Timestamp> first_packet;
    std::optional<rtp::Timestamp> first_frame;  // that can be decoded
    rtp::TimeDelta longest_gap{};  // between frames, or audio packets
  };

  explicit MediaReceiver(Config config);
  ~MediaReceiver();
  MediaReceiver(const MediaReceiver&) = delete;
  MediaReceiver& operator=(const MediaReceiver&) = delete;

  const Config& config() const { return config_; }
  const Figures& figures() const { return figures_; }
  // Forgets the gap so far: the source changed, or paused.
  void ResetGap() { last_progress_.reset(); }

  void HandlePacket(rtp::Timestamp now, const rtp::RtpView& packet,
                    bool retransmitted);

  rtp::Timestamp NextDeadline() const { return nack_.NextDeadline(); }
  // Appends NACK and PLI that are due.
  void WriteFeedback(rtp::Timestamp now, rtp::Ssrc sender,
                     rtp::RtcpWriter& out);
  void HandleSenderReport(rtp::Timestamp now, const rtp::SenderInfo& info) {
    stats_.OnSenderReport(now, info);
  }
  std::optional<rtp::ReportBlock> BuildReport(rtp::Timestamp now);

 private:
  struct Decoder;
  struct Waiting {
    bool marker = false;
    bool start_of_frame = false;
    bool key_frame = false;
    std::vector<uint8_t> vp8;  // without descriptor
  };

  void TakeInOrder(rtp::Timestamp now);
  void FinishFrame(rtp::Timestamp now);
  void Progress(rtp::Timestamp now);

  const Config config_;
  Figures figures_;
  rtp::SeqUnwrapper seq_;
  rtp::ReceiveStats stats_;
  rtp::NackTracker nack_;
  std::optional<uint32_t> newest_timestamp_;
  uint64_t newest_seq_ = 0;
  std::map<uint64_t, Waiting> waiting_;  // VP8 packets, until in order
  uint64_t next_seq_ = 0;
  std::vector<uint8_t> frame_;
  bool frame_is_key_ = false;
  bool frame_is_whole_ = false;
  bool need_key_frame_ = true;
  rtp::Timestamp next_pli_;
  std::optional<rtp::Timestamp> last_progress_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace bot
