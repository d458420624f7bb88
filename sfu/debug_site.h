// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rtp/base/time.h"
#include "sfu/http_message.h"
#include "signaling/focus.h"

namespace sfu {

// What the admin listener shows of rooms and participants, as JSON, to who
// knows the admin token (RFC 6750): /debug, /debug/rooms/NAME and
// /debug/participants/PEER. Shows names and JIDs; never what lets somebody act
// for a participant (resume tokens, ICE passwords).
class DebugSite {
 public:
  // What the control thread knows.
  struct Facts {
    const signaling::Focus* focus = nullptr;
    std::function<std::optional<size_t>(rtp::PeerId)> worker_of;
    std::function<rtp::Timestamp()> now;
  };

  // Without a token there is nothing to see.
  DebugSite(std::string token, Facts facts)
      : token_(std::move(token)), facts_(std::move(facts)) {}

  static bool IsFor(std::string_view target);
  HttpResponse Handle(const HttpRequest& request) const;

 private:
  bool MayPass(std::string_view authorization) const;

  const std::string token_;
  const Facts facts_;
};

}  // namespace sfu
