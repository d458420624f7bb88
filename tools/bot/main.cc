// SPDX-License-Identifier: GPL-3.0-or-later
// carillon-bot: Jingle clients that load rooms, measure what people would feel,
// and break things on purpose.
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sfu/flag_help.h"
#include "tools/bot/bot_flags.h"
#include "tools/bot/report/live_terminal.h"
#include "tools/bot/report/metrics_site.h"
#include "tools/bot/report/report_html.h"
#include "tools/bot/report/report_json.h"
#include "tools/bot/report/report_text.h"
#include "tools/bot/report/requirements.h"
#include "tools/bot/report/summary.h"
#include "tools/bot/runner.h"
#include "tools/bot/sdp_driver.h"

namespace bot {
namespace {

constexpr int kFailed = 1;    // the run, or a requirement
constexpr int kBadFlags = 2;  // or a scenario that is none

void Complain(const std::string& error) {
  std::fprintf(stderr, "carillon-bot: %s\n", error.c_str());
}

// Prometheus' listener, on a thread of its own: what it tells is copied there
// each second.
class MetricsThread {
 public:
  MetricsThread()
      : site_(context_, [this]() -> const RunFigures& { return figures_; }) {}
  ~MetricsThread() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  std::string Open(const std::string& where) {
    const std::string error = site_.Open(where);
    if (error.empty()) thread_ = std::thread([this] { context_.run(); });
    return error;
  }
  void Tell(const RunFigures& figures) {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this, figures] { figures_ = figures; });
  }

 private:
  boost::asio::io_context context_{1};
  RunFigures figures_;
  MetricsSite site_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_{context_.get_executor()};
  std::thread thread_;
};

class Watcher : public RunObserver {
 public:
  Watcher(bool live, MetricsThread& metrics) : metrics_(metrics) {
    if (live) terminal_ = std::make_unique<LiveTerminal>(STDERR_FILENO);
  }
  void OnJoined(const RunFigures& figures) override {
    // On a terminal the picture tells it.
    if (terminal_ != nullptr &&
        LiveTerminal::ModeFor(STDERR_FILENO) == LiveTerminal::Mode::kPicture) {
      return;
    }
    std::printf("joined: %zu\n", figures.seconds.back().joined);
    std::fflush(stdout);
  }
  void OnSecond(const RunFigures& figures) override {
    if (terminal_ != nullptr) terminal_->Show(figures);
    metrics_.Tell(figures);
  }
  void Finish(const RunFigures& figures) {
    if (terminal_ != nullptr) terminal_->Finish(figures);
    metrics_.Tell(figures);
  }

 private:
  std::unique_ptr<LiveTerminal> terminal_;
  MetricsThread& metrics_;
};

bool WriteFile(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary);
  file << text << "\n";
  if (file.flush()) return true;
  Complain("cannot write " + path);
  return false;
}

int Tell(const Order& order, const RunFigures& figures, bool joined,
         const std::vector<Requirement>& requirements) {
  bool ok = joined && figures.errors.empty();
  for (const BotFigures& bot : figures.bots) {
    if (bot.failure.empty()) continue;
    std::fprintf(stderr, "%s: %s\n", bot.name.c_str(), bot.failure.c_str());
  }
  for (const std::string& error : figures.errors) Complain(error);
  // The standard output is the signalling's, if that goes there.
  std::fputs(ToText(figures, requirements).c_str(),
             order.by_sdp ? stderr : stdout);
  ok = AllPassed(Judge(requirements, Summarize(figures))) && ok;
  ok = WriteFile(order.outputs.report, ToJson(figures, requirements)) && ok;
  ok = WriteFile(order.outputs.html, ToHtml(figures, requirements)) && ok;
  return ok ? 0 : kFailed;
}

int Run(const Order& order, const std::vector<Requirement>& requirements) {
  std::string error;
  auto samples = MakeSamples(&error);
  if (samples == nullptr) {
    Complain(error);
    return kFailed;
  }
  if (order.by_sdp) {
    RunFigures figures;
    DriveBySdp(order.scenario, std::move(samples), &figures);
    return Tell(order, figures, true, requirements);
  }
  MetricsThread metrics;
  if (!order.outputs.metrics_listen.empty()) {
    error = metrics.Open(order.outputs.metrics_listen);
    if (!error.empty()) {
      Complain("--metrics_listen: " + error);
      return kBadFlags;
    }
  }
  Watcher watcher(order.outputs.live, metrics);
  try {
    Runner runner(order.scenario, order.target, std::move(samples), watcher);
    runner.Run();
    watcher.Finish(runner.figures());
    return Tell(order, runner.figures(), runner.AllJoined(), requirements);
  } catch (const boost::system::system_error& failed) {
    Complain("--ca_file: " + failed.code().message());
    return kBadFlags;
  }
}

int Main(int argc, char** argv) {
  constexpr char kUsage[] =
      "carillon-bot [--FLAG=VALUE...]\n"
      "Loads rooms with bots, and tells what people would have felt.\n"
      "\n"
      "Fifty in a room of the server that tools/run started, for a minute:\n"
      "carillon-bot --room=lobby --bots=50 --duration_s=60\n"
      "\n"
      "What happens can be written to a file (docs/load-testing.md), and what "
      "must be\nreached:\n"
      "carillon-bot --scenario=FILE --require='freeze_ratio<0.01' "
      "--html=report.html";
  if (sfu::AnswerHelp(argc, argv, kUsage)) return 0;
  Order order;
  std::vector<std::string> errors = ReadFlags(argc, argv, &order);
  std::vector<Requirement> requirements;
  for (const std::string& text : order.scenario.requirements) {
    const std::string error = ParseRequirements(text, &requirements);
    if (!error.empty()) errors.push_back("--require: " + error);
  }
  for (const std::string& error : errors) Complain(error);
  if (!errors.empty()) return kBadFlags;
  std::signal(SIGINT, [](int) { Runner::Stop(); });
  std::signal(SIGTERM, [](int) { Runner::Stop(); });
  std::signal(SIGPIPE, SIG_IGN);
  return Run(order, requirements);
}

}  // namespace
}  // namespace bot

int main(int argc, char** argv) { return bot::Main(argc, argv); }
