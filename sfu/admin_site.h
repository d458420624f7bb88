// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "sfu/http_message.h"

namespace sfu {

// What the admin listener serves: /metrics for Prometheus, /healthz (is this
// process to be restarted?) and /readyz (should people be sent here?). Tells
// no address, JID or room name.
class AdminSite {
 public:
  struct Sources {
    std::function<std::string()> metrics;
    std::function<bool()> workers_turning;
    std::function<bool()> component_connected;
    std::function<bool()> draining;
  };

  explicit AdminSite(Sources sources) : sources_(std::move(sources)) {}

  HttpResponse Handle(const HttpRequest& request) const;

 private:
  const Sources sources_;
};

}  // namespace sfu
