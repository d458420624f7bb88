// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/worker_loop.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <thread>
#include <variant>

#include "sfu/monotonic_clock.h"
#include "sfu/relay_mesh.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

class WorkerLoopTest : public WorkerTest {
 protected:
  static bool WaitUntil(const std::function<bool()>& condition) {
    const rtp::Timestamp deadline = MonotonicNow() + seconds(30);
    while (!condition() && MonotonicNow() < deadline) std::this_thread::yield();
    return condition();
  }

  WorkerRings rings_;
  RelayMesh mesh_{1};
  WorkerLoop loop_{{.listen = *ice::SocketAddress::Parse("127.0.0.1", 0)},
                   worker_,
                   rings_,
                   mesh_.port(0)};
};

TEST_F(WorkerLoopTest, TellsOfEventsThatWaitForAFullRing) {
  ASSERT_EQ(loop_.Open(), "");
  while (rings_.events.TryPush([](Event& cell) { cell = std::monostate(); })) {
  }
  const rtp::PeerSpec spec = MakeClient(rtp::DtlsRole::kActive).spec;
  ASSERT_TRUE(
      rings_.commands.TryPush([&](Command& cell) { cell = AddPeer{spec}; }));
  ASSERT_TRUE(
      rings_.commands.TryPush([&](Command& cell) { cell = UpdatePeer{spec}; }));
  loop_.Start();
  const Gauge& backlog = worker_.counters().event_backlog;
  EXPECT_TRUE(WaitUntil([&] { return backlog.Get() > 0; }));
  size_t told = 0;
  const auto take = [&](Event& event) {
    if (std::holds_alternative<SlotsChanged>(event)) ++told;
  };
  EXPECT_TRUE(WaitUntil([&] {
    rings_.events.Drain(std::numeric_limits<size_t>::max(), take);
    return told > 0 && backlog.Get() == 0;
  }));
  loop_.Stop();
}

}  // namespace
}  // namespace sfu
