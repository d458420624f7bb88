// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/worker.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "rtp/payload/vp8.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/rtx.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

TEST_F(WorkerTest, ConnectsAndChoosesGcm128) {
  const Client& alice = Join();
  ASSERT_TRUE(alice.media.connected());
  EXPECT_EQ(alice.media.profile(), rtp::SrtpProfile::kAeadAes128Gcm);
  ASSERT_EQ(Events<PeerConnected>().size(), 1u);
  EXPECT_EQ(Events<PeerConnected>()[0].peer, alice.spec.peer);
}

TEST_F(WorkerTest, ConnectsAsTheActiveSideToo) {
  const Client& alice = Join(0, rtp::DtlsRole::kPassive);
  EXPECT_TRUE(alice.media.connected());
  EXPECT_EQ(Events<PeerConnected>().size(), 1u);
}

TEST_F(WorkerTest, ForwardsVideoFromTheFirstKeyFrameOn) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, false);
  EXPECT_TRUE(Stream(bob, 2001).empty());
  SendVideo(alice, true);
  SendVideo(alice, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 2u);
  EXPECT_EQ(stream[1].seq, static_cast<uint16_t>(stream[0].seq + 1));
  EXPECT_EQ(stream[1].timestamp, stream[0].timestamp + 3000);
  EXPECT_EQ(stream[0].pt, kVp8Pt);
  const auto vp8 = rtp::ParseVp8(stream[0].payload);
  ASSERT_TRUE(vp8);
  EXPECT_TRUE(vp8->key_frame);
  EXPECT_EQ(stream[0].payload.back(), 1);
  EXPECT_EQ(bob.media.rejected, 0);
}

TEST_F(WorkerTest, SendsNobodyHisOwnMedia) {
  Client& alice = Join();
  Join();
  SendVideo(alice, true);
  SendAudio(alice, 20);
  EXPECT_TRUE(alice.media.rtp_received.empty());
}

TEST_F(WorkerTest, StaysGaplessAcrossSequenceWrapAndPictureIdWrap) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  for (int i = 0; i < 20; ++i) SendVideo(alice, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 21u);
  uint16_t picture = *rtp::ParseVp8(stream[0].payload)->descriptor.picture_id;
  for (size_t i = 1; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
    picture = (picture + 1) & 0x7FFF;
    EXPECT_EQ(rtp::ParseVp8(stream[i].payload)->descriptor.picture_id, picture);
  }
}

TEST_F(WorkerTest, KeepsOneStreamWhenTheDominantSpeakerChanges) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  SendVideo(alice, true);
  SendVideo(bob, true);
  ASSERT_EQ(Stream(carol, 3001).size(), 1u);
  EXPECT_EQ(Stream(carol, 3001)[0].payload.back(), 1);
  RunFor(seconds(3));  // too long for Bob's picture to come from the cache
  // Bob speaks; his picture comes with his next key frame, Alice's until then.
  for (int i = 0; i < 100; ++i) {
    SendAudio(bob, 10);
    SendAudio(alice, 127);
    RunFor(milliseconds(20));
  }
  ASSERT_FALSE(Events<SpeakersChanged>().empty());
  EXPECT_EQ(Events<SpeakersChanged>().back().dominant, bob.audio);
  SendVideo(alice, false);
  SendVideo(bob, false);
  SendVideo(bob, true);
  SendVideo(alice, false);
  const auto stream = Stream(carol, 3001);
  std::vector<int> from;
  for (const auto& view : stream) from.push_back(view.payload.back());
  EXPECT_EQ(from, (std::vector<int>{1, 1, 2}));
  for (size_t i = 1; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
    EXPECT_GT(static_cast<int32_t>(stream[i].timestamp -
                                   stream[i - 1].timestamp),
              0);
    EXPECT_EQ(*rtp::ParseVp8(stream[i].payload)->descriptor.picture_id,
              (*rtp::ParseVp8(stream[i - 1].payload)->descriptor.picture_id +
               1) & 0x7FFF);
  }
  EXPECT_GT(CountPlis(bob), 0);
}

TEST_F(WorkerTest, AudioSlotFollowsTheSpeaker) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  for (int i = 0; i < 50; ++i) {
    SendAudio(alice, 15);
    SendAudio(bob, 127);
    RunFor(milliseconds(20));
  }
  const size_t before = Stream(carol, 3000).size();
  EXPECT_GE(before, 45u);
  for (int i = 0; i < 150; ++i) {
    SendAudio(alice, 127);
    SendAudio(bob, 15);
    RunFor(milliseconds(20));
  }
  const auto stream = Stream(carol, 3000);
  EXPECT_GE(stream.size(), before + 140);
  for (size_t i = 1; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
  }
  EXPECT_EQ(Events<SpeakersChanged>().back().dominant, bob.audio);
}

