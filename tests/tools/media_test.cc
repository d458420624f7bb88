// SPDX-License-Identifier: GPL-3.0-or-later
// What one bot sends another one can decode, with loss between them.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rtp/rtcp_feedback.h"
#include "rtp/rtx.h"
#include "tools/bot/media_receiver.h"
#include "tools/bot/media_sender.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr rtp::Ssrc kSsrc = 100;
constexpr rtp::Ssrc kRtx = 101;

class MediaTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string error;
    samples_ = MakeSamples(&error);
    ASSERT_NE(samples_, nullptr) << error;
  }
  static void TearDownTestSuite() { samples_.reset(); }

  MediaTest() {
    MediaReceiver::Config receiver;
    receiver.kind = rtp::MediaKind::kVideo;
    receiver.ssrc = kSsrc;
    receiver.rtx_ssrc = kRtx;
    receiver.payload_type = 96;
    receiver.decode = true;
    receiver_ = std::make_unique<MediaReceiver>(receiver);
    MediaSender::Config sender;
    sender.kind = rtp::MediaKind::kVideo;
    sender.payload_type = 96;
    sender.rtx_payload_type = 97;
    sender.ssrc = kSsrc;
    sender.rtx_ssrc = kRtx;
    sender_ = std::make_unique<MediaSender>(
        sender, samples_,
        [this](std::span<const uint8_t> packet) { Carry(packet); });
    sender_->Start(now_);
  }

  void Carry(std::span<const uint8_t> bytes) {
    const auto packet = rtp::RtpView::Parse(bytes);
    ASSERT_TRUE(packet);
    if (packet->ssrc == kRtx) {
      const auto original = rtp::UnwrapRtx(*packet, kSsrc, 96);
      ASSERT_TRUE(original);
      return receiver_->HandlePacket(now_, *original, true);
    }
    if (!loses_(packet->seq)) receiver_->HandlePacket(now_, *packet, false);
  }

  void RunFor(rtp::TimeDelta time) {
    for (const auto end = now_ + time; now_ < end; now_ += milliseconds(5)) {
      sender_->HandleTimeout(now_, transport_seq_);
      std::array<uint8_t, 1000> buffer;
      rtp::RtcpWriter compound(buffer);
      receiver_->WriteFeedback(now_, 1, compound);
      rtp::RtcpReader reader(compound.written());
      while (const auto packet = reader.Next()) {
        const auto feedback = rtp::ParseFeedback(*packet);
        if (!feedback) continue;
        if (feedback->IsPli()) sender_->HandleKeyFrameRequest();
        rtp::ParseNack(*feedback, [this](uint16_t seq) {
          sender_->HandleNack(seq, transport_seq_);
        });
      }
    }
  }

  static std::shared_ptr<const MediaSamples> samples_;
  rtp::Timestamp now_{seconds(1)};
  uint16_t transport_seq_ = 0;
  std::function<bool(uint16_t)> loses_ = [](uint16_t) { return false; };
  std::unique_ptr<MediaReceiver> receiver_;
  std::unique_ptr<MediaSender> sender_;
};

std::shared_ptr<const MediaSamples> MediaTest::samples_;

TEST_F(MediaTest, AllFramesAreDecoded) {
  RunFor(seconds(4));
  EXPECT_EQ(receiver_->figures().frames, 4u * MediaSamples::kFps);
  EXPECT_EQ(receiver_->figures().decode_errors, 0u);
  EXPECT_EQ(receiver_->figures().lost, 0u);
}

TEST_F(MediaTest, WhatIsLostIsAskedForAgain) {
  loses_ = [](uint16_t seq) { return seq % 7 == 3; };
  RunFor(seconds(4));
  EXPECT_GE(receiver_->figures().frames, 4u * MediaSamples::kFps - 1);
  EXPECT_EQ(receiver_->figures().decode_errors, 0u);
  EXPECT_GT(receiver_->figures().recovered, 5u);
  EXPECT_EQ(receiver_->figures().recovered, sender_->resent);
}

TEST_F(MediaTest, WhoComesLateAsksForAKeyFrame) {
  bool there = false;
  loses_ = [&there](uint16_t) { return !there; };
  RunFor(milliseconds(300));
  there = true;
  RunFor(seconds(1));
  EXPECT_EQ(receiver_->figures().key_frames, 1u);
  EXPECT_GT(receiver_->figures().frames, 5u);
  EXPECT_EQ(receiver_->figures().decode_errors, 0u);
}

}  // namespace
}  // namespace bot
