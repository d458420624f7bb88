// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/participant.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace bot {

namespace {

// A socket's number in the place of an address: links only hand it back.
ice::SocketAddress SocketTag(size_t socket) {
  const std::array<uint8_t, 4> none{};
  return {none, static_cast<uint16_t>(socket)};
}

}  // namespace

struct Participant::Leg : public ice::DatagramSink {
  Leg(Participant& participant, MediaSession::Config config)
      : owner(participant),
        socket(participant.sockets_.Open()),
        session(std::move(config), participant.random_, participant.identity_,
                *this) {}
  ~Leg() override { owner.sockets_.Close(socket); }

  void SendDatagram(const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    if (owner.dead_) return;
    owner.up_.Push(
        owner.now_, {SocketTag(socket), to}, datagram,
        [this](const ImpairedLink::Route& route,
               std::span<const uint8_t> bytes) { owner.Send(route, bytes); });
  }

  Participant& owner;
  const size_t socket;
  MediaSession session;
};

Participant::Participant(Config config, rtp::RandomSource& random,
                         const ice::DtlsIdentity& identity,
                         std::shared_ptr<const MediaSamples> samples,
                         MediaSockets& sockets)
    : config_(std::move(config)),
      random_(random),
      identity_(identity),
      samples_(std::move(samples)),
      sockets_(sockets),
      up_(config_.link_seed),
      down_(config_.link_seed + 1) {
  up_.Set(now_, config_.up);
  down_.Set(now_, config_.down);
}

Participant::~Participant() = default;

MediaSession& Participant::OpenLeg(MediaSession::Config config) {
  legs_.push_back(std::make_unique<Leg>(*this, std::move(config)));
  return legs_.back()->session;
}

MediaSender::Config Participant::SenderOf(rtp::MediaKind kind,
                                          const OfferedCodec& offered) const {
  const MediaPlan& media = config_.media;
  MediaSender::Config sender;
  sender.codec = offered.codec;
  sender.payload_type = offered.payload_type;
  sender.rtx_payload_type = offered.rtx_payload_type;
  sender.extensions = OfferedExtensions();
  sender.ntp = config_.ntp;
  sender.first_seq = config_.first_seq;
  if (kind == rtp::MediaKind::kAudio) {
    sender.layers.resize(1);
    if (media.audio_kind == AudioKind::kSpeech) sender.sound = kSpeech;
    if (media.audio_kind == AudioKind::kSynthetic) {
      sender.layers[0].synthetic_bps = int64_t{media.audio_bytes} * 8 * 50;
    }
    sender.layers[0].timestamp_offset = config_.timestamp_offset;
    sender.audio_level = SenderLevel();
    return sender;
  }
  sender.layers.resize(media.simulcast);
  for (size_t i = 0; i < sender.layers.size(); ++i) {
    sender.layers[i].variant = static_cast<uint8_t>(i);
    sender.layers[i].timestamp_offset = config_.timestamp_offset;
    if (!media.synthetic_video) continue;
    // Each layer has three times the rate of the one before.
    constexpr std::array<int64_t, 3> kSums = {1, 4, 13};
    constexpr std::array<int64_t, 3> kParts = {1, 3, 9};
    sender.layers[i].synthetic_bps = int64_t{media.video_kbps} * 1000 *
                                     kParts[i] / kSums[media.simulcast - 1];
  }
  sender.synthetic_fps = static_cast<int>(media.video_fps);
  return sender;
}

void Participant::CloseLeg(const MediaSession& session) {
  std::erase_if(legs_,
                [&](const auto& leg) { return &leg->session == &session; });
}

void Participant::Fail(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
}

void Participant::SetLink(rtp::Timestamp now, Direction direction,
                          const Impairment& impairment) {
  now_ = now;
  if (direction != Direction::kDown) up_.Set(now, impairment);
  if (direction != Direction::kUp) down_.Set(now, impairment);
}

MediaSession* Participant::SessionOn(size_t socket) {
  for (const auto& leg : legs_) {
    if (leg->socket == socket) return &leg->session;
  }
  return nullptr;
}

