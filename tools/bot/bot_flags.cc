// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/bot_flags.h"

#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tools/bot/report/requirements.h"
#include "tools/bot/speaker_script.h"

// Whom to join.
ABSL_FLAG(std::string, run_json, ".state/run.json",
          "What tools/run wrote about the server to join");
ABSL_FLAG(std::string, server, "",
          "HOST or HOST:PORT of another XMPP server, instead of --run_json; "
          "with --domain and --component");
ABSL_FLAG(std::string, domain, "",
          "Where bots log in: a domain of the XMPP server");
ABSL_FLAG(std::string, component, "", "Domain of the rooms to call");
ABSL_FLAG(std::string, user, "",
          "Account of each bot, %d is its number; empty: anonymous");
ABSL_FLAG(std::string, password_file, "",
          "File with the accounts' password in its first line");
ABSL_FLAG(std::string, tls, "",
          "off, starttls or direct; starttls by default, off with --run_json");
ABSL_FLAG(std::string, ca_file, "",
          "PEM file of the authorities to believe; empty: the system's");
ABSL_FLAG(bool, tls_insecure, false, "Takes any certificate");
ABSL_FLAG(std::string, room_password, "", "Password of the rooms");
ABSL_FLAG(std::string, muc, "", "JID of a MUC to enter as well; empty: none");
ABSL_FLAG(std::string, sdp, "",
          "stdio: loads another server; offers and answers go over the "
          "standard input and output (docs/load-testing.md)");
ABSL_FLAG(bool, reconnect, false,
          "Bots come back by themselves when they are cut off or ended");

// What to do.
ABSL_FLAG(std::string, scenario, "",
          "File that says what happens (docs/load-testing.md); flags below "
          "change it, those of rooms and media in all its groups");
ABSL_FLAG(std::optional<std::string>, room, std::nullopt,
          "Room to join; bots by default. Of several, what their names begin "
          "with");
ABSL_FLAG(std::optional<int>, rooms, std::nullopt, "Rooms; one by default");
ABSL_FLAG(std::optional<int>, bots, std::nullopt,
          "How many join each room; one by default");
ABSL_FLAG(std::optional<double>, join_rate, std::nullopt,
          "Joins per second; 20 by default");
ABSL_FLAG(std::optional<double>, duration_s, std::nullopt,
          "How long to stay once all have joined; 10 by default");
ABSL_FLAG(std::optional<uint64_t>, seed, std::nullopt,
          "Of all that is random; 1 by default");
ABSL_FLAG(std::optional<int>, threads, std::nullopt,
          "Event loops; by default as many as processors, for 25 bots each");
ABSL_FLAG(std::optional<std::string>, profile, std::nullopt,
          "How bots call: slots, plain (no BUNDLE) or av-conferences; slots by "
          "default");
ABSL_FLAG(std::optional<int>, audio_slots, std::nullopt,
          "Audio slots of each bot, 0 to 3; 3 by default");
ABSL_FLAG(std::optional<int>, video_slots, std::nullopt,
          "Video slots of each bot, 0 to 25; 9 by default");
// Not optional: nothing is a value of it.
ABSL_FLAG(std::string, send, "audio,video", "What each sends, or nothing");
ABSL_FLAG(std::optional<int>, audio_senders, std::nullopt,
          "How many of each room send audio; all by default");
ABSL_FLAG(std::optional<int>, video_senders, std::nullopt,
          "How many of each room send video; all by default");
ABSL_FLAG(std::optional<std::string>, sound, std::nullopt,
          "tone, speech (with DTX) or synthetic; tone by default");
ABSL_FLAG(std::optional<std::string>, video_codec, std::nullopt,
          "vp8, vp9, h264 or av1; vp8 by default");
ABSL_FLAG(std::optional<int>, simulcast, std::nullopt,
          "Layers of VP8 and H264, 1 to 3; one by default");
ABSL_FLAG(std::optional<int>, video_kbps, std::nullopt,
          "Synthetic VP8 of that rate instead of a real picture");
ABSL_FLAG(std::optional<int>, video_fps, std::nullopt,
          "Frames per second of synthetic video; 15 by default");
ABSL_FLAG(std::optional<std::string>, speakers, std::nullopt,
          "Who speaks for how many seconds, in order: 0:5,1:2.5");
ABSL_FLAG(bool, decode, false, "Decode all video, counting errors");
ABSL_FLAG(std::optional<int>, decrypt_one_in, std::nullopt,
          "Of so many packets one is decrypted; 1 (all) up to 50 bots, else "
          "16, by default");
ABSL_FLAG(std::optional<std::string>, feedback, std::nullopt,
          "twcc, remb, rr or none; twcc by default");
ABSL_FLAG(std::optional<double>, lose, std::nullopt,
          "Share of packets lost each way, 0 to 0.5; none by default");
