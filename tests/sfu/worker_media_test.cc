// SPDX-License-Identifier: GPL-3.0-or-later
// Media from the datagram on: whose it is, what is dropped, and how much.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "rtp/payload/vp8.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtx.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

using rtp::ExtensionKind;
using Payload = std::vector<uint8_t>;

constexpr uint8_t kTag = 0x5A;

class WorkerMediaTest : public WorkerTest {
 protected:
  // A packet of any stream on a content of `client`; `mid` may be empty.
  struct Raw {
    size_t content = 1;
    rtp::Ssrc ssrc = 0;
    uint16_t seq = 0;
    uint8_t pt = kVp8Pt;
    std::string_view mid = {};
    uint32_t timestamp = 1;
  };
  void SendRaw(Client& client, const Raw& raw, const Payload& payload) {
    SendRawOn(client.media, client, raw, payload);
  }
  void SendRawOn(MediaClient& media, const Client& client, const Raw& raw,
                 const Payload& payload) {
    rtp::ExtensionWriter out(client.spec.contents[raw.content].extensions);
    if (!raw.mid.empty()) out.Add(ExtensionKind::kMid, raw.mid);
    SendRtpOn(media, out,
              {.pt = raw.pt,
               .seq = raw.seq,
               .timestamp = raw.timestamp,
               .ssrc = raw.ssrc},
              payload);
  }

  // A VP8 frame without descriptor extensions, and the last byte `tag`.
  static Payload Vp8(bool key_frame, uint8_t tag = kTag) {
    Payload payload = {0x10};
    for (const int byte :
         {key_frame ? 0x10 : 0x11, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 1, 0xF0, 0}) {
      payload.push_back(static_cast<uint8_t>(byte));
    }
    payload.push_back(tag);
    return payload;
  }

  static void NoSignalledSsrcs(Client& client) {
    for (auto& content : client.spec.contents) {
      if (!content.uplink) continue;
      content.uplink->ssrcs.clear();
      content.uplink->rtx_ssrcs.clear();
    }
  }

  static std::vector<int> TagsOf(const std::vector<rtp::RtpView>& stream) {
    std::vector<int> tags;
    for (const auto& view : stream) tags.push_back(view.payload.back());
    return tags;
  }

  static void ExpectGapless(const std::vector<rtp::RtpView>& stream) {
    for (size_t i = 1; i < stream.size(); ++i) {
      EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
      EXPECT_GE(
          static_cast<int32_t>(stream[i].timestamp - stream[i - 1].timestamp),
          0);
    }
  }
};

// Peers without BUNDLE: a transport for each kind.

class UnbundledTest : public WorkerMediaTest {
 protected:
  void SendVideoOnSecond(Client& client, uint16_t seq, bool key_frame) {
    SendRawOn(*client.second, client, {.ssrc = VideoSsrc(client), .seq = seq},
              Vp8(key_frame));
  }
  static rtp::Ssrc VideoSsrc(const Client& client) {
    return client.spec.contents[1].uplink->ssrcs[0];
  }
};

TEST_F(UnbundledTest, IsConnectedWhenBothTransportsAre) {
  Client& alice = MakeClient(rtp::DtlsRole::kActive);
  Unbundle(alice);
  worker_.HandleCommand(now_, AddPeer{alice.spec}, outbox_);
  ShakeHands(alice.media);
  EXPECT_TRUE(alice.media.connected());
  EXPECT_TRUE(Events<PeerConnected>().empty());
  ShakeHands(*alice.second);
  EXPECT_TRUE(alice.second->connected());
  EXPECT_EQ(Events<PeerConnected>().size(), 1u);
}

// A content without a codec in common; or one that was removed again.
TEST_F(UnbundledTest, NobodyWaitsForATransportThatServesNothing) {
  Client& alice = MakeClient(rtp::DtlsRole::kActive);
  Unbundle(alice);
  alice.spec.contents[1].codecs.clear();
  alice.spec.contents[1].uplink.reset();
  alice.spec.contents[1].slot.reset();
  worker_.HandleCommand(now_, AddPeer{alice.spec}, outbox_);
  ShakeHands(alice.media);
  EXPECT_EQ(Events<PeerConnected>().size(), 1u);
  RunFor(ice::Transport::kConnectTimeout - seconds(20));
  SendAudio(alice, 20);
  RunFor(seconds(25));
  EXPECT_TRUE(Events<PeerFailed>().empty()) << "what it never opened";
}

