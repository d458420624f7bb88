// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/report_html.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <string_view>

#include "tools/bot/report/findings.h"
#include "tools/bot/report/html_style.h"
#include "tools/bot/report/summary.h"
#include "tools/bot/report/svg_plot.h"
#include "tools/bot/report/totals.h"

namespace bot {
namespace {

constexpr size_t kWorst = 5;
constexpr size_t kErrors = 100;

double Count(uint64_t value) { return static_cast<double>(value); }

// Bit rates of a run in the unit that suits the greatest.
struct RateUnit {
  std::string_view name;
  double bps;
};

RateUnit UnitOf(const std::vector<Second>& seconds) {
  double greatest = 0;
  for (const Second& second : seconds) {
    greatest = std::max({greatest, second.sent_bps, second.received_bps});
  }
  if (greatest >= 2e9) return {"Gbit/s", 1e9};
  if (greatest >= 1e6) return {"Mbit/s", 1e6};
  return {"kbit/s", 1e3};
}

class Page {
 public:
  Page(const RunFigures& figures, const std::vector<Requirement>& requirements)
      : figures_(figures),
        totals_(AddUp(figures)),
        summary_(Summarize(figures)),
        verdicts_(Judge(requirements, summary_)) {}

  std::string Build() {
    Head();
    Cards();
    Plots();
    Requirements();
    Marks();
    Worst();
    Failures();
    Errors();
    Bots();
    Summary();
    html_ +=
        absl::StrFormat("<script>%s</script>\n</body>\n</html>\n", kHtmlScript);
    return html_;
  }

 private:
  std::string Value(std::string_view name) const {
    return Told({FindValueKind(name), ValueOf(summary_, name)});
  }

  void Head() {
    const std::string title =
        Html(figures_.title.empty() ? "carillon-bot" : figures_.title);
    html_ = absl::StrFormat(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\"/>\n"
        "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<h1>%s</h1>\n"
        "<p>%s, %s bots, %s s, seed %d</p>\n",
        title, kHtmlStyle, title, Html(figures_.server),
        TellCount(totals_.bots), TellNumber(figures_.duration), figures_.seed);
  }

  void Card(std::string_view label, std::string_view value,
            std::string_view css = "") {
    absl::StrAppendFormat(&html_, "<div>%s<b class=\"%s\">%s</b></div>\n",
                          Html(label), css, Html(value));
  }

  void Cards() {
    html_ += "<div class=\"cards\">\n";
    if (!verdicts_.empty()) {
      const auto passed = std::count_if(verdicts_.begin(), verdicts_.end(),
                                        [](const auto& v) { return v.passed; });
      Card("Requirements",
           absl::StrFormat("%d of %d met", passed, verdicts_.size()),
           AllPassed(verdicts_) ? "good" : "bad");
    }
    Card("Joined", absl::StrFormat("%s of %s", TellCount(totals_.joined),
                                   TellCount(totals_.bots)));
    Card("Failed", Value("failed_bots"), totals_.failed > 0 ? "bad" : "");
    Card("Received", Value("received_mbps"));
    Card("Lost", Value("loss_ratio"));
    Card("Latency p99", Value("latency_ms_p99"));
    Card("Frozen", Value("freeze_ratio"));
    Card("Sound missing", Value("audio_gap_ratio"));
    html_ += "</div>\n";
  }

  struct Curve {
    std::string_view name;
    double (*of)(const Second&);
    bool peaks = true;
    double scale = 1;
  };

  void Draw(std::string_view title, std::string_view unit,
            std::initializer_list<Curve> curves, bool logarithmic = false) {
    Plot plot;
    plot.title = title;
    plot.unit = unit;
    plot.end = figures_.duration;
    plot.logarithmic = logarithmic;
    for (const Second& second : figures_.seconds) plot.at.push_back(second.at);
    for (const Curve& curve : curves) {
      Plot::Series& series = plot.series.emplace_back();
      series.name = curve.name;
      series.peaks = curve.peaks;
      for (const Second& second : figures_.seconds) {
        series.values.push_back(curve.of(second) * curve.scale);
      }
    }
    html_ += DrawPlot(plot, figures_.marks);
  }

