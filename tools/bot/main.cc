// SPDX-License-Identifier: GPL-3.0-or-later
// carillon-bot: Jingle clients that join a room, send and receive, and tell
// what they saw.
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sfu/flag_help.h"
#include "tools/bot/bot_loop.h"
#include "tools/bot/report.h"
#include "tools/bot/speaker_script.h"

ABSL_FLAG(std::string, run_json, ".state/run.json",
          "What tools/run wrote about the server to join");
ABSL_FLAG(std::string, room, "bots", "Room to join");
ABSL_FLAG(std::string, muc, "", "JID of a MUC to enter as well; empty: none");
ABSL_FLAG(int, bots, 1, "How many join; 1 to 500");
ABSL_FLAG(int, join_interval_ms, 50, "Between two of them");
ABSL_FLAG(double, duration_s, 10, "How long to stay once all have joined");
ABSL_FLAG(int, audio_slots, 3, "Audio slots of each bot; 0 to 3");
ABSL_FLAG(int, video_slots, 9, "Video slots of each bot; 0 to 25");
ABSL_FLAG(std::string, send, "audio,video", "What each sends, or nothing");
ABSL_FLAG(std::string, speakers, "",
          "Who speaks for how many seconds, in order: 0:5,1:2.5");
ABSL_FLAG(bool, decode, false, "Decode all video, counting errors");
ABSL_FLAG(int, late_joiners, 0,
          "Afterwards so many join and leave, one after the other, and the "
          "time from ICE to the first picture is told");
ABSL_FLAG(double, lose, 0, "Share of media packets lost each way; 0 to 0.5");
ABSL_FLAG(std::string, faults, "",
          "packets: each sends, on leaving, what a server must drop; "
          "fingerprint: signals one that is not its certificate's");
ABSL_FLAG(std::string, report, "", "File for everything seen, as JSON");

