// SPDX-License-Identifier: GPL-3.0-or-later
// What one bot sends another one can decode, with loss between them.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "tests/tools/media_link.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(MediaTest, AllFramesAreDecoded) {
  MediaLink link(VideoSender(rtp::Codec::kVp8), VideoReceiver(true));
  link.RunFor(seconds(5));
  EXPECT_EQ(link.figures().frames, 5u * MediaSamples::kFps);
  EXPECT_EQ(link.figures().decode_errors, 0u);
  EXPECT_EQ(link.figures().lost, 0u);
  EXPECT_EQ(link.figures().key_frames, 2u);  // the loop began again
  EXPECT_EQ(link.figures().height, 180u);
  EXPECT_EQ(link.figures().freezes, 0u);
  EXPECT_EQ(link.figures().backward_timestamps, 0u);
}

TEST(MediaTest, SvcOfVp9IsDecoded) {
  MediaLink link(VideoSender(rtp::Codec::kVp9), VideoReceiver(true));
  link.RunFor(seconds(7));
  EXPECT_EQ(link.figures().frames, 7u * MediaSamples::kFps);
  EXPECT_EQ(link.figures().decode_errors, 0u);
  EXPECT_EQ(link.figures().height, 720u);
  EXPECT_EQ(link.figures().layer_switches, 0u);
}

TEST(MediaTest, H264AndAv1ArePutTogether) {
  for (const auto codec : {rtp::Codec::kH264, rtp::Codec::kAv1}) {
    MediaLink link(VideoSender(codec), VideoReceiver(true));
    link.RunFor(seconds(5));
    EXPECT_EQ(link.figures().frames, 5u * MediaSamples::kFps);
    EXPECT_EQ(link.figures().key_frames, 2u);
    EXPECT_EQ(link.figures().codec, codec);
    EXPECT_EQ(link.figures().height, codec == rtp::Codec::kH264 ? 180u : 360u);
  }
}

TEST(MediaTest, WhatIsLostIsAskedForAgain) {
  for (const bool rtx : {true, false}) {
    auto config = VideoSender(rtp::Codec::kVp8);
    config.layers[0].variant = 2;
    if (!rtx) config.rtx_payload_type = 0;
    MediaLink link(config, VideoReceiver(true));
    link.loses = [](const SentPacket& p, uint16_t seq) {
      return !p.rtx && seq % 7 == 3;
    };
    link.RunFor(seconds(4));
    EXPECT_GE(link.figures().frames, 4u * MediaSamples::kFps - 1);
    EXPECT_EQ(link.figures().decode_errors, 0u);
    EXPECT_GT(link.figures().recovered, 20u);
    EXPECT_EQ(link.figures().recovered, link.sender->counts().resent);
    EXPECT_EQ(link.figures().lost, 0u);
    EXPECT_EQ(link.figures().packets + link.figures().recovered,
              link.sender->counts().packets - link.sender->counts().resent);
  }
}

TEST(MediaTest, WhoComesLateAsksForAKeyFrame) {
  MediaLink link(VideoSender(rtp::Codec::kVp8), VideoReceiver(true));
  bool there = false;
  link.loses = [&there](const SentPacket&, uint16_t) { return !there; };
  link.RunFor(milliseconds(310));
  there = true;
  link.RunFor(seconds(1));
  EXPECT_EQ(link.figures().key_frames, 1u);
  EXPECT_GT(link.figures().frames, 10u);
  EXPECT_EQ(link.figures().decode_errors, 0u);
  EXPECT_EQ(link.sender->counts().key_frame_requests, 1u);
  // From the first packet to the key frame that it made the sender send.
  EXPECT_EQ(link.figures().key_frame_wait.count(), 1u);
  EXPECT_LE(link.figures().key_frame_wait.max(), milliseconds(140));
}

