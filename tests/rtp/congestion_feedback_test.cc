// SPDX-License-Identifier: GPL-3.0-or-later
//
// What was sent, joined with what is reported.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "rtp/congestion/acked_rate.h"
#include "rtp/congestion/feedback.h"
#include "rtp/congestion/sent_packets.h"
#include "rtp/rtcp_twcc.h"

namespace rtp {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using State = SentPacket::State;

constexpr Timestamp kStart(seconds(1000));

// A feedback message on the wire, and its parts read in place.
class Message {
 public:
  Message(uint64_t base, const std::vector<PacketArrival>& arrivals) {
    RtcpWriter writer(bytes_);
    EXPECT_EQ(WriteTwcc(1, 2, 0, base, arrivals, writer), arrivals.size());
    RtcpReader reader(writer.written());
    packet_ = reader.Next();
  }
  TwccFeedback Read() const {
    return *TwccFeedback::Parse(*ParseFeedback(*packet_));
  }

 private:
  std::array<uint8_t, 2000> bytes_;
  std::optional<RtcpPacket> packet_;
};

std::vector<uint64_t> Seqs(const FeedbackResults& results, bool received) {
  std::vector<uint64_t> seqs;
  for (const PacketResult& packet : results.packets) {
    if (packet.received == received) seqs.push_back(packet.seq & 0xFFFF);
  }
  return seqs;
}

TEST(SentPackets, CountsWhatIsInFlight) {
  SentPackets sent;
  EXPECT_TRUE(sent.Add(kStart, 65534, 1, 100, 0));
  EXPECT_TRUE(sent.Add(kStart, 65535, 1, 200, 0));
  EXPECT_TRUE(sent.Add(kStart, 2, 1, 400, 7));  // 0 and 1 are left out
  EXPECT_FALSE(sent.Add(kStart, 2, 1, 400, 0));
  EXPECT_FALSE(sent.Add(kStart, 1, 1, 400, 0));
  EXPECT_EQ(sent.bytes_in_flight(), 700u);
  EXPECT_EQ(sent.Find(sent.Unwrap(1)), nullptr);
  EXPECT_EQ(sent.Find(sent.Unwrap(3)), nullptr);
  EXPECT_EQ(sent.Find(sent.Unwrap(65533)), nullptr);
  const SentPacket* packet = sent.Find(sent.Unwrap(2));
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->size, 400u);
  EXPECT_EQ(packet->probe_cluster, 7u);
  sent.SetState(sent.Unwrap(65535), State::kLost);
  EXPECT_EQ(sent.bytes_in_flight(), 500u);
  sent.SetState(sent.Unwrap(65535), State::kReceived);  // late
  EXPECT_EQ(sent.bytes_in_flight(), 500u);
  sent.PassOver(sent.Unwrap(2));
  EXPECT_EQ(sent.bytes_in_flight(), 400u);
  EXPECT_EQ(sent.Find(sent.Unwrap(65534))->state, State::kUnreported);
}

