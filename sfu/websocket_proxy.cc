// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/websocket_proxy.h"

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket.hpp>
#include <memory>
#include <span>
#include <utility>

namespace sfu {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

constexpr char kSubprotocol[] = "xmpp";
// Buffers that a large message has grown are given back.
constexpr size_t kKeptBufferBytes = 64 << 10;

// The code by which an end is told to the other side (RFC 6455 s7.4): what
// may not be sent becomes what it means.
uint16_t CloseCode(uint16_t received) {
  if (received == websocket::close_code::none ||
      received == websocket::close_code::no_status) {
    return websocket::close_code::normal;
  }
  const bool may_be_sent = (received >= 1000 && received <= 1003) ||
                           (received >= 1007 && received <= 1014) ||
                           (received >= 3000 && received <= 4999);
  return may_be_sent ? received : uint16_t{websocket::close_code::going_away};
}

// A ByteStream as Beast's WebSockets want it: an AsyncStream.
class PageStream {
 public:
  using executor_type = asio::io_context::executor_type;

  PageStream(asio::io_context& context, std::unique_ptr<ByteStream> bytes)
      : context_(context), bytes_(std::move(bytes)) {}

  executor_type get_executor() { return context_.get_executor(); }

  template <typename Buffers, typename Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    // A read of some needs one of the buffers only.
    asio::mutable_buffer into;
    for (auto at = asio::buffer_sequence_begin(buffers);
         at != asio::buffer_sequence_end(buffers) && into.size() == 0; ++at) {
      into = *at;
    }
    return asio::async_initiate<Handler, void(error_code, size_t)>(
        [this, into](auto done) {
          bytes_->ReadSome({static_cast<char*>(into.data()), into.size()},
                           Copyable(std::move(done)));
        },
        handler);
  }

  template <typename Buffers, typename Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    // A frame's header and its message, and no more than that.
    std::array<ByteStream::Bytes, 4> parts;
    size_t count = 0;
    for (auto at = asio::buffer_sequence_begin(buffers);
         at != asio::buffer_sequence_end(buffers) && count < parts.size();
         ++at) {
      const asio::const_buffer part = *at;
      if (part.size() == 0) continue;
      parts[count++] = {static_cast<const char*>(part.data()), part.size()};
    }
    return asio::async_initiate<Handler, void(error_code, size_t)>(
        [this, &parts, count](auto done) {
          bytes_->WriteSome(std::span(parts).first(count),
                            Copyable(std::move(done)));
        },
        handler);
  }

  void Close() { bytes_->Close(); }

  // By these names Beast finds how to end it.
  friend void beast_close_socket(PageStream& stream) { stream.Close(); }
  template <typename Handler>
  friend void async_teardown(beast::role_type, PageStream& stream,
                             Handler&& handler) {
    auto done = Copyable(std::forward<Handler>(handler));
    stream.bytes_->End(
        [done = std::move(done)]() mutable { done(error_code()); });
  }

 private:
  // std::function wants to be copied, which Beast's handlers cannot be.
  template <typename Handler>
  static auto Copyable(Handler handler) {
    auto held = std::make_shared<Handler>(std::move(handler));
    return [held](const auto&... results) { (*held)(results...); };
  }

  asio::io_context& context_;
  std::unique_ptr<ByteStream> bytes_;
};

