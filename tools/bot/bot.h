// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ice/certificate.h"
#include "ice/datagram_sink.h"
#include "ice/dtls_endpoint.h"
#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "rtp/twcc_recorder.h"
#include "signaling/xmpp_stream.h"
#include "tools/bot/ice_client.h"
#include "tools/bot/media_receiver.h"
#include "tools/bot/media_samples.h"
#include "tools/bot/media_sender.h"
#include "tools/bot/srtp_client.h"

namespace bot {

// What a bot offers.
inline constexpr uint8_t kOpusPayloadType = 111;
inline constexpr uint8_t kVp8PayloadType = 96;
inline constexpr uint8_t kVp8RtxPayloadType = 97;

// One participant: logs in, calls the room by Jingle, sends and receives, and
// remembers what happened. Sans-IO: bytes of its XMPP connection and datagrams
// of its socket are handed in and out.
class Bot : private signaling::XmppStreamHandler {
 public:
  struct Config {
    std::string name;
    std::string room;                   // local part
    std::string component;              // domain
    std::string domain;                 // where it logs in anonymously
    std::optional<signaling::Jid> muc;  // to enter by its name as well
    bool send_audio = true;
    bool send_video = true;
    size_t audio_slots = 3;
    size_t video_slots = 9;
    bool decode = false;
    // Of 1000 packets of media, how many are lost each way.
    uint32_t lose_permille = 0;
    // Sends what a server must drop, on leaving (bot_faults.cc).
    bool faults = false;
    // Signals another certificate's fingerprint.
    bool wrong_fingerprint = false;
    rtp::NtpClock ntp;
  };
  // What happened when; kNever where it has not.
  struct Times {
    rtp::Timestamp started = rtp::kNever;
    rtp::Timestamp logged_in = rtp::kNever;
    rtp::Timestamp accepted = rtp::kNever;
    rtp::Timestamp ice_connected = rtp::kNever;
    rtp::Timestamp dtls_connected = rtp::kNever;
    rtp::Timestamp first_picture = rtp::kNever;
    rtp::Timestamp first_sound = rtp::kNever;
  };
  // A source that began to fill a slot; empty: the slot became empty.
  struct SlotEvent {
    rtp::Timestamp at;
    std::string content;
    std::string source;
    std::string owner;
  };
  // Where bytes for the XMPP server go.
  class XmppSink {
   public:
    virtual ~XmppSink() = default;
    virtual void SendXmpp(std::string_view bytes) = 0;
  };

  // All but `config` must outlive the bot.
  Bot(Config config, rtp::RandomSource& random,
      const ice::Certificate& certificate,
      std::shared_ptr<const MediaSamples> samples, XmppSink& xmpp,
      ice::DatagramSink& media);
  ~Bot() override;

  // Its XMPP connection is there: logs in and joins.
  void Start(rtp::Timestamp now);
  void HandleXmpp(rtp::Timestamp now, std::string_view bytes);
  void HandleXmppClosed(rtp::Timestamp now);
  void HandleDatagram(rtp::Timestamp now, const ice::SocketAddress& from,
                      std::span<const uint8_t> datagram);
  // How loud its microphone is (RFC 6464: 0 loudest, 127 silence).
  void SetAudioLevel(uint8_t level);
  void Leave(rtp::Timestamp now);

  rtp::Timestamp NextDeadline() const;
  void HandleTimeout(rtp::Timestamp now);

  const Config& config() const { return config_; }
  const Times& times() const { return times_; }
  const std::vector<SlotEvent>& slot_events() const { return slot_events_; }
  const std::vector<std::unique_ptr<MediaReceiver>>& receivers() const {
    return receivers_;
  }
  const std::string& participant() const { return participant_; }
  const std::string& dominant() const { return dominant_; }
  // Why it is of no use any more; empty while it is.
  const std::string& failure() const { return failure_; }
  uint64_t packets_sent() const;
  // Of the datagrams that came, how many libsrtp2 did not accept.
  uint64_t unauthentic() const { return unauthentic_; }

 private:
  // signaling::XmppStreamHandler
  void OnXmppWrite(std::string_view bytes) override;
  void OnXmppReady(const signaling::Jid& self) override;
  void OnXmppStanza(signaling::Stanza stanza) override;
  void OnXmppRejected(const signaling::RejectedStanza& stanza) override;
  void OnXmppClosed(const std::string& reason) override;

  signaling::JingleMessage BuildOffer() const;
  void HandleJingle(const signaling::JingleMessage& message);
  void HandleAccept(const signaling::SessionDescription& answer);
  void HandleHeadline(const signaling::Message& message);
  void SendIq(signaling::IqPayload payload);
  void Fail(std::string why);

  void AfterDtls(rtp::Timestamp now);
  void StartMedia(rtp::Timestamp now);
  void SendPlainRtp(std::span<const uint8_t> packet);
  void SendPlainRtcp(std::span<const uint8_t> compound);
  void HandleRtp(rtp::Timestamp now, std::span<const uint8_t> datagram);
  void HandleRtcp(rtp::Timestamp now, std::span<const uint8_t> datagram);
  bool IsLost();
  void SendFaultBeforeKeys();
  void SendFaults();
  void SendReports(rtp::Timestamp now);
  void SendFeedback(rtp::Timestamp now);

  const Config config_;
  rtp::RandomSource& random_;
  const ice::Certificate& certificate_;
  const std::shared_ptr<const MediaSamples> samples_;
  XmppSink& xmpp_sink_;
  ice::DatagramSink& media_sink_;

  rtp::Timestamp now_;  // of the call under way
  signaling::XmppStream stream_;
  signaling::Jid self_;
  signaling::Jid room_;
  std::string sid_;
  Times times_;
  std::string failure_;
  std::string participant_;
  std::string dominant_;
  std::vector<SlotEvent> slot_events_;
  std::map<std::string, std::string> slots_;  // content, source

  IceClient ice_;
  std::unique_ptr<ice::DtlsEndpoint> dtls_;
  std::unique_ptr<SrtpClient> srtp_;
  std::unique_ptr<MediaSender> audio_;
  std::unique_ptr<MediaSender> video_;
  std::vector<std::unique_ptr<MediaReceiver>> receivers_;
  rtp::Ssrc audio_ssrc_;
  rtp::Ssrc video_ssrc_;
  rtp::Ssrc rtx_ssrc_;
  uint8_t audio_level_ = 127;
  uint16_t transport_seq_ = 1;
  rtp::ExtensionIds extensions_;
  rtp::TwccRecorder twcc_;
  rtp::Timestamp next_report_ = rtp::kNever;
  rtp::Timestamp next_feedback_ = rtp::kNever;
  uint64_t unauthentic_ = 0;
  // The newest packet of each stream, plain, where faults are made of them.
  std::map<rtp::Ssrc, std::vector<uint8_t>> last_sent_;
};

}  // namespace bot
