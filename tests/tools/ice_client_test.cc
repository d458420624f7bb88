// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/ice_client.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
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
  client_.HandleStun(now_, two_, Answer(), sink_);
  EXPECT_EQ(client_.selected(), two_);
  EXPECT_EQ(agent_.selected(), us_);
}

TEST_F(IceClientTest, KeepsConsentOnTheSelectedPair) {
  client_.Start(now_, remote_, {one_});
  Advance(seconds(0));
  client_.HandleStun(now_, one_, Answer(), sink_);
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
  client_.HandleStun(now_, two_, answer, sink_);  // from elsewhere
  EXPECT_FALSE(client_.selected());
  answer.back() ^= 1;
  answer[30] ^= 1;
  client_.HandleStun(now_, one_, answer, sink_);  // tampered with
  EXPECT_FALSE(client_.selected());
}

TEST_F(IceClientTest, AsksAPeerThatIsSilentEverMoreSeldomAndGivesItUp) {
  client_.Start(now_, remote_, {one_});
  while (client_.NextDeadline() != rtp::kNever) {
    now_ = client_.NextDeadline();
    client_.HandleTimeout(now_, sink_);
  }
  EXPECT_TRUE(client_.lost());
  EXPECT_GE(now_ - rtp::Timestamp(seconds(10)), IceClient::kConsentTimeout);
  EXPECT_GT(sink_.sent.size(), 60u);
  EXPECT_LT(sink_.sent.size(), 160u);
}

TEST_F(IceClientTest, RestartKeepsThePairUntilANewOneAnswers) {
  client_.Start(now_, remote_, {one_});
  Advance(seconds(0));
  client_.HandleStun(now_, one_, Answer(), sink_);
  const rtp::IceCredentials before = client_.local();
  client_.Restart();
  EXPECT_NE(client_.local().ufrag, before.ufrag);
  const rtp::IceCredentials again{"again", "password-of-the-server-2"};
  ice::IceLiteAgent other(again, client_.local());
  client_.Start(now_, again, {two_});
  EXPECT_EQ(client_.selected(), one_);
  Advance(seconds(0));
  ASSERT_EQ(sink_.sent.back().first, two_);
  Datagrams answers;
  other.HandleStun(now_, us_, sink_.sent.back().second, answers);
  client_.HandleStun(now_, two_, answers.sent.back().second, sink_);
  EXPECT_EQ(client_.selected(), two_);
}

TEST_F(IceClientTest, AnswersAFullAgentAndKeepsItsRole) {
  client_.Start(now_, remote_, {});
  const auto ask = [&](bool controlling, const std::string& password) {
    std::array<uint8_t, 256> buffer;
    ice::StunWriter writer(buffer, ice::StunClass::kRequest, {1});
    writer.AddUsername(client_.local().ufrag + ":" + remote_.ufrag);
    controlling ? writer.AddIceControlling(1) : writer.AddIceControlled(1);
    writer.AddIntegrity(password);
    writer.AddFingerprint();
    sink_.sent.clear();
    client_.HandleStun(now_, one_, writer.written(), sink_);
    return sink_.sent.empty() ? std::nullopt
                              : ice::StunMessage::Parse(sink_.sent[0].second);
  };
  const auto answer = ask(false, client_.local().pwd);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message_class, ice::StunClass::kSuccess);
  EXPECT_EQ(answer->mapped_address, one_);
  EXPECT_TRUE(answer->VerifyIntegrity(client_.local().pwd));
  const auto conflict = ask(true, client_.local().pwd);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->error_code, 487);
  EXPECT_FALSE(ask(false, "another password"));
}

TEST_F(IceClientTest, ChecksNothingWithoutCandidates) {
  client_.Start(now_, remote_, {});
  EXPECT_EQ(client_.NextDeadline(), rtp::kNever);
}

}  // namespace
}  // namespace bot
