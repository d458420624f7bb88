// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/slot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "rtp/extensions.h"
#include "rtp/payload/vp8.h"
#include "rtp/red.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtx.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

using rtp::ExtensionKind;

constexpr uint8_t kRedPt = 63;

// What one client sends as video, numbered by itself.
struct VideoSender {
  uint64_t seq = 1000;
  uint32_t timestamp = 0;
  uint32_t picture_id = 0;
  bool wide = true;  // picture ids of 15 bits
  bool has_picture_id = true;
  uint8_t tl0 = 0;
  uint8_t key_index = 0;
};

class SlotTest : public WorkerTest {
 protected:
  // One frame in one packet, with every field of RFC 7741.
  void SendFrame(Client& client, VideoSender& sender, bool key_frame,
                 uint8_t temporal_id = 0) {
    Deliver(client, MakeFrame(client, sender, key_frame, temporal_id));
  }

  // The same, not yet delivered: it may come late or never.
  std::vector<uint8_t> MakeFrame(Client& client, VideoSender& sender,
                                 bool key_frame, uint8_t temporal_id = 0) {
    rtp::Vp8Descriptor d;
    d.start_of_partition = true;
    if (temporal_id == 0) ++sender.tl0;
    if (key_frame) sender.key_index = (sender.key_index + 1) & 0x1F;
    if (sender.has_picture_id) {
      ++sender.picture_id;
      d.picture_id = static_cast<uint16_t>(sender.picture_id &
                                           (sender.wide ? 0x7FFF : 0x7F));
      d.picture_id_15bit = sender.wide;
      d.tl0_picture_index = sender.tl0;
      d.temporal_id = temporal_id;
      d.key_index = sender.key_index;
    }
    std::vector<uint8_t> payload(rtp::kMaxVp8DescriptorSize);
    payload.resize(rtp::WriteVp8Descriptor(d, payload));
    for (const int byte : {key_frame ? 0x10 : 0x11, 0, 0, 0x9D, 0x01, 0x2A,
                           0x40, 0x01, 0xF0, 0}) {
      payload.push_back(static_cast<uint8_t>(byte));
    }
    payload.resize(100, static_cast<uint8_t>(client.spec.peer.value()));
    ++sender.seq;
    return client.media.ProtectRtp(
        MakeRtp(rtp::ExtensionWriter(client.spec.contents[1].extensions),
                {.marker = true,
                 .pt = kVp8Pt,
                 .seq = static_cast<uint16_t>(sender.seq),
                 .timestamp = sender.timestamp,
                 .ssrc = client.spec.contents[1].uplink->ssrcs[0]},
                payload),
        static_cast<uint32_t>(sender.seq >> 16));
  }

  void SendOpus(Client& client, uint16_t seq, uint32_t timestamp,
                const std::vector<uint8_t>& payload, uint8_t pt = kOpusPt) {
    rtp::ExtensionWriter extensions(client.spec.contents[0].extensions);
    extensions.AddAudioLevel({true, 10});
    SendRtpOn(client.media, extensions,
              {.pt = pt,
               .seq = seq,
               .timestamp = timestamp,
               .ssrc = client.spec.contents[0].uplink->ssrcs[0]},
              payload);
  }

  void Pin(const Client& client, rtp::SourceId source) {
    SendReceive(client, rtp::ReceiveSpec{{source}, {}});
  }

  void Nack(Client& client, rtp::Ssrc media, std::vector<uint16_t> seqs) {
    SendFeedback(client, [&](rtp::RtcpWriter& out) {
      rtp::WriteNack(1, media, seqs, out);
    });
  }

  static rtp::Vp8Descriptor DescriptorOf(const rtp::RtpView& view) {
    const auto vp8 = rtp::ParseVp8(view.payload);
    EXPECT_TRUE(vp8);
    return vp8 ? vp8->descriptor : rtp::Vp8Descriptor();
  }
  static std::vector<uint8_t> Bytes(std::span<const uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
  }
  // Both kinds without the sending time, no RTX: a resend is the same again.
  static void WithoutRtx(Client& client) {
    client.spec.contents[1].codecs[0].rtx_payload_type.reset();
    client.spec.contents[1].slot->rtx_ssrc = 0;
  }
};

// Numbers across switches.

