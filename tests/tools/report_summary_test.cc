// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/tools/report_figures.h"
#include "tools/bot/report/summary.h"
#include "tools/bot/report/totals.h"

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

BotFigures Connected(milliseconds after) {
  BotFigures bot;
  bot.state = BotState::kJoined;
  bot.connected = after;
  return bot;
}

TEST(ReportSummary, OfNothingMeasuresNothing) {
  const auto summary = Summarize({});
  EXPECT_EQ(summary.size(), ValueKinds().size());
  for (const char* name :
       {"loss_ratio", "freeze_ratio", "latency_ms_p99", "join_ms_p50",
        "freezes", "audio_gaps", "longest_gap_ms", "recovered_ratio", "cpu_max",
        "memory_per_bot_kb", "sent_mbps", "unauthentic"}) {
    EXPECT_EQ(ValueOf(summary, name), std::nullopt) << name;
  }
  EXPECT_EQ(ValueOf(summary, "bots"), 0);
  EXPECT_EQ(ValueOf(summary, "failed_bots"), 0);
}

TEST(ReportSummary, NamesAreUniqueAndMeanSomething) {
  std::set<std::string_view> names;
  for (const ValueKind& kind : ValueKinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.meaning.empty()) << kind.name;
    // The unit is part of the name.
    if (kind.unit == "ms") {
      EXPECT_THAT(std::string(kind.name), testing::HasSubstr("_ms"));
    }
    EXPECT_EQ(FindValueKind(kind.name), &kind);
  }
  EXPECT_EQ(FindValueKind("nothing"), nullptr);
}

TEST(ReportSummary, CountsJoins) {
  RunFigures run;
  run.planned_bots = 6;
  for (const int ms : {100, 200, 300}) {
    run.bots.push_back(Connected(milliseconds(ms)));
  }
  run.bots[2].state = BotState::kFailed;  // after it had joined
  run.bots.emplace_back().state = BotState::kFailed;
  run.bots.emplace_back().state = BotState::kJoining;
  const auto summary = Summarize(run);
  EXPECT_EQ(ValueOf(summary, "bots"), 6);
  EXPECT_EQ(ValueOf(summary, "joined"), 3);
  EXPECT_EQ(ValueOf(summary, "not_joined"), 3);
  EXPECT_EQ(ValueOf(summary, "failed_joins"), 1);
  EXPECT_EQ(ValueOf(summary, "failed_bots"), 2);
  EXPECT_EQ(ValueOf(summary, "join_ms_p50"), 200);
  EXPECT_EQ(ValueOf(summary, "join_ms_p95"), 300);
  EXPECT_EQ(ValueOf(summary, "join_ms_max"), 300);
}

TEST(ReportSummary, AddsUpStreams) {
  RunFigures run;
  run.duration = 8;
  BotFigures bot = Connected(milliseconds(100));
  bot.bytes_received = 3'000'000;
  bot.unauthentic = 4;
  StreamFigures video;
  video.kind = rtp::MediaKind::kVideo;
  video.packets = 90;
  video.recovered = 8;
  video.lost = 2;
  video.freezes = 2;
  video.frozen = milliseconds(500);
  video.watched = seconds(10);
  video.longest_gap = milliseconds(400);
  video.jitter = milliseconds(3);
  video.latency.Add(milliseconds(10));
  StreamFigures audio;
  audio.packets = 100;
  audio.audio_gaps = 1;
  audio.audio_gap_time = milliseconds(100);
  audio.watched = seconds(5);
  audio.longest_gap = milliseconds(900);
  audio.jitter = milliseconds(1);
  audio.latency.Add(milliseconds(20));
  bot.streams = {video, audio, StreamFigures()};
  run.bots = {bot, bot};
  run.bots[1].streams[0].watched = seconds(30);
  const auto summary = Summarize(run);
  const auto value = [&](const char* name) {
    return ValueOf(summary, name).value_or(-1);
  };
  EXPECT_EQ(value("streams"), 4);  // nothing came on the empty ones
  EXPECT_DOUBLE_EQ(value("received_mbps"), 6);
  EXPECT_DOUBLE_EQ(value("loss_ratio"), 4.0 / 400);
  EXPECT_DOUBLE_EQ(value("raw_loss_ratio"), 20.0 / 400);
  EXPECT_DOUBLE_EQ(value("recovered_ratio"), 16.0 / 20);
  EXPECT_DOUBLE_EQ(value("video_loss_ratio"), 4.0 / 200);
  EXPECT_DOUBLE_EQ(value("audio_loss_ratio"), 0);
  EXPECT_DOUBLE_EQ(value("freeze_ratio"), 1.0 / 40);
  EXPECT_DOUBLE_EQ(value("audio_gap_ratio"), 0.2 / 10);
  EXPECT_EQ(value("freezes"), 4);
  EXPECT_EQ(value("audio_gaps"), 2);
  EXPECT_EQ(value("longest_gap_ms"), 400);
  EXPECT_EQ(value("longest_audio_gap_ms"), 900);
  EXPECT_EQ(value("jitter_ms_p99"), 3);
  EXPECT_EQ(value("unauthentic"), 8);
  EXPECT_NEAR(value("latency_ms_p50"), 10, 10.0 / 16);
  EXPECT_EQ(value("latency_ms_max"), 20);
  EXPECT_NEAR(value("video_latency_ms_p99"), 10, 10.0 / 16);
  EXPECT_EQ(value("key_frame_wait_ms_p50"), -1);  // none was needed
}

