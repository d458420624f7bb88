// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/sfu/loopback.h"
#include "tests/tools/report_figures.h"
#include "tools/bot/report/metrics_site.h"
#include "tools/bot/report/summary.h"

namespace bot {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportMetrics, AreWhatTheRunMeasured) {
  RunFigures run;
  run.planned_bots = 3;
  run.duration = 7;
  BotFigures& bot = run.bots.emplace_back();
  bot.name = "Secret";
  bot.state = BotState::kJoined;
  bot.connected = std::chrono::milliseconds(250);
  bot.bytes_sent = 1234;
  StreamFigures& video = bot.streams.emplace_back();
  video.kind = rtp::MediaKind::kVideo;
  video.packets = 9;
  video.lost = 2;
  video.frozen = std::chrono::milliseconds(1500);
  run.seconds.emplace_back().latency_p99_ms = 20;
  const std::string text = MetricsText(run);
  for (const char* line :
       {"carillon_bot_bots{state=\"joined\"} 1\n",
        "carillon_bot_bots{state=\"failed\"} 0\n",
        "carillon_bot_planned_bots 3\n", "carillon_bot_run_seconds 7\n",
        "carillon_bot_sent_bytes_total 1234\n",
        "carillon_bot_media_packets_total{kind=\"video\"} 9\n",
        "carillon_bot_lost_packets_total{kind=\"video\"} 2\n",
        "carillon_bot_lost_packets_total{kind=\"audio\"} 0\n",
        "carillon_bot_frozen_seconds_total 1.5\n",
        "carillon_bot_join_seconds{quantile=\"0.95\"} 0.25\n",
        "carillon_bot_recent_latency_seconds{quantile=\"0.99\"} 0.02\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("Secret")));
}

// The rows of the tables in a section of the document.
std::set<std::string> Rows(const std::string& section, const std::regex& row) {
  std::ifstream document(CARILLON_SOURCE_DIR "/docs/load-testing.md");
  EXPECT_TRUE(document.is_open());
  std::set<std::string> rows;
  std::smatch match;
  std::string here;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("## ")) here = line.substr(3);
    if (here == section && std::regex_match(line, match, row)) {
      std::string found = match[1];
      for (size_t i = 2; i < match.size(); ++i) found += " " + match[i].str();
      EXPECT_TRUE(rows.insert(found).second) << line;
    }
  }
  return rows;
}

TEST(ReportMetrics, AreThoseOfTheDocument) {
  std::set<std::string> told;
  std::istringstream text(MetricsText(MakeRun(3, 5)));
  const std::regex type(R"(# TYPE (carillon_bot_\w+) (\w+))");
  std::smatch match;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_match(line, match, type)) {
      told.insert(match[1].str() + " " + match[2].str());
    }
  }
  EXPECT_EQ(
      told,
      Rows("Metrics",
           std::regex(R"(\| `(carillon_bot_\w+)` \| (\w+) \|.*\| \S.* \|)")));
}

TEST(ReportMetrics, NamedValuesAreThoseOfTheDocument) {
  std::set<std::string> named;
  for (const ValueKind& kind : ValueKinds()) {
    named.insert(std::string(kind.name) + " " + std::string(kind.unit) + " " +
                 (kind.better == Better::kLower    ? "lower"
                  : kind.better == Better::kHigher ? "higher"
                                                   : ""));
  }
  EXPECT_EQ(
      named,
      Rows("What is measured",
           std::regex(
               R"(\| `([a-z0-9_]+)` \| ?(\S*) \| ?(lower|higher|) \| .* \|)")));
}

TEST(ReportMetrics, ListensWhereItIsTold) {
  boost::asio::io_context context;
  const RunFigures run = MakeRun(2, 3);
  MetricsSite site(context, [&run]() -> const RunFigures& { return run; });
  for (const char* bad : {"", "9109", "127.0.0.1", ":9109", "127.0.0.1:x",
                          "127.0.0.1:65536", "localhost:0", "127.0.0.1:-1"}) {
    EXPECT_THAT(site.Open(bad), HasSubstr("metrics_listen")) << bad;
  }
  ASSERT_EQ(site.Open("127.0.0.1:0"), "");
  const sfu::ContextThread thread(context);
  const auto get = [&](const std::string& target) {
    sfu::LoopbackClient client(site.port());
    client.Write("GET " + target +
                 " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.ReadAll();
  };
  const std::string answer = get("/metrics");
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(answer, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("\ncarillon_bot_run_seconds 3\n"));
  EXPECT_THAT(get("/"), HasSubstr("404"));
}

}  // namespace
}  // namespace bot
