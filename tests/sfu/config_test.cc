// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/config.h"

#include <absl/flags/reflection.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sfu {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    Write("secret", "0123456789abcdef0123456789abcdef\n");
    Write("short", "tooshort\n");
  }

  std::string Path(const std::string& name) const {
    return testing::TempDir() + "/carillon_config_test_" + name;
  }
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(Path(name)) << content;
  }
  // Parses `arguments` after those that make a valid command line.
  absl::StatusOr<Config> Parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"carillon", "--component_secret_file=" + Path("secret"),
                      "--advertise=192.0.2.1"});
    return ParseAlone(arguments);
  }
  absl::StatusOr<Config> ParseAlone(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    return ParseConfig(static_cast<int>(argv.size()), argv.data());
  }
  std::string ErrorOf(const std::vector<std::string>& arguments) {
    return std::string(Parse(arguments).status().message());
  }

 private:
  absl::FlagSaver saver_;  // flags are as before after each test
};

TEST_F(ConfigTest, HasWorkingDefaults) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->component_server, (Endpoint{"127.0.0.1", 5347}));
  EXPECT_EQ(config->component_secret, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(config->xmpp_websocket, (Endpoint{"127.0.0.1", 5280}));
  EXPECT_EQ(config->xmpp_websocket_path, "/xmpp-websocket");
  EXPECT_EQ(config->http_listen_ip, "127.0.0.1");
  EXPECT_EQ(config->http_port, 8080);
  EXPECT_EQ(config->admin_port, 8081);
  EXPECT_EQ(config->media_port, 10000);
  EXPECT_EQ(config->advertise, (std::vector<std::string>{"192.0.2.1"}));
  EXPECT_EQ(config->max_peers, 2000u);
  EXPECT_EQ(config->drain_timeout, std::chrono::seconds(60));
  EXPECT_FALSE(config->log_addresses);
}

TEST_F(ConfigTest, RoomsAreTiedToNoMucUnlessAskedFor) {
  EXPECT_EQ(Parse({})->paired_muc, "");
  EXPECT_EQ(Parse({"--paired_muc=auto"})->paired_muc, "auto");
}

TEST_F(ConfigTest, ReadsAFlagFile) {
  Write("flags",
        "# media\n--media_port=20000\n\n--log_addresses\n--workers=2\n");
  const auto config = Parse({"--flagfile=" + Path("flags"), "--workers=3"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->media_port, 20000);
  EXPECT_TRUE(config->log_addresses);
  EXPECT_EQ(config->workers, 3u);
}

TEST_F(ConfigTest, ReadsTheAdminToken) {
  EXPECT_EQ(Parse({})->admin_token, "");
  Write("token", "fedcba9876543210\n");
  const auto config = Parse({"--admin_token_file=" + Path("token")});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->admin_token, "fedcba9876543210");
  EXPECT_EQ(config->component_secret, "0123456789abcdef0123456789abcdef");
}

TEST_F(ConfigTest, RefusesUnknownFlagsOnTheLineAndInFiles) {
  EXPECT_THAT(ErrorOf({"--media_prot=1"}), HasSubstr("--media_prot"));
  Write("flags", "--wrokers=2\n");
  EXPECT_THAT(ErrorOf({"--flagfile=" + Path("flags")}), HasSubstr("--wrokers"));
  EXPECT_THAT(ErrorOf({"--flagfile=" + Path("missing")}),
              HasSubstr("--flagfile"));
  EXPECT_THAT(ErrorOf({"stray"}), HasSubstr("'stray'"));
}

