// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/svg_plot.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tools/bot/report/summary.h"

namespace bot {
namespace {

// In units of the view box; the page scales them.
constexpr double kWidth = 520;
constexpr double kHeight = 220;
constexpr double kLeft = 58;
constexpr double kRight = 14;
constexpr double kTop = 22;
constexpr double kBottom = 28;
constexpr double kInnerWidth = kWidth - kLeft - kRight;
constexpr double kInnerHeight = kHeight - kTop - kBottom;
constexpr size_t kPoints = 240;      // of a line, at most
constexpr double kMarkApart = 22;    // between the numbers of two marks
constexpr double kLeastLog = 1e-12;  // what a logarithm is taken of

struct Axis {
  bool logarithmic = false;
  std::vector<double> ticks;

  double Y(double value) const {
    const double low = ticks.front();
    const double high = ticks.back();
    const double share =
        logarithmic
            ? std::log(std::max(value, kLeastLog) / low) / std::log(high / low)
            : (value - low) / (high - low);
    return kTop + kInnerHeight * (1 - std::clamp(share, 0.0, 1.0));
  }
};

double X(double at, double end) {
  return kLeft + kInnerWidth * std::clamp(at / end, 0.0, 1.0);
}

// Values drawn together: from `first` up to `last`.
struct Range {
  size_t first = 0;
  size_t last = 0;
};

std::vector<Range> Thin(size_t values) {
  const size_t points = std::min(values, kPoints);
  std::vector<Range> ranges;
  for (size_t i = 0; i < points; ++i) {
    ranges.push_back({i * values / points, (i + 1) * values / points});
  }
  return ranges;
}

double ValueOf(const Plot::Series& series, const Range& range) {
  double sum = 0;
  double greatest = 0;
  for (size_t i = range.first; i < range.last; ++i) {
    const double value = i < series.values.size() ? series.values[i] : 0;
    sum += value;
    greatest = std::max(greatest, value);
  }
  return series.peaks ? greatest
                      : sum / static_cast<double>(range.last - range.first);
}

Axis AxisOf(const Plot& plot, const std::vector<Range>& ranges) {
  double least = std::numeric_limits<double>::max();
  double greatest = 0;
  for (const Plot::Series& series : plot.series) {
    for (const Range& range : ranges) {
      const double value = ValueOf(series, range);
      greatest = std::max(greatest, value);
      if (value > kLeastLog) least = std::min(least, value);
    }
  }
  if (plot.logarithmic && greatest > kLeastLog) {
    return {true, LogTicks(least, greatest)};
  }
  for (const Plot::Series& series : plot.series) {
    for (const double value : series.values) {
      greatest = std::max(greatest, value);
    }
  }
  return {false, RoundTicks(greatest > 0 ? greatest : 1, 4)};
}

std::string Text(double x, double y, std::string_view anchor,
                 std::string_view text) {
  return absl::StrFormat(
      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s"
      "</text>",
      x, y, anchor, Html(text));
}

// A tick has few digits by itself.
std::string TellTick(double tick) {
  return tick >= 1000 ? TellNumber(tick) : absl::StrFormat("%g", tick);
}

std::string HorizontalLine(double y, std::string_view css) {
  return absl::StrFormat(
      "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
      css, kLeft, kWidth - kRight, y, y);
}

std::string Grid(const Axis& axis, double end) {
  std::string svg;
  for (const double tick : axis.ticks) {
    const double y = axis.Y(tick);
    svg += HorizontalLine(y, tick == axis.ticks.front() ? "axis" : "grid");
    svg += Text(kLeft - 6, y + 4, "end", TellTick(tick));
  }
  for (const TimeTick& tick : TimeTicks(end, 6)) {
    const double x = X(tick.at, end);
    svg += absl::StrFormat(
        "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
        "y2=\"%.1f\"/>",
        x, x, kHeight - kBottom, kHeight - kBottom + 4);
    // At the right end a text in the middle would be cut off.
    const bool last = x > kWidth - kRight - 20;
    svg += Text(last ? kWidth - 2 : x, kHeight - 8, last ? "end" : "middle",
                tick.label);
  }
  return svg;
}

std::string Marks(const std::vector<Mark>& marks, double end) {
  std::string svg;
  size_t i = 0;
  while (i < marks.size()) {
    // Those whose numbers would overlap share one.
    const double x = X(marks[i].at, end);
    const size_t first = i;
    std::string title;
    double drawn = -1;
    for (; i < marks.size() && X(marks[i].at, end) - x < kMarkApart; ++i) {
      const double here = X(marks[i].at, end);
      if (here - drawn >= 0.5) {
        svg += absl::StrFormat(
            "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
            "y2=\"%.1f\"/>",
            here, here, kTop - 4, kHeight - kBottom);
        drawn = here;
      }
      if (i < first + 10) {
        title += absl::StrFormat("%s s: %s\n", TellNumber(marks[i].at),
                                 marks[i].text);
      }
    }
    const std::string number = i == first + 1
                                   ? std::to_string(i)
                                   : absl::StrFormat("%d-%d", first + 1, i);
    const double at = std::clamp(x, kLeft + 8, kWidth - kRight - 8);
    svg += absl::StrFormat("<g class=\"number\"><title>%s</title>%s</g>",
                           Html(title), Text(at, kTop - 8, "middle", number));
  }
  return svg;
}

std::string Line(const Plot& plot, size_t index, const Axis& axis,
                 const std::vector<Range>& ranges) {
  std::string points;
  for (const Range& range : ranges) {
    absl::StrAppendFormat(&points, "%.1f,%.1f ",
                          X(plot.at[range.last - 1], plot.end),
                          axis.Y(ValueOf(plot.series[index], range)));
  }
  if (!points.empty()) points.pop_back();
  return absl::StrFormat("<polyline class=\"s%d\" points=\"%s\"/>", index,
                         points);
}

// What a mean of several values hides: from the least to the greatest.
std::string Spread(const Plot& plot, size_t index, const Axis& axis,
                   const std::vector<Range>& ranges) {
  const std::vector<double>& values = plot.series[index].values;
  if (plot.series[index].peaks || values.size() < plot.at.size() ||
      ranges.size() == plot.at.size()) {
    return {};
  }
  std::string above;
  std::string below;
  for (const Range& range : ranges) {
    const auto [least, greatest] = std::minmax_element(
        values.begin() + static_cast<ptrdiff_t>(range.first),
        values.begin() + static_cast<ptrdiff_t>(range.last));
    const double x = X(plot.at[range.last - 1], plot.end);
    absl::StrAppendFormat(&above, "%.1f,%.1f ", x, axis.Y(*greatest));
    below = absl::StrFormat("%.1f,%.1f ", x, axis.Y(*least)) + below;
  }
  below.pop_back();
  return absl::StrFormat("<polygon class=\"b%d\" points=\"%s%s\"/>", index,
                         above, below);
}

// Bands that nobody sees, with all values of their time.
std::string Hovers(const Plot& plot, const std::vector<Range>& ranges) {
  std::string svg;
  double from = kLeft;
  for (const Range& range : ranges) {
    const double x = X(plot.at[range.last - 1], plot.end);
    std::string title =
        absl::StrFormat("%s s", TellNumber(plot.at[range.last - 1]));
    for (const Plot::Series& series : plot.series) {
      absl::StrAppendFormat(&title, "\n%s %s %s", series.name,
                            TellNumber(ValueOf(series, range)), plot.unit);
    }
    absl::StrAppendFormat(
        &svg,
        "<rect class=\"hit\" x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" "
        "height=\"%.0f\"><title>%s</title></rect>",
        from, kTop, std::max(x - from, 0.1), kInnerHeight, Html(title));
    from = x;
  }
  return svg;
}

}  // namespace

std::string Html(std::string_view text) {
  // What is not UTF-8 comes back as U+FFFD.
  const std::string valid =
      nlohmann::json::parse(
          nlohmann::json(std::string(text))
              .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
          .get<std::string>();
  std::string html;
  for (const char c : valid) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c == '\n' || c == '\x7f' || static_cast<unsigned char>(c) >= 32
                    ? (c == '\x7f' ? ' ' : c)
                    : ' ';
    }
  }
  return html;
}

