// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "rtp/base/time.h"
#include "sfu/byte_stream.h"
#include "sfu/http_message.h"
#include "sfu/tls_context.h"

namespace boost::asio {
class io_context;
}

namespace sfu {

// One HTTP listener on the control thread's io_context. Hands each request
// to a site, a plain function. GET and HEAD only; sizes, times and the number
// of connections are bounded, and beyond the number a connection is closed as
// it comes.
class HttpServer {
 public:
  struct Config {
    std::string ip;
    uint16_t port = 0;  // 0: any free one, see port()
    std::string flag;   // names the setting in errors
    // HTTPS with this, which outlives the server; null: plain HTTP.
    const TlsContext* tls = nullptr;
    size_t max_connections = 1024;
    size_t header_bytes = 8 << 10;
    size_t body_bytes = 64 << 10;
    // For TLS to shake hands, for a whole request to arrive, and for the next
    // one to begin.
    rtp::TimeDelta read_timeout = std::chrono::seconds(5);
    rtp::TimeDelta write_timeout = std::chrono::seconds(30);
  };
  // A connection that is no longer HTTP.
  struct Upgraded {
    std::unique_ptr<ByteStream> stream;
    std::string received;         // the request and what followed it
    std::shared_ptr<void> place;  // held as long as the connection counts
  };
  using Site = std::function<HttpResponse(const HttpRequest&)>;
  using UpgradeHandler = std::function<void(Upgraded)>;

  // `upgrade` may be empty if `site` never answers 101.
  HttpServer(boost::asio::io_context& context, const Config& config, Site site,
             UpgradeHandler upgrade);
  // Stops listening; connections end with the io_context.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and accepts. Returns an error text for the operator, empty on
  // success.
  std::string Open();
  // Where it listens, after Open().
  uint16_t port() const;
  // Open connections, upgraded ones included.
  size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfu
