// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "sfu/config.h"
#include "sfu/counters.h"
#include "sfu/static_files.h"
#include "sfu/tls_context.h"
#include "sfu/worker_loop.h"
#include "signaling/session_description.h"

namespace sfu {

// The control thread: one io_context that carries the XMPP link, the focus,
// the control side of the media plane and the HTTP listeners. Talks to
// workers by their rings only.
class ControlLoop {
 public:
  // What it sees of a worker; all must outlive the loop.
  struct Worker {
    WorkerRings* rings = nullptr;
    const Counters* counters = nullptr;
    std::function<rtp::TimeDelta()> cpu_time;
  };

  // Connects the workers' rings to its own wake-up, so the workers' threads
  // must not run yet. `fingerprint` is that of our DTLS certificate. `tls` is
  // for the public listener, null for plain HTTP.
  ControlLoop(const Config& config, std::vector<Worker> workers,
              signaling::Fingerprint fingerprint, StaticFiles page,
              std::unique_ptr<TlsContext> tls, rtp::RandomSource& random);
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  // Opens the HTTP listeners. Returns an error text for the operator, empty
  // on success.
  std::string Open();

  // Runs on the calling thread until SIGTERM or SIGINT and what follows from
  // them (sfu/shutdown_plan.h): all sessions are ended and the XMPP stream is
  // closed when it returns. SIGHUP reads the files of TLS again.
  void Run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfu
