// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "ice/socket_address.h"
#include "rtp/base/time.h"
#include "sfu/messages.h"
#include "sfu/relay_mesh.h"
#include "sfu/spsc_ring.h"
#include "sfu/wakeup.h"
#include "sfu/worker.h"

namespace sfu {

// The rings of one worker. Control produces commands and consumes events.
struct WorkerRings {
  SpscRing<Command, 1024> commands;
  SpscRing<Event, 4096> events;
  Wakeup worker_wakeup;
  // Woken when events were pushed; the control thread's own.
  Wakeup* control_wakeup = nullptr;
};

// The shell of one worker: its thread, its UDP socket, its clock. Everything
// it knows of media is in Worker.
//
// A turn (RunOnce): commands, what other workers relay, one recvmmsg with
// UDP_GRO, due deadlines, one sendmmsg of UDP_SEGMENT messages; then sleep if
// there was nothing to do.
class WorkerLoop {
 public:
  struct Config {
    ice::SocketAddress listen;     // the worker's own port
    int cpu = -1;                  // pin to this processor; -1: do not
    int receive_buffer = 8 << 20;  // bytes asked for; the kernel may give less
    int send_buffer = 4 << 20;
  };

  // All must outlive the loop. `relays` is the worker's port.
  WorkerLoop(const Config& config, Worker& worker, WorkerRings& rings,
             RelayMesh::Port& relays);
  ~WorkerLoop();
  WorkerLoop(const WorkerLoop&) = delete;
  WorkerLoop& operator=(const WorkerLoop&) = delete;

  // Binds the socket. Returns an error text for the operator, empty on
  // success. Logs nothing.
  std::string Open();
  // What the kernel granted of Config::receive_buffer, in bytes.
  int effective_receive_buffer() const { return effective_receive_buffer_; }
  bool gso() const { return gso_; }
  bool gro() const { return gro_; }

  // Starts the thread; Stop() ends and joins it.
  void Start();
  void Stop();

  // CPU time of the thread so far; any thread may ask.
  rtp::TimeDelta CpuTime() const;

 private:
  struct Io;  // Asio's part, and the buffers of recvmmsg and sendmmsg

  void Run();
  // Returns whether there was anything to do.
  bool RunOnce();
  size_t DrainCommands(rtp::Timestamp now);
  size_t DrainRelays(rtp::Timestamp now);
  size_t ReceiveBatch();
  void HandleMessage(size_t index, rtp::Timestamp now, int64_t realtime_ns);
  void Flush();
  void SendSingly(const Outbox::Message& message);
  void DeliverEvents();
  void Sleep();

  const Config config_;
  Worker& worker_;
  WorkerRings& rings_;
  RelayMesh::Port& relays_;
  Outbox outbox_;
  size_t events_delivered_ = 0;
  int socket_ = -1;
  int effective_receive_buffer_ = 0;
  bool gso_ = false;
  bool gro_ = false;
  std::unique_ptr<Io> io_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  std::atomic<int> clock_id_{-1};
};

}  // namespace sfu
