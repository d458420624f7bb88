// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of what a person would feel.
#include <gtest/gtest.h>

#include <vector>

#include "tools/bot/frame_assembler.h"
#include "tools/bot/freeze_meter.h"
#include "tools/bot/seq_window.h"
#include "tools/bot/sound_meter.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FreezeMeterTest : public testing::Test {
 protected:
  void After(int ms) { meter_.OnFrame(now_ += milliseconds(ms)); }

  rtp::Timestamp now_{seconds(1)};
  FreezeMeter meter_;
};

TEST_F(FreezeMeterTest, ThreeMeanGapsAnd150MsMoreThanOne) {
  for (int i = 0; i <= 40; ++i) After(40);
  EXPECT_EQ(meter_.Limit(), milliseconds(190));
  After(190);
  EXPECT_EQ(meter_.freezes(), 0u);
  // That long gap was none, and counts for the mean: (29 * 40 + 190) / 30.
  EXPECT_EQ(meter_.Limit(), milliseconds(45 + 150));
  After(196);
  EXPECT_EQ(meter_.freezes(), 1u);
  EXPECT_EQ(meter_.frozen(), milliseconds(196));
  EXPECT_EQ(meter_.Limit(), milliseconds(45 + 150));  // freezes left out
  EXPECT_EQ(meter_.longest_gap(), milliseconds(196));
  EXPECT_EQ(meter_.watched(), milliseconds(40 * 40 + 190 + 196));
}

TEST_F(FreezeMeterTest, ASlowPictureFreezesLater) {
  for (int i = 0; i <= 40; ++i) After(100);
  EXPECT_EQ(meter_.Limit(), milliseconds(300));
}