// Without retransmission a loss that matters costs a key frame, and one that
// does not matter costs a picture.
TEST(MediaTest, WhatALossCosts) {
  struct Case {
    int frame;  // of each four: 0 lowest temporal layer, 1 and 3 the highest
    bool costs_key_frame;
  };
  for (const Case& c : {Case{0, true}, Case{1, false}, Case{3, false}}) {
    SCOPED_TRACE(c.frame);
    auto receiver = VideoReceiver(true);
    receiver.nack = false;
    MediaLink link(VideoSender(rtp::Codec::kVp8), receiver);
    // All packets of the frame that begins then.
    const uint32_t lost =
        90000u / MediaSamples::kFps * static_cast<uint32_t>(12 + c.frame);
    link.loses_by_time = [lost](uint32_t timestamp) {
      return timestamp == lost;
    };
    link.RunFor(seconds(3));
    EXPECT_EQ(link.figures().key_frames, c.costs_key_frame ? 2u : 1u);
    EXPECT_EQ(link.sender->counts().key_frame_requests,
              c.costs_key_frame ? 1u : 0u);
    EXPECT_GT(link.figures().lost, 0u);
    EXPECT_EQ(link.figures().decode_errors, 0u);
    if (!c.costs_key_frame) {
      EXPECT_EQ(link.figures().frames, 3u * MediaSamples::kFps - 1);
    }
  }
}

