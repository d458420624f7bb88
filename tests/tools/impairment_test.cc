// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/impairment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace bot {
namespace {

using rtp::TimeDelta;
using rtp::Timestamp;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Arrival {
  uint32_t number = 0;
  Timestamp at;
  std::vector<uint8_t> bytes;
};

// One that sends numbered datagrams through a link at given times, and stops
// at each deadline as a shell would.
class Sending {
 public:
  explicit Sending(uint64_t seed = 1) : link(seed) {}

  void AdvanceTo(Timestamp until) {
    while (link.NextDeadline() <= until) {
      now = std::max(now, link.NextDeadline());
      link.PopDue(now, [this](auto& route, auto bytes) { Take(route, bytes); });
    }
    now = until;
  }
  void Push(size_t size = 100) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < 4 && i < size; ++i) {
      bytes[i] = static_cast<uint8_t>(pushed >> (24 - 8 * i));
    }
    ++pushed;
    link.Push(now, {}, bytes,
              [this](auto& route, auto data) { Take(route, data); });
  }
  // `count` of them, one each `gap`, and what is on its way afterwards.
  void PushMany(uint32_t count, TimeDelta gap, size_t size = 100) {
    for (uint32_t i = 0; i < count; ++i) {
      AdvanceTo(now);
      Push(size);
      AdvanceTo(now + gap);
    }
    Drain();
  }
  void Drain() {
    while (!link.empty()) AdvanceTo(link.NextDeadline());
  }
  void Take(const ImpairedLink::Route&, std::span<const uint8_t> bytes) {
    Arrival arrival{0, now, {bytes.begin(), bytes.end()}};
    for (size_t i = 0; i < 4 && i < bytes.size(); ++i) {
      arrival.number = arrival.number << 8 | bytes[i];
    }
    arrivals.push_back(std::move(arrival));
  }

  ImpairedLink link;
  Timestamp now = Timestamp(seconds(10));
  uint32_t pushed = 0;
  std::vector<Arrival> arrivals;
};

struct Moments {
  double mean = 0;
  double deviation = 0;
  double least = 0;
  double most = 0;
};

// Of the delays in ms, of datagrams that were pushed one each `gap`.
Moments DelaysOf(const Sending& run, Timestamp begin, TimeDelta gap) {
  Moments out;
  double squares = 0;
  out.least = 1e9;
  for (const Arrival& arrival : run.arrivals) {
    const auto delay = arrival.at - (begin + arrival.number * gap);
    const double ms = static_cast<double>(delay.count()) / 1000;
    out.mean += ms;
    squares += ms * ms;
    out.least = std::min(out.least, ms);
    out.most = std::max(out.most, ms);
  }
  const auto count = static_cast<double>(run.arrivals.size());
  out.mean /= count;
  out.deviation = std::sqrt(squares / count - out.mean * out.mean);
  return out;
}

double Share(uint64_t part, uint64_t of) {
  return static_cast<double>(part) / static_cast<double>(of);
}

TEST(ImpairedLink, CleanOnePassesTheDatagramItself) {
  ImpairedLink link(1);
  const std::vector<uint8_t> bytes = {1, 2, 3};
  const ice::SocketAddress address(std::vector<uint8_t>{192, 0, 2, 1}, 7);
  const uint8_t* seen = nullptr;
  link.Push(Timestamp(), {address, {}}, bytes,
            [&](const ImpairedLink::Route& route, auto datagram) {
              seen = datagram.data();
              EXPECT_EQ(route.from, address);
            });
  EXPECT_EQ(seen, bytes.data());
  EXPECT_EQ(link.NextDeadline(), rtp::kNever);
  EXPECT_EQ(link.counters().delivered, 1u);
}

