// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "sfu/page_site.h"
#include "tests/sfu/loopback.h"

namespace sfu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    config_.ip = "127.0.0.1";
    config_.flag = "http_listen";
    const fs::path page =
        fs::path(testing::TempDir()) / "carillon_http_server_test";
    fs::create_directories(page);
    std::ofstream(page / "index.html") << "<page>";
    std::string error;
    site_ = std::make_unique<PageSite>(
        PageSite::Config{}, *StaticFiles::Load(page.string(), &error));
  }
  void Start() {
    server_ = std::make_unique<HttpServer>(
        context_, config_,
        [this](const HttpRequest& request) { return site_->Handle(request); },
        nullptr);
    ASSERT_EQ(server_->Open(), "");
    thread_ = std::make_unique<ContextThread>(context_);
  }
  // Sends `request` and returns everything until the server closes.
  std::string Ask(const std::string& request) {
    LoopbackClient client(server_->port());
    client.Write(request);
    return client.ReadAll();
  }
  std::string Get(const std::string& target, const std::string& headers = "",
                  const std::string& method = "GET") {
    return Ask(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" +
               headers + "Connection: close\r\n\r\n");
  }
  size_t Connections() {
    return thread_->Call([this] { return server_->connections(); });
  }

  HttpServer::Config config_;
  std::unique_ptr<PageSite> site_;
  boost::asio::io_context context_{1};
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<ContextThread> thread_;  // stops before the server goes
};

TEST_F(HttpServerTest, ServesThePageUnderARoomName) {
  Start();
  const std::string response = Get("/standup");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response,
              HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Security-Policy: default-src"));
  EXPECT_THAT(response, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_TRUE(response.ends_with("\r\n\r\n<page>"));
}

TEST_F(HttpServerTest, AnswersAKnownEtagWithoutABody) {
  Start();
  const std::string first = Get("/");
  const size_t begin = first.find("ETag: ");
  ASSERT_NE(begin, std::string::npos);
  const std::string etag =
      first.substr(begin + 6, first.find("\r\n", begin) - begin - 6);
  const std::string second = Get("/", "If-None-Match: \"x\", " + etag + "\r\n");
  EXPECT_THAT(second, StartsWith("HTTP/1.1 304 "));
  EXPECT_TRUE(second.ends_with("\r\n\r\n"));
  EXPECT_THAT(Get("/", "If-None-Match: \"other\"\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, AnswersHeadWithTheLengthAndNoBody) {
  Start();
  const std::string response = Get("/", "", "HEAD");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(response, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_TRUE(response.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  Start();
  const std::string both =
      Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"
          "GET /lost.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(both, HasSubstr("200 OK"));
  EXPECT_THAT(both, HasSubstr("404 Not Found"));
}

TEST_F(HttpServerTest, RefusesOtherMethodsAndPaths) {
  Start();
  EXPECT_THAT(Get("/", "Content-Length: 0\r\n", "POST"),
              StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Get("/%2e%2e/%2e%2e/etc/passwd"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get("/../../etc/passwd"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, BoundsHeadersAndBodies) {
  Start();
  const std::string padding(8000, 'x');
  EXPECT_THAT(Get("/", "X-A: " + padding.substr(0, 7000) + "\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get("/", "X-A: " + padding + "\r\nX-B: " + padding + "\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Get("/", "Content-Length: 65537\r\n", "POST"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, CutsASlowRequestOff) {
  config_.read_timeout = std::chrono::milliseconds(50);
  Start();
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: slo"), "");
  EXPECT_EQ(Ask(""), "");
}

TEST_F(HttpServerTest, TakesNoMoreConnectionsThanAllowed) {
  config_.max_connections = 2;
  Start();
  auto first = std::make_unique<LoopbackClient>(server_->port());
  LoopbackClient second(server_->port());
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_EQ(Connections(), 2u);
  first->Write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(first->ReadAll(), StartsWith("HTTP/1.1 200 "));
  first.reset();
  while (Connections() > 1) std::this_thread::yield();
  EXPECT_THAT(Get("/"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, SaysWhichAddressIsTaken) {
  Start();
  config_.port = server_->port();
  HttpServer second(context_, config_, nullptr, nullptr);
  const std::string error = second.Open();
  EXPECT_THAT(error, HasSubstr(":" + std::to_string(config_.port)));
  EXPECT_THAT(error, HasSubstr("--http_listen"));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace sfu
