// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sfu/doctor/checks_files.h"
#include "sfu/doctor/checks_machine.h"
#include "sfu/doctor/checks_xmpp.h"
#include "sfu/doctor/options.h"
#include "sfu/doctor/report.h"
#include "tests/sfu/doctor_says.h"

namespace sfu {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(DoctorReport, IsOneLineForEachFinding) {
  EXPECT_EQ(ToLine(Failed("clock", "it is\nlate", "set it")),
            "FAILED   clock          it is late; set it");
  EXPECT_EQ(ToLine(Ok("clock", "fine")), "ok       clock          fine");
}

TEST(DoctorReport, FailsOnlyByWhatFailed) {
  const std::vector<Finding> well = {Ok("a", "b"), Warning("a", "b", "c")};
  EXPECT_EQ(ExitCode(well), 0);
  EXPECT_EQ(Summary(well), "1 ok, 1 warnings, 0 FAILED");
  EXPECT_EQ(ExitCode({Ok("a", "b"), Failed("a", "b", "c")}), 1);
}

TEST(DoctorReport, IsJsonWhateverOtherProgramsSaid) {
  EXPECT_THAT(ToJson({Failed("a", "\xff\"", "c")}),
              AllOf(HasSubstr("\"health\": \"FAILED\""), HasSubstr("\\\"")));
}

TEST(DoctorOptions, AreSeparatedFromTheServersFlags) {
  const DoctorOptions options = ParseDoctorOptions(
      {"--json", "--workers=2", "--listen", "--page_host=a.example", "-x"});
  EXPECT_TRUE(options.json);
  EXPECT_EQ(options.listen, std::chrono::seconds(60));
  EXPECT_EQ(options.page_host, "a.example");
  EXPECT_THAT(options.rest, ElementsAre("--workers=2", "-x"));
  EXPECT_EQ(options.error, "");
  EXPECT_EQ(ParseDoctorOptions({"--listen=5"}).listen, std::chrono::seconds(5));
}

TEST(DoctorOptions, AreRefusedWithARemedy) {
  for (const char* argument : {"--listen=0", "--listen=x", "--probe",
                               "--probe=host", "--certificate=a"}) {
    EXPECT_NE(ParseDoctorOptions({argument}).error, "") << argument;
  }
}

TEST(DoctorOptions, TakeTargetsOfAllForms) {
  using Ports = std::vector<uint16_t>;
  EXPECT_EQ(ParseProbeTarget("a.example:10000"),
            (ProbeTarget{"a.example", Ports{10000}}));
  EXPECT_EQ(ParseProbeTarget("[2001:db8::1]:1-2,65535"),
            (ProbeTarget{"2001:db8::1", Ports{1, 2, 65535}}));
  for (const char* bad : {"", "a", "a:", ":1", "a:0", "a:65536", "a:2-1",
                          "a:1-2-3", "a:1,", "2001:db8::1:1", "a:1-65"}) {
    EXPECT_EQ(ParseProbeTarget(bad), std::nullopt) << bad;
  }
}

TEST(DoctorMachine, Buffers) {
  EXPECT_THAT(JudgeBuffers({8 << 20, 8 << 20, 4 << 20, 4 << 20}),
              Says(kOk, "8 MiB"));
  const std::string line =
      ToLine(JudgeBuffers({8 << 20, 212992, 4 << 20, 4 << 20}));
  EXPECT_THAT(
      line, AllOf(HasSubstr("warning"), HasSubstr("net.core.rmem_max=8388608"),
                  Not(HasSubstr("wmem"))));
  EXPECT_THAT(JudgeBuffers({8 << 20, 8 << 20, 4 << 20, 1}),
              Says(kWarning, "net.core.wmem_max=4194304"));
}

TEST(DoctorMachine, OpenFiles) {
  EXPECT_THAT(JudgeDescriptors({1024, 2000, 4}),
              Says(kWarning, "LimitNOFILE=4096"));
  EXPECT_THAT(JudgeDescriptors({1024, 100, 1}), Says(kOk, "1024 open files"));
}

TEST(DoctorMachine, Offload) {
  EXPECT_THAT(JudgeOffload({true, true}), Says(kOk, "batches"));
  EXPECT_THAT(JudgeOffload({true, false}), Says(kWarning, "no UDP GRO"));
  EXPECT_THAT(JudgeOffload({false, false}), Says(kWarning, "GSO nor GRO"));
}

TEST(DoctorMachine, Clock) {
  constexpr int64_t kNow = 1'800'000'000;
  EXPECT_THAT(JudgeClock({kNow, true}), Says(kOk, "2027-01-15 08:00 UTC"));
  EXPECT_THAT(JudgeClock({kNow, false}), Says(kWarning, "chrony"));
  EXPECT_THAT(JudgeClock({kNow, {}}), Says(kOk, "2027"));
  EXPECT_THAT(JudgeClock({1000, true}), Says(kFailed, "1970-01-01"));
}

TEST(DoctorMachine, Cores) {
  EXPECT_THAT(JudgeCores({2, 2, {}, {}}), Says(kOk, "2 workers on 2 cores"));
  EXPECT_THAT(JudgeCores({4, 2, {}, {}}), Says(kWarning, "--workers=2"));
  EXPECT_THAT(JudgeCores({4, 8, 1.5, {}}), Says(kWarning, "--workers=1"));
  EXPECT_THAT(JudgeCores({1, 8, 0.5, {}}), Says(kOk, "1 worker "));
  EXPECT_THAT(JudgeCores({2, 2, {}, {1, 1}}), Says(kWarning, "processor 1"));
}

TEST(DoctorFiles, Secret) {
  EXPECT_THAT(JudgeSecret({"s", 0600}), Says(kOk, "owner only"));
  EXPECT_THAT(JudgeSecret({"s", 0640}), Says(kOk, "owner and group"));
  EXPECT_THAT(JudgeSecret({"s", 0644}), Says(kWarning, "chmod 600 s"));
  EXPECT_THAT(JudgeSecret({"s", 0620}), Says(kWarning, "chmod g-w s"));
}

class DoctorCertificate : public testing::Test {
 protected:
  DoctorCertificate() {
    facts_.certificate_path = "c.pem";
    facts_.key_path = "k.pem";
    facts_.key_mode = 0600;
    facts_.key_matches = true;
    facts_.chain = 2;
    facts_.not_before = 1'800'000'000;
    facts_.now = facts_.not_before + kDay;
    facts_.not_after = facts_.not_before + 90 * kDay;
    facts_.names = {"a.example"};
  }
  static constexpr int64_t kDay = 86400;
  CertificateFacts facts_;
};

TEST_F(DoctorCertificate, IsWell) {
  EXPECT_THAT(JudgeCertificate(facts_), Says(kOk, "a.example, 89 days left"));
}

TEST_F(DoctorCertificate, OfAnotherTime) {
  facts_.now = facts_.not_after - 14 * kDay;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kWarning, "in 14 days"));
  facts_.now = facts_.not_after - 15 * kDay;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kOk, "15 days"));
  facts_.now = facts_.not_after + 3 * kDay;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kFailed, "expired 3 days ago"));
  facts_.now = facts_.not_before - 2 * kDay;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kFailed, "clock"));
}

