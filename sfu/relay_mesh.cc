// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/relay_mesh.h"

namespace sfu {

RelayMesh::RelayMesh(size_t workers) : rings_(workers * workers) {
  for (size_t i = 0; i < workers; ++i) {
    ports_.emplace_back(new Port(*this, i, workers));
  }
}

RelayMesh::~RelayMesh() {
  for (std::atomic<Ring*>& ring : rings_) delete ring.load();
}

RelayMesh::Port::Port(RelayMesh& mesh, size_t self, size_t workers)
    : mesh_(mesh), self_(self), sent_to_(workers, false) {}

RelayCell* RelayMesh::Port::TryCell(size_t to) {
  std::atomic<Ring*>& place = mesh_.ring(self_, to);
  Ring* ring = place.load(std::memory_order_relaxed);
  if (ring == nullptr) {
    ring = new Ring;
    place.store(ring, std::memory_order_release);  // acquired by its reader
  }
  return ring->TryCell();
}

void RelayMesh::Port::Relay(size_t to) {
  mesh_.ring(self_, to).load(std::memory_order_relaxed)->Publish();
  sent_to_[to] = true;
}

void RelayMesh::Port::Notify() {
  for (size_t to = 0; to < sent_to_.size(); ++to) {
    if (!sent_to_[to]) continue;
    sent_to_[to] = false;
    mesh_.ports_[to]->wakeup_->Notify();
  }
}

size_t RelayMesh::Port::Drain(size_t limit, const Take& take) {
  size_t taken = 0;
  for (size_t from = 0; from < sent_to_.size(); ++from) {
    Ring* ring = mesh_.ring(from, self_).load(std::memory_order_acquire);
    if (ring == nullptr) continue;
    taken += ring->Drain(limit, [&](RelayCell& cell) { take(from, cell); });
  }
  return taken;
}

bool RelayMesh::Port::Empty() const {
  for (size_t from = 0; from < sent_to_.size(); ++from) {
    const Ring* ring = mesh_.ring(from, self_).load(std::memory_order_acquire);
    if (ring != nullptr && !ring->Empty()) return false;
  }
  return true;
}

}  // namespace sfu
