// SPDX-License-Identifier: GPL-3.0-or-later
// Encodes the test pattern and sounds that bots send, into one file. Run by
// the build, so that bots themselves need no encoder.
#include <cstdio>
#include <fstream>
#include <iterator>

#include "tools/bot/samples/loop.h"

namespace {

using bot::samples::Frame;
using bot::samples::Loop;

void Put(std::vector<uint8_t>& out, uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

void Put(std::vector<uint8_t>& out, const Loop& loop) {
  Put(out, static_cast<uint32_t>(loop.codec), 1);
  Put(out, loop.variant, 1);
  Put(out, loop.spatial_layers, 1);
  Put(out, loop.temporal_layers, 1);
  Put(out, loop.width, 2);
  Put(out, loop.height, 2);
  Put(out, static_cast<uint32_t>(loop.frames.size()), 2);
  for (const Frame& frame : loop.frames) {
    Put(out, frame.flags, 1);
    Put(out, frame.spatial_id, 1);
    Put(out, frame.temporal_id, 1);
    Put(out, frame.level, 1);
    Put(out, static_cast<uint32_t>(frame.bytes.size()), 4);
    out.insert(out.end(), frame.bytes.begin(), frame.bytes.end());
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bot::samples;
  if (argc != 2) {
    std::fprintf(stderr, "usage: bot_samples_maker FILE\n");
    return 2;
  }
  struct Encoder {
    const char* name;
    std::vector<Loop> (*encode)();
  };
  constexpr Encoder kEncoders[] = {{"libvpx (VP8)", EncodeVp8},
                                   {"libvpx (VP9)", EncodeVp9},
                                   {"x264", EncodeH264},
                                   {"libaom", EncodeAv1},
                                   {"libopus", EncodeOpus}};
  std::vector<Loop> loops;
  for (const Encoder& encoder : kEncoders) {
    std::vector<Loop> made = encoder.encode();
    if (made.empty()) {
      std::fprintf(stderr, "bot_samples_maker: %s cannot encode the samples\n",
                   encoder.name);
      return 1;
    }
    std::move(made.begin(), made.end(), std::back_inserter(loops));
  }
  std::vector<uint8_t> out;
  Put(out, kFileMagic, 4);
  Put(out, static_cast<uint32_t>(loops.size()), 1);
  for (const Loop& loop : loops) Put(out, loop);
  std::ofstream file(argv[1], std::ios::binary);
  file.write(reinterpret_cast<const char*>(out.data()),
             static_cast<std::streamsize>(out.size()));
  file.close();
  if (!file) {
    std::fprintf(stderr, "bot_samples_maker: cannot write %s\n", argv[1]);
    return 1;
  }
  return 0;
}
