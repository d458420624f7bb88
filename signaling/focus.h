// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "signaling/focus_stats.h"
#include "signaling/iq_tracker.h"
#include "signaling/media_control.h"
#include "signaling/room.h"
#include "signaling/room_commands.h"
#include "signaling/room_policy.h"
#include "signaling/stanza.h"
#include "signaling/token_bucket.h"
#include "signaling/xmpp_guard.h"

namespace signaling {

// The focus of all rooms of a component: whoever calls `room@domain` by Jingle
// is in the room. Answers discovery, presence and pings for each room's JID,
// keeps the sessions, tells who is there (docs/room-protocol.md). Sans-IO;
// thread-compatible (the control thread).
//
// The XMPP link may go away and come back: media goes on, and who is still
// there is asked anew.
class Focus : public MediaObserver {
 public:
  // The resource under which a room is present.
  static constexpr std::string_view kFocusResource = "focus";

  struct Config {
    std::string domain;  // the component's
    // Hosts whose users have no names of their own (anonymous login).
    std::vector<std::string> guest_domains;
    size_t max_participants_per_room = 100;
    size_t max_rooms = 1000;
    // Clients with group calls (XEP-0272) get one; experimental.
    bool muji_facade = false;
    // The MUC that each room is tied to: none if empty; "auto" for the room's
    // name at `muc_domain`; or one JID.
    std::string paired_muc;
    std::string muc_domain;
    ServerPolicy policy;
  };

  // All must outlive the focus.
  Focus(Config config, rtp::RandomSource& random, MediaControl& media,
        StanzaSink& sink);
  ~Focus() override;

  void HandleStanza(rtp::Timestamp now, const Stanza& stanza);
  // A stanza that the guard kept back: a request gets an error.
  void HandleRejected(rtp::Timestamp now, const RejectedStanza& stanza);
  void OnXmppUp(rtp::Timestamp now);
  void OnXmppDown(rtp::Timestamp now);
  // The server will go away: from now on only those who are here may call.
  void Drain() { draining_ = true; }
  // Ends all sessions: the server goes away.
  void Shutdown(rtp::Timestamp now);

  rtp::Timestamp NextDeadline() const;
  void HandleTimeout(rtp::Timestamp now);

  size_t rooms() const { return rooms_.size(); }
  size_t participants() const { return by_peer_.size(); }

  // For those who tell the operator; by name.
  using Rooms = std::map<std::string, std::unique_ptr<Room>>;
  const Rooms& all_rooms() const { return rooms_; }
  const FocusStats& stats() const { return stats_; }

  // MediaObserver
  void OnPeerConnected(rtp::Timestamp now, rtp::PeerId peer) override;
  void OnPeerFailed(rtp::Timestamp now, rtp::PeerId peer,
                    PeerFailure why) override;
  void OnPeerSilent(rtp::Timestamp now, rtp::PeerId peer, bool silent) override;
  void OnSlotsChanged(rtp::Timestamp now, rtp::PeerId peer,
                      const std::vector<SlotFill>& slots) override;
  void OnSpeakersChanged(rtp::Timestamp now, rtp::ConferenceId conference,
                         rtp::SourceId dominant,
                         const std::vector<rtp::SourceId>& speaking) override;

 private:
  // What an IQ of ours was about.
  struct Asked {
    rtp::PeerId peer;
    Jid jid;
    JingleAction action = JingleAction::kSessionInfo;
    rtp::PeerId downlink;   // not of the session itself, but of this one
    bool features = false;  // what the client can do
  };
  struct Located {
    Room* room = nullptr;
    Participant* participant = nullptr;
    explicit operator bool() const { return participant != nullptr; }
  };
  struct Limits {
    TokenBucket stanzas{20, 50};
    int joins = 0;  // in the minute that began then
    rtp::Timestamp minute;
  };
  struct Announced {  // presence from somebody who has not joined (yet)
    std::string nick;
    rtp::Timestamp expires;
  };