ABSL_FLAG(std::optional<std::string>, impairment, std::nullopt,
          "Of each bot's link, both ways: loss-5, mobile, ..., as scenarios "
          "have them");
ABSL_FLAG(int, late_joiners, 0,
          "Afterwards so many join and leave, one after the other, and the "
          "time from ICE to the first picture is told");
ABSL_FLAG(std::string, faults, "",
          "packets: each sends, on leaving, what a server must drop; "
          "fingerprint: signals one that is not its certificate's");

// What to tell.
ABSL_FLAG(std::string, require, "",
          "What the run must reach, such as freeze_ratio<0.01; may be there "
          "more than once");
ABSL_FLAG(std::string, report, "", "File for everything seen, as JSON");
ABSL_FLAG(std::string, html, "", "File for a report with plots");
ABSL_FLAG(std::string, metrics_listen, "",
          "HOST:PORT where Prometheus may ask how it goes");
ABSL_FLAG(std::string, live, "auto",
          "auto: shows how it goes, painted on a terminal, as lines elsewhere; "
          "off: does not");

namespace bot {
namespace {

using Errors = std::vector<std::string>;

// Above so many bots not all is decrypted, unless it is asked for.
constexpr size_t kDecryptAllUpTo = 50;
constexpr unsigned kDecryptOneIn = 16;

template <typename T>
const T* Choose(const std::string& flag, const std::string& text,
                const std::vector<std::pair<std::string, T>>& choices,
                Errors* errors) {
  for (const auto& choice : choices) {
    if (choice.first == text) return &choice.second;
  }
  std::string names;
  for (const auto& choice : choices) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", choice.first);
  }
  errors->push_back(
      absl::StrCat("--", flag, ": ", text, " is none of ", names));
  return nullptr;
}

// ---- whom ----

pid_t ServerPid(const std::string& run_json) {
  std::ifstream file(run_json);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) return 0;
  const auto pid = json.find("server_pid");
  return pid != json.end() && pid->is_number_integer() ? pid->get<pid_t>() : 0;
}

bool ReadRunJson(const std::string& path, Target* target) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  const auto text = [&json](const char* key, std::string* out) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return false;
    *out = found->get<std::string>();
    return true;
  };
  if (!json.is_object() || !json.contains("c2s_port") ||
      !json["c2s_port"].is_number_unsigned() ||
      !text("component", &target->component) ||
      !text("guest_domain", &target->xmpp.domain)) {
    return false;
  }
  target->xmpp.host = "127.0.0.1";
  target->xmpp.port = json["c2s_port"].get<uint16_t>();
  target->xmpp.tls = TlsMode::kOff;
  target->server_pid = [path] { return ServerPid(path); };
  return true;
}

