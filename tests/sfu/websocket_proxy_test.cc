// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/websocket_proxy.h"

#include <gtest/gtest.h>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "sfu/page_site.h"
#include "tests/sfu/loopback.h"
#include "tests/sfu/tls_files.h"

namespace sfu {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using WebSocket = websocket::stream<tcp::socket>;
using TlsWebSocket = websocket::stream<beast::ssl_stream<tcp::socket>>;

// A WebSocket server that serves one connection with `serve` on a thread.
class Upstream {
 public:
  explicit Upstream(std::function<void(WebSocket&)> serve)
      : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
        thread_([this, serve = std::move(serve)] {
          error_code error;
          tcp::socket socket(context_);
          acceptor_.accept(socket, error);
          if (error) return;
          WebSocket web_socket(std::move(socket));
          web_socket.set_option(websocket::stream_base::decorator(
              [](websocket::response_type& response) {
                response.set("Sec-WebSocket-Protocol", "xmpp");
              }));
          web_socket.accept(error);
          if (!error) serve(web_socket);
        }) {}
  ~Upstream() {
    // One that nobody called is called now, so that its thread ends.
    error_code ignored;
    tcp::socket(context_).connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

void Echo(WebSocket& web_socket) {
  error_code error;
  for (;;) {
    beast::flat_buffer message;
    web_socket.read(message, error);
    if (error) return;
    web_socket.text(web_socket.got_text());
    web_socket.write(message.data(), error);
  }
}

class WebSocketProxyTest : public testing::Test {
 protected:
  void Start(uint16_t upstream_port, bool tls = false) {
    WebSocketProxy::Config config;
    config.upstream = {"127.0.0.1", upstream_port};
    config.path = "/xmpp-websocket";
    proxy_ = std::make_unique<WebSocketProxy>(context_, config);
    HttpServer::Config http;
    http.ip = "127.0.0.1";
    if (tls) {
      files_.Make("page.example");
      std::string error;
      tls_ = TlsContext::Load(files_.certificate(), files_.key(), &error);
      ASSERT_EQ(error, "");
      http.tls = tls_.get();
    }
    server_ = std::make_unique<HttpServer>(
        context_, http,
        [this](const HttpRequest& request) { return site_.Handle(request); },
        [this](HttpServer::Upgraded connection) {
          proxy_->Start(std::move(connection));
        });
    ASSERT_EQ(server_->Open(), "");
    thread_ = std::make_unique<ContextThread>(context_);
  }

  // Shakes hands as a page does.
  error_code Open(WebSocket& web_socket, const std::string& origin) {
    web_socket.next_layer().connect(
        {asio::ip::address_v4::loopback(), server_->port()});
    return Upgrade(web_socket, origin);
  }
  error_code Open(TlsWebSocket& web_socket, const std::string& origin) {
    web_socket.next_layer().next_layer().connect(
        {asio::ip::address_v4::loopback(), server_->port()});
    error_code error;
    web_socket.next_layer().handshake(asio::ssl::stream_base::client, error);
    return error ? error : Upgrade(web_socket, origin);
  }
  template <typename AnyWebSocket>
  error_code Upgrade(AnyWebSocket& web_socket, const std::string& origin) {
    web_socket.set_option(websocket::stream_base::decorator(
        [&](websocket::request_type& request) {
          request.set("Sec-WebSocket-Protocol", "xmpp");
          request.set("Origin", origin);
        }));
    websocket::response_type response;
    error_code error;
    web_socket.handshake(response, "page.example", "/xmpp-websocket", error);
    if (!error) {
      EXPECT_EQ(response["Sec-WebSocket-Protocol"], "xmpp");
    }
    return error;
  }
  // Waits until nothing is left of any stream.
  void ExpectNoStreams() {
    while (thread_->Call([this] {
      return proxy_->streams() + server_->connections();
    }) > 0) {
      std::this_thread::yield();
    }
  }

  PageSite site_{PageSite::Config{}, StaticFiles()};
  TlsFiles files_{"websocket_proxy_test"};
  std::unique_ptr<TlsContext> tls_;
  asio::io_context context_{1};
  std::unique_ptr<WebSocketProxy> proxy_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<ContextThread> thread_;
  asio::io_context client_context_;
  asio::ssl::context client_tls_{asio::ssl::context::tls_client};
};

constexpr char kOrigin[] = "https://page.example";

template <typename AnyWebSocket>
void ExpectEchoes(AnyWebSocket& page) {
  for (const std::string& text :
       {std::string("<open/>"), std::string(500 << 10, 'x'),
        std::string("<close/>")}) {
    page.write(asio::buffer(text));
    beast::flat_buffer answer;
    page.read(answer);
    EXPECT_TRUE(page.got_text());
    EXPECT_TRUE(beast::buffers_to_string(answer.data()) == text);
  }
}

TEST_F(WebSocketProxyTest, CarriesTextBothWays) {
  Upstream upstream(Echo);
  Start(upstream.port());
  WebSocket page(client_context_);
  ASSERT_FALSE(Open(page, kOrigin));
  ExpectEchoes(page);
  EXPECT_EQ(thread_->Call([this] { return proxy_->streams(); }), 1u);
  page.close(websocket::close_code::normal);
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, RefusesPagesOfOtherOrigins) {
  Upstream upstream(Echo);
  Start(upstream.port());
  WebSocket page(client_context_);
  EXPECT_EQ(Open(page, "https://evil.example"),
            websocket::error::upgrade_declined);
}

TEST_F(WebSocketProxyTest, ClosesWithTryAgainLaterIfNobodyIsThere) {
  uint16_t free_port = 0;
  {
    tcp::acceptor acceptor(client_context_,
                           {asio::ip::address_v4::loopback(), 0});
    free_port = acceptor.local_endpoint().port();
  }
  Start(free_port);
  WebSocket page(client_context_);
  ASSERT_FALSE(Open(page, kOrigin));
  beast::flat_buffer message;
  error_code error;
  page.read(message, error);
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(page.reason().code, websocket::close_code::try_again_later);
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, PassesTheCloseCodeOn) {
  Upstream upstream([](WebSocket& web_socket) {
    error_code ignored;
    web_socket.close(websocket::close_reason(4321), ignored);
  });
  Start(upstream.port());
  WebSocket page(client_context_);
  ASSERT_FALSE(Open(page, kOrigin));
  beast::flat_buffer message;
  error_code error;
  page.read(message, error);
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(page.reason().code, 4321);
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, TellsTheServerThatAPageVanished) {
  uint16_t code = 0;
  {
    Upstream upstream([&code](WebSocket& web_socket) {
      Echo(web_socket);
      code = web_socket.reason().code;
    });
    Start(upstream.port());
    WebSocket page(client_context_);
    ASSERT_FALSE(Open(page, kOrigin));
    page.write(asio::buffer(std::string("hello")));
    beast::flat_buffer answer;
    page.read(answer);
    page.next_layer().close();
  }
  EXPECT_EQ(code, websocket::close_code::going_away);
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, CarriesTextBothWaysOverTls) {
  Upstream upstream(Echo);
  Start(upstream.port(), true);
  TlsWebSocket page(client_context_, client_tls_);
  ASSERT_FALSE(Open(page, kOrigin));
  ExpectEchoes(page);
  EXPECT_EQ(thread_->Call([this] { return proxy_->streams(); }), 1u);
  error_code error;
  page.close(websocket::close_code::normal, error);
  EXPECT_FALSE(error) << error.message();
  page.next_layer().next_layer().close();
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, PassesTheCloseCodeOnOverTls) {
  Upstream upstream([](WebSocket& web_socket) {
    error_code ignored;
    web_socket.close(websocket::close_reason(4321), ignored);
  });
  Start(upstream.port(), true);
  TlsWebSocket page(client_context_, client_tls_);
  ASSERT_FALSE(Open(page, kOrigin));
  beast::flat_buffer message;
  error_code error;
  page.read(message, error);
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(page.reason().code, 4321);
  page.next_layer().next_layer().close();
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, TellsTheServerThatATlsPageVanished) {
  uint16_t code = 0;
  {
    Upstream upstream([&code](WebSocket& web_socket) {
      Echo(web_socket);
      code = web_socket.reason().code;
    });
    Start(upstream.port(), true);
    TlsWebSocket page(client_context_, client_tls_);
    ASSERT_FALSE(Open(page, kOrigin));
    ExpectEchoes(page);
    page.next_layer().next_layer().close();
  }
  EXPECT_EQ(code, websocket::close_code::going_away);
  ExpectNoStreams();
}

TEST_F(WebSocketProxyTest, RefusesBinaryMessages) {
  Upstream upstream(Echo);
  Start(upstream.port());
  WebSocket page(client_context_);
  ASSERT_FALSE(Open(page, kOrigin));
  page.binary(true);
  page.write(asio::buffer(std::string("bytes")));
  beast::flat_buffer answer;
  error_code error;
  page.read(answer, error);
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(page.reason().code, websocket::close_code::unknown_data);
}

TEST_F(WebSocketProxyTest, RefusesMessagesBeyondTheLimit) {
  Upstream upstream(Echo);
  Start(upstream.port());
  WebSocket page(client_context_);
  ASSERT_FALSE(Open(page, kOrigin));
  // Fails while the proxy closes in its midst.
  error_code error;
  page.write(asio::buffer(std::string((512 << 10) + 1, 'x')), error);
  beast::flat_buffer answer;
  page.read(answer, error);
  EXPECT_TRUE(error);
  ExpectNoStreams();
}

}  // namespace
}  // namespace sfu
