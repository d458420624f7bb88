// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/metric_families.h"

#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>

namespace sfu {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr std::string_view kPrefix = "carillon_";
constexpr std::string_view kMicroseconds = "_microseconds";

}  // namespace

void MetricFamilies::BeginGauge(std::string_view name, std::string_view help) {
  Begin(std::string(name), help, MetricType::Gauge);
}

void MetricFamilies::BeginCounter(std::string_view name,
                                  std::string_view help) {
  std::string told(name);
  double scale = 1;
  if (name.ends_with(kMicroseconds)) {
    told.resize(name.size() - kMicroseconds.size());
    told += "_seconds";
    scale = 1e-6;
  }
  Begin(told + "_total", help, MetricType::Counter);
  scale_ = scale;
}

void MetricFamilies::BeginHistogram(std::string_view name,
                                    std::string_view help, double unit,
                                    size_t exponent) {
  Begin(std::string(name), help, MetricType::Histogram);
  scale_ = unit;
  exponent_ = exponent;
}

void MetricFamilies::Begin(const std::string& name, std::string_view help,
                           MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::string(kPrefix) + name;
  family.help = help;
  family.type = type;
  families_.push_back(std::move(family));
  scale_ = 1;
}

void MetricFamilies::Add(double value, Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (families_.back().type == MetricType::Counter) {
    metric.counter.value = value * scale_;
  } else {
    metric.gauge.value = value;
  }
  families_.back().metric.push_back(std::move(metric));
}

void MetricFamilies::Add(const rtp::Histogram& histogram, Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  uint64_t count = 0;
  for (size_t i = 0; i < rtp::Histogram::kBuckets; ++i) {
    count += histogram.bucket(i);
    if (i <= exponent_) {
      metric.histogram.bucket.push_back(
          {count, static_cast<double>(uint64_t{1} << i) * scale_});
    }
  }
  metric.histogram.bucket.push_back(
      {count, std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = static_cast<double>(histogram.sum()) * scale_;
  families_.back().metric.push_back(std::move(metric));
}

std::string MetricFamilies::Text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

}  // namespace sfu
