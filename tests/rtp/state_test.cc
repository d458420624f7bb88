// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "rtp/active_speaker.h"
#include "rtp/keyframe_requester.h"
#include "rtp/loudest_sources.h"
#include "rtp/nack_tracker.h"
#include "rtp/packet_cache.h"
#include "rtp/packet_pool.h"
#include "rtp/rtcp_twcc.h"
#include "rtp/twcc_recorder.h"
#include "tests/rtp/hex.h"
#include "tests/support/seeded_random.h"

namespace rtp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp kStart = Timestamp(seconds(1000));
constexpr TimeDelta kTick = microseconds(1);

constexpr Timestamp After(int64_t ms) { return kStart + milliseconds(ms); }

// NackTracker.

std::vector<uint16_t> Ask(NackTracker& nack, Timestamp now) {
  std::vector<uint16_t> seqs;
  nack.HandleTimeout(now, seqs);
  return seqs;
}

TEST(NackTracker, OrderNeedsNothing) {
  NackTracker nack;
  for (uint64_t seq = 100; seq < 200; ++seq) {
    EXPECT_TRUE(nack.OnPacket(kStart, seq));
  }
  EXPECT_EQ(nack.NextDeadline(), kNever);
  EXPECT_EQ(nack.missing(), 0u);
  EXPECT_THAT(Ask(nack, After(1000)), IsEmpty());
}

TEST(NackTracker, AsksForAGapAfterTheReorderDelay) {
  NackTracker nack;
  nack.OnPacket(kStart, 0x1FFFE);
  nack.OnPacket(kStart, 0x20002);
  EXPECT_EQ(nack.missing(), 3u);
  EXPECT_EQ(nack.NextDeadline(), kStart + NackTracker::kReorderDelay);
  EXPECT_THAT(Ask(nack, nack.NextDeadline() - kTick), IsEmpty());
  EXPECT_THAT(Ask(nack, nack.NextDeadline()), ElementsAre(0xFFFF, 0, 1));
}

TEST(NackTracker, ReorderedPacketsAreNotAskedFor) {
  NackTracker nack;
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 3);
  nack.OnPacket(After(5), 2);
  EXPECT_EQ(nack.NextDeadline(), kNever);
  EXPECT_THAT(Ask(nack, After(100)), IsEmpty());
  EXPECT_EQ(nack.lost(), 0u);
}

TEST(NackTracker, AsksAgainAfterARoundTripAndAQuarter) {
  NackTracker nack;
  nack.set_rtt(milliseconds(80));
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 3);
  EXPECT_THAT(Ask(nack, After(10)), ElementsAre(2));
  EXPECT_EQ(nack.NextDeadline(), After(110));
  EXPECT_THAT(Ask(nack, After(110) - kTick), IsEmpty());
  EXPECT_THAT(Ask(nack, After(110)), ElementsAre(2));
}

TEST(NackTracker, RepeatsNotTooSoon) {
  NackTracker nack;
  nack.set_rtt(milliseconds(1));
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 3);
  EXPECT_THAT(Ask(nack, After(10)), ElementsAre(2));
  EXPECT_EQ(nack.NextDeadline(), After(10) + NackTracker::kMinRepeat);
}

TEST(NackTracker, GivesUpAfterItsTries) {
  NackTracker nack;
  nack.set_rtt(milliseconds(1));
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 3);
  int asked = 0;
  for (int i = 0; i < 20 && nack.NextDeadline() != kNever; ++i) {
    asked += static_cast<int>(Ask(nack, nack.NextDeadline()).size());
  }
  EXPECT_EQ(asked, NackTracker::kMaxTries);
  EXPECT_EQ(nack.NextDeadline(), kNever);
  EXPECT_EQ(nack.missing(), 0u);
  EXPECT_EQ(nack.lost(), 1u);
}

TEST(NackTracker, GivesUpWhatIsTooOld) {
  NackTracker nack;
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 3);
  const Timestamp late = kStart + NackTracker::kMaxAge;
  EXPECT_THAT(Ask(nack, late + kTick), IsEmpty());
  EXPECT_EQ(nack.lost(), 1u);
  EXPECT_EQ(nack.NextDeadline(), kNever);
}

