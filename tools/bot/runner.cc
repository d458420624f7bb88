// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/runner.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

extern char** environ;  // NOLINT: POSIX has it so

namespace bot {
namespace {

constexpr rtp::TimeDelta kSampleInterval = std::chrono::seconds(1);
constexpr rtp::TimeDelta kJoinTimeout = std::chrono::seconds(30);
// How long a signal may wait to be seen.
constexpr rtp::TimeDelta kLongestNap = std::chrono::milliseconds(50);
// What leaving takes at most.
constexpr rtp::TimeDelta kGoodbye = std::chrono::seconds(2);

volatile std::sig_atomic_t stop_asked = 0;

uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

Timeline::Process ReadProcess() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), ResidentBytes()};
}

int SignalOf(const std::string& name) {
  if (name == "TERM") return SIGTERM;
  if (name == "KILL") return SIGKILL;
  if (name == "STOP") return SIGSTOP;
  return SIGCONT;
}

}  // namespace

struct Runner::Seat {
  BotLoop* loop = nullptr;
  // Of the loop's thread; null before it joined and once it is forgotten.
  Bot* bot = nullptr;
  bool joined = false;             // it was told to
  std::optional<BotFigures> last;  // once it left
};

Runner::Runner(Scenario scenario, Target target,
               std::shared_ptr<const MediaSamples> samples,
               RunObserver& observer)
    : scenario_(std::move(scenario)),
      target_(std::move(target)),
      plan_(MakePlan(scenario_)),
      observer_(observer) {
  size_t threads = scenario_.threads;
  if (threads == 0) {
    // A few bots need no second thread.
    threads = std::clamp<size_t>(plan_.seats / 25, 1,
                                 std::thread::hardware_concurrency());
  }
  rss_before_ = ResidentBytes();
  for (size_t i = 0; i < threads; ++i) {
    loops_.push_back(std::make_unique<BotLoop>(target_.xmpp, samples));
  }
  for (size_t i = 0; i < plan_.bots.size(); ++i) {
    seats_.push_back(std::make_unique<Seat>());
    seats_.back()->loop = loops_[i % loops_.size()].get();
  }
  figures_.title = scenario_.title;
  figures_.server = absl::StrCat(target_.component, " at ", target_.xmpp.host,
                                 ":", target_.xmpp.port);
  figures_.seed = scenario_.seed;
  figures_.planned_bots = plan_.seats;
}

Runner::~Runner() = default;

void Runner::Stop() { stop_asked = 1; }
bool Runner::stopped() { return stop_asked != 0; }

bool Runner::AllJoined() const {
  return std::all_of(
      figures_.bots.begin(), figures_.bots.end(), [](const BotFigures& bot) {
        return bot.failure.empty() &&
               (bot.connected.count() >= 0 || bot.state == BotState::kLeft);
      });
}

bool Runner::AllFailed() const {
  return std::all_of(seats_.begin(), seats_.end(),
                     [](const auto& seat) { return seat->joined; }) &&
         std::all_of(figures_.bots.begin(), figures_.bots.end(),
                     [](const BotFigures& bot) {
                       return bot.state == BotState::kFailed;
                     });
}

// ---- time ----

bool Runner::WaitUntil(rtp::Timestamp until) {
  for (;;) {
    const rtp::Timestamp now = BotLoop::Now();
    if (now >= next_sample_) {
      Sample();
      observer_.OnSecond(figures_);
      // Nobody is left, and nobody will come.
      if (AllFailed()) return false;
      next_sample_ += kSampleInterval;
      // Never behind by more than one.
      next_sample_ = std::max(next_sample_, now);
      continue;
    }
    if (stopped()) return false;
    if (now >= until) return true;
    std::this_thread::sleep_for(
        std::min({until - now, next_sample_ - now, kLongestNap}));
  }
}

