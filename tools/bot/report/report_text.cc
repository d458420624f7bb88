// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/report_text.h"

#include <absl/strings/str_format.h>

#include <initializer_list>
#include <string_view>

#include "tools/bot/report/findings.h"
#include "tools/bot/report/summary.h"
#include "tools/bot/report/text_cells.h"
#include "tools/bot/report/totals.h"

namespace bot {
namespace {

constexpr size_t kWidth = 90;
constexpr size_t kLabel = 32;
constexpr size_t kColumn = 18;
constexpr size_t kWorst = 5;
constexpr size_t kFailures = 10;
constexpr size_t kErrors = 10;

class Table {
 public:
  Table(const RunFigures& figures, const std::vector<Verdict>& verdicts)
      : figures_(figures),
        verdicts_(verdicts),
        totals_(AddUp(figures)),
        summary_(Summarize(figures)) {}

  std::string Build() {
    Head();
    Joins();
    Traffic();
    Quality();
    Machine();
    Worst();
    Failures();
    Errors();
    Requirements();
    return text_;
  }

 private:
  std::string Value(std::string_view name) const {
    return Told({FindValueKind(name), ValueOf(summary_, name)});
  }

  void Line(std::string_view line) {
    text_ += Cut(line, kWidth);
    text_ += '\n';
  }

  void Row(std::string_view label, std::initializer_list<std::string> cells) {
    std::string line = PadRight(label, kLabel);
    for (const std::string& cell : cells) line += PadLeft(cell, kColumn);
    line.erase(line.find_last_not_of(' ') + 1);
    Line(line);
  }

  void Section(std::string_view title,
               std::initializer_list<std::string> cells = {}) {
    text_ += '\n';
    Row(title, cells);
  }

  void Head() {
    Line(figures_.title.empty() ? "carillon-bot"
                                : Printable(figures_.title, true));
    Line(absl::StrFormat(
        "%s, %s bots, %s s, seed %d", Printable(figures_.server, true),
        TellCount(totals_.bots), TellNumber(figures_.duration), figures_.seed));
  }

  void Joins() {
    Section("JOINS", {"p50", "p95", "max"});
    Row("  until connected",
        {Value("join_ms_p50"), Value("join_ms_p95"), Value("join_ms_max")});
    Row("  until the first sound",
        {Value("first_sound_ms_p50"), Value("first_sound_ms_p95")});
    Row("  until the first picture",
        {Value("first_picture_ms_p50"), Value("first_picture_ms_p95")});
    if (!figures_.late_joiners.empty()) {
      Row("  of late ones, ICE to picture",
          {Value("late_picture_ms_p50"), "", Value("late_picture_ms_max")});
    }
    Line(absl::StrFormat("  %s of %s joined; %s failed, %s of them to join",
                         TellCount(totals_.joined), TellCount(totals_.bots),
                         TellCount(totals_.failed),
                         TellCount(totals_.failed_joins)));
  }

  void Traffic() {
    Section("TRAFFIC", {"packets", "mean", "busiest second"});
    Row("  sent",
        {Value("sent_packets"), Value("sent_mbps"), Value("sent_mbps_max")});
    Row("  received", {Value("received_packets"), Value("received_mbps"),
                       Value("received_mbps_max")});
  }

  void Media(std::string_view label,
             std::string (*cell)(const MediaTotals& media)) {
    Row(label, {cell(totals_.video), cell(totals_.audio)});
  }

  void Quality();

  void Machine() {
    Section("BOTS' PROCESS");
    Line(absl::StrFormat("  %s mean, %s at most; %s, %s a bot",
                         Value("cpu_mean"), Value("cpu_max"),
                         Value("rss_mb_max"), Value("memory_per_bot_kb")));
  }

  void Worst() {
    const auto worst = WorstBots(figures_, kWorst);
    if (worst.empty()) return;
    Section("WORST BOTS");
    for (const WorstBot& one : worst) {
      Line(absl::StrFormat(
          "  %s %s %s", PadRight(Printable(one.bot->name, true), 12),
          PadRight(Printable(one.bot->room, true), 10), one.why));
    }
  }

