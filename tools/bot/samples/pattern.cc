// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/samples/pattern.h"

namespace bot::samples {
namespace {

// Goes from 0 to `top` and back.
unsigned Bounce(unsigned value, unsigned top) {
  const unsigned at = value % (2 * top);
  return at < top ? at : 2 * top - at;
}

// The grain of a surface at a point of it, 0 to 31: so that key frames are as
// large as those of a camera, and the rates asked for are reached.
unsigned Grain(unsigned x, unsigned y) {
  unsigned hash = x * 0x9E3779B1u ^ y * 0x85EBCA77u;
  hash ^= hash >> 15;
  hash *= 0xC2B2AE3Du;
  return hash >> 27;
}

uint8_t Luma(unsigned x, unsigned y, unsigned number) {
  // Of a picture of 320 by 180.
  const unsigned left = Bounce(number * 5, 260);
  const unsigned top = Bounce(number * 3, 120);
  if (x >= left && x < left + 60 && y >= top && y < top + 60) {
    return static_cast<uint8_t>(((x - left) / 8 + (y - top) / 8) % 2 ? 210
                                                                     : 40);
  }
  if ((x + number * 2) % 80 < 6) return 180;
  return static_cast<uint8_t>(60 + (x / 4 + y / 2 + number) % 100);
}

}  // namespace

Picture Paint(unsigned width, unsigned height, unsigned number) {
  Picture picture{width, height, {}, {}, {}};
  picture.y.reserve(width * height);
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      const unsigned luma = Luma(x * 320 / width, y * 180 / height, number);
      // The surface moves by whole pixels of every size.
      const unsigned drift = number * width / 320;
      picture.y.push_back(
          static_cast<uint8_t>(luma + Grain(x / 2 + drift, y / 2)));
    }
  }
  for (unsigned y = 0; y < height / 2; ++y) {
    for (unsigned x = 0; x < width / 2; ++x) {
      const unsigned wide = x * 320 / width;
      const unsigned high = y * 180 / height;
      picture.u.push_back(static_cast<uint8_t>(96 + (number + wide / 4) % 64));
      picture.v.push_back(static_cast<uint8_t>(96 + (number + high / 4) % 64));
    }
  }
  return picture;
}

}  // namespace bot::samples
