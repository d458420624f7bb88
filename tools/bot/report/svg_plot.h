// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bot/figures.h"

namespace bot {

// A plot over the time of a run, drawn as SVG whose colours the page's style
// sheet gives: classes s0 to s3 for series, b0 to b3 for what
// is around them, axis, grid, mark, hit.
struct Plot {
  struct Series {
    std::string name;
    std::vector<double> values;  // one for each of `at`
    // Of several values that share a pixel, the greatest is drawn instead of
    // their mean.
    bool peaks = false;
  };
  std::string title;
  std::string unit;
  std::vector<double> at;  // seconds, rising
  double end = 0;          // seconds
  std::vector<Series> series;
  bool logarithmic = false;
};

// `text` safe within HTML and SVG, in attributes too: escaped, valid UTF-8,
// without control characters.
std::string Html(std::string_view text);

// Round ticks (1, 2 or 5 times a power of ten) from 0, the last of which is
// not below `max`; about `count` of them.
std::vector<double> RoundTicks(double max, size_t count);
// 1, 2 and 5 times powers of ten, or powers only where these are many, from
// not above `min` to not below `max`; both above zero.
std::vector<double> LogTicks(double min, double max);
// Seconds of round ticks from 0 to `end`, at most `count` after the first, and
// what is written at each.
struct TimeTick {
  double at = 0;
  std::string label;
};
std::vector<TimeTick> TimeTicks(double end, size_t count);

// <figure> with caption, key and plot; `marks` are numbered as they come.
std::string DrawPlot(const Plot& plot, const std::vector<Mark>& marks);

}  // namespace bot
