// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/ice_client.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "ice/ice_lite_agent.h"
#include "tests/support/seeded_random.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Datagrams : ice::DatagramSink {
  void SendDatagram(const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    sent.emplace_back(to, std::vector(datagram.begin(), datagram.end()));
  }
  std::vector<std::pair<ice::SocketAddress, std::vector<uint8_t>>> sent;
};

class IceClientTest : public testing::Test {
 protected:
  // What the agent answers to the check that was sent last.
  std::vector<uint8_t> Answer() {
    Datagrams answers;
    agent_.HandleStun(now_, us_, sink_.sent.back().second, answers);
    return answers.sent.empty() ? std::vector<uint8_t>()
                                : answers.sent.back().second;
  }
  void Advance(rtp::TimeDelta by) {
    now_ += by;
    client_.HandleTimeout(now_, sink_);
  }

  const ice::SocketAddress us_ = *ice::SocketAddress::Parse("192.0.2.1", 1);
  const ice::SocketAddress one_ = *ice::SocketAddress::Parse("192.0.2.7", 7);
  const ice::SocketAddress two_ = *ice::SocketAddress::Parse("192.0.2.8", 8);
  const rtp::IceCredentials remote_{"ufrag", "password-of-the-server-1"};
  support::SeededRandom random_{1};
  IceClient client_{random_};
  ice::IceLiteAgent agent_{remote_, client_.local()};
  Datagrams sink_;
  rtp::Timestamp now_{seconds(10)};
};

TEST_F(IceClientTest, ChecksCandidatesInTurnUntilOneAnswers) {
  client_.Start(now_, remote_, {one_, two_});
  Advance(seconds(0));
  ASSERT_EQ(sink_.sent.size(), 1u);
  EXPECT_EQ(sink_.sent[0].first, one_);
  Advance(IceClient::kCheckInterval);
  ASSERT_EQ(sink_.sent.size(), 2u);
  EXPECT_EQ(sink_.sent[1].first, two_);
  client_.HandleStun(now_, two_, Answer());
  EXPECT_EQ(client_.selected(), two_);
  EXPECT_EQ(agent_.selected(), us_);
}

TEST_F(IceClientTest, KeepsConsentOnTheSelectedPair) {
  client_.Start(now_, remote_, {one_});
  Advance(seconds(0));
  client_.HandleStun(now_, one_, Answer());
  Advance(IceClient::kCheckInterval);
  EXPECT_EQ(sink_.sent.size(), 1u);
  Advance(IceClient::kConsentInterval);
  ASSERT_EQ(sink_.sent.size(), 2u);
  EXPECT_EQ(sink_.sent[1].first, one_);
}

TEST_F(IceClientTest, BelievesOnlyTheServer) {
  client_.Start(now_, remote_, {one_});
  Advance(seconds(0));
  auto answer = Answer();
  client_.HandleStun(now_, two_, answer);  // from elsewhere
  EXPECT_FALSE(client_.selected());
  answer.back() ^= 1;
  answer[30] ^= 1;
  client_.HandleStun(now_, one_, answer);  // tampered with
  EXPECT_FALSE(client_.selected());
}

TEST_F(IceClientTest, ChecksNothingWithoutCandidates) {
  client_.Start(now_, remote_, {});
  EXPECT_EQ(client_.NextDeadline(), rtp::kNever);
}

}  // namespace
}  // namespace bot
