// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sfu/doctor/report.h"

namespace sfu {

// Bytes of a worker's socket buffers: what it asks for, and what the kernel
// grants to a process without privileges.
struct BufferFacts {
  int receive_wanted = 0;
  int receive_granted = 0;
  int send_wanted = 0;
  int send_granted = 0;
};
Finding JudgeBuffers(const BufferFacts& facts);

struct DescriptorFacts {
  uint64_t limit = 0;  // of open files
  size_t max_peers = 0;
  size_t workers = 0;
};
Finding JudgeDescriptors(const DescriptorFacts& facts);
// How many the server can come to need.
uint64_t DescriptorsNeeded(const DescriptorFacts& facts);

struct OffloadFacts {
  bool gso = false;
  bool gro = false;
};
Finding JudgeOffload(const OffloadFacts& facts);

struct ClockFacts {
  int64_t unix_seconds = 0;
  std::optional<bool> synchronised;  // nothing: the kernel does not tell
};
Finding JudgeClock(const ClockFacts& facts);

struct CoreFacts {
  size_t workers = 0;
  size_t cores = 0;             // that this process may use
  std::optional<double> quota;  // of a control group, in cores
  std::vector<int> cpus;        // --cpus
};
Finding JudgeCores(const CoreFacts& facts);

}  // namespace sfu