TEST_F(FreezeMeterTest, CountsOnceHoweverOftenItIsAsked) {
  for (int i = 0; i <= 10; ++i) After(40);
  for (int i = 0; i < 20; ++i) {
    meter_.Settle(now_ + milliseconds(100 * i));
    meter_.Settle(now_ + milliseconds(100 * i));
  }
  After(2000);
  EXPECT_EQ(meter_.freezes(), 1u);
  EXPECT_EQ(meter_.frozen(), seconds(2));
  EXPECT_EQ(meter_.watched(), milliseconds(2400));
  meter_.Pause();
  meter_.Settle(now_ + seconds(9));
  After(10'000);
  EXPECT_EQ(meter_.freezes(), 1u);
  EXPECT_EQ(meter_.watched(), milliseconds(2400));
}

// Two seconds without a picture right after the first one.
TEST_F(FreezeMeterTest, BeforeThereIsAMean) {
  After(0);
  After(249);
  EXPECT_EQ(meter_.freezes(), 0u);
  FreezeMeter other;
  other.OnFrame(now_);
  other.OnFrame(now_ + milliseconds(301));
  EXPECT_EQ(other.freezes(), 1u);
}

class SoundMeterTest : public testing::Test {
 protected:
  // A packet `ms` after the one before, by whose sender it is `said` ms.
  void After(int ms, int said, int packets = 1) {
    seq_ += static_cast<uint64_t>(packets);
    timestamp_ += static_cast<uint32_t>(said * 48);
    meter_.OnPacket(now_ += milliseconds(ms), seq_, timestamp_);
  }

  rtp::Timestamp now_{seconds(1)};
  uint64_t seq_ = 70'000;
  uint32_t timestamp_ = 0xFFFFF000;  // it wraps
  SoundMeter meter_;
};

TEST_F(SoundMeterTest, LatePacketsAreAGapBeyond60Ms) {
  for (int i = 0; i < 20; ++i) After(20, 20);
  After(80, 20);
  EXPECT_EQ(meter_.gaps(), 0u);
  After(81, 20);
  EXPECT_EQ(meter_.gaps(), 1u);
  EXPECT_EQ(meter_.gap_time(), milliseconds(61));
  EXPECT_EQ(meter_.longest_gap(), milliseconds(81));
}

TEST_F(SoundMeterTest, LostPacketsAreAGap) {
  for (int i = 0; i < 20; ++i) After(20, 20);
  After(80, 80, 4);
  EXPECT_EQ(meter_.gaps(), 0u);
  After(120, 120, 6);  // five lost
  EXPECT_EQ(meter_.gaps(), 1u);
  EXPECT_EQ(meter_.gap_time(), milliseconds(100));
}

TEST_F(SoundMeterTest, PausesAreNone) {
  for (int i = 0; i < 20; ++i) After(20, 20);
  const auto heard = meter_.heard();
  After(400, 400);
  EXPECT_EQ(meter_.gaps(), 0u);
  EXPECT_EQ(meter_.heard() - heard, milliseconds(20));
  // A pause at whose end the network stood still.
  After(600, 400);
  EXPECT_EQ(meter_.gaps(), 1u);
  EXPECT_EQ(meter_.gap_time(), milliseconds(200));
  meter_.Pause();
  After(5000, 20);
  EXPECT_EQ(meter_.gaps(), 1u);
}

TEST_F(SoundMeterTest, LongPackets) {
  for (int i = 0; i < 20; ++i) After(60, 60);
  EXPECT_EQ(meter_.gaps(), 0u);
  EXPECT_EQ(meter_.heard(), milliseconds(19 * 60));
  After(180, 180, 3);  // two lost
  EXPECT_EQ(meter_.gap_time(), milliseconds(120));
}

TEST(SeqWindowTest, KnowsWhatCame) {
  SeqWindow window;
  EXPECT_TRUE(window.Take(65'536));
  EXPECT_FALSE(window.Take(65'536));
  EXPECT_TRUE(window.Take(65'540));
  EXPECT_TRUE(window.Take(65'538));
  EXPECT_FALSE(window.Take(65'538));
  EXPECT_TRUE(window.Take(65'535));
  window.MarkAsked(static_cast<uint16_t>(65'539));
  EXPECT_TRUE(window.WasAsked(65'539));
  EXPECT_TRUE(window.Take(65'539));
  EXPECT_TRUE(window.WasAsked(65'539));
  // All is forgotten after a while, also by a jump.
  EXPECT_TRUE(window.Take(65'539 + SeqWindow::kSize));
  EXPECT_FALSE(window.WasAsked(65'539 + SeqWindow::kSize));
  EXPECT_FALSE(window.Take(65'539));
  EXPECT_TRUE(window.Take(500'000));
  EXPECT_FALSE(window.Take(500'000 - SeqWindow::kSize));
  EXPECT_TRUE(window.Take(500'001 - SeqWindow::kSize));
}

// Frames of two packets, the number of a frame for its timestamp.
class FrameAssemblerTest : public testing::Test {
 protected:
  void Give(uint64_t seq, bool looked = false, bool key = false) {
    FrameAssembler::Packet packet;
    packet.seq = seq;
    packet.timestamp = static_cast<uint32_t>(seq / 2);
    packet.marker = seq % 2 == 1;
    if (looked) {
      packet.look.emplace();
      packet.look->start_of_picture = seq % 2 == 0;
      packet.look->key_frame = key && seq % 2 == 0;
    }
    assembler_.Add(now_, packet, frames_);
  }
  void GiveKeyFrame(uint64_t first) {
    Give(first, true, true);
    Give(first + 1, true, true);
  }

  rtp::Timestamp now_{seconds(1)};
  FrameAssembler assembler_{milliseconds(100)};
  std::vector<FrameAssembler::Frame> frames_;
};

TEST_F(FrameAssemblerTest, BeginsWithAKeyFrame) {
  EXPECT_FALSE(assembler_.needs_key());  // nobody waits for it yet
  Give(101, true);
  Give(102, true);
  Give(103, true);
  EXPECT_TRUE(assembler_.needs_key());
  EXPECT_TRUE(assembler_.needs_looks());
  EXPECT_TRUE(frames_.empty());
  now_ += milliseconds(250);
  GiveKeyFrame(104);
  ASSERT_EQ(frames_.size(), 1u);
  EXPECT_EQ(frames_[0].waited, milliseconds(250));
  EXPECT_FALSE(assembler_.needs_looks());
  // From here on headers are enough.
  for (uint64_t seq = 106; seq < 116; ++seq) Give(seq);
  EXPECT_EQ(frames_.size(), 6u);
  EXPECT_FALSE(frames_.back().waited);
}

TEST_F(FrameAssemblerTest, OrderIsRestored) {
  GiveKeyFrame(100);
  for (const uint64_t seq : {103, 102, 106, 107, 105, 104}) {
    Give(seq, assembler_.needs_looks());
    now_ += milliseconds(5);
  }
  EXPECT_EQ(frames_.size(), 4u);
  EXPECT_FALSE(assembler_.needs_key());
  EXPECT_EQ(assembler_.NextDeadline(), rtp::kNever);
}

TEST_F(FrameAssemblerTest, ALossCostsAKeyFrame) {
  GiveKeyFrame(100);
  Give(102);
  Give(104, true);  // 103 is lost
  Give(105, true);
  EXPECT_EQ(assembler_.NextDeadline(), now_ + milliseconds(100));
  now_ += milliseconds(99);
  assembler_.HandleTimeout(now_, frames_);
  EXPECT_FALSE(assembler_.needs_key());
  now_ += milliseconds(1);
  assembler_.HandleTimeout(now_, frames_);
  EXPECT_TRUE(assembler_.needs_key());
  EXPECT_EQ(frames_.size(), 1u);
  Give(103, true);  // too late
  Give(106, true);
  Give(107, true);
  now_ += milliseconds(80);
  GiveKeyFrame(108);
  ASSERT_EQ(frames_.size(), 2u);
  EXPECT_EQ(frames_[1].waited, milliseconds(80));
}

TEST_F(FrameAssemblerTest, AKeyFrameEndsTheWaiting) {
  GiveKeyFrame(100);
  Give(104, true);  // 102, 103 are missing
  Give(105, true);
  now_ += milliseconds(30);
  GiveKeyFrame(106);
  EXPECT_EQ(frames_.size(), 2u);
  EXPECT_FALSE(assembler_.needs_key());
  EXPECT_FALSE(frames_[1].waited);
  Give(108);
  Give(109);
  EXPECT_EQ(frames_.size(), 3u);
}

// Half a frame at the place of the loss is no frame.
TEST_F(FrameAssemblerTest, ALossWithinAFrame) {
  GiveKeyFrame(100);
  Give(103, true);  // the end of a frame whose start is lost
  Give(104, true);
  Give(105, true);
  now_ += milliseconds(100);
  assembler_.HandleTimeout(now_, frames_);
  EXPECT_EQ(frames_.size(), 1u);
  EXPECT_TRUE(assembler_.needs_key());
}

}  // namespace
}  // namespace bot
