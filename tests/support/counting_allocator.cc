// SPDX-License-Identifier: GPL-3.0-or-later
// In a file of its own, so that gcc does not see through one half of a pair.
#include "tests/support/counting_allocator.h"

#include <cstdlib>
#include <new>

namespace support {

CountedAllocations counted_allocations;

namespace {

void* Allocate(size_t size, size_t alignment) {
  if (counted_allocations.counting) ++counted_allocations.count;
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(size)
                     : std::aligned_alloc(alignment, (size + alignment - 1) /
                                                         alignment * alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace
}  // namespace support

void* operator new(size_t size) { return support::Allocate(size, 1); }
void* operator new[](size_t size) { return support::Allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) {
  return support::Allocate(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return support::Allocate(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return support::Allocate(size, 1);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return support::Allocate(size, 1);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}
