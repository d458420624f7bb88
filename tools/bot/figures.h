// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/time.h"
#include "tools/bot/distribution.h"

namespace bot {

// What a run measured, as plain values: the media fills it in, the reports
// read it. Times are since the run began unless said otherwise.

// One stream that a bot receives (a slot), since the bot joined.
struct StreamFigures {
  std::string content;  // Jingle content name or MID
  std::string owner;    // participant whose source fills it now; empty: none
  rtp::MediaKind kind = rtp::MediaKind::kAudio;
  rtp::Codec codec = rtp::Codec::kOpus;

  uint64_t packets = 0;    // that came, first sendings: none recovered
  uint64_t bytes = 0;      // of all that came, from the RTP header on
  uint64_t lost = 0;       // never came, retransmission or not
  uint64_t recovered = 0;  // came by retransmission only
  uint64_t duplicates = 0;
  uint64_t reordered = 0;
  uint64_t unauthentic = 0;
  rtp::TimeDelta jitter{};  // RFC 3550 s6.4.1
  Distribution latency;     // from the sender's stamp to the arrival here

  uint64_t frames = 0;  // that can be shown; of audio: packets
  uint64_t key_frames = 0;
  uint64_t decode_errors = 0;
  uint64_t backward_timestamps = 0;
  uint64_t layer_switches = 0;  // spatial layer or simulcast layer
  uint32_t height = 0;          // pixels, of the newest key frame; 0: unknown

  // Video. A freeze: a time between two frames of more than three mean ones,
  // and 150 ms more than one.
  uint64_t freezes = 0;
  rtp::TimeDelta frozen{};       // sum of them
  rtp::TimeDelta watched{};      // how long something was to be seen or heard
  rtp::TimeDelta longest_gap{};  // between frames, or packets of audio
  // From the moment that a picture cannot go on without a key frame, until it
  // goes on.
  Distribution key_frame_wait;

  // Audio: silences of more than 60 ms while its source sends, and their sum.
  uint64_t audio_gaps = 0;
  rtp::TimeDelta audio_gap_time{};
};

// A source that began to fill a slot; empty: the slot became empty.
struct SlotEvent {
  rtp::TimeDelta at{};  // since the run began
  std::string content;
  std::string source;
  std::string owner;
};

enum class BotState : uint8_t { kWaiting, kJoining, kJoined, kLeft, kFailed };

// One bot.
struct BotFigures {
  size_t index = 0;
  std::string name;
  std::string room;
  std::string participant;  // its identifier in the room; empty: none yet
  BotState state = BotState::kWaiting;
  std::string failure;         // why kFailed
  rtp::TimeDelta started{-1};  // since the run began; below zero: not yet
  // Since it began to join; below zero: not yet.
  rtp::TimeDelta logged_in{-1};
  rtp::TimeDelta accepted{-1};
  rtp::TimeDelta ice_connected{-1};
  rtp::TimeDelta connected{-1};  // ICE and DTLS
  rtp::TimeDelta first_picture{-1};
  rtp::TimeDelta first_sound{-1};
  uint64_t packets_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t packets_received = 0;
  uint64_t bytes_received = 0;
  uint64_t unauthentic = 0;         // datagrams, of known streams or not
  uint64_t nacked = 0;              // packets that it was asked for again
  uint64_t key_frame_requests = 0;  // that it was asked for
  double target_bps = 0;            // of its congestion control; 0: none
  rtp::TimeDelta rtt{};             // by RTCP; zero: unknown
  // Between sound and picture of the same participant: how much later the
  // picture is.
  Distribution picture_late;
  Distribution sound_late;
  std::vector<StreamFigures> streams;
  std::vector<SlotEvent> slot_events;
};

// All bots over one second.
struct Second {
  double at = 0;  // seconds since the run began, of its end
  size_t joining = 0;
  size_t joined = 0;
  size_t failed = 0;
  size_t streams = 0;  // that something came on
  double sent_bps = 0;
  double received_bps = 0;
  double sent_pps = 0;
  double received_pps = 0;
  double loss_ratio = 0;  // 0 to 1
  double latency_p50_ms = 0;
  double latency_p99_ms = 0;
  double latency_max_ms = 0;
  uint64_t freezes = 0;     // that began or ended in it
  double frozen_ratio = 0;  // of the time of all video streams; 0 to 1
  double audio_gap_ratio = 0;
  double cpu = 0;    // processors that the bots took
  uint64_t rss = 0;  // bytes, of the bots' process
};

// Something that was done to the run: a bot left, a link got worse.
struct Mark {
  double at = 0;  // seconds since the run began
  std::string text;
};

// From now on this bot speaks, and nobody else.
struct SpeakerMark {
  rtp::TimeDelta at{};  // since the run began
  size_t bot = 0;       // index
};

struct RunFigures {
  std::string title;   // of the scenario
  std::string server;  // for people
  uint64_t seed = 0;
  double duration = 0;          // seconds, so far
  double planned_duration = 0;  // seconds; 0: until it is stopped
  size_t planned_bots = 0;
  std::vector<BotFigures> bots;
  // Bots that joined afterwards, one after the other, to see how long their
  // first picture takes; not among `bots`, nor in what is summed over them.
  std::vector<BotFigures> late_joiners;
  std::vector<SpeakerMark> speakers;
  std::vector<Second> seconds;
  std::vector<Mark> marks;
  std::vector<std::string> errors;  // why the run ended early, and such
  double memory_per_bot = 0;        // bytes; 0: unknown
};

}  // namespace bot
