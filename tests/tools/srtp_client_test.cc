// SPDX-License-Identifier: GPL-3.0-or-later
// libsrtp2, as bots use it, and the server's own transform understand one
// another.
#include "tools/bot/srtp_client.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "rtp/rtp_packet.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/srtp_session.h"
#include "tests/support/seeded_random.h"

namespace bot {
namespace {

class SrtpClientTest : public testing::TestWithParam<rtp::SrtpProfile> {
 protected:
  SrtpClientTest() {
    support::SeededRandom random(7);
    keys_.profile = GetParam();
    for (rtp::SrtpMasterKey* key : {&keys_.local, &keys_.remote}) {
      random.Fill(key->key);
      random.Fill(key->salt);
    }
  }
  rtp::SrtpKeys Mirrored() const {
    rtp::SrtpKeys keys = keys_;
    std::swap(keys.local, keys.remote);
    return keys;
  }
  static std::vector<uint8_t> Packet(uint16_t seq) {
    rtp::RtpHeaderFields header;
    header.pt = 96;
    header.seq = seq;
    header.ssrc = 0x1234;
    std::vector<uint8_t> packet(200, static_cast<uint8_t>(seq));
    rtp::WriteRtpHeader(header, {}, packet);
    return packet;
  }

  rtp::SrtpKeys keys_;
};

TEST_P(SrtpClientTest, UnprotectsWhatTheServerProtects) {
  rtp::SrtpSession server(keys_);
  SrtpClient client(Mirrored());
  ASSERT_TRUE(client.ok());
  for (uint16_t i = 0; i < 10; ++i) {
    const std::vector<uint8_t> plain = Packet(i);
    std::vector<uint8_t> wire = plain;
    wire.resize(plain.size() + server.rtp_overhead());
    server.ProtectRtp(wire, rtp::kRtpFixedHeaderSize, 0);
    EXPECT_EQ(client.UnprotectRtp(wire), plain);
    EXPECT_EQ(client.UnprotectRtp(wire), std::nullopt) << "a replay";
  }
}

TEST_P(SrtpClientTest, ProtectsWhatTheServerUnprotects) {
  rtp::SrtpSession server(keys_);
  SrtpClient client(Mirrored());
  const std::vector<uint8_t> plain = Packet(5);
  std::vector<uint8_t> wire = client.ProtectRtp(plain);
  std::vector<uint8_t> out(wire.size());
  const auto result = server.UnprotectRtp(wire, out);
  ASSERT_EQ(result.status, rtp::SrtpStatus::kOk);
  out.resize(result.size);
  EXPECT_EQ(out, plain);
  wire[20] ^= 1;
  EXPECT_NE(server.UnprotectRtp(wire, out).status, rtp::SrtpStatus::kOk);
}

TEST_P(SrtpClientTest, RefusesWhatIsNotAuthentic) {
  SrtpClient client(Mirrored());
  EXPECT_EQ(client.UnprotectRtp(Packet(1)), std::nullopt);
  EXPECT_EQ(client.UnprotectRtcp(std::vector<uint8_t>(40, 0x80)), std::nullopt);
  EXPECT_TRUE(client.ProtectRtp({}).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Profiles, SrtpClientTest,
    testing::Values(rtp::SrtpProfile::kAeadAes128Gcm,
                    rtp::SrtpProfile::kAeadAes256Gcm,
                    rtp::SrtpProfile::kAesCm128HmacSha1_80));

}  // namespace
}  // namespace bot
