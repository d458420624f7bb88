// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/debug_site.h"

#include <nlohmann/json.hpp>

#include "sfu/room_census.h"
#include "tests/signaling/focus_fixture.h"

namespace sfu {
namespace {

using nlohmann::json;
using signaling::J;

constexpr char kToken[] = "0123456789abcdef";

class DebugSiteTest : public signaling::FocusTest {
 protected:
  HttpResponse Get(const std::string& target,
                   const std::string& authorization = "Bearer " +
                                                      std::string(kToken),
                   const std::string& token = kToken) {
    const DebugSite site(token,
                         {.focus = focus_.get(),
                          .worker_of = [](rtp::PeerId) { return size_t{1}; },
                          .now = [this] { return now_; }});
    HttpRequest request;
    request.target = target;
    request.authorization = authorization;
    return site.Handle(request);
  }
  json GetJson(const std::string& target) {
    const HttpResponse response = Get(target);
    EXPECT_EQ(response.status, 200u) << target << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return json::parse(response.body, nullptr, false);
  }
};

std::string Header(const HttpResponse& response, const std::string& name) {
  for (const auto& [each, value] : response.headers) {
    if (each == name) return value;
  }
  return {};
}

TEST_F(DebugSiteTest, IsForItsOwnPathsOnly) {
  EXPECT_TRUE(DebugSite::IsFor("/debug"));
  EXPECT_TRUE(DebugSite::IsFor("/debug?x"));
  EXPECT_TRUE(DebugSite::IsFor("/debug/rooms/x"));
  EXPECT_FALSE(DebugSite::IsFor("/debugger"));
  EXPECT_FALSE(DebugSite::IsFor("/metrics"));
}

TEST_F(DebugSiteTest, IsClosedWithoutAToken) {
  const HttpResponse response = Get("/debug", "Bearer ", "");
  EXPECT_EQ(response.status, 403u);
  EXPECT_THAT(response.body, testing::HasSubstr("--admin_token_file"));
}

TEST_F(DebugSiteTest, WantsTheToken) {
  const std::string token = kToken;
  for (const std::string& wrong :
       {std::string(), std::string("Bearer"), std::string("Bearer "),
        "Bearer " + token.substr(1), "Bearer " + token + "0",
        std::string("Bearer 1123456789abcdef"), "Basic " + token, token}) {
    const HttpResponse response = Get("/debug", wrong);
    EXPECT_EQ(response.status, 401u) << wrong;
    EXPECT_THAT(Header(response, "WWW-Authenticate"),
                testing::StartsWith("Bearer"));
    EXPECT_EQ(response.body.find(token), std::string::npos);
  }
  EXPECT_EQ(Get("/debug", "Bearer " + token).status, 200u);
  EXPECT_EQ(Get("/debug", "bearer  " + token).status, 200u);
}

TEST_F(DebugSiteTest, ShowsRoomsAndWhoIsInThem) {
  EXPECT_EQ(GetJson("/debug")["rooms"], json::array());
  const Caller alice = Join("alice@a.example/1");
  const Caller bob = Join("bob@b.example/1");
  Advance(std::chrono::seconds(10));
  const json rooms = GetJson("/debug")["rooms"];
  ASSERT_EQ(rooms.size(), 1u);
  EXPECT_EQ(rooms[0]["name"], "standup");
  EXPECT_EQ(rooms[0]["participants"], 2);
  EXPECT_GE(rooms[0]["seconds"], 10.0);

  focus_->OnSlotsChanged(
      now_, bob.peer,
      {{"1", Spec(alice).contents[1].uplink->source}, {"7", {}}});
  const json room = GetJson("/debug/rooms/standup?full");
  ASSERT_EQ(room["participants"].size(), 2u);
  const json& second = room["participants"][1];
  EXPECT_EQ(second["jid"], "bob@b.example/1");
  EXPECT_EQ(second["id"], bob.id);
  EXPECT_EQ(second["state"], "connected");
  EXPECT_EQ(second["worker"], 1);
  EXPECT_EQ(second["sources"][1]["type"], "camera");
  EXPECT_EQ(second["sources"][1]["muted"], false);
  EXPECT_EQ(second["slots"][0],
            (json{{"content", "1"}, {"source", alice.id + "-v0"}}));
  EXPECT_EQ(second["slots"][1]["source"], "");
}

TEST_F(DebugSiteTest, ShowsTheMucAndWhatItAllows) {
  signaling::Focus::Config config = DefaultConfig();
  config.paired_muc = "auto";
  config.muc_domain = "muc.example";
  Make(config);
  JoinOnly("alice@a.example/1");
  const json room = GetJson("/debug/rooms/standup");
  EXPECT_EQ(room["muc"]["jid"], "standup@muc.example");
  EXPECT_EQ(room["muc"]["state"], "asking");
  EXPECT_EQ(room["participants"][0]["rights"]["send_audio"], false);
  const RoomCensus census = CountRooms(focus_->all_rooms());
  EXPECT_EQ(census.paired_mucs[1], 1u);
  EXPECT_EQ(census.blind_mucs, 0u);
  Make(DefaultConfig());
  JoinOnly("alice@a.example/1");
  EXPECT_EQ(GetJson("/debug/rooms/standup")["muc"], nullptr);
}

TEST_F(DebugSiteTest, ShowsOneParticipantWithItsSession) {
  const Caller alice = Join("alice@a.example/1");
  focus_->OnPeerSilent(now_, alice.peer, true);
  const std::string path =
      "/debug/participants/" + std::to_string(alice.peer.value());
  const json shown = GetJson(path);
  EXPECT_EQ(shown["room"], "standup");
  EXPECT_EQ(shown["state"], "away");
  EXPECT_EQ(shown["session"]["sid"], alice.sid);
  EXPECT_EQ(shown["session"]["contents"][0]["codecs"][0], "opus/111");
  EXPECT_EQ(shown["session"]["contents"][1]["uplink_ssrcs"][0], 21);
  EXPECT_GT(shown["session"]["contents"][1]["slot_ssrc"], 0);
  // Nothing by which one could act for her.
  const std::string body = Get(path).body;
  EXPECT_EQ(body.find(alice.token), std::string::npos);
  EXPECT_EQ(body.find("password"), std::string::npos);
}

TEST_F(DebugSiteTest, SaysWhatThereIsWhereThereIsNothing) {
  Join("alice@a.example/1");
  for (const char* path :
       {"/debug/rooms/other", "/debug/rooms/", "/debug/participants/999",
        "/debug/participants/x", "/debug/participants/", "/debug/x"}) {
    EXPECT_EQ(Get(path).status, 404u) << path;
    EXPECT_THAT(Get(path).body, testing::HasSubstr("/debug/rooms/NAME"));
  }
}

TEST_F(DebugSiteTest, ACensusCountsOverAllRooms) {
  const Caller alice = Join("alice@a.example/1");
  Join("bob@b.example/1");
  const Caller carol = JoinOnly("carol@c.example/1", signaling::BundleOffer(),
                                "tea@sfu.example");
  Do(alice, signaling::Publish{{{"1", "screen", true}}});
  focus_->OnPeerSilent(now_, alice.peer, true);
  focus_->OnSlotsChanged(
      now_, alice.peer,
      {{"0", Spec(carol).contents[0].uplink->source}, {"1", {}}});
  const RoomCensus census = CountRooms(focus_->all_rooms());
  EXPECT_EQ(census.conferences, 2u);
  EXPECT_EQ(census.largest_conference, 2u);
  EXPECT_EQ(census.participants, 3u);
  EXPECT_EQ(census.connected, 2u);
  EXPECT_EQ(census.away, 1u);
  EXPECT_EQ(census.sending_audio, 3u);
  EXPECT_EQ(census.sending_video, 2u);
  EXPECT_EQ(census.sources, (std::array<size_t, 3>{3, 2, 1}));
  EXPECT_EQ(census.slots_filled, 1u);
}

}  // namespace
}  // namespace sfu