void Runner::AwaitJoined() {
  const rtp::Timestamp begin = BotLoop::Now();
  const auto all_there = [this] {
    bool there = true;
    for (const auto& loop : loops_) {
      loop->Call([&] {
        for (size_t i = 0; i < plan_.seats; ++i) {
          const Seat& seat = *seats_[i];
          if (seat.loop != loop.get() || seat.bot == nullptr) continue;
          const BotState state = seat.bot->state();
          if (state == BotState::kWaiting || state == BotState::kJoining) {
            there = false;
          }
        }
      });
    }
    return there;
  };
  bool there = all_there();
  while (!there && BotLoop::Now() < begin + kJoinTimeout &&
         WaitUntil(BotLoop::Now() + std::chrono::milliseconds(20))) {
    there = all_there();
  }
  shift_ += BotLoop::Now() - begin;
  Sample();
  if (there) observer_.OnJoined(figures_);
}

void Runner::Run() {
  began_ = BotLoop::Now();
  next_sample_ = began_ + kSampleInterval;
  size_t next_mark = 0;
  bool awaited = false;
  for (const PlannedAction& planned : plan_.actions) {
    if (!awaited && planned.at > plan_.joined) {
      if (!WaitUntil(Due(plan_.joined))) break;
      AwaitJoined();
      awaited = true;
    }
    if (!WaitUntil(Due(planned.at))) break;
    while (next_mark < plan_.marks.size() &&
           plan_.marks[next_mark].at <= planned.at) {
      Mark(plan_.marks[next_mark++].text);
    }
    Do(planned);
  }
  if (!awaited && !stopped() && WaitUntil(Due(plan_.joined))) AwaitJoined();
  if (!stopped() && WaitUntil(Due(plan_.end))) JoinLate();
  Sample();
  LeaveAll();
}

void Runner::Mark(const std::string& text) {
  figures_.marks.push_back(
      {static_cast<double>((BotLoop::Now() - began_).count()) / 1e6, text});
}

// ---- what is done ----

void Runner::Do(const PlannedAction& planned) {
  if (!planned.bot) return DoForRun(planned.action);
  const size_t index = *planned.bot;
  if (std::holds_alternative<action::Join>(planned.action)) {
    return Join(index);
  }
  if (const auto* leave = std::get_if<action::Leave>(&planned.action)) {
    return Leave(index, leave->politely);
  }
  if (const auto* speak = std::get_if<action::Speak>(&planned.action);
      speak != nullptr && speak->level < 127) {
    figures_.speakers.push_back({BotLoop::Now() - began_, index});
  }
  seats_[index]->loop->Post(
      [this, index, action = planned.action] { Apply(index, action); });
}

Bot::Config Runner::ConfigOf(const BotPlan& plan) const {
  Bot::Config config;
  config.base.index = plan.index;
  config.base.name = plan.name;
  config.base.room = plan.room;
  config.base.send_audio = plan.send_audio;
  config.base.send_video = plan.send_video;
  config.base.media = plan.media;
  config.base.faults = target_.faults;
  config.base.up = plan.up;
  config.base.down = plan.down;
  config.base.link_seed = plan.seed;
  using Mode = signaling::XmppStream::Config::Mode;
  config.login.mode =
      target_.user.empty() ? Mode::kAnonymousClient : Mode::kPasswordClient;
  config.login.domain = target_.xmpp.domain;
  config.login.user =
      absl::StrReplaceAll(target_.user, {{"%d", std::to_string(plan.index)}});
  config.login.secret = target_.password;
  config.room = {plan.room, target_.component, ""};
  config.password = target_.room_password;
  config.muc = target_.muc;
  config.profile = plan.profile;
  config.audio_slots = plan.audio_slots;
  config.video_slots = plan.video_slots;
  config.max_heights = plan.max_heights;
  config.reconnect = target_.reconnect;
  config.wrong_fingerprint = target_.wrong_fingerprint;
  return config;
}

