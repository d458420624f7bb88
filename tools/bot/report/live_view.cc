// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/live_view.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tools/bot/report/findings.h"
#include "tools/bot/report/summary.h"
#include "tools/bot/report/text_cells.h"

namespace bot {
namespace {

constexpr double kPlainEvery = 5;  // seconds
constexpr size_t kLabel = 9;       // cells of "latency  "
constexpr size_t kWorst = 5;
constexpr size_t kMostName = 16;      // cells
constexpr size_t kMostHistory = 120;  // seconds

constexpr std::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::string_view kAsciiBlocks[] = {"_", ".", ":", "-",
                                             "=", "+", "*", "#"};

std::string Rate(double bps) {
  if (bps >= 1e9) return TellNumber(bps / 1e9) + " Gbit/s";
  if (bps >= 1e6) return TellNumber(bps / 1e6) + " Mbit/s";
  return TellNumber(std::round(bps / 1e3)) + " kbit/s";
}

// With as many digits each time: a picture whose texts move is hard to read.
std::string Percent(double ratio) {
  return absl::StrFormat(ratio < 0.1 ? "%.2f %%" : "%.1f %%", ratio * 100);
}

std::string Ms(double ms) {
  return ms < 100 ? absl::StrFormat("%.1f", ms) : TellNumber(ms);
}

std::string Cpus(double cpus) { return absl::StrFormat("%.2f CPUs", cpus); }

std::string Whole(double value) {
  return TellCount(static_cast<uint64_t>(std::llround(std::max(value, 0.0))));
}

std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(seconds, 0.0));
  if (whole < 300) return absl::StrFormat("%d s", whole);
  if (whole < 3600) return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60,
                         whole % 60);
}

class Frame {
 public:
  Frame(const RunFigures& figures, double elapsed, const LiveSize& size)
      : figures_(figures), elapsed_(elapsed), size_(size) {
    if (!figures.seconds.empty()) now_ = figures.seconds.back();
  }

  std::vector<std::string> Build() {
    Head();
    Progress();
    Now();
    if (size_.height >= 10) History();
    if (Left() >= 3) Worst(std::min(kWorst, Left() - 2));
    if (Left() >= 1) Events(Left());
    lines_.resize(std::min(lines_.size(), size_.height));
    return std::move(lines_);
  }

 private:
  size_t Left() const {
    return size_.height - std::min(size_.height, lines_.size());
  }

  std::string Safe(std::string_view text) const {
    return Printable(text, size_.utf8);
  }

  void Line(std::string_view line) { lines_.push_back(Cut(line, size_.width)); }

  // As many fields in a line as fit, the rest in lines below.
  void Flow(std::string_view label, const std::vector<std::string>& fields) {
    std::string line = PadRight(label, kLabel);
    bool first = true;
    for (const std::string& field : fields) {
      if (!first && CellsOf(line) + 3 + CellsOf(field) > size_.width) {
        Line(line);
        line = std::string(kLabel, ' ');
        first = true;
      }
      if (!first) line += "   ";
      line += field;
      first = false;
    }
    Line(line);
  }

  void Head() {
    const std::string title =
        figures_.title.empty() ? "carillon-bot" : Safe(figures_.title);
    const std::string server = Safe(figures_.server);
    const size_t cells = CellsOf(title) + CellsOf(server);
    if (cells + 2 <= size_.width) {
      Line(title + std::string(size_.width - cells, ' ') + server);
    } else {
      Line(title);
    }
  }

  void Progress() {
    const double planned = figures_.planned_duration;
    if (!(planned > 0)) {
      Line(absl::StrFormat("%s, until it is stopped", Clock(elapsed_)));
      return;
    }
    const std::string times =
        absl::StrFormat(" %s of %s", Clock(elapsed_), Clock(planned));
    const size_t cells = size_.width - std::min(size_.width, times.size() + 2);
    const double share = std::clamp(elapsed_ / planned, 0.0, 1.0);
    const auto done = static_cast<size_t>(share * static_cast<double>(cells));
    std::string bar = "[";
    for (size_t i = 0; i < cells; ++i) {
      bar += i < done ? (size_.utf8 ? "█" : "#") : (size_.utf8 ? "·" : "-");
    }
    Line(bar + "]" + times);
  }

  void Now() {
    uint64_t freezes = 0;
    for (const Second& second : figures_.seconds) freezes += second.freezes;
    Flow("bots", {absl::StrFormat("%d of %d joined", now_.joined,
                                  figures_.planned_bots),
                  absl::StrFormat("%d joining", now_.joining),
                  absl::StrFormat("%d failed", now_.failed),
                  absl::StrFormat("%d streams", now_.streams)});
    Flow("in", {Rate(now_.received_bps), Whole(now_.received_pps) + " pps",
                "loss " + Percent(now_.loss_ratio)});
    Flow("out",
         {Rate(now_.sent_bps), Whole(now_.sent_pps) + " pps", Cpus(now_.cpu),
          Whole(static_cast<double>(now_.rss) / 1e6) + " MB"});
    Flow("quality",
         {absl::StrFormat("latency p50 %s p99 %s ms", Ms(now_.latency_p50_ms),
                          Ms(now_.latency_p99_ms)),
          "frozen " + Percent(now_.frozen_ratio),
          "silent " + Percent(now_.audio_gap_ratio),
          TellCount(freezes) + " freezes"});
  }

