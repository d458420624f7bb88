// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/https_redirect.h"

#include <gtest/gtest.h>

#include <string>

namespace sfu {
namespace {

// Where a request is sent, empty if nowhere.
std::string Location(const std::string& host, const std::string& target,
                     uint16_t port) {
  HttpRequest request;
  request.host = host;
  request.target = target;
  const HttpResponse response = RedirectToHttps(request, port);
  if (response.headers.empty()) {
    EXPECT_EQ(response.status, 400u);
    return {};
  }
  EXPECT_EQ(response.status, 308u);
  EXPECT_EQ(response.headers.front().first, "Location");
  return response.headers.front().second;
}

TEST(HttpsRedirect, KeepsHostAndPath) {
  EXPECT_EQ(Location("meet.example", "/tea?name=A", 443),
            "https://meet.example/tea?name=A");
  EXPECT_EQ(Location("meet.example:80", "/", 8443),
            "https://meet.example:8443/");
  EXPECT_EQ(Location("192.0.2.1:8080", "/tea", 443), "https://192.0.2.1/tea");
  EXPECT_EQ(Location("[2001:db8::1]:80", "/", 8443),
            "https://[2001:db8::1]:8443/");
  EXPECT_EQ(Location("[2001:db8::1]", "/", 443), "https://[2001:db8::1]/");
}

TEST(HttpsRedirect, GoesNowhereElse) {
  EXPECT_EQ(Location("", "/", 443), "");
  EXPECT_EQ(Location(":80", "/", 443), "");
  EXPECT_EQ(Location("a@evil.example", "/", 443), "");
  EXPECT_EQ(Location("evil.example/a", "/", 443), "");
  EXPECT_EQ(Location("meet.example", "@evil.example", 443),
            "https://meet.example/");
  EXPECT_EQ(Location("meet.example", "http://evil.example/", 443),
            "https://meet.example/");
}

}  // namespace
}  // namespace sfu
