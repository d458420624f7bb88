// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/extensions.h"
#include "rtp/nack_tracker.h"
#include "rtp/receive_stats.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtp_packet.h"
#include "rtp/seq.h"
#include "tools/bot/distribution.h"
#include "tools/bot/figures.h"
#include "tools/bot/frame_assembler.h"
#include "tools/bot/freeze_meter.h"
#include "tools/bot/picture_decoder.h"
#include "tools/bot/seq_window.h"
#include "tools/bot/sound_meter.h"

namespace bot {

// One slot as a bot receives it: asks for what is missing, puts frames
// together, and measures what a person would feel. Of most packets it needs
// only what SRTP leaves in clear, the RTP header and its extensions.
class MediaReceiver {
 public:
  struct Config {
    std::string content;
    rtp::MediaKind kind = rtp::MediaKind::kAudio;
    rtp::Ssrc ssrc = 0;      // 0: not signalled; see Latch()
    rtp::Ssrc rtx_ssrc = 0;  // 0: none
    // What may come, by payload type; others count as packets and no more.
    // Empty: `payload_type` alone, Opus or VP8.
    std::map<uint8_t, rtp::Codec> codecs;
    // By RTX payload type: what it repeats (RFC 4588 s8.1: apt). Empty: every
    // one repeats `payload_type`.
    std::map<uint8_t, uint8_t> rtx_types;
    uint8_t payload_type = 0;
    rtp::ExtensionIds extensions;
    rtp::NtpClock ntp;    // the senders' clock too, or latencies are wrong
    bool decode = false;  // VP8 and VP9 with libvpx; errors are counted
    bool nack = true;
    // Of so many packets one is to be decrypted, more where it is needed.
    // 1: all.
    unsigned decrypt_one_in = 1;
  };
  struct Latency {
    rtp::TimeDelta value{};
    rtp::Timestamp at;
  };

  explicit MediaReceiver(Config config);
  ~MediaReceiver();
  MediaReceiver(const MediaReceiver&) = delete;
  MediaReceiver& operator=(const MediaReceiver&) = delete;

  const Config& config() const { return config_; }
  // It is the only one of its transport, and this is what comes there.
  void Latch(rtp::Ssrc ssrc) { config_.ssrc = ssrc; }
  // As of the last Settle() or packet.
  const StreamFigures& figures() const { return figures_; }
  std::optional<rtp::Timestamp> first_packet() const { return first_packet_; }
  // That can be shown, or heard.
  std::optional<rtp::Timestamp> first_frame() const { return first_frame_; }
  // Of the newest packet that had a stamp: to compare sound and picture of one
  // owner.
  std::optional<Latency> last_latency() const { return last_latency_; }
  // Those since it was last called.
  Distribution TakeLatencies();

  // Somebody else's media comes from now on: what was missing between the two
  // is no freeze and no gap. May be told late or early.
  void OnSourceChanged(rtp::Timestamp now, std::string_view owner);
  // Its source sends nothing for now.
  void OnSourceMuted(rtp::Timestamp now);
  void OnSourceEmpty(rtp::Timestamp now);

  // Whether HandlePacket() wants the payload of the packet with that header.
  // Counts packets: to be asked once of each.
  bool WantsPlain(const rtp::RtpView& header);
  // A packet of the media stream. `packet.payload` is only looked at if
  // `plain`. `retransmitted`: it came by RTX.
  void HandlePacket(rtp::Timestamp now, const rtp::RtpView& packet,
                    bool retransmitted, bool plain = true);
  // A decrypted packet of the RTX stream. False if there is no media in it.
  bool HandleRtx(rtp::Timestamp now, const rtp::RtpView& rtx);
  // One that SRTP did not accept.
  void CountUnauthentic() { ++figures_.unauthentic; }
  // Brings the figures up to now: a freeze counts while it lasts. Also gives
  // up what came too late. Each second and at the end.
  void Settle(rtp::Timestamp now);

  // When WriteFeedback() has something to do.
  rtp::Timestamp NextDeadline() const;
  // Appends NACK and PLI that are due.
  void WriteFeedback(rtp::Timestamp now, rtp::Ssrc sender,
                     rtp::RtcpWriter& out);
  void HandleSenderReport(rtp::Timestamp now, const rtp::SenderInfo& info) {
    stats_.OnSenderReport(now, info);
  }
  std::optional<rtp::ReportBlock> BuildReport(rtp::Timestamp now);
  void set_rtt(rtp::TimeDelta rtt) { nack_.set_rtt(rtt); }

 private:
  std::optional<rtp::Codec> CodecOf(uint8_t payload_type) const;
  void CountPacket(rtp::Timestamp now, uint64_t seq, const rtp::RtpView& packet,
                   bool retransmitted);
  void MeasureLatency(rtp::Timestamp now, const rtp::RtpView& packet,
                      const rtp::ParsedExtensions& extensions, bool plain);
  void HandleVideo(rtp::Timestamp now, uint64_t seq, const rtp::RtpView& packet,
                   const rtp::ParsedExtensions& extensions, bool plain);
  void ShowFrames(rtp::Timestamp now);
  void ShowFrame(rtp::Timestamp now, const FrameAssembler::Frame& frame);
  void CountLayers(const FrameAssembler::Frame& frame);
  void CopyMeters();

  Config config_;
  StreamFigures figures_;
  std::optional<rtp::Timestamp> first_packet_;
  std::optional<rtp::Timestamp> first_frame_;
  rtp::SeqUnwrapper seq_;
  SeqWindow window_;
  rtp::ReceiveStats stats_;
  rtp::NackTracker nack_;
  std::optional<uint32_t> newest_timestamp_;
  uint64_t newest_seq_ = 0;
  unsigned until_plain_ = 0;
  Distribution latencies_;
  std::optional<Latency> last_latency_;

  std::optional<uint8_t> payload_type_;  // of the newest packet
  FrameAssembler assembler_;
  std::vector<FrameAssembler::Frame> frames_;  // that can be shown now
  rtp::DependencyStructure dependencies_;
  rtp::Timestamp next_pli_;
  FreezeMeter freezes_;
  SoundMeter sound_;
  std::unique_ptr<PictureDecoder> decoder_;
  // What the picture's size is told by, since its source is this one.
  std::optional<uint32_t> shown_height_;
  std::optional<uint8_t> shown_spatial_id_;
};

}  // namespace bot
