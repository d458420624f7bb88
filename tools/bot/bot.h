// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signaling/xmpp_stream.h"
#include "tools/bot/bot_offer.h"
#include "tools/bot/participant.h"

namespace bot {

// A Jingle client: logs in, calls the room, sends and receives, comes back
// where it was cut off. Sans-IO: bytes of its XMPP connection are handed in and
// out.
class Bot : public Participant, private signaling::XmppStreamHandler {
 public:
  struct Config {
    Participant::Config base;
    signaling::XmppStream::Config login;
    signaling::Jid room;                // to call
    std::string password;               // of the room
    std::optional<signaling::Jid> muc;  // to enter by its name as well
    Profile profile = Profile::kSlots;
    size_t audio_slots = 3;
    size_t video_slots = 9;
    // Lines that it wants at most, of each video slot; empty: it asks nothing.
    std::vector<uint32_t> max_heights;
    // Comes back by itself when its connection or its session ends.
    bool reconnect = false;
    // Not zero: all that have the same send by the same SSRCs.
    uint32_t ssrc_seed = 0;
    // Signals another certificate's fingerprint.
    bool wrong_fingerprint = false;
  };
  // Its connection to the XMPP server.
  class XmppSink {
   public:
    virtual ~XmppSink() = default;
    // Connects. What comes of it is told by HandleXmppOpen() or
    // HandleXmppClosed(), not from within.
    virtual void OpenXmpp() = 0;
    virtual void SendXmpp(std::string_view bytes) = 0;
    // Nothing more is heard of the connection.
    virtual void CloseXmpp() = 0;
  };

  // All but `config` must outlive the bot.
  Bot(Config config, rtp::RandomSource& random,
      const ice::DtlsIdentity& identity,
      std::shared_ptr<const MediaSamples> samples, XmppSink& xmpp,
      MediaSockets& sockets);
  ~Bot() override;

  void HandleXmppOpen(rtp::Timestamp now);
  void HandleXmpp(rtp::Timestamp now, std::string_view bytes);
  void HandleXmppClosed(rtp::Timestamp now, const std::string& why);

  // Participant
  void Start(rtp::Timestamp now) override;
  void Leave(rtp::Timestamp now) override;
  rtp::Timestamp NextDeadline() const override;
  void HandleTimeout(rtp::Timestamp now) override;

  // Cuts its XMPP connection, and comes back with the same session after a
  // while.
  void DropXmpp(rtp::Timestamp now, rtp::TimeDelta back_after);
  void RestartIce(rtp::Timestamp now);
  // Publishes or withdraws a source, as a camera is switched.
  void SetMuted(rtp::Timestamp now, rtp::MediaKind kind, bool muted);
  // Whether the room told that it has not heard of who has that name.
  bool IsAway(const std::string& name) const;
  // Wants the pictures of whoever has that name first.
  void PinParticipant(rtp::Timestamp now, const std::string& name);

  const Config& config() const { return config_; }

 private:
  struct Session;

  // signaling::XmppStreamHandler
  void OnXmppWrite(std::string_view bytes) override;
  void OnXmppReady(const signaling::Jid& self) override;
  void OnXmppStanza(signaling::Stanza stanza) override;
  void OnXmppRejected(const signaling::RejectedStanza& stanza) override;
  void OnXmppClosed(const std::string& reason) override;

  // Participant
  void OnLegFailed(MediaSession& session) override;

  void Call();
  void OnCutOff(const std::string& why);
  // Fails, or calls again after a while.
  void Lose(const std::string& why);
  void HandleIq(const signaling::Iq& iq);
  void HandleAnswer(const signaling::Iq& iq);
  void HandleHeadline(const signaling::Message& message);
  void SendWishes();
  void HandleRoster(const signaling::Roster& roster);
  void HandleSlotMap(const signaling::SlotMap& map);
  std::string SendIq(signaling::IqPayload payload);
  void SendTerminate(const Session& session, const std::string& condition);

  void HandleJingle(Session& session, const signaling::JingleMessage& message);
  void HandleInitiate(const signaling::Iq& iq,
                      const signaling::JingleMessage& message);
  void HandleAccept(Session& session,
                    const signaling::SessionDescription& answer);
  void HandleTransportInfo(Session& session,
                           const signaling::SessionDescription& description);
  OfferedTransport TransportOf(const MediaSession& session) const;
  Session* FindSession(const signaling::Jid& peer, const std::string& sid);
  void End(Session& session);
  MediaSession::Config LegConfig() const;

  const Config config_;
  XmppSink& xmpp_sink_;
  signaling::XmppStream stream_;
  signaling::Jid self_;
  std::string resume_token_;
  std::string resuming_;  // the id of the IQ that asks for it
  std::string calling_;   // the id of the IQ that calls
  rtp::Timestamp reopen_at_ = rtp::kNever;
  rtp::Timestamp call_at_ = rtp::kNever;
  rtp::TimeDelta backoff_{};
  bool open_ = false;  // the connection is there, or on the way
  bool expects_drop_ = false;
  std::vector<std::unique_ptr<Session>> sessions_;  // the call itself first
  std::map<std::string, std::string> slots_;        // content, source
  std::map<std::string, signaling::RosterParticipant> roster_;  // by id
  std::vector<std::string> pins_;                               // source ids
  SourceIds sources_;
};

}  // namespace bot