TEST_F(SlotTest, IsOneStreamAcrossManySwitchesOfSourcesWithOtherClocks) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  VideoSender from_alice{.seq = 65500,
                         .timestamp = 0xFFFF'0000,  // wraps
                         .picture_id = 0x7FF0,      // wraps
                         .tl0 = 250,
                         .key_index = 7};
  VideoSender from_bob{.seq = 3,
                       .timestamp = 12345,
                       .picture_id = 100,
                       .wide = false,  // wraps
                       .tl0 = 17,
                       .key_index = 7};
  std::vector<rtp::Timestamp> sent_at;
  std::vector<bool> key_frames;
  for (int i = 0; i < 40; ++i) {
    Client& client = i % 2 == 0 ? alice : bob;
    VideoSender& sender = i % 2 == 0 ? from_alice : from_bob;
    Pin(carol, i % 2 == 0 ? alice.video : bob.video);
    for (int frame = 0; frame < 8; ++frame) {
      sent_at.push_back(now_);
      key_frames.push_back(frame == 0);
      SendFrame(client, sender, frame == 0, frame % 2 == 0 ? 0 : 1);
      RunFor(milliseconds(100));
      from_alice.timestamp += 9000;
      from_bob.timestamp += 9000;
    }
    RunFor(milliseconds(900));  // too long for a picture from the cache
    from_alice.timestamp += 81000;
    from_bob.timestamp += 81000;
    Deliver(carol, carol.media.Check());
  }
  const auto stream = Stream(carol, 3001);
  ASSERT_EQ(stream.size(), sent_at.size());
  uint8_t tl0 = *DescriptorOf(stream[0]).tl0_picture_index;
  uint8_t key_index = *DescriptorOf(stream[0]).key_index;
  for (size_t i = 1; i < stream.size(); ++i) {
    SCOPED_TRACE(i);
    const rtp::Vp8Descriptor before = DescriptorOf(stream[i - 1]);
    const rtp::Vp8Descriptor now = DescriptorOf(stream[i]);
    EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
    // The clock of the wall, whoever is shown.
    EXPECT_EQ(static_cast<int64_t>(static_cast<int32_t>(
                  stream[i].timestamp - stream[i - 1].timestamp)),
              (sent_at[i] - sent_at[i - 1]).count() * 90 / 1000);
    EXPECT_TRUE(now.picture_id_15bit);
    EXPECT_EQ(*now.picture_id, (*before.picture_id + 1) & 0x7FFF);
    if (*now.temporal_id == 0) ++tl0;
    EXPECT_EQ(*now.tl0_picture_index, tl0);
    if (key_frames[i]) key_index = (key_index + 1) & 0x1F;
    EXPECT_EQ(*now.key_index, key_index);
  }
  EXPECT_EQ(carol.media.rejected, 0);
}

TEST_F(SlotTest, TakingOverInNoTimeStepsTheClockForward) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  VideoSender from_alice{.timestamp = 5'000'000};
  VideoSender from_bob{.timestamp = 1000};
  SendFrame(alice, from_alice, true);
  for (int i = 0; i < 10; ++i) {
    Pin(carol, i % 2 == 0 ? bob.video : alice.video);
    SendFrame(i % 2 == 0 ? bob : alice, i % 2 == 0 ? from_bob : from_alice,
              true);
  }
  const auto stream = Stream(carol, 3001);
  ASSERT_GE(stream.size(), 11u);
  for (size_t i = 1; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
    EXPECT_GE(
        static_cast<int32_t>(stream[i].timestamp - stream[i - 1].timestamp), 0);
  }
}

TEST_F(SlotTest, WidensPictureIdsOfSevenBitsThatWrap) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender{.picture_id = 120, .wide = false};
  SendFrame(alice, sender, true);
  for (int i = 0; i < 300; ++i) SendFrame(alice, sender, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 301u);
  for (size_t i = 1; i < stream.size(); ++i) {
    ASSERT_EQ(*DescriptorOf(stream[i]).picture_id,
              (*DescriptorOf(stream[i - 1]).picture_id + 1) & 0x7FFF);
    ASSERT_TRUE(DescriptorOf(stream[i]).picture_id_15bit);
  }
}

