// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/active_speaker.h"

#include <algorithm>
#include <cmath>

namespace rtp {
namespace {

constexpr int kMaxLoudness = 127;
constexpr int kSubunit = 10;  // of loudness, an immediate step
constexpr size_t kGroup = 5;  // levels in a medium interval
constexpr int kMediumThreshold = 7;
constexpr int kLongThreshold = 4;
constexpr TimeDelta kPacketTime = std::chrono::milliseconds(20);
constexpr TimeDelta kIdle = std::chrono::milliseconds(40);
constexpr int kFloorWindow = 750;  // levels, 15 s
// A steady sound louder than -50 dBov is taken for a voice, not for noise.
constexpr uint8_t kMaxFloor = 77;
// Nobody talks for longer than this without a packet.
constexpr TimeDelta kForgetAfter = std::chrono::seconds(60);

// log C(n,v) + v log p + (n-v) log(1-p) - log l + l v with p = 0.5, at least
// 1e-10: for (n, l) = (13, 0.78), (5, 24), (10, 47).
constexpr double kLeast = 1e-10;
constexpr std::array<double, 14> kImmediateScore = {
    kLeast,   kLeast,   kLeast,   kLeast,   0.929831, 2.297617, 3.365299,
    4.145299, 4.637617, 4.829831, 4.693540, 4.174257, 3.162497, 1.377548};
constexpr std::array<double, 6> kMediumScore = {
    kLeast, 18.965648, 43.658795, 67.658795, 90.965648, 113.356210};
constexpr std::array<double, 11> kLongScore = {
    kLeast,     38.520966,  87.025043,  135.005872, 182.565488, 229.747810,
    276.565488, 323.005872, 369.025043, 414.520966, 459.218381};

// e^3, e^2, e^0: a challenger's advantage in each interval.
constexpr double kImmediateFactor = 20.0855369;
constexpr double kMediumFactor = 7.3890561;
constexpr double kLongFactor = 1.0;

}  // namespace

void ActiveSpeaker::Speaker::Push(uint8_t value) {
  newest = (newest + 1) % kLevels;
  loudness[newest] = value;
  UpdateFloor(value);
}

void ActiveSpeaker::Speaker::UpdateFloor(uint8_t value) {
  if (value == 0) return;
  if (floor == 0 || value < floor) {
    floor = std::min(value, kMaxFloor);
    next_floor = 0;
    next_floor_count = 0;
    return;
  }
  next_floor = next_floor == 0 ? value : std::min(next_floor, value);
  if (++next_floor_count < kFloorWindow) return;
  // The room got louder for good: move half way, geometrically.
  floor = static_cast<uint8_t>(std::min<double>(
      std::sqrt(static_cast<double>(floor) * next_floor), kMaxFloor));
  next_floor = 0;
  next_floor_count = 0;
}

void ActiveSpeaker::Speaker::Score() {
  int long_count = 0;
  int newest_medium = 0;
  for (size_t m = 0; m < kMediums; ++m) {
    int medium_count = 0;
    for (size_t i = 0; i < kGroup; ++i) {
      const size_t age = m * kGroup + i;
      const uint8_t value = loudness[(newest + kLevels - age) % kLevels];
      const int step = value < floor + kSubunit ? 0 : value / kSubunit;
      if (age == 0) {
        immediate = kImmediateScore[static_cast<size_t>(std::min(step, 13))];
      }
      if (step > kMediumThreshold) ++medium_count;
    }
    if (m == 0) newest_medium = medium_count;
    if (medium_count > kLongThreshold) ++long_count;
  }
  medium = kMediumScore[static_cast<size_t>(newest_medium)];
  long_term = kLongScore[static_cast<size_t>(long_count)];
}

void ActiveSpeaker::OnLevel(Timestamp now, SourceId source, uint8_t level) {
  auto it = std::find_if(speakers_.begin(), speakers_.end(),
                         [&](const Speaker& s) { return s.source == source; });
  if (it == speakers_.end()) {
    speakers_.push_back(Speaker{.source = source});
    it = speakers_.end() - 1;
  }
  it->Push(static_cast<uint8_t>(kMaxLoudness -
                                std::min<int>(level, kMaxLoudness)));
  it->last_level = now;
  if (next_decision_ == kNever) next_decision_ = now + kDecisionInterval;
}

void ActiveSpeaker::Remove(SourceId source) {
  std::erase_if(speakers_, [&](const Speaker& s) { return s.source == source; });
  if (dominant_ == source) dominant_ = SourceId();
}

bool ActiveSpeaker::HandleTimeout(Timestamp now) {
  if (now < next_decision_) return false;
  std::erase_if(speakers_, [&](const Speaker& s) {
    return s.source != dominant_ && now - s.last_level > kForgetAfter;
  });
  next_decision_ = speakers_.empty() ? kNever : now + kDecisionInterval;
  const Speaker* dominant = nullptr;
  bool idle = true;
  for (Speaker& speaker : speakers_) {
    // No packets (DTX, mute) is silence.
    if (now - speaker.last_level > kIdle) {
      const auto missed = std::min<int64_t>(
          (now - speaker.last_level) / kPacketTime, kLevels);
      for (int64_t i = 0; i < missed; ++i) speaker.Push(0);
      speaker.last_level += missed * kPacketTime;
    } else {
      idle = false;
    }
    speaker.Score();
    if (speaker.source == dominant_) dominant = &speaker;
  }
  // Everybody fell silent: nothing to decide until somebody is heard again.
  if (idle) next_decision_ = kNever;

  const Speaker* best = nullptr;
  for (const Speaker& speaker : speakers_) {
    if (&speaker == dominant) continue;
    const bool wins =
        dominant == nullptr
            ? speaker.medium > kLeast
            : speaker.immediate > dominant->immediate * kImmediateFactor &&
                  speaker.medium > dominant->medium * kMediumFactor &&
                  speaker.long_term > dominant->long_term * kLongFactor;
    if (wins && (best == nullptr || speaker.medium > best->medium)) {
      best = &speaker;
    }
  }
  if (best == nullptr || best->source == dominant_) return false;
  dominant_ = best->source;
  return true;
}

}  // namespace rtp
