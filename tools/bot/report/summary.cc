// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/summary.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/bot/report/totals.h"

namespace bot {
namespace {

using Value = std::optional<double>;

struct Input {
  const RunFigures& figures;
  Totals totals;
  MediaTotals media;
};

struct Row {
  ValueKind kind;
  Value (*value)(const Input&);
};

constexpr Better kNeither = Better::kNeither;
constexpr Better kLower = Better::kLower;
constexpr Better kHigher = Better::kHigher;

double Double(uint64_t value) { return static_cast<double>(value); }

Value Ratio(double part, double whole) {
  if (!(whole > 0)) return std::nullopt;
  return part / whole;
}

Value Rank(const std::vector<double>& values, double share) {
  if (values.empty()) return std::nullopt;
  return Percentile(values, share);
}

Value Rank(const Distribution& values, double share) {
  if (values.count() == 0) return std::nullopt;
  return Milliseconds(share < 1 ? values.Percentile(share) : values.max());
}

// Counts of what came on streams mean nothing where there was no stream.
Value Of(const MediaTotals& media, uint64_t count) {
  if (media.streams == 0) return std::nullopt;
  return Double(count);
}

Value LossRatio(const MediaTotals& media) {
  return Ratio(Double(media.lost), Double(media.expected()));
}

Value Mbps(uint64_t bytes, const Input& in) {
  if (!(in.figures.duration > 0)) return std::nullopt;
  return Double(bytes) * 8 / in.figures.duration / 1e6;
}

Value Greatest(const Input& in, double (*of)(const Second&)) {
  if (in.figures.seconds.empty()) return std::nullopt;
  double greatest = 0;
  for (const Second& second : in.figures.seconds) {
    greatest = std::max(greatest, of(second));
  }
  return greatest;
}

Value MeanCpu(const Input& in) {
  if (in.figures.seconds.empty()) return std::nullopt;
  double sum = 0;
  for (const Second& second : in.figures.seconds) sum += second.cpu;
  return sum / Double(in.figures.seconds.size());
}

Value Recovered(const Input& in) {
  if (in.media.expected() == 0) return std::nullopt;
  const uint64_t missing = in.media.lost + in.media.recovered;
  return missing == 0 ? 1 : Double(in.media.recovered) / Double(missing);
}

Value Late(const Input& in, double share) {
  std::vector<double> values;
  for (const BotFigures& bot : in.figures.late_joiners) {
    if (bot.first_picture >= rtp::TimeDelta(0)) {
      values.push_back(Milliseconds(bot.first_picture - bot.ice_connected));
    }
  }
  return Rank(values, share);
}

// Meanings that several rows begin with.
#define BOT_JOIN "From the begin of a join until ICE and DTLS were up; "
#define BOT_PICTURE "From the begin of a join until a picture could be shown; "
#define BOT_SOUND "From the begin of a join until sound could be heard; "
#define BOT_LATE \
  "From ICE to the first picture of bots that joined afterwards; "
#define BOT_LATENCY "From the sender's stamp to the arrival; "
#define BOT_WAIT \
  "From when a picture cannot go on without a key frame until it does; "

#define BOT_VALUE(expression) \
  [](const Input& in) -> Value { return expression; }

constexpr Row kRows[] = {
    // Joins.
    {{"bots", "", kNeither, "Bots of the plan"},
     BOT_VALUE(Double(in.totals.bots))},
    {{"joined", "", kHigher, "Bots that had ICE and DTLS up once"},
     BOT_VALUE(Double(in.totals.joined))},
    {{"not_joined", "", kLower,
      "Bots of the plan that never had ICE and DTLS up"},
     BOT_VALUE(Double(in.totals.bots - in.totals.joined))},
    {{"failed_joins", "", kLower,
      "Bots that gave up, or were refused, before ICE and DTLS were up"},
     BOT_VALUE(Double(in.totals.failed_joins))},
    {{"failed_bots", "", kLower, "Bots that ended by a failure at any time"},
     BOT_VALUE(Double(in.totals.failed))},
    {{"login_ms_p95", "ms", kLower,
      "From the begin of a join until the XMPP server let the bot in"},
     BOT_VALUE(Rank(in.totals.login_ms, 0.95))},
    {{"join_ms_p50", "ms", kLower, BOT_JOIN "median of bots"},
     BOT_VALUE(Rank(in.totals.join_ms, 0.5))},
    {{"join_ms_p95", "ms", kLower, BOT_JOIN "95 % of bots took no longer"},
     BOT_VALUE(Rank(in.totals.join_ms, 0.95))},
    {{"join_ms_max", "ms", kLower, BOT_JOIN "the slowest bot"},
     BOT_VALUE(Rank(in.totals.join_ms, 1))},
    {{"first_picture_ms_p50", "ms", kLower, BOT_PICTURE "median of bots"},
     BOT_VALUE(Rank(in.totals.first_picture_ms, 0.5))},
    {{"first_picture_ms_p95", "ms", kLower,
      BOT_PICTURE "95 % of bots took no longer"},
     BOT_VALUE(Rank(in.totals.first_picture_ms, 0.95))},
    {{"first_sound_ms_p50", "ms", kLower, BOT_SOUND "median of bots"},
     BOT_VALUE(Rank(in.totals.first_sound_ms, 0.5))},
    {{"first_sound_ms_p95", "ms", kLower,
      BOT_SOUND "95 % of bots took no longer"},
     BOT_VALUE(Rank(in.totals.first_sound_ms, 0.95))},
    {{"late_picture_ms_p50", "ms", kLower, BOT_LATE "median"},
     BOT_VALUE(Late(in, 0.5))},
    {{"late_picture_ms_max", "ms", kLower, BOT_LATE "the slowest"},
     BOT_VALUE(Late(in, 1))},
    // Traffic.
    {{"streams", "", kNeither, "Streams that something came on, of all bots"},
     BOT_VALUE(Double(in.media.streams))},
    {{"sent_packets", "", kNeither, "Packets that the bots sent"},
     BOT_VALUE(Double(in.totals.packets_sent))},
    {{"received_packets", "", kNeither, "Packets that came to the bots"},
     BOT_VALUE(Double(in.totals.packets_received))},
    {{"sent_mbps", "Mbit/s", kNeither, "Sent by all bots; mean of the run"},
     BOT_VALUE(Mbps(in.totals.bytes_sent, in))},
    {{"received_mbps", "Mbit/s", kNeither,
      "Received by all bots; mean of the run"},
     BOT_VALUE(Mbps(in.totals.bytes_received, in))},
    {{"sent_mbps_max", "Mbit/s", kNeither, "Sent in the busiest second"},
     BOT_VALUE(Greatest(
         in, [](const Second& second) { return second.sent_bps / 1e6; }))},
    {{"received_mbps_max", "Mbit/s", kNeither,
      "Received in the busiest second"},
     BOT_VALUE(Greatest(
         in, [](const Second& second) { return second.received_bps / 1e6; }))},
    {{"rtt_ms_p50", "ms", kLower, "Round trip by RTCP; median of bots"},
     BOT_VALUE(Rank(in.totals.rtt_ms, 0.5))},
    {{"rtt_ms_p95", "ms", kLower,
      "Round trip by RTCP; 95 % of bots have no longer one"},
     BOT_VALUE(Rank(in.totals.rtt_ms, 0.95))},
    // What the network did.
    {{"loss_ratio", "", kLower,
      "Of the packets to be received, the share that never came, not by "
      "retransmission either"},
     BOT_VALUE(LossRatio(in.media))},
    {{"raw_loss_ratio", "", kLower,
      "Of the packets to be received, the share that did not come at the first "
      "sending"},
     BOT_VALUE(Ratio(Double(in.media.lost + in.media.recovered),
                     Double(in.media.expected())))},
    {{"recovered_ratio", "", kHigher,
      "Of the packets that did not come at the first sending, the share that "
      "came by retransmission; 1 if all came at once"},
     BOT_VALUE(Recovered(in))},
    {{"audio_loss_ratio", "", kLower, "loss_ratio of audio"},
     BOT_VALUE(LossRatio(in.totals.audio))},
    {{"video_loss_ratio", "", kLower, "loss_ratio of video"},
     BOT_VALUE(LossRatio(in.totals.video))},
    {{"duplicates", "", kLower, "Packets that came more than once"},
     BOT_VALUE(Of(in.media, in.media.duplicates))},
    {{"reordered", "", kLower, "Packets that a later one overtook"},
     BOT_VALUE(Of(in.media, in.media.reordered))},
    {{"unauthentic", "", kLower, "Datagrams that SRTP did not accept"},
     BOT_VALUE(Of(in.media, in.totals.unauthentic))},
    {{"nacked", "", kLower, "Packets that bots were asked to send again"},
     BOT_VALUE(Double(in.totals.nacked))},
    {{"key_frame_requests", "", kLower, "Key frames that bots were asked for"},
     BOT_VALUE(Double(in.totals.key_frame_requests))},
    {{"latency_ms_p50", "ms", kLower, BOT_LATENCY "median of packets"},
     BOT_VALUE(Rank(in.media.latency, 0.5))},
    {{"latency_ms_p99", "ms", kLower,
      BOT_LATENCY "99 % of packets took no longer"},
     BOT_VALUE(Rank(in.media.latency, 0.99))},
    {{"latency_ms_max", "ms", kLower, BOT_LATENCY "the slowest packet"},
     BOT_VALUE(Rank(in.media.latency, 1))},
    {{"audio_latency_ms_p99", "ms", kLower, "latency_ms_p99 of audio"},
     BOT_VALUE(Rank(in.totals.audio.latency, 0.99))},
    {{"video_latency_ms_p99", "ms", kLower, "latency_ms_p99 of video"},
     BOT_VALUE(Rank(in.totals.video.latency, 0.99))},
    {{"jitter_ms_p99", "ms", kLower,
      "Jitter of RFC 3550 s6.4.1, at the end; 99 % of streams"},
     BOT_VALUE(Rank(in.media.jitter_ms, 0.99))},
    // What people would feel: video.
    {{"frames", "", kHigher, "Pictures that could be shown"},
     BOT_VALUE(Of(in.totals.video, in.totals.video.frames))},
    {{"freezes", "", kLower, "Times that a picture stood still"},
     BOT_VALUE(Of(in.totals.video, in.totals.video.freezes))},
    {{"freeze_ratio", "", kLower,
      "Of the time that pictures were to be seen, the share that they stood "
      "still"},
     BOT_VALUE(Ratio(Milliseconds(in.totals.video.frozen),
                     Milliseconds(in.totals.video.watched)))},
    {{"longest_gap_ms", "ms", kLower, "Longest time between two pictures"},
     BOT_VALUE(in.totals.video.streams == 0
                   ? Value()
                   : Milliseconds(in.totals.video.longest_gap))},
    {{"key_frame_wait_ms_p50", "ms", kLower, BOT_WAIT "median of waits"},
     BOT_VALUE(Rank(in.totals.video.key_frame_wait, 0.5))},
    {{"key_frame_wait_ms_p99", "ms", kLower,
      BOT_WAIT "99 % of waits were no longer"},
     BOT_VALUE(Rank(in.totals.video.key_frame_wait, 0.99))},
    {{"key_frame_wait_ms_max", "ms", kLower, BOT_WAIT "the longest"},
     BOT_VALUE(Rank(in.totals.video.key_frame_wait, 1))},
    {{"layer_switches", "", kLower, "Changes of spatial or simulcast layer"},
     BOT_VALUE(Of(in.totals.video, in.totals.video.layer_switches))},
    {{"decode_errors", "", kLower, "Pictures that the decoder refused"},
     BOT_VALUE(Of(in.media, in.media.decode_errors))},
    {{"backward_timestamps", "", kLower,
      "Packets in order whose RTP timestamp went back"},
     BOT_VALUE(Of(in.media, in.media.backward_timestamps))},
    // And audio.
    {{"audio_gaps", "", kLower,
      "Silences of more than 60 ms while the source sent"},
     BOT_VALUE(Of(in.totals.audio, in.totals.audio.audio_gaps))},
    {{"audio_gap_ratio", "", kLower,
      "Of the time that sound was to be heard, the share of such silences"},
     BOT_VALUE(Ratio(Milliseconds(in.totals.audio.audio_gap_time),
                     Milliseconds(in.totals.audio.watched)))},
    {{"longest_audio_gap_ms", "ms", kLower,
      "Longest time between two packets of audio"},
     BOT_VALUE(in.totals.audio.streams == 0
                   ? Value()
                   : Milliseconds(in.totals.audio.longest_gap))},
    {{"picture_late_ms_p95", "ms", kLower,
      "How much later than its sound a picture came; 95 %"},
     BOT_VALUE(Rank(in.totals.picture_late, 0.95))},
    {{"sound_late_ms_p95", "ms", kLower,
      "How much later than its picture a sound came; 95 %"},
     BOT_VALUE(Rank(in.totals.sound_late, 0.95))},
    // What the bots themselves took.
    {{"cpu_mean", "CPUs", kLower, "Processors that the bots took; mean"},
     BOT_VALUE(MeanCpu(in))},
    {{"cpu_max", "CPUs", kLower,
      "Processors that the bots took in the busiest second"},
     BOT_VALUE(Greatest(in, [](const Second& second) { return second.cpu; }))},
    {{"rss_mb_max", "MB", kLower, "Memory of the bots' process at its most"},
     BOT_VALUE(Greatest(
         in, [](const Second& second) { return Double(second.rss) / 1e6; }))},
    {{"memory_per_bot_kb", "kB", kLower, "Memory that one more bot takes"},
     BOT_VALUE(in.figures.memory_per_bot > 0
                   ? Value(in.figures.memory_per_bot / 1e3)
                   : Value())},
    {{"run_s", "s", kNeither, "How long the run took"},
     BOT_VALUE(in.figures.duration)},
};

#undef BOT_JOIN
#undef BOT_PICTURE
#undef BOT_SOUND
#undef BOT_LATE
#undef BOT_LATENCY
#undef BOT_WAIT
#undef BOT_VALUE

constexpr auto kKinds = [] {
  std::array<ValueKind, std::size(kRows)> kinds{};
  for (size_t i = 0; i < kinds.size(); ++i) kinds[i] = kRows[i].kind;
  return kinds;
}();

}  // namespace

std::span<const ValueKind> ValueKinds() { return kKinds; }

const ValueKind* FindValueKind(std::string_view name) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(),
                   [name](const ValueKind& kind) { return kind.name == name; });
  return found == kKinds.end() ? nullptr : &*found;
}

