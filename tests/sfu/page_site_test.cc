// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/page_site.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sfu {
namespace {

PageSite MakeSite() {
  return PageSite({"guest.example", "sfu.example", "muc.example"},
                  StaticFiles());
}

HttpRequest WebSocketRequest() {
  HttpRequest request;
  request.target = "/xmpp-websocket";
  request.host = "example.org";
  request.origin = "https://example.org";
  request.websocket = true;
  request.subprotocols = "xmpp";
  return request;
}

TEST(PageSite, TellsThePageWhatItMustKnow) {
  const HttpResponse response = MakeSite().Handle({.target = "/config.json"});
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.content_type, "application/json");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json, (nlohmann::json{{"websocket", "/xmpp-websocket"},
                                  {"guest_domain", "guest.example"},
                                  {"component", "sfu.example"},
                                  {"muc", "muc.example"}}));
}

TEST(PageSite, HandsXmppWebSocketsOver) {
  EXPECT_EQ(MakeSite().Handle(WebSocketRequest()).status, 101u);
  HttpRequest without_origin = WebSocketRequest();
  without_origin.origin.clear();
  EXPECT_EQ(MakeSite().Handle(without_origin).status, 101u);
}

TEST(PageSite, RefusesOtherWebSockets) {
  HttpRequest foreign = WebSocketRequest();
  foreign.origin = "https://evil.example";
  EXPECT_EQ(MakeSite().Handle(foreign).status, 403u);
  HttpRequest other_protocol = WebSocketRequest();
  other_protocol.subprotocols = "chat, xmppx";
  EXPECT_EQ(MakeSite().Handle(other_protocol).status, 400u);
  HttpRequest plain = WebSocketRequest();
  plain.websocket = false;
  EXPECT_EQ(MakeSite().Handle(plain).status, 426u);
}

TEST(IsSameOrigin, ComparesHostAndPort) {
  EXPECT_TRUE(IsSameOrigin("", "example.org"));
  EXPECT_TRUE(IsSameOrigin("http://127.0.0.1:8080", "127.0.0.1:8080"));
  EXPECT_TRUE(IsSameOrigin("https://Example.org", "example.org:443"));
  EXPECT_TRUE(IsSameOrigin("http://example.org:80", "example.org"));
  EXPECT_FALSE(IsSameOrigin("http://127.0.0.1:8081", "127.0.0.1:8080"));
  EXPECT_FALSE(IsSameOrigin("https://example.org.evil.net", "example.org"));
  EXPECT_FALSE(IsSameOrigin("https://evil-example.org", "example.org"));
  EXPECT_FALSE(IsSameOrigin("null", "null"));
  EXPECT_FALSE(IsSameOrigin("http://", ""));
}

}  // namespace
}  // namespace sfu