TEST(ImpairedLink, RouteComesBackWithADelayedDatagram) {
  ImpairedLink link(1);
  Impairment impairment;
  impairment.delay = milliseconds(5);
  link.Set(Timestamp(), impairment);
  const ice::SocketAddress from(std::vector<uint8_t>{192, 0, 2, 1}, 7);
  const ice::SocketAddress to(std::vector<uint8_t>{192, 0, 2, 2}, 8);
  const std::vector<uint8_t> bytes = {1, 2, 3};
  int seen = 0;
  auto take = [&](const ImpairedLink::Route& route, auto datagram) {
    ++seen;
    EXPECT_EQ(route.from, from);
    EXPECT_EQ(route.to, to);
    EXPECT_TRUE(std::ranges::equal(datagram, bytes));
  };
  link.Push(Timestamp(), {from, to}, bytes, take);
  EXPECT_EQ(link.NextDeadline(), Timestamp(milliseconds(5)));
  link.PopDue(Timestamp(microseconds(4999)), take);
  EXPECT_EQ(seen, 0);
  link.PopDue(Timestamp(milliseconds(5)), take);
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(link.empty());
}

TEST(ImpairedLink, LosesTheShareAskedFor) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Sending run(seed);
    Impairment impairment;
    impairment.loss = 0.05;
    run.link.Set(run.now, impairment);
    run.PushMany(100'000, microseconds(10));
    EXPECT_NEAR(Share(run.link.counters().lost, 100'000), 0.05, 0.003);
    EXPECT_EQ(run.arrivals.size() + run.link.counters().lost, 100'000u);
  }
}

TEST(ImpairedLink, LosesInBurstsOfTheLengthAskedFor) {
  Sending run;
  Impairment impairment;
  impairment.bursts = Impairment::Bursts(0.3, 1 / 0.35);
  EXPECT_NEAR(impairment.bursts.to_good, 0.35, 1e-12);
  EXPECT_NEAR(impairment.bursts.to_bad, 0.15, 1e-12);
  run.link.Set(run.now, impairment);
  run.PushMany(100'000, microseconds(10));
  EXPECT_NEAR(Share(run.link.counters().lost, 100'000), 0.3, 0.01);
  uint64_t bursts = 0;
  uint32_t expected = 0;
  for (const Arrival& arrival : run.arrivals) {
    bursts += arrival.number != expected;
    expected = arrival.number + 1;
  }
  EXPECT_NEAR(Share(run.link.counters().lost, bursts), 1 / 0.35, 0.1);
}

TEST(ImpairedLink, LosesLessInTheGoodState) {
  Sending run;
  Impairment impairment;
  impairment.bursts = {0.01, 0.03, 0.02, 0.5};
  run.link.Set(run.now, impairment);
  run.PushMany(100'000, microseconds(10));
  // A quarter of the time in the bad state.
  EXPECT_NEAR(Share(run.link.counters().lost, 100'000),
              0.75 * 0.02 + 0.25 * 0.5, 0.015);
}

TEST(ImpairedLink, OutageLetsNothingInButWhatIsOnItsWay) {
  Sending run;
  Impairment impairment;
  impairment.delay = milliseconds(50);
  run.link.Set(run.now, impairment);
  run.Push();
  impairment.outage = true;
  run.link.Set(run.now, impairment);
  run.Push();
  run.Drain();
  ASSERT_EQ(run.arrivals.size(), 1u);
  EXPECT_EQ(run.link.counters().lost, 1u);
  run.link.Set(run.now, {});
  run.Push();
  EXPECT_EQ(run.arrivals.size(), 2u);
}

class JitterKinds : public testing::TestWithParam<Impairment::Jitter> {};

TEST_P(JitterKinds, DelayAndJitterAreMeanAndDeviation) {
  Sending run;
  Impairment impairment;
  impairment.delay = milliseconds(80);
  impairment.jitter = milliseconds(10);
  impairment.jitter_kind = GetParam();
  impairment.keep_order = false;
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.PushMany(100'000, milliseconds(1));
  const Moments delays = DelaysOf(run, begin, milliseconds(1));
  EXPECT_NEAR(delays.mean, 80, 0.15);
  const bool pareto = GetParam() == Impairment::Jitter::kPareto;
  EXPECT_NEAR(delays.deviation, 10, pareto ? 0.3 : 0.1);
  switch (GetParam()) {
    case Impairment::Jitter::kUniform:
      EXPECT_NEAR(delays.least, 80 - 17.32, 0.01);
      EXPECT_NEAR(delays.most, 80 + 17.32, 0.01);
      break;
    case Impairment::Jitter::kNormal:
      EXPECT_GT(delays.most, 80 + 35);
      EXPECT_LT(delays.most, 80 + 60);
      break;
    case Impairment::Jitter::kPareto:
      EXPECT_NEAR(delays.least, 80 - 6.92, 0.01);
      EXPECT_GT(delays.most, 80 + 110);
      EXPECT_LT(delays.most, 80 + 123);
      break;
  }
  EXPECT_GT(run.link.counters().reordered, 10'000u);
}

INSTANTIATE_TEST_SUITE_P(ImpairedLink, JitterKinds,
                         testing::Values(Impairment::Jitter::kUniform,
                                         Impairment::Jitter::kNormal,
                                         Impairment::Jitter::kPareto));

class GradualJitter
    : public testing::TestWithParam<std::tuple<Impairment::Jitter, int>> {};

TEST_P(GradualJitter, KeepsTheOrderAndTheMoments) {
  Sending run;
  Impairment impairment;
  impairment.delay = milliseconds(80);
  impairment.jitter = milliseconds(10);
  impairment.jitter_kind = std::get<0>(GetParam());
  const auto gap = milliseconds(std::get<1>(GetParam()));
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.PushMany(100'000, gap);
  EXPECT_EQ(run.link.counters().reordered, 0u);
  EXPECT_TRUE(std::ranges::is_sorted(run.arrivals, {}, &Arrival::number));
  const Moments delays = DelaysOf(run, begin, gap);
  const bool pareto = impairment.jitter_kind == Impairment::Jitter::kPareto;
  EXPECT_NEAR(delays.mean, 80, pareto ? 1.0 : 0.4);
  EXPECT_NEAR(delays.deviation, 10, pareto ? 1.5 : 0.3);
}

INSTANTIATE_TEST_SUITE_P(
    ImpairedLink, GradualJitter,
    testing::Combine(testing::Values(Impairment::Jitter::kUniform,
                                     Impairment::Jitter::kNormal,
                                     Impairment::Jitter::kPareto),
                     testing::Values(1, 20, 66)));

TEST(ImpairedLink, JitterNeverTakesTheDelayBelowZero) {
  Sending run;
  Impairment impairment;
  impairment.delay = milliseconds(1);
  impairment.jitter = milliseconds(10);
  impairment.keep_order = false;
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.PushMany(1000, milliseconds(1));
  EXPECT_EQ(DelaysOf(run, begin, milliseconds(1)).least, 0);
}

// 1000 bytes at 800 kbit/s are sent in 10 ms; at 0, 2 and 4 ms three such
// come, so that the last is there 26 ms after it was pushed.
TEST(ImpairedLink, RateDelaysAsComputedByHand) {
  Sending run;
  Impairment impairment;
  impairment.rate_bps = 800'000;
  impairment.queue_bytes = 3000;
  impairment.delay = milliseconds(100);
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.Push(1000);
  run.AdvanceTo(begin + milliseconds(2));
  run.Push(1000);
  run.AdvanceTo(begin + milliseconds(4));
  run.Push(1000);
  EXPECT_EQ(run.link.queued_bytes(), 3000u);
  run.Push(1000);  // does not fit
  EXPECT_EQ(run.link.counters().queue_drops, 1u);
  run.AdvanceTo(begin + milliseconds(10));
  run.Push(1000);  // fits, the first has gone
  run.Drain();
  ASSERT_EQ(run.arrivals.size(), 4u);
  EXPECT_EQ(run.arrivals[0].at - begin, milliseconds(110));
  EXPECT_EQ(run.arrivals[1].at - begin, milliseconds(120));
  EXPECT_EQ(run.arrivals[2].at - begin, milliseconds(130));
  EXPECT_EQ(run.arrivals[3].at - begin, milliseconds(140));
  EXPECT_EQ(run.link.counters().queue_delay, milliseconds(10 + 18 + 26 + 30));
  EXPECT_EQ(run.link.counters().max_queue_delay, milliseconds(30));
}

TEST(ImpairedLink, RateIsExactOverManyWhenTheTimesAreNotWhole) {
  Sending run;
  Impairment impairment;
  impairment.rate_bps = 700'000;
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  for (int i = 0; i < 7000; ++i) run.Push(1000);
  run.Drain();
  EXPECT_EQ(run.arrivals.back().at - begin, seconds(80));
}

TEST(ImpairedLink, QueueIsLimitedInTimeToo) {
  Sending run;
  Impairment impairment;
  impairment.rate_bps = 1'000'000;
  impairment.queue_time = milliseconds(100);
  run.link.Set(run.now, impairment);
  // Twice what the link can carry.
  run.PushMany(2000, milliseconds(4), 1000);
  EXPECT_NEAR(Share(run.link.counters().queue_drops, 2000), 0.5, 0.01);
  EXPECT_LE(run.link.counters().max_queue_delay, milliseconds(100));
  EXPECT_GT(run.link.counters().max_queue_delay, milliseconds(90));
}

TEST(ImpairedLink, WhatIsQueuedGoesOnAtTheNewRate) {
  Sending run;
  Impairment impairment;
  impairment.rate_bps = 800'000;
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.Push(1000);
  run.Push(1000);
  run.AdvanceTo(begin + milliseconds(5));  // half of the first is out
  impairment.rate_bps = 80'000;
  run.link.Set(run.now, impairment);
  run.AdvanceTo(begin + milliseconds(155));
  ASSERT_EQ(run.arrivals.size(), 2u);
  EXPECT_EQ(run.arrivals[0].at - begin, milliseconds(55));
  run.Push(1000);
  run.AdvanceTo(begin + milliseconds(156));
  impairment.rate_bps = 0;
  run.link.Set(run.now, impairment);
  run.Drain();
  ASSERT_EQ(run.arrivals.size(), 3u);
  EXPECT_EQ(run.arrivals[1].at - begin, milliseconds(155));
  EXPECT_EQ(run.arrivals[2].at - begin, milliseconds(156));
}

TEST(ImpairedLink, ALinkThatBecomesCleanKeepsTheOrder) {
  Sending run;
  Impairment impairment;
  impairment.delay = milliseconds(50);
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.Push();
  run.link.Set(run.now, {});
  run.Push();
  run.Drain();
  ASSERT_EQ(run.arrivals.size(), 2u);
  EXPECT_EQ(run.arrivals[0].number, 0u);
  EXPECT_EQ(run.arrivals[1].at - begin, milliseconds(50));
}

TEST(ImpairedLink, ReordersByDatagrams) {
  Sending run;
  Impairment impairment;
  impairment.delay = milliseconds(20);
  impairment.reorder = {0.05, 50, seconds(1)};
  run.link.Set(run.now, impairment);
  run.PushMany(100'000, milliseconds(1));
  EXPECT_EQ(run.arrivals.size(), 100'000u);
  EXPECT_NEAR(Share(run.link.counters().reordered, 100'000), 0.05, 0.003);
  uint32_t newest = 0;
  uint32_t farthest = 0;
  for (const Arrival& arrival : run.arrivals) {
    if (arrival.number < newest) {
      farthest = std::max(farthest, newest - arrival.number);
    }
    newest = std::max(newest, arrival.number);
  }
  EXPECT_GE(farthest, 50u);
  EXPECT_LE(farthest, 60u);  // among those passed some are late themselves
}

TEST(ImpairedLink, TheLastOneIsNotHeldForEver) {
  Sending run;
  Impairment impairment;
  impairment.reorder = {1, 3, milliseconds(30)};
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.Push();
  run.Drain();
  ASSERT_EQ(run.arrivals.size(), 1u);
  EXPECT_EQ(run.arrivals[0].at - begin, milliseconds(30));
}

TEST(ImpairedLink, ReordersByTime) {
  Sending run;
  Impairment impairment;
  impairment.reorder = {0.1, 0, milliseconds(30)};
  run.link.Set(run.now, impairment);
  const Timestamp begin = run.now;
  run.PushMany(10'000, milliseconds(1));
  EXPECT_NEAR(Share(run.link.counters().reordered, 10'000), 0.1, 0.01);
  for (const Arrival& arrival : run.arrivals) {
    const auto delay = arrival.at - begin - arrival.number * milliseconds(1);
    EXPECT_TRUE(delay == TimeDelta::zero() || delay == milliseconds(30));
  }
}

TEST(ImpairedLink, Duplicates) {
  Sending run;
  Impairment impairment;
  impairment.duplicate = 0.02;
  run.link.Set(run.now, impairment);
  run.PushMany(100'000, microseconds(10));
  EXPECT_NEAR(Share(run.link.counters().duplicated, 100'000), 0.02, 0.002);
  EXPECT_EQ(run.arrivals.size(), 100'000 + run.link.counters().duplicated);
  EXPECT_EQ(run.link.counters().reordered, 0u);
}

TEST(ImpairedLink, CorruptsOneBit) {
  Sending run;
  Impairment impairment;
  impairment.corrupt = 0.05;
  run.link.Set(run.now, impairment);
  run.PushMany(100'000, microseconds(10), 20);
  ASSERT_EQ(run.arrivals.size(), 100'000u);
  uint64_t corrupted = 0;
  std::vector<int> where(160);
  for (uint32_t i = 0; i < 100'000; ++i) {
    std::vector<uint8_t> sent(20);
    for (size_t j = 0; j < 4; ++j) {
      sent[j] = static_cast<uint8_t>(i >> (24 - 8 * j));
    }
    size_t bits = 0;
    for (size_t j = 0; j < 20; ++j) {
      const auto turned =
          static_cast<uint8_t>(sent[j] ^ run.arrivals[i].bytes[j]);
      bits += static_cast<size_t>(std::popcount(turned));
      if (turned != 0) {
        ++where[j * 8 + static_cast<size_t>(std::countr_zero(turned))];
      }
    }
    ASSERT_LE(bits, 1u);
    corrupted += bits;
  }
  EXPECT_EQ(corrupted, run.link.counters().corrupted);
  EXPECT_NEAR(Share(corrupted, 100'000), 0.05, 0.003);
  EXPECT_GT(*std::ranges::min_element(where), 5);
  EXPECT_LT(*std::ranges::max_element(where), 70);
}

Impairment Everything() {
  Impairment all;
  all.loss = 0.01;
  all.bursts = {0.01, 0.3, 0.01, 0.9};
  all.corrupt = 0.01;
  all.duplicate = 0.02;
  all.rate_bps = 3'000'000;
  all.queue_time = milliseconds(200);
  all.delay = milliseconds(30);
  all.jitter = milliseconds(7);
  all.jitter_kind = Impairment::Jitter::kPareto;
  all.keep_order = false;
  all.reorder = {0.02, 5, milliseconds(50)};
  return all;
}

uint64_t Digest(uint64_t seed, bool keep_order) {
  Sending run(seed);
  Impairment all = Everything();
  all.keep_order = keep_order;
  run.link.Set(run.now, all);
  run.PushMany(20'000, microseconds(317), 120);
  uint64_t hash = 0xcbf29ce484222325;
  auto add = [&hash](uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
  for (const Arrival& arrival : run.arrivals) {
    add(static_cast<uint64_t>(arrival.at.time_since_epoch().count()));
    for (uint8_t byte : arrival.bytes) add(byte);
  }
  return hash;
}

TEST(ImpairedLink, SameSeedSameBytes) {
  EXPECT_EQ(Digest(7, true), Digest(7, true));
  EXPECT_NE(Digest(7, true), Digest(8, true));
  // Found by the first build; another that says otherwise is not portable.
  EXPECT_EQ(Digest(7, false), 13611732946230100643u);
  EXPECT_EQ(Digest(7, true), 1877559386076341644u);
}

TEST(ImpairedLink, NothingIsForgotten) {
  Sending run;
  run.link.Set(run.now, Everything());
  run.PushMany(20'000, microseconds(100), 120);
  const ImpairedLink::Counters& c = run.link.counters();
  EXPECT_GT(c.queue_drops, 0u);
  EXPECT_EQ(c.pushed + c.duplicated, c.delivered + c.lost + c.queue_drops);
  EXPECT_EQ(c.delivered, run.arrivals.size());
}

}  // namespace
}  // namespace bot
