// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/debug_site.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sfu/debug_json.h"

namespace sfu {
namespace {

constexpr std::string_view kRoot = "/debug";
constexpr std::string_view kRooms = "/debug/rooms/";
constexpr std::string_view kParticipants = "/debug/participants/";

std::string_view PathOf(std::string_view target) {
  return target.substr(0, target.find('?'));
}

void ShowJson(const nlohmann::ordered_json& json, HttpResponse& response) {
  response.content_type = "application/json";
  response.body = json.dump(2, ' ', /*ensure_ascii=*/false,
                            nlohmann::json::error_handler_t::replace) +
                  "\n";
}

}  // namespace

bool DebugSite::IsFor(std::string_view target) {
  const std::string_view path = PathOf(target);
  return path == kRoot || path.starts_with("/debug/");
}

bool DebugSite::MayPass(std::string_view authorization) const {
  // RFC 9110 s11.1: the scheme's case does not matter.
  constexpr std::string_view kScheme = "bearer ";
  if (!absl::StartsWithIgnoreCase(
          absl::string_view(authorization.data(), authorization.size()),
          absl::string_view(kScheme.data(), kScheme.size()))) {
    return false;
  }
  std::string_view token = authorization.substr(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  // How long the token is may be learned by the time this takes, no more.
  return token.size() == token_.size() &&
         CRYPTO_memcmp(token.data(), token_.data(), token.size()) == 0;
}

HttpResponse DebugSite::Handle(const HttpRequest& request) const {
  HttpResponse response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (token_.empty()) {
    response.status = 403;
    response.body =
        "State is shown to who has the admin token, and there is none: start "
        "the server with --admin_token_file\n";
    return response;
  }
  if (!MayPass(request.authorization)) {
    response.status = 401;
    response.headers.emplace_back("WWW-Authenticate",
                                  "Bearer realm=\"carillon\"");
    response.body =
        "Send the header \"Authorization: Bearer TOKEN\" with what is in the "
        "file of --admin_token_file\n";
    return response;
  }
  const std::string_view path = PathOf(request.target);
  const rtp::Timestamp now = facts_.now();
  const signaling::Focus::Rooms& rooms = facts_.focus->all_rooms();
  if (path == kRoot || path == "/debug/") {
    ShowJson(DescribeRooms(rooms, now), response);
    return response;
  }
  if (path.starts_with(kRooms)) {
    const auto room = rooms.find(std::string(path.substr(kRooms.size())));
    if (room != rooms.end()) {
      ShowJson(DescribeRoom(*room->second, now, facts_.worker_of), response);
      return response;
    }
  }
  uint64_t peer = 0;
  if (path.starts_with(kParticipants) &&
      absl::SimpleAtoi(std::string(path.substr(kParticipants.size())), &peer)) {
    const rtp::PeerId id(peer);
    for (const auto& [name, room] : rooms) {
      const auto at = std::find_if(
          room->participants.begin(), room->participants.end(),
          [id](const auto& each) { return each->session->peer() == id; });
      if (at == room->participants.end()) continue;
      ShowJson(DescribeParticipant(*room, **at, now, facts_.worker_of(id)),
               response);
      return response;
    }
  }
  response.status = 404;
  response.body =
      "Here are /debug, /debug/rooms/NAME and /debug/participants/PEER, of "
      "those who are in a room now\n";
  return response;
}

}  // namespace sfu
