// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace support {

// A program that links counting_allocator.cc has an operator new that counts.
// Not thread-safe.
struct CountedAllocations {
  bool counting = false;
  size_t count = 0;
};
extern CountedAllocations counted_allocations;

}  // namespace support
