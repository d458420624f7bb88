// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/https_redirect.h"

#include <string>
#include <utility>

namespace sfu {
namespace {

constexpr uint16_t kHttpsPort = 443;

// The host of a Host field without its port; empty if it is none.
std::string HostOf(const std::string& field) {
  const size_t bracket = field.find(']');  // of an IPv6 address
  const size_t colon =
      field.find(':', bracket == std::string::npos ? 0 : bracket);
  std::string host = field.substr(0, colon);
  const bool known_characters =
      host.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
          "0123456789.-_[]:") == std::string::npos;
  return known_characters ? host : std::string();
}

}  // namespace

HttpResponse RedirectToHttps(const HttpRequest& request, uint16_t port) {
  const std::string host = HostOf(request.host);
  if (host.empty()) {
    return {.status = 400, .body = "Which host? Use https://\n"};
  }
  const bool plain_path = request.target.starts_with('/');
  std::string to = "https://" + host;
  if (port != kHttpsPort) to += ":" + std::to_string(port);
  to += plain_path ? request.target : "/";
  HttpResponse response{.status = 308, .body = "This page is at " + to + "\n"};
  response.headers.emplace_back("Location", std::move(to));
  return response;
}

}  // namespace sfu
