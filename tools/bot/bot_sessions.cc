// SPDX-License-Identifier: GPL-3.0-or-later
// The Jingle sessions of a bot: the call, and those by which it is called.
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>

#include <algorithm>
#include <utility>

#include "tools/bot/bot.h"
#include "tools/bot/bot_session.h"

namespace bot {
namespace {

std::vector<ice::SocketAddress> CandidatesOf(
    const signaling::IceTransport& transport) {
  std::vector<signaling::IceCandidate> candidates = transport.candidates;
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const auto& a, const auto& b) { return a.priority > b.priority; });
  std::vector<ice::SocketAddress> addresses;
  for (const signaling::IceCandidate& candidate : candidates) {
    if (candidate.protocol != "udp" || candidate.component != 1) continue;
    const auto address =
        ice::SocketAddress::Parse(candidate.ip, candidate.port);
    if (address) addresses.push_back(*address);
  }
  return addresses;
}

// Whether the other side sends on it. `peer_initiated`: that is the initiator.
bool PeerSends(const signaling::Content& content, bool peer_initiated) {
  return content.senders == signaling::Senders::kBoth ||
         content.senders == (peer_initiated ? signaling::Senders::kInitiator
                                            : signaling::Senders::kResponder);
}

MediaReceiver::Config ReceiverOf(const signaling::Content& content) {
  const signaling::RtpDescription& description = *content.description;
  MediaReceiver::Config receiver;
  receiver.content = content.name;
  receiver.kind = description.media == signaling::Media::kAudio
                      ? rtp::MediaKind::kAudio
                      : rtp::MediaKind::kVideo;
  receiver.ssrc = description.ssrc.value_or(0);
  for (const auto& group : description.ssrc_groups) {
    if (group.semantics == "FID" && group.ssrcs.size() == 2) {
      receiver.rtx_ssrc = group.ssrcs[1];
    }
  }
  for (const signaling::PayloadType& type : description.payload_types) {
    for (const rtp::Codec codec :
         {rtp::Codec::kOpus, rtp::Codec::kVp8, rtp::Codec::kVp9,
          rtp::Codec::kH264, rtp::Codec::kAv1}) {
      if (absl::EqualsIgnoreCase(type.name,
                                 std::string(rtp::CodecName(codec)))) {
        receiver.codecs[type.id] = codec;
      }
    }
    for (const auto& [name, value] : type.parameters) {
      int apt = 0;
      if (name == "apt" && absl::SimpleAtoi(value, &apt)) {
        receiver.rtx_types[type.id] = static_cast<uint8_t>(apt);
      }
    }
  }
  return receiver;
}

}  // namespace

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
  AddSenders(*session);
  slots_.clear();
  sessions_.insert(sessions_.begin(), std::move(session));
  calling_ = SendIq(std::move(offer));
}

void Bot::AddSenders(Session& session) {
  if (config_.base.send_audio) {
    MediaSender::Config sender =
        SenderOf(rtp::MediaKind::kAudio, OfferOf(rtp::Codec::kOpus));
    sender.layers[0].ssrc = sources_.audio;
    sender.mid = "audio0";
    session.legs[session.contents.at(sender.mid)]->AddSender(sender, samples_);
  }
  if (config_.base.send_video) {
    MediaSender::Config sender = SenderOf(
        rtp::MediaKind::kVideo, OfferOf(config_.base.media.video_codec));
    for (size_t i = 0; i < sender.layers.size(); ++i) {
      sender.layers[i].ssrc = sources_.video[i].first;
      sender.layers[i].rtx_ssrc = sources_.video[i].second;
    }
    sender.mid = "video0";
    session.legs[session.contents.at(sender.mid)]->AddSender(sender, samples_);
  }
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

void Bot::ConnectLegs(Session& session,
                      const signaling::SessionDescription& description,
                      bool peer_initiated) {
  std::vector<bool> connected(session.legs.size());
  for (const signaling::Content& content : description.contents) {
    const auto index = session.contents.find(content.name);
    if (index == session.contents.end()) continue;
    MediaSession& leg = *session.legs[index->second];
    if (PeerSends(content, peer_initiated) && content.description) {
      MediaReceiver::Config receiver = ReceiverOf(content);
      receiver.extensions = leg.extensions();
      receiver.ntp = config_.base.ntp;
      receiver.decode = config_.base.media.decode;
      // Of sound what is late is of no use, and nothing offers it.
      receiver.nack = config_.base.media.feedback != Feedback::kNone &&
                      receiver.kind == rtp::MediaKind::kVideo;
      receiver.decrypt_one_in = config_.base.media.decrypt_one_in;
      leg.AddReceiver(std::move(receiver));
    }
    if (connected[index->second] || !content.transport ||
        !content.transport->fingerprint) {
      continue;
    }
    const signaling::IceTransport& transport = *content.transport;
    MediaSession::Remote remote;
    remote.credentials = {transport.ufrag, transport.pwd};
    remote.candidates = CandidatesOf(transport);
    remote.fingerprint = {transport.fingerprint->hash,
                          transport.fingerprint->digest};
    remote.our_role =
        transport.fingerprint->setup == signaling::DtlsSetup::kActive
            ? rtp::DtlsRole::kPassive
            : rtp::DtlsRole::kActive;
    if (remote.candidates.empty()) {
      return Fail("the room signals no candidate that can be used");
    }
    connected[index->second] = true;
    leg.Connect(now_, std::move(remote));
  }
  if (std::find(connected.begin(), connected.end(), false) != connected.end()) {
    Fail("the room signals a transport without a fingerprint");
  }
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
