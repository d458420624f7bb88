// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "rtp/rtp_packet.h"
#include "rtp/rtp_rewrite.h"
#include "tests/rtp/hex.h"

namespace rtp {
namespace {

constexpr Ssrc kMedia = 0x0A0B0C0D;
constexpr Ssrc kRtx = 0x01020304;
constexpr uint8_t kMediaPt = 96;
constexpr uint8_t kRtxPt = 97;

// RTP headers (RFC 3550 s5.1).

TEST(RtpView, ReadsEveryField) {
  const Bytes packet =
      Hex("B2E01234 89ABCDEF 01020304 0000000A 0000000B "
          "BEDE0001 10FF0000 AABBCC 000003");
  const auto view = RtpView::Parse(packet);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->marker);
  EXPECT_EQ(view->pt, 0x60);
  EXPECT_EQ(view->seq, 0x1234);
  EXPECT_EQ(view->timestamp, 0x89ABCDEFu);
  EXPECT_EQ(view->ssrc, 0x01020304u);
  ASSERT_EQ(view->csrcs.size(), 2u);
  EXPECT_EQ(view->csrcs[0], 10u);
  EXPECT_EQ(view->csrcs[1], 11u);
  EXPECT_EQ(view->extension_profile, 0xBEDE);
  EXPECT_EQ(Copy(view->extensions), Hex("10FF0000"));
  EXPECT_EQ(Copy(view->payload), Hex("AABBCC"));
  EXPECT_EQ(view->header_size, 28u);
  EXPECT_EQ(view->padding_size, 3);
}

TEST(RtpView, RefusesWhatIsNotWhole) {
  const Bytes whole =
      Hex("92600001 00000002 00000003 0000000A 0000000B BEDE0001 10FF0000");
  ASSERT_TRUE(RtpView::Parse(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(RtpView::Parse(std::span(whole).first(size))) << size;
  }
}

TEST(RtpView, RefusesOtherVersions) {
  for (const int first : {0x00, 0x40, 0xC0}) {
    Bytes packet(20);
    packet[0] = static_cast<uint8_t>(first);
    EXPECT_FALSE(RtpView::Parse(packet)) << first;
  }
}

TEST(RtpView, RefusesPaddingThatCannotBe) {  // RFC 3550 A.1
  EXPECT_FALSE(RtpView::Parse(Hex("A0600001 00000002 00000003")));
  EXPECT_FALSE(RtpView::Parse(Hex("A0600001 00000002 00000003 AA00")));
  EXPECT_FALSE(RtpView::Parse(Hex("A0600001 00000002 00000003 AA03")));
  const Bytes only = Hex("A0600001 00000002 00000003 0002");
  ASSERT_TRUE(RtpView::Parse(only));
  EXPECT_TRUE(RtpView::Parse(only)->payload.empty());
}

TEST(RtpView, RefusesOver1500Bytes) {
  Bytes packet(1501);
  packet[0] = 0x80;
  EXPECT_FALSE(RtpView::Parse(packet));
  packet.pop_back();
  EXPECT_TRUE(RtpView::Parse(packet));
}

TEST(RtpView, TellsRtcpByItsType) {  // RFC 5761 s4
  for (int second = 0; second < 256; ++second) {
    const Bytes packet = {0x80, static_cast<uint8_t>(second)};
    EXPECT_EQ(IsRtcp(packet), second >= 192 && second <= 223) << second;
  }
  EXPECT_FALSE(IsRtcp(Hex("80")));
}

TEST(RtpRewrite, WritesWhatIsParsed) {
  const Bytes block = Hex("BEDE0001 10FF0000");
  RtpHeaderFields fields;
  fields.marker = true;
  fields.pt = 111;
  fields.seq = 0xFFFF;
  fields.timestamp = 0x89ABCDEF;
  fields.ssrc = kMedia;
  fields.padding = true;
  Bytes packet(40);
  const size_t header = WriteRtpHeader(fields, block, packet);
  ASSERT_EQ(header, 20u);
  EXPECT_EQ(WriteRtpPadding(20, std::span(packet).subspan(header)), 20u);
  const auto view = RtpView::Parse(packet);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->marker);
  EXPECT_EQ(view->pt, 111);
  EXPECT_EQ(view->seq, 0xFFFF);
  EXPECT_EQ(view->timestamp, 0x89ABCDEFu);
  EXPECT_EQ(view->ssrc, kMedia);
  EXPECT_EQ(Copy(view->extensions), Hex("10FF0000"));
  EXPECT_EQ(view->padding_size, 20);
}

TEST(RtpRewrite, RefusesWhatDoesNotFit) {
  Bytes out(19, 0xEE);
  EXPECT_EQ(WriteRtpHeader({}, Hex("BEDE0001 10FF0000"), out), 0u);
  EXPECT_EQ(WriteRtpHeader({}, {}, std::span(out).first(11)), 0u);
  EXPECT_EQ(WriteRtpPadding(0, out), 0u);
  EXPECT_EQ(WriteRtpPadding(20, out), 0u);
  EXPECT_EQ(out, Bytes(19, 0xEE));
}

// RFC 4588.

Bytes RtxPacket(const Bytes& payload) {
  Bytes packet(kRtpFixedHeaderSize);
  RtpHeaderFields fields;
  fields.marker = true;
  fields.pt = kRtxPt;
  fields.seq = 500;
  fields.timestamp = 9000;
  fields.ssrc = kRtx;
  WriteRtpHeader(fields, {}, packet);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

TEST(RtxVectors, OriginalSequenceNumberComesFirst) {  // RFC 4588 s4
  Bytes header(2);
  EXPECT_EQ(WriteRtxHeader(0x1234, header), kRtxHeaderSize);
  EXPECT_EQ(header, Hex("1234"));
}

TEST(Rtx, GivesBackTheOriginal) {
  const Bytes packet = RtxPacket(Hex("FFFF AABBCC"));
  const auto rtx = RtpView::Parse(packet);
  ASSERT_TRUE(rtx);
  EXPECT_EQ(ClassifyRtx(*rtx), RtxKind::kMedia);
  const auto media = UnwrapRtx(*rtx, kMedia, kMediaPt);
  ASSERT_TRUE(media);
  EXPECT_EQ(media->seq, 0xFFFF);       // the OSN, not the stream's own 500
  EXPECT_EQ(media->ssrc, kMedia);      // s8.6: streams have SSRCs of their own
  EXPECT_EQ(media->pt, kMediaPt);      // the apt, s8.1
  EXPECT_EQ(media->timestamp, 9000u);  // s4: the original's
  EXPECT_TRUE(media->marker);
  EXPECT_EQ(Copy(media->payload), Hex("AABBCC"));
  EXPECT_EQ(media->header_size, rtx->header_size);
}

TEST(Rtx, AnOriginalMayBeEmpty) {
  const Bytes packet = RtxPacket(Hex("0001"));
  const auto rtx = RtpView::Parse(packet);
  ASSERT_TRUE(rtx);
  EXPECT_EQ(ClassifyRtx(*rtx), RtxKind::kMedia);
  const auto media = UnwrapRtx(*rtx, kMedia, kMediaPt);
  ASSERT_TRUE(media);
  EXPECT_TRUE(media->payload.empty());
}

TEST(Rtx, NoPayloadIsAProbe) {
  Bytes padded = RtxPacket(Hex("00000004"));
  padded[0] |= 0x20;
  for (const Bytes& packet : {RtxPacket({}), padded}) {
    const auto rtx = RtpView::Parse(packet);
    ASSERT_TRUE(rtx);
    EXPECT_EQ(ClassifyRtx(*rtx), RtxKind::kProbe);
    EXPECT_FALSE(UnwrapRtx(*rtx, kMedia, kMediaPt));
  }
}

TEST(Rtx, OneByteIsMalformed) {
  const Bytes packet = RtxPacket(Hex("12"));
  const auto rtx = RtpView::Parse(packet);
  ASSERT_TRUE(rtx);
  EXPECT_EQ(ClassifyRtx(*rtx), RtxKind::kMalformed);
  EXPECT_FALSE(UnwrapRtx(*rtx, kMedia, kMediaPt));
}

TEST(Rtx, IsNotARetransmissionOfItself) {
  const Bytes packet = RtxPacket(Hex("0001AA"));
  const auto rtx = RtpView::Parse(packet);
  ASSERT_TRUE(rtx);
  EXPECT_FALSE(UnwrapRtx(*rtx, kRtx, kRtxPt));
}

TEST(Rtx, HeaderNeedsItsRoom) {
  Bytes out(1, 0xEE);
  EXPECT_EQ(WriteRtxHeader(1, out), 0u);
  EXPECT_EQ(out, Hex("EE"));
}

TEST(Rtx, BuildThenParseIsIdentity) {
  for (const int seq : {0, 1, 0x7FFF, 0x8000, 0xFFFF}) {
    Bytes payload(2);
    WriteRtxHeader(static_cast<uint16_t>(seq), payload);
    payload.push_back(0x99);
    const Bytes packet = RtxPacket(payload);
    const auto media = UnwrapRtx(*RtpView::Parse(packet), kMedia, kMediaPt);
    ASSERT_TRUE(media);
    EXPECT_EQ(media->seq, seq);
  }
}

}  // namespace
}  // namespace rtp