std::vector<double> RoundTicks(double max, size_t count) {
  const double rough = max / static_cast<double>(count);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= rough * 0.999) break;
  }
  std::vector<double> ticks = {0};
  while (ticks.back() < max) {
    ticks.push_back(step * static_cast<double>(ticks.size()));
  }
  return ticks;
}

std::vector<double> LogTicks(double min, double max) {
  const int low = static_cast<int>(std::floor(std::log10(min)));
  const int high = static_cast<int>(std::ceil(std::log10(max)));
  std::vector<double> all;
  for (int power = low; power <= high; ++power) {
    all.push_back(std::pow(10, power));
    if (max > 100 * min) continue;
    all.push_back(2 * all.back());
    all.push_back(2.5 * all.back());
  }
  // None below the last that is not above `min`, none after the first that is
  // not below `max`.
  size_t first = 0;
  while (first + 1 < all.size() && all[first + 1] <= min) ++first;
  size_t last = first + 1;
  while (last + 1 < all.size() && all[last] < max) ++last;
  if (last >= all.size()) all.push_back(all.back() * 10);
  return {all.begin() + static_cast<ptrdiff_t>(first),
          all.begin() + static_cast<ptrdiff_t>(last) + 1};
}

std::vector<TimeTick> TimeTicks(double end, size_t count) {
  constexpr int kSteps[] = {1,    2,    5,    10,    15,    20,
                            30,   60,   120,  300,   600,   900,
                            1800, 3600, 7200, 14400, 43200, 86400};
  int step = kSteps[0];
  for (const int one : kSteps) {
    step = one;
    if (one * static_cast<double>(count) >= end) break;
  }
  std::vector<TimeTick> ticks;
  for (int at = 0; at <= end && ticks.size() <= 40; at += step) {
    const int unit = step % 3600 == 0 ? 3600 : step % 60 == 0 ? 60 : 1;
    ticks.push_back(
        {static_cast<double>(at), absl::StrFormat("%d %s", at / unit,
                                                  unit == 3600 ? "h"
                                                  : unit == 60 ? "min"
                                                               : "s")});
  }
  return ticks;
}

std::string DrawPlot(const Plot& plot, const std::vector<Mark>& marks) {
  std::string key;
  for (size_t i = 0; i < plot.series.size(); ++i) {
    absl::StrAppendFormat(&key, "<span class=\"k%d\">%s</span>", i,
                          Html(plot.series[i].name));
  }
  const auto ranges = Thin(plot.at.size());
  const double end =
      std::max({plot.end, plot.at.empty() ? 0.0 : plot.at.back(), 1.0});
  Plot fitted = plot;
  fitted.end = end;
  const Axis axis = AxisOf(fitted, ranges);
  std::string svg = Grid(axis, end) + Marks(marks, end);
  for (size_t i = 0; i < plot.series.size(); ++i) {
    svg += Spread(fitted, i, axis, ranges) + Line(fitted, i, axis, ranges);
  }
  svg += Hovers(fitted, ranges);
  return absl::StrFormat(
      "<figure><figcaption><b>%s</b> %s <span class=\"key\">%s</span>"
      "</figcaption>\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
      "aria-label=\"%s\">%s</svg></figure>\n",
      Html(plot.title), Html(plot.unit), key, kWidth, kHeight, Html(plot.title),
      svg);
}

}  // namespace bot