TEST_F(SlotTest, ItsOwnNumbersWrapWithoutAGap) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender{.picture_id = 9};
  std::optional<rtp::RtpView> before;
  uint16_t before_id = 0;
  size_t seq_wraps = 0;
  size_t id_wraps = 0;
  for (int i = 0; i < 70'000; ++i) {
    SendFrame(alice, sender, i == 0);
    now_ += milliseconds(1);
    if (i % 1000 == 0) {
      RunFor(milliseconds(1));
      Deliver(bob, bob.media.Check());
      alice.media.rtcp_received.clear();
      bob.media.rtcp_received.clear();
    }
    ASSERT_EQ(bob.media.rtp_received.size(), 1u);
    const auto view = rtp::RtpView::Parse(bob.media.rtp_received[0]);
    const uint16_t id = *DescriptorOf(*view).picture_id;
    if (before) {
      ASSERT_EQ(view->seq, static_cast<uint16_t>(before->seq + 1));
      ASSERT_EQ(id, (before_id + 1) & 0x7FFF);
      if (view->seq == 0) ++seq_wraps;
      if (id == 0) ++id_wraps;
    }
    before = view;
    before_id = id;
    bob.media.rtp_received.clear();
  }
  EXPECT_GE(seq_wraps, 1u);
  EXPECT_GE(id_wraps, 2u);
  EXPECT_EQ(bob.media.rejected, 0);
}

TEST_F(SlotTest, ALossOfTheSourceIsALossOfTheStream) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender;
  SendFrame(alice, sender, true);
  MakeFrame(alice, sender, false);
  SendFrame(alice, sender, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 2u);
  EXPECT_EQ(stream[1].seq, static_cast<uint16_t>(stream[0].seq + 2));
  EXPECT_EQ(*DescriptorOf(stream[1]).picture_id,
            (*DescriptorOf(stream[0]).picture_id + 2) & 0x7FFF);
}

TEST_F(SlotTest, LatePacketsKeepTheirPlaceAndThoseFromBeforeTheSwitchDont) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender;
  const auto before = MakeFrame(alice, sender, false);
  SendFrame(alice, sender, true);
  const auto late = MakeFrame(alice, sender, false);
  SendFrame(alice, sender, false);
  Deliver(alice, late);
  Deliver(alice, before);
  SendFrame(alice, sender, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 4u);
  std::vector<int> places;
  for (const auto& view : stream) {
    places.push_back(static_cast<int16_t>(view.seq - stream[0].seq));
  }
  EXPECT_EQ(places, (std::vector<int>{0, 2, 1, 3}));
}

TEST_F(SlotTest, NumbersNoFramesAnyMoreAfterASourceThatDoesNot) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  VideoSender plain{.has_picture_id = false};
  VideoSender numbered{.picture_id = 500};
  Pin(carol, bob.video);
  SendFrame(bob, numbered, true);
  Pin(carol, alice.video);
  SendFrame(alice, plain, true);
  SendFrame(alice, plain, false);
  RunFor(seconds(1));
  Pin(carol, bob.video);
  SendFrame(bob, numbered, true);
  const auto stream = Stream(carol, 3001);
  ASSERT_EQ(stream.size(), 4u);
  EXPECT_FALSE(DescriptorOf(stream[1]).picture_id);
  EXPECT_FALSE(DescriptorOf(stream[2]).tl0_picture_index);
  // And none of the next source either: one way to tell frames apart is enough.
  EXPECT_FALSE(DescriptorOf(stream[3]).picture_id);
  EXPECT_FALSE(DescriptorOf(stream[3]).tl0_picture_index);
  EXPECT_FALSE(DescriptorOf(stream[3]).temporal_id);
  EXPECT_TRUE(DescriptorOf(stream[0]).picture_id)
      << "before it, they are there";
  // VP8 itself begins where the shorter descriptor ends.
  EXPECT_TRUE(DescriptorOf(stream[3]).start_of_partition);
}

TEST_F(SlotTest, TheClockRunsOnWhileTheSlotIsEmpty) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender{.timestamp = 777};
  SendFrame(alice, sender, true);
  SendReceive(bob, rtp::ReceiveSpec{{}, {{"1", 0}}});
  SendFrame(alice, sender, false);
  RunFor(seconds(10));
  SendReceive(bob, {});
  sender.timestamp = 99;  // and the source's began anew
  SendFrame(alice, sender, true);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 2u);
  EXPECT_EQ(stream[1].seq, static_cast<uint16_t>(stream[0].seq + 1));
  EXPECT_EQ(stream[1].timestamp - stream[0].timestamp, 900'000u);
}

