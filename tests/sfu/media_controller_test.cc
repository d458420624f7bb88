// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/media_controller.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/seeded_random.h"

namespace sfu {
namespace {

constexpr rtp::Timestamp kNow{};
constexpr rtp::ConferenceId kRoom(7);

class RecordedCommands : public CommandSink {
 public:
  void Push(size_t worker, Command command) override {
    pushed.emplace_back(worker, std::move(command));
  }
  std::vector<std::pair<size_t, Command>> pushed;
};

class RecordedFacts : public signaling::MediaObserver {
 public:
  void OnPeerConnected(rtp::Timestamp, rtp::PeerId) override { ++connected; }
  void OnPeerFailed(rtp::Timestamp, rtp::PeerId,
                    signaling::PeerFailure why) override {
    failures.push_back(why);
  }
  void OnPeerSilent(rtp::Timestamp, rtp::PeerId, bool) override { ++silent; }
  void OnSlotsChanged(rtp::Timestamp, rtp::PeerId,
                      const std::vector<signaling::SlotFill>& fills) override {
    slots.push_back(fills);
  }
  void OnSpeakersChanged(rtp::Timestamp, rtp::ConferenceId,
                         rtp::SourceId dominant,
                         const std::vector<rtp::SourceId>&) override {
    dominants.push_back(dominant);
  }
  int connected = 0;
  int silent = 0;
  std::vector<signaling::PeerFailure> failures;
  std::vector<std::vector<signaling::SlotFill>> slots;
  std::vector<rtp::SourceId> dominants;
};

class MediaControllerTest : public testing::Test {
 protected:
  static MediaController::Config MakeConfig(size_t workers) {
    MediaController::Config config;
    for (size_t i = 0; i < workers; ++i) {
      config.workers.push_back(
          {{"192.0.2.1", "2001:db8::1"}, static_cast<uint16_t>(10000 + i)});
    }
    config.fingerprint.hash = "sha-256";
    config.max_peers = 3;
    config.node = 65;
    return config;
  }

  rtp::PeerSpec SpecOf(const signaling::PeerAllocation& allocation,
                       rtp::Ssrc ssrc = 0) {
    rtp::PeerSpec spec;
    spec.peer = allocation.peer;
    spec.conference = kRoom;
    rtp::ContentSpec content;
    content.slot = rtp::SlotSpec{ssrc, 0};
    spec.contents.push_back(content);
    return spec;
  }

  support::SeededRandom random_{1};
  RecordedCommands commands_;
  RecordedFacts facts_;
};

TEST_F(MediaControllerTest, WritesVersionNodeAndWorkerIntoTheUfrag) {
  MediaController controller(MakeConfig(2), random_, commands_);
  controller.AllocatePeer(rtp::ConferenceId(1), 1);  // fills worker 0
  const auto allocation = controller.AllocatePeer(kRoom, 2);
  ASSERT_EQ(allocation.transports.size(), 2u);
  for (const signaling::IceTransport& transport : allocation.transports) {
    // Node 65 and worker 1 in two ice-chars each: "BB" and "AB".
    EXPECT_EQ(transport.ufrag.substr(0, 5), "1BBAB");
    EXPECT_EQ(transport.ufrag.size(), 21u);
    EXPECT_GE(transport.pwd.size(), 22u);
    ASSERT_TRUE(transport.fingerprint);
    EXPECT_EQ(transport.fingerprint->hash, "sha-256");
    EXPECT_FALSE(transport.fingerprint->setup);
  }
  EXPECT_NE(allocation.transports[0].ufrag, allocation.transports[1].ufrag);
  EXPECT_NE(allocation.transports[0].pwd, allocation.transports[1].pwd);
}

TEST_F(MediaControllerTest, OffersEachAddressOnThePortOfTheWorker) {
  MediaController controller(MakeConfig(1), random_, commands_);
  const auto candidates =
      controller.AllocatePeer(kRoom, 1).transports.at(0).candidates;
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0].ip, "192.0.2.1");
  EXPECT_EQ(candidates[0].port, 10000);
  EXPECT_EQ(candidates[0].type, "host");
  EXPECT_EQ(candidates[1].ip, "2001:db8::1");
  EXPECT_GT(candidates[0].priority, candidates[1].priority);
  EXPECT_NE(candidates[0].foundation, candidates[1].foundation);
}