namespace bot {
namespace {

constexpr int kFailed = 1;
constexpr int kBadFlags = 2;
constexpr rtp::TimeDelta kJoinTimeout = std::chrono::seconds(30);
constexpr uint8_t kSpeaking = 20;  // -dBov
constexpr uint8_t kSilence = 127;

void Complain(const std::string& error) {
  std::fprintf(stderr, "carillon-bot: %s\n", error.c_str());
}

int Refuse(const std::string& error) {
  Complain(error);
  return kBadFlags;
}

struct Server {
  BotLoop::Config xmpp;
  Bot::Config bot;
};

std::optional<Server> ReadRunJson(const std::string& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  Server server;
  if (!json.is_object() || !json.contains("c2s_port") ||
      !json.contains("component") || !json.contains("guest_domain")) {
    return std::nullopt;
  }
  server.xmpp.host = "127.0.0.1";
  server.xmpp.port = json["c2s_port"].get<uint16_t>();
  server.bot.component = json["component"].get<std::string>();
  server.bot.domain = json["guest_domain"].get<std::string>();
  return server;
}

// After Leave(): lets it reach the server.
void SayGoodbye(BotLoop& loop) {
  loop.RunUntil(BotLoop::Now() + std::chrono::seconds(1),
                [&loop](auto) { return loop.Flushed(); });
}

// Joins, waits for the first picture, and leaves, `count` times over.
bool JoinLate(BotLoop& loop, const Bot::Config& config, int count,
              Report& report) {
  for (int i = 0; i < count; ++i) {
    std::string error;
    Bot::Config late = config;
    late.name = "Late " + std::to_string(i);
    Bot* bot = loop.Join(late, &error);
    if (bot == nullptr) {
      Complain(error);
      return false;
    }
    const bool seen = loop.RunUntil(BotLoop::Now() + kJoinTimeout, [&](auto) {
      return bot->times().first_picture != rtp::kNever ||
             !bot->failure().empty();
    });
    report.AddLateJoiner(*bot);
    bot->Leave(BotLoop::Now());
    SayGoodbye(loop);
    loop.Remove(bot);
    if (!seen) return false;
  }
  return true;
}

int Run(const Server& server, const SpeakerScript& script,
        std::shared_ptr<const MediaSamples> samples) {
  const int count = absl::GetFlag(FLAGS_bots);
  BotLoop loop(server.xmpp, std::move(samples));
  Report report(BotLoop::Now());
  std::vector<Bot*> bots;
  std::string error;
  for (int i = 0; i < count; ++i) {
    Bot::Config config = server.bot;
    config.name = "Bot " + std::to_string(i);
    Bot* bot = loop.Join(config, &error);
    if (bot == nullptr) {
      Complain(error);
      return kFailed;
    }
    bots.push_back(bot);
    loop.RunUntil(BotLoop::Now() + std::chrono::milliseconds(
                                       absl::GetFlag(FLAGS_join_interval_ms)),
                  [](auto) { return false; });
  }
  const bool joined = loop.RunUntil(BotLoop::Now() + kJoinTimeout, [&](auto) {
    return std::all_of(bots.begin(), bots.end(), [](const Bot* bot) {
      return bot->times().dtls_connected != rtp::kNever ||
             !bot->failure().empty();
    });
  });
  if (joined) {
    std::printf("joined: %d\n", count);
    std::fflush(stdout);
  }
  const rtp::Timestamp begin = BotLoop::Now();
  const auto stay = std::max(rtp::TimeDelta(static_cast<int64_t>(
                                 absl::GetFlag(FLAGS_duration_s) * 1e6)),
                             script.duration());
  std::optional<size_t> speaker;
  loop.RunUntil(begin + stay, [&](rtp::Timestamp now) {
    const auto next = script.SpeakerAt(now - begin);
    if (next != speaker) {
      if (speaker) bots[*speaker]->SetAudioLevel(kSilence);
      if (next) bots[*next]->SetAudioLevel(kSpeaking);
      if (next) report.AddSpeaker(now, *next);
      speaker = next;
    }
    return false;
  });
  bool ok = joined;
  if (const int late = absl::GetFlag(FLAGS_late_joiners); late > 0) {
    Bot::Config config = server.bot;
    config.send_audio = config.send_video = false;
    ok = JoinLate(loop, config, late, report) && ok;
  }
  for (Bot* bot : bots) {
    report.AddBot(*bot);
    if (!bot->failure().empty()) {
      std::fprintf(stderr, "%s: %s\n", bot->config().name.c_str(),
                   bot->failure().c_str());
      ok = false;
    }
    bot->Leave(BotLoop::Now());
  }
  SayGoodbye(loop);
  std::fputs(report.ToText().c_str(), stdout);
  const std::string path = absl::GetFlag(FLAGS_report);
  if (!path.empty()) {
    std::ofstream file(path);
    file << report.ToJson() << "\n";
    if (!file.flush()) {
      Complain("cannot write " + path);
      return kFailed;
    }
  }
  return ok ? 0 : kFailed;
}

int Main(int argc, char** argv) {
  constexpr char kUsage[] =
      "carillon-bot [--FLAG=VALUE...]\n"
      "Joins a room of a server that tools/run started, with bots.\n"
      "carillon-bot --run_json=.state/run.json --room=standup --bots=3";
  if (sfu::AnswerHelp(argc, argv, kUsage)) return 0;
  const auto rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    return Refuse(std::string("unknown argument ") + rest[1]);
  }
  const int bots = absl::GetFlag(FLAGS_bots);
  if (bots < 1 || bots > 500) return Refuse("--bots: 1 to 500");
  const int audio = absl::GetFlag(FLAGS_audio_slots);
  const int video = absl::GetFlag(FLAGS_video_slots);
  if (audio < 0 || audio > 3) return Refuse("--audio_slots: 0 to 3");
  if (video < 0 || video > 25) return Refuse("--video_slots: 0 to 25");
  const auto script = SpeakerScript::Parse(absl::GetFlag(FLAGS_speakers),
                                           static_cast<size_t>(bots));
  if (!script) {
    return Refuse(
        "--speakers: BOT:SECONDS, comma-separated; bots count from "
        "0");
  }
  const std::string path = absl::GetFlag(FLAGS_run_json);
  auto server = ReadRunJson(path);
  if (!server) {
    return Refuse("--run_json: " + path +
                  " does not describe a server; is tools/run running?");
  }
  const std::string send = absl::GetFlag(FLAGS_send);
  server->bot.room = absl::GetFlag(FLAGS_room);
  server->bot.send_audio = send.find("audio") != std::string::npos;
  server->bot.send_video = send.find("video") != std::string::npos;
  server->bot.audio_slots = static_cast<size_t>(audio);
  server->bot.video_slots = static_cast<size_t>(video);
  if (const std::string muc = absl::GetFlag(FLAGS_muc); !muc.empty()) {
    server->bot.muc = signaling::Jid::Parse(muc);
    if (!server->bot.muc) return Refuse("--muc: write room@domain");
  }
  const double lose = absl::GetFlag(FLAGS_lose);
  if (!(lose >= 0 && lose <= 0.5)) return Refuse("--lose: 0 to 0.5");
  server->bot.lose_permille = static_cast<uint32_t>(lose * 1000);
  const std::string faults = absl::GetFlag(FLAGS_faults);
  if (!faults.empty() && faults != "packets" && faults != "fingerprint") {
    return Refuse("--faults: packets or fingerprint");
  }
  server->bot.faults = faults == "packets";
  server->bot.wrong_fingerprint = faults == "fingerprint";
  server->bot.decode = absl::GetFlag(FLAGS_decode);
  std::string error;
  auto samples = MakeSamples(&error);
  if (samples == nullptr) return Refuse(error);
  std::signal(SIGINT, [](int) { BotLoop::Stop(); });
  std::signal(SIGTERM, [](int) { BotLoop::Stop(); });
  return Run(*server, *script, std::move(samples));
}

}  // namespace
}  // namespace bot

int main(int argc, char** argv) { return bot::Main(argc, argv); }
