// SPDX-License-Identifier: GPL-3.0-or-later
// The Jingle sessions of a bot: the call, and those by which it is called.
#include <algorithm>
#include <utility>

#include "tools/bot/bot.h"
#include "tools/bot/bot_session.h"

namespace bot {

void Bot::Session::OnSource(rtp::Timestamp now, const std::string& content,
                            const std::string& source_owner) {
  for (MediaSession* leg : legs) {
    for (const auto& receiver : leg->receivers()) {
      if (receiver->config().content != content) continue;
      if (source_owner.empty()) {
        receiver->OnSourceEmpty(now);
      } else {
        receiver->OnSourceChanged(now, source_owner);
      }
    }
  }
}

Bot::Session* Bot::FindSession(const signaling::Jid& peer,
                               const std::string& sid) {
  const auto found = std::find_if(
      sessions_.begin(), sessions_.end(),
      [&](const auto& s) { return s->peer == peer && s->sid == sid; });
  return found == sessions_.end() ? nullptr : found->get();
}

MediaSession::Config Bot::LegConfig() const {
  MediaSession::Config config;
  config.feedback = config_.base.media.feedback;
  config.congestion_control = config_.base.media.congestion_control;
  config.faults = config_.base.faults;
  config.extensions = OfferedExtensions();
  return config;
}

OfferedTransport Bot::TransportOf(const MediaSession& session) const {
  OfferedTransport transport{session.local_credentials(), identity_.sha256()};
  if (config_.wrong_fingerprint) transport.sha256[0] ^= 1;
  return transport;
}

void Bot::End(Session& session) {
  for (MediaSession* leg : session.legs) {
    leg->Close();
    CloseLeg(*leg);
  }
  std::erase_if(sessions_,
                [&](const auto& each) { return each.get() == &session; });
}

void Bot::SendTerminate(const Session& session, const std::string& condition) {
  signaling::JingleMessage terminate;
  terminate.action = signaling::JingleAction::kSessionTerminate;
  terminate.sid = session.sid;
  terminate.reason = signaling::Because(condition);
  signaling::Iq iq;
  iq.type = signaling::IqType::kSet;
  iq.from = self_;
  iq.to = session.peer;
  iq.id = random_.NextString(12, rtp::kReadableChars);
  iq.payload = std::move(terminate);
  stream_.Send(iq);
}

// ---- the call ----

void Bot::Call() {
  auto session = std::make_unique<Session>();
  session->sid = random_.NextString(16, rtp::kReadableChars);
  session->peer = config_.room;
  std::vector<OfferedTransport> transports;
  const size_t count =
      config_.profile == Profile::kPlain
          ? size_t{config_.base.send_audio || config_.audio_slots > 0} +
                size_t{config_.base.send_video || config_.video_slots > 0}
          : 1;
  for (size_t i = 0; i < std::max<size_t>(count, 1); ++i) {
    session->legs.push_back(&OpenLeg(LegConfig()));
    transports.push_back(TransportOf(*session->legs.back()));
  }
  signaling::JingleMessage offer;
  offer.action = signaling::JingleAction::kSessionInitiate;
  offer.sid = session->sid;
  offer.initiator = self_.ToString();
  offer.resume_token = resume_token_;
  offer.password = config_.password;
  offer.description =
      MakeOffer({config_.profile, config_.audio_slots, config_.video_slots,
                 config_.base.send_audio, config_.base.send_video,
                 config_.base.media.video_codec, sources_},
                transports);
  for (size_t i = 0; i < offer.description.contents.size(); ++i) {
    session->contents[offer.description.contents[i].name] =
        config_.profile == Profile::kPlain ? i : 0;
  }
  AddSenders(*session, sources_);
  slots_.clear();
  sessions_.insert(sessions_.begin(), std::move(session));
  calling_ = SendIq(std::move(offer));
}

void Bot::HandleJingle(Session& session,
                       const signaling::JingleMessage& message) {
  switch (message.action) {
    case signaling::JingleAction::kSessionAccept:
      return HandleAccept(session, message.description);
    case signaling::JingleAction::kTransportInfo:
      return HandleTransportInfo(session, message.description);
    case signaling::JingleAction::kSessionTerminate: {
      const auto reason = message.reason.value_or(signaling::JingleReason());
      if (&session != sessions_.front().get()) return End(session);
      return Lose("ended by the room: " + reason.condition +
                  (reason.text.empty() ? "" : ", " + reason.text));
    }
    default:
      return;
  }
}

void Bot::HandleAccept(Session& session,
                       const signaling::SessionDescription& answer) {
  if (session.accepted) return;
  session.accepted = true;
  if (accepted_ == rtp::kNever) accepted_ = now_;
  ConnectLegs(session, answer, /*peer_initiated=*/false);
  backoff_ = {};
  if (!config_.max_heights.empty() || !pins_.empty()) SendWishes();
}

// ---- being called ----

void Bot::HandleInitiate(const signaling::Iq& iq,
                         const signaling::JingleMessage& message) {
  signaling::Iq result;
  result.type = signaling::IqType::kResult;
  result.from = self_;
  result.to = iq.from;
  result.id = iq.id;
  stream_.Send(result);
  auto session = std::make_unique<Session>();
  session->sid = message.sid;
  session->peer = iq.from;
  if (message.user) session->owner = message.user->entity;
  MediaSession::Config config = LegConfig();
  config.extensions = ExtensionsOf(message.description);
  session->legs.push_back(&OpenLeg(std::move(config)));
  signaling::JingleMessage accept;
  accept.action = signaling::JingleAction::kSessionAccept;
  accept.sid = message.sid;
  accept.responder = self_.ToString();
  accept.description =
      MakeAnswer(message.description, TransportOf(*session->legs.front()));
  for (const auto& content : accept.description.contents) {
    session->contents[content.name] = 0;
  }
  ConnectLegs(*session, message.description, /*peer_initiated=*/true);
  sessions_.push_back(std::move(session));
  signaling::Iq request;
  request.type = signaling::IqType::kSet;
  request.from = self_;
  request.to = iq.from;
  request.id = random_.NextString(12, rtp::kReadableChars);
  request.payload = std::move(accept);
  stream_.Send(request);
}

// ---- ICE restart ----

void Bot::RestartIce(rtp::Timestamp now) {
  now_ = now;
  if (sessions_.empty() || !sessions_.front()->accepted || !stream_.ready()) {
    return;
  }
  Session& session = *sessions_.front();
  signaling::JingleMessage restart;
  restart.action = signaling::JingleAction::kTransportInfo;
  restart.sid = session.sid;
  std::vector<bool> done(session.legs.size());
  for (const auto& [name, index] : session.contents) {
    if (done[index]) continue;
    done[index] = true;
    session.legs[index]->RestartIce();
    signaling::Content content;
    content.name = name;
    content.transport_ns = "urn:xmpp:jingle:transports:ice-udp:1";
    content.transport.emplace();
    content.transport->ufrag = session.legs[index]->local_credentials().ufrag;
    content.transport->pwd = session.legs[index]->local_credentials().pwd;
    restart.description.contents.push_back(std::move(content));
  }
  SendIq(std::move(restart));
}

void Bot::HandleTransportInfo(
    Session& session, const signaling::SessionDescription& description) {
  std::vector<bool> done(session.legs.size());
  for (const signaling::Content& content : description.contents) {
    const auto index = session.contents.find(content.name);
    if (index == session.contents.end() || done[index->second] ||
        !content.transport || content.transport->ufrag.empty()) {
      continue;
    }
    done[index->second] = true;
    session.legs[index->second]->AfterRestart(
        now_, {content.transport->ufrag, content.transport->pwd},
        CandidatesOf(*content.transport));
  }
}

void Bot::OnLegFailed(MediaSession& failed) {
  const std::string why = failed.failure();
  const auto found = std::find_if(
      sessions_.begin(), sessions_.end(), [&](const auto& session) {
        return std::find(session->legs.begin(), session->legs.end(), &failed) !=
               session->legs.end();
      });
  if (found == sessions_.end()) return;
  if (stream_.ready() && open_) SendTerminate(**found, "connectivity-error");
  if (found != sessions_.begin()) return End(**found);
  Lose(why);
}

}  // namespace bot
