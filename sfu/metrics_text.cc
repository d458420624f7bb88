// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/metrics_text.h"

#include <dirent.h>
#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace sfu {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view kPrefix = "carillon_";
constexpr std::string_view kMicroseconds = "_microseconds";

using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  void BeginGauge(std::string_view name, std::string_view help) {
    Begin(std::string(name), help, MetricType::Gauge);
  }
  // `name` without "_total". Counted microseconds are told in seconds.
  void BeginCounter(std::string_view name, std::string_view help) {
    scale_ = 1;
    std::string told(name);
    if (name.ends_with(kMicroseconds)) {
      told.resize(name.size() - kMicroseconds.size());
      told += "_seconds";
      scale_ = 1e-6;
    }
    Begin(told + "_total", help, MetricType::Counter);
  }
  void Add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value * scale_;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  void Gauge(std::string_view name, std::string_view help, double value) {
    BeginGauge(name, help);
    Add(value);
  }
  void Count(std::string_view name, std::string_view help, double value) {
    BeginCounter(name, help);
    Add(value);
  }

  std::string Text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  void Begin(const std::string& name, std::string_view help, MetricType type) {
    MetricFamily family;
    family.name = std::string(kPrefix) + name;
    family.help = help;
    family.type = type;
    families_.push_back(std::move(family));
  }

  std::vector<MetricFamily> families_;
  double scale_ = 1;
};

ClientMetric::Label WorkerLabel(size_t worker) {
  return {"worker", std::to_string(worker)};
}

double Seconds(rtp::TimeDelta delta) {
  return static_cast<double>(delta.count()) * 1e-6;
}

void AddWorkers(const MetricsSnapshot& snapshot, Families& families) {
  const auto& workers = snapshot.workers;
  const auto counter = [&](std::string_view name, std::string_view help,
                           Counter Counters::*member) {
    families.BeginCounter(name, help);
    for (size_t i = 0; i < workers.size(); ++i) {
      families.Add(static_cast<double>((workers[i].counters->*member).Get()),
                   {WorkerLabel(i)});
    }
  };
#define SFU_TELL_COUNTER(member, name, help) \
  counter(name, help, &Counters::member);
  SFU_WORKER_COUNTERS(SFU_TELL_COUNTER)
#undef SFU_TELL_COUNTER

  families.BeginCounter("dropped", "Datagrams and packets not used, by reason");
  for (size_t i = 0; i < workers.size(); ++i) {
    for (size_t r = 0; r < workers[i].counters->drops.size(); ++r) {
      const std::string_view reason =
          DropReasonName(static_cast<DropReason>(r));
      families.Add(static_cast<double>(workers[i].counters->drops[r].Get()),
                   {WorkerLabel(i), {"reason", std::string(reason)}});
    }
  }
  families.BeginGauge("peers", "Media endpoints of participants");
  for (size_t i = 0; i < workers.size(); ++i) {
    families.Add(static_cast<double>(workers[i].peers), {WorkerLabel(i)});
  }
  families.BeginCounter("worker_cpu_seconds", "Processor time of the thread");
  for (size_t i = 0; i < workers.size(); ++i) {
    families.Add(Seconds(workers[i].cpu), {WorkerLabel(i)});
  }
}

}  // namespace

void ReadProcessFacts(MetricsSnapshot* snapshot) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto delta = [](const timeval& time) {
      return std::chrono::seconds(time.tv_sec) +
             std::chrono::microseconds(time.tv_usec);
    };
    snapshot->process_cpu = delta(usage.ru_utime) + delta(usage.ru_stime);
  }
  std::ifstream memory("/proc/self/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  if (memory >> size >> resident) {
    snapshot->resident_bytes =
        resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  }
  if (DIR* directory = opendir("/proc/self/fd")) {
    uint64_t entries = 0;
    while (readdir(directory) != nullptr) ++entries;
    closedir(directory);
    // Not ".", "..", nor the descriptor of this look.
    snapshot->open_descriptors = entries > 3 ? entries - 3 : 0;
  }
}

std::string MetricsText(const MetricsSnapshot& snapshot) {
  Families families;
  AddWorkers(snapshot, families);
  families.Gauge("rooms", "Rooms with somebody in them",
                 static_cast<double>(snapshot.rooms));
  families.Gauge("participants", "People in all rooms",
                 static_cast<double>(snapshot.participants));
  families.Gauge("draining", "1 once the server was asked to go away",
                 snapshot.draining ? 1 : 0);
  families.Gauge("component_connected",
                 "1 while the link to the XMPP server is up",
                 snapshot.component_connected ? 1 : 0);
  families.Count("component_connects",
                 "Times the link to the XMPP server came up",
                 static_cast<double>(snapshot.component_connects));
  families.Count("stanzas_dropped",
                 "Stanzas not sent because the XMPP link was down",
                 static_cast<double>(snapshot.stanzas_dropped));
  families.Gauge("http_connections", "Open connections of the public listener",
                 static_cast<double>(snapshot.http_connections));
  families.Gauge("websocket_proxies", "XMPP streams of pages",
                 static_cast<double>(snapshot.websocket_proxies));
  families.Gauge("command_backlog", "Commands that wait for a full ring",
                 static_cast<double>(snapshot.command_backlog));
  families.Count("process_cpu_seconds", "Processor time, user and system",
                 Seconds(snapshot.process_cpu));
  families.Gauge("process_resident_memory_bytes", "Resident memory",
                 static_cast<double>(snapshot.resident_bytes));
  families.Gauge("process_open_fds", "Open file descriptors",
                 static_cast<double>(snapshot.open_descriptors));
  return families.Text();
}

}  // namespace sfu