  // Stanzas (focus.cc)
  void HandleIq(rtp::Timestamp now, const Iq& iq);
  void HandleAnswer(rtp::Timestamp now, const Iq& iq);
  void HandlePresence(rtp::Timestamp now, const Presence& presence);
  void HandleGet(const Iq& iq);
  void HandleRoomRequest(rtp::Timestamp now, const Iq& iq);
  void HandleReceive(rtp::Timestamp now, const Iq& iq, Located at,
                     const Receive& receive);
  void ApplyWishes(rtp::Timestamp now, Located at);
  void HandlePublish(rtp::Timestamp now, const Iq& iq, Located at,
                     const Publish& publish);
  void HandleResume(rtp::Timestamp now, const Iq& iq, const Resume& resume);
  // Somebody at that address is there after all.
  void OnHeardFrom(rtp::Timestamp now, const Jid& room, const Jid& from);
  // Whether the room is one that `who` could enter, if perhaps not now
  // (jingle.md s6.2): others need not see it.
  bool MayWatch(rtp::Timestamp now, const Jid& room, const Jid& who);
  void AnnounceRoom(const Jid& room, const Jid& to);
  bool Admit(rtp::Timestamp now, const Jid& from);
  void Reply(const Iq& iq, IqPayload payload = Unknown());
  void ReplyError(const Iq& iq, StanzaError error);

  // Sessions (focus_sessions.cc)
  void HandleJingle(rtp::Timestamp now, const Iq& iq,
                    const JingleMessage& message);
  void HandleInitiate(rtp::Timestamp now, const Iq& iq,
                      const JingleMessage& message);
  bool IsTrickle(const Iq& iq);
  // Why `from` cannot come into the room, if so; changes nothing. `password`
  // is what it gave, empty for none.
  std::optional<StanzaError> WhyNot(rtp::Timestamp now, const Jid& from,
                                    const std::string& room,
                                    std::string_view password = {});
  std::optional<Refusal> WhyRefused(rtp::Timestamp now, const Jid& from,
                                    const std::string& name,
                                    std::string_view password);
  // Counts a call, with a password or not, that came to that; false if there
  // were too many.
  bool TakeTry(rtp::Timestamp now, const Jid& from, bool password,
               std::optional<Refusal> refusal);
  bool MayJoin(rtp::Timestamp now, const Iq& iq, const JingleMessage& message,
               const Room* room);
  void Deliver(rtp::Timestamp now, Located at, SessionOutbox& out);
  void SendRequests(rtp::Timestamp now, const Participant& participant,
                    const std::vector<JingleMessage>& requests,
                    const Downlink* downlink = nullptr);
  void Ping(rtp::Timestamp now, const Participant& participant);
  void End(rtp::Timestamp now, Located at, std::string condition,
           std::string text = {});
  void Remove(rtp::Timestamp now, Located at);
  void SetRights(rtp::Timestamp now, Located at, const Rights& rights);
  void OnAddressGone(rtp::Timestamp now, Located at, rtp::TimeDelta grace);

  // One session for each of the others (focus_downlinks.cc)
  void AskFeatures(rtp::Timestamp now, Located at);
  void OnFeatures(rtp::Timestamp now, Located at, const DiscoInfo& info);
  // Begins what is missing, one at a time, and ends what is over.
  void SyncDownlinks(rtp::Timestamp now, Room& room);
  void SyncDownlinks(rtp::Timestamp now, Located at);
  void BeginDownlink(rtp::Timestamp now, Located at, const Participant& owner,
                     std::vector<OutgoingSession::Shown> shown);
  // The session `sid` between our address and the client's, if there is one.
  std::pair<Located, Downlink*> FindDownlink(const Jid& local, const Jid& jid,
                                             const std::string& sid);
  static Downlink* FindDownlink(Participant& of, rtp::PeerId peer);
  void HandleDownlink(rtp::Timestamp now, const Iq& iq, Located at,
                      Downlink& downlink, const JingleMessage& message);
  void EndDownlink(rtp::Timestamp now, Participant& of, Downlink& downlink,
                   JingleReason reason);
  // Forgets a session that is over.
  void DropDownlink(Participant& of, Downlink& downlink);
  void EndDownlinks(rtp::Timestamp now, Participant& of);
  void OnDownlinkRefused(rtp::Timestamp now, Located at, rtp::PeerId peer,
                         const StanzaError& error);
  void OnDownlinkFailed(rtp::Timestamp now, Located at, rtp::PeerId peer);

