// SPDX-License-Identifier: GPL-3.0-or-later
// A conference whose peers are on two workers, placed and told by the real
// MediaController, with cells carried by hand.
#include "sfu/relay.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "sfu/media_controller.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

constexpr size_t kWorkers = 2;

class RelayTest : public WorkerTest, public CommandSink {
 protected:
  // A worker's cells to the other one.
  class Way : public RelaySink {
   public:
    RelayCell* TryCell(size_t to) override {
      EXPECT_LT(to, kWorkers);
      if (blocked) return nullptr;
      cells.emplace_back();
      return &cells.back();
    }
    void Relay(size_t /*to*/) override { ready = cells.size(); }

    std::deque<RelayCell> cells;
    size_t ready = 0;
    bool blocked = false;
  };

  RelayTest() : controller_(MakeConfig(), random_, *this) {
    worker_.set_relays(&ways_[0]);
    second_.set_relays(&ways_[1]);
  }

  ~RelayTest() override {
    worker_.set_relays(nullptr);
    second_.set_relays(nullptr);
  }

  static MediaController::Config MakeConfig() {
    MediaController::Config config;
    config.workers.resize(kWorkers, {{"192.0.2.200"}, 10000});
    config.spread_after = 1;
    return config;
  }

  // CommandSink
  void Push(size_t worker, Command command) override {
    WorkerAt(worker).HandleCommand(now_, std::move(command), outbox_);
    Flush();
  }

  // The fixture's clients go through the controller, one worker after the
  // other.
  void Tell(const Client& client, Command command) override {
    if (auto* add = std::get_if<AddPeer>(&command)) {
      const auto allocation =
          controller_.AllocatePeer(client.spec.conference, 1);
      ASSERT_EQ(allocation.peer, client.spec.peer) << "both count from 1";
      const std::string& ufrag = allocation.transports.at(0).ufrag;
      home_[client.media.address().ToString()] = ufrag[4] == 'A' ? 0 : 1;
      controller_.AddPeer(now_, add->spec);
    } else if (auto* update = std::get_if<UpdatePeer>(&command)) {
      controller_.UpdatePeer(now_, update->spec);
    } else if (auto* receive = std::get_if<SetReceive>(&command)) {
      controller_.SetReceive(now_, receive->peer, receive->receive);
    }
  }
  Worker& WorkerOf(const ice::SocketAddress& client) override {
    return WorkerAt(home_.at(client.ToString()));
  }
  std::vector<Worker*> Workers() override { return {&worker_, &second_}; }
  bool Relay() override {
    bool any = false;
    for (size_t from = 0; from < kWorkers; ++from) {
      std::deque<RelayCell> cells = std::move(ways_[from].cells);
      ways_[from].cells.clear();
      for (const RelayCell& cell : cells) {
        any = true;
        ++carried_[cell.kind];
        WorkerAt(1 - from).HandleRelay(now_, from, cell, outbox_);
      }
    }
    return any;
  }

  Worker& WorkerAt(size_t index) { return index == 0 ? worker_ : second_; }
  size_t HomeOf(const Client& client) {
    return home_.at(client.media.address().ToString());
  }
  void Leave(const Client& client) {
    controller_.RemovePeer(now_, client.spec.peer);
    Flush();
  }
  static rtp::Ssrc VideoSlot(const Client& client) {
    return client.spec.contents[1].slot->ssrc;
  }
  static rtp::Ssrc AudioSlot(const Client& client) {
    return client.spec.contents[0].slot->ssrc;
  }
  // Hides or shows the only video slot of `client`.
  void ShowVideo(const Client& client, bool show) {
    rtp::ReceiveSpec receive;
    receive.limits = {{"1", show ? 720u : 0u}};
    SendReceive(client, receive);
  }
  uint64_t PacketsCarried() { return carried_[RelayCell::Kind::kPacket]; }

