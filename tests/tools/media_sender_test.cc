// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_sender.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rtp/extensions.h"
#include "rtp/payload/vp8.h"
#include "rtp/rtcp_reports.h"
#include "tests/tools/media_link.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a sender sent, stream by stream.
class SenderTest : public testing::Test {
 protected:
  struct Seen {
    uint64_t packets = 0;
    uint64_t payload_bytes = 0;
    uint64_t key_frames = 0;
    std::set<uint32_t> timestamps;
    std::set<std::string> rids;
    std::set<uint8_t> levels;
    uint64_t markers = 0;
  };

  void Start(MediaSender::Config config) {
    extensions_ = config.extensions;
    std::string error;
    ASSERT_TRUE(MediaSender::IsPossible(config, *TestSamples(), &error))
        << error;
    sender_ = std::make_unique<MediaSender>(
        std::move(config), TestSamples(),
        [this](const SentPacket& packet) { Look(packet); });
    sender_->Start(now_);
  }

  void RunFor(rtp::TimeDelta time) {
    for (const auto end = now_ + time; now_ < end;) {
      now_ = std::min(sender_->NextDeadline(), end);
      if (now_ < end) sender_->HandleTimeout(now_, transport_seq_);
    }
  }

  void Look(const SentPacket& packet) {
    const auto view = rtp::RtpView::Parse(packet.bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->ssrc, packet.ssrc);
    const auto extensions = rtp::ParseExtensions(*view, extensions_);
    EXPECT_EQ(extensions.transport_sequence, packet.transport_seq);
    EXPECT_EQ(extensions.abs_capture_time.size(), 8u);
    Seen& seen = seen_[packet.ssrc];
    ++seen.packets;
    seen.payload_bytes += view->payload.size();
    seen.timestamps.insert(view->timestamp);
    if (!extensions.rid.empty()) seen.rids.emplace(extensions.rid);
    if (!extensions.repaired_rid.empty()) {
      seen.rids.insert("again " + std::string(extensions.repaired_rid));
    }
    if (extensions.audio_level) {
      seen.levels.insert(extensions.audio_level->level);
      EXPECT_EQ(extensions.audio_level->voice,
                extensions.audio_level->level < 127);
    }
    if (view->marker) ++seen.markers;
    const auto vp8 = rtp::ParseVp8(view->payload);
    if (vp8 && vp8->key_frame) ++seen.key_frames;
  }

  MediaSender::Config Simulcast() {
    auto config = VideoSender(rtp::Codec::kVp8);
    config.layers.clear();
    for (uint8_t i = 0; i < 3; ++i) {
      MediaSender::Layer layer;
      layer.ssrc = 10u + i;
      layer.rtx_ssrc = 20u + i;
      layer.rid = std::string(1, static_cast<char>('a' + i));
      layer.variant = i;
      config.layers.push_back(layer);
    }
    config.extensions.Set(rtp::ExtensionKind::kRepairedRid, 9);
    return config;
  }

  double RateOf(rtp::Ssrc ssrc, double time) {
    return static_cast<double>(seen_[ssrc].payload_bytes) * 8 / time;
  }

  rtp::Timestamp now_{seconds(1)};
  uint16_t transport_seq_ = 0xFFF0;  // it wraps
  rtp::ExtensionIds extensions_;
  std::map<rtp::Ssrc, Seen> seen_;
  std::unique_ptr<MediaSender> sender_;
};

TEST_F(SenderTest, SimulcastHasAStreamForEachLayer) {
  Start(Simulcast());
  RunFor(seconds(4));
  ASSERT_EQ(seen_.size(), 3u);
  for (const rtp::Ssrc ssrc : {10, 11, 12}) {
    EXPECT_EQ(seen_[ssrc].timestamps.size(), 60u);
    EXPECT_EQ(seen_[ssrc].markers, 60u);
    EXPECT_EQ(seen_[ssrc].key_frames, 1u);
    EXPECT_EQ(seen_[ssrc].rids.size(), 1u);
  }
  EXPECT_TRUE(seen_[12].rids.contains("c"));
  EXPECT_NEAR(RateOf(10, 4), 100'000, 25'000);
  EXPECT_NEAR(RateOf(12, 4), 900'000, 225'000);
}

TEST_F(SenderTest, KeyFramesAreOfTheLayerThatIsAsked) {
  Start(Simulcast());
  RunFor(seconds(1));
  sender_->HandleKeyFrameRequest(11);
  sender_->HandleKeyFrameRequest(99);
  RunFor(milliseconds(100));
  // Not again so soon.
  sender_->HandleKeyFrameRequest(11);
  RunFor(milliseconds(100));
  EXPECT_EQ(seen_[10].key_frames, 1u);
  EXPECT_EQ(seen_[11].key_frames, 2u);
  RunFor(milliseconds(300));
  EXPECT_EQ(seen_[11].key_frames, 3u);
  EXPECT_EQ(sender_->counts().key_frame_requests, 2u);
}