  void Plots() {
    if (figures_.seconds.empty()) return;
    using S = const Second&;
    const RateUnit unit = UnitOf(figures_.seconds);
    html_ += "<div class=\"plots\">\n";
    Draw("Bit rate", unit.name,
         {{"received", [](S s) { return s.received_bps; }, false, 1 / unit.bps},
          {"sent", [](S s) { return s.sent_bps; }, false, 1 / unit.bps}});
    Draw("Packet loss", "%",
         {{"loss", [](S s) { return s.loss_ratio; }, true, 100}});
    Draw("Latency", "ms",
         {{"p50", [](S s) { return s.latency_p50_ms; }},
          {"p99", [](S s) { return s.latency_p99_ms; }},
          {"max", [](S s) { return s.latency_max_ms; }}},
         true);
    Draw("Standing still and silent", "% of time",
         {{"frozen", [](S s) { return s.frozen_ratio; }, true, 100},
          {"sound missing", [](S s) { return s.audio_gap_ratio; }, true, 100}});
    Draw("Bots", "",
         {{"joined", [](S s) { return Count(s.joined); }},
          {"joining", [](S s) { return Count(s.joining); }},
          {"failed", [](S s) { return Count(s.failed); }}});
    Draw("Processors that the bots took", "",
         {{"CPUs", [](S s) { return s.cpu; }, false}});
    html_ += "</div>\n";
  }

  // A table with its heads; those that begin with '#' are of numbers, and may
  // be sorted by if `sortable`.
  void BeginTable(std::string_view title,
                  std::initializer_list<std::string_view> heads,
                  bool sortable = false) {
    if (!title.empty()) {
      absl::StrAppendFormat(&html_, "<h2>%s</h2>\n", Html(title));
    }
    html_ += "<div class=\"table\"><table>\n<thead><tr>";
    for (std::string_view head : heads) {
      const bool number = head.starts_with('#');
      if (number) head.remove_prefix(1);
      absl::StrAppendFormat(
          &html_,
          sortable ? "<th%s><button type=\"button\">%s</button></th>"
                   : "<th%s>%s</th>",
          number ? " class=\"n\"" : "", Html(head));
    }
    html_ += "</tr></thead>\n<tbody>\n";
  }
  void Cell(std::string_view text, std::string_view css = "") {
    absl::StrAppendFormat(&html_, "<td class=\"%s\">%s</td>", css, Html(text));
  }
  void Number(double value, bool known = true) {
    absl::StrAppendFormat(&html_, "<td class=\"n\" data-v=\"%.6g\">%s</td>",
                          known ? value : -1, known ? TellNumber(value) : "-");
  }
  void BeginRow() { html_ += "<tr>"; }
  void EndRow() { html_ += "</tr>\n"; }
  void EndTable() { html_ += "</tbody></table></div>\n"; }

  void Requirements() {
    if (verdicts_.empty()) return;
    BeginTable("Requirements", {"Value", "#Wanted", "#Seen", "", "Meaning"});
    for (const Verdict& verdict : verdicts_) {
      const ToldVerdict told = Tell(verdict);
      BeginRow();
      absl::StrAppendFormat(&html_, "<td><code>%s</code></td>",
                            Html(told.name));
      Cell(told.wanted, "n");
      Cell(told.seen, "n");
      Cell(verdict.passed ? "PASS" : "FAIL", verdict.passed ? "good" : "bad");
      Cell(verdict.requirement.kind->meaning, "w");
      EndRow();
    }
    EndTable();
  }

  void Marks() {
    if (figures_.marks.empty()) return;
    BeginTable("What happened", {"#Mark", "#At, s", "What"});
    for (size_t i = 0; i < figures_.marks.size(); ++i) {
      BeginRow();
      Number(Count(i + 1));
      Number(figures_.marks[i].at);
      Cell(figures_.marks[i].text, "w");
      EndRow();
    }
    EndTable();
  }

