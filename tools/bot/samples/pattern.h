// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bot::samples {

// One picture of the moving pattern, I420.
struct Picture {
  unsigned width = 0;  // pixels, even
  unsigned height = 0;
  std::vector<uint8_t> y, u, v;  // without gaps between rows
};

// The pattern at picture `number`: a gradient that drifts, bars that move
// across it and a bouncing square; the same at every size.
Picture Paint(unsigned width, unsigned height, unsigned number);

}  // namespace bot::samples
