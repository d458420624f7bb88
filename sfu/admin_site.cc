// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/admin_site.h"

#include <string_view>

namespace sfu {
namespace {

constexpr unsigned kUnavailable = 503;

}  // namespace

HttpResponse AdminSite::Handle(const HttpRequest& request) const {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  HttpResponse response{.body = "ok\n"};
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = sources_.metrics();
  } else if (path != "/healthz" && path != "/readyz") {
    response.status = 404;
    response.body = "Here are /metrics, /healthz, /readyz and /debug\n";
  } else if (!sources_.workers_turning()) {
    response.status = kUnavailable;
    response.body = "a worker stands still\n";
  } else if (path == "/readyz" && sources_.draining()) {
    response.status = kUnavailable;
    response.body = "draining\n";
  } else if (path == "/readyz" && !sources_.component_connected()) {
    response.status = kUnavailable;
    response.body = "the link to the XMPP server is down\n";
  }
  return response;
}

}  // namespace sfu
