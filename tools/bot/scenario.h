// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtp/base/codec.h"
#include "rtp/base/time.h"
#include "tools/bot/impairment.h"

namespace bot {

// What a run does, as docs/load-testing.md describes it: plain values, read
// from a file or made of flags. Ranges are those of the document; Check says
// what is out of them.

// How a bot calls the room.
enum class Profile : uint8_t {
  kSlots,          // one session, BUNDLE, slots (P1K)
  kPlain,          // one session without BUNDLE (P1)
  kAvConferences,  // one session for each source (P2)
};

enum class AudioKind : uint8_t { kTone, kSpeech, kSynthetic };
enum class Feedback : uint8_t { kTwcc, kRemb, kReceiverReports, kNone };

struct MediaPlan {
  AudioKind audio_kind = AudioKind::kTone;
  uint32_t audio_bytes = 80;  // of each packet's payload, where synthetic
  rtp::Codec video_codec = rtp::Codec::kVp8;
  uint32_t simulcast = 1;        // layers
  bool synthetic_video = false;  // sizes as asked, content of no meaning
  uint32_t video_kbps = 100;     // of all layers, where synthetic
  uint32_t video_fps = 15;       // where synthetic
  bool decode = false;           // of what comes
  uint32_t decrypt_one_in = 1;   // packets
  Feedback feedback = Feedback::kTwcc;
  bool congestion_control = true;  // of what the bot sends

  bool operator==(const MediaPlan&) const = default;
};

// Who talks when, in each room alike.
struct SpeakerPlan {
  enum class Kind : uint8_t { kNobody, kScript, kRandom };
  struct Turn {
    size_t bot = 0;  // in its room
    rtp::TimeDelta length{};
  };
  Kind kind = Kind::kNobody;
  std::vector<Turn> script;
  bool loop = true;
  // Of random talk. Each one talks for a while (exponential), and the next
  // one begins after a pause (exponential) or, by chance, before the end.
  rtp::TimeDelta mean_talk = std::chrono::seconds(8);
  rtp::TimeDelta mean_pause = std::chrono::milliseconds(500);
  double overlap = 0.1;  // share of turns that begin early
  double laugh = 0.05;   // share of turns after which all laugh, for 1.5 s
};

// What a bot wants to see.
struct LayoutPlan {
  enum class Kind : uint8_t {
    kNone,     // asks for nothing: what the server does by itself
    kSpeaker,  // one of 720 lines, the others 180
    k3x3,      // all of 360
    k4x4,      // all of 270
    k5x5,      // all of 180
    kRandom,   // each bot one of the four, by the seed
  };
  Kind kind = Kind::kNone;
  rtp::TimeDelta pin_every{};  // a random participant; zero: never
};

// How those that join do so.
struct JoinPlan {
  rtp::TimeDelta at{};     // of the first, since the run began
  double rate_per_s = 20;  // evenly
  bool storm = false;      // all at once
};

// Bots leave and others take their places.
struct ChurnPlan {
  rtp::TimeDelta mean_stay{};     // exponential; zero: nobody leaves
  rtp::TimeDelta rejoin_delay{};  // until the next one takes the place
};

// Rooms that are alike.
struct Group {
  size_t rooms = 1;
  std::string room_name = "bots-%d";  // %d: number of the room, from 0 on
  size_t bots = 1;                    // of each room
  size_t audio_senders = SIZE_MAX;    // the first so many; SIZE_MAX: all
  size_t video_senders = SIZE_MAX;
  Profile profile = Profile::kSlots;
  size_t audio_slots = 3;
  size_t video_slots = 9;
  bool receive_only = false;
  MediaPlan media;
  SpeakerPlan speakers;
  LayoutPlan layout;
  JoinPlan join;
  ChurnPlan churn;
};

enum class Direction : uint8_t { kUp, kDown, kBoth };  // up: bot to server

// Some of the bots.
struct Who {
  enum class Kind : uint8_t { kAll, kSeats, kShare };
  Kind kind = Kind::kAll;
  // First and last number, both inclusive. Numbers are those of places: who
  // joins for one who left has the number of that one.
  std::vector<std::pair<size_t, size_t>> seats;
  double share = 1;             // drawn by the seed each time
  std::string room;             // only of this one; empty: of all
  std::optional<size_t> group;  // only of this one
};

// Whose link is bad, and when.
struct ImpairmentRule {
  struct Step {
    rtp::TimeDelta at{};  // since the run began
    std::string profile;  // a key of Scenario::impairments, or "none"
  };
  Who who;
  Direction direction = Direction::kBoth;
  std::vector<Step> steps;  // by time
};

enum class EventKind : uint8_t {
  kSourceAdd,     // publishes what `media` says
  kSourceRemove,  // takes it back
  kMute,
  kUnmute,
  kIceRestart,
  kNatRebind,      // sends from another port from now on
  kXmppDrop,       // its connection is cut; resumed after `length`
  kSilentDeath,    // says and answers nothing any more
  kStopReceiving,  // does not read its socket for `length`
  kSlowReceiver,   // reads `kbps` for `length`
  kLeave,
  kJoin,          // those places that are empty are taken
  kPin,           // a random participant
  kKeyFrame,      // asks for key frames `per_s` for `length`
  kServerSignal,  // `signal` to the server under test
  kCommand,       // runs `command`
};

struct Event {
  EventKind kind = EventKind::kIceRestart;
  rtp::TimeDelta at{};     // of the first time, since the run began
  rtp::TimeDelta every{};  // again, until the end; zero: once
  Who who;                 // not of kServerSignal, kCommand
  bool audio = true;       // of sources and muting
  bool video = true;
  rtp::TimeDelta length{};
  uint32_t kbps = 0;
  double per_s = 1;
  std::string signal;  // TERM, KILL, STOP or CONT
  std::vector<std::string> command;
};

struct Scenario {
  std::string title = "carillon-bot";
  uint64_t seed = 1;
  // After the last of the first joins.
  rtp::TimeDelta duration = std::chrono::seconds(10);
  bool vanish = false;  // at the end, instead of leaving politely
  size_t threads = 0;   // 0: one for each processor
  std::vector<Group> groups;
  std::map<std::string, Impairment> impairments;
  std::vector<ImpairmentRule> impairment_rules;
  std::vector<Event> events;
  std::vector<std::string> requirements;  // as --require has them

  size_t bots() const;  // places
};

// Local part of a group's room, counted from 0 on.
std::string RoomName(const Group& group, size_t room);

// One room with one bot: what flags change.
Scenario DefaultScenario();

// A file's text (JSON, with // and /* */ comments). On errors nothing, and
// one line for each of them: where (`groups[0].bots`), what is wrong and what
// is allowed. What is read is checked, too.
std::optional<Scenario> ParseScenario(std::string_view text,
                                      std::vector<std::string>* errors);

// What is wrong with a scenario, one line each as above; empty: nothing.
std::vector<std::string> CheckScenario(const Scenario& scenario);

// Every key that a file may have, in the order of the document, such as
// `groups[].media.video.codec`.
std::vector<std::string> ScenarioKeys();

// Links that a scenario has without saying so, such as "loss-5"; one of the
// same name of its own is taken first.
const std::map<std::string, Impairment>& KnownImpairments();

}  // namespace bot