  void Failures() {
    const auto groups = GroupFailures(figures_);
    if (groups.empty()) return;
    Section("FAILURES");
    for (size_t i = 0; i < groups.size() && i < kFailures; ++i) {
      Line(absl::StrFormat("  %s  %s (%s%s)",
                           PadLeft(TellCount(groups[i].bots.size()), 5),
                           Cut(Printable(groups[i].reason, true), 60),
                           Cut(Printable(groups[i].bots[0]->name, true), 14),
                           groups[i].bots.size() > 1 ? ", ..." : ""));
    }
    More(groups.size(), kFailures);
  }

  void Errors() {
    if (figures_.errors.empty()) return;
    Section("ERRORS");
    for (size_t i = 0; i < figures_.errors.size() && i < kErrors; ++i) {
      Line("  " + Printable(figures_.errors[i], true));
    }
    More(figures_.errors.size(), kErrors);
  }

  void More(size_t all, size_t shown) {
    if (all > shown) Line(absl::StrFormat("  and %d more", all - shown));
  }

  void Requirements() {
    if (verdicts_.empty()) return;
    Section("REQUIREMENTS", {"wanted", "seen"});
    for (const Verdict& verdict : verdicts_) {
      const ToldVerdict told = Tell(verdict);
      Row("  " + told.name,
          {told.wanted, told.seen, verdict.passed ? "PASS" : "FAIL"});
    }
  }

  const RunFigures& figures_;
  const std::vector<Verdict>& verdicts_;
  const Totals totals_;
  const std::vector<SummaryValue> summary_;
  std::string text_;
};

std::string Percent(double part, double whole) {
  return whole > 0 ? TellNumber(part / whole * 100) + " %" : "-";
}

std::string Ms(double value) { return TellNumber(value) + " ms"; }

std::string At(const Distribution& values, double share) {
  if (values.count() == 0) return "-";
  return Ms(Milliseconds(share < 1 ? values.Percentile(share) : values.max()));
}

std::string Count(const MediaTotals& media, uint64_t count) {
  return media.streams == 0 ? "-" : TellCount(count);
}

void Table::Quality() {
  using M = const MediaTotals&;
  Section("QUALITY", {"video", "audio"});
  Media("  streams", [](M m) { return TellCount(m.streams); });
  Media("  never came", [](M m) {
    return Percent(static_cast<double>(m.lost),
                   static_cast<double>(m.expected()));
  });
  Media("  not at first", [](M m) {
    return Percent(static_cast<double>(m.lost + m.recovered),
                   static_cast<double>(m.expected()));
  });
  Media("  latency p50", [](M m) { return At(m.latency, 0.5); });
  Media("  latency p99", [](M m) { return At(m.latency, 0.99); });
  Media("  latency max", [](M m) { return At(m.latency, 1); });
  Media("  jitter p99", [](M m) {
    return m.streams == 0 ? std::string("-")
                          : Ms(Percentile(m.jitter_ms, 0.99));
  });
  const MediaTotals& video = totals_.video;
  const MediaTotals& audio = totals_.audio;
  Row("  stood still, silent",
      {Percent(Milliseconds(video.frozen), Milliseconds(video.watched)),
       Percent(Milliseconds(audio.audio_gap_time),
               Milliseconds(audio.watched))});
  Row("  times", {Count(video, video.freezes), Count(audio, audio.audio_gaps)});
  Media("  longest gap", [](M m) {
    return m.streams == 0 ? std::string("-") : Ms(Milliseconds(m.longest_gap));
  });
  Row("  key frame wait p50", {Value("key_frame_wait_ms_p50")});
  Row("  key frame wait p99", {Value("key_frame_wait_ms_p99")});
  Row("  layer switches", {Count(video, video.layer_switches)});
  Media("  decode errors", [](M m) { return Count(m, m.decode_errors); });
  Row("  later than the other, p95",
      {Value("picture_late_ms_p95"), Value("sound_late_ms_p95")});
  if (totals_.unauthentic > 0) {
    Line(absl::StrFormat("  %s datagrams were not authentic",
                         TellCount(totals_.unauthentic)));
  }
}

}  // namespace

std::string ToText(const RunFigures& figures,
                   const std::vector<Requirement>& requirements) {
  const auto verdicts = Judge(requirements, Summarize(figures));
  return Table(figures, verdicts).Build();
}

}  // namespace bot
