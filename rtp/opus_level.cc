// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/opus_level.h"

#include <opus/opus.h>

#include <algorithm>
#include <array>

namespace rtp {
namespace {

// Voices are below 4 kHz, and less is decoded.
constexpr int kSampleRate = 8000;
constexpr int kMaxSamples = kSampleRate * 120 / 1000;  // RFC 6716 s2

constexpr int kQuietest = 90;  // dB below overload: one bit of 16

// The least mean square of samples of 16 bits at each level.
constexpr std::array<double, kQuietest + 1> MakeThresholds() {
  std::array<double, kQuietest + 1> thresholds{};
  double square = 32768.0 * 32768.0;
  for (double& threshold : thresholds) {
    square /= 1.2589254117941673;  // a decibel: the tenth root of ten
    threshold = square;
  }
  return thresholds;
}
constexpr auto kThresholds = MakeThresholds();

}  // namespace

void OpusLevel::Free::operator()(OpusDecoder* decoder) const {
  opus_decoder_destroy(decoder);
}

OpusLevel::OpusLevel()
    : decoder_(opus_decoder_create(kSampleRate, /*channels=*/1, nullptr)) {}

OpusLevel::~OpusLevel() = default;

uint8_t OpusLevel::Measure(std::span<const uint8_t> payload) {
  if (decoder_ == nullptr || payload.size() <= 2) return kSilence;
  std::array<opus_int16, kMaxSamples> samples;
  const int count = opus_decode(decoder_.get(), payload.data(),
                                static_cast<opus_int32>(payload.size()),
                                samples.data(), kMaxSamples, /*fec=*/0);
  if (count <= 0) return kSilence;
  int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const int64_t sample = samples[static_cast<size_t>(i)];
    sum += sample * sample;
  }
  const double square = static_cast<double>(sum) / count;
  const auto* level =
      std::find_if(kThresholds.begin(), kThresholds.end(),
                   [square](double least) { return square >= least; });
  return level == kThresholds.end()
             ? kSilence
             : static_cast<uint8_t>(level - kThresholds.begin());
}

}  // namespace rtp