TEST_F(ConfigTest, RefusesValuesNamingTheFlag) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--media_port=ten", "--media_port"},
      {"--media_port=0", "--media_port"},
      {"--media_port=65536", "--media_port"},
      {"--workers=0", "--workers"},
      {"--workers=65", "--workers"},
      {"--spread_after=0", "--spread_after"},
      {"--component_port=70000", "--component_port"},
      {"--component=a b", "--component"},
      {"--component=", "--component"},
      {"--muc=x@y", "--muc"},
      {"--paired_muc=standup@muc.example", "--paired_muc"},
      {"--media_address=localhost", "--media_address"},
      {"--advertise=example.org", "--advertise"},
      {"--advertise=0.0.0.0", "--advertise"},
      {"--advertise=", "--advertise"},
      {"--http_listen=8080", "--http_listen"},
      {"--http_listen=localhost:8080", "--http_listen"},
      {"--tls_key=key.pem", "--tls_certificate"},
      {"--tls_certificate=certificate.pem", "--tls_key"},
      {"--http_redirect_listen=0.0.0.0:80", "--tls_certificate"},
      {"--http_redirect_listen=80", "--http_redirect_listen"},
      {"--admin_listen=127.0.0.1:99999", "--admin_listen"},
      {"--xmpp_websocket=http://127.0.0.1/", "--xmpp_websocket"},
      {"--xmpp_websocket=ws://127.0.0.1:5280", "--xmpp_websocket"},
      {"--cpus=0,0", "--cpus"},
      {"--cpus=99999", "--cpus"},
      {"--log_level=loud", "--log_level"},
      {"--max_peers=0", "--max_peers"},
      {"--drain_timeout_s=-1", "--drain_timeout_s"},
      {"--component_host=192.0.2.7", "--component_host"},
      {"--component_secret_file=", "--component_secret_file"},
      {"--component_secret_file=/nonexistent", "--component_secret_file"},
      {"--component_secret_file=" + Path("short"), "--component_secret_file"},
      {"--admin_token_file=/nonexistent", "--admin_token_file"},
      {"--admin_token_file=" + Path("short"), "--admin_token_file"},
  };
  for (const auto& [argument, flag] : cases) {
    absl::FlagSaver saver;
    const auto config = Parse({argument});
    ASSERT_FALSE(config.ok()) << argument;
    const std::string message(config.status().message());
    EXPECT_THAT(message, HasSubstr(flag)) << argument;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST_F(ConfigTest, TakesATlsCertificateWithItsKey) {
  const auto config =
      Parse({"--tls_certificate=a.pem", "--tls_key=b.pem",
             "--http_listen=0.0.0.0:443", "--http_redirect_listen=0.0.0.0:80"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->tls_certificate, "a.pem");
  EXPECT_EQ(config->tls_key, "b.pem");
  EXPECT_EQ(config->http_redirect_ip, "0.0.0.0");
  EXPECT_EQ(config->http_redirect_port, 80);
  EXPECT_THAT(ErrorOf({"--tls_certificate=a.pem", "--tls_key=b.pem",
                       "--http_listen=", "--http_redirect_listen=[::]:80"}),
              HasSubstr("--http_listen"));
}

TEST_F(ConfigTest, NeverShowsTheSecret) {
  EXPECT_EQ(
      ErrorOf({"--component_secret_file=" + Path("short")}).find("tooshort"),
      std::string::npos);
}

TEST_F(ConfigTest, AllowsARemoteComponentLinkWhenTold) {
  const auto config =
      Parse({"--component_host=xmpp.example.org", "--allow_remote_component"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->component_server.host, "xmpp.example.org");
}

TEST_F(ConfigTest, AdvertisesTheMediaAddressIfNothingElseIsNamed) {
  const auto config = Parse({"--advertise=", "--media_address=::1",
                             "--http_listen=[::1]:0", "--admin_listen="});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->advertise, (std::vector<std::string>{"::1"}));
  EXPECT_EQ(config->http_listen_ip, "::1");
  EXPECT_EQ(config->http_port, 0);
  EXPECT_TRUE(config->admin_listen_ip.empty());
}

TEST(EndpointTest, WritesIpv6InBrackets) {
  EXPECT_EQ(ToString(Endpoint{"::1", 80}), "[::1]:80");
  EXPECT_EQ(ToString(Endpoint{"example.org", 80}), "example.org:80");
}

}  // namespace
}  // namespace sfu
