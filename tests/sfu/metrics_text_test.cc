// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/metrics_text.h"

#include <gtest/gtest.h>

#include <fstream>
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
  snapshot.census.conferences = 2;
  snapshot.draining = true;
  const std::string text = MetricsText(snapshot);
  for (const char* line :
       {"carillon_rtp_received_total{worker=\"0\"} 5\n",
        "carillon_rtp_received_total{worker=\"1\"} 7\n",
        "carillon_dropped_total{worker=\"1\",reason=\"srtp_auth\"} 3\n",
        "carillon_busy_seconds_total{worker=\"1\"} 2.5\n",
        "carillon_worker_cpu_seconds_total{worker=\"0\"} 2\n",
        "carillon_peers{worker=\"1\"} 4\n", "carillon_conferences 2\n",
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
  const std::regex type(R"(# TYPE (\S+) (counter|gauge|histogram))");
  const std::regex sample(
      R"(([a-z0-9_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)");
  const std::regex of_histogram("_(bucket|sum|count)$");
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
      const std::string name =
          types[family] == "histogram"
              ? std::regex_replace(match[1].str(), of_histogram, "")
              : match[1].str();
      EXPECT_EQ(name, family);
      EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second)
          << line;
    }
  }
  EXPECT_GT(types.size(), 25u);
}

TEST(MetricsText, HistogramsAreCumulativeAndInTheirUnit) {
  const auto counters = std::make_unique<Counters>();
  counters->rtt.Observe(3);  // ms
  counters->rtt.Observe(200);
  counters->rtt.Observe(20'000);  // beyond the greatest bound
  counters->outgoing_loss.Observe(128);
  MetricsSnapshot snapshot;
  snapshot.workers = {{counters.get(), 0, {}}};
  const std::string text = MetricsText(snapshot);
  for (const char* line :
       {"carillon_rtt_seconds_count{worker=\"0\"} 3\n",
        "carillon_rtt_seconds_bucket{worker=\"0\",le=\"0.002\"} 0\n",
        "carillon_rtt_seconds_bucket{worker=\"0\",le=\"0.004\"} 1\n",
        "carillon_rtt_seconds_bucket{worker=\"0\",le=\"0.256\"} 2\n",
        "carillon_rtt_seconds_bucket{worker=\"0\",le=\"8.192\"} 2\n",
        "carillon_rtt_seconds_bucket{worker=\"0\",le=\"+Inf\"} 3\n",
        "carillon_outgoing_loss_ratio_bucket{worker=\"0\",le=\"0.5\"} 1\n",
        "carillon_outgoing_loss_ratio_sum{worker=\"0\"} 0.5\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(MetricsText, TellsWhatTheFocusCounted) {
  signaling::FocusStats focus;
  focus.conferences_created = 7;
  focus.failures.Add("consent_lost");
  focus.ended_by_client.Add("made-up");
  focus.join_milliseconds.Observe(500);
  MetricsSnapshot snapshot;
  snapshot.focus = &focus;
  snapshot.census.sources = {1, 2, 3};
  snapshot.census
      .paired_mucs[static_cast<size_t>(signaling::PairedMuc::State::kJoined)] =
      4;
  snapshot.version = "1.2.3";
  const std::string text = MetricsText(snapshot);
  for (const char* line :
       {"carillon_build_info{version=\"1.2.3\"} 1\n",
        "carillon_conferences_created_total 7\n",
        "carillon_sources{type=\"screen\"} 3\n",
        "carillon_paired_mucs{state=\"joined\"} 4\n",
        "carillon_participants_failed_total{reason=\"consent_lost\"} 1\n",
        "carillon_sessions_terminated_total{by=\"client\",reason=\"other\"} "
        "1\n",
        "carillon_join_seconds_sum 0.5\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

// What docs/metrics.md says there is, is what there is: names, types, labels
// and the reasons of drops.
TEST(MetricsText, IsWhatTheDocumentSays) {
  const auto counters = std::make_unique<Counters>();
  MetricsSnapshot snapshot;
  snapshot.workers = {{counters.get(), 0, {}}};
  std::istringstream text(MetricsText(snapshot));
  std::set<std::string> told;
  std::map<std::string, std::string> types;
  std::map<std::string, std::set<std::string>> labels;
  std::smatch match;
  const std::regex type(R"(# TYPE (\S+) (\S+))");
  const std::regex label(R"re(([a-z]+)="[^"]*")re");
  std::string family;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_match(line, match, type)) {
      family = match[1];
      types[family] = match[2];
    } else if (line.front() != '#') {
      for (std::sregex_iterator it(line.begin(), line.end(), label), end;
           it != end; ++it) {
        if ((*it)[1] != "le") labels[family].insert((*it)[1]);
      }
    }
  }
  for (const auto& [name, kind] : types) {
    std::string row = name + " " + kind;
    for (const std::string& each : labels[name]) row += " " + each;
    told.insert(row);
  }
  std::set<std::string> reasons;
  for (size_t i = 0; i < counters->drops.size(); ++i) {
    reasons.insert(std::string(DropReasonName(static_cast<DropReason>(i))));
  }

  std::ifstream document(CARILLON_SOURCE_DIR "/docs/metrics.md");
  ASSERT_TRUE(document.is_open());
  const std::regex metric_row(
      R"(\| `(carillon_\w+)` \| (\w+) \|([a-z`, ]*)\| \S.* \|)");
  const std::regex reason_row(R"(\| `([a-z_]+)` \| \S.* \|)");
  const std::regex word("[a-z]+");
  std::set<std::string> documented;
  std::set<std::string> documented_reasons;
  for (std::string line; std::getline(document, line);) {
    if (std::regex_match(line, match, metric_row)) {
      std::string row = match[1].str() + " " + match[2].str();
      const std::string its_labels = match[3];
      std::set<std::string> sorted;
      for (std::sregex_iterator it(its_labels.begin(), its_labels.end(), word),
           end;
           it != end; ++it) {
        sorted.insert(it->str());
      }
      for (const std::string& each : sorted) row += " " + each;
      documented.insert(row);
    } else if (std::regex_match(line, match, reason_row)) {
      documented_reasons.insert(match[1]);
    }
  }
  EXPECT_EQ(told, documented);
  EXPECT_EQ(reasons, documented_reasons);
}

}  // namespace
}  // namespace sfu