TEST_F(SlotTest, AudioTakesAnotherSourceWithAMarkerAndOneClock) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  std::vector<bool> first;
  for (int i = 0; i < 30; ++i) {
    Client& client = i / 5 % 2 == 0 ? alice : bob;
    Pin(carol, i / 5 % 2 == 0 ? alice.audio : bob.audio);
    const auto n = static_cast<uint32_t>(i);
    SendOpus(client, static_cast<uint16_t>(i),
             (i / 5 % 2 == 0 ? 0xFFFF'FC00 : 0x1234'5678) + n * 960, {0x78, 1});
    first.push_back(i > 0 && i % 5 == 0);
    RunFor(milliseconds(20));
  }
  const auto stream = Stream(carol, 3000);
  ASSERT_EQ(stream.size(), 30u);
  for (size_t i = 1; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].seq, static_cast<uint16_t>(stream[i - 1].seq + 1));
    EXPECT_EQ(stream[i].timestamp - stream[i - 1].timestamp, 960u);
    EXPECT_EQ(stream[i].marker, first[i]) << i;
  }
}

// Retransmission to the subscriber (RFC 4588).

TEST_F(SlotTest, RtxHasItsOwnSsrcAndContiguousNumbers) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender;
  SendFrame(alice, sender, true);
  for (int i = 0; i < 9; ++i) SendFrame(alice, sender, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 10u);
  for (const size_t lost : {7u, 2u, 8u, 0u, 5u}) {
    Nack(bob, 2001, {stream[lost].seq});
  }
  const auto rtx = Stream(bob, 2002);
  ASSERT_EQ(rtx.size(), 5u);
  const std::array<size_t, 5> order = {7, 2, 8, 0, 5};
  for (size_t i = 0; i < rtx.size(); ++i) {
    EXPECT_EQ(rtx[i].pt, kRtxPt);
    EXPECT_EQ(rtx[i].seq, static_cast<uint16_t>(rtx[0].seq + i));
    const auto media = rtp::UnwrapRtx(rtx[i], 2001, kVp8Pt);
    ASSERT_TRUE(media);
    const rtp::RtpView& original = stream[order[i]];
    EXPECT_EQ(media->seq, original.seq);
    EXPECT_EQ(media->timestamp, original.timestamp);
    EXPECT_EQ(media->marker, original.marker);
    EXPECT_EQ(Bytes(media->payload), Bytes(original.payload));
  }
  EXPECT_EQ(Stream(bob, 2001).size(), 10u);  // and nothing there
  EXPECT_EQ(bob.media.rejected, 0);
}

TEST_F(SlotTest, SendsAPacketOfTheSourceBeforeAgainAsItWas) {
  Client& alice = Join();
  Client& bob = Join();
  Client& carol = Join();
  VideoSender from_alice{.timestamp = 90, .picture_id = 3};
  VideoSender from_bob{.timestamp = 4'000'000, .picture_id = 70, .wide = false};
  Pin(carol, alice.video);
  SendFrame(alice, from_alice, true);
  Pin(carol, bob.video);
  SendFrame(bob, from_bob, true);
  Pin(carol, alice.video);
  from_alice.timestamp += 3000;
  SendFrame(alice, from_alice, true);
  const auto stream = Stream(carol, 3001);
  ASSERT_GE(stream.size(), 3u);
  for (const auto& view : stream) Nack(carol, 3001, {view.seq});
  const auto rtx = Stream(carol, 3002);
  ASSERT_EQ(rtx.size(), stream.size());
  for (size_t i = 0; i < rtx.size(); ++i) {
    const auto media = rtp::UnwrapRtx(rtx[i], 3001, kVp8Pt);
    ASSERT_TRUE(media);
    EXPECT_EQ(media->seq, stream[i].seq);
    EXPECT_EQ(media->timestamp, stream[i].timestamp);
    EXPECT_EQ(Bytes(media->payload), Bytes(stream[i].payload));
  }
}

TEST_F(SlotTest, IgnoresNacksOfPacketsNeverSent) {
  Client& alice = Join();
  Client& bob = Join();
  Nack(bob, 2001, {1, 2, 3});  // before there is anything
  VideoSender sender;
  SendFrame(alice, sender, true);
  MakeFrame(alice, sender, false);  // lost on its way to us
  SendFrame(alice, sender, false);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 2u);
  const uint16_t first = stream[0].seq;
  const size_t before = bob.media.rtp_received.size();
  Nack(bob, 2001, {static_cast<uint16_t>(first + 1)});
  Nack(bob, 2001, {static_cast<uint16_t>(first - 1)});
  Nack(bob, 2001, {static_cast<uint16_t>(first + 3)});
  Nack(bob, 2001, {static_cast<uint16_t>(first + 0x8000)});
  Nack(bob, 9999, {first});
  EXPECT_EQ(bob.media.rtp_received.size(), before);
  EXPECT_EQ(worker_.counters().resent.Get(), 0u);
  EXPECT_EQ(worker_.counters().not_resent.Get(), 7u);
}

