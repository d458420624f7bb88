// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/opus_level.h"

#include <gtest/gtest.h>
#include <opus/opus.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <numbers>
#include <vector>

namespace rtp {
namespace {

using Bytes = std::vector<uint8_t>;
using Wave = std::function<double(int)>;  // of 1, by sample

constexpr int kRate = 48000;
constexpr int kFrame = kRate / 50;

// As GStreamer sets it up in Dino: sound of all kinds at a constant rate.
constexpr int kDino = OPUS_APPLICATION_AUDIO;

// What is measured of the 50th packet of `wave`.
uint8_t LevelOf(const Wave& wave, int application) {
  const std::unique_ptr<OpusEncoder, void (*)(OpusEncoder*)> encoder(
      opus_encoder_create(kRate, 1, application, nullptr),
      opus_encoder_destroy);
  opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(64000));
  opus_encoder_ctl(encoder.get(), OPUS_SET_VBR(0));
  OpusLevel level;
  uint8_t last = 0;
  for (int packet = 0; packet < 50; ++packet) {
    std::array<opus_int16, kFrame> samples;
    for (int i = 0; i < kFrame; ++i) {
      samples[static_cast<size_t>(i)] =
          static_cast<opus_int16>(wave(packet * kFrame + i) * 32767);
    }
    Bytes bytes(1500);
    const int size =
        opus_encode(encoder.get(), samples.data(), kFrame, bytes.data(), 1500);
    EXPECT_GT(size, 0);
    bytes.resize(static_cast<size_t>(size));
    last = level.Measure(bytes);
  }
  return last;
}

Wave Sine(double amplitude) {
  return [amplitude](int i) {
    return amplitude * std::sin(2 * std::numbers::pi * 440 * i / kRate);
  };
}

// White noise, the same each time.
Wave Noise(double amplitude) {
  auto state = std::make_shared<uint32_t>(1);
  return [amplitude, state](int) {
    *state = *state * 1664525 + 1013904223;
    return amplitude * (static_cast<double>(*state >> 8) / (1 << 23) - 1);
  };
}

TEST(OpusLevel, IsThatOfTheSound) {
  for (const int application : {kDino, OPUS_APPLICATION_VOIP}) {
    // The mean square of a sine is half that of its peak: 3 dB.
    EXPECT_NEAR(LevelOf(Sine(0.999), application), 3, 2);
    EXPECT_NEAR(LevelOf(Sine(0.1), application), 23, 2);
    EXPECT_NEAR(LevelOf(Sine(0.01), application), 43, 2);
    EXPECT_EQ(LevelOf(Sine(0), application), OpusLevel::kSilence);
  }
}

// The packets of both are of the same size and have no flags.
TEST(OpusLevel, TellsAVoiceFromTheNoiseOfARoom) {
  EXPECT_GT(LevelOf(Noise(0.002), kDino), 55);
  EXPECT_LT(LevelOf(Noise(0.2), kDino), 35);
}

TEST(OpusLevel, WhatDoesNotDecodeIsSilent) {
  OpusLevel level;
  EXPECT_EQ(level.Measure({}), OpusLevel::kSilence);
  EXPECT_EQ(level.Measure(Bytes{0xF8}), OpusLevel::kSilence);
  EXPECT_EQ(level.Measure(Bytes{0xF8, 0xFF}), OpusLevel::kSilence);
  // Code 3 with no frames, and with more than 120 ms of them.
  EXPECT_EQ(level.Measure(Bytes{0x0B, 0, 1, 2}), OpusLevel::kSilence);
  EXPECT_EQ(level.Measure(Bytes{0x0B, 7, 1, 2}), OpusLevel::kSilence);
}

}  // namespace
}  // namespace rtp
