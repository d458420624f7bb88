// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/bot/figures.h"

namespace bot {

struct LiveSize {
  size_t width = 80;  // cells
  size_t height = 24;
  bool utf8 = true;  // otherwise ASCII only
};

// What a terminal shows while a run goes on, `elapsed` seconds after its
// begin: at most `height` lines of at most `width` cells, printable, without
// line ends.
std::vector<std::string> LiveFrame(const RunFigures& figures, double elapsed,
                                   const LiveSize& size);

// The newest of `values` as a row of `width` signs, from 0 to `max` high;
// spaces before the first.
std::string Sparkline(const std::vector<double>& values, size_t width,
                      double max, bool utf8);

// The same for logs and dumb terminals: a line every five seconds, with means
// of rates and the worst second of the others, and one for each mark and
// error when it comes.
class PlainProgress {
 public:
  // Lines, each with its end, that are due; often none.
  std::string Next(const RunFigures& figures);

 private:
  double next_ = 5;
  size_t seconds_told_ = 0;
  size_t marks_told_ = 0;
  size_t errors_told_ = 0;
};

}  // namespace bot