TEST_F(UnbundledTest, EachKindTravelsOnItsOwnTransport) {
  Client& alice = JoinWith(Unbundle);
  Client& bob = JoinWith(Unbundle);
  SendAudio(alice, 20);
  SendVideoOnSecond(alice, 10, true);
  EXPECT_EQ(Stream(bob.media, 2000).size(), 1u);
  EXPECT_EQ(Stream(*bob.second, 2001).size(), 1u);
  EXPECT_TRUE(Stream(bob.media, 2001).empty());
  EXPECT_TRUE(Stream(*bob.second, 2000).empty());
  EXPECT_EQ(bob.media.rejected + bob.second->rejected, 0);
}

TEST_F(UnbundledTest, DropsPacketsOfTheOtherTransport) {
  Client& alice = JoinWith(Unbundle);
  Client& bob = JoinWith(Unbundle);
  // Rightly protected, but video is not on the first transport...
  SendRaw(alice, {.ssrc = 101, .seq = 10}, Vp8(true));
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 1u);
  // ... nor audio on the second.
  SendRawOn(*alice.second, alice,
            {.content = 0, .ssrc = 100, .seq = 10, .pt = kOpusPt}, {0x78, 1});
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 2u);
  EXPECT_TRUE(bob.media.rtp_received.empty());
  EXPECT_TRUE(bob.second->rtp_received.empty());
  // Where they belong they are taken.
  SendVideoOnSecond(alice, 11, true);
  SendAudio(alice, 20);
  EXPECT_EQ(Stream(*bob.second, 2001).size(), 1u);
  EXPECT_EQ(Stream(bob.media, 2000).size(), 1u);
}

TEST_F(UnbundledTest, TheKeysOfOneTransportOpenNothingOfTheOther) {
  Client& alice = JoinWith(Unbundle);
  JoinWith(Unbundle);
  const auto packet = alice.media.ProtectRtp(
      MakeRtp(rtp::ExtensionWriter(alice.spec.contents[1].extensions),
              {.pt = kVp8Pt, .seq = 1, .timestamp = 1, .ssrc = 101}, Vp8(true)),
      0);
  Deliver(*alice.second, packet);
  EXPECT_EQ(Drops(DropReason::kSrtpAuth), 1u);
}

TEST_F(UnbundledTest, FeedbackGoesTheWayOfItsStream) {
  Client& alice = JoinWith(Unbundle);
  Client& bob = JoinWith(Unbundle);
  SendVideoOnSecond(alice, 10, true);
  SendVideoOnSecond(alice, 13, false);
  SendAudio(alice, 20);
  const uint16_t seq = Stream(*bob.second, 2001).at(0).seq;
  SendFeedbackOn(*bob.second, [&](rtp::RtcpWriter& out) {
    rtp::WriteNack(1, 2001, std::array{seq}, out);
    rtp::WritePli(1, 2001, out);
  });
  EXPECT_EQ(Stream(*bob.second, 2002).size(), 1u);
  RunFor(seconds(2));
  const auto count = [](const MediaClient& media, bool (*is)(rtp::Feedback)) {
    int found = 0;
    ForEachRtcp(media, [&](const rtp::RtcpPacket& packet) {
      const auto feedback = rtp::ParseFeedback(packet);
      if (feedback && is(*feedback)) ++found;
    });
    return found;
  };
  const auto nack = [](rtp::Feedback f) { return f.IsNack(); };
  const auto pli = [](rtp::Feedback f) { return f.IsPli(); };
  EXPECT_EQ(count(alice.media, nack), 0);
  EXPECT_EQ(count(alice.media, pli), 0);
  EXPECT_GT(count(*alice.second, nack), 0);
  EXPECT_GT(count(*alice.second, pli), 0);
  EXPECT_TRUE(BlocksAbout(alice.media, 101).empty());
  EXPECT_FALSE(BlocksAbout(*alice.second, 101).empty());
  EXPECT_FALSE(BlocksAbout(alice.media, 100).empty());
  EXPECT_TRUE(BlocksAbout(*alice.second, 100).empty());
}