TEST_F(WorkerTest, FillsMoreSlotsWithMoreSources) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join(/*extra_video=*/2);
  SendVideo(alice, true);
  SendVideo(bob, true);
  std::set<int> seen;
  for (const rtp::Ssrc ssrc : {3001u, 3010u, 3012u}) {
    for (const auto& view : Stream(carol, ssrc)) seen.insert(view.payload.back());
  }
  EXPECT_EQ(seen, (std::set<int>{1, 2}));
  const SlotsChanged last = Events<SlotsChanged>().back();
  EXPECT_EQ(last.peer, carol.spec.peer);
  EXPECT_EQ(last.slots.size(), 4u);
}

TEST_F(WorkerTest, GivesALateJoinerThePictureFromTheCache) {
  Client& alice = Join();
  Join();
  SendVideo(alice, true);
  SendVideo(alice, false);
  Client& carol = Join();
  SendVideo(alice, false);
  // The key frame it never heard comes first.
  const auto stream = Stream(carol, 3001);
  ASSERT_GE(stream.size(), 1u);
}

TEST_F(WorkerTest, ResendsByRtxOnNack) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  SendVideo(alice, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 2u);
  const uint16_t lost = stream[1].seq;
  const std::vector<uint8_t> original(stream[1].payload.begin(),
                                      stream[1].payload.end());
  SendFeedback(bob, [&](rtp::RtcpWriter& out) {
    rtp::WriteNack(1, 2001, std::array{lost}, out);
  });
  const auto rtx = Stream(bob, 2002);
  ASSERT_EQ(rtx.size(), 1u);
  EXPECT_EQ(rtx[0].pt, kRtxPt);
  const auto restored = rtp::UnwrapRtx(rtx[0], 2001, kVp8Pt);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->seq, lost);
  EXPECT_EQ(restored->timestamp, stream[1].timestamp);
  EXPECT_EQ(std::vector<uint8_t>(restored->payload.begin(),
                                 restored->payload.end()),
            original);
  EXPECT_EQ(bob.media.rejected, 0);
}

TEST_F(WorkerTest, NeverAnswersOneNackTwiceInARoundTrip) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  const uint16_t seq = Stream(bob, 2001)[0].seq;
  for (int i = 0; i < 5; ++i) {
    SendFeedback(bob, [&](rtp::RtcpWriter& out) {
      rtp::WriteNack(1, 2001, std::array{seq}, out);
    });
  }
  EXPECT_EQ(Stream(bob, 2002).size(), 1u);
}

TEST_F(WorkerTest, AsksThePublisherForWhatIsMissing) {
  Client& alice = Join();
  Join();
  SendVideo(alice, true);
  alice.video_seq++;
  SendVideo(alice, false);
  RunFor(milliseconds(30));
  std::vector<uint16_t> asked;
  for (const auto& compound : alice.media.rtcp_received) {
    rtp::RtcpReader reader{std::span<const uint8_t>(compound)};
    while (const auto packet = reader.Next()) {
      if (const auto feedback = rtp::ParseFeedback(*packet)) {
        rtp::ParseNack(*feedback,
                       [&](uint16_t seq) { asked.push_back(seq); });
      }
    }
  }
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0], 65531);
}

TEST_F(WorkerTest, LimitsKeyFrameRequestsToThePublisher) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  const int before = CountPlis(alice);
  for (int i = 0; i < 1000; ++i) {
    SendFeedback(bob,
                 [&](rtp::RtcpWriter& out) { rtp::WritePli(1, 2001, out); });
    RunFor(milliseconds(1));
  }
  EXPECT_GE(CountPlis(alice), before + 1);
  EXPECT_LE(CountPlis(alice), before + 6);
}

TEST_F(WorkerTest, ReportsWhatItSendsEachSecond) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  RunFor(seconds(2));
  int reports = 0;
  for (const auto& compound : bob.media.rtcp_received) {
    rtp::RtcpReader reader{std::span<const uint8_t>(compound)};
    while (const auto packet = reader.Next()) {
      const auto sr = rtp::ParseSenderReport(*packet);
      if (!sr || sr->ssrc != 2001) continue;
      ++reports;
      EXPECT_EQ(sr->info.packet_count, 1u);
    }
    EXPECT_TRUE(reader.ok());
  }
  EXPECT_EQ(reports, 2);
}

TEST_F(WorkerTest, DropsMediaFromAddressesThatNobodyValidated) {
  Client& alice = Join();
  Client& bob = Join();
  const ice::SocketAddress home = alice.media.address();
  const std::array<uint8_t, 4> elsewhere = {198, 51, 100, 9};
  alice.media.set_address(ice::SocketAddress(elsewhere, 1));
  SendVideo(alice, true);
  EXPECT_TRUE(Stream(bob, 2001).empty());
  EXPECT_GE(Drops(DropReason::kUnknownAddress), 1u);
  EXPECT_EQ(sent_bytes_[alice.media.address().ToString()], 0u);
  alice.media.set_address(home);
}