TEST_F(SlotTest, ResendsNothingOfTheRtxStreamItself) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender;
  SendFrame(alice, sender, true);
  Nack(bob, 2001, {Stream(bob, 2001)[0].seq});
  const auto rtx = Stream(bob, 2002);
  ASSERT_EQ(rtx.size(), 1u);
  RunFor(seconds(1));
  Nack(bob, 2002, {rtx[0].seq});
  EXPECT_EQ(Stream(bob, 2002).size(), 1u);
  EXPECT_EQ(worker_.counters().resent.Get(), 1u);
}

TEST_F(SlotTest, ResendsNothingThatIsTooOld) {
  Client& alice = Join();
  Client& bob = Join();
  VideoSender sender;
  SendFrame(alice, sender, true);
  RunFor(seconds(3));
  Nack(bob, 2001, {Stream(bob, 2001)[0].seq});
  EXPECT_TRUE(Stream(bob, 2002).empty());
}

TEST_F(SlotTest, AResendWithoutRtxIsTheSameDatagram) {
  Client& alice = Join();
  Client& bob = JoinWith(WithoutRtx);
  VideoSender sender;
  SendFrame(alice, sender, true);
  const std::string to = bob.media.address().ToString();
  const auto original = last_sent_[to];
  const uint16_t seq = Stream(bob, 2001)[0].seq;
  RunFor(milliseconds(50));
  last_sent_[to].clear();
  Nack(bob, 2001, {seq});
  EXPECT_EQ(last_sent_[to], original);
  EXPECT_EQ(worker_.counters().resent.Get(), 1u);
}

TEST_F(SlotTest, TheFirstAudioPacketIsTheSameDatagramTooWhenSentAgain) {
  // Under one nonce there must not be two packets (RFC 7714 s8.1).
  Client& alice = Join();
  Client& bob = Join();
  SendOpus(alice, 7, 960, {0x78, 1, 2, 3});
  const std::string to = bob.media.address().ToString();
  const auto original = last_sent_[to];
  const auto stream = Stream(bob, 2000);
  ASSERT_EQ(stream.size(), 1u);
  SendOpus(alice, 8, 1920, {0x78, 1, 2, 3});
  RunFor(milliseconds(50));
  last_sent_[to].clear();
  Nack(bob, 2000, {stream[0].seq});
  EXPECT_EQ(last_sent_[to], original);
}

TEST_F(SlotTest, WithoutRtxNothingIsSentAgainThatTellsTheTimeOfSending) {
  Client& alice = Join();
  Client& bob = JoinWith([](Client& c) {
    WithoutRtx(c);
    c.spec.contents[1].extensions.Set(ExtensionKind::kAbsSendTime, 7);
  });
  Client& carol = JoinWith([](Client& c) {
    WithoutRtx(c);
    c.spec.contents[1].extensions.Set(ExtensionKind::kTransportSequence, 7);
  });
  VideoSender sender;
  SendFrame(alice, sender, true);
  Nack(bob, 2001, {Stream(bob, 2001).at(0).seq});
  Nack(carol, 3001, {Stream(carol, 3001).at(0).seq});
  EXPECT_EQ(bob.media.rtp_received.size(), 1u);
  EXPECT_EQ(carol.media.rtp_received.size(), 1u);
  EXPECT_EQ(worker_.counters().resent.Get(), 0u);
}

TEST_F(SlotTest, WithoutRtxNothingIsSentAgainFromBeforeARenegotiation) {
  // The same number would be on another packet: one nonce for two.
  Client& alice = Join();
  Client& bob = JoinWith(WithoutRtx);
  VideoSender sender;
  SendFrame(alice, sender, true);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 1u);
  bob.spec.contents[1].codecs[0].payload_type = 120;
  Update(bob);
  Nack(bob, 2001, {stream[0].seq});
  EXPECT_EQ(worker_.counters().resent.Get(), 0u);
  SendFrame(alice, sender, false);
  const auto after = Stream(bob, 2001);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[1].pt, 120);
  Nack(bob, 2001, {after[1].seq});
  EXPECT_EQ(worker_.counters().resent.Get(), 1u);
}