TEST(NackTracker, ArrivalEndsTheAsking) {
  NackTracker nack;
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 4);
  EXPECT_THAT(Ask(nack, After(10)), ElementsAre(2, 3));
  nack.OnPacket(After(20), 2);
  EXPECT_THAT(Ask(nack, After(500)), ElementsAre(3));
}

TEST(NackTracker, WidestGapIsRepairedAndAWiderOneIsNot) {
  for (const uint64_t extra : {0u, 1u}) {
    NackTracker nack;
    nack.OnPacket(kStart, 1);
    EXPECT_EQ(nack.OnPacket(kStart, 2 + NackTracker::kMaxMissing + extra),
              extra == 0);
    EXPECT_EQ(nack.missing(), extra == 0 ? NackTracker::kMaxMissing : 0);
    EXPECT_EQ(nack.NextDeadline() == kNever, extra == 1);
    EXPECT_EQ(nack.lost(), extra == 0 ? 0 : NackTracker::kMaxMissing + 1);
  }
}

TEST(NackTracker, ManySmallGapsAddUp) {
  NackTracker nack;
  uint64_t seq = 1;
  bool repairable = nack.OnPacket(kStart, seq);
  for (size_t i = 0; i < NackTracker::kMaxMissing; ++i) {
    repairable = nack.OnPacket(kStart, seq += 2);
    ASSERT_TRUE(repairable);
  }
  EXPECT_FALSE(nack.OnPacket(kStart, seq += 2));
  EXPECT_EQ(nack.missing(), 0u);
}

TEST(NackTracker, ForgetsWhatAKeyFrameMakesNeedless) {
  NackTracker nack;
  nack.OnPacket(kStart, 1);
  nack.OnPacket(kStart, 3);
  nack.OnPacket(kStart, 5);
  nack.ForgetBefore(4);
  EXPECT_THAT(Ask(nack, After(10)), ElementsAre(4));
  nack.ForgetBefore(5);
  EXPECT_EQ(nack.NextDeadline(), kNever);
}

// KeyframeRequester.

TEST(KeyframeRequester, AsksAtOnce) {
  KeyframeRequester requester;
  EXPECT_EQ(requester.NextDeadline(), kNever);
  EXPECT_FALSE(requester.HandleTimeout(kStart));
  requester.Want();
  EXPECT_LE(requester.NextDeadline(), kStart);
  EXPECT_TRUE(requester.HandleTimeout(kStart));
}

TEST(KeyframeRequester, ManyWantsAreOneRequest) {
  KeyframeRequester requester;
  requester.Want();
  EXPECT_TRUE(requester.HandleTimeout(kStart));
  requester.Want();
  requester.Want();
  EXPECT_FALSE(requester.HandleTimeout(After(200) - kTick));
  EXPECT_TRUE(requester.HandleTimeout(After(200)));
}

TEST(KeyframeRequester, AKeyFrameEndsItAndKeepsTheInterval) {
  KeyframeRequester requester;
  requester.Want();
  EXPECT_TRUE(requester.HandleTimeout(kStart));
  requester.OnKeyframe();
  EXPECT_FALSE(requester.wanted());
  EXPECT_EQ(requester.NextDeadline(), kNever);
  requester.Want();
  EXPECT_EQ(requester.NextDeadline(), After(200));
}

TEST(KeyframeRequester, SlowsDownWithoutAnAnswer) {
  KeyframeRequester requester;
  requester.Want();
  Timestamp now = kStart;
  for (int i = 1; i < KeyframeRequester::kQuickTries; ++i) {
    ASSERT_TRUE(requester.HandleTimeout(now));
    ASSERT_EQ(requester.NextDeadline(), now + KeyframeRequester::kMinInterval);
    now = requester.NextDeadline();
  }
  ASSERT_TRUE(requester.HandleTimeout(now));
  EXPECT_EQ(requester.NextDeadline(), now + KeyframeRequester::kMaxInterval);
  requester.OnKeyframe();
  requester.Want();
  now += KeyframeRequester::kMaxInterval;
  ASSERT_TRUE(requester.HandleTimeout(now));
  EXPECT_EQ(requester.NextDeadline(), now + KeyframeRequester::kMinInterval);
}