// One page's stream. Lives in its pending handlers.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(asio::io_context& context, std::unique_ptr<ByteStream> client,
         const WebSocketProxy::Config& config, std::string received,
         std::shared_ptr<void> place, std::shared_ptr<void> count)
      : client_(config.message_bytes, context, std::move(client)),
        upstream_(config.message_bytes, context),
        resolver_(context),
        config_(config),
        received_(std::move(received)),
        place_(std::move(place)),
        count_(std::move(count)) {}

  void Start() {
    SetUp(client_);
    SetUp(upstream_);
    client_.socket.set_option(
        websocket::stream_base::decorator([](websocket::response_type& out) {
          out.set(http::field::sec_websocket_protocol, kSubprotocol);
        }));
    client_.socket.async_accept(asio::buffer(received_),
                                [self = shared_from_this()](error_code error) {
                                  if (!error) self->Resolve();
                                });
  }

 private:
  template <typename Below>
  struct Side {
    template <typename... Arguments>
    explicit Side(size_t message_bytes, Arguments&&... arguments)
        : socket(std::forward<Arguments>(arguments)...),
          message(message_bytes) {}
    websocket::stream<Below> socket;
    beast::flat_buffer message;  // read here, on its way to the other side
  };

  template <typename One>
  void SetUp(One& side) {
    side.socket.read_message_max(config_.message_bytes);
    side.socket.auto_fragment(false);
    websocket::stream_base::timeout timeout;
    timeout.handshake_timeout = config_.connect_timeout;
    // Beast pings at half of this.
    timeout.idle_timeout = 2 * config_.idle_timeout;
    timeout.keep_alive_pings = true;
    side.socket.set_option(timeout);
  }

  void Resolve() {
    resolver_.async_resolve(
        config_.upstream.host, std::to_string(config_.upstream.port),
        [self = shared_from_this()](error_code error,
                                    tcp::resolver::results_type addresses) {
          if (error) return self->RefuseClient();
          self->Connect(addresses);
        });
  }

  void Connect(const tcp::resolver::results_type& addresses) {
    beast::tcp_stream& tcp_stream = upstream_.socket.next_layer();
    tcp_stream.expires_after(config_.connect_timeout);
    tcp_stream.async_connect(
        addresses,
        [self = shared_from_this()](error_code error, const tcp::endpoint&) {
          if (error) return self->RefuseClient();
          self->ShakeHands();
        });
  }

  void ShakeHands() {
    beast::tcp_stream& tcp_stream = upstream_.socket.next_layer();
    tcp_stream.expires_never();  // the WebSocket has timers of its own
    error_code ignored;
    tcp_stream.socket().set_option(tcp::no_delay(true), ignored);
    upstream_.socket.set_option(
        websocket::stream_base::decorator([](websocket::request_type& out) {
          out.set(http::field::sec_websocket_protocol, kSubprotocol);
        }));
    upstream_.socket.async_handshake(
        response_, ToString(config_.upstream), config_.path,
        [self = shared_from_this()](error_code error) {
          if (error || self->response_[http::field::sec_websocket_protocol] !=
                           kSubprotocol) {
            return self->RefuseClient();
          }
          self->Pump(self->client_, self->upstream_);
          self->Pump(self->upstream_, self->client_);
        });
  }

  void RefuseClient() {
    ended_ = true;
    Close(client_, {websocket::close_code::try_again_later,
                    "The XMPP server cannot be reached"});
  }

  // Carries messages until one side ends.
  template <typename From, typename To>
  void Pump(From& from, To& to) {
    from.socket.async_read(from.message, [self = shared_from_this(), &from,
                                          &to](error_code error, size_t) {
      if (error) return self->End(from, to, error);
      if (!from.socket.got_text()) return self->RefuseBinary(from, to);
      self->Deliver(from, to);
    });
  }

  template <typename From, typename To>
  void Deliver(From& from, To& to) {
    to.socket.text(true);
    to.socket.async_write(
        from.message.data(),
        [self = shared_from_this(), &from, &to](error_code error, size_t) {
          if (error) return self->End(to, from, error);
          from.message.clear();
          if (from.message.capacity() > kKeptBufferBytes) {
            from.message.shrink_to_fit();
          }
          self->Pump(from, to);
        });
  }

  // RFC 7395 s3.2: text only.
  template <typename From, typename To>
  void RefuseBinary(From& from, To& to) {
    if (std::exchange(ended_, true)) return;
    Close(from, websocket::close_code::unknown_data);
    Close(to, websocket::close_code::going_away);
  }

  // `ended` is gone, or breaks the rules: tells the other side.
  template <typename Ended, typename Other>
  void End(Ended& ended, Other& other, const error_code& error) {
    if (std::exchange(ended_, true)) return;
    uint16_t code = websocket::close_code::going_away;
    if (error == websocket::error::closed) {
      code = CloseCode(ended.socket.reason().code);
    } else {
      Cut(ended.socket.next_layer());
    }
    Close(other, websocket::close_reason(code));
  }

  void Cut(PageStream& stream) { stream.Close(); }
  void Cut(beast::tcp_stream& stream) { stream.close(); }

  template <typename One>
  void Close(One& side, const websocket::close_reason& reason) {
    side.socket.async_close(reason, [self = shared_from_this()](error_code) {});
  }

  Side<PageStream> client_;
  Side<beast::tcp_stream> upstream_;
  tcp::resolver resolver_;
  websocket::response_type response_;
  const WebSocketProxy::Config config_;
  const std::string received_;
  bool ended_ = false;
  std::shared_ptr<void> place_;
  std::shared_ptr<void> count_;
};

}  // namespace

struct WebSocketProxy::Impl {
  asio::io_context& context;
  const Config config;
  // One reference per stream, besides this one.
  std::shared_ptr<void> count = std::make_shared<char>();
};

WebSocketProxy::WebSocketProxy(asio::io_context& context, const Config& config)
    : impl_(new Impl{context, config}) {}

WebSocketProxy::~WebSocketProxy() = default;

void WebSocketProxy::Start(HttpServer::Upgraded connection) {
  std::make_shared<Stream>(impl_->context, std::move(connection.stream),
                           impl_->config, std::move(connection.received),
                           std::move(connection.place), impl_->count)
      ->Start();
}

size_t WebSocketProxy::streams() const {
  return static_cast<size_t>(impl_->count.use_count()) - 1;
}

}  // namespace sfu
