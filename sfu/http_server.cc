// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/http_server.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace sfu {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

// How long a refused client may go on sending before the connection is cut:
// an earlier cut would take the answer away from it (RFC 9112 s9.6).
constexpr auto kLinger = std::chrono::seconds(1);
// After the system refused a connection (no descriptors left).
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

constexpr char kSpeakTls[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
    "Connection: close\r\n\r\nThis port takes https:// only\n";

std::string Field(const http::fields& fields, http::field name) {
  const auto value = fields[name];
  return std::string(value.data(), value.size());
}

// A TCP connection with or without TLS; to Beast it is an AsyncStream.
class Wire : public ByteStream {
 public:
  using executor_type = beast::tcp_stream::executor_type;

  Wire(tcp::socket socket, const TlsContext* tls) : tcp_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(tcp_, tls->current());
  }

  executor_type get_executor() { return tcp_.get_executor(); }
  template <typename Buffers, typename Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return tls_ ? tls_->async_read_some(buffers, std::forward<Handler>(handler))
                : tcp_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return tls_
               ? tls_->async_write_some(buffers, std::forward<Handler>(handler))
               : tcp_.async_write_some(buffers, std::forward<Handler>(handler));
  }

  // Its timer and, beneath TLS, its bytes.
  beast::tcp_stream& base() { return tcp_; }
  bool wants_handshake() const { return tls_.has_value(); }
  template <typename Handler>
  void ShakeHands(Handler handler) {
    tls_->async_handshake(asio::ssl::stream_base::server, std::move(handler));
  }

  // Without the farewell of TLS.
  void EndTcp(std::function<void()> done) {
    tcp_.expires_after(kLinger);
    error_code ignored;
    tcp_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    Discard(std::move(done));
  }

  // ByteStream
  void ReadSome(std::span<char> into, Done done) override {
    async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  void WriteSome(std::span<const Bytes> parts, Done done) override {
    std::vector<asio::const_buffer> buffers;
    for (const Bytes& part : parts) {
      buffers.emplace_back(part.data(), part.size());
    }
    async_write_some(buffers, std::move(done));
  }
  void End(std::function<void()> done) override {
    tcp_.expires_after(kLinger);
    if (!tls_) return EndTcp(std::move(done));
    tls_->async_shutdown([this, done = std::move(done)](error_code) mutable {
      EndTcp(std::move(done));
    });
  }
  void Close() override { tcp_.close(); }

 private:
  void Discard(std::function<void()> done) {
    tcp_.async_read_some(
        asio::buffer(discarded_),
        [this, done = std::move(done)](error_code error, size_t) mutable {
          if (!error) return Discard(std::move(done));
          tcp_.close();
          done();
        });
  }

  beast::tcp_stream tcp_;
  std::optional<beast::ssl_stream<beast::tcp_stream&>> tls_;
  std::array<char, 4096> discarded_;
};

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(asio::io_context& io, const Config& settings, Site on_request,
       UpgradeHandler on_upgrade)
      : context(io),
        config(settings),
        site(std::move(on_request)),
        upgrade(std::move(on_upgrade)),
        acceptor(io),
        pause(io) {}

  void Accept();

  asio::io_context& context;
  const Config config;
  const Site site;
  const UpgradeHandler upgrade;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  // One reference per open connection, besides this one.
  std::shared_ptr<void> places = std::make_shared<char>();
};