TEST(KeyframeRequester, CancelEndsIt) {
  KeyframeRequester requester;
  requester.Want();
  requester.Cancel();
  EXPECT_FALSE(requester.HandleTimeout(kStart));
}

// PacketPool.

TEST(PacketPool, CountsReferences) {
  PacketPool pool(10);
  PacketRef a = pool.Allocate();
  ASSERT_TRUE(a);
  EXPECT_EQ(pool.in_use(), 1u);
  PacketRef b = a;
  PacketRef c = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(&*b, &*c);
  b = PacketRef();
  EXPECT_EQ(pool.in_use(), 1u);
  c = PacketRef();
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(PacketPool, AssigningToItselfKeepsIt) {
  PacketPool pool(10);
  PacketRef a = pool.Allocate();
  const PacketRef& same = a;
  a = same;
  EXPECT_TRUE(a);
  EXPECT_EQ(pool.in_use(), 1u);
}

TEST(PacketPool, IsBounded) {
  for (const size_t bound : {1u, 63u, 64u, 65u, 200u}) {
    PacketPool pool(bound);
    std::vector<PacketRef> refs;
    for (size_t i = 0; i < bound; ++i) {
      refs.push_back(pool.Allocate());
      ASSERT_TRUE(refs.back());
    }
    EXPECT_FALSE(pool.Allocate());
    EXPECT_EQ(pool.in_use(), bound);
    refs.pop_back();
    EXPECT_TRUE(pool.Allocate());
  }
}

TEST(PacketPool, ReusesCellsWithFreshFields) {
  PacketPool pool(1);
  const Packet* first;
  {
    PacketRef ref = pool.Allocate();
    first = &*ref;
    Packet& packet = ref.Mutable();
    packet.red = packet.key_frame = packet.start_of_frame = true;
    packet.audio_level = AudioLevel{};
    packet.video_orientation = 1;
    packet.video_content_type = 1;
    packet.playout_delay = packet.abs_capture_time = {1, 1};
    packet.dependency_descriptor = packet.payload = {1, 1};
    packet.vp8.picture_id = 5;
    packet.vp8_descriptor_size = 3;
    packet.picture_id = 9;
  }
  const PacketRef ref = pool.Allocate();
  EXPECT_EQ(&*ref, first);
  EXPECT_FALSE(ref->red || ref->key_frame || ref->start_of_frame);
  EXPECT_FALSE(ref->audio_level || ref->video_orientation ||
               ref->video_content_type);
  for (const ByteRange& range : {ref->playout_delay, ref->abs_capture_time,
                                 ref->dependency_descriptor, ref->payload}) {
    EXPECT_EQ(range.size, 0);
  }
  EXPECT_EQ(ref->vp8, Vp8Descriptor());
  EXPECT_EQ(ref->vp8_descriptor_size, 0);
  EXPECT_EQ(ref->picture_id, 0u);
}

// PacketCache.

class PacketCacheTest : public testing::Test {
 protected:
  bool Insert(uint64_t seq, Timestamp arrival = kStart,
              bool key_frame = false) {
    PacketRef ref = pool_.Allocate();
    ref.Mutable().seq = seq;
    ref.Mutable().arrival = arrival;
    ref.Mutable().key_frame = key_frame;
    return cache_.Insert(ref);
  }
  bool Has(uint64_t seq, Timestamp now = kStart) {
    const PacketRef found = cache_.Find(now, seq);
    if (found) {
      EXPECT_EQ(found->seq, seq);
    }
    return static_cast<bool>(found);
  }

  PacketPool pool_{4096};
  PacketCache cache_;
};

constexpr uint64_t kRing = PacketCache::kPackets;

TEST_F(PacketCacheTest, FindsWhatWasInserted) {
  EXPECT_FALSE(Has(70000));
  EXPECT_TRUE(Insert(70000));
  EXPECT_TRUE(Insert(70002));
  EXPECT_TRUE(Has(70000));
  EXPECT_FALSE(Has(70001));
  EXPECT_TRUE(Has(70002));
  EXPECT_EQ(cache_.newest(), 70002u);
  EXPECT_TRUE(Insert(70001));
  EXPECT_TRUE(Has(70001));
  EXPECT_EQ(cache_.newest(), 70002u);
}

TEST_F(PacketCacheTest, RefusesDuplicates) {
  EXPECT_TRUE(Insert(70000));
  EXPECT_FALSE(Insert(70000));
  EXPECT_EQ(pool_.in_use(), 1u);
}

TEST_F(PacketCacheTest, RingHasAnEdge) {
  EXPECT_TRUE(Insert(70000));
  EXPECT_TRUE(Insert(70000 + kRing - 1));
  EXPECT_TRUE(Has(70000));
  EXPECT_FALSE(Insert(69999));
  EXPECT_TRUE(Insert(70000 + kRing));
  EXPECT_FALSE(Has(70000));
  EXPECT_FALSE(Insert(70000));
}

TEST_F(PacketCacheTest, OldIsNotFound) {
  Insert(70000);
  EXPECT_TRUE(Has(70000, kStart + PacketCache::kMaxAge));
  EXPECT_FALSE(Has(70000, kStart + PacketCache::kMaxAge + kTick));
}

TEST_F(PacketCacheTest, ExpireGivesMemoryBack) {
  for (uint64_t i = 0; i < 100; ++i) Insert(70000 + i, After(10 * i));
  EXPECT_EQ(pool_.in_use(), 100u);
  cache_.Expire(After(500) + PacketCache::kMaxAge);
  EXPECT_EQ(pool_.in_use(), 50u);  // those that came before After(500)
  cache_.Expire(After(5000));
  EXPECT_EQ(pool_.in_use(), 0u);
  cache_.Expire(After(5000));
  EXPECT_TRUE(Insert(70100, After(5000)));
  EXPECT_TRUE(Has(70100, After(5000)));
}

TEST_F(PacketCacheTest, ExpireSkipsGaps) {
  Insert(70000, kStart);
  Insert(70005, kStart);
  cache_.Expire(After(3000));
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(PacketCacheTest, ExpireSeesWhatCameLateBehindIt) {
  Insert(70000, kStart);
  Insert(70002, After(1000));
  cache_.Expire(After(2500));
  EXPECT_TRUE(Insert(70001, After(2500)));
  cache_.Expire(After(9000));
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(PacketCacheTest, KeyFrameStartsAPicture) {
  Insert(70000);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), std::nullopt);
  Insert(70001, kStart, true);
  Insert(70002);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), 70001u);
  Insert(70003, kStart, true);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), 70003u);
  // An older key frame that comes late changes nothing.
  Insert(69990, kStart, true);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), 70003u);
}