void ReadServer(const std::string& server, Target* target, Errors* errors) {
  const size_t colon = server.rfind(':');
  const bool has_port =
      colon != server.npos && server.find(':') == colon;  // else IPv6
  target->xmpp.host = server.substr(0, has_port ? colon : server.size());
  unsigned port = 5222;
  if (has_port && (!absl::SimpleAtoi(server.substr(colon + 1), &port) ||
                   port == 0 || port > 65'535)) {
    errors->push_back("--server: write HOST or HOST:PORT");
  }
  target->xmpp.port = static_cast<uint16_t>(port);
  target->xmpp.domain = absl::GetFlag(FLAGS_domain);
  target->component = absl::GetFlag(FLAGS_component);
  if (target->xmpp.domain.empty() || target->component.empty()) {
    errors->push_back(
        "--server needs --domain, where bots log in, and --component, the "
        "domain of the rooms");
  }
}

void ReadTarget(Target* target, Errors* errors) {
  const std::string server = absl::GetFlag(FLAGS_server);
  const std::string path = absl::GetFlag(FLAGS_run_json);
  if (!server.empty()) {
    ReadServer(server, target, errors);
  } else if (!ReadRunJson(path, target)) {
    errors->push_back(
        absl::StrCat("--run_json: ", path,
                     " does not describe a server; is tools/run running?"));
  } else if (const std::string domain = absl::GetFlag(FLAGS_domain);
             !domain.empty()) {
    target->xmpp.domain = domain;
  }
  if (const std::string tls = absl::GetFlag(FLAGS_tls); !tls.empty()) {
    if (const auto* mode = Choose<TlsMode>("tls", tls,
                                           {{"off", TlsMode::kOff},
                                            {"starttls", TlsMode::kStartTls},
                                            {"direct", TlsMode::kDirect}},
                                           errors)) {
      target->xmpp.tls = *mode;
    }
  }
  target->xmpp.verify = !absl::GetFlag(FLAGS_tls_insecure);
  target->xmpp.ca_file = absl::GetFlag(FLAGS_ca_file);
  target->user = absl::GetFlag(FLAGS_user);
  if (const std::string file_name = absl::GetFlag(FLAGS_password_file);
      !file_name.empty()) {
    std::ifstream file(file_name);
    if (!std::getline(file, target->password)) {
      errors->push_back("--password_file: cannot read " + file_name);
    }
  }
  target->room_password = absl::GetFlag(FLAGS_room_password);
  if (const std::string muc = absl::GetFlag(FLAGS_muc); !muc.empty()) {
    target->muc = signaling::Jid::Parse(muc);
    if (!target->muc) errors->push_back("--muc: write room@domain");
  }
  target->reconnect = absl::GetFlag(FLAGS_reconnect);
  target->late_joiners = absl::GetFlag(FLAGS_late_joiners);
  if (target->late_joiners < 0) {
    errors->push_back("--late_joiners: 0 or more");
  }
  const std::string faults = absl::GetFlag(FLAGS_faults);
  if (!faults.empty() && faults != "packets" && faults != "fingerprint") {
    errors->push_back("--faults: packets or fingerprint");
  }
  target->faults = faults == "packets";
  target->wrong_fingerprint = faults == "fingerprint";
}

// ---- what ----

// A number of a flag as an unsigned one; the scenario's own check tells the
// range.
template <typename T>
void Count(const std::string& flag, const std::optional<int>& value, T* out,
           Errors* errors) {
  if (!value) return;
  if (*value < 0) {
    errors->push_back(absl::StrCat("--", flag, ": ", *value, " is below 0"));
    return;
  }
  *out = static_cast<T>(*value);
}

rtp::TimeDelta Seconds(double seconds) {
  return rtp::TimeDelta(static_cast<int64_t>(seconds * 1e6));
}

void ChangeMedia(MediaPlan& media, Errors* errors) {
  if (const auto sound = absl::GetFlag(FLAGS_sound)) {
    if (const auto* kind =
            Choose<AudioKind>("sound", *sound,
                              {{"tone", AudioKind::kTone},
                               {"speech", AudioKind::kSpeech},
                               {"synthetic", AudioKind::kSynthetic}},
                              errors)) {
      media.audio_kind = *kind;
    }
  }
  if (const auto codec = absl::GetFlag(FLAGS_video_codec)) {
    if (const auto* chosen = Choose<rtp::Codec>("video_codec", *codec,
                                                {{"vp8", rtp::Codec::kVp8},
                                                 {"vp9", rtp::Codec::kVp9},
                                                 {"h264", rtp::Codec::kH264},
                                                 {"av1", rtp::Codec::kAv1}},
                                                errors)) {
      media.video_codec = *chosen;
    }
  }
  Count("simulcast", absl::GetFlag(FLAGS_simulcast), &media.simulcast, errors);
  if (absl::GetFlag(FLAGS_video_kbps)) media.synthetic_video = true;
  Count("video_kbps", absl::GetFlag(FLAGS_video_kbps), &media.video_kbps,
        errors);
  Count("video_fps", absl::GetFlag(FLAGS_video_fps), &media.video_fps, errors);
  if (absl::GetFlag(FLAGS_decode)) media.decode = true;
  Count("decrypt_one_in", absl::GetFlag(FLAGS_decrypt_one_in),
        &media.decrypt_one_in, errors);
  if (const auto feedback = absl::GetFlag(FLAGS_feedback)) {
    if (const auto* kind = Choose<Feedback>("feedback", *feedback,
                                            {{"twcc", Feedback::kTwcc},
                                             {"remb", Feedback::kRemb},
                                             {"rr", Feedback::kReceiverReports},
                                             {"none", Feedback::kNone}},
                                            errors)) {
      media.feedback = *kind;
    }
  }
}

void ChangeGroup(Group& group, Errors* errors) {
  Count("rooms", absl::GetFlag(FLAGS_rooms), &group.rooms, errors);
  if (const auto room = absl::GetFlag(FLAGS_room)) {
    group.room_name = group.rooms > 1 ? *room + "-%d" : *room;
  }
  Count("bots", absl::GetFlag(FLAGS_bots), &group.bots, errors);
  if (const auto rate = absl::GetFlag(FLAGS_join_rate)) {
    group.join.rate_per_s = *rate;
  }
  if (const auto profile = absl::GetFlag(FLAGS_profile)) {
    if (const auto* chosen =
            Choose<Profile>("profile", *profile,
                            {{"slots", Profile::kSlots},
                             {"plain", Profile::kPlain},
                             {"av-conferences", Profile::kAvConferences}},
                            errors)) {
      group.profile = *chosen;
    }
  }
  Count("audio_slots", absl::GetFlag(FLAGS_audio_slots), &group.audio_slots,
        errors);
  Count("video_slots", absl::GetFlag(FLAGS_video_slots), &group.video_slots,
        errors);
  const std::string send = absl::GetFlag(FLAGS_send);
  if (!absl::StrContains(send, "audio")) group.audio_senders = 0;
  if (!absl::StrContains(send, "video")) group.video_senders = 0;
  Count("audio_senders", absl::GetFlag(FLAGS_audio_senders),
        &group.audio_senders, errors);
  Count("video_senders", absl::GetFlag(FLAGS_video_senders),
        &group.video_senders, errors);
  ChangeMedia(group.media, errors);
  if (const auto text = absl::GetFlag(FLAGS_speakers)) {
    const auto script = ParseSpeakers(*text, group.bots);
    if (!script) {
      errors->push_back(
          "--speakers: BOT:SECONDS, comma-separated; bots count from 0");
      return;
    }
    group.speakers = {};
    group.speakers.kind = SpeakerPlan::Kind::kScript;
    group.speakers.loop = false;
    group.speakers.script = *script;
  }
}

void ChangeLinks(Scenario& scenario, Errors* errors) {
  std::string profile = absl::GetFlag(FLAGS_impairment).value_or("");
  if (const auto lose = absl::GetFlag(FLAGS_lose)) {
    if (!(*lose >= 0 && *lose <= 0.5)) {
      errors->push_back("--lose: 0 to 0.5");
      return;
    }
    profile = "lose";
    scenario.impairments[profile].loss = *lose;
  }
  if (profile.empty()) return;
  ImpairmentRule rule;
  rule.steps.push_back({rtp::TimeDelta(0), profile});
  scenario.impairment_rules.push_back(std::move(rule));
}

void ReadScenario(Scenario* scenario, Errors* errors) {
  *scenario = DefaultScenario();
  const std::string path = absl::GetFlag(FLAGS_scenario);
  if (path.empty()) {
    scenario->groups[0].room_name = "bots";
    if (absl::GetFlag(FLAGS_rooms).value_or(1) > 1) {
      scenario->groups[0].room_name = "bots-%d";
    }
  } else {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file) {
      errors->push_back("--scenario: cannot read " + path);
      return;
    }
    Errors found;
    auto parsed = ParseScenario(text, &found);
    for (const std::string& error : found) {
      errors->push_back(absl::StrCat(path, ": ", error));
    }
    if (!parsed) return;
    *scenario = std::move(*parsed);
  }
  if (const auto duration = absl::GetFlag(FLAGS_duration_s)) {
    if (!(*duration >= 0 && *duration <= 1e6)) {
      errors->push_back("--duration_s: 0 to 1000000");
      return;
    }
    scenario->duration = Seconds(*duration);
  }
  if (const auto seed = absl::GetFlag(FLAGS_seed)) scenario->seed = *seed;
  Count("threads", absl::GetFlag(FLAGS_threads), &scenario->threads, errors);
  for (Group& group : scenario->groups) ChangeGroup(group, errors);
  for (Group& group : scenario->groups) {
    rtp::TimeDelta script{};
    for (const auto& turn : group.speakers.script) script += turn.length;
    if (absl::GetFlag(FLAGS_speakers)) {
      scenario->duration = std::max(scenario->duration, script);
    }
    if (path.empty() && !absl::GetFlag(FLAGS_decrypt_one_in) &&
        scenario->bots() > kDecryptAllUpTo) {
      group.media.decrypt_one_in = kDecryptOneIn;
    }
  }
  ChangeLinks(*scenario, errors);
  if (!errors->empty()) return;
  *errors = CheckScenario(*scenario);
}

}  // namespace