TEST_F(UnbundledTest, UnsignalledStreamsAreLatchedByTheirTransport) {
  Client& alice = JoinWith([](Client& c) {
    Unbundle(c);
    NoSignalledSsrcs(c);
  });
  Client& bob = Join();
  SendRaw(alice, {.content = 0, .ssrc = 71, .seq = 1, .pt = kOpusPt}, {0x78});
  SendRawOn(*alice.second, alice, {.ssrc = 72, .seq = 1}, Vp8(true));
  EXPECT_EQ(Stream(bob, 2000).size(), 1u);
  EXPECT_EQ(Stream(bob, 2001).size(), 1u);
}

// How much a participant may send.

TEST_F(WorkerMediaTest, AFloodIsCutAndNobodyElseSuffers) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  SendReceive(carol, rtp::ReceiveSpec{{bob.video}, {}});
  constexpr int kFlood = 5000;
  for (int i = 0; i < kFlood; ++i) {
    SendRaw(alice,
            {.content = 0,
             .ssrc = 100,
             .seq = static_cast<uint16_t>(i),
             .pt = kOpusPt},
            {0x78, 1});
  }
  EXPECT_NEAR(static_cast<double>(Drops(DropReason::kRateLimited)),
              kFlood - PacketBucket::kPerSecond, 10);
  SendVideo(bob, true);
  EXPECT_EQ(Stream(carol, 3001).size(), 1u);
  // Nor Alice, when it is over.
  RunFor(seconds(1));
  const size_t before = Stream(carol, 3000).size();
  SendRaw(alice, {.content = 0, .ssrc = 100, .seq = kFlood, .pt = kOpusPt},
          {0x78, 1});
  EXPECT_EQ(Stream(carol, 3000).size(), before + 1);
}

TEST_F(WorkerMediaTest, RtcpIsOfTheSameMeasure) {
  Client& alice = Join();
  for (int i = 0; i < 4000; ++i) {
    SendFeedback(alice, [](rtp::RtcpWriter&) {});
  }
  EXPECT_NEAR(static_cast<double>(Drops(DropReason::kRateLimited)),
              4000 - PacketBucket::kPerSecond, 10);
}

TEST_F(WorkerMediaTest, ForgedPacketsUseUpNobodysMeasure) {
  Client& alice = Join();
  Client& bob = Join();
  Payload forged(60, 0x80);
  for (int i = 0; i < 5000; ++i) Deliver(alice, forged);
  EXPECT_EQ(Drops(DropReason::kSrtpAuth), 5000u);
  EXPECT_EQ(Drops(DropReason::kRateLimited), 0u);
  SendVideo(alice, true);
  EXPECT_EQ(Stream(bob, 2001).size(), 1u);
}

// What is dropped, while the stream goes on.

TEST_F(WorkerMediaTest, AnUnknownPayloadTypeIsCountedAndDropped) {
  Client& alice = Join();
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true));
  SendRaw(alice, {.ssrc = 101, .seq = 2, .pt = 13}, {1, 2, 3});
  SendRaw(alice, {.ssrc = 101, .seq = 3, .pt = kOpusPt}, {1, 2, 3});
  SendRaw(alice, {.ssrc = 101, .seq = 4}, Vp8(false));
  EXPECT_EQ(Drops(DropReason::kUnknownPayloadType), 2u);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 2u);
  EXPECT_EQ(stream[1].seq, static_cast<uint16_t>(stream[0].seq + 3));
}

struct BadPayload {
  rtp::Codec codec;
  Payload key_frame;  // how a stream may begin
  Payload more;       // and go on
  std::vector<Payload> bad;
};

class MalformedPayloadTest : public WorkerMediaTest,
                             public testing::WithParamInterface<BadPayload> {};

