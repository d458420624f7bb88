// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/uplink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opus/opus.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtcp_twcc.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

using rtp::ExtensionKind;

constexpr uint8_t kTwccId = 5;

class UplinkTest : public WorkerTest {
 protected:
  // A video packet of `client` that is not the start of anything.
  void SendSeq(Client& client, uint64_t seq, uint32_t timestamp = 1) {
    SendRtpOn(client.media,
              rtp::ExtensionWriter(client.spec.contents[1].extensions),
              {.pt = kVp8Pt,
               .seq = static_cast<uint16_t>(seq),
               .timestamp = timestamp,
               .ssrc = client.spec.contents[1].uplink->ssrcs[0]},
              {0x00, 1, 2, 3}, static_cast<uint32_t>(seq >> 16));
  }

  // The reports that come within a second or so.
  std::vector<rtp::ReportBlock> NextReports(Client& client, rtp::Ssrc ssrc) {
    client.media.rtcp_received.clear();
    RunFor(milliseconds(1001));
    return BlocksAbout(client.media, ssrc);
  }

  static std::vector<rtp::Feedback> FirsOf(const Client& client) {
    std::vector<rtp::Feedback> firs;
    ForEachRtcp(client.media, [&](const rtp::RtcpPacket& packet) {
      const auto feedback = rtp::ParseFeedback(packet);
      if (feedback && feedback->IsFir()) firs.push_back(*feedback);
    });
    return firs;
  }
};

// Reports to the publisher (RFC 3550 s6.4.1).

TEST_F(UplinkTest, NothingIsReportedBeforeTheFirstPacket) {
  Client& alice = Join();
  EXPECT_TRUE(NextReports(alice, 101).empty());
}

TEST_F(UplinkTest, CyclesCountFromZero) {
  Client& alice = Join();
  SendSeq(alice, 1000);
  SendSeq(alice, 1001);
  const auto blocks = NextReports(alice, 101);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].extended_highest_seq, 1001u);
  EXPECT_EQ(blocks[0].cumulative_lost, 0);
  EXPECT_EQ(blocks[0].fraction_lost, 0);
}

TEST_F(UplinkTest, CyclesGrowWithEachWrap) {
  Client& alice = Join();
  SendSeq(alice, 65534);
  SendSeq(alice, 65535);
  EXPECT_EQ(NextReports(alice, 101).at(0).extended_highest_seq, 65535u);
  SendSeq(alice, 65536);
  SendSeq(alice, 65537);
  const auto block = NextReports(alice, 101).at(0);
  EXPECT_EQ(block.extended_highest_seq, 0x10001u);
  EXPECT_EQ(block.cumulative_lost, 0);
}

TEST_F(UplinkTest, LatePacketsLeaveTheHighestAlone) {
  Client& alice = Join();
  for (const uint64_t seq : {65534u, 65536u, 65535u, 65530u}) {
    SendSeq(alice, seq);
  }
  const auto block = NextReports(alice, 101).at(0);
  EXPECT_EQ(block.extended_highest_seq, 0x10000u);
  EXPECT_EQ(block.cumulative_lost, 3);  // 65531 to 65533
}

TEST_F(UplinkTest, LossIsReportedInAllAndSinceTheLastReport) {
  Client& alice = Join();
  for (const uint64_t seq : {10u, 11u, 14u, 15u}) SendSeq(alice, seq);
  auto block = NextReports(alice, 101).at(0);
  EXPECT_EQ(block.extended_highest_seq, 15u);
  EXPECT_EQ(block.cumulative_lost, 2);
  EXPECT_EQ(block.fraction_lost, 2 * 256 / 6);
  for (const uint64_t seq : {16u, 17u}) SendSeq(alice, seq);
  block = NextReports(alice, 101).at(0);
  EXPECT_EQ(block.cumulative_lost, 2);
  EXPECT_EQ(block.fraction_lost, 0);
}

TEST_F(UplinkTest, AReportNamesTheSenderReportHeardLastAndItsAge) {
  Client& alice = Join();
  SendSeq(alice, 10);
  EXPECT_EQ(NextReports(alice, 101).at(0).last_sr, 0u);
  rtp::SenderInfo info;
  info.ntp = 0x1234'5678'9ABC'DEF0;
  info.rtp_timestamp = 5;
  std::array<uint8_t, 100> buffer;
  rtp::RtcpWriter writer(buffer);
  ASSERT_TRUE(rtp::WriteSenderReport(101, info, {}, writer));
  Deliver(alice, alice.media.ProtectRtcp(
                     {writer.written().begin(), writer.written().end()}));
  const rtp::Timestamp heard = now_;
  alice.media.rtcp_received.clear();
  rtp::Timestamp reported = now_;
  while (BlocksAbout(alice.media, 101).empty()) {
    RunFor(milliseconds(1));
    reported = now_;
    ASSERT_LT(now_ - heard, seconds(2));
  }
  const auto block = BlocksAbout(alice.media, 101)[0];
  EXPECT_EQ(block.last_sr, 0x5678'9ABCu);
  EXPECT_NEAR(block.delay_since_last_sr,
              rtp::ToCompactNtpDelta(reported - heard), 70);
}

TEST_F(UplinkTest, WhatRtxRepairedIsStillReportedAsLost) {
  Client& alice = Join();
  SendSeq(alice, 10);
  SendSeq(alice, 12);
  for (uint16_t i = 0; i < 3; ++i) {  // the last two bring nothing new
    SendRtpOn(alice.media,
              rtp::ExtensionWriter(alice.spec.contents[1].extensions),
              {.pt = kRtxPt, .seq = i, .timestamp = 1, .ssrc = 102},
              {0, 11, 0x00, 1, 2, 3});
  }
  EXPECT_EQ(NextReports(alice, 101).at(0).cumulative_lost, 1);
}

TEST_F(UplinkTest, ANewSsrcIsReportedAsAStreamOfItsOwn) {
  Client& alice =
      JoinWith([](Client& c) { c.spec.contents[1].uplink->ssrcs.clear(); });
  const auto send = [&](rtp::Ssrc ssrc, uint16_t seq) {
    rtp::ExtensionWriter out(alice.spec.contents[1].extensions);
    out.Add(ExtensionKind::kMid, std::string_view("1"));
    SendRtpOn(alice.media, out,
              {.pt = kVp8Pt, .seq = seq, .timestamp = 1, .ssrc = ssrc},
              {0x00, 1, 2, 3});
  };
  send(71, 500);
  send(71, 504);
  send(72, 9000);
  const auto blocks = NextReports(alice, 72);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].extended_highest_seq, 9000u);
  EXPECT_EQ(blocks[0].cumulative_lost, 0);
  EXPECT_TRUE(BlocksAbout(alice.media, 71).empty());
}

// Key frames.

TEST_F(UplinkTest, RepeatedFirIsOneRequest) {
  // RFC 5104 s4.3.1.2: the command sequence number tells.
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, true);
  RunFor(seconds(1));
  const int before = CountPlis(alice);
  const auto fir = [&](uint8_t command) {
    SendFeedback(bob, [&](rtp::RtcpWriter& out) {
      rtp::WriteFir(1, 2001, command, out);
    });
    RunFor(milliseconds(10));
  };
  fir(200);
  EXPECT_EQ(CountPlis(alice), before + 1);
  SendVideo(alice, true);  // answered
  RunFor(seconds(1));
  fir(200);
  RunFor(seconds(1));
  fir(200);
  EXPECT_EQ(CountPlis(alice), before + 1);
  fir(201);
  EXPECT_EQ(CountPlis(alice), before + 2);
  SendVideo(alice, true);
}

TEST_F(UplinkTest, FirOfOneSubscriberIsNotARepetitionOfAnothers) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  SendVideo(alice, true);
  RunFor(seconds(1));
  const int before = CountPlis(alice);
  SendFeedback(bob,
               [](rtp::RtcpWriter& out) { rtp::WriteFir(1, 2001, 0, out); });
  RunFor(milliseconds(10));
  SendVideo(alice, true);
  RunFor(seconds(1));
  SendFeedback(carol,
               [](rtp::RtcpWriter& out) { rtp::WriteFir(1, 3001, 0, out); });
  RunFor(milliseconds(10));
  EXPECT_EQ(CountPlis(alice), before + 2);
}

