// SPDX-License-Identifier: GPL-3.0-or-later
// What a worker observes for the operator besides counters.
#include <gtest/gtest.h>

#include "rtp/base/histogram.h"
#include "sfu/join_timer.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

uint64_t CountOf(const rtp::Histogram& histogram) {
  uint64_t count = 0;
  for (size_t i = 0; i < rtp::Histogram::kBuckets; ++i) {
    count += histogram.bucket(i);
  }
  return count;
}

TEST(Histogram, ABucketTakesWhatIsUpToItsBound) {
  rtp::Histogram histogram;
  for (const uint64_t value : {0u, 1u, 2u, 3u, 4u, 5u, 32768u, 32769u}) {
    histogram.Observe(value);
  }
  EXPECT_EQ(histogram.bucket(0), 2u);   // 0 and 1
  EXPECT_EQ(histogram.bucket(1), 1u);   // 2
  EXPECT_EQ(histogram.bucket(2), 2u);   // 3 and 4
  EXPECT_EQ(histogram.bucket(3), 1u);   // 5
  EXPECT_EQ(histogram.bucket(15), 1u);  // 32768
  EXPECT_EQ(histogram.bucket(16), 1u);
  histogram.Observe(~uint64_t{0} >> 1);
  EXPECT_EQ(histogram.bucket(16), 2u);
}

TEST(Histogram, BegunMillisecondsCountWhole) {
  rtp::Histogram histogram;
  histogram.ObserveMilliseconds(std::chrono::microseconds(1));
  histogram.ObserveMilliseconds(std::chrono::milliseconds(2));
  histogram.ObserveMilliseconds(std::chrono::milliseconds(-5));
  EXPECT_EQ(histogram.sum(), 3u);
  EXPECT_EQ(CountOf(histogram), 3u);
}

TEST(JoinTimer, ObservesEachPhaseOnce) {
  Counters counters;
  const rtp::Timestamp begin{seconds(100)};
  JoinTimer timer(begin, counters);
  timer.OnMedia(begin + milliseconds(1));  // cannot be yet
  timer.OnPath(begin + milliseconds(30));
  timer.OnPath(begin + milliseconds(35));
  timer.OnKeys(begin + milliseconds(70));
  timer.OnKeys(begin + milliseconds(75));
  timer.OnMedia(begin + milliseconds(170));
  timer.OnMedia(begin + milliseconds(190));
  EXPECT_EQ(counters.join_ice.sum(), 30u);
  EXPECT_EQ(counters.join_dtls.sum(), 40u);
  EXPECT_EQ(counters.join_media.sum(), 100u);
  EXPECT_EQ(CountOf(counters.join_ice) + CountOf(counters.join_dtls) +
                CountOf(counters.join_media),
            3u);
}

using WorkerStatsTest = WorkerTest;

TEST_F(WorkerStatsTest, TimesTheJoinOfAPeer) {
  Client& alice = Join();
  const Counters& counters = worker_.counters();
  EXPECT_EQ(CountOf(counters.join_ice), 1u);
  EXPECT_EQ(CountOf(counters.join_dtls), 1u);
  EXPECT_EQ(CountOf(counters.join_media), 0u);
  RunFor(milliseconds(100));
  SendAudio(alice, 50);
  EXPECT_EQ(counters.join_media.sum(), 100u);
}

TEST_F(WorkerStatsTest, TimesTheWaitForAKeyFrame) {
  Client& alice = Join();
  Join();
  RunFor(milliseconds(250));
  SendVideo(alice, false);
  EXPECT_EQ(CountOf(worker_.counters().key_frame_wait), 0u);
  SendVideo(alice, true);
  EXPECT_EQ(CountOf(worker_.counters().key_frame_wait), 1u);
  EXPECT_EQ(worker_.counters().key_frame_wait.sum(), 250u);
}

TEST_F(WorkerStatsTest, ObservesLossAndRoundTripOfReports) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  alice.video_seq += 1;  // one of three is lost on the way to us
  SendVideo(alice, false);
  RunFor(seconds(2));
  EXPECT_GE(CountOf(worker_.counters().incoming_loss), 1u);
  EXPECT_EQ(worker_.counters().incoming_loss.sum(), 256u / 3);
  SendFeedback(bob, [&](rtp::RtcpWriter& out) {
    rtp::ReportBlock block;
    block.ssrc = 2001;  // Bob's slot for video
    block.fraction_lost = 64;
    block.last_sr = rtp::CompactNtp(rtp::NtpClock(uint64_t{3'900'000'000} << 32)
                                        .ToNtp(now_ - milliseconds(48)));
    const rtp::ReportBlock blocks[] = {block};
    rtp::WriteReceiverReport(1, blocks, out);
  });
  EXPECT_EQ(worker_.counters().outgoing_loss.sum(), 64u);
  EXPECT_EQ(CountOf(worker_.counters().rtt), 1u);
  EXPECT_NEAR(static_cast<double>(worker_.counters().rtt.sum()), 48, 1);
}

TEST_F(WorkerStatsTest, TellsThePoolsLimit) {
  EXPECT_EQ(worker_.counters().pool_limit.Get(), Worker::Config().max_packets);
}

TEST_F(WorkerStatsTest, CountsPacketsBeyondWhatATurnHolds) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  const ice::SocketAddress nowhere(std::array<uint8_t, 4>{192, 0, 2, 99}, 9);
  for (size_t i = 0; i < Outbox::kMaxMessages; ++i) {
    outbox_.AppendSingle(nowhere, std::array<uint8_t, 1>{});
  }
  SendVideo(alice, false);
  EXPECT_EQ(Drops(DropReason::kOutboxFull), 1u);
  SendVideo(alice, false);
  EXPECT_EQ(Drops(DropReason::kOutboxFull), 1u);
  EXPECT_EQ(Stream(bob, 2001).size(), 2u);
}

class SmallPoolTest : public WorkerTest {
 protected:
  SmallPoolTest() : WorkerTest(Worker::Config{.max_packets = 1}) {}
};

TEST_F(SmallPoolTest, CountsPacketsForWhichThereIsNoMemory) {
  Client& alice = Join();
  SendVideo(alice, true);  // stays in the cache
  EXPECT_EQ(worker_.packets_in_use(), 1u);
  SendVideo(alice, false);
  EXPECT_EQ(Drops(DropReason::kPoolFull), 1u);
}

}  // namespace
}  // namespace sfu