TEST_P(MalformedPayloadTest, IsCountedAndDroppedAndTheStreamFlowsOn) {
  const BadPayload& param = GetParam();
  const auto edit = [&](Client& c) {
    c.spec.contents[1].codecs[0].codec = param.codec;
  };
  Client& alice = JoinWith(edit);
  Client& bob = JoinWith(edit);
  uint16_t seq = 1;
  SendRaw(alice, {.ssrc = 101, .seq = seq++}, param.key_frame);
  ASSERT_EQ(Stream(bob, 2001).size(), 1u);
  for (const Payload& bad : param.bad) {
    SendRaw(alice, {.ssrc = 101, .seq = seq++}, bad);
    SendRaw(alice, {.ssrc = 101, .seq = seq++}, param.more);
  }
  EXPECT_EQ(Drops(DropReason::kPayloadMalformed), param.bad.size());
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 1 + param.bad.size());
  for (size_t i = 1; i < stream.size(); ++i) {
    EXPECT_EQ(Payload(stream[i].payload.begin(), stream[i].payload.end()),
              param.more);
  }
  EXPECT_EQ(bob.media.rejected, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, MalformedPayloadTest,
    testing::Values(
        BadPayload{rtp::Codec::kVp8,
                   {0x10, 0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0},
                   {0x10, 0x11, 7},
                   // Cut in the descriptor, nothing after it, no start code.
                   {{0x80},
                    {0x90, 0x80, 0x80},
                    {0x90, 0xF0, 0x81, 0x01, 5},
                    {0x10},
                    {0x10, 0x10, 0, 0, 1, 2, 3, 4, 5, 6, 7}}},
        BadPayload{rtp::Codec::kVp9,
                   {0x08, 1, 2, 3},
                   {0x48, 7},
                   // Cut in the descriptor; references and layers without end.
                   {{0x80}, {0x88, 0x80}, {0x58, 0x01}, {0x0A, 0xFF}, {0x08}}},
        BadPayload{rtp::Codec::kH264,
                   {0x67, 0x42, 0, 0x1F},
                   {0x41, 0x80, 7},
                   // One byte, an FU-A without data, STAP-A with a false size.
                   {{0x41}, {0x7C, 0x85}, {0x78, 0, 9, 0x41}, {0x78, 0, 0}}},
        BadPayload{rtp::Codec::kAv1,
                   {0x18, 0x0A, 1, 2},
                   {0x10, 0x32, 7},
                   // Nothing, a length beyond the end, N with Z.
                   {{0x10}, {0x00, 0x7F, 1}, {0x20, 0x80}, {0x98, 1, 2}}}),
    [](const auto& test) {
      return std::string(rtp::CodecName(test.param.codec));
    });

TEST_F(WorkerMediaTest, MalformedPacketsAreCountedAndDropped) {
  Client& alice = Join();
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true));
  Payload padded = MakeRtp(
      rtp::ExtensionWriter(alice.spec.contents[1].extensions),
      {.pt = kVp8Pt, .seq = 2, .timestamp = 1, .ssrc = 101, .padding = true},
      {1, 2, 3, 200});  // more padding than payload
  Deliver(alice, alice.media.ProtectRtp(padded, 0));
  EXPECT_EQ(Drops(DropReason::kRtpMalformed), 1u);
  // RTCP: whole packets before the malformed one count.
  Payload rtcp = {0x81, 206,  0,    2,   0, 0, 0, 1, 0, 0,
                  0x07, 0xD1, 0x81, 206, 0, 9, 0, 0, 0, 1};
  RunFor(seconds(1));
  const int before = CountPlis(alice);
  Deliver(alice, alice.media.ProtectRtcp(rtcp));
  EXPECT_EQ(Drops(DropReason::kRtcpMalformed), 1u);
  Deliver(bob, bob.media.ProtectRtcp(rtcp));
  RunFor(milliseconds(1));
  EXPECT_EQ(CountPlis(alice), before + 1);
  SendRaw(alice, {.ssrc = 101, .seq = 3}, Vp8(false));
  EXPECT_EQ(Stream(bob, 2001).size(), 2u);
}

// RTX from the publisher.

TEST_F(WorkerMediaTest, ARetransmissionFillsTheGapItWasFor) {
  Client& alice = Join();
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true, 1));
  SendRaw(alice, {.ssrc = 101, .seq = 3}, Vp8(false, 3));
  Payload rtx = {0, 2};
  for (const uint8_t byte : Vp8(false, 2)) rtx.push_back(byte);
  SendRaw(alice, {.ssrc = 102, .seq = 900, .pt = kRtxPt}, rtx);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 3u);
  EXPECT_EQ(TagsOf(stream), (std::vector<int>{1, 3, 2}));
  EXPECT_EQ(stream[2].seq, static_cast<uint16_t>(stream[0].seq + 1));
  EXPECT_EQ(stream[2].pt, kVp8Pt);
  EXPECT_TRUE(Stream(bob, 2002).empty());
}

