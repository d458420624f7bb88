// SPDX-License-Identifier: GPL-3.0-or-later
// The XMPP side of a bot: login, what the room tells, how it comes back. Its
// Jingle sessions are in bot_sessions.cc.
#include "tools/bot/bot.h"

#include <algorithm>
#include <utility>

#include "signaling/namespaces.h"
#include "tools/bot/bot_session.h"

namespace bot {
namespace {

// Between tries to come back: doubled each time.
constexpr rtp::TimeDelta kFirstBackoff = std::chrono::milliseconds(500);
constexpr rtp::TimeDelta kLongestBackoff = std::chrono::seconds(10);

}  // namespace

Bot::Bot(Config config, rtp::RandomSource& random,
         const ice::DtlsIdentity& identity,
         std::shared_ptr<const MediaSamples> samples, XmppSink& xmpp,
         MediaSockets& sockets)
    : Participant(config.base, random, identity, std::move(samples), sockets),
      config_(std::move(config)),
      xmpp_sink_(xmpp),
      stream_(config_.login, *this),
      sources_{random.NextU32() | 1, {}} {
  for (uint32_t i = 0; i < config_.base.media.simulcast; ++i) {
    sources_.video.emplace_back(random.NextU32() | 1, random.NextU32() | 1);
  }
  if (const uint32_t seed = config_.ssrc_seed; seed != 0) {
    sources_ = {seed, {{seed + 1, seed + 2}}};
  }
}

Bot::~Bot() = default;

// ---- the connection ----

void Bot::Start(rtp::Timestamp now) {
  now_ = now;
  started_ = now;
  open_ = true;
  xmpp_sink_.OpenXmpp();
}

void Bot::HandleXmppOpen(rtp::Timestamp now) {
  now_ = now;
  stream_.Start();
}

void Bot::HandleXmpp(rtp::Timestamp now, std::string_view bytes) {
  now_ = now;
  if (open_ && !dead()) stream_.HandleBytes(bytes);
}

void Bot::HandleXmppClosed(rtp::Timestamp now, const std::string& why) {
  now_ = now;
  if (!open_ || dead()) return;
  OnCutOff(why);
}

void Bot::OnXmppWrite(std::string_view bytes) {
  if (open_ && !dead()) xmpp_sink_.SendXmpp(bytes);
}

void Bot::OnXmppClosed(const std::string& reason) {
  if (open_) OnCutOff("the XMPP connection ended: " + reason);
}

void Bot::OnXmppRejected(const signaling::RejectedStanza& stanza) {
  Fail("the XMPP server sent a stanza that is not accepted: " + stanza.reason);
}

void Bot::DropXmpp(rtp::Timestamp now, rtp::TimeDelta back_after) {
  now_ = now;
  if (!open_ || !failure().empty()) return;
  open_ = false;
  xmpp_sink_.CloseXmpp();
  reopen_at_ = now + back_after;
}

void Bot::OnCutOff(const std::string& why) {
  open_ = false;
  xmpp_sink_.CloseXmpp();
  // A login that was refused will be refused again.
  const bool was_in = logged_in_ != rtp::kNever;
  if (!config_.reconnect || !was_in) return Fail(why);
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
  reopen_at_ = now_ + backoff_;
}

void Bot::Lose(const std::string& why) {
  if (!config_.reconnect || left_) return Fail(why);
  while (!sessions_.empty()) End(*sessions_.back());
  resume_token_.clear();
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
  call_at_ = now_ + backoff_;
}

void Bot::OnXmppReady(const signaling::Jid& self) {
  self_ = self;
  if (logged_in_ == rtp::kNever) logged_in_ = now_;
  signaling::Presence presence;
  presence.from = self_;
  presence.to = config_.room;
  presence.nick = config_.base.name;
  stream_.Send(presence);
  if (config_.muc) {
    presence.to = config_.muc->Bare();
    presence.to.resource = config_.base.name;
    presence.muc_join = true;
    stream_.Send(presence);
  }
  if (!sessions_.empty() && !resume_token_.empty()) {
    resuming_ =
        SendIq(signaling::Resume{resume_token_, sessions_.front()->sid});
  } else {
    while (!sessions_.empty()) End(*sessions_.back());
    Call();
  }
}

rtp::Timestamp Bot::NextDeadline() const {
  if (!failure().empty()) return rtp::kNever;
  return std::min({Participant::NextDeadline(), reopen_at_, call_at_});
}

void Bot::HandleTimeout(rtp::Timestamp now) {
  now_ = now;
  if (!failure().empty()) return;
  if (now >= reopen_at_) {
    reopen_at_ = rtp::kNever;
    open_ = true;
    xmpp_sink_.OpenXmpp();
  }
  if (now >= call_at_) {
    call_at_ = rtp::kNever;
    // Not logged in: that will call.
    if (stream_.ready()) Call();
  }
  Participant::HandleTimeout(now);
}

void Bot::Leave(rtp::Timestamp now) {
  now_ = now;
  if (left_ || started_ == rtp::kNever) return;
  if (failure().empty() && config_.base.faults && !sessions_.empty()) {
    sessions_.front()->legs.front()->SendFaults();
  }
  if (failure().empty() && stream_.ready() && open_) {
    for (const auto& session : sessions_) SendTerminate(*session, "success");
    stream_.Close();
  }
  left_ = failure().empty();
  Fail("left");
}

// ---- stanzas ----

std::string Bot::SendIq(signaling::IqPayload payload) {
  signaling::Iq iq;
  iq.type = signaling::IqType::kSet;
  iq.from = self_;
  iq.to = config_.room;
  iq.id = random_.NextString(12, rtp::kReadableChars);
  iq.payload = std::move(payload);
  if (open_) stream_.Send(iq);
  return iq.id;
}

void Bot::OnXmppStanza(signaling::Stanza stanza) {
  if (const auto* message = std::get_if<signaling::Message>(&stanza)) {
    return HandleHeadline(*message);
  }
  const auto* iq = std::get_if<signaling::Iq>(&stanza);
  if (iq == nullptr) return;
  if (iq->type == signaling::IqType::kResult ||
      iq->type == signaling::IqType::kError) {
    return HandleAnswer(*iq);
  }
  HandleIq(*iq);
}

void Bot::HandleAnswer(const signaling::Iq& iq) {
  if (iq.from != config_.room) return;
  const bool refused = iq.type == signaling::IqType::kError;
  if (!resuming_.empty() && iq.id == resuming_) {
    resuming_.clear();
    if (refused) {
      while (!sessions_.empty()) End(*sessions_.back());
      resume_token_.clear();
      return Call();
    }
    backoff_ = {};
    return;
  }
  if (!refused) return;
  const auto error = iq.error.value_or(signaling::StanzaError());
  const std::string why = "refused: " + error.condition +
                          (error.text.empty() ? "" : ", " + error.text);
  if (iq.id != calling_) {
    // What a room refuses to one who is in it is no reason to go.
    if (error.condition == "item-not-found") Lose(why);
    return;
  }
  // Later it may be otherwise; what is forbidden stays so.
  if (error.type == "wait") return Lose(why);
  Fail(why);
}

void Bot::HandleIq(const signaling::Iq& iq) {
  if (const auto* bad = std::get_if<signaling::Malformed>(&iq.payload)) {
    return Fail("the room sent what is malformed: " + bad->error.text);
  }
  signaling::Iq answer;
  answer.type = signaling::IqType::kResult;
  answer.from = self_;
  answer.to = iq.from;
  answer.id = iq.id;
  if (const auto* info = std::get_if<signaling::DiscoInfo>(&iq.payload)) {
    signaling::DiscoInfo ours;
    ours.node = info->node;
    ours.identities.push_back({"client", "bot", "carillon-bot"});
    ours.features = {std::string(signaling::ns::kJingle),
                     std::string(signaling::ns::kRtp),
                     std::string(signaling::ns::kIceUdp)};
    if (config_.profile == Profile::kAvConferences) {
      ours.features.emplace_back(signaling::ns::kAvConferences);
    }
    answer.payload = std::move(ours);
    return stream_.Send(answer);
  }
  const auto* jingle = std::get_if<signaling::JingleMessage>(&iq.payload);
  if (jingle == nullptr) return stream_.Send(answer);
  if (jingle->action == signaling::JingleAction::kSessionInitiate &&
      config_.profile == Profile::kAvConferences &&
      iq.from.Bare() == config_.room) {
    return HandleInitiate(iq, *jingle);
  }
  Session* session = FindSession(iq.from, jingle->sid);
  if (session == nullptr) {
    answer.type = signaling::IqType::kError;
    answer.error = signaling::StanzaError{"cancel", "item-not-found",
                                          "unknown-session", ""};
  }
  stream_.Send(answer);
  if (session != nullptr) HandleJingle(*session, *jingle);
}

// ---- what the room tells ----

void Bot::HandleHeadline(const signaling::Message& message) {
  if (message.from != config_.room) return;
  if (const auto* roster = std::get_if<signaling::Roster>(&message.payload)) {
    HandleRoster(*roster);
  } else if (const auto* map =
                 std::get_if<signaling::SlotMap>(&message.payload)) {
    HandleSlotMap(*map);
  }
}

void Bot::HandleRoster(const signaling::Roster& roster) {
  if (!roster.self.empty()) participant_ = roster.self;
  if (!roster.resume.empty()) resume_token_ = roster.resume;
  if (roster.complete) roster_.clear();
  for (const auto& participant : roster.participants) {
    roster_[participant.id] = participant;
  }
  for (const std::string& id : roster.left) roster_.erase(id);
}

void Bot::HandleSlotMap(const signaling::SlotMap& map) {
  if (sessions_.empty()) return;
  for (const auto& slot : map.slots) {
    std::string& source = slots_[slot.content];
    if (source == slot.source) continue;
    source = slot.source;
    slot_changes_.push_back({now_, slot.content, slot.source, slot.owner});
    sessions_.front()->OnSource(now_, slot.content, slot.owner);
  }
}

bool Bot::IsAway(const std::string& name) const {
  return std::any_of(roster_.begin(), roster_.end(), [&](const auto& entry) {
    return entry.second.name == name && entry.second.away;
  });
}

void Bot::PinParticipant(rtp::Timestamp now, const std::string& name) {
  now_ = now;
  pins_.clear();
  for (const auto& [id, participant] : roster_) {
    if (participant.name != name) continue;
    for (const auto& source : participant.sources) {
      if (source.kind == "video") pins_.push_back(source.id);
    }
  }
  SendWishes();
}

void Bot::SendWishes() {
  if (sessions_.empty() || !stream_.ready()) return;
  signaling::Receive receive;
  receive.pins = pins_;
  for (size_t i = 0; i < config_.max_heights.size(); ++i) {
    const std::string content = "video" + std::to_string(i);
    if (i < config_.video_slots) {
      receive.limits.push_back({content, config_.max_heights[i]});
    }
  }
  SendIq(std::move(receive));
}

void Bot::SetMuted(rtp::Timestamp now, rtp::MediaKind kind, bool muted) {
  now_ = now;
  if (sessions_.empty() || !stream_.ready()) return;
  signaling::Publish publish;
  publish.sources.push_back(
      {kind == rtp::MediaKind::kAudio ? "audio0" : "video0", "", muted});
  SetPaused(kind, muted);
  SendIq(std::move(publish));
}

}  // namespace bot
