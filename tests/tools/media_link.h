// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rtp/rtcp_feedback.h"
#include "rtp/rtx.h"
#include "tools/bot/media_receiver.h"
#include "tools/bot/media_sender.h"

namespace bot {

inline constexpr rtp::Ssrc kSsrc = 100;
inline constexpr rtp::Ssrc kRtx = 101;

inline std::shared_ptr<const MediaSamples> TestSamples() {
  static const auto* samples = [] {
    std::string error;
    return new std::shared_ptr<const MediaSamples>(MakeSamples(&error));
  }();
  return *samples;
}

inline rtp::ExtensionIds TestExtensions() {
  rtp::ExtensionIds ids;
  ids.Set(rtp::ExtensionKind::kAudioLevel, 1);
  ids.Set(rtp::ExtensionKind::kTransportSequence, 3);
  ids.Set(rtp::ExtensionKind::kMid, 4);
  ids.Set(rtp::ExtensionKind::kRid, 5);
  ids.Set(rtp::ExtensionKind::kAbsCaptureTime, 7);
  ids.Set(rtp::ExtensionKind::kDependencyDescriptor, 8);
  return ids;
}

// Of the codec's smallest sample. Payload type: 96 plus the codec, for all.
inline MediaSender::Config VideoSender(rtp::Codec codec) {
  MediaSender::Config config;
  config.codec = codec;
  config.payload_type = static_cast<uint8_t>(96 + static_cast<int>(codec));
  config.rtx_payload_type = 120;
  MediaSender::Layer layer;
  layer.ssrc = kSsrc;
  layer.rtx_ssrc = kRtx;
  config.layers.push_back(layer);
  config.mid = "video0";
  config.extensions = TestExtensions();
  config.ntp = rtp::NtpClock(uint64_t{3'900'000'000} << 32);
  return config;
}

inline MediaSender::Config SoundSender(SoundVariant sound) {
  MediaSender::Config config = VideoSender(rtp::Codec::kOpus);
  config.rtx_payload_type = 0;
  config.sound = sound;
  config.audio_level.reset();
  return config;
}

inline MediaReceiver::Config VideoReceiver(bool decode) {
  MediaReceiver::Config config;
  config.kind = rtp::MediaKind::kVideo;
  config.ssrc = kSsrc;
  config.rtx_ssrc = kRtx;
  for (const auto codec : {rtp::Codec::kVp8, rtp::Codec::kVp9,
                           rtp::Codec::kH264, rtp::Codec::kAv1}) {
    const auto type = static_cast<uint8_t>(96 + static_cast<int>(codec));
    config.codecs[type] = codec;
  }
  config.extensions = TestExtensions();
  config.ntp = rtp::NtpClock(uint64_t{3'900'000'000} << 32);
  config.decode = decode;
  return config;
}

inline MediaReceiver::Config SoundReceiver() {
  MediaReceiver::Config config = VideoReceiver(false);
  config.kind = rtp::MediaKind::kAudio;
  config.rtx_ssrc = 0;
  config.codecs = {{uint8_t{96}, rtp::Codec::kOpus}};
  config.nack = false;
  return config;
}

// A sender and a receiver, virtual time in steps of 5 ms, and what a network
// does between them on the way there. The way back takes no time.
class MediaLink {
 public:
  MediaLink(const MediaSender::Config& out, const MediaReceiver::Config& in)
      : receiver(std::make_unique<MediaReceiver>(in)),
        sender(std::make_unique<MediaSender>(
            out, TestSamples(),
            [this](const SentPacket& packet) { Accept(packet); })) {
    media_type_ = out.payload_type;
    sender->Start(now);
  }

  void RunFor(rtp::TimeDelta time) {
    for (const auto end = now + time; now < end;
         now += std::chrono::milliseconds(5)) {
      sender->HandleTimeout(now, transport_seq);
      Deliver();
      Answer();
    }
    receiver->Settle(now - std::chrono::milliseconds(5));
  }

  const StreamFigures& figures() const { return receiver->figures(); }

  rtp::Timestamp now{std::chrono::seconds(1)};
  uint16_t transport_seq = 0;
  std::function<bool(const SentPacket&, uint16_t)> loses =
      [](const SentPacket&, uint16_t) { return false; };
  // First sendings, by their RTP timestamp.
  std::function<bool(uint32_t)> loses_by_time = [](uint32_t) { return false; };
  rtp::TimeDelta delay{};
  bool held = false;   // what is sent waits
  uint64_t plain = 0;  // packets whose payload the receiver saw
  std::unique_ptr<MediaReceiver> receiver;
  std::unique_ptr<MediaSender> sender;

 private:
  struct OnItsWay {
    rtp::Timestamp at;
    std::vector<uint8_t> bytes;
  };

  void Accept(const SentPacket& packet) {
    const auto view = rtp::RtpView::Parse(packet.bytes);
    if (loses(packet, view->seq)) return;
    if (!packet.rtx && loses_by_time(view->timestamp)) return;
    on_its_way_.push_back(
        {now + delay, {packet.bytes.begin(), packet.bytes.end()}});
  }

  void Deliver() {
    while (!held && !on_its_way_.empty() && on_its_way_.front().at <= now) {
      const std::vector<uint8_t> bytes = std::move(on_its_way_.front().bytes);
      on_its_way_.pop_front();
      auto view = rtp::RtpView::Parse(bytes);
      const bool wants = receiver->WantsPlain(*view);
      if (wants) ++plain;
      if (view->ssrc == kRtx) {
        Repeated(*view);
        continue;
      }
      // What is not decrypted looks like nothing.
      std::vector<uint8_t> noise(view->payload.size(), 0xA7);
      if (!wants) view->payload = noise;
      receiver->HandlePacket(now, *view, false, wants);
    }
  }

  void Repeated(const rtp::RtpView& view) {
    const auto original = rtp::UnwrapRtx(view, kSsrc, media_type_);
    receiver->HandlePacket(now, *original, true, true);
  }

  void Answer() {
    std::array<uint8_t, 1000> buffer;
    rtp::RtcpWriter compound(buffer);
    receiver->WriteFeedback(now, 1, compound);
    rtp::RtcpReader reader(compound.written());
    while (const auto packet = reader.Next()) {
      const auto feedback = rtp::ParseFeedback(*packet);
      if (!feedback) continue;
      if (feedback->IsPli()) sender->HandleKeyFrameRequest(feedback->media);
      rtp::ParseNack(*feedback, [&](uint16_t seq) {
        sender->HandleNack(now, feedback->media, seq, transport_seq);
      });
    }
  }

  uint8_t media_type_ = 0;
  std::deque<OnItsWay> on_its_way_;
};

}  // namespace bot
