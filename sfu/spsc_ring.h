// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sfu {

// The only queue between threads: one producer, one consumer, bounded,
// wait-free. Cells are reused in place, so a cell type that keeps its capacity
// (a fixed array, a vector) allocates nothing after warm-up.
template <typename Cell, size_t kCells>
class SpscRing {
  static_assert((kCells & (kCells - 1)) == 0, "a power of two");

 public:
  SpscRing() : cells_(std::make_unique<std::array<Cell, kCells>>()) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Producer side. The next free cell, for Publish(); null if full.
  Cell* TryCell() {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == kCells) {  // maybe full: refresh our stale view
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == kCells) return nullptr;
    }
    return &(*cells_)[tail % kCells];
  }
  // Producer side. Hands over the cell that TryCell() gave.
  void Publish() {
    tail_.store(tail_.load(std::memory_order_relaxed) + 1,
                std::memory_order_release);  // acquired in Drain()
  }
  // Producer side. Calls fill(cell) in place and publishes it. Returns false,
  // filling nothing, if full.
  template <typename Fill>
  [[nodiscard]] bool TryPush(Fill&& fill) {
    Cell* cell = TryCell();
    if (cell == nullptr) return false;
    fill(*cell);
    Publish();
    return true;
  }

  // Consumer side. Calls take(cell) on at most `limit` cells in order; returns
  // how many.
  template <typename Take>
  size_t Drain(size_t limit, Take&& take) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const uint64_t tail = tail_.load(std::memory_order_acquire);
    const uint64_t count = tail - head < limit ? tail - head : limit;
    for (uint64_t i = 0; i < count; ++i) {
      take((*cells_)[(head + i) % kCells]);
      head_.store(head + i + 1, std::memory_order_release);
    }
    return static_cast<size_t>(count);
  }

  // Consumer side: whether Drain() would find nothing.
  bool Empty() const {
    return head_.load(std::memory_order_relaxed) ==
           tail_.load(std::memory_order_acquire);
  }

 private:
  // Each side's index has a cache line of its own, so that neither's writes
  // disturb the other's reads.
  alignas(64) std::atomic<uint64_t> tail_{0};  // written by the producer
  uint64_t head_seen_ = 0;                     // the producer's view of head_
  alignas(64) std::atomic<uint64_t> head_{0};  // written by the consumer
  alignas(64) std::unique_ptr<std::array<Cell, kCells>> cells_;
};

}  // namespace sfu