void Participant::HandleDatagram(rtp::Timestamp now, size_t socket,
                                 const ice::SocketAddress& from,
                                 std::span<const uint8_t> datagram) {
  now_ = now;
  if (dead_ || !failure_.empty()) return;
  down_.Push(now, {from, SocketTag(socket)}, datagram,
             [this](const ImpairedLink::Route& route,
                    std::span<const uint8_t> bytes) { Receive(route, bytes); });
}

void Participant::Receive(const ImpairedLink::Route& route,
                          std::span<const uint8_t> datagram) {
  if (!failure_.empty()) return;
  MediaSession* session = SessionOn(route.to.port());
  if (session == nullptr) return;
  session->HandleDatagram(now_, route.from, datagram);
  if (!session->failure().empty()) OnLegFailed(*session);
}

void Participant::Send(const ImpairedLink::Route& route,
                       std::span<const uint8_t> datagram) {
  if (SessionOn(route.from.port()) == nullptr) return;  // closed since
  sockets_.SendDatagram(route.from.port(), route.to, datagram);
}

rtp::Timestamp Participant::NextDeadline() const {
  if (dead_ || !failure_.empty()) return rtp::kNever;
  rtp::Timestamp deadline =
      std::min({up_.NextDeadline(), down_.NextDeadline(), slow_until_});
  for (const auto& leg : legs_) {
    deadline = std::min(deadline, leg->session.NextDeadline());
  }
  return deadline;
}

void Participant::HandleTimeout(rtp::Timestamp now) {
  now_ = now;
  if (dead_ || !failure_.empty()) return;
  if (now >= slow_until_) {
    slow_until_ = rtp::kNever;
    down_.Set(now, fast_);
  }
  up_.PopDue(now,
             [this](const ImpairedLink::Route& route,
                    std::span<const uint8_t> bytes) { Send(route, bytes); });
  down_.PopDue(
      now, [this](const ImpairedLink::Route& route,
                  std::span<const uint8_t> bytes) { Receive(route, bytes); });
  // By number: a failed one may be closed under way.
  for (size_t i = 0; i < legs_.size(); ++i) {
    MediaSession& session = legs_[i]->session;
    if (now < session.NextDeadline()) continue;
    session.HandleTimeout(now);
    if (!session.failure().empty()) OnLegFailed(session);
    if (!failure_.empty()) return;
  }
}

void Participant::SetAudioLevel(uint8_t level) {
  audio_level_ = level;
  for (const auto& leg : legs_) {
    for (const auto& sender : leg->session.senders()) {
      if (sender->kind() == rtp::MediaKind::kAudio) {
        sender->SetAudioLevel(SenderLevel());
      }
    }
  }
}

// Speech has levels of its own while it is to be heard.
std::optional<uint8_t> Participant::SenderLevel() const {
  if (config_.media.audio_kind == AudioKind::kSpeech && audio_level_ < 127) {
    return std::nullopt;
  }
  return audio_level_;
}

void Participant::RebindNat(rtp::Timestamp now) {
  now_ = now;
  for (const auto& leg : legs_) {
    sockets_.Rebind(leg->socket);
    leg->session.AfterRebind(now);
  }
}

void Participant::SetPaused(rtp::MediaKind kind, bool paused) {
  for (const auto& leg : legs_) {
    for (const auto& sender : leg->session.senders()) {
      if (sender->kind() == kind) sender->SetPaused(now_, paused);
    }
  }
}

void Participant::SlowDown(rtp::Timestamp now, uint32_t kbps,
                           rtp::TimeDelta length) {
  now_ = now;
  if (slow_until_ == rtp::kNever) fast_ = down_.impairment();
  slow_until_ = now + length;
  Impairment slow = fast_;
  slow.rate_bps = uint64_t{kbps} * 1000;
  down_.Set(now, slow);
}

void Participant::AskForKeyFrames(rtp::Timestamp now) {
  now_ = now;
  if (dead_ || !failure_.empty()) return;
  for (const auto& leg : legs_) leg->session.AskForKeyFrames();
}