TEST_F(WorkerMediaTest, RtxThatRestoresNothingIsDropped) {
  Client& alice = Join();
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true));
  SendRaw(alice, {.ssrc = 102, .seq = 900, .pt = kRtxPt}, {0});
  // Of a payload type that repeats none.
  Payload rtx = {0, 2};
  for (const uint8_t byte : Vp8(false)) rtx.push_back(byte);
  SendRaw(alice, {.ssrc = 102, .seq = 901, .pt = kVp8Pt}, rtx);
  EXPECT_EQ(Drops(DropReason::kRtxRejected), 2u);
  // What came already is a duplicate, a probe is nothing.
  Payload again = {0, 1};
  for (const uint8_t byte : Vp8(true)) again.push_back(byte);
  SendRaw(alice, {.ssrc = 102, .seq = 902, .pt = kRtxPt}, again);
  EXPECT_EQ(Drops(DropReason::kDuplicate), 1u);
  SendRaw(alice, {.ssrc = 102, .seq = 903, .pt = kRtxPt}, {});
  EXPECT_EQ(Stream(bob, 2001).size(), 1u);
}

// Whose an SSRC is (decisions.md s1.10).

TEST_F(WorkerMediaTest, AMidLatchesAnUnsignalledSsrc) {
  Client& alice = JoinWith(NoSignalledSsrcs);
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 71, .seq = 1}, Vp8(true));  // which of two contents?
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 1u);
  SendRaw(alice, {.ssrc = 71, .seq = 2, .mid = "nobody's"}, Vp8(true));
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 2u);
  SendRaw(alice, {.ssrc = 71, .seq = 3, .mid = "1"}, Vp8(true, 3));
  SendRaw(alice, {.ssrc = 71, .seq = 4}, Vp8(false, 4));  // known now
  EXPECT_EQ(TagsOf(Stream(bob, 2001)), (std::vector<int>{3, 4}));
}

TEST_F(WorkerMediaTest, AnRtxStreamIsLatchedByMidAndPayloadType) {
  Client& alice = JoinWith(NoSignalledSsrcs);
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 71, .seq = 1, .mid = "1"}, Vp8(true, 1));
  Payload rtx = {0, 2};
  for (const uint8_t byte : Vp8(false, 2)) rtx.push_back(byte);
  SendRaw(alice, {.ssrc = 72, .seq = 1, .pt = kRtxPt, .mid = "1"}, rtx);
  SendRaw(alice, {.ssrc = 71, .seq = 3}, Vp8(false, 3));
  const auto stream = Stream(bob, 2001);
  EXPECT_EQ(TagsOf(stream), (std::vector<int>{1, 2, 3}));
  ExpectGapless(stream);
}

TEST_F(WorkerMediaTest, APayloadTypeOfNoCodecLatchesNothing) {
  Client& alice = JoinWith(NoSignalledSsrcs);
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 71, .seq = 1, .mid = "1"}, Vp8(true, 1));
  // A probe of the path, say.
  SendRaw(alice, {.ssrc = 99, .seq = 1, .pt = 125, .mid = "1"}, {1, 2, 3});
  SendRaw(alice, {.ssrc = 71, .seq = 2}, Vp8(false, 2));
  EXPECT_EQ(TagsOf(Stream(bob, 2001)), (std::vector<int>{1, 2}));
  EXPECT_FALSE(BlocksAbout(alice.media, 99).size() > 0);
}