  Worker second_{Worker::Config(), ServerCertificate(),
                 rtp::NtpClock(uint64_t{3'900'000'000} << 32), random_};
  Way ways_[kWorkers];
  std::map<std::string, size_t> home_;
  std::map<RelayCell::Kind, uint64_t> carried_;
  MediaController controller_;
};

TEST_F(RelayTest, BringsAudioAndVideoToTheOtherWorker) {
  Client& a = Join();
  Client& b = Join();
  ASSERT_NE(HomeOf(a), HomeOf(b));
  SendVideo(a, /*key_frame=*/true);
  SendVideo(a, false);
  for (int i = 0; i < 5; ++i) SendAudio(a, 20);
  RunFor(milliseconds(200));
  for (int i = 0; i < 5; ++i) SendAudio(a, 20);
  const auto video = Stream(b, VideoSlot(b));
  ASSERT_EQ(video.size(), 2u);
  EXPECT_EQ(video[0].seq + 1, video[1].seq);
  EXPECT_TRUE(std::equal(video[1].payload.end() - 500, video[1].payload.end(),
                         std::vector<uint8_t>(500, 1).begin()));
  EXPECT_GE(Stream(b, AudioSlot(b)).size(), 5u);
  EXPECT_TRUE(Stream(a, VideoSlot(a)).empty());
  EXPECT_EQ(b.media.rejected, 0);
}

TEST_F(RelayTest, RelaysNothingThatNobodyThereWants) {
  Client& a = Join();
  Client& b = Join();
  SendVideo(a, true);
  ShowVideo(b, false);
  const uint64_t before = PacketsCarried();
  for (int i = 0; i < 10; ++i) SendVideo(a, false);
  EXPECT_EQ(PacketsCarried(), before);
  ShowVideo(b, true);
  SendVideo(a, true);
  EXPECT_GT(PacketsCarried(), before);
}

TEST_F(RelayTest, TakesTheWantOfAKeyFrameBackToThePublisher) {
  Client& a = Join();
  Client& b = Join();
  SendVideo(a, true);
  RunFor(seconds(2));
  const int before = CountPlis(a);
  SendFeedback(b, [&](rtp::RtcpWriter& out) {
    rtp::WritePli(VideoSlot(b), VideoSlot(b), out);
  });
  RunFor(milliseconds(100));
  EXPECT_EQ(CountPlis(a), before + 1);
}

TEST_F(RelayTest, SaysAgainThatAKeyFrameIsWantedUntilItComes) {
  Client& a = Join();
  Client& b = Join();
  SendVideo(b, true);  // so that a waits for nothing
  SendVideo(a, true);
  RunFor(seconds(1));
  const int before = CountPlis(a);
  ways_[1].blocked = true;
  SendFeedback(b, [&](rtp::RtcpWriter& out) {
    rtp::WritePli(VideoSlot(b), VideoSlot(b), out);
  });
  RunFor(milliseconds(100));
  EXPECT_EQ(CountPlis(a), before) << "the want was lost on its way";
  ways_[1].blocked = false;
  RunFor(Router::kRefresh + milliseconds(100));
  EXPECT_GT(CountPlis(a), before);
  SendVideo(a, true);
  const uint64_t wants = carried_[RelayCell::Kind::kWantKeyFrame];
  RunFor(seconds(1));
  EXPECT_EQ(carried_[RelayCell::Kind::kWantKeyFrame], wants);
}

TEST_F(RelayTest, AnswersNacksWithoutAskingTheOtherWorker) {
  Client& a = Join();
  Client& b = Join();
  SendVideo(a, true);
  SendVideo(a, false);
  const auto video = Stream(b, VideoSlot(b));
  ASSERT_EQ(video.size(), 2u);
  const auto carried = carried_;
  const uint16_t lost = video[0].seq;
  SendFeedback(b, [&](rtp::RtcpWriter& out) {
    const std::array<uint16_t, 1> seqs = {lost};
    rtp::WriteNack(VideoSlot(b), VideoSlot(b), seqs, out);
  });
  EXPECT_EQ(Stream(b, VideoSlot(b) + 1).size(), 1u) << "as RTX";
  EXPECT_EQ(carried_, carried);
}

TEST_F(RelayTest, StartsALateSubscriberFromTheCacheOfTheHome) {
  Client& a = Join();
  Client& b = Join();
  ShowVideo(b, false);
  RunFor(seconds(1));
  SendVideo(a, true);
  for (int i = 0; i < 5; ++i) SendVideo(a, false);
  const int plis = CountPlis(a);
  ShowVideo(b, true);
  RunFor(milliseconds(300));
  EXPECT_EQ(Stream(b, VideoSlot(b)).size(), 6u);
  EXPECT_EQ(CountPlis(a), plis) << "the picture was there already";
}

TEST_F(RelayTest, AsksAgainForWhatAFullRingSwallowed) {
  Client& a = Join();
  ways_[1].blocked = true;
  Client& b = Join();
  SendVideo(a, true);
  EXPECT_TRUE(Stream(b, VideoSlot(b)).empty());
  EXPECT_GT(second_.counters()
                .drops[static_cast<size_t>(DropReason::kRelayFull)]
                .Get(),
            0u);
  ways_[1].blocked = false;
  RunFor(Router::kRefresh);
  SendVideo(a, true);
  EXPECT_FALSE(Stream(b, VideoSlot(b)).empty());
}

TEST_F(RelayTest, StopsRelayingToAWorkerThatSaysNothingMore) {
  Client& a = Join();
  Join();
  SendVideo(a, true);
  ways_[1].blocked = true;
  RunFor(Router::kLapse + seconds(1));
  const uint64_t before = PacketsCarried();
  for (int i = 0; i < 10; ++i) SendVideo(a, false);
  EXPECT_EQ(PacketsCarried(), before);
}

TEST_F(RelayTest, EndsWithThePublisherAndWithTheSubscriber) {
  Client& a = Join();
  Client& b = Join();
  Client& c = Join();  // beside a or b
  ASSERT_EQ(HomeOf(c), HomeOf(a));
  SendVideo(a, true);
  SendVideo(c, true);
  Leave(a);
  RunFor(milliseconds(100));
  b.media.rtp_received.clear();
  SendVideo(c, true);
  RunFor(milliseconds(100));
  EXPECT_FALSE(Stream(b, VideoSlot(b)).empty()) << "c fills the slot of a";
  Leave(b);
  const uint64_t before = PacketsCarried();
  SendVideo(c, true);
  SendAudio(c, 10);
  EXPECT_EQ(PacketsCarried(), before);
  EXPECT_EQ(second_.packets_in_use(), 0u);
}

TEST_F(RelayTest, LetsSpeakersOfAllWorkersIntoTheSlots) {
  Client& a = Join();
  Client& b = Join();
  Client& c = Join();
  ASSERT_EQ(HomeOf(c), HomeOf(a));
  for (Client* client : {&a, &b, &c}) SendVideo(*client, true);
  const auto speak = [&](Client& speaker) {
    for (int i = 0; i < 150; ++i) {
      for (Client* client : {&a, &b, &c}) {
        SendAudio(*client, client == &speaker ? 10 : 127);
      }
      if (i % 5 == 0) {
        for (Client* client : {&a, &b, &c}) SendVideo(*client, i % 25 == 0);
      }
      RunFor(milliseconds(20));
    }
  };
  speak(c);
  std::vector<SpeakersChanged> told = Events<SpeakersChanged>();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().dominant, c.audio);
  b.media.rtp_received.clear();
  SendVideo(c, true);
  ASSERT_EQ(Stream(b, VideoSlot(b)).size(), 1u);
  EXPECT_EQ(Stream(b, VideoSlot(b)).back().payload.back(), 3) << "c's picture";

  events_.clear();
  speak(b);
  told = Events<SpeakersChanged>();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().dominant, b.audio);
  size_t changes = 0;
  for (size_t i = 0; i < told.size(); ++i) {
    if (told[i].dominant == b.audio &&
        (i == 0 || told[i - 1].dominant != b.audio)) {
      ++changes;
    }
  }
  EXPECT_EQ(changes, 1u) << "one worker tells, not both";
  a.media.rtp_received.clear();
  SendVideo(b, true);
  EXPECT_EQ(Stream(a, VideoSlot(a)).size(), 1u);
}

TEST_F(RelayTest, HearsOfMutedSourcesElsewhere) {
  Client& a = Join();
  Client& b = Join();
  SendVideo(a, true);
  a.spec.contents[1].uplink->muted = true;
  Update(a);
  b.media.rtp_received.clear();
  SendVideo(a, true);
  EXPECT_TRUE(Stream(b, VideoSlot(b)).empty());
  a.spec.contents[1].uplink->muted = false;
  Update(a);
  SendVideo(a, true);
  EXPECT_FALSE(Stream(b, VideoSlot(b)).empty());
}

TEST_F(RelayTest, SenderReportsFollowThePublishersClock) {
  Client& a = Join();
  Client& b = Join();
  SendVideo(a, true);
  // The publisher's clock is 1 s and a frame ahead of its packet.
  SendFeedback(a, [&](rtp::RtcpWriter& out) {
    rtp::SenderInfo info;
    info.ntp = 1;
    info.rtp_timestamp = a.timestamp + 90'000 + 3000;
    rtp::WriteSenderReport(a.spec.contents[1].uplink->ssrcs[0], info, {}, out);
  });
  const rtp::Timestamp reported = now_;
  SendVideo(a, false);
  const auto video = Stream(b, VideoSlot(b));
  ASSERT_EQ(video.size(), 2u);
  bool seen = false;
  b.media.rtcp_received.clear();
  while (!seen && now_ < reported + seconds(3)) {
    RunFor(milliseconds(10));
    ForEachRtcp(b.media, [&](const rtp::RtcpPacket& packet) {
      const auto sr = rtp::ParseSenderReport(packet);
      if (!sr || sr->ssrc != VideoSlot(b)) return;
      seen = true;
      const auto passed =
          static_cast<double>((now_ - reported).count()) * 90'000 / 1e6;
      const double expected = video[0].timestamp + 90'000 + 3000 + passed;
      EXPECT_NEAR(sr->info.rtp_timestamp, expected, 1000);
    });
    b.media.rtcp_received.clear();
  }
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace sfu
