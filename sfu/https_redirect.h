// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "sfu/http_message.h"

namespace sfu {

// Sends a browser from http:// to the same address of https:// at `port`.
HttpResponse RedirectToHttps(const HttpRequest& request, uint16_t port);

}  // namespace sfu