TEST_F(PacketCacheTest, KeyFrameNeedsEverythingSince) {
  Insert(70001, kStart, true);
  Insert(70003);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), std::nullopt);
  Insert(70002);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), 70001u);
  EXPECT_EQ(cache_.KeyFrameStart(kStart + PacketCache::kMaxAge + kTick),
            std::nullopt);
}

TEST_F(PacketCacheTest, KeyFrameThatLeftTheRingIsGone) {
  Insert(70000, kStart, true);
  for (uint64_t i = 1; i < kRing; ++i) Insert(70000 + i);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), 70000u);
  Insert(70000 + kRing);
  EXPECT_EQ(cache_.KeyFrameStart(kStart), std::nullopt);
}

// TwccRecorder.

struct Report {
  uint16_t base_seq = 0;
  uint16_t status_count = 0;
  uint8_t feedback_count = 0;
  Ssrc media = 0;
  std::vector<uint16_t> seqs;
};

std::optional<Report> Write(TwccRecorder& recorder, Timestamp now,
                            size_t room = 1200) {
  Bytes buffer(room);
  RtcpWriter out(buffer);
  if (!recorder.WriteFeedback(now, 1, out)) {
    EXPECT_TRUE(out.empty());
    return std::nullopt;
  }
  RtcpReader reader(out.written());
  auto twcc = TwccFeedback::Parse(*ParseFeedback(*reader.Next()));
  EXPECT_TRUE(twcc);
  if (!twcc) return std::nullopt;
  Report report;
  report.base_seq = twcc->base_seq();
  report.status_count = twcc->status_count();
  report.feedback_count = twcc->feedback_count();
  report.media = twcc->media();
  while (const auto arrival = twcc->Next()) report.seqs.push_back(arrival->seq);
  return report;
}