TEST_F(SenderTest, WhatIsAskedForIsSentAgain) {
  Start(Simulcast());
  RunFor(seconds(3));
  sender_->HandleNack(now_, 12,
                      static_cast<uint16_t>(1000 + seen_[12].packets - 5),
                      transport_seq_);
  EXPECT_EQ(seen_[22].packets, 1u);
  EXPECT_TRUE(seen_[22].rids.contains("again c"));
  // Too old, not yet sent, not ours.
  sender_->HandleNack(now_, 12, 1001, transport_seq_);
  sender_->HandleNack(now_, 12, static_cast<uint16_t>(1000 + seen_[12].packets),
                      transport_seq_);
  sender_->HandleNack(now_, 99, 1001, transport_seq_);
  EXPECT_EQ(seen_[22].packets, 1u);
  EXPECT_EQ(sender_->counts().nacked, 3u);
  EXPECT_EQ(sender_->counts().resent, 1u);
}

TEST_F(SenderTest, LayersAreLeftOutToFit) {
  Start(Simulcast());
  RunFor(seconds(1));
  sender_->SetTargetRate(500'000);
  EXPECT_EQ(sender_->active_layers(), 2u);
  const uint64_t before = seen_[12].packets;
  RunFor(seconds(1));
  EXPECT_EQ(seen_[12].packets, before);
  sender_->SetTargetRate(0);
  EXPECT_EQ(sender_->active_layers(), 1u);
  sender_->SetTargetRate(3'000'000);
  RunFor(seconds(1));
  EXPECT_GT(seen_[12].packets, before);
  EXPECT_EQ(seen_[12].key_frames, 2u);
  EXPECT_EQ(seen_[10].key_frames, 1u);
}

TEST_F(SenderTest, SyntheticRates) {
  auto config = VideoSender(rtp::Codec::kVp8);
  config.layers[0].synthetic_bps = 100'000;
  Start(config);
  RunFor(seconds(20));
  EXPECT_NEAR(RateOf(kSsrc, 20), 100'000, 3'000);
  EXPECT_EQ(seen_[kSsrc].timestamps.size(), 300u);
  EXPECT_EQ(seen_[kSsrc].key_frames, 1u);
  // With key frames of five frames' size each second it stays what it is.
  const uint64_t before = seen_[kSsrc].payload_bytes;
  for (int i = 0; i < 20; ++i) {
    sender_->HandleKeyFrameRequest(kSsrc);
    RunFor(seconds(1));
  }
  EXPECT_NEAR(static_cast<double>(seen_[kSsrc].payload_bytes - before) * 8 / 20,
              100'000, 5'000);
  EXPECT_EQ(seen_[kSsrc].key_frames, 21u);
  sender_->SetTargetRate(40'000);
  seen_.clear();
  RunFor(seconds(20));
  EXPECT_NEAR(RateOf(kSsrc, 20), 40'000, 3'000);
}

TEST_F(SenderTest, SyntheticFrames) {
  auto config = VideoSender(rtp::Codec::kVp8);
  config.layers[0].synthetic_bps = 2'000'000;
  config.synthetic_fps = 30;
  Start(config);
  RunFor(seconds(10));
  EXPECT_NEAR(RateOf(kSsrc, 10), 2'000'000, 50'000);
  EXPECT_EQ(seen_[kSsrc].timestamps.size(), 300u);
}

TEST_F(SenderTest, SyntheticSound) {
  auto config = SoundSender(kTone);
  config.layers[0].synthetic_bps = 32'000;
  config.audio_level = 20;
  Start(config);
  RunFor(seconds(10));
  EXPECT_EQ(seen_[kSsrc].packets, 500u);
  EXPECT_EQ(seen_[kSsrc].payload_bytes, 500u * 80);
  EXPECT_EQ(seen_[kSsrc].levels, std::set<uint8_t>{20});
}

TEST_F(SenderTest, LevelsAreTheSoundsOrWhatIsSet) {
  Start(SoundSender(kSpeech));
  RunFor(seconds(4));
  EXPECT_GT(seen_[kSsrc].levels.size(), 10u);
  EXPECT_TRUE(seen_[kSsrc].levels.contains(127));
  EXPECT_LT(*seen_[kSsrc].levels.begin(), 25);
  EXPECT_GE(seen_[kSsrc].markers, 2u);  // after each pause
  const uint64_t packets = seen_[kSsrc].packets;
  EXPECT_LT(packets, 150u);
  sender_->SetAudioLevel(20);
  seen_.clear();
  RunFor(seconds(4));
  EXPECT_EQ(seen_[kSsrc].levels, std::set<uint8_t>{20});
  EXPECT_EQ(seen_[kSsrc].packets, packets);
  // Who does not speak sends next to nothing.
  sender_->SetAudioLevel(127);
  seen_.clear();
  RunFor(seconds(4));
  EXPECT_LT(seen_[kSsrc].packets, 30u);
  EXPECT_GT(seen_[kSsrc].packets, 5u);
}

TEST_F(SenderTest, AToneIsSteadyWhateverItsLevel) {
  auto config = SoundSender(kTone);
  config.audio_level = 127;
  Start(config);
  RunFor(seconds(2));
  EXPECT_EQ(seen_[kSsrc].packets, 100u);
  EXPECT_EQ(seen_[kSsrc].levels, std::set<uint8_t>{127});
}

TEST_F(SenderTest, APauseEndsWithAKeyFrame) {
  Start(Simulcast());
  RunFor(seconds(1));
  sender_->SetPaused(now_, true);
  EXPECT_EQ(sender_->NextDeadline(), rtp::kNever);
  const uint64_t before = seen_[10].packets;
  now_ += seconds(5);
  sender_->HandleTimeout(now_, transport_seq_);
  EXPECT_EQ(seen_[10].packets, before);
  sender_->SetPaused(now_, false);
  RunFor(milliseconds(200));
  EXPECT_EQ(seen_[10].key_frames, 2u);
  EXPECT_EQ(seen_[10].timestamps.size(), 15u + 3u);
  // Time went on meanwhile.
  EXPECT_GE(*seen_[10].timestamps.rbegin(), 6u * 90000);
}

TEST_F(SenderTest, AProcessThatStoodStillSendsFewFramesLate) {
  Start(Simulcast());
  RunFor(seconds(1));
  now_ += seconds(3);
  sender_->HandleTimeout(now_, transport_seq_);
  EXPECT_EQ(seen_[10].timestamps.size(), 15u + MediaSender::kMaxLate);
  EXPECT_GT(sender_->NextDeadline(), now_);
  EXPECT_LE(sender_->NextDeadline(), now_ + milliseconds(67));
  EXPECT_EQ(seen_[10].key_frames, 1u);
}

TEST_F(SenderTest, ProbesAreWhatWasSentBefore) {
  Start(Simulcast());
  EXPECT_EQ(sender_->SendProbe(now_, 5000, transport_seq_), 0u);
  RunFor(seconds(1));
  const size_t bytes = sender_->SendProbe(now_, 5000, transport_seq_);
  EXPECT_GE(bytes, 5000u);
  EXPECT_LT(bytes, 7500u);
  EXPECT_GE(seen_[22].payload_bytes, 5000u);
  EXPECT_EQ(sender_->counts().resent, 0u);
  // As much as is asked for, even of little.
  Start(VideoSender(rtp::Codec::kVp8));
  RunFor(milliseconds(1));
  EXPECT_GE(sender_->SendProbe(now_, 50'000, transport_seq_), 50'000u);
  // Without RTX nothing.
  Start(SoundSender(kTone));
  RunFor(seconds(1));
  EXPECT_EQ(sender_->SendProbe(now_, 5000, transport_seq_), 0u);
}

TEST_F(SenderTest, ReportsAreOfEachLayer) {
  Start(Simulcast());
  RunFor(seconds(1));
  sender_->SetTargetRate(500'000);
  std::array<uint8_t, 1000> buffer;
  rtp::RtcpWriter out(buffer);
  sender_->WriteSenderReport(now_, out);
  std::set<rtp::Ssrc> ssrcs;
  rtp::RtcpReader reader(out.written());
  while (const auto packet = reader.Next()) {
    const auto report = rtp::ParseSenderReport(*packet);
    if (!report) continue;
    ssrcs.insert(report->ssrc);
    EXPECT_EQ(report->info.packet_count, seen_[report->ssrc].packets);
    EXPECT_EQ(report->info.octet_count, seen_[report->ssrc].payload_bytes);
    EXPECT_NEAR(static_cast<double>(report->info.rtp_timestamp), 90'000, 10);
  }
  EXPECT_EQ(ssrcs, (std::set<rtp::Ssrc>{10, 11}));
}

TEST_F(SenderTest, WhatCannotBeSent) {
  std::string error;
  auto config = VideoSender(rtp::Codec::kAv1);
  config.layers[0].synthetic_bps = 1;
  EXPECT_FALSE(MediaSender::IsPossible(config, *TestSamples(), &error));
  EXPECT_EQ(error, "there are no synthetic payloads of AV1");
  config.layers[0].synthetic_bps = 0;
  config.layers[0].variant = 1;
  EXPECT_FALSE(MediaSender::IsPossible(config, *TestSamples(), &error));
  EXPECT_EQ(error, "there is no sample 1 of AV1");
  config.layers.clear();
  EXPECT_FALSE(MediaSender::IsPossible(config, *TestSamples(), &error));
}

}  // namespace
}  // namespace bot