  void Worst() {
    const auto worst = WorstBots(figures_, kWorst);
    if (worst.empty()) return;
    BeginTable("Worst bots", {"Bot", "Room", "Why"});
    for (const WorstBot& one : worst) {
      BeginRow();
      Cell(one.bot->name);
      Cell(one.bot->room);
      Cell(one.why, "w");
      EndRow();
    }
    EndTable();
  }

  void Failures() {
    const auto groups = GroupFailures(figures_);
    if (groups.empty()) return;
    BeginTable("Failures", {"#Bots", "Reason", "First"});
    for (const FailureGroup& group : groups) {
      BeginRow();
      Number(Count(group.bots.size()));
      Cell(group.reason, "w");
      Cell(group.bots[0]->name);
      EndRow();
    }
    EndTable();
  }

  void Errors() {
    if (figures_.errors.empty()) return;
    BeginTable("Errors", {"What"});
    for (size_t i = 0; i < figures_.errors.size() && i < kErrors; ++i) {
      BeginRow();
      Cell(figures_.errors[i], "w");
      EndRow();
    }
    if (figures_.errors.size() > kErrors) {
      BeginRow();
      Cell(absl::StrFormat("and %d more", figures_.errors.size() - kErrors));
      EndRow();
    }
    EndTable();
  }

  void OneBot(const BotFigures& bot);

  void Bots() {
    if (figures_.bots.empty()) return;
    BeginTable("Bots",
               {"Bot", "Room", "State", "#Joined, ms", "#Picture, ms",
                "#Sent, kbit/s", "#Received, kbit/s", "#Lost, %",
                "#Latency p99, ms", "#Freezes", "#Frozen, %", "#Silent, %"},
               true);
    for (const BotFigures& bot : figures_.bots) OneBot(bot);
    EndTable();
  }

  void Summary() {
    html_ += "<details><summary>All values</summary>\n";
    BeginTable("", {"Value", "#", "Better", "Meaning"});
    for (const SummaryValue& value : summary_) {
      BeginRow();
      absl::StrAppendFormat(&html_, "<td><code>%s</code></td>",
                            Html(value.kind->name));
      Cell(Told(value), "n");
      Cell(value.kind->better == Better::kLower    ? "lower"
           : value.kind->better == Better::kHigher ? "higher"
                                                   : "");
      Cell(value.kind->meaning, "w");
      EndRow();
    }
    EndTable();
    html_ += "</details>\n";
  }

  const RunFigures& figures_;
  const Totals totals_;
  const std::vector<SummaryValue> summary_;
  const std::vector<Verdict> verdicts_;
  std::string html_;
};

void Page::OneBot(const BotFigures& bot) {
  MediaTotals audio;
  MediaTotals video;
  for (const StreamFigures& stream : bot.streams) {
    (stream.kind == rtp::MediaKind::kVideo ? video : audio).Add(stream);
  }
  MediaTotals media = audio;
  media.Add(video);
  const auto time = [this](rtp::TimeDelta after) {
    Number(Milliseconds(after), after >= rtp::TimeDelta(0));
  };
  const auto rate = [this](uint64_t bytes) {
    Number(Count(bytes) * 8 / 1000 / figures_.duration,
           figures_.duration > 0 && bytes > 0);
  };
  const auto share = [this](double part, double whole) {
    Number(whole > 0 ? part / whole * 100 : 0, whole > 0);
  };
  BeginRow();
  Cell(bot.name);
  Cell(bot.room);
  Cell(StateName(bot.state), bot.state == BotState::kFailed ? "bad" : "");
  time(bot.connected);
  time(bot.first_picture);
  rate(bot.bytes_sent);
  rate(bot.bytes_received);
  share(Count(media.lost), Count(media.expected()));
  Number(Milliseconds(media.latency.Percentile(0.99)),
         media.latency.count() > 0);
  Number(Count(video.freezes), video.streams > 0);
  share(Milliseconds(video.frozen), Milliseconds(video.watched));
  share(Milliseconds(audio.audio_gap_time), Milliseconds(audio.watched));
  EndRow();
}

}  // namespace

std::string ToHtml(const RunFigures& figures,
                   const std::vector<Requirement>& requirements) {
  return Page(figures, requirements).Build();
}

}  // namespace bot
