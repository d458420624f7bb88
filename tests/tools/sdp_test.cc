// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/sdp.h"

#include <gtest/gtest.h>

#include "tools/bot/bot_offer.h"

namespace bot {
namespace {

using signaling::DtlsSetup;
using signaling::Senders;

// What Janus 1.1 offers to a subscriber, shortened.
constexpr char kJanus[] =
    "v=0\r\n"
    "o=- 1764115200 1 IN IP4 10.77.0.1\r\n"
    "s=VideoRoom 1234\r\n"
    "t=0 0\r\n"
    "a=group:BUNDLE 0 1\r\n"
    "a=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 "
    "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:"
    "AB:CD:EF:01:23:45:67:89\r\n"
    "a=ice-lite\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "c=IN IP4 10.77.0.1\r\n"
    "a=sendonly\r\n"
    "a=mid:0\r\n"
    "a=rtcp-mux\r\n"
    "a=ice-ufrag:aBcD\r\n"
    "a=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    "a=setup:actpass\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=ssrc:1234 cname:janus\r\n"
    "a=candidate:1 1 udp 2015363327 10.77.0.1 43210 typ host\r\n"
    "a=candidate:2 1 tcp 1015363327 10.77.0.1 9 typ host tcptype active\r\n"
    "a=end-of-candidates\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
    "a=sendonly\r\n"
    "a=mid:1\r\n"
    "a=rtcp-mux\r\n"
    "a=ice-ufrag:aBcD\r\n"
    "a=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    "a=setup:actpass\r\n"
    "a=rtpmap:96 VP8/90000\r\n"
    "a=rtcp-fb:96 nack\r\n"
    "a=rtcp-fb:96 nack pli\r\n"
    "a=rtcp-fb:96 goog-remb\r\n"
    "a=rtpmap:97 rtx/90000\r\n"
    "a=fmtp:97 apt=96\r\n"
    "a=ssrc-group:FID 5678 9012\r\n"
    "a=ssrc:5678 cname:janus\r\n"
    "a=ssrc:9012 cname:janus\r\n";

TEST(SdpTest, ReadsWhatJanusOffers) {
  std::string error;
  const auto offer = ParseSdp(kJanus, /*from_initiator=*/true, &error);
  ASSERT_TRUE(offer) << error;
  ASSERT_EQ(offer->groups.size(), 1u);
  EXPECT_EQ(offer->groups[0].contents, (std::vector<std::string>{"0", "1"}));
  ASSERT_EQ(offer->contents.size(), 2u);
  const auto& audio = offer->contents[0];
  EXPECT_EQ(audio.senders, Senders::kInitiator);
  EXPECT_EQ(audio.description->ssrc, 1234u);
  EXPECT_EQ(audio.description->payload_types[0].channels, 2);
  EXPECT_EQ(audio.transport->ufrag, "aBcD");
  // Of the session, as is the section's own.
  EXPECT_EQ(audio.transport->fingerprint->digest.size(), 32u);
  EXPECT_EQ(audio.transport->fingerprint->setup, DtlsSetup::kActpass);
  const auto addresses = CandidatesOf(*audio.transport);
  ASSERT_EQ(addresses.size(), 1u);
  EXPECT_EQ(addresses[0].ToString(), "10.77.0.1:43210");
  const auto& video = *offer->contents[1].description;
  ASSERT_EQ(video.payload_types.size(), 2u);
  EXPECT_EQ(video.payload_types[0].feedback.size(), 3u);
  EXPECT_EQ(video.payload_types[0].feedback[1].subtype, "pli");
  EXPECT_EQ(video.payload_types[1].parameters[0].second, "96");
  ASSERT_EQ(video.ssrc_groups.size(), 1u);
  EXPECT_EQ(video.ssrc_groups[0].ssrcs, (std::vector<uint32_t>{5678, 9012}));
}

TEST(SdpTest, AnswersIt) {
  std::string error;
  const auto offer = ParseSdp(kJanus, true, &error);
  ASSERT_TRUE(offer) << error;
  const std::string answer = WriteSdp(
      MakeAnswer(*offer, {{"ufrag", "password"}, {0xAB, 0xCD}}), false);
  for (const char* line :
       {"a=group:BUNDLE 0 1\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
        "a=mid:1\r\n", "a=recvonly\r\n", "a=setup:active\r\n",
        "a=fingerprint:sha-256 AB:CD\r\n", "a=ice-ufrag:ufrag\r\n",
        "a=rtcp-fb:96 nack pli\r\n", "a=fmtp:97 apt=96\r\n"}) {
    EXPECT_NE(answer.find(line), std::string::npos) << line << answer;
  }
}

TEST(SdpTest, WhatItWritesItReads) {
  OfferConfig config;
  config.audio_slots = 2;
  config.video_slots = 3;
  config.video_codec = rtp::Codec::kH264;
  config.sources = {1, {{2, 3}, {4, 5}}};
  const auto offer =
      MakeOffer(config, {{{"ufrag", "password"}, std::vector<uint8_t>(32)}});
  std::string error;
  const auto read = ParseSdp(WriteSdp(offer, true), true, &error);
  ASSERT_TRUE(read) << error;
  ASSERT_EQ(read->contents.size(), offer.contents.size());
  EXPECT_EQ(read->groups, offer.groups);
  for (size_t i = 0; i < offer.contents.size(); ++i) {
    const auto& got = read->contents[i];
    const auto& wanted = offer.contents[i];
    EXPECT_EQ(got.name, wanted.name);
    EXPECT_EQ(got.senders, wanted.senders);
    EXPECT_EQ(got.description->payload_types,
              wanted.description->payload_types);
    EXPECT_EQ(got.description->extensions, wanted.description->extensions);
    EXPECT_EQ(got.description->ssrc, wanted.description->ssrc);
    EXPECT_EQ(got.description->ssrc_groups, wanted.description->ssrc_groups);
    EXPECT_EQ(got.transport->ufrag, wanted.transport->ufrag);
    EXPECT_EQ(got.transport->fingerprint, wanted.transport->fingerprint);
  }
}

TEST(SdpTest, SaysWhatIsWrong) {
  for (const auto& [sdp, wrong] :
       {std::pair<const char*, const char*>{"v=0\r\n", "no media section"},
        {"hello", "hello"},
        {"m=audio 9 X 200\r\n", "m=audio 9 X 200"},
        {"m=audio 9 X 1\r\na=setup:perhaps\r\n", "a=setup:perhaps"},
        {"m=audio 9 X 1\r\na=fingerprint:sha-256 AB:C\r\n", "AB:C"},
        {"m=audio 9 X 1\r\na=candidate:1 1 udp\r\n", "a=candidate:1 1 udp"},
        {"m=audio 9 X 1\r\na=candidate:1 1 udp 1 1.2.3.4 70000 typ host\r\n",
         "70000"},
        {"m=audio 9 X 1\r\na=rtpmap:1 opus\r\n", "a=rtpmap:1 opus"},
        {"m=audio 9 X 1\r\na=extmap:0 urn:x\r\n", "a=extmap:0 urn:x"},
        {"m=audio 9 X 1\r\na=ssrc:many cname:x\r\n", "a=ssrc:many"}}) {
    std::string error;
    EXPECT_FALSE(ParseSdp(sdp, true, &error)) << sdp;
    EXPECT_NE(error.find(wrong), std::string::npos) << error;
  }
}

TEST(SdpTest, ARefusedSectionSendsNothing) {
  std::string error;
  const auto answer = ParseSdp(
      "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=sendonly\r\n", false, &error);
  ASSERT_TRUE(answer) << error;
  EXPECT_EQ(answer->contents[0].senders, Senders::kNone);
}

}  // namespace
}  // namespace bot
