// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sfu/http_message.h"
#include "tools/bot/figures.h"

namespace boost::asio {
class io_context;
}
namespace sfu {
class HttpServer;
}

namespace bot {

// The text exposition format of Prometheus, version 0.0.4: carillon_bot_...
// families, listed in docs/load-testing.md. No bot, room or server is named.
std::string MetricsText(const RunFigures& figures);

// Answers /metrics by MetricsText() of what `figures` gives.
sfu::HttpResponse AnswerMetrics(
    const sfu::HttpRequest& request,
    const std::function<const RunFigures&()>& figures);

// The listener of --metrics_listen. A shell.
class MetricsSite {
 public:
  // `figures` is called on the context's thread; both outlive the site.
  MetricsSite(boost::asio::io_context& context,
              std::function<const RunFigures&()> figures);
  ~MetricsSite();

  // Listens on `where`: HOST:PORT with an IP address as host, in brackets if
  // it is one of IPv6; port 0 is any free one. Returns an error text for the
  // operator, empty on success.
  std::string Open(const std::string& where);
  // Where it listens, after Open().
  uint16_t port() const;

 private:
  boost::asio::io_context& context_;
  const std::function<const RunFigures&()> figures_;
  std::unique_ptr<sfu::HttpServer> server_;
};

}  // namespace bot