// RED (RFC 2198).

// A primary of "ABC" after one redundant block of "xy", both of `pt`.
std::vector<uint8_t> RedPayload(uint8_t pt) {
  return {static_cast<uint8_t>(0x80 | pt),
          960 >> 6,
          (960 & 0x3F) << 2,
          2,
          pt,
          'x',
          'y',
          'A',
          'B',
          'C'};
}

TEST_F(SlotTest, KeepsRedWhereItWasNegotiatedAndUnwrapsItElsewhere) {
  const auto with_red = [](uint8_t red, uint8_t opus) {
    return [red, opus](Client& c) {
      c.spec.contents[0].codecs[0].red_payload_type = red;
      c.spec.contents[0].codecs[0].payload_type = opus;
    };
  };
  Client& alice = JoinWith(with_red(kRedPt, kOpusPt));
  Client& bob = JoinWith(with_red(kRedPt, kOpusPt));
  Client& carol = JoinWith(with_red(120, 109));
  Client& dave = Join();
  SendOpus(alice, 1, 960, RedPayload(kOpusPt), kRedPt);
  SendOpus(alice, 2, 1920, {'D', 'E'});
  const auto to_bob = Stream(bob, 2000);
  const auto to_carol = Stream(carol, 3000);
  const auto to_dave = Stream(dave, 4000);
  ASSERT_EQ(to_bob.size(), 2u);
  ASSERT_EQ(to_carol.size(), 2u);
  ASSERT_EQ(to_dave.size(), 2u);
  EXPECT_EQ(to_bob[0].pt, kRedPt);
  EXPECT_EQ(Bytes(to_bob[0].payload), RedPayload(kOpusPt));
  // Blocks name their codec by the receiver's own payload type.
  EXPECT_EQ(to_carol[0].pt, 120);
  EXPECT_EQ(Bytes(to_carol[0].payload), RedPayload(109));
  EXPECT_EQ(to_dave[0].pt, kOpusPt);
  EXPECT_EQ(Bytes(to_dave[0].payload), (std::vector<uint8_t>{'A', 'B', 'C'}));
  // What was not wrapped stays so.
  EXPECT_EQ(to_bob[1].pt, kOpusPt);
  EXPECT_EQ(to_carol[1].pt, 109);
  EXPECT_EQ(to_dave[1].pt, kOpusPt);
  for (const auto* stream : {&to_bob, &to_carol, &to_dave}) {
    EXPECT_EQ(Bytes((*stream)[1].payload), (std::vector<uint8_t>{'D', 'E'}));
    EXPECT_EQ((*stream)[1].seq, static_cast<uint16_t>((*stream)[0].seq + 1));
    EXPECT_EQ((*stream)[1].timestamp, (*stream)[0].timestamp + 960);
  }
}

TEST_F(SlotTest, RtxOfAPacketThatCameAsRedHoldsThePrimary) {
  // apt of the RTX payload type is Opus (RFC 4588 s8.1), so Opus it must be.
  const auto edit = [](Client& c) {
    c.spec.contents[0].codecs[0].red_payload_type = kRedPt;
    c.spec.contents[0].codecs[0].rtx_payload_type = 98;
    c.spec.contents[0].slot->rtx_ssrc =
        static_cast<rtp::Ssrc>(c.spec.peer.value() * 1000 + 500);
  };
  Client& alice = JoinWith(edit);
  Client& bob = JoinWith(edit);
  SendOpus(alice, 1, 960, RedPayload(kOpusPt), kRedPt);
  const auto stream = Stream(bob, 2000);
  ASSERT_EQ(stream.size(), 1u);
  ASSERT_EQ(stream[0].pt, kRedPt);
  Nack(bob, 2000, {stream[0].seq});
  const auto rtx = Stream(bob, 2500);
  ASSERT_EQ(rtx.size(), 1u);
  EXPECT_EQ(rtx[0].pt, 98);
  const auto media = rtp::UnwrapRtx(rtx[0], 2000, kOpusPt);
  ASSERT_TRUE(media);
  EXPECT_EQ(media->seq, stream[0].seq);
  EXPECT_EQ(Bytes(media->payload), (std::vector<uint8_t>{'A', 'B', 'C'}));
}

TEST_F(SlotTest, MalformedRedReachesNobody) {
  const auto with_red = [](Client& c) {
    c.spec.contents[0].codecs[0].red_payload_type = kRedPt;
  };
  Client& alice = JoinWith(with_red);
  Client& bob = JoinWith(with_red);
  Client& carol = Join();
  SendOpus(alice, 1, 960, RedPayload(kOpusPt), kRedPt);
  // A header that is cut, and a block that is longer than all there is.
  SendOpus(alice, 2, 1920, {0x80 | kOpusPt, 1}, kRedPt);
  SendOpus(alice, 3, 2880, {0x80 | kOpusPt, 1, 3, 0xFF, kOpusPt, 9}, kRedPt);
  SendOpus(alice, 4, 3840, RedPayload(kOpusPt), kRedPt);
  EXPECT_EQ(Stream(bob, 2000).size(), 2u);
  EXPECT_EQ(Stream(carol, 3000).size(), 2u);
  EXPECT_EQ(Drops(DropReason::kPayloadMalformed), 2u);
}

// Header extensions.

TEST_F(SlotTest, GivesAudioTheSlotsMidAndTheSourcesLevel) {
  Client& alice = Join();
  Client& bob = JoinWith([](Client& c) {
    rtp::ContentSpec& audio = c.spec.contents[0];
    audio.name = "sound";
    audio.extensions = {};
    audio.extensions.Set(ExtensionKind::kAudioLevel, 9);
    audio.extensions.Set(ExtensionKind::kMid, 1);
  });
  SendAudio(alice, 33);
  const auto stream = Stream(bob, 2000);
  ASSERT_EQ(stream.size(), 1u);
  const auto parsed =
      rtp::ParseExtensions(stream[0], bob.spec.contents[0].extensions);
  EXPECT_EQ(parsed.mid, "sound");
  EXPECT_EQ(parsed.audio_level, (rtp::AudioLevel{true, 33}));
}

class SlotExtensionsTest : public SlotTest {
 protected:
  // All that may be forwarded, under ids from `first` on.
  static void Negotiate(Client& client, uint8_t first) {
    rtp::ExtensionIds& ids = client.spec.contents[1].extensions;
    ids = {};
    for (const ExtensionKind kind :
         {ExtensionKind::kMid, ExtensionKind::kRid, ExtensionKind::kRepairedRid,
          ExtensionKind::kAbsSendTime, ExtensionKind::kTransportSequence,
          ExtensionKind::kVideoOrientation, ExtensionKind::kPlayoutDelay,
          ExtensionKind::kDependencyDescriptor, ExtensionKind::kAbsCaptureTime,
          ExtensionKind::kVideoContentType, ExtensionKind::kVideoTiming}) {
      ids.Set(kind, first++);
    }
  }

  void SendWithExtensions(Client& client, uint16_t seq, size_t dd_size) {
    rtp::ExtensionWriter out(client.spec.contents[1].extensions);
    const std::vector<uint8_t> dd(dd_size, 0xD5);
    const std::vector<uint8_t> timing(13, 0x77);
    out.Add(ExtensionKind::kMid, std::string_view("1"));
    out.Add(ExtensionKind::kRid, std::string_view("hi"));
    out.Add(ExtensionKind::kRepairedRid, std::string_view("hi"));
    out.AddAbsSendTime(0x123456);
    out.AddTransportSequence(0xBEEF);
    out.AddU8(ExtensionKind::kVideoOrientation, 3);
    out.Add(ExtensionKind::kPlayoutDelay, delay_);
    out.Add(ExtensionKind::kDependencyDescriptor, dd);
    out.Add(ExtensionKind::kAbsCaptureTime, capture_);
    out.AddU8(ExtensionKind::kVideoContentType, 1);
    out.Add(ExtensionKind::kVideoTiming, timing);
    std::vector<uint8_t> payload = Vp8Payload(client, true);
    payload.resize(200);
    SendRtpOn(client.media, out,
              {.marker = true,
               .pt = kVp8Pt,
               .seq = seq,
               .timestamp = 1,
               .ssrc = client.spec.contents[1].uplink->ssrcs[0]},
              payload);
  }

  const std::vector<uint8_t> delay_ = {0x0A, 0x01, 0x40};
  const std::vector<uint8_t> capture_ = {1, 2, 3, 4, 5, 6, 7, 8};
};

