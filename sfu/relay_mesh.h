// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "sfu/relay.h"
#include "sfu/spsc_ring.h"
#include "sfu/wakeup.h"

namespace sfu {

// The rings between workers, one for each ordered pair, each made when its
// first cell is sent: most conferences never leave their worker. Every worker
// has a port, used by its thread alone.
class RelayMesh {
 public:
  // Takes a cell, and the worker that sent it.
  using Take = std::function<void(size_t from, const RelayCell& cell)>;

  class Port : public RelaySink {
   public:
    // RelaySink
    RelayCell* TryCell(size_t to) override;
    void Relay(size_t to) override;

    // What wakes this worker; before any thread starts. Must outlive the mesh.
    void set_wakeup(Wakeup* wakeup) { wakeup_ = wakeup; }

    // Wakes the workers that were sent something since the last call.
    void Notify();
    // Calls take() on what came, at most `limit` cells of each worker.
    // Returns how many.
    size_t Drain(size_t limit, const Take& take);
    // Whether Drain() would find nothing.
    bool Empty() const;

   private:
    friend class RelayMesh;
    Port(RelayMesh& mesh, size_t self, size_t workers);

    RelayMesh& mesh_;
    const size_t self_;
    Wakeup* wakeup_ = nullptr;
    std::vector<bool> sent_to_;
  };

  explicit RelayMesh(size_t workers);
  ~RelayMesh();
  RelayMesh(const RelayMesh&) = delete;
  RelayMesh& operator=(const RelayMesh&) = delete;

  Port& port(size_t worker) { return *ports_[worker]; }

 private:
  static constexpr size_t kCells = 512;
  using Ring = SpscRing<RelayCell, kCells>;

  // Published by the sender, never taken back before the end.
  std::atomic<Ring*>& ring(size_t from, size_t to) {
    return rings_[from * ports_.size() + to];
  }

  std::vector<std::atomic<Ring*>> rings_;
  std::vector<std::unique_ptr<Port>> ports_;
};

}  // namespace sfu
