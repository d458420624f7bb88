// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/worker_links.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "sfu/admin_site.h"

namespace sfu {
namespace {

using std::chrono::seconds;

constexpr rtp::Timestamp kStart{seconds(100)};

class WorkerLinksTest : public testing::Test {
 protected:
  // What the worker's thread would do: takes all commands.
  size_t TakeCommands() {
    return rings_.commands.Drain(2000, [&](Command& command) {
      counters_.commands.Add();
      if (const auto* remove = std::get_if<RemovePeer>(&command)) {
        taken_.push_back(remove->peer.value());
      }
      command = std::monostate();
    });
  }

  WorkerRings rings_;
  Counters counters_;
  WorkerLinks links_{kStart, {{&rings_, &counters_}}};
  std::vector<uint64_t> taken_;
};

TEST_F(WorkerLinksTest, LosesNoCommandWhenTheRingIsFull) {
  constexpr uint64_t kCount = 2500;  // the ring holds 1024
  for (uint64_t i = 0; i < kCount; ++i) {
    links_.Push(0, RemovePeer{rtp::PeerId(i)});
  }
  EXPECT_EQ(links_.backlog(), kCount - 1024);
  EXPECT_LE(links_.NextDeadline(), kStart);
  rtp::Timestamp now = kStart;
  for (int turn = 0; turn < 3; ++turn) {
    TakeCommands();
    now = std::max(now, links_.NextDeadline());
    links_.HandleTimeout(now);
  }
  TakeCommands();
  EXPECT_EQ(links_.backlog(), 0u);
  ASSERT_EQ(taken_.size(), kCount);
  for (uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(taken_[i], i);
}

TEST_F(WorkerLinksTest, MeasuresTheShareOfTimeThatAWorkerWasBusy) {
  EXPECT_EQ(links_.load(0), 0);
  rtp::Timestamp now = kStart;
  for (const auto& [busy, share] :
       {std::pair{500'000u, 0.25}, std::pair{0u, 0.0},
        std::pair{9'000'000u, 1.0}}) {
    counters_.busy_microseconds.Add(busy);
    now += WorkerLinks::kTrialInterval;
    links_.HandleTimeout(now);
    EXPECT_DOUBLE_EQ(links_.load(0), share);
  }
}

TEST_F(WorkerLinksTest, HandsEventsOnInOrder) {
  for (uint64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(rings_.events.TryPush(
        [i](Event& cell) { cell = PeerConnected{rtp::PeerId(i)}; }));
  }
  std::vector<uint64_t> seen;
  links_.DrainEvents([&](const Event& event) {
    seen.push_back(std::get<PeerConnected>(event).peer.value());
  });
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 2, 3}));
}

TEST_F(WorkerLinksTest, SeesThatAnIdleWorkerTurns) {
  for (rtp::Timestamp now = kStart; now < kStart + seconds(60);
       now += seconds(1)) {
    links_.HandleTimeout(now);
    TakeCommands();
    EXPECT_TRUE(links_.AllTurning(now));
  }
}

TEST_F(WorkerLinksTest, SeesThatAWorkerStandsStillAndThatItIsBack) {
  rtp::Timestamp now = kStart;
  for (; now <= kStart + seconds(14); now += seconds(1)) {
    links_.HandleTimeout(now);
  }
  EXPECT_FALSE(links_.AllTurning(now));
  EXPECT_EQ(TakeCommands(), 1u);  // it was not flooded meanwhile
  links_.HandleTimeout(now + seconds(2));
  EXPECT_TRUE(links_.AllTurning(now + seconds(2)));
}

HttpResponse Ask(const std::string& target, bool turning, bool connected,
                 bool draining = false) {
  const AdminSite site({.metrics = [] { return std::string("metrics"); },
                        .workers_turning = [=] { return turning; },
                        .component_connected = [=] { return connected; },
                        .draining = [=] { return draining; }});
  return site.Handle({.target = target});
}

TEST(AdminSite, IsHealthyWithoutTheXmppServerButNotReady) {
  EXPECT_EQ(Ask("/healthz", true, false).status, 200u);
  EXPECT_EQ(Ask("/readyz", true, false).status, 503u);
  EXPECT_NE(Ask("/readyz", true, false).body.find("XMPP"), std::string::npos);
  EXPECT_EQ(Ask("/readyz", true, true).status, 200u);
}

TEST(AdminSite, IsHealthyButNotReadyWhenItDrains) {
  EXPECT_EQ(Ask("/healthz", true, true, true).status, 200u);
  EXPECT_EQ(Ask("/readyz", true, true, true).status, 503u);
  EXPECT_EQ(Ask("/readyz", true, true, true).body, "draining\n");
}

TEST(AdminSite, IsUnhealthyWhenAWorkerStandsStill) {
  EXPECT_EQ(Ask("/healthz", false, true).status, 503u);
  EXPECT_EQ(Ask("/readyz?x", false, true).status, 503u);
}

TEST(AdminSite, ServesMetrics) {
  const HttpResponse response = Ask("/metrics", true, true);
  EXPECT_EQ(response.body, "metrics");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Ask("/", true, true).status, 404u);
}

}  // namespace
}  // namespace sfu