TEST_F(SlotExtensionsTest, AreMappedToTheSubscribersIds) {
  Client& alice = JoinWith([](Client& c) { Negotiate(c, 1); });
  Client& bob = JoinWith([](Client& c) {
    Negotiate(c, 3);
    c.spec.contents[1].name = "seen";
  });
  SendWithExtensions(alice, 10, 5);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 1u);
  const auto parsed =
      rtp::ParseExtensions(stream[0], bob.spec.contents[1].extensions);
  EXPECT_EQ(parsed.mid, "seen");
  EXPECT_TRUE(parsed.rid.empty());
  EXPECT_TRUE(parsed.repaired_rid.empty());
  EXPECT_TRUE(parsed.video_timing.empty());
  EXPECT_EQ(parsed.video_orientation, 3);
  EXPECT_EQ(parsed.video_content_type, 1);
  EXPECT_EQ(Bytes(parsed.playout_delay), delay_);
  EXPECT_EQ(Bytes(parsed.abs_capture_time), capture_);
  EXPECT_EQ(Bytes(parsed.dependency_descriptor),
            (std::vector<uint8_t>(5, 0xD5)));
  // The time of our sending, not the publisher's.
  EXPECT_EQ(parsed.abs_send_time, rtp::ToAbsSendTime(now_));
  EXPECT_TRUE(parsed.transport_sequence);
  EXPECT_NE(parsed.transport_sequence, 0xBEEF);
}

TEST_F(SlotExtensionsTest, AreSentInTheTwoByteFormWhereIdsNeedIt) {
  Client& alice = JoinWith([](Client& c) { Negotiate(c, 1); });
  Client& bob = JoinWith([](Client& c) { Negotiate(c, 100); });
  SendWithExtensions(alice, 10, 20);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 1u);
  EXPECT_EQ(stream[0].extension_profile, rtp::kTwoByteExtensionProfile);
  const auto parsed =
      rtp::ParseExtensions(stream[0], bob.spec.contents[1].extensions);
  EXPECT_EQ(parsed.mid, "1");
  EXPECT_EQ(parsed.dependency_descriptor.size(), 20u);
}

TEST_F(SlotExtensionsTest, TheLongestDependencyDescriptorFits) {
  Client& alice = JoinWith([](Client& c) { Negotiate(c, 1); });
  Client& bob = JoinWith([](Client& c) { Negotiate(c, 1); });
  SendWithExtensions(alice, 10, 255);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 1u);
  const auto parsed =
      rtp::ParseExtensions(stream[0], bob.spec.contents[1].extensions);
  EXPECT_EQ(parsed.dependency_descriptor.size(), 255u);
  EXPECT_EQ(parsed.mid, "1");
}

TEST_F(SlotExtensionsTest, AreAbsentWhereNoneWasNegotiated) {
  Client& alice = JoinWith([](Client& c) { Negotiate(c, 1); });
  Client& bob = JoinWith([](Client& c) { c.spec.contents[1].extensions = {}; });
  SendWithExtensions(alice, 10, 5);
  const auto stream = Stream(bob, 2001);
  ASSERT_EQ(stream.size(), 1u);
  EXPECT_EQ(stream[0].extension_profile, 0);
  EXPECT_TRUE(stream[0].extensions.empty());
}

TEST_F(SlotExtensionsTest, TransportNumbersCountAllThatOneTransportCarries) {
  Client& alice = Join();
  Client& bob = JoinWith([](Client& c) {
    c.spec.contents[0].extensions.Set(ExtensionKind::kTransportSequence, 6);
    c.spec.contents[1].extensions.Set(ExtensionKind::kTransportSequence, 6);
  });
  SendVideo(alice, true);
  for (int i = 0; i < 5; ++i) {
    SendAudio(alice, 20);
    SendVideo(alice, false);
    Nack(bob, 2001, {Stream(bob, 2001).back().seq});
  }
  std::vector<uint16_t> numbers;
  for (const auto& packet : bob.media.rtp_received) {
    const auto view = rtp::RtpView::Parse(packet);
    const auto parsed =
        rtp::ParseExtensions(*view, bob.spec.contents[1].extensions);
    ASSERT_TRUE(parsed.transport_sequence);
    numbers.push_back(*parsed.transport_sequence);
  }
  ASSERT_EQ(numbers.size(), 16u);
  for (size_t i = 1; i < numbers.size(); ++i) {
    EXPECT_EQ(numbers[i], static_cast<uint16_t>(numbers[i - 1] + 1));
  }
}

}  // namespace
}  // namespace sfu
