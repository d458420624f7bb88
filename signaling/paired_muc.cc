// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/paired_muc.h"

#include <algorithm>
#include <chrono>

#include "signaling/disco.h"
#include "signaling/limits.h"

namespace signaling {
namespace {

constexpr rtp::TimeDelta kFirstPause = std::chrono::seconds(2);
constexpr rtp::TimeDelta kLongestPause = std::chrono::seconds(60);
constexpr rtp::TimeDelta kJoinTimeout = std::chrono::seconds(30);
constexpr rtp::TimeDelta kPingInterval = std::chrono::seconds(60);
constexpr rtp::TimeDelta kSettle = std::chrono::seconds(10);
constexpr int kMaxNicks = 9;

// Our presence goes to everybody in the MUC and grows with the call.
constexpr rtp::TimeDelta kShowInterval = std::chrono::seconds(1);
constexpr rtp::TimeDelta kShowIntervalEach = std::chrono::milliseconds(100);

// XEP-0045 s15.6.2.
constexpr uint16_t kSelf = 110;
constexpr uint16_t kConfigChanged = 104;
constexpr uint16_t kNowNonAnonymous = 172;
constexpr uint16_t kNowSemiAnonymous = 173;
constexpr uint16_t kBanned = 301;
constexpr uint16_t kRenamed = 303;
constexpr uint16_t kKicked = 307;
constexpr uint16_t kNoMember = 321;
constexpr uint16_t kMembersOnly = 322;
constexpr uint16_t kFaulty = 333;  // its connection broke

bool Says(const MucUser& user, uint16_t status) {
  return std::find(user.statuses.begin(), user.statuses.end(), status) !=
         user.statuses.end();
}

bool Contains(const std::vector<Jid>& jids, const Jid& jid) {
  return std::find(jids.begin(), jids.end(), jid) != jids.end();
}

}  // namespace

PairedMuc::PairedMuc(Jid muc, Jid self, rtp::RandomSource& random,
                     StanzaSink& sink)
    : muc_(std::move(muc)),
      self_(std::move(self)),
      sink_(sink),
      asked_(random),
      pause_(kFirstPause) {}

void PairedMuc::Begin(rtp::Timestamp now) {
  asked_.Clear();
  retry_at_ = give_up_at_ = ping_at_ = rtp::kNever;
  if (!settled_ && settle_at_ == rtp::kNever) settle_at_ = now + kSettle;
  nick_ = kNick;
  nicks_tried_ = 1;
  state_ = State::kAsking;
  Ask(now, Question::kInfo);
}

void PairedMuc::OnXmppDown() {
  asked_.Clear();
  retry_at_ = give_up_at_ = ping_at_ = rtp::kNever;
  pause_ = kFirstPause;
  state_ = State::kOffline;
}

void PairedMuc::Leave() {
  if (state_ == State::kJoining || state_ == State::kJoined) {
    Presence presence;
    presence.type = PresenceType::kUnavailable;
    presence.from = self_;
    presence.to = OccupantJid();
    sink_.Send(std::move(presence));
  }
  OnXmppDown();
}

void PairedMuc::Ask(rtp::Timestamp now, Question question) {
  Iq iq;
  iq.type = IqType::kGet;
  iq.from = self_;
  iq.to = question == Question::kPing ? OccupantJid() : muc_;
  iq.id = asked_.Track(now, iq.from, iq.to, question);
  switch (question) {
    case Question::kInfo:
      iq.payload = DiscoInfo();
      break;
    case Question::kOutcasts:
      iq.payload = MucOutcasts();
      break;
    case Question::kPing:
      iq.payload = Ping();
      break;
  }
  sink_.Send(std::move(iq));
}

bool PairedMuc::HandleAnswer(rtp::Timestamp now, const Iq& iq) {
  const std::optional<Question> question = asked_.Take(iq);
  if (!question) return false;
  switch (*question) {
    case Question::kInfo:
      OnInfo(now, iq);
      break;
    case Question::kOutcasts:
      // Errors: not everybody may know.
      if (const auto* list = std::get_if<MucOutcasts>(&iq.payload)) {
        outcasts_ = list->jids;
        changed_ = true;
      }
      break;
    case Question::kPing:
      OnPinged(now, iq);
      break;
  }
  return true;
}

void PairedMuc::OnInfo(rtp::Timestamp now, const Iq& iq) {
  const auto* info = std::get_if<DiscoInfo>(&iq.payload);
  if (iq.type == IqType::kResult && info != nullptr) {
    const bool moderated =
        std::find(info->features.begin(), info->features.end(),
                  "muc_moderated") != info->features.end();
    changed_ |= std::exchange(moderated_, moderated) != moderated;
    if (state_ == State::kAsking) Join(now);
    return;
  }
  if (state_ != State::kAsking) return;
  const bool absent = iq.error && iq.error->condition == "item-not-found";
  Wait(now, absent ? State::kAbsent : State::kFailed);
}

void PairedMuc::OnPinged(rtp::Timestamp now, const Iq& iq) {
  if (state_ != State::kJoined) return;
  // XEP-0410 s3.2: these two come from an occupant, ourselves.
  const bool there =
      iq.type == IqType::kResult ||
      (iq.error && (iq.error->condition == "service-unavailable" ||
                    iq.error->condition == "feature-not-implemented"));
  if (!there) return Wait(now, State::kFailed);
  pause_ = kFirstPause;
  ping_at_ = now + kPingInterval;
  // Not every MUC tells of bans of those who are not there.
  if (knows_outcasts_) Ask(now, Question::kOutcasts);
}

void PairedMuc::Join(rtp::Timestamp now) {
  state_ = State::kJoining;
  give_up_at_ = now + kJoinTimeout;
  arriving_.clear();
  SendPresence(now);
}

void PairedMuc::HandlePresence(rtp::Timestamp now, const Presence& presence) {
  if (state_ != State::kJoining && state_ != State::kJoined) return;
  switch (presence.type) {
    case PresenceType::kError:
      return HandleError(now, presence.error.value_or(StanzaError()));
    case PresenceType::kAvailable:
      if (presence.muc_user) OnAvailable(now, presence);
      return;
    case PresenceType::kUnavailable:
      if (presence.muc_user) OnUnavailable(now, presence);
      return;
    default:
      return;
  }
}

void PairedMuc::HandleError(rtp::Timestamp now, const StanzaError& error) {
  if (state_ == State::kJoining && error.condition == "conflict" &&
      nicks_tried_ < kMaxNicks) {
    nick_ = std::string(kNick) + "-" + std::to_string(++nicks_tried_);
    return Join(now);
  }
  // Too much of it; we are in there as before.
  if (state_ == State::kJoined && error.type == "wait") return;
  Wait(now, State::kFailed);
}

void PairedMuc::OnAvailable(rtp::Timestamp now, const Presence& presence) {
  const MucUser& user = *presence.muc_user;
  if (Says(user, kSelf)) {
    nick_ = presence.from.resource;  // the MUC may have chosen (status 210)
    const bool before = knows_outcasts_;
    knows_outcasts_ = std::any_of(
        user.items.begin(), user.items.end(), [](const MucItem& item) {
          return item.affiliation >= MucAffiliation::kAdmin;
        });
    const bool joined = state_ == State::kJoining;
    if (joined) OnJoined(now);
    if (knows_outcasts_ && (joined || !before)) Ask(now, Question::kOutcasts);
    return;
  }
  Occupants& occupants = state_ == State::kJoining ? arriving_ : occupants_;
  if (occupants.size() >= limits::kMucOccupants &&
      !occupants.contains(presence.from.resource)) {
    return;
  }
  Occupant occupant;
  for (const MucItem& item : user.items) {
    occupant.affiliation = std::max(occupant.affiliation, item.affiliation);
    occupant.role = std::max(occupant.role, item.role);
    if (!item.jid) continue;
    occupant.jids.push_back(*item.jid);
    std::erase(outcasts_, *item.jid);
    std::erase(outcasts_, item.jid->Bare());
  }
  Occupant& known = occupants[presence.from.resource];
  if (known == occupant) return;
  known = std::move(occupant);
  changed_ |= state_ == State::kJoined;
}

void PairedMuc::OnJoined(rtp::Timestamp now) {
  state_ = State::kJoined;
  give_up_at_ = rtp::kNever;
  ping_at_ = now + kPingInterval;
  occupants_ = std::exchange(arriving_, {});
  Settle();
}

void PairedMuc::OnUnavailable(rtp::Timestamp now, const Presence& presence) {
  const MucUser& user = *presence.muc_user;
  const std::string& nick = presence.from.resource;
  if (!Says(user, kSelf) && nick != nick_) return OnOccupantLeft(nick, user);
  if (state_ != State::kJoined) return;  // of our last visit
  if (Says(user, kRenamed) && !user.items.empty()) {
    nick_ = user.items.front().nick;
    return;
  }
  Wait(now, user.destroyed ? State::kAbsent : State::kFailed);
}

void PairedMuc::OnOccupantLeft(const std::string& nick, const MucUser& user) {
  Occupants& occupants = state_ == State::kJoining ? arriving_ : occupants_;
  auto left = occupants.extract(nick);
  if (left && Says(user, kRenamed) && !user.items.empty()) {
    left.key() = user.items.front().nick;
    occupants.insert(std::move(left));
    return;
  }
  changed_ |= state_ == State::kJoined;
  const bool by_will = (Says(user, kKicked) && !Says(user, kFaulty)) ||
                       Says(user, kBanned) || Says(user, kNoMember) ||
                       Says(user, kMembersOnly);
  if (!by_will) return;
  Expelled expelled;
  expelled.banned = Says(user, kBanned);
  expelled.jids.push_back({muc_.local, muc_.domain, nick});
  if (left) {
    for (const Jid& jid : left.mapped().jids) expelled.jids.push_back(jid);
  }
  for (const MucItem& item : user.items) {
    if (item.jid && !Contains(expelled.jids, *item.jid)) {
      expelled.jids.push_back(*item.jid);
    }
    if (expelled.banned) OnAffiliation(item);
  }
  expelled_.push_back(std::move(expelled));
}

void PairedMuc::HandleMessage(rtp::Timestamp now, const Message& message) {
  const auto* user = std::get_if<MucUser>(&message.payload);
  // What an occupant says has his nick as its sender's resource.
  if (user == nullptr || !message.from.resource.empty() ||
      state_ != State::kJoined) {
    return;
  }
  if (Says(*user, kConfigChanged) || Says(*user, kNowNonAnonymous) ||
      Says(*user, kNowSemiAnonymous)) {
    Ask(now, Question::kInfo);
  }
  // XEP-0045 s9: the affiliation of somebody who is not there.
  for (const MucItem& item : user->items) OnAffiliation(item);
}

void PairedMuc::OnAffiliation(const MucItem& item) {
  if (!item.jid) return;
  const Jid jid = item.jid->Bare();
  const size_t before = outcasts_.size();
  std::erase(outcasts_, jid);
  if (item.affiliation == MucAffiliation::kOutcast &&
      outcasts_.size() < limits::kMucOutcasts) {
    outcasts_.push_back(jid);
  }
  changed_ |= outcasts_.size() != before;
}

void PairedMuc::Wait(rtp::Timestamp now, State state) {
  asked_.Clear();
  give_up_at_ = ping_at_ = rtp::kNever;
  state_ = state;
  retry_at_ = now + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
  if (state == State::kAbsent) {
    // Nobody is where there is nothing.
    occupants_.clear();
    outcasts_.clear();
    moderated_ = false;
    Settle();
  } else if (!settled_) {
    Settle();
  }
}

void PairedMuc::Settle() {
  settled_ = true;
  settle_at_ = rtp::kNever;
  changed_ = true;
}

rtp::Timestamp PairedMuc::NextDeadline() const {
  rtp::Timestamp deadline = std::min(
      {retry_at_, give_up_at_, ping_at_, settle_at_, asked_.NextDeadline()});
  if (state_ == State::kJoined && shown_ != call_) {
    deadline = std::min(deadline, show_next_);
  }
  return deadline;
}

void PairedMuc::HandleTimeout(rtp::Timestamp now) {
  for (const Question question : asked_.HandleTimeout(now)) {
    if (question == Question::kPing ||
        (question == Question::kInfo && state_ == State::kAsking)) {
      Wait(now, State::kFailed);
    }
  }
  if (now >= settle_at_) Settle();
  if (now >= give_up_at_) Wait(now, State::kFailed);
  if (now >= ping_at_) {
    ping_at_ = rtp::kNever;  // until it is answered
    Ask(now, Question::kPing);
  }
  if (now >= retry_at_) Begin(now);
  if (state_ == State::kJoined && shown_ != call_ && now >= show_next_) {
    SendPresence(now);
  }
}

void PairedMuc::Show(rtp::Timestamp now, CallPresence call) {
  call_ = std::move(call);
  if (state_ == State::kJoined && shown_ != call_ && now >= show_next_) {
    SendPresence(now);
  }
}

void PairedMuc::SendPresence(rtp::Timestamp now) {
  Presence presence;
  presence.from = self_;
  presence.to = OccupantJid();
  presence.status = std::to_string(call_.count) + " in call";
  presence.caps = RoomCaps(self_.local);
  presence.muc_join = state_ == State::kJoining;
  presence.call = call_;
  shown_ = call_;
  show_next_ = now + std::max<rtp::TimeDelta>(kShowInterval,
                                              kShowIntervalEach * call_.count);
  sink_.Send(std::move(presence));
}

}  // namespace signaling