TEST(TwccRecorder, ReportsEveryInterval) {
  TwccRecorder recorder;
  EXPECT_EQ(recorder.NextDeadline(), kNever);
  EXPECT_FALSE(Write(recorder, kStart));
  recorder.OnPacket(kStart, 10, 7, false);
  recorder.OnPacket(After(5), 11, 7, false);
  EXPECT_EQ(recorder.NextDeadline(), After(100));
  EXPECT_FALSE(Write(recorder, After(100) - kTick));
  const auto report = Write(recorder, After(100));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->base_seq, 10);
  EXPECT_EQ(report->media, 7u);
  EXPECT_EQ(report->feedback_count, 0);
  EXPECT_THAT(report->seqs, ElementsAre(10, 11));
  EXPECT_EQ(recorder.NextDeadline(), kNever);
  EXPECT_FALSE(Write(recorder, After(200)));
}

TEST(TwccRecorder, EndOfFrameComesSooner) {
  TwccRecorder recorder;
  recorder.OnPacket(kStart, 10, 7, false);
  ASSERT_TRUE(Write(recorder, After(100)));
  recorder.OnPacket(After(110), 11, 7, false);
  EXPECT_EQ(recorder.NextDeadline(), After(200));
  recorder.OnPacket(After(120), 12, 7, true);
  EXPECT_EQ(recorder.NextDeadline(), After(150));
}

TEST(TwccRecorder, LossBetweenMessagesIsReported) {
  TwccRecorder recorder;
  recorder.OnPacket(kStart, 10, 7, false);
  ASSERT_TRUE(Write(recorder, After(100)));
  recorder.OnPacket(After(110), 14, 7, false);
  const auto report = Write(recorder, After(200));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->base_seq, 11);
  EXPECT_EQ(report->status_count, 4);
  EXPECT_EQ(report->feedback_count, 1);
  EXPECT_THAT(report->seqs, ElementsAre(14));
}

TEST(TwccRecorder, SortsAndDropsDuplicatesAndTooLate) {
  TwccRecorder recorder;
  for (const int seq : {12, 10, 11, 10, 12}) {
    recorder.OnPacket(kStart, static_cast<uint16_t>(seq), 7, false);
  }
  EXPECT_THAT(Write(recorder, After(100))->seqs, ElementsAre(10, 11, 12));
  recorder.OnPacket(After(110), 9, 7, false);
  EXPECT_EQ(recorder.NextDeadline(), kNever);
}

TEST(TwccRecorder, SequenceNumberWraps) {
  TwccRecorder recorder;
  for (const int seq : {0xFFFE, 0xFFFF, 1}) {
    recorder.OnPacket(kStart, static_cast<uint16_t>(seq), 7, false);
  }
  const auto report = Write(recorder, After(100));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->base_seq, 0xFFFE);
  EXPECT_THAT(report->seqs, ElementsAre(0xFFFE, 0xFFFF, 1));
}

TEST(TwccRecorder, AnOutageBeginsAnew) {
  TwccRecorder recorder;
  recorder.OnPacket(kStart, 10, 7, false);
  ASSERT_TRUE(Write(recorder, After(100)));
  recorder.OnPacket(After(5000), 10000, 7, false);
  const auto report = Write(recorder, After(5100));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->base_seq, 10000);
  EXPECT_EQ(report->status_count, 1);
}