void Participant::Settle(rtp::Timestamp now) {
  now_ = now;
  for (const auto& leg : legs_) leg->session.Settle(now);
  CompareSoundAndPicture();
}

// By how long what came lately had been on its way.
void Participant::CompareSoundAndPicture() {
  static constexpr rtp::TimeDelta kLately = std::chrono::seconds(1);
  std::map<std::string, rtp::TimeDelta> sounds;
  const auto each = [this](rtp::MediaKind kind, auto&& take) {
    for (const auto& leg : legs_) {
      for (const auto& receiver : leg->session.receivers()) {
        const auto latency = receiver->last_latency();
        const std::string& owner = receiver->figures().owner;
        if (receiver->config().kind == kind && latency && !owner.empty() &&
            now_ - latency->at < kLately) {
          take(owner, latency->value);
        }
      }
    }
  };
  each(rtp::MediaKind::kAudio,
       [&](const std::string& owner, rtp::TimeDelta late) {
         sounds[owner] = late;
       });
  each(rtp::MediaKind::kVideo,
       [&](const std::string& owner, rtp::TimeDelta late) {
         const auto sound = sounds.find(owner);
         if (sound == sounds.end()) return;
         picture_late_.Add(late - sound->second);
         sound_late_.Add(sound->second - late);
       });
}

Distribution Participant::TakeLatencies() {
  Distribution all;
  for (const auto& leg : legs_) {
    for (const auto& receiver : leg->session.receivers()) {
      all.Merge(receiver->TakeLatencies());
    }
  }
  return all;
}

BotFigures Participant::Figures(rtp::Timestamp run_began) const {
  BotFigures figures;
  figures.index = config_.index;
  figures.name = config_.name;
  figures.room = config_.room;
  figures.participant = participant_;
  figures.state = state();
  figures.failure = left_ ? "" : failure_;
  const auto since = [](rtp::Timestamp from, rtp::Timestamp at) {
    return at == rtp::kNever ? rtp::TimeDelta(-1) : at - from;
  };
  figures.started = since(run_began, started_);
  figures.logged_in = since(started_, logged_in_);
  figures.accepted = since(started_, accepted_);
  rtp::Timestamp picture = rtp::kNever;
  rtp::Timestamp sound = rtp::kNever;
  for (const auto& leg : legs_) {
    const MediaSession& session = leg->session;
    if (figures.ice_connected.count() < 0) {
      figures.ice_connected = since(started_, session.times().ice_connected);
      figures.connected = since(started_, session.times().dtls_connected);
    }
    picture = std::min(picture, session.times().first_picture);
    sound = std::min(sound, session.times().first_sound);
    const MediaSession::Traffic& traffic = session.traffic();
    figures.packets_sent += traffic.packets_sent;
    figures.bytes_sent += traffic.bytes_sent;
    figures.packets_received += traffic.packets_received;
    figures.bytes_received += traffic.bytes_received;
    figures.unauthentic += traffic.unauthentic;
    for (const auto& sender : session.senders()) {
      figures.nacked += sender->counts().nacked;
      figures.key_frame_requests += sender->counts().key_frame_requests;
    }
    for (const auto& receiver : session.receivers()) {
      figures.streams.push_back(receiver->figures());
    }
    figures.target_bps += session.target_bps();
    if (figures.rtt.count() == 0) figures.rtt = session.rtt();
  }
  figures.first_picture = since(started_, picture);
  figures.first_sound = since(started_, sound);
  figures.picture_late = picture_late_;
  figures.sound_late = sound_late_;
  for (const SlotChange& change : slot_changes_) {
    figures.slot_events.push_back(
        {change.at - run_began, change.content, change.source, change.owner});
  }
  return figures;
}

BotState Participant::state() const {
  if (left_) return BotState::kLeft;
  if (!failure_.empty()) return BotState::kFailed;
  if (started_ == rtp::kNever) return BotState::kWaiting;
  return !legs_.empty() && legs_.front()->session.connected()
             ? BotState::kJoined
             : BotState::kJoining;
}

}  // namespace bot