std::vector<SummaryValue> Summarize(const RunFigures& figures) {
  Input input{figures, AddUp(figures), {}};
  input.media = input.totals.Media();
  std::vector<SummaryValue> values;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    values.push_back({&kKinds[i], kRows[i].value(input)});
  }
  return values;
}

std::optional<double> ValueOf(const std::vector<SummaryValue>& summary,
                              std::string_view name) {
  for (const SummaryValue& value : summary) {
    if (value.kind->name == name) return value.value;
  }
  return std::nullopt;
}

std::string TellNumber(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return absl::StrFormat("%.4g", value);
  if (size >= 100 || value == std::round(value)) {
    return (value < -0.5 ? "-" : "") +
           TellCount(static_cast<uint64_t>(std::llround(size)));
  }
  if (size >= 10) return absl::StrFormat("%.1f", value);
  if (size >= 1) return absl::StrFormat("%.2f", value);
  return absl::StrFormat("%.3g", value);
}

std::string TellCount(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t end = digits.size(); end > 3; end -= 3) {
    digits.insert(end - 3, ",");
  }
  return digits;
}

std::string Told(const SummaryValue& value) {
  if (!value.value) return "-";
  if (value.kind->name.ends_with("_ratio")) {
    return TellNumber(*value.value * 100) + " %";
  }
  const std::string number = TellNumber(*value.value);
  if (value.kind->unit.empty()) return number;
  return absl::StrFormat("%s %s", number, value.kind->unit);
}

}  // namespace bot