TEST(ReportSummary, AllAtOnceIsAllRecovered) {
  RunFigures run;
  run.bots.emplace_back().streams.emplace_back().packets = 5;
  EXPECT_EQ(ValueOf(Summarize(run), "recovered_ratio"), 1);
}

TEST(ReportSummary, LateJoinersCountFromIce) {
  RunFigures run;
  for (const int ms : {300, 700, -1}) {
    BotFigures bot = Connected(milliseconds(90));
    bot.ice_connected = milliseconds(60);
    bot.first_picture = milliseconds(ms);
    run.late_joiners.push_back(bot);
  }
  const auto summary = Summarize(run);
  EXPECT_EQ(ValueOf(summary, "late_picture_ms_p50"), 240);
  EXPECT_EQ(ValueOf(summary, "late_picture_ms_max"), 640);
  EXPECT_EQ(ValueOf(summary, "joined"), 0);
}

TEST(ReportSummary, SecondsGiveMeansAndPeaks) {
  RunFigures run;
  for (const double cpu : {0.5, 1.5, 1.0}) {
    run.seconds.emplace_back().cpu = cpu;
    run.seconds.back().sent_bps = cpu * 4e6;
    run.seconds.back().rss = 50'000'000;
  }
  const auto summary = Summarize(run);
  EXPECT_DOUBLE_EQ(*ValueOf(summary, "cpu_mean"), 1);
  EXPECT_DOUBLE_EQ(*ValueOf(summary, "cpu_max"), 1.5);
  EXPECT_DOUBLE_EQ(*ValueOf(summary, "sent_mbps_max"), 6);
  EXPECT_DOUBLE_EQ(*ValueOf(summary, "rss_mb_max"), 50);
}

TEST(ReportSummary, PercentilesAreExact) {
  EXPECT_EQ(Percentile({}, 0.5), 0);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 0.5), 2);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 0.51), 3);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 0), 1);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 1), 4);
}

TEST(ReportSummary, TellsNumbersForPeople) {
  EXPECT_EQ(TellNumber(0), "0");
  EXPECT_EQ(TellNumber(1234.4), "1,234");
  EXPECT_EQ(TellNumber(-1234.4), "-1,234");
  EXPECT_EQ(TellNumber(99.94), "99.9");
  EXPECT_EQ(TellNumber(1.234), "1.23");
  EXPECT_EQ(TellNumber(0.012345), "0.0123");
  EXPECT_EQ(TellCount(1234567), "1,234,567");
  EXPECT_EQ(TellCount(999), "999");
  EXPECT_EQ(Told({FindValueKind("loss_ratio"), 0.0015}), "0.15 %");
  EXPECT_EQ(Told({FindValueKind("join_ms_p50"), 12.34}), "12.3 ms");
  EXPECT_EQ(Told({FindValueKind("freezes"), 3}), "3");
  EXPECT_EQ(Told({FindValueKind("freezes"), std::nullopt}), "-");
}

}  // namespace
}  // namespace bot
