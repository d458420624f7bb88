// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sfu/doctor/checks_network.h"
#include "sfu/doctor/udp.h"
#include "tests/sfu/doctor_says.h"

namespace sfu {
namespace {

using testing::ElementsAre;

TEST(DoctorAddresses, HaveAScope) {
  const auto scope = [](const char* ip) {
    return ScopeOf(*ice::SocketAddress::Parse(ip, 0));
  };
  EXPECT_EQ(scope("8.8.8.8"), IpScope::kGlobal);
  EXPECT_EQ(scope("172.15.0.1"), IpScope::kGlobal);
  EXPECT_EQ(scope("172.31.255.255"), IpScope::kPrivate);
  EXPECT_EQ(scope("100.127.0.1"), IpScope::kPrivate);
  EXPECT_EQ(scope("100.128.0.1"), IpScope::kGlobal);
  EXPECT_EQ(scope("127.9.9.9"), IpScope::kLoopback);
  EXPECT_EQ(scope("169.254.1.1"), IpScope::kLinkLocal);
  EXPECT_EQ(scope("203.0.113.7"), IpScope::kDocumentation);
  EXPECT_EQ(scope("224.0.0.1"), IpScope::kUnusable);
  EXPECT_EQ(scope("255.255.255.255"), IpScope::kUnusable);
  EXPECT_EQ(scope("2a00::1"), IpScope::kGlobal);
  EXPECT_EQ(scope("fd00::2"), IpScope::kPrivate);
  EXPECT_EQ(scope("fe80::1"), IpScope::kLinkLocal);
  EXPECT_EQ(scope("::1"), IpScope::kLoopback);
  EXPECT_EQ(scope("::ffff:10.0.0.1"), IpScope::kPrivate);
  EXPECT_EQ(scope("2001:db8::1"), IpScope::kDocumentation);
}

// A machine with a public and a private address and its page on all.
AddressFacts Public(std::vector<std::string> advertise) {
  return {std::move(advertise),
          "0.0.0.0",
          "0.0.0.0",
          {"127.0.0.1", "5.9.0.1", "10.0.0.5"}};
}
// One behind a NAT, with its page behind a proxy.
AddressFacts Behind(std::vector<std::string> advertise) {
  return {
      std::move(advertise), "0.0.0.0", "127.0.0.1", {"127.0.0.1", "10.0.0.5"}};
}

TEST(DoctorAddresses, OfThePublicNetwork) {
  EXPECT_THAT(JudgeAddresses(Public({"5.9.0.1"})),
              ElementsAre(Says(kOk, "of this machine and public")));
  EXPECT_THAT(JudgeAddresses(Behind({"5.9.0.1"})),
              ElementsAre(Says(kOk, "one of: 10.0.0.5")));
  EXPECT_THAT(JudgeAddresses(Public({"5.9.0.2"})),
              ElementsAre(Says(kWarning, "advertise one of those")));
}

TEST(DoctorAddresses, ThatOthersCannotReach) {
  EXPECT_THAT(JudgeAddresses(Public({"10.0.0.5"})),
              ElementsAre(Says(kWarning, "--advertise=PUBLIC_IP,10.0.0.5")));
  EXPECT_THAT(JudgeAddresses(Public({"5.9.0.1", "10.0.0.5"})),
              ElementsAre(Says(kOk, "public"), Says(kOk, "own network")));
  EXPECT_THAT(JudgeAddresses(Behind({"10.0.0.6"})),
              ElementsAre(Says(kWarning, "not of this machine")));
  EXPECT_THAT(JudgeAddresses(Public({"127.0.0.1"})),
              ElementsAre(Says(kFailed, "5.9.0.1, 10.0.0.5")));
  EXPECT_THAT(JudgeAddresses(Behind({"127.0.0.1"})),
              ElementsAre(Says(kOk, "only clients on this machine")));
  EXPECT_THAT(JudgeAddresses(Behind({"169.254.3.3"})),
              ElementsAre(Says(kWarning, "next cable")));
  EXPECT_THAT(JudgeAddresses(Behind({"203.0.113.7"})),
              ElementsAre(Says(kFailed, "example of manuals")));
  EXPECT_THAT(JudgeAddresses(Behind({"239.1.1.1"})),
              ElementsAre(Says(kFailed, "no address of a server")));
  // A laboratory that numbers its machines so.
  AddressFacts laboratory = Behind({"203.0.113.7"});
  laboratory.own = {"203.0.113.7"};
  EXPECT_THAT(JudgeAddresses(laboratory),
              ElementsAre(Says(kWarning, "own network")));
}

TEST(DoctorAddresses, ForALan) {
  AddressFacts facts = Behind({"10.0.0.5"});
  EXPECT_THAT(JudgeAddresses(facts), ElementsAre(Says(kWarning, "private")));
  facts.http_listen_ip = "10.0.0.5";
  EXPECT_THAT(JudgeAddresses(facts), ElementsAre(Says(kOk, "own network")));
  facts.http_listen_ip = "0.0.0.0";
  EXPECT_THAT(JudgeAddresses(facts), ElementsAre(Says(kOk, "own network")));
}

TEST(DoctorAddresses, ThatTheSocketDoesNotTake) {
  AddressFacts facts = Public({"2a00::1"});
  EXPECT_THAT(JudgeAddresses(facts),
              ElementsAre(Says(kFailed, "set --media_address=::")));
  facts.media_address = "::";
  EXPECT_THAT(JudgeAddresses(facts), ElementsAre(Says(kOk, "2a00::1")));
  facts = Public({"5.9.0.1"});
  facts.media_address = "2a00::1";
  EXPECT_THAT(JudgeAddresses(facts),
              ElementsAre(Says(kFailed, "takes IPv6 only")));
  facts.media_address = "10.0.0.5";
  EXPECT_THAT(JudgeAddresses(facts),
              ElementsAre(Says(kFailed, "received on 10.0.0.5 only")));
  facts.advertise = {"5.9.0.2"};  // by a NAT
  EXPECT_THAT(JudgeAddresses(facts), ElementsAre(Says(kWarning, "5.9.0.2")));
  facts.media_address = "127.0.0.1";
  EXPECT_THAT(JudgeAddresses(facts), ElementsAre(Says(kFailed, "127.0.0.1")));
}

TEST(DoctorAddresses, OfIpv6ThatIsNotUsed) {
  AddressFacts facts = Public({"5.9.0.1"});
  facts.own.push_back("2a00::1");
  EXPECT_THAT(JudgeAddresses(facts),
              ElementsAre(Says(kOk, "public"), Says(kOk, "ipv6")));
}

TEST(DoctorPorts, AreToldAsRanges) {
  EXPECT_EQ(PortsToString({}), "");
  EXPECT_EQ(PortsToString({7}), "7");
  EXPECT_EQ(PortsToString({1, 2, 3, 5, 8, 9}), "1-3,5,8-9");
}

TEST(DoctorPorts, HaveARemedyForEachError) {
  const auto judge = [](int error) {
    return JudgeMediaPorts({{"0.0.0.0:10000", 0}, {"0.0.0.0:10001", error}});
  };
  EXPECT_THAT(judge(0), Says(kOk, "2 ports are free: 0.0.0.0:10000"));
  EXPECT_THAT(judge(EADDRINUSE), Says(kFailed, "ss -lunp"));
  EXPECT_THAT(judge(EADDRNOTAVAIL), Says(kFailed, "ip address"));
  EXPECT_THAT(judge(EACCES), Says(kFailed, "1024"));
  EXPECT_THAT(judge(EMFILE), Says(kFailed, "0.0.0.0:10001"));
}

TEST(DoctorPorts, ThatAreNotReached) {
  HairpinFacts facts{"5.9.0.1", true, {10000, 10001}, {}, ""};
  EXPECT_THAT(JudgeHairpin(facts), Says(kOk, "10000-10001/udp"));
  facts.silent = {10001};
  EXPECT_THAT(JudgeHairpin(facts), Says(kFailed, "firewall"));
  facts.own = false;
  facts.address = "2a00::1";
  EXPECT_THAT(JudgeHairpin(facts), Says(kWarning, "--probe=[2a00::1]:10001"));
}

TEST(DoctorPorts, AskedFromElsewhere) {
  EXPECT_THAT(JudgeProbe({"5.9.0.1:1", 0, "7.7.7.7:9"}),
              Says(kOk, "sees 7.7.7.7:9"));
  EXPECT_THAT(JudgeProbe({"5.9.0.1:1", 0, ""}),
              Says(kFailed, "does not answer"));
  EXPECT_THAT(JudgeProbe({"5.9.0.1:1", ECONNREFUSED, ""}),
              Says(kFailed, "nothing listens"));
  EXPECT_THAT(JudgeProbe({"5.9.0.1:1", ENETUNREACH, ""}),
              Says(kFailed, "own network"));
}

TEST(DoctorPorts, AnswerEachOther) {
  StunResponder responder;
  const auto any = *ice::SocketAddress::Parse("127.0.0.1", 0);
  ASSERT_EQ(responder.Open(any), 0);
  // Where that is, only the system knows; a second one in its place fails.
  sockaddr_storage at{};
  socklen_t length = sizeof(at);
  ASSERT_EQ(getsockname(responder.ports()[0].fd,
                        reinterpret_cast<sockaddr*>(&at), &length),
            0);
  const auto target = *ice::SocketAddress::FromSockaddr(
      reinterpret_cast<sockaddr*>(&at), length);
  EXPECT_EQ(responder.Open(target), EADDRINUSE);
  const auto results = Probe({target}, std::chrono::seconds(10), &responder);
  ASSERT_EQ(results.size(), 1u);
  ASSERT_TRUE(results[0].seen_as);
  EXPECT_EQ(results[0].seen_as->IpToString(), "127.0.0.1");
}

TEST(DoctorPorts, CountedByARunningServer) {
  const std::string metrics =
      "carillon_dropped_total{worker=\"0\",reason=\"stun_rejected\"} 3\n"
      "carillon_dropped_total{worker=\"0\",reason=\"too_large\"} 9\n"
      "carillon_dropped_total{reason=\"stun_rejected\",worker=\"1\"} 0\n";
  EXPECT_THAT(StunRefused(metrics, 3), ElementsAre(3, 0, std::nullopt));
}

}  // namespace
}  // namespace sfu
