// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/relay_mesh.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace sfu {
namespace {

bool Readable(const Wakeup& wakeup) {
  pollfd poll_fd{wakeup.fd(), POLLIN, 0};
  return poll(&poll_fd, 1, 0) == 1;
}

class RelayMeshTest : public testing::Test {
 protected:
  RelayMeshTest() {
    for (size_t i = 0; i < wakeups_.size(); ++i) {
      mesh_.port(i).set_wakeup(&wakeups_[i]);
    }
  }

  bool Send(size_t from, size_t to, uint64_t seq) {
    RelayCell* cell = mesh_.port(from).TryCell(to);
    if (cell == nullptr) return false;
    cell->kind = RelayCell::Kind::kPacket;
    cell->packet.seq = seq;
    mesh_.port(from).Relay(to);
    return true;
  }

  // {from, sequence number} of all that waits for `worker`.
  std::vector<std::pair<size_t, uint64_t>> Drain(size_t worker,
                                                 size_t limit = 1000) {
    std::vector<std::pair<size_t, uint64_t>> taken;
    mesh_.port(worker).Drain(limit, [&](size_t from, const RelayCell& cell) {
      taken.emplace_back(from, cell.packet.seq);
    });
    return taken;
  }

  std::array<Wakeup, 3> wakeups_;
  RelayMesh mesh_{3};
};

TEST_F(RelayMeshTest, KeepsEachPairApartAndInOrder) {
  EXPECT_TRUE(mesh_.port(2).Empty());
  Send(0, 2, 1);
  Send(1, 2, 2);
  Send(0, 2, 3);
  Send(2, 0, 4);
  EXPECT_FALSE(mesh_.port(2).Empty());
  EXPECT_TRUE(mesh_.port(1).Empty());
  using Cells = std::vector<std::pair<size_t, uint64_t>>;
  EXPECT_EQ(Drain(2), (Cells{{0, 1}, {0, 3}, {1, 2}}));
  EXPECT_EQ(Drain(0), (Cells{{2, 4}}));
  EXPECT_TRUE(mesh_.port(2).Empty());
}

TEST_F(RelayMeshTest, RefusesWhenFullAndTakesAgainAfterADrain) {
  uint64_t sent = 0;
  while (Send(0, 1, sent)) ++sent;
  EXPECT_GE(sent, 256u);
  EXPECT_TRUE(Send(0, 2, 0)) << "another pair's ring is its own";
  EXPECT_EQ(Drain(1, 1).size(), 1u);
  EXPECT_TRUE(Send(0, 1, sent));
  EXPECT_FALSE(Send(0, 1, sent));
}

TEST_F(RelayMeshTest, WakesWhoSleepsAndWasSentSomething) {
  for (Wakeup& wakeup : wakeups_) wakeup.PrepareToSleep();
  Send(0, 1, 7);
  EXPECT_FALSE(Readable(wakeups_[1])) << "once a turn, not once a cell";
  mesh_.port(0).Notify();
  EXPECT_TRUE(Readable(wakeups_[1]));
  EXPECT_FALSE(Readable(wakeups_[2]));
  wakeups_[1].OnAwake();
  wakeups_[1].PrepareToSleep();
  mesh_.port(0).Notify();
  EXPECT_FALSE(Readable(wakeups_[1])) << "told twice of the same";
}

TEST_F(RelayMeshTest, CarriesBetweenThreadsWhatWasWritten) {
  constexpr uint64_t kCount = 20'000;
  const auto send = [this](size_t from, size_t to) {
    for (uint64_t seq = 0; seq < kCount; ++seq) {
      RelayCell* cell;
      while ((cell = mesh_.port(from).TryCell(to)) == nullptr) {
        std::this_thread::yield();
      }
      cell->packet.seq = seq;
      cell->packet.bytes.fill(static_cast<uint8_t>(seq));
      mesh_.port(from).Relay(to);
    }
  };
  std::thread first([&] { send(0, 2); });
  std::thread second([&] { send(1, 2); });
  std::array<uint64_t, 2> next = {0, 0};
  uint64_t wrong = 0;
  while (next[0] < kCount || next[1] < kCount) {
    mesh_.port(2).Drain(64, [&](size_t from, const RelayCell& cell) {
      const auto byte = static_cast<uint8_t>(next[from]);
      if (cell.packet.seq != next[from] || cell.packet.bytes.front() != byte ||
          cell.packet.bytes.back() != byte) {
        ++wrong;
      }
      ++next[from];
    });
  }
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace sfu
