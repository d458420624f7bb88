// SPDX-License-Identifier: GPL-3.0-or-later
//
// What congestion control costs per packet sent: noting it, and its part of
// the feedback that comes each 100 ms, with the rates drawn from it.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <vector>

#include "rtp/congestion/congestion_controller.h"
#include "rtp/rtcp_twcc.h"

namespace rtp {
namespace {

using std::chrono::milliseconds;

// A sender of range(0) packets of 1200 bytes each 100 ms.
void PerPacket(benchmark::State& state) {
  CongestionController control({});
  Timestamp now(std::chrono::seconds(1));
  uint64_t seq = 65536;
  std::vector<PacketArrival> arrivals;
  std::array<uint8_t, 4096> buffer;
  for (auto _ : state) {
    const uint64_t base = seq;
    arrivals.clear();
    for (int64_t i = 0; i < state.range(0); ++i, ++seq) {
      const auto probe = control.probe();
      now += milliseconds(100) / state.range(0);
      control.OnPacketSent(now, static_cast<uint16_t>(seq), 1, 1200,
                           probe ? probe->cluster : 0);
      arrivals.push_back({seq, now + milliseconds(30)});
    }
    state.PauseTiming();
    RtcpWriter writer(buffer);
    WriteTwcc(1, 2, 0, base, arrivals, writer);
    state.ResumeTiming();
    RtcpReader reader(writer.written());
    const auto feedback = ParseFeedback(*reader.Next());
    control.OnTwcc(now, *TwccFeedback::Parse(*feedback));
    benchmark::DoNotOptimize(control.target());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PerPacket)->Arg(25)->Arg(100)->Arg(250);

}  // namespace
}  // namespace rtp
