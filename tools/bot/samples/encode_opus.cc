// SPDX-License-Identifier: GPL-3.0-or-later
#include <opus/opus.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/bot/media_samples.h"
#include "tools/bot/samples/loop.h"

namespace bot::samples {
namespace {

constexpr int kRate = 48000;
constexpr int kFrameSamples = kRate * MediaSamples::kOpusFrameMs / 1000;
constexpr int kFramesPerSecond = 1000 / MediaSamples::kOpusFrameMs;
using Pcm = std::array<opus_int16, kFrameSamples>;

double Tone(double t) { return 8000 * std::sin(2 * M_PI * 440 * t); }

// Something like words: 1.2 s and 0.8 s of syllables, after each a pause.
double Speech(double t) {
  const bool speaks = t < 1.2 || (t >= 2.0 && t < 2.8);
  if (!speaks) return 0;
  const double syllable = std::sin(M_PI * std::fmod(t, 0.2) / 0.2);
  const double pitch = 140 + 30 * std::sin(2 * M_PI * 1.3 * t);
  double sum = 0;
  for (int harmonic = 1; harmonic <= 12; ++harmonic) {
    const double formant =
        std::exp(-std::pow((harmonic * pitch - 700) / 600, 2));
    sum +=
        (0.2 + formant) / harmonic * std::sin(2 * M_PI * harmonic * pitch * t);
  }
  return 5000 * syllable * sum;
}

double Silence(double) { return 0; }

// RFC 6464 s3: below the loudest that there is, of the frame's mean power.
uint8_t LevelOf(const Pcm& pcm) {
  double power = 0;
  for (const opus_int16 sample : pcm) power += double{1} * sample * sample;
  if (power == 0) return 127;
  const double db = 10 * std::log10(power / kFrameSamples / (32768.0 * 32768));
  return static_cast<uint8_t>(std::clamp(std::lround(-db), 0l, 127l));
}

bool Encode(double (*sound)(double), int seconds, bool dtx, Loop& loop) {
  int error = 0;
  OpusEncoder* encoder =
      opus_encoder_create(kRate, 1, OPUS_APPLICATION_VOIP, &error);
  if (error != OPUS_OK) return false;
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
  opus_encoder_ctl(encoder, OPUS_SET_DTX(dtx ? 1 : 0));
  // The first round puts the encoder into the state that it is in when the
  // loop begins again.
  bool was_silent = false;
  for (int i = 0; i < 2 * seconds * kFramesPerSecond; ++i) {
    const int number = i % (seconds * kFramesPerSecond);
    Pcm pcm;
    for (int s = 0; s < kFrameSamples; ++s) {
      const double t = static_cast<double>(number * kFrameSamples + s) / kRate;
      pcm[static_cast<size_t>(s)] =
          static_cast<opus_int16>(std::clamp(sound(t), -32000.0, 32000.0));
    }
    std::array<uint8_t, 400> out;
    const opus_int32 size =
        opus_encode(encoder, pcm.data(), kFrameSamples, out.data(), out.size());
    if (size <= 0) break;
    if (i < seconds * kFramesPerSecond) continue;
    Frame frame;
    frame.flags = kFlagKey | kFlagEndOfPicture;
    frame.level = LevelOf(pcm);
    // A packet of two bytes or fewer says that nothing needs to be sent
    // (opus_encoder.h); the first of them tells the other side.
    const bool silent = dtx && size <= 2;
    if (!silent || !was_silent) {
      frame.bytes.assign(out.begin(), out.begin() + size);
    }
    was_silent = silent;
    loop.frames.push_back(std::move(frame));
  }
  opus_encoder_destroy(encoder);
  return loop.frames.size() == static_cast<size_t>(seconds * kFramesPerSecond);
}

}  // namespace

std::vector<Loop> EncodeOpus() {
  struct Sound {
    double (*sound)(double);
    int seconds;
    bool dtx;
    SoundVariant variant;
  };
  std::vector<Loop> loops;
  for (const Sound& sound :
       {Sound{Tone, 1, false, kTone}, Sound{Speech, 4, true, kSpeech},
        Sound{Silence, 2, true, kSilence}}) {
    Loop loop;
    loop.codec = rtp::Codec::kOpus;
    loop.variant = sound.variant;
    if (!Encode(sound.sound, sound.seconds, sound.dtx, loop)) return {};
    loops.push_back(std::move(loop));
  }
  return loops;
}

}  // namespace bot::samples
