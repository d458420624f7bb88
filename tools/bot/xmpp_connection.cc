// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/xmpp_connection.h"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>

namespace bot {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// From the first packet to the end of the TLS handshake.
constexpr auto kOpenTimeout = std::chrono::seconds(20);
// What a server may say before it begins TLS.
constexpr size_t kMaxBeforeTls = 16 * 1024;

constexpr std::string_view kStartTls = "urn:ietf:params:xml:ns:xmpp-tls";

}  // namespace

std::shared_ptr<asio::ssl::context> MakeTlsContext(const XmppServer& server) {
  auto context =
      std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (!server.verify) {
    context->set_verify_mode(asio::ssl::verify_none);
    return context;
  }
  context->set_verify_mode(asio::ssl::verify_peer);
  if (server.ca_file.empty()) {
    context->set_default_verify_paths();
  } else {
    context->load_verify_file(server.ca_file);
  }
  return context;
}

class XmppConnection::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, const XmppServer& server,
       std::shared_ptr<asio::ssl::context> tls, Handler handler)
      : server_(server),
        tls_(std::move(tls)),
        handler_(std::move(handler)),
        resolver_(context),
        socket_(context),
        timer_(context) {}

  void Start() {
    timer_.expires_after(kOpenTimeout);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->Close("no answer within 20 s");
    });
    resolver_.async_resolve(
        server_.host, std::to_string(server_.port),
        [self = shared_from_this()](error_code error, auto results) {
          if (error)
            return self->Close("cannot resolve it: " + error.message());
          asio::async_connect(self->socket_, results,
                              [self](error_code failed, const tcp::endpoint&) {
                                if (failed)
                                  return self->Close(failed.message());
                                self->OnConnected();
                              });
        });
  }

  void Send(std::string_view bytes) {
    if (closed_) return;
    waiting_.append(bytes);
    Write();
  }

  bool flushed() const { return closed_ || (waiting_.empty() && !writing_); }

  // Calls nothing back.
  void Abandon() {
    handler_ = {};
    Shut();
  }

 private:
  void OnConnected() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    switch (server_.tls) {
      case TlsMode::kOff:
        return Open();
      case TlsMode::kDirect:
        return BeginTls();
      case TlsMode::kStartTls:
        waiting_ = "<?xml version='1.0'?><stream:stream to='" + server_.domain +
                   "' version='1.0' xmlns='jabber:client' "
                   "xmlns:stream='http://etherx.jabber.org/streams'>";
        Write();
        return ReadBeforeTls();
    }
  }

  void ReadBeforeTls() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](error_code error, size_t size) {
          if (error) return self->Close(error.message());
          self->before_tls_.append(self->buffer_.data(), size);
          self->OnBeforeTls();
        });
  }

  void OnBeforeTls() {
    if (before_tls_.find("<proceed") != std::string::npos) return BeginTls();
    if (before_tls_.find("<failure") != std::string::npos ||
        before_tls_.find("<stream:error") != std::string::npos ||
        before_tls_.size() > kMaxBeforeTls) {
      return Close("it refuses to begin TLS for " + server_.domain);
    }
    if (before_tls_.find("</stream:features>") != std::string::npos &&
        !std::exchange(asked_tls_, true)) {
      if (before_tls_.find(kStartTls) == std::string::npos) {
        return Close("it offers no TLS");
      }
      waiting_ = "<starttls xmlns='" + std::string(kStartTls) + "'/>";
      Write();
    }
    ReadBeforeTls();
  }

  void BeginTls() {
    stream_.emplace(socket_, *tls_);
    SSL_set_tlsext_host_name(stream_->native_handle(), server_.domain.c_str());
    if (server_.verify) {
      stream_->set_verify_callback(
          asio::ssl::host_name_verification(server_.domain));
    }
    stream_->async_handshake(
        asio::ssl::stream_base::client,
        [self = shared_from_this()](error_code error) {
          if (error) {
            return self->Close("TLS with it failed: " + error.message());
          }
          self->Open();
        });
  }

  void Open() {
    open_ = true;
    timer_.cancel();
    Read();
    if (handler_.on_open) handler_.on_open();
  }

  void Read() {
    const auto done = [self = shared_from_this()](error_code error,
                                                  size_t size) {
      if (error) return self->Close("the connection was lost");
      if (self->handler_.on_bytes) {
        self->handler_.on_bytes({self->buffer_.data(), size});
      }
      if (!self->closed_) self->Read();
    };
    if (stream_) {
      stream_->async_read_some(asio::buffer(buffer_), done);
    } else {
      socket_.async_read_some(asio::buffer(buffer_), done);
    }
  }

  void Write() {
    if (writing_ || waiting_.empty()) return;
    writing_ = true;
    out_.swap(waiting_);
    waiting_.clear();
    const auto done = [self = shared_from_this()](error_code error, size_t) {
      self->writing_ = false;
      if (error) return self->Close("the connection was lost");
      self->Write();
    };
    if (open_ && stream_) {
      asio::async_write(*stream_, asio::buffer(out_), done);
    } else {
      asio::async_write(socket_, asio::buffer(out_), done);
    }
  }

  void Close(const std::string& why) {
    if (closed_) return;
    Shut();
    if (!handler_.on_closed) return;
    // Moved out: the handler may let go of us.
    const auto on_closed = std::exchange(handler_, {}).on_closed;
    on_closed(open_ ? why
                    : "no connection to the XMPP server at " + server_.host +
                          ":" + std::to_string(server_.port) + ": " + why);
  }

  void Shut() {
    closed_ = true;
    error_code ignored;
    timer_.cancel();
    resolver_.cancel();
    socket_.close(ignored);
  }

  const XmppServer server_;
  const std::shared_ptr<asio::ssl::context> tls_;
  Handler handler_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::optional<asio::ssl::stream<tcp::socket&>> stream_;
  std::array<char, 8192> buffer_;
  std::string before_tls_;
  std::string waiting_;
  std::string out_;  // being written
  bool asked_tls_ = false;
  bool open_ = false;
  bool writing_ = false;
  bool closed_ = false;
};

XmppConnection::XmppConnection(asio::io_context& context,
                               const XmppServer& server,
                               std::shared_ptr<asio::ssl::context> tls,
                               Handler handler)
    : impl_(std::make_shared<Impl>(context, server, std::move(tls),
                                   std::move(handler))) {
  impl_->Start();
}

XmppConnection::~XmppConnection() { impl_->Abandon(); }

void XmppConnection::Send(std::string_view bytes) { impl_->Send(bytes); }

bool XmppConnection::flushed() const { return impl_->flushed(); }

}  // namespace bot