TEST_F(MediaControllerTest, KeepsAConferenceOnOneWorkerAndSpreadsConferences) {
  MediaController controller(MakeConfig(2), random_, commands_);
  const auto first = controller.AllocatePeer(kRoom, 1);
  const auto second = controller.AllocatePeer(kRoom, 1);
  const auto other = controller.AllocatePeer(rtp::ConferenceId(8), 1);
  const auto port = [](const signaling::PeerAllocation& allocation) {
    return allocation.transports.at(0).candidates.at(0).port;
  };
  EXPECT_EQ(port(first), port(second));
  EXPECT_NE(port(first), port(other));
  EXPECT_EQ(controller.peer_count(0), 2u);
  EXPECT_EQ(controller.peer_count(1), 1u);
}

class SpreadTest : public MediaControllerTest {
 protected:
  static MediaController::Config MakeSpreadConfig() {
    MediaController::Config config = MakeConfig(3);
    config.max_peers = 100;
    config.spread_after = 2;
    return config;
  }

  // Adds a peer that publishes source `id`; returns its worker.
  size_t Join(rtp::ConferenceId room, uint64_t id) {
    const auto allocation = controller_.AllocatePeer(room, 1);
    peers_.push_back(allocation.peer);
    rtp::PeerSpec spec;
    spec.peer = allocation.peer;
    spec.conference = room;
    rtp::ContentSpec content;
    content.kind = rtp::MediaKind::kVideo;
    content.codecs.emplace_back();
    content.uplink = rtp::UplinkSpec{.source = rtp::SourceId(id),
                                     .type = rtp::SourceType::kCamera,
                                     .muted = false,
                                     .ssrcs = {},
                                     .rtx_ssrcs = {}};
    spec.contents = {content};
    controller_.AddPeer(kNow, spec);
    return static_cast<size_t>(
        allocation.transports.at(0).candidates.at(0).port - 10000);
  }

  // The newest SpanConference of `worker`.
  const SpanConference* SpanOf(size_t worker) const {
    const SpanConference* found = nullptr;
    for (const auto& [to, command] : commands_.pushed) {
      const auto* span = std::get_if<SpanConference>(&command);
      if (to == worker && span != nullptr) found = span;
    }
    return found;
  }

  // Sources that `worker` was told of as being elsewhere, by home.
  std::set<std::pair<uint64_t, size_t>> RemoteAt(size_t worker) const {
    std::map<rtp::PeerId, RemoteSources> told;
    for (const auto& [to, command] : commands_.pushed) {
      const auto* remote = std::get_if<RemoteSources>(&command);
      if (to == worker && remote != nullptr) told[remote->peer] = *remote;
    }
    std::set<std::pair<uint64_t, size_t>> sources;
    for (const auto& [peer, remote] : told) {
      for (const auto& source : remote.sources) {
        sources.emplace(source.source.value(), remote.home);
      }
    }
    return sources;
  }

  MediaController controller_{MakeSpreadConfig(), random_, commands_};
  std::vector<rtp::PeerId> peers_;
};

TEST_F(SpreadTest, FillsWorkersOneAfterTheOther) {
  std::vector<size_t> workers;
  for (uint64_t i = 1; i <= 7; ++i) workers.push_back(Join(kRoom, i));
  EXPECT_EQ(workers, (std::vector<size_t>{0, 0, 1, 1, 2, 2, 0}));
}

TEST_F(SpreadTest, ASmallRoomTellsNothingToOtherWorkers) {
  Join(kRoom, 1);
  Join(kRoom, 2);
  for (const auto& [worker, command] : commands_.pushed) {
    EXPECT_TRUE(std::holds_alternative<AddPeer>(command));
  }
}

