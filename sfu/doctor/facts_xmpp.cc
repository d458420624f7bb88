// SPDX-License-Identifier: GPL-3.0-or-later
#include <absl/strings/match.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "sfu/doctor/facts.h"
#include "signaling/xmpp_stream.h"

namespace sfu {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kPatience = std::chrono::seconds(5);
constexpr char kNoAnswer[] = "no answer within 5 seconds";

// One login as the component, which ends the stream when it succeeded.
class ComponentLogin : public signaling::XmppStreamHandler {
 public:
  explicit ComponentLogin(const Config& config)
      : server_(config.component_server),
        stream_({.mode = signaling::XmppStream::Config::Mode::kComponent,
                 .domain = config.component,
                 .user = {},
                 .secret = config.component_secret},
                *this) {}

  ComponentFacts Run() {
    facts_.error = kNoAnswer;
    resolver_.async_resolve(
        server_.host, std::to_string(server_.port),
        [this](const error_code& error, const tcp::resolver::results_type& at) {
          if (error) return End(error.message());
          asio::async_connect(
              socket_, at,
              [this](const error_code& failed, const tcp::endpoint&) {
                if (failed) return End(failed.message());
                facts_.connected = true;
                stream_.Start();
                Read();
              });
        });
    context_.run_for(kPatience);
    return facts_;
  }

 private:
  void Read() {
    socket_.async_read_some(asio::buffer(received_),
                            [this](const error_code& error, size_t count) {
                              if (error) return End(error.message());
                              stream_.HandleBytes({received_.data(), count});
                              if (!context_.stopped()) Read();
                            });
  }
  void End(std::string error) {
    facts_.error = std::move(error);
    context_.stop();
  }

  void OnXmppWrite(std::string_view bytes) override {
    // A few hundred bytes: they fit into the socket's buffer.
    error_code ignored;
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  void OnXmppReady(const signaling::Jid&) override {
    facts_.ready = true;
    End({});
  }
  void OnXmppStanza(signaling::Stanza) override {}
  void OnXmppRejected(const signaling::RejectedStanza&) override {}
  void OnXmppClosed(const std::string& reason) override { End(reason); }

  const Endpoint server_;
  asio::io_context context_;
  tcp::resolver resolver_{context_};
  tcp::socket socket_{context_};
  std::array<char, 4096> received_;
  ComponentFacts facts_;
  signaling::XmppStream stream_;
};

struct Answer {
  unsigned status = 0;
  std::string body;
};

// Nothing if HTTP was not what answered.
std::optional<Answer> Get(const Config& config, const std::string& target) {
  if (config.admin_listen_ip.empty() || config.admin_port == 0) return {};
  // What listens on all addresses is asked on loopback.
  Endpoint server{config.admin_listen_ip, config.admin_port};
  if (server.host == "0.0.0.0") server.host = "127.0.0.1";
  if (server.host == "::") server.host = "::1";
  asio::io_context context;
  beast::tcp_stream stream(context);
  beast::flat_buffer buffer;
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, ToString(server));
  request.set(http::field::connection, "close");
  http::response_parser<http::string_body> parser;
  parser.body_limit(16 << 20);
  bool done = false;
  const auto on_read = [&](error_code error, size_t) { done = !error; };
  const auto on_write = [&](error_code error, size_t) {
    if (!error) http::async_read(stream, buffer, parser, on_read);
  };
  error_code error;
  const tcp::endpoint at(asio::ip::make_address(server.host, error),
                         server.port);
  if (error) return {};
  stream.expires_after(kPatience);
  stream.async_connect(at, [&](error_code failed) {
    if (!failed) http::async_write(stream, request, on_write);
  });
  context.run();  // ends by the stream's timer
  if (!done) return {};
  return Answer{parser.get().result_int(), parser.get().body()};
}

}  // namespace

ComponentFacts TryComponent(const Config& config) {
  return ComponentLogin(config).Run();
}

std::string FetchMetrics(const Config& config) {
  const auto answer = Get(config, "/metrics");
  return answer && answer->status == 200 ? answer->body : std::string();
}

ServerFacts AskServer(const Config& config) {
  ServerFacts facts;
  const auto health = Get(config, "/healthz");
  if (!health) return facts;
  facts.answered = true;
  facts.health_status = health->status;
  facts.health_text = health->body;
  if (const auto ready = Get(config, "/readyz")) {
    facts.ready_status = ready->status;
    facts.ready_text = ready->body;
  }
  facts.is_carillon = absl::StrContains(FetchMetrics(config), "carillon_");
  return facts;
}

}  // namespace sfu
