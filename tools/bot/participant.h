// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ice/dtls_association.h"
#include "ice/socket_address.h"
#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "tools/bot/bot_offer.h"
#include "tools/bot/figures.h"
#include "tools/bot/impairment.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/media_session.h"
#include "tools/bot/media_sockets.h"
#include "tools/bot/scenario.h"

namespace bot {

// One client of a conference, whatever its signalling: its media sessions, each
// on a socket of its own, what is done to it from outside, what it measured.
// Sans-IO.
class Participant {
 public:
  struct Config {
    size_t index = 0;
    std::string name;
    std::string room;
    bool send_audio = true;
    bool send_video = true;
    MediaPlan media;
    rtp::NtpClock ntp;
    bool faults = false;  // sends what a server must drop, on leaving
    // Where the numbers of what it sends begin.
    uint16_t first_seq = 1000;
    uint32_t timestamp_offset = 0;
    Impairment up;  // of its link, from it to the server
    Impairment down;
    uint64_t link_seed = 0;
  };

  // All but `config` must outlive the participant.
  Participant(Config config, rtp::RandomSource& random,
              const ice::DtlsIdentity& identity,
              std::shared_ptr<const MediaSamples> samples,
              MediaSockets& sockets);
  virtual ~Participant();
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  virtual void Start(rtp::Timestamp now) = 0;
  virtual void Leave(rtp::Timestamp now) = 0;

  // What came on socket number `socket`.
  void HandleDatagram(rtp::Timestamp now, size_t socket,
                      const ice::SocketAddress& from,
                      std::span<const uint8_t> datagram);
  virtual rtp::Timestamp NextDeadline() const;
  virtual void HandleTimeout(rtp::Timestamp now);

  void SetLink(rtp::Timestamp now, Direction direction,
               const Impairment& impairment);
  // How loud its microphone is (RFC 6464: 0 loudest, 127 silence).
  void SetAudioLevel(uint8_t level);
  // All its sockets get other local ports.
  void RebindNat(rtp::Timestamp now);
  // Says nothing more and hears nothing, without a goodbye.
  void DieSilently() { dead_ = true; }
  // Stops and resumes what it sends of one kind.
  void SetPaused(rtp::MediaKind kind, bool paused);

  const Config& base_config() const { return config_; }
  BotState state() const;
  // Why it is of no use any more; empty while it is.
  const std::string& failure() const { return failure_; }
  // A link of `kbps` towards it for a while; then the one that it had.
  void SlowDown(rtp::Timestamp now, uint32_t kbps, rtp::TimeDelta length);
  void AskForKeyFrames(rtp::Timestamp now);
  // Brings what it measured up to now.
  void Settle(rtp::Timestamp now);
  // Of all that came since it was last called.
  Distribution TakeLatencies();
  // What it measured so far, as of the last Settle().
  BotFigures Figures(rtp::Timestamp run_began) const;

 protected:
  // A session on a socket of its own. Lives until CloseLeg() or the end.
  struct Leg;
  // What was signalled together: its media, by transport, and on which
  // transport a content is.
  struct Transports {
    std::vector<MediaSession*> legs;
    std::map<std::string, size_t> contents;
  };
  // Adds what it sends, on the contents "audio0" and "video0".
  void AddSenders(const Transports& session, const SourceIds& sources);
  // Adds receivers of what the peer sends by `description`, and connects; fails
  // where that cannot be.
  void ConnectLegs(const Transports& session,
                   const signaling::SessionDescription& description,
                   bool peer_initiated);
  // How it sends sound or pictures, but for SSRCs and MID.
  MediaSender::Config SenderOf(rtp::MediaKind kind,
                               const OfferedCodec& offered) const;
  MediaSession& OpenLeg(MediaSession::Config config);
  void CloseLeg(const MediaSession& session);

  // A session came to an end by itself. May close it, or Fail().
  virtual void OnLegFailed(MediaSession& session) = 0;
  void Fail(std::string why);
  bool dead() const { return dead_; }
  // What the sender of sound is to put into its packets.
  std::optional<uint8_t> SenderLevel() const;
  const std::vector<std::unique_ptr<Leg>>& legs() const { return legs_; }

  const Config config_;
  rtp::RandomSource& random_;
  const ice::DtlsIdentity& identity_;
  const std::shared_ptr<const MediaSamples> samples_;
  rtp::Timestamp now_;  // of the call under way
  rtp::Timestamp started_ = rtp::kNever;
  rtp::Timestamp logged_in_ = rtp::kNever;
  rtp::Timestamp accepted_ = rtp::kNever;
  bool left_ = false;
  std::string participant_;  // its id in the room, where it was told
  struct SlotChange {
    rtp::Timestamp at;
    std::string content;
    std::string source;  // empty: nothing fills it now
    std::string owner;
  };
  std::vector<SlotChange> slot_changes_;
  uint8_t audio_level_ = 127;

 private:
  void CompareSoundAndPicture();
  MediaSession* SessionOn(size_t socket);
  // At the ends of the links.
  void Receive(const ImpairedLink::Route& route,
               std::span<const uint8_t> datagram);
  void Send(const ImpairedLink::Route& route,
            std::span<const uint8_t> datagram);

  MediaSockets& sockets_;
  std::vector<std::unique_ptr<Leg>> legs_;
  ImpairedLink up_;
  ImpairedLink down_;
  std::string failure_;
  bool dead_ = false;
  rtp::Timestamp slow_until_ = rtp::kNever;
  Impairment fast_;  // the link before it was slow
  // Sound and picture of one owner, compared each second.
  Distribution picture_late_;
  Distribution sound_late_;
};

}  // namespace bot