TEST_F(DoctorCertificate, ThatDoesNotFit) {
  facts_.unnamed = {"b.example"};
  EXPECT_THAT(JudgeCertificate(facts_), Says(kFailed, "not for b.example"));
  facts_.key_matches = false;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kFailed, "not the key"));
  facts_.key_error = "Permission denied";
  EXPECT_THAT(JudgeCertificate(facts_), Says(kFailed, "key k.pem: Permission"));
  facts_.certificate_error = "No such file or directory";
  EXPECT_THAT(JudgeCertificate(facts_), Says(kFailed, "c.pem: No such file"));
}

TEST_F(DoctorCertificate, ThatSomeRefuse) {
  facts_.chain = 1;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kWarning, "fullchain.pem"));
  facts_.self_signed = true;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kWarning, "self-signed"));
  facts_.key_mode = 0644;
  EXPECT_THAT(JudgeCertificate(facts_), Says(kWarning, "chmod o= k.pem"));
}

Config Example() {
  Config config;
  config.component_server = {"127.0.0.1", 5347};
  config.component = "sfu.example";
  config.guest_domain = "guest.example";
  config.muc = "muc.example";
  config.xmpp_websocket = {"127.0.0.1", 5280};
  config.xmpp_websocket_path = "/ws";
  config.admin_listen_ip = "127.0.0.1";
  config.admin_port = 8081;
  return config;
}

