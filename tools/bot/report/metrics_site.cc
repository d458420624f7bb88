// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/metrics_site.h"

#include <absl/strings/numbers.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "sfu/http_server.h"
#include "sfu/metric_families.h"
#include "tools/bot/report/findings.h"
#include "tools/bot/report/totals.h"

namespace bot {
namespace {

using sfu::MetricFamilies;

constexpr double kQuantiles[] = {0.5, 0.95, 0.99, 1};
constexpr std::string_view kQuantileNames[] = {"0.5", "0.95", "0.99", "1"};

double Number(uint64_t value) { return static_cast<double>(value); }
double Seconds(rtp::TimeDelta delta) { return Milliseconds(delta) / 1000; }

MetricFamilies::Labels Kind(std::string_view kind) {
  return {{"kind", std::string(kind)}};
}

// What is counted of audio and video apart.
void AddStreams(const Totals& totals, MetricFamilies& families) {
  const auto add = [&](auto value) {
    families.Add(value(totals.audio), Kind("audio"));
    families.Add(value(totals.video), Kind("video"));
  };
  using M = const MediaTotals&;
  families.BeginGauge("bot_streams", "Streams that something came on");
  add([](M m) { return Number(m.streams); });
  families.BeginCounter("bot_media_packets", "Media that came at first");
  add([](M m) { return Number(m.packets); });
  families.BeginCounter("bot_recovered_packets",
                        "Media that came by retransmission");
  add([](M m) { return Number(m.recovered); });
  families.BeginCounter("bot_lost_packets", "Media that never came");
  add([](M m) { return Number(m.lost); });
  families.BeginCounter("bot_duplicate_packets", "Media that came again");
  add([](M m) { return Number(m.duplicates); });
  families.BeginCounter("bot_frames", "Frames that could be shown or heard");
  add([](M m) { return Number(m.frames); });
  families.BeginCounter("bot_watched_seconds",
                        "Time that something was to be seen or heard");
  add([](M m) { return Seconds(m.watched); });
  families.BeginGauge("bot_latency_seconds",
                      "From the sender's stamp to the arrival, of the run");
  const auto quantiles = [&](M media, std::string_view kind) {
    if (media.latency.count() == 0) return;
    for (size_t i = 0; i < std::size(kQuantiles); ++i) {
      families.Add(Seconds(media.latency.Percentile(kQuantiles[i])),
                   {{"kind", std::string(kind)},
                    {"quantile", std::string(kQuantileNames[i])}});
    }
  };
  quantiles(totals.audio, "audio");
  quantiles(totals.video, "video");
}

void AddQuality(const Totals& totals, MetricFamilies& families) {
  const MediaTotals& video = totals.video;
  const MediaTotals& audio = totals.audio;
  families.Count("bot_freezes", "Times that a picture stood still",
                 Number(video.freezes));
  families.Count("bot_frozen_seconds", "How long they stood",
                 Seconds(video.frozen));
  families.Count("bot_audio_gaps", "Silences while the source sent",
                 Number(audio.audio_gaps));
  families.Count("bot_audio_gap_seconds", "How long these were",
                 Seconds(audio.audio_gap_time));
  families.Count("bot_layer_switches", "Changes of layer",
                 Number(video.layer_switches));
  families.Count("bot_decode_errors", "Frames that a decoder refused",
                 Number(video.decode_errors + audio.decode_errors));
  families.Count("bot_unauthentic", "Datagrams that SRTP did not accept",
                 Number(totals.unauthentic));
  families.Count("bot_nacked_packets", "Packets asked for again",
                 Number(totals.nacked));
  families.Count("bot_key_frame_requests", "Key frames that were asked for",
                 Number(totals.key_frame_requests));
}

void AddBots(const RunFigures& figures, const Totals& totals,
             MetricFamilies& families) {
  std::array<size_t, 5> states{};
  for (const BotFigures& bot : figures.bots) {
    ++states[static_cast<size_t>(bot.state)];
  }
  families.BeginGauge("bot_bots", "Bots by what they are doing");
  for (size_t i = 0; i < states.size(); ++i) {
    families.Add(Number(states[i]),
                 {{"state", std::string(StateName(static_cast<BotState>(i)))}});
  }
  families.Gauge("bot_planned_bots", "Bots of the plan", Number(totals.bots));
  families.BeginGauge("bot_join_seconds",
                      "From the begin of a join until ICE and DTLS were up");
  for (size_t i = 0; !totals.join_ms.empty() && i < std::size(kQuantiles);
       ++i) {
    families.Add(Percentile(totals.join_ms, kQuantiles[i]) / 1000,
                 {{"quantile", std::string(kQuantileNames[i])}});
  }
  families.Count("bot_sent_packets", "Packets that all bots sent",
                 Number(totals.packets_sent));
  families.Count("bot_sent_bytes", "Bytes of these", Number(totals.bytes_sent));
  families.Count("bot_received_packets", "Packets that came to all bots",
                 Number(totals.packets_received));
  families.Count("bot_received_bytes", "Bytes of these",
                 Number(totals.bytes_received));
}

// The newest second.
void AddNow(const RunFigures& figures, MetricFamilies& families) {
  families.Gauge("bot_run_seconds", "How long the run has been going on",
                 figures.duration);
  families.Gauge("bot_marks", "Events of the run so far",
                 Number(figures.marks.size()));
  const Second now =
      figures.seconds.empty() ? Second() : figures.seconds.back();
  families.Gauge("bot_recent_loss_ratio", "Loss of the last second",
                 now.loss_ratio);
  families.Gauge("bot_recent_frozen_ratio",
                 "Share of the last second that pictures stood still",
                 now.frozen_ratio);
  families.Gauge("bot_recent_audio_gap_ratio",
                 "Share of the last second that sound was missing",
                 now.audio_gap_ratio);
  families.BeginGauge("bot_recent_latency_seconds",
                      "Latency of the last second");
  families.Add(now.latency_p50_ms / 1000, {{"quantile", "0.5"}});
  families.Add(now.latency_p99_ms / 1000, {{"quantile", "0.99"}});
  families.Add(now.latency_max_ms / 1000, {{"quantile", "1"}});
  families.Gauge("bot_cpus", "Processors that the bots took in it", now.cpu);
  families.Gauge("bot_resident_memory_bytes", "Memory of the bots' process",
                 Number(now.rss));
}

}  // namespace

std::string MetricsText(const RunFigures& figures) {
  MetricFamilies families;
  const Totals totals = AddUp(figures);
  AddBots(figures, totals, families);
  AddStreams(totals, families);
  AddQuality(totals, families);
  AddNow(figures, families);
  return families.Text();
}

sfu::HttpResponse AnswerMetrics(
    const sfu::HttpRequest& request,
    const std::function<const RunFigures&()>& figures) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  sfu::HttpResponse response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = MetricsText(figures());
  } else {
    response.status = 404;
    response.body = "Here is /metrics\n";
  }
  return response;
}

MetricsSite::MetricsSite(boost::asio::io_context& context,
                         std::function<const RunFigures&()> figures)
    : context_(context), figures_(std::move(figures)) {}

MetricsSite::~MetricsSite() = default;

std::string MetricsSite::Open(const std::string& where) {
  const size_t colon = where.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(where.substr(colon + 1), &port) || port > 65535) {
    return "--metrics_listen: write HOST:PORT, as in 127.0.0.1:9109";
  }
  sfu::HttpServer::Config config;
  config.ip = where.substr(0, colon);
  if (config.ip.starts_with('[') && config.ip.ends_with(']')) {
    config.ip = config.ip.substr(1, config.ip.size() - 2);
  }
  config.port = static_cast<uint16_t>(port);
  config.flag = "metrics_listen";
  config.max_connections = 16;
  server_ = std::make_unique<sfu::HttpServer>(
      context_, config,
      [this](const sfu::HttpRequest& request) {
        return AnswerMetrics(request, figures_);
      },
      nullptr);
  return server_->Open();
}

uint16_t MetricsSite::port() const { return server_->port(); }

}  // namespace bot
