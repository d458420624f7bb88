// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/metrics_text.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace sfu {
namespace {

TEST(MetricsText, TellsEveryWorkerApart) {
  auto first = std::make_unique<Counters>();
  auto second = std::make_unique<Counters>();
  first->rtp_in.Add(5);
  second->rtp_in.Add(7);
  second->Drop(DropReason::kSrtpAuth, 3);
  second->busy_microseconds.Add(2'500'000);
  MetricsSnapshot snapshot;
  snapshot.workers = {{first.get(), 1, std::chrono::seconds(2)},
                      {second.get(), 4, {}}};
  snapshot.rooms = 2;
  snapshot.draining = true;
  const std::string text = MetricsText(snapshot);
  for (const char* line :
       {"carillon_rtp_received_total{worker=\"0\"} 5\n",
        "carillon_rtp_received_total{worker=\"1\"} 7\n",
        "carillon_dropped_total{worker=\"1\",reason=\"srtp_auth\"} 3\n",
        "carillon_busy_seconds_total{worker=\"1\"} 2.5\n",
        "carillon_worker_cpu_seconds_total{worker=\"0\"} 2\n",
        "carillon_peers{worker=\"1\"} 4\n", "carillon_rooms 2\n",
        "carillon_component_connected 0\n", "carillon_draining 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(MetricsText, IsWellFormed) {
  const auto counters = std::make_unique<Counters>();
  MetricsSnapshot snapshot;
  snapshot.workers = {{counters.get(), 0, {}}};
  ReadProcessFacts(&snapshot);
  EXPECT_GT(snapshot.resident_bytes, 1u << 20);
  EXPECT_GT(snapshot.open_descriptors, 0u);
  std::istringstream text(MetricsText(snapshot));
  std::map<std::string, std::string> types;
  std::set<std::string> samples;
  std::string family;
  const std::regex help(R"(# HELP (carillon_[a-z0-9_]+) \S.*)");
  const std::regex type(R"(# TYPE (\S+) (counter|gauge))");
  const std::regex sample(
      R"(([a-z0-9_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)");
  for (std::string line; std::getline(text, line);) {
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      family = match[1];
      EXPECT_FALSE(types.contains(family)) << line;
    } else if (std::regex_match(line, match, type)) {
      EXPECT_EQ(match[1], family);
      types[family] = match[2];
      // What promtool asks for: counters, and only they, end in _total.
      EXPECT_EQ(family.ends_with("_total"), match[2] == "counter") << line;
      EXPECT_EQ(family.find("microseconds"), std::string::npos) << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      EXPECT_EQ(match[1], family);
      EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second)
          << line;
    }
  }
  EXPECT_GT(types.size(), 25u);
}

}  // namespace
}  // namespace sfu