TEST(TwccRecorder, WhatDoesNotFitFollowsAtOnce) {
  TwccRecorder recorder;
  for (uint16_t seq = 0; seq < 300; ++seq) {
    recorder.OnPacket(kStart, seq, 7, false);
  }
  std::vector<uint16_t> seqs;
  size_t messages = 0;
  while (const auto report = Write(recorder, After(100), 120)) {
    seqs.insert(seqs.end(), report->seqs.begin(), report->seqs.end());
    ++messages;
  }
  EXPECT_GT(messages, 2u);
  ASSERT_EQ(seqs.size(), 300u);
  for (uint16_t i = 0; i < 300; ++i) EXPECT_EQ(seqs[i], i);
  EXPECT_EQ(recorder.NextDeadline(), kNever);
}

TEST(TwccRecorder, PendingIsBounded) {
  TwccRecorder recorder;
  for (uint32_t seq = 0; seq < TwccRecorder::kMaxPending + 500; ++seq) {
    recorder.OnPacket(kStart, static_cast<uint16_t>(seq), 7, false);
  }
  size_t reported = 0;
  while (const auto report = Write(recorder, After(100))) {
    reported += report->seqs.size();
  }
  EXPECT_EQ(reported, TwccRecorder::kMaxPending);
}

// Audio: LoudestSources and ActiveSpeaker.

const SourceId kA{1};
const SourceId kB{2};
const SourceId kC{3};

std::vector<SourceId> Ranked(LoudestSources& loudest, Timestamp now) {
  std::vector<SourceId> ranked;
  loudest.Rank(now, ranked);
  return ranked;
}

TEST(LoudestSources, OnlyVoicesAreHeard) {
  LoudestSources loudest;
  EXPECT_FALSE(loudest.OnLevel(kStart, kA, LoudestSources::kVoiceLevel + 1));
  EXPECT_THAT(Ranked(loudest, kStart), IsEmpty());
  EXPECT_TRUE(loudest.OnLevel(kStart, kA, LoudestSources::kVoiceLevel));
  EXPECT_THAT(Ranked(loudest, kStart), ElementsAre(kA));
  EXPECT_FALSE(loudest.OnLevel(After(20), kA, 20));
}

TEST(LoudestSources, RanksByLoudness) {
  LoudestSources loudest;
  for (int64_t ms = 0; ms < 400; ms += 20) {
    loudest.OnLevel(After(ms), kA, 45);
    loudest.OnLevel(After(ms), kB, 20);
    loudest.OnLevel(After(ms), kC, 35);
  }
  EXPECT_THAT(Ranked(loudest, After(400)), ElementsAre(kB, kC, kA));
}

TEST(LoudestSources, HoldsBetweenWords) {
  LoudestSources loudest;
  loudest.OnLevel(kStart, kA, 20);
  const Timestamp last = kStart + LoudestSources::kHold;
  EXPECT_THAT(Ranked(loudest, last), ElementsAre(kA));
  EXPECT_THAT(Ranked(loudest, last + kTick), IsEmpty());
  EXPECT_TRUE(loudest.OnLevel(last + kTick, kA, 20));
}

TEST(LoudestSources, WhoIsInFrontHasAnAdvantage) {
  LoudestSources loudest;
  const SourceId d{4};
  const auto speak = [&](int64_t from, int level_of_d) {
    for (int64_t ms = from; ms < from + 1000; ms += 20) {
      for (const SourceId source : {kA, kB, kC}) {
        loudest.OnLevel(After(ms), source, 40);
      }
      loudest.OnLevel(After(ms), d, static_cast<uint8_t>(level_of_d));
    }
    return Ranked(loudest, After(from + 1000));
  };
  EXPECT_THAT(speak(0, 45), ElementsAre(kA, kB, kC, d));
  // Louder, but not by enough.
  EXPECT_EQ(speak(1000, 36).back(), d);
  EXPECT_EQ(speak(2000, 30).front(), d);
}