TEST_F(UplinkTest, ThePublisherHearsOneRequestIn200MsWhoeverAsks) {
  Client& alice = Join();
  std::vector<Client*> others;
  for (int i = 0; i < 8; ++i) others.push_back(&Join());
  SendVideo(alice, true);
  RunFor(seconds(3));
  std::vector<rtp::Timestamp> asked;
  uint8_t command = 0;
  for (int ms = 0; ms < 2000; ms += 5) {
    const int before = CountPlis(alice);
    Client& client = *others[static_cast<size_t>(ms / 5) % others.size()];
    const rtp::Ssrc slot = client.spec.contents[1].slot->ssrc;
    SendFeedback(client, [&](rtp::RtcpWriter& out) {
      if (ms % 2 == 0) {
        rtp::WritePli(1, slot, out);
      } else {
        rtp::WriteFir(1, slot, ++command, out);
      }
    });
    RunFor(milliseconds(5));
    if (ms % 100 == 0) SendVideo(alice, true);  // answers at once
    for (int i = before; i < CountPlis(alice); ++i) asked.push_back(now_);
  }
  ASSERT_GE(asked.size(), 3u);
  for (size_t i = 1; i < asked.size(); ++i) {
    // Seen in steps of 5 ms.
    EXPECT_GE(asked[i] - asked[i - 1], milliseconds(195));
  }
}

TEST_F(UplinkTest, AsksAgainUntilAKeyFrameComesAndThenNoMore) {
  Client& alice = Join();
  Client& bob = Join();
  SendVideo(alice, false);  // a picture that nobody can begin with
  RunFor(milliseconds(1000));
  const int asked = CountPlis(alice);
  EXPECT_GE(asked, 4);
  EXPECT_LE(asked, 6);
  SendVideo(alice, true);
  RunFor(seconds(2));
  EXPECT_LE(CountPlis(alice), asked + 1);
  EXPECT_FALSE(Stream(bob, 2001).empty());
}

TEST_F(UplinkTest, AsksByFirWhereThatIsAllThereIs) {
  Client& alice = JoinWith([](Client& c) {
    c.spec.contents[1].codecs[0].pli = false;
    c.spec.contents[1].codecs[0].fir = true;
  });
  Join();
  SendVideo(alice, false);
  RunFor(milliseconds(300));
  const auto firs = FirsOf(alice);
  ASSERT_GE(firs.size(), 2u);
  std::vector<uint8_t> commands;
  for (const rtp::Feedback& fir : firs) {
    EXPECT_EQ(fir.media, 0u);  // RFC 5104 s4.3.1.2
    rtp::ParseFir(fir, [&](rtp::Ssrc media, uint8_t command) {
      EXPECT_EQ(media, 101u);
      commands.push_back(command);
    });
  }
  EXPECT_EQ(commands[1], static_cast<uint8_t>(commands[0] + 1));
  EXPECT_EQ(CountPlis(alice), 0);
}

TEST_F(UplinkTest, AsksForLostPacketsOnlyWhereNackWasNegotiated) {
  const auto nacks = [](const Client& client) {
    int count = 0;
    ForEachRtcp(client.media, [&](const rtp::RtcpPacket& packet) {
      const auto feedback = rtp::ParseFeedback(packet);
      if (feedback && feedback->IsNack()) ++count;
    });
    return count;
  };
  Client& alice = Join();
  Client& bob =
      JoinWith([](Client& c) { c.spec.contents[1].codecs[0].nack = false; });
  for (Client* client : {&alice, &bob}) {
    SendSeq(*client, 10);
    SendSeq(*client, 13);
  }
  RunFor(milliseconds(100));
  EXPECT_GT(nacks(alice), 0);
  EXPECT_EQ(nacks(bob), 0);
}

// Feedback for congestion control.

class UplinkTwccTest : public UplinkTest {
 protected:
  static void Negotiate(Client& client) {
    for (rtp::ContentSpec& content : client.spec.contents) {
      content.extensions.Set(ExtensionKind::kTransportSequence, kTwccId);
      content.codecs[0].transport_cc = true;
    }
  }