TEST_F(SpreadTest, EachWorkerKnowsWhatIsPublishedElsewhere) {
  for (uint64_t i = 1; i <= 3; ++i) Join(kRoom, i);
  using Sources = std::set<std::pair<uint64_t, size_t>>;
  EXPECT_EQ(RemoteAt(0), (Sources{{3, 1}}));
  EXPECT_EQ(RemoteAt(1), (Sources{{1, 0}, {2, 0}}));
  EXPECT_EQ(RemoteAt(2), Sources());
  ASSERT_NE(SpanOf(0), nullptr);
  EXPECT_EQ(SpanOf(0)->others, (std::vector<size_t>{1}));
  EXPECT_TRUE(SpanOf(0)->reports);
  EXPECT_FALSE(SpanOf(1)->reports);
  // A worker hears of what is elsewhere before it has a peer to show it to.
  size_t remote = 0;
  size_t added = 0;
  for (size_t i = 0; i < commands_.pushed.size(); ++i) {
    if (commands_.pushed[i].first != 1) continue;
    const Command& command = commands_.pushed[i].second;
    if (std::holds_alternative<RemoteSources>(command)) remote = i;
    if (std::holds_alternative<AddPeer>(command)) added = i;
  }
  EXPECT_LT(remote, added);
}

TEST_F(SpreadTest, WhatEndsIsTakenBack) {
  for (uint64_t i = 1; i <= 3; ++i) Join(kRoom, i);
  controller_.RemovePeer(kNow, peers_[0]);
  using Sources = std::set<std::pair<uint64_t, size_t>>;
  EXPECT_EQ(RemoteAt(1), (Sources{{2, 0}}));
  EXPECT_TRUE(SpanOf(0)->reports);
  controller_.RemovePeer(kNow, peers_[1]);  // worker 0 has nobody left
  EXPECT_TRUE(SpanOf(1)->reports);
  EXPECT_TRUE(SpanOf(1)->others.empty());
  commands_.pushed.clear();
  EXPECT_EQ(Join(kRoom, 4), 1u);
  EXPECT_EQ(commands_.pushed.size(), 1u) << "one worker again";
}

TEST_F(SpreadTest, ABusyWorkerGetsNobodyAsLongAsAnotherIsNot) {
  controller_.SetLoad(0, 0.95);
  EXPECT_EQ(Join(kRoom, 1), 1u);
  EXPECT_EQ(Join(rtp::ConferenceId(8), 2), 2u);
  controller_.SetLoad(1, 0.95);
  EXPECT_EQ(Join(kRoom, 3), 2u) << "the room spreads early";
  controller_.SetLoad(2, 0.95);
  EXPECT_EQ(Join(kRoom, 4), 1u) << "all are busy: as always";
}

TEST_F(MediaControllerTest, TakesNoMorePeersThanAllowed) {
  MediaController controller(MakeConfig(1), random_, commands_);
  std::set<rtp::PeerId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.insert(controller.AllocatePeer(kRoom, 1).peer);
  }
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_TRUE(controller.AllocatePeer(kRoom, 1).transports.empty());
  controller.RemovePeer(kNow, *ids.begin());
  EXPECT_EQ(controller.AllocatePeer(kRoom, 1).transports.size(), 1u);
}

TEST_F(MediaControllerTest, SendsCommandsToTheWorkerOfThePeer) {
  MediaController controller(MakeConfig(2), random_, commands_);
  controller.AllocatePeer(rtp::ConferenceId(1), 1);
  const auto allocation = controller.AllocatePeer(kRoom, 1);
  controller.AddPeer(kNow, SpecOf(allocation));
  controller.UpdatePeer(kNow, SpecOf(allocation));
  controller.SetReceive(kNow, allocation.peer, {});
  EXPECT_EQ(controller.WorkerOf(allocation.peer), 1u);
  EXPECT_EQ(controller.WorkerOf(rtp::PeerId(999)), std::nullopt);
  const auto restarted = controller.RestartIce(kNow, allocation.peer, 0, {});
  controller.RemovePeer(kNow, allocation.peer);
  ASSERT_EQ(commands_.pushed.size(), 5u);
  for (const auto& [worker, command] : commands_.pushed) EXPECT_EQ(worker, 1u);
  EXPECT_TRUE(std::holds_alternative<AddPeer>(commands_.pushed[0].second));
  EXPECT_TRUE(std::holds_alternative<UpdatePeer>(commands_.pushed[1].second));
  EXPECT_TRUE(std::holds_alternative<SetReceive>(commands_.pushed[2].second));
  const auto* restart = std::get_if<RestartIce>(&commands_.pushed[3].second);
  ASSERT_NE(restart, nullptr);
  EXPECT_EQ(restart->local.ufrag, restarted.ufrag);
  EXPECT_NE(restarted.ufrag, allocation.transports[0].ufrag);
  EXPECT_TRUE(std::holds_alternative<RemovePeer>(commands_.pushed[4].second));
  EXPECT_EQ(controller.ice_restarts(), 1u);
}