namespace {

// One connection, from accept to close or upgrade.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const HttpServer::Config& config,
          const HttpServer::Site& site,
          const HttpServer::UpgradeHandler& upgrade,
          std::shared_ptr<void> owner, std::shared_ptr<void> place)
      : wire_(std::make_unique<Wire>(std::move(socket), config.tls)),
        buffer_(config.header_bytes + config.body_bytes),
        config_(config),
        site_(site),
        upgrade_(upgrade),
        owner_(std::move(owner)),
        place_(std::move(place)) {}

  void Start() {
    if (!wire_->wants_handshake()) return Read();
    wire_->base().expires_after(config_.read_timeout);
    wire_->ShakeHands([self = shared_from_this()](error_code error) {
      error ? self->OnNoTls(error) : self->Read();
    });
  }

 private:
  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(config_.header_bytes));
    parser_->body_limit(config_.body_bytes);
    wire_->base().expires_after(config_.read_timeout);
    http::async_read(*wire_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       self->OnRead(error);
                     });
  }

  // Answers those who forgot the s of https:// so that they see it.
  void OnNoTls(const error_code& error) {
    if (error.category() != asio::error::get_ssl_category() ||
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) !=
            SSL_R_HTTP_REQUEST) {
      return;
    }
    wire_->base().async_write_some(
        asio::buffer(kSpeakTls, sizeof(kSpeakTls) - 1),
        [self = shared_from_this()](error_code failed, size_t) {
          if (!failed) self->wire_->EndTcp([self] {});
        });
  }

  void OnRead(const error_code& error) {
    if (error == http::error::header_limit) return Refuse(431);
    if (error == http::error::body_limit) return Refuse(413);
    if (error == http::error::end_of_stream ||
        error == http::error::partial_message) {
      return Linger();
    }
    // A parser's error is the client's; all others end the connection.
    if (error &&
        error.category() ==
            http::make_error_code(http::error::bad_method).category()) {
      return Refuse(400);
    }
    if (error) return;
    const http::request<http::string_body>& request = parser_->get();
    const bool get = request.method() == http::verb::get;
    const bool head = request.method() == http::verb::head;
    if (!get && !head) {
      HttpResponse response{.status = 405, .body = "GET and HEAD only\n"};
      response.headers.emplace_back("Allow", "GET, HEAD");
      return Respond(std::move(response), false, request.keep_alive());
    }
    HttpRequest seen;
    seen.target = std::string(request.target());
    seen.host = Field(request, http::field::host);
    seen.origin = Field(request, http::field::origin);
    seen.authorization = Field(request, http::field::authorization);
    seen.if_none_match = Field(request, http::field::if_none_match);
    seen.websocket = get && beast::websocket::is_upgrade(request);
    seen.subprotocols = Field(request, http::field::sec_websocket_protocol);
    HttpResponse response = site_(seen);
    if (response.status == 101) return Upgrade();
    Respond(std::move(response), head, request.keep_alive());
  }

  void Refuse(unsigned status) {
    HttpResponse response{.status = status};
    response.body =
        std::string(http::obsolete_reason(static_cast<http::status>(status))) +
        "\n";
    Respond(std::move(response), false, false);
  }

  void Respond(HttpResponse response, bool head, bool keep_alive) {
    auto out = std::make_shared<http::response<http::string_body>>();
    out->result(response.status);
    out->version(11);
    out->keep_alive(keep_alive);
    for (const auto& [name, value] : response.headers) out->set(name, value);
    if (response.status != 304) {
      out->set(http::field::content_type, response.content_type);
      out->content_length(response.body.size());
      if (!head) out->body() = std::move(response.body);
    }
    auto serializer =
        std::make_shared<http::response_serializer<http::string_body>>(*out);
    wire_->base().expires_after(config_.write_timeout);
    auto done = [self = shared_from_this(), out, serializer, keep_alive](
                    error_code error, size_t) {
      if (error) return;
      keep_alive ? self->Read() : self->Linger();
    };
    if (head || response.status == 304) {
      http::async_write_header(*wire_, *serializer, std::move(done));
    } else {
      http::async_write(*wire_, *serializer, std::move(done));
    }
  }

  void Linger() {
    wire_->End([self = shared_from_this()] {});
  }

  void Upgrade() {
    std::ostringstream received;
    received << parser_->get();
    received << beast::make_printable(buffer_.data());
    wire_->base().expires_never();
    HttpServer::Upgraded upgraded;
    upgraded.stream = std::move(wire_);
    upgraded.received = received.str();
    upgraded.place = std::move(place_);
    upgrade_(std::move(upgraded));
  }

  std::unique_ptr<Wire> wire_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  const HttpServer::Config& config_;
  const HttpServer::Site& site_;
  const HttpServer::UpgradeHandler& upgrade_;
  std::shared_ptr<void> owner_;  // of the three above
  std::shared_ptr<void> place_;
};

}  // namespace

void HttpServer::Impl::Accept() {
  acceptor.async_accept(
      [self = shared_from_this()](error_code error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (error) {
          self->pause.expires_after(kAcceptPause);
          self->pause.async_wait([self](error_code stopped) {
            if (!stopped) self->Accept();
          });
          return;
        }
        // use_count() counts `places` itself too. Beyond the limit the socket
        // closes as it goes out of scope.
        if (static_cast<size_t>(self->places.use_count()) <=
            self->config.max_connections) {
          error_code ignored;
          socket.set_option(tcp::no_delay(true), ignored);
          std::make_shared<Session>(std::move(socket), self->config, self->site,
                                    self->upgrade, self, self->places)
              ->Start();
        }
        self->Accept();
      });
}

HttpServer::HttpServer(asio::io_context& context, const Config& config,
                       Site site, UpgradeHandler upgrade)
    : impl_(std::make_shared<Impl>(context, config, std::move(site),
                                   std::move(upgrade))) {}

HttpServer::~HttpServer() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->pause.cancel();
}

std::string HttpServer::Open() {
  const Config& config = impl_->config;
  error_code error;
  const asio::ip::address address = asio::ip::make_address(config.ip, error);
  const tcp::endpoint endpoint(address, config.port);
  tcp::acceptor& acceptor = impl_->acceptor;
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    std::ostringstream text;
    text << "cannot listen on " << endpoint << ": " << error.message()
         << " (choose another address with --" << config.flag << ")";
    return text.str();
  }
  impl_->Accept();
  return {};
}

uint16_t HttpServer::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

size_t HttpServer::connections() const {
  return static_cast<size_t>(impl_->places.use_count()) - 1;
}

}  // namespace sfu
