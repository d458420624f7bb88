// SPDX-License-Identifier: GPL-3.0-or-later
// The HTTP server over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <memory>
#include <string>

#include "sfu/http_server.h"
#include "tests/sfu/loopback.h"
#include "tests/sfu/tls_files.h"

namespace sfu {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kRequest[] =
    "GET /tea HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

class HttpsServerTest : public testing::Test {
 protected:
  HttpsServerTest() {
    files_.Make("one.example");
    std::string error;
    tls_ = TlsContext::Load(files_.certificate(), files_.key(), &error);
    config_.ip = "127.0.0.1";
    config_.tls = tls_.get();
  }
  void Start() {
    ASSERT_NE(tls_, nullptr);
    server_ = std::make_unique<HttpServer>(
        context_, config_,
        [this](const HttpRequest& request) {
          return HttpResponse{.body = request.target + body_};
        },
        nullptr);
    ASSERT_EQ(server_->Open(), "");
    thread_ = std::make_unique<ContextThread>(context_);
  }
  size_t Connections() {
    return thread_->Call([this] { return server_->connections(); });
  }
  std::string NameNow() {
    TlsLoopbackClient client(server_->port());
    EXPECT_FALSE(client.ShakeHands());
    return client.ServerName();
  }

  TlsFiles files_{"https_server_test"};
  std::unique_ptr<TlsContext> tls_;
  HttpServer::Config config_;
  std::string body_;
  boost::asio::io_context context_{1};
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<ContextThread> thread_;  // stops before the server goes
};

TEST_F(HttpsServerTest, AnswersAndSaysFarewell) {
  body_ = std::string(1 << 20, 'x');
  Start();
  TlsLoopbackClient client(server_->port());
  ASSERT_FALSE(client.ShakeHands());
  EXPECT_STREQ(SSL_get_version(client.native()), "TLSv1.3");
  client.Write(kRequest);
  boost::system::error_code end;
  const std::string response = client.ReadAll(&end);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(response.ends_with("\r\n\r\n/tea" + body_));
  // Without the farewell this would be stream_truncated.
  EXPECT_EQ(end, boost::asio::error::eof);
}

TEST_F(HttpsServerTest, AnswersSeveralRequestsOnOneConnection) {
  Start();
  TlsLoopbackClient client(server_->port());
  ASSERT_FALSE(client.ShakeHands());
  client.Write("GET /one HTTP/1.1\r\nHost: a\r\n\r\n");
  client.Write(kRequest);
  const std::string both = client.ReadAll();
  EXPECT_THAT(both, HasSubstr("\r\n\r\n/oneHTTP/1.1 200"));
  EXPECT_THAT(both, EndsWith("\r\n\r\n/tea"));
}

TEST_F(HttpsServerTest, SpeaksTls12ButNothingOlder) {
  Start();
  TlsLoopbackClient modern(server_->port());
  SSL_set_max_proto_version(modern.native(), TLS1_2_VERSION);
  ASSERT_FALSE(modern.ShakeHands());
  EXPECT_THAT(SSL_get_cipher(modern.native()), StartsWith("ECDHE-"));
  TlsLoopbackClient old(server_->port());
  SSL_set_security_level(old.native(), 0);
  SSL_set_max_proto_version(old.native(), TLS1_1_VERSION);
  EXPECT_TRUE(old.ShakeHands());
}

TEST_F(HttpsServerTest, AgreesOnHttp11ByAlpn) {
  Start();
  TlsLoopbackClient client(server_->port());
  constexpr unsigned char kOffer[] = "\x02h2\x08http/1.1";
  SSL_set_alpn_protos(client.native(), kOffer, sizeof(kOffer) - 1);
  ASSERT_FALSE(client.ShakeHands());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.native(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size),
            "http/1.1");
  TlsLoopbackClient other(server_->port());
  SSL_set_alpn_protos(other.native(), kOffer, 3);
  EXPECT_TRUE(other.ShakeHands());
}

TEST_F(HttpsServerTest, TellsThoseWhoSpeakPlainHttp) {
  Start();
  {
    LoopbackClient client(server_->port());
    client.Write(kRequest);
    const std::string response = client.ReadAll();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(response, HasSubstr("https://"));
    LoopbackClient noise(server_->port());
    noise.Write(std::string(100, '\xff'));
    // An alert perhaps, and an end.
    EXPECT_LT(noise.ReadAll().size(), 20u);
    LoopbackClient silent(server_->port());
    silent.socket().shutdown(boost::asio::socket_base::shutdown_send);
    EXPECT_EQ(silent.ReadAll(), "");
  }
  while (Connections() > 0) std::this_thread::yield();
}

TEST_F(HttpsServerTest, CutsASlowHandshakeOffAndCountsIt) {
  config_.read_timeout = std::chrono::milliseconds(300);
  config_.max_connections = 1;
  Start();
  LoopbackClient slow(server_->port());
  slow.Write("\x16\x03\x01");  // a record begins
  while (Connections() == 0) std::this_thread::yield();
  LoopbackClient second(server_->port());
  EXPECT_EQ(second.ReadAll(), "");  // while the first still shakes hands
  EXPECT_EQ(slow.ReadAll(), "");
  while (Connections() > 0) std::this_thread::yield();
  EXPECT_EQ(NameNow(), "one.example");
}

TEST_F(HttpsServerTest, CutsASlowRequestOff) {
  config_.read_timeout = std::chrono::milliseconds(300);
  Start();
  TlsLoopbackClient client(server_->port());
  ASSERT_FALSE(client.ShakeHands());
  client.Write("GET / HTTP/1.1\r\nHost: slo");
  EXPECT_EQ(client.ReadAll(), "");
  while (Connections() > 0) std::this_thread::yield();
}

TEST_F(HttpsServerTest, ShowsANewCertificateAndKeepsOldConnections) {
  Start();
  TlsLoopbackClient old(server_->port());
  ASSERT_FALSE(old.ShakeHands());
  old.Write("GET /one HTTP/1.1\r\nHost: a\r\n\r\n");
  files_.Make("two.example");
  EXPECT_EQ(thread_->Call([this] { return tls_->Reload(); }), "");
  EXPECT_EQ(NameNow(), "two.example");
  old.Write(kRequest);
  EXPECT_THAT(old.ReadAll(), EndsWith("\r\n\r\n/tea"));
  EXPECT_EQ(old.ServerName(), "one.example");
}

}  // namespace
}  // namespace sfu