  void SendNumbered(Client& client, uint16_t number) {
    rtp::ExtensionWriter out(client.spec.contents[1].extensions);
    out.AddTransportSequence(number);
    SendRtpOn(client.media, out,
              {.pt = kVp8Pt,
               .seq = client.video_seq++,
               .timestamp = 1,
               .ssrc = client.spec.contents[1].uplink->ssrcs[0]},
              {0x00, 1, 2, 3});
  }

  // What one message said: arrived numbers and where it began and ended.
  struct Message {
    uint8_t count = 0;
    uint16_t base = 0;
    uint16_t statuses = 0;
    std::vector<uint16_t> arrived;
    std::vector<rtp::TimeDelta> deltas;
  };
  static std::vector<Message> Messages(const Client& client) {
    std::vector<Message> messages;
    ForEachRtcp(client.media, [&](const rtp::RtcpPacket& packet) {
      const auto feedback = rtp::ParseFeedback(packet);
      if (!feedback || !feedback->IsTwcc()) return;
      auto twcc = rtp::TwccFeedback::Parse(*feedback);
      ASSERT_TRUE(twcc);
      Message message{twcc->feedback_count(),
                      twcc->base_seq(),
                      twcc->status_count(),
                      {},
                      {}};
      while (const auto arrival = twcc->Next()) {
        message.arrived.push_back(arrival->seq);
        message.deltas.push_back(arrival->delta);
      }
      messages.push_back(message);
    });
    return messages;
  }
};

TEST_F(UplinkTwccTest, FeedbackComesWithin100MsAndTellsLostFromReceived) {
  Client& alice = JoinWith(Negotiate);
  alice.video_seq = 10;
  for (const int number : {65533, 65534, 0, 1, 4}) {
    SendNumbered(alice, static_cast<uint16_t>(number));
    now_ += milliseconds(10);
  }
  RunFor(milliseconds(50));  // 100 since the first
  const auto messages = Messages(alice);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].base, 65533);
  EXPECT_EQ(messages[0].statuses, 8);  // 65533 to 4
  EXPECT_EQ(messages[0].arrived,
            (std::vector<uint16_t>{65533, 65534, 0, 1, 4}));
  for (size_t i = 1; i < messages[0].deltas.size(); ++i) {
    EXPECT_EQ(messages[0].deltas[i], milliseconds(10));
  }
}

TEST_F(UplinkTwccTest, MessagesFollowEachOtherWithoutAGap) {
  Client& alice = JoinWith(Negotiate);
  alice.video_seq = 10;
  std::vector<uint16_t> sent;
  std::optional<rtp::Timestamp> waiting;  // since when
  size_t reported = 0;
  for (uint16_t number = 0; number < 400; ++number) {
    if (number % 7 != 3) {  // lost
      SendNumbered(alice, number);
      sent.push_back(number);
      if (!waiting) waiting = now_;
    }
    RunFor(milliseconds(3));
    size_t arrived = 0;
    for (const Message& message : Messages(alice)) {
      arrived += message.arrived.size();
    }
    if (arrived != reported) waiting.reset();
    reported = arrived;
    if (waiting) {
      EXPECT_LE(now_ - *waiting, milliseconds(103)) << number;
    }
  }
  RunFor(milliseconds(100));
  std::vector<uint16_t> told;
  const auto messages = Messages(alice);
  for (size_t i = 0; i < messages.size(); ++i) {
    told.insert(told.end(), messages[i].arrived.begin(),
                messages[i].arrived.end());
    if (i == 0) continue;
    EXPECT_EQ(messages[i].count,
              static_cast<uint8_t>(messages[i - 1].count + 1));
    EXPECT_EQ(
        messages[i].base,
        static_cast<uint16_t>(messages[i - 1].base + messages[i - 1].statuses));
  }
  EXPECT_EQ(told, sent);
}

