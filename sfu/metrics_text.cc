// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/metrics_text.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string_view>
#include <utility>

#include "sfu/metric_families.h"

namespace sfu {
namespace {

prometheus::ClientMetric::Label WorkerLabel(size_t worker) {
  return {"worker", std::to_string(worker)};
}

double Seconds(rtp::TimeDelta delta) {
  return static_cast<double>(delta.count()) * 1e-6;
}

void AddWorkers(const MetricsSnapshot& snapshot, MetricFamilies& families) {
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
  const auto gauge = [&](std::string_view name, std::string_view help,
                         Gauge Counters::*member) {
    families.BeginGauge(name, help);
    for (size_t i = 0; i < workers.size(); ++i) {
      families.Add(static_cast<double>((workers[i].counters->*member).Get()),
                   {WorkerLabel(i)});
    }
  };
#define SFU_TELL_GAUGE(member, name, help) gauge(name, help, &Counters::member);
  SFU_WORKER_GAUGES(SFU_TELL_GAUGE)
#undef SFU_TELL_GAUGE
  const auto histogram = [&](std::string_view name, std::string_view help,
                             double unit, size_t exponent,
                             rtp::Histogram Counters::*member) {
    families.BeginHistogram(name, help, unit, exponent);
    for (size_t i = 0; i < workers.size(); ++i) {
      families.Add(workers[i].counters->*member, {WorkerLabel(i)});
    }
  };
#define SFU_TELL_HISTOGRAM(member, name, help, unit, exponent) \
  histogram(name, help, unit, exponent, &Counters::member);
  SFU_WORKER_HISTOGRAMS(SFU_TELL_HISTOGRAM)
#undef SFU_TELL_HISTOGRAM

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

// What the server tells as one number.
struct Fact {
  std::string_view name;
  std::string_view help;
  double (*value)(const MetricsSnapshot&);
};

template <auto kMember>
double Of(const MetricsSnapshot& snapshot) {
  return static_cast<double>(snapshot.*kMember);
}
template <auto kMember>
double OfCensus(const MetricsSnapshot& snapshot) {
  return static_cast<double>(snapshot.census.*kMember);
}
template <auto kMember>
double OfFocus(const MetricsSnapshot& snapshot) {
  return static_cast<double>(snapshot.focus->*kMember);
}

using S = MetricsSnapshot;
using F = signaling::FocusStats;

constexpr Fact kGauges[] = {
    {"conferences", "Rooms with somebody in them",
     OfCensus<&RoomCensus::conferences>},
    {"largest_conference", "Participants of the greatest room",
     OfCensus<&RoomCensus::largest_conference>},
    {"participants", "People in all rooms",
     OfCensus<&RoomCensus::participants>},
    {"participants_connected", "Of those, with ICE and DTLS up",
     OfCensus<&RoomCensus::connected>},
    {"participants_away", "Of those, not heard of for a while",
     OfCensus<&RoomCensus::away>},
    {"endpoints_sending_audio", "Participants who send sound, not muted",
     OfCensus<&RoomCensus::sending_audio>},
    {"endpoints_sending_video", "Participants who send pictures, not muted",
     OfCensus<&RoomCensus::sending_video>},
    {"slots_filled", "Streams that subscribers are shown",
     OfCensus<&RoomCensus::slots_filled>},
    {"paired_mucs_blind", "Of rooms tied to a MUC, those that hide real JIDs",
     OfCensus<&RoomCensus::blind_mucs>},
    {"draining", "1 once the server was asked to go away", Of<&S::draining>},
    {"component_connected", "1 while the link to the XMPP server is up",
     Of<&S::component_connected>},
    {"http_connections", "Open connections of the public listener",
     Of<&S::http_connections>},
    {"websocket_proxies", "XMPP streams of pages", Of<&S::websocket_proxies>},
    {"command_backlog", "Commands that wait for a full ring",
     Of<&S::command_backlog>},
    {"process_resident_memory_bytes", "Resident memory",
     Of<&S::resident_bytes>},
    {"process_open_fds", "Open file descriptors", Of<&S::open_descriptors>},
    {"process_start_time_seconds", "When the process began, since 1970",
     Of<&S::start_time>},
};

constexpr Fact kCounters[] = {
    {"conferences_created", "Rooms that began",
     OfFocus<&F::conferences_created>},
    {"conferences_completed", "Rooms that the last one left",
     OfFocus<&F::conferences_completed>},
    {"participants_joined", "People who came into a room",
     OfFocus<&F::participants_joined>},
    {"sessions_accepted", "Jingle sessions accepted",
     OfFocus<&F::sessions_accepted>},
    {"sessions_resumed", "Sessions taken up from another address",
     OfFocus<&F::sessions_resumed>},
    {"ice_restarts", "ICE restarts that clients asked for",
     Of<&S::ice_restarts>},
    {"iq_requests", "Requests from clients", OfFocus<&F::requests_received>},
    {"iq_timeouts", "Requests of ours that nobody answered",
     OfFocus<&F::requests_timed_out>},
    {"stanzas_rate_limited", "Stanzas beyond a sender's limit",
     OfFocus<&F::rate_limited>},
    {"stanzas_malformed", "Stanzas that were kept back unread",
     OfFocus<&F::malformed>},
    {"stanzas_dropped", "Stanzas not sent because the XMPP link was down",
     Of<&S::stanzas_dropped>},
    {"component_connects", "Times the link to the XMPP server came up",
     Of<&S::component_connects>},
    {"xmpp_disconnects", "Times the link to the XMPP server was lost",
     Of<&S::xmpp_disconnects>},
    {"dominant_speaker_changes", "Times a room's main speaker changed",
     OfFocus<&F::dominant_speaker_changes>},
};

template <size_t kWords>
void AddWords(const signaling::WordCounts<kWords>& words,
              std::string_view label, MetricFamilies::Labels others,
              MetricFamilies& families) {
  for (size_t i = 0; i < kWords; ++i) {
    MetricFamilies::Labels labels = others;
    labels.push_back({std::string(label), std::string(words.word(i))});
    families.Add(static_cast<double>(words.count(i)), std::move(labels));
  }
}

void AddServer(const MetricsSnapshot& snapshot, MetricFamilies& families) {
  const F& focus = *snapshot.focus;
  families.BeginGauge("build_info", "Always 1; the label is the version");
  families.Add(1, {{"version", snapshot.version}});
  for (const Fact& fact : kGauges) {
    families.Gauge(fact.name, fact.help, fact.value(snapshot));
  }
  families.BeginGauge("sources", "Published, muted or not, by type");
  constexpr std::string_view kTypes[] = {"microphone", "camera", "screen"};
  for (size_t i = 0; i < snapshot.census.sources.size(); ++i) {
    families.Add(static_cast<double>(snapshot.census.sources[i]),
                 {{"type", std::string(kTypes[i])}});
  }
  families.BeginGauge("paired_mucs", "Of rooms tied to a MUC, by its state");
  for (size_t i = 0; i < snapshot.census.paired_mucs.size(); ++i) {
    const auto state = static_cast<signaling::PairedMuc::State>(i);
    families.Add(static_cast<double>(snapshot.census.paired_mucs[i]),
                 {{"state", std::string(signaling::StateName(state))}});
  }
  for (const Fact& fact : kCounters) {
    families.Count(fact.name, fact.help, fact.value(snapshot));
  }
  families.Count("process_cpu_seconds", "Processor time, user and system",
                 Seconds(snapshot.process_cpu));
  families.BeginCounter("participants_failed", "Media paths lost, by reason");
  AddWords(focus.failures, "reason", {}, families);
  families.BeginCounter("joins_refused", "Calls refused, by reason");
  AddWords(focus.refusals, "reason", {}, families);
  families.BeginCounter("sessions_terminated",
                        "Jingle sessions ended, by whom and its reason");
  AddWords(focus.ended_by_us, "reason", {{"by", "server"}}, families);
  AddWords(focus.ended_by_client, "reason", {{"by", "client"}}, families);
  families.BeginCounter("iq_errors_sent", "Requests refused, by condition");
  AddWords(focus.errors_sent, "condition", {}, families);
  families.BeginCounter("iq_errors_received",
                        "Requests of ours refused, by condition");
  AddWords(focus.errors_received, "condition", {}, families);
  families.BeginHistogram("conferences_by_size",
                          "Most participants at once of each room that ended",
                          1, 10);
  families.Add(focus.conference_sizes);
  families.BeginHistogram("conference_seconds",
                          "How long each room that ended was there", 1, 15);
  families.Add(focus.conference_seconds);
  families.BeginHistogram("join_seconds",
                          "From session-initiate to ICE and DTLS up", 1e-3, 15);
  families.Add(focus.join_milliseconds);
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
  MetricFamilies families;
  AddServer(snapshot, families);
  AddWorkers(snapshot, families);
  return families.Text();
}

}  // namespace sfu