void Runner::Join(size_t index) {
  Seat& seat = *seats_[index];
  seat.joined = true;
  seat.loop->Post([this, &seat, index] {
    seat.bot = seat.loop->Add(ConfigOf(plan_.bots[index]));
  });
}

void Runner::Leave(size_t index, bool politely) {
  Seat& seat = *seats_[index];
  seat.loop->Post([this, &seat, politely] {
    if (seat.bot == nullptr) return;
    const rtp::Timestamp now = BotLoop::Now();
    seat.bot->Settle(now);
    seat.last = seat.bot->Figures(began_);
    if (politely) {
      seat.bot->Leave(now);
      seat.last->state =
          seat.last->failure.empty() ? BotState::kLeft : BotState::kFailed;
      // Its goodbye needs a while; then nothing is left of it.
      seat.loop->RemoveLater(seat.bot, kGoodbye);
    } else {
      seat.last->state = BotState::kLeft;
      seat.loop->RemoveLater(seat.bot, rtp::TimeDelta(0));
    }
    seat.bot = nullptr;
  });
}

void Runner::Apply(size_t index, const Action& action) {
  Bot* bot = seats_[index]->bot;
  if (bot == nullptr) return;
  const rtp::Timestamp now = BotLoop::Now();
  BotLoop& loop = *seats_[index]->loop;
  if (const auto* speak = std::get_if<action::Speak>(&action)) {
    bot->SetAudioLevel(speak->level);
  } else if (const auto* pin = std::get_if<action::Pin>(&action)) {
    bot->PinParticipant(now, plan_.bots[pin->bot].name);
  } else if (const auto* impair = std::get_if<action::Impair>(&action)) {
    bot->SetLink(now, impair->direction, *impair->impairment);
  } else if (const auto* publish = std::get_if<action::Publish>(&action)) {
    if (publish->audio) {
      bot->SetMuted(now, rtp::MediaKind::kAudio, !publish->on);
    }
    if (publish->video) {
      bot->SetMuted(now, rtp::MediaKind::kVideo, !publish->on);
    }
  } else if (const auto* mute = std::get_if<action::Mute>(&action)) {
    if (mute->audio) bot->SetMuted(now, rtp::MediaKind::kAudio, mute->on);
    if (mute->video) bot->SetMuted(now, rtp::MediaKind::kVideo, mute->on);
  } else if (std::holds_alternative<action::IceRestart>(action)) {
    bot->RestartIce(now);
  } else if (std::holds_alternative<action::NatRebind>(action)) {
    bot->RebindNat(now);
  } else if (const auto* drop = std::get_if<action::XmppDrop>(&action)) {
    bot->DropXmpp(now, drop->resume_after);
  } else if (std::holds_alternative<action::SilentDeath>(action)) {
    bot->DieSilently();
  } else if (const auto* stop = std::get_if<action::StopReceiving>(&action)) {
    loop.StopReading(bot, now + stop->length);
  } else if (const auto* slow = std::get_if<action::SlowReceiver>(&action)) {
    bot->SlowDown(now, slow->kbps, slow->length);
  } else if (std::holds_alternative<action::KeyFrames>(action)) {
    bot->AskForKeyFrames(now);
  }
  loop.Touch(bot);
}

void Runner::DoForRun(const Action& action) {
  if (const auto* order = std::get_if<action::ServerSignal>(&action)) {
    const pid_t pid = target_.server_pid ? target_.server_pid() : 0;
    if (pid <= 0 || kill(pid, SignalOf(order->signal)) != 0) {
      figures_.errors.push_back(
          absl::StrCat("no server to send SIG", order->signal, " to",
                       pid > 0 ? absl::StrCat(": ", std::strerror(errno))
                               : std::string(": its process is not known")));
    }
  } else if (const auto* command = std::get_if<action::Command>(&action)) {
    std::vector<char*> argv;
    for (const std::string& word : command->argv) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    pid_t child = 0;
    const int error =
        posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ);
    if (error != 0) {
      figures_.errors.push_back(absl::StrCat("cannot run ", command->argv[0],
                                             ": ", std::strerror(error)));
    }
  }
}

