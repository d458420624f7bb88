// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "signaling/iq_tracker.h"
#include "signaling/stanza.h"

namespace signaling {

// The MUC (XEP-0045) that a room is tied to, as its focus sees it: an occupant
// that reads who is there with which role, and shows the call in its presence.
// Sans-IO; thread-compatible.
//
// A MUC that does not exist is not created, which would make us its owner, but
// looked for again. Who was removed, or finds out that it is not in there any
// more (XEP-0410), joins again after growing pauses. What was known last holds
// meanwhile, so that an outage gives nobody a voice.
class PairedMuc {
 public:
  enum class State : uint8_t {
    kOffline,  // the XMPP link is down, or not begun
    kAsking,   // what kind of MUC it is
    kJoining,
    kJoined,
    kAbsent,  // there is no such MUC
    kFailed,  // it does not let us in
  };
  static constexpr size_t kStates = 6;
  static constexpr std::string_view kNick = "focus";

  // What the MUC makes of somebody.
  struct Standing {
    bool may_send = false;   // has voice
    bool moderates = false;  // moderator, admin or owner
    bool banned = false;
    bool operator==(const Standing&) const = default;
  };
  // Who was removed from the MUC by somebody's will.
  struct Expelled {
    std::vector<Jid> jids;  // in the MUC, and the real ones
    bool banned = false;
  };

  // `self` is the full JID by which we are there. `random` and `sink` must
  // outlive it.
  PairedMuc(Jid muc, Jid self, rtp::RandomSource& random, StanzaSink& sink);

  // The XMPP link is up: looks for the MUC and joins it.
  void Begin(rtp::Timestamp now);
  void OnXmppDown();
  void Leave();

  // What came from the MUC or somebody in it, for us. HandleAnswer returns
  // whether `iq` answers a request of ours.
  void HandlePresence(rtp::Timestamp now, const Presence& presence);
  void HandleMessage(rtp::Timestamp now, const Message& message);
  bool HandleAnswer(rtp::Timestamp now, const Iq& iq);

  rtp::Timestamp NextDeadline() const;
  void HandleTimeout(rtp::Timestamp now);

  // What our presence is to show; said at most once a second, more rarely for
  // many participants.
  void Show(rtp::Timestamp now, CallPresence call);

  // Of a caller with this JID: by his full JID, or else by his bare one if one
  // occupant alone has it. Who is not in the MUC has voice unless that is
  // moderated, and nobody has before we know.
  Standing StandingOf(const Jid& jid) const;
  // His nick in the MUC; empty if it is not known.
  std::string NickOf(const Jid& jid) const;
  // Whether somebody's standing may have changed since the last call.
  bool TakeChanged() { return std::exchange(changed_, false); }
  std::vector<Expelled> TakeExpelled() { return std::exchange(expelled_, {}); }

  // Who is banned, as far as it was told. What a former occupant knew holds
  // until this one knows better.
  const std::vector<Jid>& outcasts() const { return outcasts_; }
  void set_outcasts(std::vector<Jid> jids) { outcasts_ = std::move(jids); }

  const Jid& muc() const { return muc_; }
  const std::string& nick() const { return nick_; }
  State state() const { return state_; }
  bool moderated() const { return moderated_; }
  // Occupants but for ourselves.
  size_t occupants() const { return occupants_.size(); }
  // The MUC keeps real JIDs from us: it cannot be told who has which role.
  bool hides_jids() const;

 private:
  enum class Question : uint8_t { kInfo, kOutcasts, kPing };
  struct Occupant {
    MucAffiliation affiliation = MucAffiliation::kNone;
    MucRole role = MucRole::kNone;
    std::vector<Jid> jids;
    bool operator==(const Occupant&) const = default;
  };
  using Occupants = std::map<std::string, Occupant>;  // by nick

  void Ask(rtp::Timestamp now, Question question);
  void OnInfo(rtp::Timestamp now, const Iq& iq);
  void OnPinged(rtp::Timestamp now, const Iq& iq);
  void Join(rtp::Timestamp now);
  void OnJoined(rtp::Timestamp now);
  void HandleError(rtp::Timestamp now, const StanzaError& error);
  void OnAvailable(rtp::Timestamp now, const Presence& presence);
  void OnUnavailable(rtp::Timestamp now, const Presence& presence);
  void OnOccupantLeft(const std::string& nick, const MucUser& user);
  void OnAffiliation(const MucItem& item);
  // Waits before it tries again.
  void Wait(rtp::Timestamp now, State state);
  void Settle();
  void SendPresence(rtp::Timestamp now);
  Jid OccupantJid() const { return {muc_.local, muc_.domain, nick_}; }
  const Occupants::value_type* Find(const Jid& jid) const;

  const Jid muc_;
  const Jid self_;
  StanzaSink& sink_;
  IqTracker<Question> asked_;
  State state_ = State::kOffline;
  std::string nick_{kNick};
  int nicks_tried_ = 0;
  rtp::TimeDelta pause_;
  rtp::Timestamp retry_at_ = rtp::kNever;    // of kAbsent, kFailed
  rtp::Timestamp give_up_at_ = rtp::kNever;  // of kJoining
  rtp::Timestamp ping_at_ = rtp::kNever;     // of kJoined
  // Until then, or until it is known what the MUC says, nobody has voice.
  rtp::Timestamp settle_at_ = rtp::kNever;
  bool settled_ = false;
  bool moderated_ = false;
  bool changed_ = false;
  bool knows_outcasts_ = false;  // may ask for them
  Occupants occupants_;
  Occupants arriving_;  // told while we join
  std::vector<Jid> outcasts_;
  std::vector<Expelled> expelled_;
  CallPresence call_;
  std::optional<CallPresence> shown_;
  rtp::Timestamp show_next_ = rtp::Timestamp::min();  // not before
};

// "joined", as the operator reads it.
std::string_view StateName(PairedMuc::State state);

}  // namespace signaling
