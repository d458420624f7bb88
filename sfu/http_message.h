// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sfu {

// What the sites see of a request. Only GET and HEAD reach them.
struct HttpRequest {
  std::string target{};  // path and query, as received
  std::string host{};
  std::string origin{};         // empty: none was sent
  std::string authorization{};  // RFC 9110 s11.6.2
  std::string if_none_match{};  // RFC 9110 s13.1.2
  bool websocket = false;       // asks for an upgrade (RFC 6455 s4.1)
  std::string subprotocols{};   // Sec-WebSocket-Protocol, comma-separated
};

// What a site answers. Status 101 hands the connection over to the server's
// upgrade handler; the rest of the response is then ignored.
struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};  // the server leaves it out for HEAD and 304
  std::vector<std::pair<std::string, std::string>> headers{};
};

}  // namespace sfu