// ---- what is measured ----

void Runner::Sample() {
  Distribution latencies;
  figures_.bots.resize(std::max(figures_.bots.size(), plan_.seats));
  for (const auto& loop : loops_) {
    loop->Call([&] {
      const rtp::Timestamp now = BotLoop::Now();
      for (size_t i = 0; i < seats_.size(); ++i) {
        Seat& seat = *seats_[i];
        if (seat.loop != loop.get() || !seat.joined) continue;
        if (i >= figures_.bots.size()) figures_.bots.resize(i + 1);
        if (seat.bot == nullptr) {
          if (seat.last) figures_.bots[i] = *seat.last;
          continue;
        }
        seat.bot->Settle(now);
        latencies.Merge(seat.bot->TakeLatencies());
        figures_.bots[i] = seat.bot->Figures(began_);
      }
    });
  }
  for (size_t i = 0; i < figures_.bots.size(); ++i) {
    if (seats_[i]->joined) continue;
    figures_.bots[i].index = i;
    figures_.bots[i].name = plan_.bots[i].name;
    figures_.bots[i].room = plan_.bots[i].room;
  }
  figures_.planned_duration =
      static_cast<double>((plan_.end + shift_).count()) / 1e6;
  figures_.duration =
      static_cast<double>((BotLoop::Now() - began_).count()) / 1e6;
  const Timeline::Process process = ReadProcess();
  figures_.seconds.push_back(
      timeline_.Add(figures_.duration, figures_.bots, latencies, process));
  // What there is besides bots counts least when most of them are there.
  const size_t there = figures_.seconds.back().joined;
  if (there >= most_there_ && there > 0 && process.rss > rss_before_) {
    most_there_ = there;
    figures_.memory_per_bot = static_cast<double>(process.rss - rss_before_) /
                              static_cast<double>(there);
  }
}

// Joins, waits for the first picture, and leaves, one after the other.
void Runner::JoinLate() {
  for (int i = 0; i < target_.late_joiners && !stopped(); ++i) {
    BotPlan plan = plan_.bots.front();
    plan.name = absl::StrCat("Late ", i);
    plan.send_audio = plan.send_video = false;
    plan.index = plan_.bots.size() + static_cast<size_t>(i);
    BotLoop& loop = *loops_.front();
    Bot* late = nullptr;
    loop.Call([&] { late = loop.Add(ConfigOf(plan)); });
    BotFigures figures;
    const rtp::Timestamp deadline = BotLoop::Now() + kJoinTimeout;
    do {
      if (!WaitUntil(BotLoop::Now() + std::chrono::milliseconds(5))) break;
      loop.Call([&] { figures = late->Figures(began_); });
    } while (figures.first_picture.count() < 0 && figures.failure.empty() &&
             BotLoop::Now() < deadline);
    loop.Call([&] {
      late->Leave(BotLoop::Now());
      loop.RemoveLater(late, kGoodbye);
    });
    figures_.late_joiners.push_back(std::move(figures));
  }
}

void Runner::LeaveAll() {
  if (scenario_.vanish) return;
  for (const auto& loop : loops_) {
    loop->Call([&] {
      for (const auto& seat : seats_) {
        if (seat->loop == loop.get() && seat->bot != nullptr) {
          seat->bot->Leave(BotLoop::Now());
        }
      }
    });
  }
  const rtp::Timestamp deadline = BotLoop::Now() + kGoodbye;
  for (const auto& loop : loops_) {
    bool flushed = false;
    while (!flushed && BotLoop::Now() < deadline) {
      loop->Call([&] { flushed = loop->Flushed(); });
      if (!flushed) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

}  // namespace bot
