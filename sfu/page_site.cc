// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/page_site.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace sfu {
namespace {

constexpr std::string_view kWebSocketPath = "/xmpp-websocket";
constexpr std::string_view kConfigPath = "/config.json";

// Everything of the page comes from here and goes here. ws: and wss: are
// named since not all browsers count them as 'self'.
constexpr char kContentSecurityPolicy[] =
    "default-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data: blob:; media-src 'self' blob: mediastream:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

absl::string_view ToAbsl(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view PathOf(const HttpRequest& request) {
  const std::string_view target = request.target;
  return target.substr(0, target.find('?'));
}

void AddSecurityHeaders(HttpResponse* response) {
  auto& headers = response->headers;
  headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("X-Frame-Options", "DENY");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  headers.emplace_back(
      "Permissions-Policy",
      "camera=(self), microphone=(self), display-capture=(self), "
      "geolocation=()");
}

// RFC 9110 s13.1.2, by weak comparison.
bool Matches(const std::string& if_none_match, const std::string& etag) {
  for (absl::string_view word : absl::StrSplit(if_none_match, ',')) {
    word = absl::StripAsciiWhitespace(word);
    if (absl::StartsWith(word, "W/")) word.remove_prefix(2);
    if (word == "*" || word == etag) return true;
  }
  return false;
}

bool OffersXmpp(const std::string& subprotocols) {
  for (absl::string_view word : absl::StrSplit(subprotocols, ',')) {
    if (absl::StripAsciiWhitespace(word) == "xmpp") return true;
  }
  return false;
}

}  // namespace

bool IsSameOrigin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return true;
  size_t default_port = 0;
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, size_t>{"http://", 80},
        {"https://", 443}}) {
    if (!origin.starts_with(scheme)) continue;
    origin.remove_prefix(scheme.size());
    default_port = port;
  }
  if (default_port == 0) return false;  // "null" and other schemes
  const auto without_default = [&](std::string_view authority) {
    const std::string suffix = ":" + std::to_string(default_port);
    if (authority.ends_with(suffix)) authority.remove_suffix(suffix.size());
    return authority;
  };
  return !host.empty() &&
         absl::EqualsIgnoreCase(ToAbsl(without_default(origin)),
                                ToAbsl(without_default(host)));
}

PageSite::PageSite(const Config& config, StaticFiles files)
    : files_(std::move(files)),
      config_json_(nlohmann::json{
          {"websocket", kWebSocketPath},
          {"guest_domain", config.guest_domain},
          {"component", config.component},
          {"muc",
           config.muc}}.dump()) {}

HttpResponse PageSite::Handle(const HttpRequest& request) const {
  const std::string_view path = PathOf(request);
  if (path == kWebSocketPath) return HandleWebSocket(request);
  HttpResponse response;
  if (path == kConfigPath) {
    response.content_type = "application/json";
    response.body = config_json_;
    response.headers.emplace_back("Cache-Control", "no-store");
  } else {
    response = HandleFile(request);
  }
  AddSecurityHeaders(&response);
  return response;
}

HttpResponse PageSite::HandleWebSocket(const HttpRequest& request) const {
  if (!request.websocket) {
    return {.status = 426,
            .body = "This address takes WebSockets only\n",
            .headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}};
  }
  if (!IsSameOrigin(request.origin, request.host)) {
    return {.status = 403, .body = "Pages of other origins may not connect\n"};
  }
  if (!OffersXmpp(request.subprotocols)) {
    return {.status = 400, .body = "The subprotocol must be xmpp\n"};
  }
  return {.status = 101};
}

HttpResponse PageSite::HandleFile(const HttpRequest& request) const {
  HttpResponse response;
  const StaticFiles::File* file = files_.Find(request.target);
  if (file == nullptr) {
    response.status = 404;
    response.body =
        files_.empty() ? "No page here: see --page_dir\n" : "Not found\n";
    return response;
  }
  response.headers.emplace_back("ETag", file->etag);
  // Kept by the browser but asked for each time: one round trip, and a new
  // page is seen at once.
  response.headers.emplace_back("Cache-Control", "no-cache");
  if (Matches(request.if_none_match, file->etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file->content_type;
  response.body = file->content;
  return response;
}

}  // namespace sfu
