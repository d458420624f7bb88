// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "sfu/http_message.h"
#include "sfu/static_files.h"

namespace sfu {

// What the public listener serves: the page, what the page must know
// (/config.json), and the way to the XMPP server (/xmpp-websocket). A plain
// function of the request.
class PageSite {
 public:
  struct Config {
    std::string guest_domain;
    std::string component;
    std::string muc;
  };

  PageSite(const Config& config, StaticFiles files);

  HttpResponse Handle(const HttpRequest& request) const;

 private:
  HttpResponse HandleWebSocket(const HttpRequest& request) const;
  HttpResponse HandleFile(const HttpRequest& request) const;

  const StaticFiles files_;
  const std::string config_json_;
};

// Whether a page of `origin` (RFC 6454 s7) came from the server that it calls
// `host`. Browsers always send an origin with a WebSocket; what has none is no
// page of somebody else.
bool IsSameOrigin(std::string_view origin, std::string_view host);

}  // namespace sfu