TEST_F(MediaControllerTest, TellsNoWorkerOfAnAllocationThatWasGivenBack) {
  MediaController controller(MakeConfig(1), random_, commands_);
  const auto allocation = controller.AllocatePeer(kRoom, 1);
  controller.RemovePeer(kNow, allocation.peer);
  controller.AddPeer(kNow, SpecOf(allocation));
  EXPECT_TRUE(commands_.pushed.empty());
  EXPECT_EQ(controller.peer_count(), 0u);
}

// Draws the SSRC 5 for ever, until told otherwise.
class StubbornRandom : public rtp::RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) byte = 0;
    if (bytes.size() == 4) bytes[3] = draws++ < 3 ? 5 : 6;
  }
  int draws = 0;
};

TEST_F(MediaControllerTest, DrawsNoSsrcThatASlotHas) {
  StubbornRandom random;
  MediaController controller(MakeConfig(1), random, commands_);
  const auto allocation = controller.AllocatePeer(kRoom, 1);
  const rtp::Ssrc ssrc = controller.AllocateSsrc();
  EXPECT_EQ(ssrc, 5u);
  controller.AddPeer(kNow, SpecOf(allocation, ssrc));
  EXPECT_EQ(controller.AllocateSsrc(), 6u);
  controller.RemovePeer(kNow, allocation.peer);
  random.draws = 0;
  EXPECT_EQ(controller.AllocateSsrc(), 5u);
}

TEST_F(MediaControllerTest, TellsTheObserverWhatWorkersReport) {
  MediaController controller(MakeConfig(1), random_, commands_);
  controller.set_observer(&facts_);
  const rtp::PeerId peer = controller.AllocatePeer(kRoom, 1).peer;
  controller.HandleEvent(kNow, PeerConnected{peer});
  controller.HandleEvent(kNow, PeerSilent{peer, true});
  controller.HandleEvent(kNow, SlotsChanged{peer, {{"v1", rtp::SourceId(4)}}});
  controller.HandleEvent(kNow, PeerFailed{peer, PeerFailure::kConsentLost});
  controller.HandleEvent(kNow, SpeakersChanged{kRoom, rtp::SourceId(4), {}});
  EXPECT_EQ(facts_.connected, 1);
  EXPECT_EQ(facts_.silent, 1);
  ASSERT_EQ(facts_.slots.size(), 1u);
  EXPECT_EQ(facts_.slots[0][0], (signaling::SlotFill{"v1", rtp::SourceId(4)}));
  EXPECT_EQ(facts_.failures,
            (std::vector{signaling::PeerFailure::kConsentLost}));
  EXPECT_EQ(facts_.dominants, (std::vector{rtp::SourceId(4)}));
}

TEST_F(MediaControllerTest, IgnoresEventsOfPeersThatAreGone) {
  MediaController controller(MakeConfig(1), random_, commands_);
  controller.set_observer(&facts_);
  const rtp::PeerId peer = controller.AllocatePeer(kRoom, 1).peer;
  controller.RemovePeer(kNow, peer);
  controller.HandleEvent(kNow, PeerConnected{peer});
  controller.HandleEvent(kNow, PeerFailed{peer, PeerFailure::kDtlsFailed});
  controller.HandleEvent(kNow, PeerSilent{peer, true});
  controller.HandleEvent(kNow, SlotsChanged{peer, {}});
  EXPECT_EQ(facts_.connected + facts_.silent, 0);
  EXPECT_TRUE(facts_.failures.empty());
  EXPECT_TRUE(facts_.slots.empty());
}

}  // namespace
}  // namespace sfu
