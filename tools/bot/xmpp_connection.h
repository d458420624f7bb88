// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace bot {

// How the connection to an XMPP server is encrypted.
enum class TlsMode : uint8_t {
  kOff,       // not at all: for a server on the same host
  kStartTls,  // RFC 6120 s5, which every server has
  kDirect,    // from the first byte (XEP-0368)
};

// Where bots log in.
struct XmppServer {
  std::string host;  // name or address to connect to
  uint16_t port = 5222;
  std::string domain;  // that the certificate must be for
  TlsMode tls = TlsMode::kStartTls;
  bool verify = true;   // the certificate
  std::string ca_file;  // PEM of authorities; empty: the system's
};

// What the connections of one loop share. Throws boost::system::system_error
// with a text for people if the file of authorities cannot be used.
std::shared_ptr<boost::asio::ssl::context> MakeTlsContext(
    const XmppServer& server);

// One TCP connection of a client to its XMPP server, encrypted as asked. The
// bytes of the XMPP stream go in and out, those of STARTTLS do not. The loop's
// thread only; calls back from handlers of the io_context, never from within
// its own methods.
class XmppConnection {
 public:
  struct Handler {
    std::function<void()> on_open;
    std::function<void(std::string_view)> on_bytes;
    std::function<void(const std::string& why)> on_closed;  // at most once
  };

  // `tls` may be null for TlsMode::kOff.
  XmppConnection(boost::asio::io_context& context, const XmppServer& server,
                 std::shared_ptr<boost::asio::ssl::context> tls,
                 Handler handler);
  // Closes; nothing is called back any more.
  ~XmppConnection();
  XmppConnection(const XmppConnection&) = delete;
  XmppConnection& operator=(const XmppConnection&) = delete;

  void Send(std::string_view bytes);
  // Whether all was handed to the kernel.
  bool flushed() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bot