Errors ReadFlags(int argc, char** argv, Order* order) {
  Errors errors;
  std::vector<std::string> arguments(argv, argv + argc);
  std::vector<std::string> required = TakeRepeated("require", &arguments);
  std::vector<char*> left;
  for (std::string& argument : arguments) left.push_back(argument.data());
  const auto rest =
      absl::ParseCommandLine(static_cast<int>(left.size()), left.data());
  if (rest.size() > 1) {
    return {std::string("unknown argument ") + rest[1]};
  }
  ReadScenario(&order->scenario, &errors);
  const std::string sdp = absl::GetFlag(FLAGS_sdp);
  if (!sdp.empty() && sdp != "stdio") errors.push_back("--sdp: stdio");
  order->by_sdp = !sdp.empty();
  if (!order->by_sdp) ReadTarget(&order->target, &errors);
  std::move(required.begin(), required.end(),
            std::back_inserter(order->scenario.requirements));
  order->outputs.report = absl::GetFlag(FLAGS_report);
  order->outputs.html = absl::GetFlag(FLAGS_html);
  order->outputs.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  const std::string live = absl::GetFlag(FLAGS_live);
  if (live != "auto" && live != "off") errors.push_back("--live: auto or off");
  order->outputs.live = live != "off";
  return errors;
}

}  // namespace bot