TEST(DoctorXmpp, ComponentLink) {
  const auto judge = [](const ComponentFacts& facts) {
    return JudgeComponent(Example(), facts);
  };
  EXPECT_THAT(judge({true, true, ""}), Says(kOk, "accepts sfu.example"));
  EXPECT_THAT(judge({false, false, "Connection refused"}),
              Says(kFailed, "start the XMPP server"));
  EXPECT_THAT(judge({true, false, "stream error not-authorized x"}),
              Says(kFailed, "refuses the secret"));
  EXPECT_THAT(judge({true, false, "stream error host-unknown x"}),
              Says(kFailed, "Component \"sfu.example\""));
  EXPECT_THAT(judge({true, false, "stream error conflict "}),
              Says(kFailed, "kick_old"));
  EXPECT_THAT(judge({true, false, "no answer within 5 seconds"}),
              Says(kFailed, "XEP-0114"));
}

TEST(DoctorXmpp, Guests) {
  using Step = GuestFacts::Step;
  GuestFacts facts;
  const auto judge = [&facts] { return JudgeGuest(Example(), facts); };
  EXPECT_THAT(judge(), ElementsAre(Says(kFailed, "http_ports")));
  facts.step = Step::kConnected;
  EXPECT_THAT(judge(), ElementsAre(Says(kFailed, "plain HTTP")));
  facts.http_status = 404;
  EXPECT_THAT(judge(), ElementsAre(Says(kFailed, "HTTP status 404")));
  facts.step = Step::kWebSocket;
  EXPECT_THAT(judge(),
              ElementsAre(Says(kFailed, "VirtualHost \"guest.example\"")));
  facts.step = Step::kStream;
  EXPECT_THAT(judge(), ElementsAre(Says(kFailed, "consider_websocket_secure")));
  facts.mechanisms = {"PLAIN"};
  EXPECT_THAT(judge(), ElementsAre(Says(kFailed, "but PLAIN")));
  facts.mechanisms = {"PLAIN", "ANONYMOUS"};
  EXPECT_THAT(judge(), ElementsAre(Says(kFailed, "refuses")));
  facts.step = Step::kLoggedIn;
  facts.muc_is_conference = true;
  EXPECT_THAT(judge(), ElementsAre(Says(kOk, "in"), Says(kOk, "muc.example")));
  facts.muc_is_conference = false;
  EXPECT_THAT(judge(), ElementsAre(Says(kOk, ""), Says(kFailed, "no chat")));
  facts.muc_error = "item-not-found";
  EXPECT_THAT(judge(), ElementsAre(Says(kOk, ""), Says(kFailed, "not-found")));
}

TEST(DoctorXmpp, RunningServer) {
  const auto judge = [](const ServerFacts& facts) {
    return JudgeServer(Example(), facts);
  };
  EXPECT_EQ(judge({}), std::nullopt);
  EXPECT_THAT(*judge({true, false, 200, "ok\n", 200, "ok\n"}),
              Says(kFailed, "another program answers at 127.0.0.1:8081"));
  EXPECT_THAT(*judge({true, true, 200, "ok\n", 200, "ok\n"}),
              Says(kOk, "ready"));
  EXPECT_THAT(*judge({true, true, 503, "a worker stands still\n", 503, ""}),
              Says(kFailed, "a worker stands still"));
  const ServerFacts unlinked{
      true, true, 200, "ok\n", 503, "the link to the XMPP server is down\n"};
  EXPECT_TRUE(LacksComponentLink(unlinked));
  EXPECT_THAT(*judge(unlinked), Says(kFailed, "component below"));
  const ServerFacts draining{true, true, 200, "ok\n", 503, "draining\n"};
  EXPECT_FALSE(LacksComponentLink(draining));
  EXPECT_THAT(*judge(draining), Says(kWarning, "draining"));
}

}  // namespace
}  // namespace sfu