TEST_F(WorkerMediaTest, ARestartedSenderIsTheSameStreamToSubscribers) {
  Client& alice = JoinWith(NoSignalledSsrcs);
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 71, .seq = 500, .mid = "1", .timestamp = 90'000},
          Vp8(true, 1));
  SendRaw(alice, {.ssrc = 71, .seq = 501, .timestamp = 93'000}, Vp8(false, 2));
  RunFor(seconds(1));
  SendRaw(alice, {.ssrc = 72, .seq = 9000, .mid = "1", .timestamp = 7},
          Vp8(false, 3));  // shown by nobody: no key frame came before it
  RunFor(milliseconds(10));
  EXPECT_GT(CountPlis(alice), 0);
  SendRaw(alice, {.ssrc = 72, .seq = 9001, .timestamp = 3007}, Vp8(true, 4));
  SendRaw(alice, {.ssrc = 72, .seq = 9002, .timestamp = 6007}, Vp8(false, 5));
  const auto stream = Stream(bob, 2001);
  EXPECT_EQ(TagsOf(stream), (std::vector<int>{1, 2, 4, 5}));
  ExpectGapless(stream);
  EXPECT_EQ(bob.media.rejected, 0);  // nor does the receiver lose its count
}

TEST_F(WorkerMediaTest, ARestartedMicrophoneIsTheSameStreamToo) {
  Client& alice = JoinWith(NoSignalledSsrcs);
  Client& bob = Join();
  const auto send = [&](rtp::Ssrc ssrc, uint16_t seq, uint32_t timestamp) {
    SendRaw(alice,
            {.content = 0,
             .ssrc = ssrc,
             .seq = seq,
             .pt = kOpusPt,
             .mid = "0",
             .timestamp = timestamp},
            {0x78, 1});
    RunFor(milliseconds(20));
  };
  send(71, 60000, 4'000'000'000);
  send(71, 60001, 4'000'000'960);
  send(72, 5, 10);
  send(72, 6, 970);
  const auto stream = Stream(bob, 2000);
  ASSERT_EQ(stream.size(), 4u);
  ExpectGapless(stream);
  EXPECT_EQ(stream[3].timestamp - stream[0].timestamp, 3 * 960u);
  EXPECT_EQ(bob.media.rejected, 0);
}

TEST_F(WorkerMediaTest, AnSsrcMayChangeSoOftenAndNoOftener) {
  Client& alice = JoinWith(NoSignalledSsrcs);
  Client& bob = Join();
  const auto send = [&](rtp::Ssrc ssrc, uint16_t seq) {
    SendRaw(alice, {.ssrc = ssrc, .seq = seq, .mid = "1"}, Vp8(true));
  };
  for (int i = 0; i <= Uplink::kMaxSsrcChanges; ++i) {
    send(71 + static_cast<rtp::Ssrc>(i), 10);
  }
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 0u);
  EXPECT_EQ(Stream(bob, 2001).size(), 1u + Uplink::kMaxSsrcChanges);
  send(90, 10);
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 1u);
  // The one that was latched last goes on.
  send(71 + Uplink::kMaxSsrcChanges, 11);
  EXPECT_EQ(Stream(bob, 2001).size(), 2u + Uplink::kMaxSsrcChanges);
}

TEST_F(WorkerMediaTest, AnUpdateLeavesTheLatchedStreamAlone) {
  // Signalled 101, but the client sends 71; then it mutes and unmutes.
  Client& alice = Join();
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 71, .seq = 1, .mid = "1"}, Vp8(true, 1));
  ASSERT_EQ(Stream(bob, 2001).size(), 1u);
  for (const bool muted : {true, false}) {
    alice.spec.contents[1].uplink->muted = muted;
    Update(alice);
  }
  alice.media.rtcp_received.clear();
  SendRaw(alice, {.ssrc = 71, .seq = 2}, Vp8(true, 2));
  RunFor(seconds(1));
  EXPECT_EQ(TagsOf(Stream(bob, 2001)).back(), 2);
  EXPECT_FALSE(BlocksAbout(alice.media, 71).empty());
  EXPECT_TRUE(BlocksAbout(alice.media, 101).empty());
  SendFeedback(bob, [](rtp::RtcpWriter& out) { rtp::WritePli(1, 2001, out); });
  RunFor(milliseconds(300));
  ForEachRtcp(alice.media, [](const rtp::RtcpPacket& packet) {
    const auto feedback = rtp::ParseFeedback(packet);
    if (!feedback || !feedback->IsPli()) return;
    EXPECT_EQ(feedback->media, 71u);
  });
}

TEST_F(WorkerMediaTest, ASignalledChangeOfSsrcTakesThePlaceOfTheOld) {
  Client& alice = Join();
  Client& bob = Join();
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true, 1));
  alice.spec.contents[1].uplink->ssrcs = {171};
  alice.spec.contents[1].uplink->rtx_ssrcs = {{171, 172}};
  Update(alice);
  SendRaw(alice, {.ssrc = 101, .seq = 2}, Vp8(false, 2));
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 1u);
  SendRaw(alice, {.ssrc = 171, .seq = 40000}, Vp8(true, 3));
  Payload rtx = {0x9C, 0x41};  // 40001
  for (const uint8_t byte : Vp8(false, 4)) rtx.push_back(byte);
  SendRaw(alice, {.ssrc = 172, .seq = 1, .pt = kRtxPt}, rtx);
  const auto stream = Stream(bob, 2001);
  EXPECT_EQ(TagsOf(stream), (std::vector<int>{1, 3, 4}));
  ExpectGapless(stream);
}