TEST(MediaTest, LatencyIsWhatTheLinkHas) {
  for (const bool stamp : {false, true}) {
    auto sender = VideoSender(rtp::Codec::kVp8);
    auto receiver = VideoReceiver(false);
    if (stamp) {
      sender.layers[0].synthetic_bps = 100'000;
      sender.extensions = receiver.extensions = {};
    }
    MediaLink link(sender, receiver);
    link.delay = milliseconds(85);
    link.RunFor(seconds(2));
    ASSERT_GT(link.figures().latency.count(), 20u);
    // The link delivers each 5 ms; a stamp is told to 15 us.
    EXPECT_NEAR(static_cast<double>(link.figures().latency.Mean().count()),
                85'000, 100);
    EXPECT_NEAR(
        static_cast<double>(link.receiver->last_latency()->value.count()),
        85'000, 100);
    EXPECT_EQ(link.receiver->TakeLatencies().count(),
              link.figures().latency.count());
    EXPECT_EQ(link.receiver->TakeLatencies().count(), 0u);
  }
}

// A server that stands still for two seconds: one freeze of two seconds, not
// more, not less; and the loss of nothing.
TEST(MediaTest, AServerThatStandsStill) {
  MediaLink picture(VideoSender(rtp::Codec::kVp8), VideoReceiver(false));
  MediaLink sound(SoundSender(kSpeech), SoundReceiver());
  for (MediaLink* link : {&picture, &sound}) {
    link->RunFor(seconds(4));
    link->held = true;
    link->RunFor(seconds(2));
    link->held = false;
    link->RunFor(seconds(2));
  }
  EXPECT_EQ(picture.figures().freezes, 1u);
  EXPECT_NEAR(static_cast<double>(picture.figures().frozen.count()), 2'000'000,
              80'000);
  EXPECT_NEAR(static_cast<double>(picture.figures().watched.count()), 8'000'000,
              80'000);
  EXPECT_EQ(sound.figures().audio_gaps, 1u);
  EXPECT_NEAR(static_cast<double>(sound.figures().audio_gap_time.count()),
              2'000'000, 80'000);
}

TEST(MediaTest, AFreezeCountsWhileItLasts) {
  MediaLink link(VideoSender(rtp::Codec::kVp8), VideoReceiver(false));
  link.RunFor(seconds(2));
  link.held = true;
  link.RunFor(seconds(1));
  link.receiver->Settle(link.now);
  EXPECT_EQ(link.figures().freezes, 1u);
  EXPECT_NEAR(static_cast<double>(link.figures().frozen.count()), 1'000'000,
              80'000);
  // A source that left freezes nobody.
  MediaLink left(VideoSender(rtp::Codec::kVp8), VideoReceiver(false));
  left.RunFor(seconds(2));
  left.receiver->OnSourceEmpty(left.now);
  left.held = true;
  left.RunFor(seconds(1));
  left.receiver->Settle(left.now);
  EXPECT_EQ(left.figures().freezes, 0u);
}

TEST(MediaTest, PausesOfDtxAreNoGaps) {
  MediaLink link(SoundSender(kSpeech), SoundReceiver());
  link.RunFor(seconds(12));
  EXPECT_EQ(link.figures().audio_gaps, 0u);
  EXPECT_LT(link.figures().packets, 12u * 50u * 3 / 4);  // there were pauses
  EXPECT_LT(link.figures().watched, seconds(9));
  // The same with words lost: 100 ms of them.
  MediaLink lossy(SoundSender(kSpeech), SoundReceiver());
  lossy.loses_by_time = [](uint32_t timestamp) {
    return timestamp >= 48000 * 5 / 2 && timestamp < 48000 * 5 / 2 + 4800;
  };
  lossy.RunFor(seconds(12));
  EXPECT_EQ(lossy.figures().audio_gaps, 1u);
  EXPECT_EQ(lossy.figures().audio_gap_time, milliseconds(100));
}

// Most packets seen from outside only: the same figures.
TEST(MediaTest, HeadersAreEnough) {
  for (const auto codec : {rtp::Codec::kVp8, rtp::Codec::kVp9,
                           rtp::Codec::kH264, rtp::Codec::kAv1}) {
    SCOPED_TRACE(rtp::CodecName(codec));
    auto receiver = VideoReceiver(false);
    MediaLink all(VideoSender(codec), receiver);
    receiver.decrypt_one_in = 16;
    MediaLink few(VideoSender(codec), receiver);
    for (MediaLink* link : {&all, &few}) {
      link->delay = milliseconds(30);
      link->RunFor(seconds(7));
    }
    EXPECT_EQ(few.figures().packets, all.figures().packets);
    EXPECT_EQ(few.figures().frames, all.figures().frames);
    EXPECT_EQ(few.figures().freezes, all.figures().freezes);
    EXPECT_EQ(few.figures().watched, all.figures().watched);
    EXPECT_EQ(few.figures().longest_gap, all.figures().longest_gap);
    EXPECT_EQ(few.figures().jitter, all.figures().jitter);
    EXPECT_EQ(few.figures().latency.Mean(), all.figures().latency.Mean());
    EXPECT_EQ(few.figures().lost, 0u);
    EXPECT_EQ(few.figures().layer_switches, 0u);
    EXPECT_EQ(few.sender->counts().key_frame_requests, 0u);
    EXPECT_LE(few.plain * 100, few.figures().packets * 20);
  }
}

TEST(MediaTest, HeadersAreEnoughWithLoss) {
  auto config = VideoSender(rtp::Codec::kVp8);
  config.layers[0].variant = 1;
  auto receiver = VideoReceiver(false);
  MediaLink all(config, receiver);
  receiver.decrypt_one_in = 16;
  MediaLink few(config, receiver);
  for (MediaLink* link : {&all, &few}) {
    link->delay = milliseconds(30);
    link->loses = [](const SentPacket&, uint16_t seq) { return seq % 20 == 3; };
    link->RunFor(seconds(12));
  }
  EXPECT_GT(all.figures().recovered, 5u);
  EXPECT_NEAR(static_cast<double>(few.figures().frames),
              static_cast<double>(all.figures().frames), 4);
  EXPECT_EQ(few.figures().packets, all.figures().packets);
  EXPECT_EQ(few.figures().recovered, all.figures().recovered);
  EXPECT_EQ(few.figures().lost, all.figures().lost);
}

}  // namespace
}  // namespace bot