TEST_F(WorkerTest, FollowsAClientToANewAddressOnlyByAnAuthenticCheck) {
  Client& alice = Join();
  Client& bob = Join();
  const std::array<uint8_t, 4> elsewhere = {198, 51, 100, 9};
  bob.media.set_address(ice::SocketAddress(elsewhere, 1));
  SendVideo(alice, true);
  EXPECT_TRUE(Stream(bob, 2001).empty());  // went to the old address
  Deliver(bob, bob.media.Check());
  SendVideo(alice, true);
  EXPECT_EQ(Stream(bob, 2001).size(), 1u);
}

TEST_F(WorkerTest, DropsReplayedAndForgedPackets) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  std::vector<uint8_t> packet(12 + 20);
  rtp::WriteRtpHeader({.pt = kVp8Pt, .seq = 65533, .timestamp = 1, .ssrc = 101},
                      {}, packet);
  packet = alice.media.ProtectRtp(packet, 0);
  std::vector<uint8_t> forged = packet;
  forged.back() ^= 1;
  Deliver(alice, forged);
  EXPECT_EQ(Drops(DropReason::kSrtpAuth), 1u);
  Deliver(alice, packet);
  Deliver(alice, packet);
  EXPECT_EQ(Drops(DropReason::kSrtpReplay), 1u);
  SendVideo(alice, false);
  EXPECT_GE(Stream(bob, 2001).size(), 2u);  // the call goes on
}

TEST_F(WorkerTest, DropsAnSsrcThatNoContentMaySend) {
  Client& alice = Join();
  Join();
  std::vector<uint8_t> packet(12 + 20);
  rtp::WriteRtpHeader({.pt = kVp8Pt, .seq = 1, .timestamp = 1, .ssrc = 4242},
                      {}, packet);
  Deliver(alice, alice.media.ProtectRtp(packet, 0));
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 1u);
}

TEST_F(WorkerTest, TellsOfSilenceAndThenOfLoss) {
  Join();
  RunFor(seconds(16));
  ASSERT_EQ(Events<PeerSilent>().size(), 1u);
  EXPECT_TRUE(Events<PeerSilent>()[0].silent);
  RunFor(seconds(16));
  ASSERT_EQ(Events<PeerFailed>().size(), 1u);
  EXPECT_EQ(Events<PeerFailed>()[0].why, PeerFailure::kConsentLost);
}

TEST_F(WorkerTest, StopsAtOnceForARemovedPeer) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  worker_.HandleCommand(now_, RemovePeer{bob.spec.peer}, outbox_);
  Flush();
  const size_t before = bob.media.rtp_received.size();
  SendVideo(alice, false);
  RunFor(seconds(3));
  EXPECT_EQ(bob.media.rtp_received.size(), before);
  EXPECT_EQ(worker_.peer_count(), 1u);
}

TEST_F(WorkerTest, EmptiesTheSlotsOfASourceThatLeft) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  worker_.HandleCommand(now_, RemovePeer{alice.spec.peer}, outbox_);
  Flush();
  const SlotsChanged last = Events<SlotsChanged>().back();
  EXPECT_EQ(last.peer, bob.spec.peer);
  for (const auto& fill : last.slots) EXPECT_EQ(fill.source, rtp::SourceId());
}

TEST_F(WorkerTest, ShowsAPinnedSourceFirst) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  SendVideo(alice, true);
  worker_.HandleCommand(
      now_, SetReceive{carol.spec.peer, rtp::ReceiveSpec{{bob.video}, {}}},
      outbox_);
  Flush();
  SendVideo(bob, true);
  EXPECT_EQ(Stream(carol, 3001).back().payload.back(), 2);
}

TEST_F(WorkerTest, SendsNothingOnASlotOfHeightZero) {
  Client& alice = Join();
  Client& bob = Join();
  rtp::ReceiveSpec receive;
  receive.limits.push_back({"1", 0});
  worker_.HandleCommand(now_, SetReceive{bob.spec.peer, receive}, outbox_);
  Flush();
  SendVideo(alice, true);
  EXPECT_TRUE(Stream(bob, 2001).empty());
}

TEST_F(WorkerTest, ShowsNoMutedSource) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  alice.spec.contents[1].uplink->muted = true;
  worker_.HandleCommand(now_, UpdatePeer{alice.spec}, outbox_);
  Flush();
  const size_t before = Stream(bob, 2001).size();
  SendVideo(alice, false);
  EXPECT_EQ(Stream(bob, 2001).size(), before);
}

TEST_F(WorkerTest, HoldsNoPacketsOfConferencesThatEnded) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  EXPECT_GT(worker_.packets_in_use(), 0u);
  worker_.HandleCommand(now_, RemovePeer{alice.spec.peer}, outbox_);
  worker_.HandleCommand(now_, RemovePeer{bob.spec.peer}, outbox_);
  Flush();
  EXPECT_EQ(worker_.packets_in_use(), 0u);
  EXPECT_EQ(worker_.peer_count(), 0u);
}

}  // namespace
}  // namespace sfu