  // Group calls (focus_muji.cc)
  void InviteToGroupCall(Located at);
  // Whether it was for the MUC of a group call.
  bool HandleMujiPresence(rtp::Timestamp now, const Presence& presence);
  // In whose name a participant of the room calls those in group calls.
  Jid OccupantJid(const Participant& owner) const;

  // Announced calls (focus_calls.cc)
  void HandleCallMessage(rtp::Timestamp now, const Message& message,
                         const CallMessage& call);
  void HandlePropose(rtp::Timestamp now, const Message& message,
                     const CallMessage& call);
  // Whether the call `sid` was announced.
  bool TakeProposal(const Jid& from, const std::string& sid);
  void SendCall(const Jid& from, const Jid& to, CallMessage call);

  // Commands of moderators (focus_commands.cc)
  RoomCommands::Asker AskerOf(const Room& room, const Jid& from) const;
  DiscoItems CommandsFor(const Jid& to, const Jid& from);
  void HandleCommand(rtp::Timestamp now, const Iq& iq, const Command& command);
  void Apply(rtp::Timestamp now, const std::string& name,
             const RoomOrder& order);
  void KickOne(rtp::Timestamp now, const std::string& name,
               const std::string& id, const Kick& kick);
  // Who is muted and comes back is still muted.
  void RememberDenied(Room& room, const Participant& participant);

  // What rooms are told (focus_rooms.cc)
  // Everything to somebody who is new, or back; and the others of him.
  void TellAll(rtp::Timestamp now, Located at);
  void TellChanged(rtp::Timestamp now, Located at);
  void TellRoster(rtp::Timestamp now, Room& room);
  void SendRoster(Room& room, Participant& to);
  void SendSlots(Room& room, Participant& to);
  void SendSpeakers(const Room& room, const Participant& to);
  void TellSpeakers(rtp::Timestamp now, Room& room);
  void SendHeadline(const Participant& to, MessagePayload payload);
  std::string NameFor(const Jid& jid, rtp::Timestamp now);
  std::string NewParticipantId(const Room& room);

  // Forgotten things are looked for, by then.
  void SweepBy(rtp::Timestamp now);
  // The paired MUC (focus_muc.cc)
  void TieMuc(Room& room);
  void UntieMuc(Room& room);
  // Whether that was all about `stanza`.
  bool HandleMuc(rtp::Timestamp now, const Stanza& stanza);
  // Does what the MUC says. The room may be over after it.
  void ApplyMuc(rtp::Timestamp now, Room& room);
  void ShowInMuc(rtp::Timestamp now, Room& room);
  static void ApplyStanding(const Room& room, Participant& participant);
  // Computes the rights anew, when a part of them has changed.
  void UpdateRights(rtp::Timestamp now, Located at);

  Room* FindRoom(const std::string& name);
  Located FindByJid(const Jid& room, const Jid& jid);
  Located FindByPeer(rtp::PeerId peer);

  const Config config_;
  rtp::RandomSource& random_;
  MediaControl& media_;
  StanzaSink& sink_;
  bool up_ = false;
  bool draining_ = false;
  Rooms rooms_;
  FocusStats stats_;
  std::unordered_map<rtp::PeerId, Located> by_peer_;
  std::unordered_map<rtp::PeerId, Located> by_downlink_;
  std::map<std::string, Located> facades_;  // by local part of their JID
  IqTracker<Asked> asked_;
  RoomCommands commands_;
  std::map<Jid, Limits> limits_;
  // Calls that were announced, by caller and sid, until when.
  std::map<std::pair<Jid, std::string>, rtp::Timestamp> proposals_;
  std::map<Jid, Announced> announced_;        // by full JID
  std::map<Jid, std::vector<Jid>> outcasts_;  // of MUCs of former rooms
  rtp::Timestamp next_sweep_ = rtp::kNever;
  uint64_t next_conference_ = 1;
  uint64_t next_source_ = 1;
  uint64_t next_sid_ = 1;
};

}  // namespace signaling