TEST_F(WorkerMediaTest, AStrangerWithAnothersSsrcChangesNothingForIt) {
  Client& alice = Join();
  Client& bob = Join();
  Client& mallory = JoinWith(NoSignalledSsrcs);
  SendReceive(bob, rtp::ReceiveSpec{{alice.video}, {}});
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true, 1));
  const int plis = CountPlis(alice);
  // Media under Alice's SSRC: of no content of his, then of one.
  SendRaw(mallory, {.ssrc = 101, .seq = 2}, Vp8(false, 66));
  EXPECT_EQ(Drops(DropReason::kUnknownSsrc), 1u);
  SendRaw(mallory, {.ssrc = 101, .seq = 3, .mid = "1"}, Vp8(true, 66));
  // RTCP about what is not his: Alice's stream, Bob's slot.
  SendFeedback(mallory, [](rtp::RtcpWriter& out) {
    rtp::SenderInfo info;
    info.ntp = 0x1111'2222'3333'4444;
    rtp::WriteSenderReport(101, info, {}, out);
    rtp::WriteBye(std::array<rtp::Ssrc, 1>{101}, "", out);
    rtp::WritePli(1, 2001, out);
    rtp::WriteFir(1, 2001, 9, out);
    rtp::WriteNack(1, 2001, std::array<uint16_t, 1>{1}, out);
  });
  RunFor(milliseconds(300));
  EXPECT_EQ(worker_.counters().key_frame_requests_in.Get(), 0u);
  EXPECT_EQ(worker_.counters().nacks_in.Get(), 0u);
  EXPECT_EQ(CountPlis(alice), plis);
  SendRaw(alice, {.ssrc = 101, .seq = 2}, Vp8(false, 2));
  const auto stream = Stream(bob, 2001);
  EXPECT_EQ(TagsOf(stream), (std::vector<int>{1, 2}));
  ExpectGapless(stream);
  alice.media.rtcp_received.clear();
  RunFor(seconds(2));
  const auto blocks = BlocksAbout(alice.media, 101);
  ASSERT_FALSE(blocks.empty());
  EXPECT_EQ(blocks.back().last_sr, 0u);
  EXPECT_EQ(blocks.back().extended_highest_seq, 2u);
  EXPECT_EQ(blocks.back().cumulative_lost, 0);
}

// Stage and slots together.

TEST_F(WorkerMediaTest, HeightZeroEmptiesTheSlotAndTheNextOneIsUsed) {
  Client& alice = Join();
  Client& carol = Join(/*extra_video=*/1);
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true, 1));
  ASSERT_EQ(Stream(carol, 2001).size(), 1u);
  SendReceive(carol, rtp::ReceiveSpec{{}, {{"1", 0}}});
  SendRaw(alice, {.ssrc = 101, .seq = 2}, Vp8(true, 2));
  EXPECT_EQ(Stream(carol, 2001).size(), 1u);
  EXPECT_EQ(TagsOf(Stream(carol, 2010)).back(), 2);
  SendReceive(carol, rtp::ReceiveSpec{{}, {{"1", 0}, {"2", 0}}});
  const size_t before = carol.media.rtp_received.size();
  SendRaw(alice, {.ssrc = 101, .seq = 3}, Vp8(true, 3));
  EXPECT_EQ(carol.media.rtp_received.size(), before);
  const SlotsChanged last = Events<SlotsChanged>().back();
  for (const auto& fill : last.slots) {
    if (fill.content == "0") continue;
    EXPECT_EQ(fill.source, rtp::SourceId());
  }
}

TEST_F(WorkerMediaTest, AScreenTakesTheOnlySlotFromTheSpeaker) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  SendRaw(alice, {.ssrc = 101, .seq = 1}, Vp8(true, 1));
  bob.spec.contents[1].uplink->type = rtp::SourceType::kScreen;
  Update(bob);
  SendRaw(bob, {.ssrc = 201, .seq = 1}, Vp8(true, 2));
  EXPECT_EQ(TagsOf(Stream(carol, 3001)), (std::vector<int>{1, 2}));
  // Nobody sees his own screen.
  EXPECT_EQ(TagsOf(Stream(bob, 2001)), std::vector<int>{1});
}

}  // namespace
}  // namespace sfu
