// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "rtp/base/time.h"
#include "sfu/config.h"
#include "sfu/http_server.h"

namespace sfu {

// Carries XMPP over WebSocket (RFC 7395) from pages to the XMPP server, so
// that a page needs one origin only. One message at a time is under way in
// each direction: a slow reader slows the writer down, and memory is bounded
// by two messages per stream. If the XMPP server cannot be reached the page
// sees close code 1013.
class WebSocketProxy {
 public:
  struct Config {
    Endpoint upstream;
    std::string path;
    size_t message_bytes = 512 << 10;
    rtp::TimeDelta connect_timeout = std::chrono::seconds(5);
    // Silence until a ping, and the same again until the stream is given up.
    rtp::TimeDelta idle_timeout = std::chrono::seconds(60);
  };

  WebSocketProxy(boost::asio::io_context& context, const Config& config);
  ~WebSocketProxy();
  WebSocketProxy(const WebSocketProxy&) = delete;
  WebSocketProxy& operator=(const WebSocketProxy&) = delete;

  // Serves a connection that asked for a WebSocket with subprotocol "xmpp".
  void Start(HttpServer::Upgraded connection);

  // Streams open now.
  size_t streams() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfu
