// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/extension_ids.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_compound.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/sender_layer.h"

namespace bot {

// One source that a bot sends, of one to three simulcast layers: loops of real
// media or payloads of the right sizes; sends again what is NACKed, and a key
// frame when asked. Sans-IO: plain packets go to `send`.
class MediaSender {
 public:
  // Frames that were due while the process stood still: so many are sent
  // late, the others never, as by a camera whose computer stood still.
  static constexpr int kMaxLate = 3;
  // Between two key frames of a layer.
  static constexpr rtp::TimeDelta kMinKeyInterval =
      std::chrono::milliseconds(300);

  struct Layer {
    rtp::Ssrc ssrc = 0;
    rtp::Ssrc rtx_ssrc = 0;  // 0: sent again as it was
    std::string rid;
    uint8_t variant = 0;  // of the samples, of VP8 and H264: 0 to 2, by size
    // 0: the samples. Else synthetic, of VP8 and Opus only, payloads without
    // RTP headers: what looks like VP8 with its key frames, and a send stamp
    // (send_stamp.h) at the end of each.
    int64_t synthetic_bps = 0;
    // Added to the RTP timestamps, as every stream has a start of its own.
    uint32_t timestamp_offset = 0;
  };
  struct Config {
    rtp::Codec codec = rtp::Codec::kOpus;
    uint8_t payload_type = 0;
    uint8_t rtx_payload_type = 0;  // 0: none
    std::vector<Layer> layers;     // the smallest first; not empty
    std::string mid;
    rtp::ExtensionIds extensions;
    rtp::NtpClock ntp;          // for abs-capture-time and sender reports
    uint16_t first_seq = 1000;  // of each layer
    SoundVariant sound = kTone;
    // RFC 6464; nothing: that of the sound itself.
    std::optional<uint8_t> audio_level = 127;
    int synthetic_fps = MediaSamples::kFps;  // 1 to 60
    double key_frame_factor = 5;  // of a synthetic frame, compared to others
  };
  struct Counts {
    uint64_t packets = 0;  // retransmissions too
    uint64_t bytes = 0;    // of RTP, before SRTP
    uint64_t key_frames = 0;
    uint64_t key_frame_requests = 0;
    uint64_t nacked = 0;  // packets that were asked for again
    uint64_t resent = 0;
  };
  using Send = std::function<void(const SentPacket&)>;

  MediaSender(Config config, std::shared_ptr<const MediaSamples> samples,
              Send send);
  MediaSender(const MediaSender&) = delete;
  MediaSender& operator=(const MediaSender&) = delete;

  // Whether the samples have what `config` names; with why not.
  static bool IsPossible(const Config& config, const MediaSamples& samples,
                         std::string* error);

  const Config& config() const { return config_; }
  rtp::MediaKind kind() const { return rtp::KindOf(config_.codec); }
  rtp::Ssrc ssrc() const { return config_.layers.front().ssrc; }
  bool Owns(rtp::Ssrc ssrc) const { return Find(ssrc) != nullptr; }

  // RFC 6464, of the packets from now on; nothing: that of the sound itself.
  // With kSpeech, 127 is one who says nothing: DTX throughout.
  void SetAudioLevel(std::optional<uint8_t> level) { audio_level_ = level; }
  // Sends nothing until it goes on, with a key frame.
  void SetPaused(rtp::Timestamp now, bool paused);
  bool paused() const { return paused_; }
  // bit/s, without headers: layers are left out from the largest on until the
  // rest fits, one that is synthetic gets smaller. The smallest always stays.
  void SetTargetRate(int64_t bps);
  size_t active_layers() const { return active_layers_; }

  void Start(rtp::Timestamp now);
  rtp::Timestamp NextDeadline() const;
  // Sends what is due. `transport_seq` counts the packets of the transport.
  void HandleTimeout(rtp::Timestamp now, uint16_t& transport_seq);

  void HandleNack(rtp::Timestamp now, rtp::Ssrc ssrc, uint16_t seq,
                  uint16_t& transport_seq);
  void HandleKeyFrameRequest(rtp::Ssrc ssrc);
  // Sends what went last once more by RTX, at least `bytes` of it, to find out
  // what the path carries, as browsers do. How many bytes it was: 0 where there
  // is no RTX or nothing to send.
  size_t SendProbe(rtp::Timestamp now, size_t bytes, uint16_t& transport_seq);
  // One report a layer that sends.
  void WriteSenderReport(rtp::Timestamp now, rtp::RtcpWriter& out) const;

  const Counts& counts() const { return counts_; }

 private:
  struct Stream {
    std::unique_ptr<SenderLayer> layer;
    const SampleLoop* loop = nullptr;  // null: synthetic
    int64_t nominal_bps = 0;
    int64_t bps = 0;      // of one that is synthetic, now
    int64_t debt = 0;     // bytes that it is ahead of its rate
    size_t position = 0;  // in its loop
    bool key_wanted = true;
    rtp::Timestamp last_key = rtp::Timestamp::min();
    uint16_t picture_id = 0;
    uint8_t tl0_picture_index = 0;
    bool was_silent = false;
  };

  Stream* Find(rtp::Ssrc ssrc) const;
  rtp::Timestamp TimeOf(int64_t frame) const;
  int64_t Fps() const;
  void SendPicture(rtp::Timestamp now, int64_t number, uint16_t& transport_seq);
  void SendSample(Stream& stream, SenderLayer::Frame frame,
                  uint16_t& transport_seq);
  void SendSynthetic(Stream& stream, SenderLayer::Frame frame,
                     uint16_t& transport_seq);
  void SendSound(Stream& stream, SenderLayer::Frame frame,
                 uint16_t& transport_seq);
  bool BeginsWithKey(Stream& stream, rtp::Timestamp now);

  const Config config_;
  const std::shared_ptr<const MediaSamples> samples_;
  const Send send_;  // counts, then calls what it was given
  std::vector<std::unique_ptr<Stream>> streams_;
  size_t active_layers_ = 0;
  std::optional<uint8_t> audio_level_;
  bool paused_ = false;
  rtp::Timestamp start_ = rtp::kNever;
  int64_t next_frame_ = 0;
  Counts counts_;
};

}  // namespace bot
