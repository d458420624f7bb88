// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tools/report_figures.h"

#include <absl/strings/str_cat.h>

#include <cmath>

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// From 0 up to 1, by two numbers; chance enough for invented figures.
double Noise(uint64_t a, uint64_t b) {
  uint64_t x = a * 0x9e3779b97f4a7c15u + b * 0xbf58476d1ce4e5b9u + 1;
  x ^= x >> 31;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 29;
  return static_cast<double>(x >> 11) / 9007199254740992.0;
}

milliseconds Ms(double value) {
  return milliseconds(static_cast<int64_t>(value));
}

StreamFigures MakeStream(size_t bot, size_t slot, bool video, size_t duration) {
  StreamFigures stream;
  stream.content = absl::StrCat(video ? "video" : "audio", slot);
  stream.owner = absl::StrCat("p", bot / 10 * 10 + (bot + slot + 1) % 10);
  stream.kind = video ? rtp::MediaKind::kVideo : rtp::MediaKind::kAudio;
  stream.codec = video ? rtp::Codec::kVp8 : rtp::Codec::kOpus;
  const size_t index = bot * 20 + slot + (video ? 10 : 0);
  const bool bad = bot % 17 == 3;
  stream.packets = duration * (video ? 42 : 50) - 90;
  stream.bytes = stream.packets * (video ? 920 : 140);
  stream.lost = bad ? 60 + slot * 7 : 0;
  stream.recovered = bad ? 300 : (video ? 25 : 0);
  stream.jitter = Ms(1 + 4 * Noise(index, 3));
  for (size_t i = 0; i < 200; ++i) {
    const double tail = Noise(index, i) > 0.985 ? 60 : 0;
    stream.latency.Add(Ms(4 + 9 * Noise(i, index) + tail + (bad ? 30 : 0)));
  }
  stream.frames = duration * (video ? 15 : 50);
  stream.watched = seconds(duration);
  stream.longest_gap = Ms(2000 + 300 * Noise(index, 5));
  if (video) {
    stream.key_frames = 4;
    stream.layer_switches = bad ? 5 : 1;
    stream.height = 180;
    stream.freezes = bad ? 4 : 1;
    stream.frozen = Ms(2100 + (bad ? 1900 : 0));
    stream.key_frame_wait.Add(Ms(90 + 200 * Noise(index, 7)));
  } else {
    stream.audio_gaps = 1;
    stream.audio_gap_time = Ms(2000 + 90 * Noise(index, 9));
  }
  return stream;
}

BotFigures MakeBot(size_t index, size_t duration) {
  BotFigures bot;
  bot.index = index;
  bot.name = absl::StrCat("Bot ", index);
  bot.room = absl::StrCat("room-", index / 10);
  bot.started = milliseconds(index * 200);
  if (index % 25 == 24) {
    bot.state = BotState::kFailed;
    bot.failure = "refused: service-unavailable <script>alert(1)</script>";
    return bot;
  }
  bot.participant = absl::StrCat("p", index);
  bot.state = BotState::kJoined;
  bot.logged_in = Ms(30 + 40 * Noise(index, 1));
  bot.accepted = bot.logged_in + Ms(20 + 60 * Noise(index, 2));
  bot.ice_connected = bot.accepted + Ms(15 + 20 * Noise(index, 3));
  bot.connected = bot.ice_connected + Ms(20 + 30 * Noise(index, 4));
  bot.first_sound = bot.connected + Ms(10 + 20 * Noise(index, 5));
  bot.first_picture = bot.connected + Ms(60 + 200 * Noise(index, 6));
  bot.rtt = Ms(6 + 4 * Noise(index, 7));
  bot.packets_sent = duration * 92;
  bot.bytes_sent = duration * 40'000;
  bot.picture_late.Add(Ms(20 + 40 * Noise(index, 8)));
  bot.slot_events.push_back({milliseconds(index * 200 + 400), "video0",
                             absl::StrCat("p", index, "-v0"), "p1"});
  for (size_t slot = 0; slot < 3; ++slot) {
    bot.streams.push_back(MakeStream(index, slot, false, duration));
  }
  for (size_t slot = 0; slot < 4; ++slot) {
    bot.streams.push_back(MakeStream(index, slot, true, duration));
  }
  for (const StreamFigures& stream : bot.streams) {
    bot.packets_received += stream.packets + stream.recovered;
    bot.bytes_received += stream.bytes;
  }
  return bot;
}

Second MakeSecond(size_t at, size_t bots, size_t duration) {
  const double load =
      std::min(1.0, static_cast<double>(at) * 5 / static_cast<double>(bots));
  const size_t middle = duration / 2;
  const bool out = at >= middle && at < middle + 2;
  const bool after = at >= middle + 2 && at < middle + 5;
  Second second;
  second.at = static_cast<double>(at + 1);
  second.joined = std::min(bots, (at + 1) * 5);
  second.joining = second.joined < bots ? 2 : 0;
  second.failed = second.joined / 25;
  second.joined -= second.failed;
  second.streams = second.joined * 7;
  const double people = static_cast<double>(bots) * load;
  second.sent_bps = people * 320e3 * (0.96 + 0.08 * Noise(at, 1));
  second.received_bps =
      out ? 2e5 : people * 1.25e6 * (0.95 + 0.1 * Noise(at, 2));
  second.sent_pps = people * 92;
  second.received_pps = out ? 40 : people * 318;
  second.loss_ratio = out ? 0.97 : (after ? 0.04 : 0.001 * Noise(at, 3));
  second.latency_p50_ms = 8 + 2 * Noise(at, 4) + (after ? 40 : 0);
  second.latency_p99_ms = 24 + 14 * Noise(at, 5) + (after ? 260 : 0);
  second.latency_max_ms = second.latency_p99_ms * (1.3 + Noise(at, 6));
  second.freezes = out || after ? bots * 2 : (Noise(at, 7) > 0.9 ? 1 : 0);
  second.frozen_ratio = out ? 0.93 : (after ? 0.25 : 0.002 * Noise(at, 8));
  second.audio_gap_ratio = out ? 0.97 : (after ? 0.05 : 0);
  second.cpu = 0.15 + 0.85 * load * (0.93 + 0.14 * Noise(at, 9));
  second.rss = 60'000'000 + second.joined * 900'000;
  return second;
}

}  // namespace

RunFigures MakeRun(size_t bots, size_t duration) {
  RunFigures run;
  run.title = "Stand-ups: rooms of ten, 2 s outage";
  run.server = "talk.example.org";
  run.seed = 42;
  run.duration = static_cast<double>(duration);
  run.planned_duration = run.duration;
  run.planned_bots = bots;
  run.memory_per_bot = 912'400;
  for (size_t i = 0; i < bots; ++i) run.bots.push_back(MakeBot(i, duration));
  for (size_t i = 0; i < duration; ++i) {
    run.seconds.push_back(MakeSecond(i, bots, duration));
  }
  const auto middle = static_cast<double>(duration) / 2;
  run.marks = {{middle / 3, "Bot 3: loss 5 % both ways"},
               {middle, "server stopped (SIGSTOP)"},
               {middle + 2, "server continues (SIGCONT)"},
               {middle * 1.6, "10 bots leave"}};
  run.speakers = {{seconds(10), 0}, {seconds(20), 3}};
  run.late_joiners = {MakeBot(1000, 1), MakeBot(1001, 1)};
  run.errors = {"Bot 7: XMPP connection reset once & resumed"};
  return run;
}

}  // namespace bot