  void Spark(std::string_view label, double (*of)(const Second&),
             double least_scale, std::string (*tell)(double)) {
    std::vector<double> values;
    const size_t from = figures_.seconds.size() -
                        std::min(figures_.seconds.size(), kMostHistory);
    for (size_t i = from; i < figures_.seconds.size(); ++i) {
      values.push_back(of(figures_.seconds[i]));
    }
    constexpr size_t kTail = 16;  // " most 1,234.5 ms"
    if (size_.width < kLabel + kTail + 8) return;
    const size_t width = std::min(size_.width - kLabel - kTail, kMostHistory);
    const size_t shown = std::min(values.size(), width);
    const double most =
        shown == 0
            ? 0
            : *std::max_element(values.end() - static_cast<ptrdiff_t>(shown),
                                values.end());
    Line(PadRight(label, kLabel) +
         Sparkline(values, width, std::max(most, least_scale), size_.utf8) +
         " most " + tell(most));
  }

  // Scaled so that what is no trouble stays low.
  void History() {
    Spark(
        "p99", [](const Second& second) { return second.latency_p99_ms; }, 50,
        [](double value) { return Ms(value) + " ms"; });
    Spark(
        "loss", [](const Second& second) { return second.loss_ratio; }, 0.01,
        Percent);
  }

  void Worst(size_t count) {
    const auto worst = WorstBots(figures_, count);
    size_t cells = 0;
    for (const WorstBot& one : worst) {
      cells = std::max(cells, CellsOf(Safe(one.bot->name)));
    }
    cells = std::min(cells, kMostName);
    for (const WorstBot& one : worst) {
      Line(absl::StrFormat("%s%s  %s",
                           PadRight(&one == &worst[0] ? "worst" : "", kLabel),
                           PadRight(Safe(one.bot->name), cells), one.why));
    }
  }

  // The newest ones, the newest last.
  void Events(size_t count) {
    std::vector<std::string> events;
    for (const Mark& mark : figures_.marks) {
      events.push_back(
          absl::StrFormat("%s  %s", Clock(mark.at), Safe(mark.text)));
    }
    for (const std::string& error : figures_.errors) {
      events.push_back("error  " + Safe(error));
    }
    const size_t from = events.size() - std::min(events.size(), count);
    for (size_t i = from; i < events.size(); ++i) {
      Line(PadRight(i == from ? "events" : "", kLabel) + events[i]);
    }
  }

  const RunFigures& figures_;
  const double elapsed_;
  const LiveSize size_;
  Second now_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> LiveFrame(const RunFigures& figures, double elapsed,
                                   const LiveSize& size) {
  return Frame(figures, elapsed, size).Build();
}

std::string Sparkline(const std::vector<double>& values, size_t width,
                      double max, bool utf8) {
  const size_t shown = std::min(values.size(), width);
  std::string line(width - shown, ' ');
  for (size_t i = values.size() - shown; i < values.size(); ++i) {
    const double share = max > 0 ? std::clamp(values[i] / max, 0.0, 1.0) : 0;
    const auto level = static_cast<size_t>(std::llround(share * 7));
    line += utf8 ? kBlocks[level] : kAsciiBlocks[level];
  }
  return line;
}

std::string PlainProgress::Next(const RunFigures& figures) {
  std::string text;
  for (; marks_told_ < figures.marks.size(); ++marks_told_) {
    const Mark& mark = figures.marks[marks_told_];
    absl::StrAppendFormat(&text, "%7s  * %s\n", Clock(mark.at),
                          Printable(mark.text, false));
  }
  for (; errors_told_ < figures.errors.size(); ++errors_told_) {
    absl::StrAppendFormat(&text, "%7s  ! %s\n", Clock(figures.duration),
                          Printable(figures.errors[errors_told_], false));
  }
  const std::vector<Second>& seconds = figures.seconds;
  if (seconds.size() <= seconds_told_ || seconds.back().at < next_) return text;
  Second sum;
  for (size_t i = seconds_told_; i < seconds.size(); ++i) {
    const Second& one = seconds[i];
    sum.received_bps += one.received_bps;
    sum.sent_bps += one.sent_bps;
    sum.cpu += one.cpu;
    sum.loss_ratio = std::max(sum.loss_ratio, one.loss_ratio);
    sum.latency_p99_ms = std::max(sum.latency_p99_ms, one.latency_p99_ms);
    sum.frozen_ratio = std::max(sum.frozen_ratio, one.frozen_ratio);
    sum.audio_gap_ratio = std::max(sum.audio_gap_ratio, one.audio_gap_ratio);
  }
  const auto count = static_cast<double>(seconds.size() - seconds_told_);
  const Second& last = seconds.back();
  absl::StrAppendFormat(
      &text,
      "%7s  %d joined, %d joining, %d failed; in %s, out %s; loss %s, p99 %s "
      "ms, frozen %s, silent %s; %s\n",
      Clock(last.at), last.joined, last.joining, last.failed,
      Rate(sum.received_bps / count), Rate(sum.sent_bps / count),
      Percent(sum.loss_ratio), Ms(sum.latency_p99_ms),
      Percent(sum.frozen_ratio), Percent(sum.audio_gap_ratio),
      Cpus(sum.cpu / count));
  seconds_told_ = seconds.size();
  next_ = (std::floor(last.at / kPlainEvery) + 1) * kPlainEvery;
  return text;
}

}  // namespace bot
