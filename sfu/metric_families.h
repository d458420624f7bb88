// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

#include "rtp/base/histogram.h"

namespace sfu {

// Builds what a scrape gets, family by family: prometheus-cpp's values, with
// the names that all metrics of ours have in common.
class MetricFamilies {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  // Begin a family, to which the calls that follow add. Names come without
  // "carillon_", those of counters without "_total"; counted microseconds are
  // told in seconds.
  void BeginGauge(std::string_view name, std::string_view help);
  void BeginCounter(std::string_view name, std::string_view help);
  // `unit`: what a value of 1 is in the metric's unit. Bounds are told up to
  // 2^`exponent`.
  void BeginHistogram(std::string_view name, std::string_view help, double unit,
                      size_t exponent);

  void Add(double value, Labels labels = {});
  void Add(const rtp::Histogram& histogram, Labels labels = {});

  void Gauge(std::string_view name, std::string_view help, double value) {
    BeginGauge(name, help);
    Add(value);
  }
  void Count(std::string_view name, std::string_view help, double value) {
    BeginCounter(name, help);
    Add(value);
  }

  std::string Text() const;

 private:
  void Begin(const std::string& name, std::string_view help,
             prometheus::MetricType type);

  std::vector<prometheus::MetricFamily> families_;
  double scale_ = 1;
  size_t exponent_ = 0;
};

}  // namespace sfu