TEST_F(UplinkTwccTest, NumbersOfBothKindsAreOneSeries) {
  Client& alice = JoinWith(Negotiate);
  alice.video_seq = 10;
  SendNumbered(alice, 1);
  rtp::ExtensionWriter out(alice.spec.contents[0].extensions);
  out.AddTransportSequence(2);
  SendRtpOn(alice.media, out,
            {.pt = kOpusPt, .seq = 1, .timestamp = 1, .ssrc = 100}, {0x78, 1});
  SendNumbered(alice, 3);
  RunFor(milliseconds(100));
  const auto messages = Messages(alice);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].arrived, (std::vector<uint16_t>{1, 2, 3}));
}

TEST_F(UplinkTwccTest, RetransmissionsAndProbesCountToo) {
  Client& alice = JoinWith(Negotiate);
  alice.video_seq = 10;
  SendNumbered(alice, 1);
  for (const auto& payload :
       {std::vector<uint8_t>{0, 9, 0x00, 1, 2, 3}, std::vector<uint8_t>()}) {
    rtp::ExtensionWriter out(alice.spec.contents[1].extensions);
    const auto number = static_cast<uint16_t>(payload.empty() ? 3 : 2);
    out.AddTransportSequence(number);
    SendRtpOn(alice.media, out,
              {.pt = kRtxPt, .seq = number, .timestamp = 1, .ssrc = 102},
              payload);
  }
  RunFor(milliseconds(100));
  const auto messages = Messages(alice);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].arrived, (std::vector<uint16_t>{1, 2, 3}));
}

TEST_F(UplinkTwccTest, NothingIsSentWhereTheExtensionWasNotNegotiated) {
  Client& alice = Join();
  SendVideo(alice, true);
  RunFor(milliseconds(300));
  EXPECT_TRUE(Messages(alice).empty());
  EXPECT_EQ(worker_.counters().feedback_out.Get(), 0u);
}

TEST_F(UplinkTwccTest, NothingIsSentWhereTheFeedbackWasNotNegotiated) {
  // RFC 4585 s4.2: only messages that were agreed on.
  Client& alice = JoinWith([](Client& c) {
    Negotiate(c);
    for (auto& content : c.spec.contents)
      content.codecs[0].transport_cc = false;
  });
  alice.video_seq = 10;
  SendNumbered(alice, 1);
  RunFor(milliseconds(300));
  EXPECT_TRUE(Messages(alice).empty());
}

// A client without audio levels, as Dino is: its sound is looked at. Noise of a
// room is as large as a voice where the encoder keeps a constant rate.
TEST_F(UplinkTest, HearsWhoSpeaksAlsoWithoutLevels) {
  Client& alice = Join();
  Client& bob = Join();
  for (Client* client : {&alice, &bob}) {
    client->spec.contents[0].extensions = rtp::ExtensionIds();
  }
  const std::unique_ptr<OpusEncoder, void (*)(OpusEncoder*)> encoder(
      opus_encoder_create(48000, 1, OPUS_APPLICATION_AUDIO, nullptr),
      opus_encoder_destroy);
  opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(64000));
  opus_encoder_ctl(encoder.get(), OPUS_SET_VBR(0));
  // A square wave of 500 Hz for two seconds.
  const auto sound = [&](Client& client, opus_int16 amplitude) {
    std::array<opus_int16, 960> samples;
    for (size_t i = 0; i < samples.size(); ++i) {
      samples[i] =
          i / 48 % 2 == 0 ? amplitude : static_cast<opus_int16>(-amplitude);
    }
    for (int packet = 0; packet < 100; ++packet) {
      std::vector<uint8_t> payload(200);
      const int size =
          opus_encode(encoder.get(), samples.data(), 960, payload.data(), 200);
      payload.resize(static_cast<size_t>(size));
      SendRtp(client, rtp::ExtensionWriter(client.spec.contents[0].extensions),
              {.pt = kOpusPt,
               .seq = client.audio_seq++,
               .timestamp = client.timestamp,
               .ssrc = client.spec.contents[0].uplink->ssrcs[0]},
              payload);
      RunFor(milliseconds(20));
    }
  };
  sound(bob, 20);  // -64 dBov
  EXPECT_THAT(Events<SpeakersChanged>(), ::testing::IsEmpty());
  sound(alice, 3000);
  const auto told = Events<SpeakersChanged>();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().dominant, alice.audio);
}

}  // namespace
}  // namespace sfu