TEST(SentPackets, IsBounded) {
  SentPackets sent;
  Timestamp now = kStart;
  for (int i = 0; i < 100'000; ++i) {
    now += microseconds(10);
    ASSERT_TRUE(sent.Add(now, static_cast<uint16_t>(i), 1, 10, 0));
    ASSERT_LE(sent.end() - sent.first(), SentPackets::kMaxPackets);
    ASSERT_NE(sent.Find(sent.Unwrap(static_cast<uint16_t>(i))), nullptr);
  }
  EXPECT_EQ(sent.bytes_in_flight(), 10 * SentPackets::kMaxPackets);
  // What is too old goes with the next one.
  EXPECT_TRUE(sent.Add(now + seconds(6), 40'000, 1, 10, 0));
  EXPECT_EQ(sent.bytes_in_flight(), 10u);
  // A jump leaves nothing of before.
  EXPECT_TRUE(sent.Add(now + seconds(6), 40'000 + 20'000, 1, 11, 0));
  EXPECT_EQ(sent.bytes_in_flight(), 11u);
  EXPECT_EQ(sent.end() - sent.first(), 1u);
}

class FeedbackJoinTest : public testing::Test {
 protected:
  void Send(uint16_t from, uint16_t to) {
    for (uint16_t seq = from; seq != static_cast<uint16_t>(to + 1); ++seq) {
      now_ += milliseconds(1);
      sent_.Add(now_, seq, 1, 100, 0);
    }
  }
  // Each `seq` arrived that many milliseconds on the receiver's clock.
  const FeedbackResults& Report(
      uint64_t base, const std::vector<std::pair<uint64_t, int>>& arrived,
      TimeDelta clock = hours(1)) {
    std::vector<PacketArrival> arrivals;
    for (const auto& [seq, ms] : arrived) {
      arrivals.push_back({seq, Timestamp(clock + milliseconds(ms))});
    }
    return join_.JoinTwcc(Message(base, arrivals).Read(), sent_);
  }

  Timestamp now_ = kStart;
  SentPackets sent_;
  FeedbackJoin join_;
};

TEST_F(FeedbackJoinTest, TellsReceivedAndLost) {
  Send(10, 16);
  const FeedbackResults& results = Report(10, {{10, 0}, {11, 2}, {14, 5}});
  EXPECT_THAT(Seqs(results, true), ElementsAre(10, 11, 14));
  EXPECT_THAT(Seqs(results, false), ElementsAre(12, 13));
  EXPECT_EQ(results.packets[0].sent, kStart + milliseconds(1));
  EXPECT_EQ(results.packets[1].arrival - results.packets[0].arrival,
            milliseconds(2));
  EXPECT_EQ(results.unmatched, 0u);
  EXPECT_EQ(sent_.bytes_in_flight(), 200u);  // 15 and 16
}

TEST_F(FeedbackJoinTest, TellsNewsOnce) {
  Send(10, 13);
  Report(10, {{10, 0}, {13, 2}});
  const FeedbackResults& results = Report(10, {{10, 0}, {13, 2}});
  EXPECT_THAT(results.packets, IsEmpty());
  EXPECT_EQ(results.received, 2u);
  // One that was late only.
  const FeedbackResults& late = Report(12, {{12, 1}});
  ASSERT_EQ(late.packets.size(), 1u);
  EXPECT_TRUE(late.packets[0].was_lost);
  EXPECT_TRUE(late.packets[0].received);
}

TEST_F(FeedbackJoinTest, MessagesOutOfOrder) {
  Send(10, 19);
  const Timestamp later = Report(15, {{15, 100}, {19, 104}}).packets[0].arrival;
  EXPECT_EQ(sent_.bytes_in_flight(), 0u);
  const FeedbackResults& results = Report(10, {{10, 20}, {14, 24}});
  EXPECT_THAT(Seqs(results, true), ElementsAre(10, 14));
  EXPECT_THAT(Seqs(results, false), ElementsAre(11, 12, 13));
  EXPECT_EQ(later - results.packets[0].arrival, milliseconds(80));
}

TEST_F(FeedbackJoinTest, ReferenceTimeWraps) {
  Send(65'530, 9);
  // 2^24 of 64 ms.
  const TimeDelta turn = (1 << 24) * kTwccReferenceUnit;
  const Timestamp before =
      Report(65'530, {{65'530, 0}}, turn - milliseconds(64)).packets[0].arrival;
  const FeedbackResults& after = Report(65'536, {{65'536, 36}}, turn);
  ASSERT_EQ(after.packets.size(), 1u);
  EXPECT_EQ(after.packets[0].arrival - before, milliseconds(100));
  // And back, for one that was on the way for longer.
  const FeedbackResults& back =
      Report(65'531, {{65'531, 10}}, turn - milliseconds(64));
  ASSERT_EQ(back.packets.size(), 1u);
  EXPECT_EQ(back.packets[0].arrival - before, milliseconds(10));
}

TEST_F(FeedbackJoinTest, AboutPacketsThatWereNotSent) {
  Send(10, 13);
  const FeedbackResults& results = Report(13, {{13, 0}, {14, 1}, {500, 2}});
  EXPECT_EQ(results.received, 3u);
  EXPECT_EQ(results.unmatched, 2u);
  EXPECT_THAT(Seqs(results, true), ElementsAre(13));
  EXPECT_THAT(Seqs(results, false), IsEmpty());
}

TEST_F(FeedbackJoinTest, OtherFormats) {
  Send(10, 13);
  const uint64_t base = sent_.Unwrap(10);
  const FeedbackResults& results =
      join_.Join({{base, true, Timestamp(seconds(1))},
                  {base + 1, false, {}},
                  {base + 9, true, Timestamp(seconds(1))}},
                 sent_);
  EXPECT_THAT(Seqs(results, true), ElementsAre(10));
  EXPECT_THAT(Seqs(results, false), ElementsAre(11));
  EXPECT_EQ(results.unmatched, 1u);
}

TEST(AckedRate, IsThatOfTheLastWindow) {
  AckedRate rate;
  Timestamp now = kStart;
  EXPECT_FALSE(rate.bps());
  for (int i = 0; i < 100; ++i) {
    rate.OnReceived(now += milliseconds(10), 1250);
  }
  ASSERT_TRUE(rate.bps());
  EXPECT_NEAR(*rate.bps(), 1e6, 1);
  for (int i = 0; i < 11; ++i) rate.OnReceived(now += milliseconds(20), 1250);
  EXPECT_NEAR(*rate.recent_bps(), 5e5, 1);  // knows already
  EXPECT_GT(*rate.bps(), 7e5);
  // Out of order is counted where it belongs.
  rate.OnReceived(now - milliseconds(5), 1250);
  EXPECT_NEAR(*rate.recent_bps(), 5.5e5, 1);
  // The receiver's clock was set.
  rate.OnReceived(now - hours(5), 1250);
  EXPECT_FALSE(rate.bps());
}

}  // namespace
}  // namespace rtp
