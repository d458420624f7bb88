// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ice/certificate.h"
#include "ice/socket_address.h"
#include "sfu/config.h"
#include "sfu/control_loop.h"
#include "sfu/doctor/doctor.h"
#include "sfu/flag_help.h"
#include "sfu/log.h"
#include "sfu/monotonic_clock.h"
#include "sfu/relay_mesh.h"
#include "sfu/static_files.h"
#include "sfu/system_random.h"
#include "sfu/tls_context.h"
#include "sfu/worker.h"
#include "sfu/worker_loop.h"

namespace sfu {
namespace {

constexpr int kFailed = 1;     // the system refused something
constexpr int kBadConfig = 2;  // the operator can mend it

int Fail(int code, const std::string& error) {
  std::fprintf(stderr, "carillon: %s\n", error.c_str());
  return code;
}

// One worker and everything that is its own.
struct MediaThread {
  MediaThread(const WorkerLoop::Config& config,
              const ice::Certificate& certificate, rtp::NtpClock ntp,
              RelayMesh::Port& relays)
      : worker(Worker::Config(), certificate, ntp, random),
        loop(config, worker, rings, relays) {}

  SystemRandom random;
  Worker worker;
  WorkerRings rings;
  WorkerLoop loop;
};

using MediaThreads = std::vector<std::unique_ptr<MediaThread>>;

// Opens the media ports. Returns an error text, empty on success.
std::string OpenMedia(const Config& config, const ice::Certificate& certificate,
                      RelayMesh& relays, MediaThreads* threads) {
  const rtp::NtpClock ntp = WallClock();
  for (size_t i = 0; i < config.workers; ++i) {
    WorkerLoop::Config loop;
    const uint16_t port = static_cast<uint16_t>(config.media_port + i);
    loop.listen = *ice::SocketAddress::Parse(config.media_address, port);
    if (!config.cpus.empty()) loop.cpu = config.cpus[i];
    auto thread =
        std::make_unique<MediaThread>(loop, certificate, ntp, relays.port(i));
    std::string error = thread->loop.Open();
    if (!error.empty()) return error;
    const int granted = thread->loop.effective_receive_buffer();
    SFU_LOG(kInfo, "media_port_open")
        .With("worker", i)
        .With("port", port)
        .With("receive_buffer", granted)
        .With("gso", thread->loop.gso())
        .With("gro", thread->loop.gro());
    if (granted < loop.receive_buffer) {
      SFU_LOG(kWarning, "receive_buffer_small")
          .With("granted", granted)
          .With("wanted", loop.receive_buffer)
          .With("remedy", "raise the sysctl net.core.rmem_max");
    }
    threads->push_back(std::move(thread));
  }
  return {};
}

int Run(const Config& config) {
  StaticFiles page;
  if (!config.page_dir.empty()) {
    std::string error;
    auto loaded = StaticFiles::Load(config.page_dir, &error);
    if (!loaded) return Fail(kBadConfig, "--page_dir: " + error);
    page = std::move(*loaded);
  }
  std::unique_ptr<TlsContext> tls;
  if (!config.tls_certificate.empty()) {
    std::string error;
    tls = TlsContext::Load(config.tls_certificate, config.tls_key, &error);
    if (!tls) return Fail(kBadConfig, error);
  }
  const std::unique_ptr<ice::Certificate> certificate =
      ice::Certificate::Make();
  if (!certificate) return Fail(kFailed, "OpenSSL cannot make a certificate");
  RelayMesh relays(config.workers);
  MediaThreads threads;
  std::string error = OpenMedia(config, *certificate, relays, &threads);
  if (!error.empty()) return Fail(kFailed, error);

  std::vector<ControlLoop::Worker> workers;
  for (const auto& thread : threads) {
    workers.push_back({&thread->rings, &thread->worker.counters(),
                       [&thread] { return thread->loop.CpuTime(); }});
  }
  signaling::Fingerprint fingerprint;
  fingerprint.hash = "sha-256";
  fingerprint.digest = certificate->sha256();
  SystemRandom random;
  ControlLoop control(config, std::move(workers), std::move(fingerprint),
                      std::move(page), std::move(tls), random);
  error = control.Open();
  if (!error.empty()) return Fail(kFailed, error);
  for (const auto& thread : threads) thread->loop.Start();
  SFU_LOG(kInfo, "started")
      .With("component", config.component)
      .With("workers", config.workers);
  control.Run();
  for (const auto& thread : threads) thread->loop.Stop();
  SFU_LOG(kInfo, "stopped");
  return 0;
}

// Each page takes two descriptors; the usual soft limit is 1024, for programs
// that use select().
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Main(int argc, char** argv) {
  // Keys and what people say are in memory: no core file, no debugger.
  prctl(PR_SET_DUMPABLE, 0);
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string_view(argv[1]) == "doctor") {
    return RunDoctor(argc, argv);
  }
  constexpr char kUsage[] =
      "carillon [--flagfile=FILE] [--FLAG=VALUE...]\n"
      "Conferences for XMPP clients that speak Jingle; see carillon(8).\n"
      "'carillon doctor', with the same flags, checks the set-up.";
  if (AnswerHelp(argc, argv, kUsage)) return 0;
  const absl::StatusOr<Config> config = ParseConfig(argc, argv);
  if (!config.ok()) {
    return Fail(kBadConfig, std::string(config.status().message()));
  }
  RaiseFileLimit();
  InitLog(config->log_level, config->log_addresses);
  try {
    return Run(*config);
  } catch (const std::exception& exception) {
    return Fail(kFailed, exception.what());
  }
}

}  // namespace
}  // namespace sfu

int main(int argc, char** argv) { return sfu::Main(argc, argv); }