TEST(LoudestSources, ForgetsWhoLeft) {
  LoudestSources loudest;
  loudest.OnLevel(kStart, kA, 20);
  loudest.OnLevel(kStart, kB, 20);
  loudest.Remove(kA);
  EXPECT_THAT(Ranked(loudest, kStart), ElementsAre(kB));
}

// A conversation in packets of 20 ms; 127 is silence, -1 is no packet.
struct Talk {
  // Returns how often the dominant speaker changed.
  int Run(int64_t ms, int a, int b) {
    int changes = 0;
    for (const Timestamp end = now + milliseconds(ms); now < end;
         now += milliseconds(20)) {
      if (a >= 0) speaker.OnLevel(now, kA, static_cast<uint8_t>(a));
      if (b >= 0) speaker.OnLevel(now, kB, static_cast<uint8_t>(b));
      if (now >= speaker.NextDeadline() && speaker.HandleTimeout(now)) {
        ++changes;
      }
    }
    return changes;
  }
  ActiveSpeaker speaker;
  Timestamp now = kStart;
};

TEST(ActiveSpeaker, NobodyBeforeSomebodySpeaks) {
  Talk talk;
  EXPECT_EQ(talk.speaker.NextDeadline(), kNever);
  EXPECT_EQ(talk.Run(2000, 127, 127), 0);
  EXPECT_EQ(talk.speaker.dominant(), SourceId());
}

TEST(ActiveSpeaker, WhoSpeaksDominates) {
  Talk talk;
  talk.Run(1000, 127, 127);
  EXPECT_EQ(talk.Run(1000, 25, 127), 1);
  EXPECT_EQ(talk.speaker.dominant(), kA);
}

TEST(ActiveSpeaker, TheTurnPassesToTheNext) {
  Talk talk;
  talk.Run(3000, 25, 127);
  ASSERT_EQ(talk.speaker.dominant(), kA);
  EXPECT_EQ(talk.Run(3000, 127, 25), 1);
  EXPECT_EQ(talk.speaker.dominant(), kB);
}

TEST(ActiveSpeaker, DiscontinuousTransmissionIsSilence) {
  Talk talk;
  talk.Run(3000, 25, 127);
  ASSERT_EQ(talk.speaker.dominant(), kA);
  EXPECT_EQ(talk.Run(3000, -1, 25), 1);
  EXPECT_EQ(talk.speaker.dominant(), kB);
}

TEST(ActiveSpeaker, ACoughIsNoTurn) {
  Talk talk;
  talk.Run(3000, 25, 127);
  ASSERT_EQ(talk.speaker.dominant(), kA);
  EXPECT_EQ(talk.Run(60, 25, 10), 0);
  EXPECT_EQ(talk.Run(2000, 25, 127), 0);
  EXPECT_EQ(talk.speaker.dominant(), kA);
}

TEST(ActiveSpeaker, StaysInAPause) {
  Talk talk;
  talk.Run(3000, 25, 127);
  EXPECT_EQ(talk.Run(5000, 127, 127), 0);
  EXPECT_EQ(talk.speaker.dominant(), kA);
}

TEST(ActiveSpeaker, WhoLeavesDoesNotDominate) {
  Talk talk;
  talk.Run(3000, 25, 127);
  talk.speaker.Remove(kA);
  EXPECT_EQ(talk.speaker.dominant(), SourceId());
  talk.Run(3000, -1, 25);
  EXPECT_EQ(talk.speaker.dominant(), kB);
}

TEST(ActiveSpeaker, SleepsWhenNobodySends) {
  Talk talk;
  talk.Run(1000, 25, 127);
  for (int i = 0; i < 20 && talk.speaker.NextDeadline() != kNever; ++i) {
    (void)talk.speaker.HandleTimeout(talk.speaker.NextDeadline());
  }
  EXPECT_EQ(talk.speaker.NextDeadline(), kNever);
  talk.now = talk.now + seconds(10);
  talk.Run(40, 25, 127);
  EXPECT_NE(talk.speaker.NextDeadline(), kNever);
}

}  // namespace
}  // namespace rtp
