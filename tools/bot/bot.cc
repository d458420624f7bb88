// SPDX-License-Identifier: GPL-3.0-or-later
// The signalling of a bot: login, the call, what the room tells.
#include "tools/bot/bot.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/namespaces.h"

namespace bot {
namespace {

constexpr std::array<std::pair<rtp::ExtensionKind, uint8_t>, 3> kExtensions = {
    {{rtp::ExtensionKind::kAudioLevel, 1},
     {rtp::ExtensionKind::kTransportSequence, 3},
     {rtp::ExtensionKind::kMid, 4}}};

signaling::RtpDescription DescribeMedia(rtp::MediaKind kind) {
  const bool audio = kind == rtp::MediaKind::kAudio;
  signaling::RtpDescription description;
  description.media =
      audio ? signaling::Media::kAudio : signaling::Media::kVideo;
  description.rtcp_mux = true;
  signaling::PayloadType type;
  type.id = audio ? kOpusPayloadType : kVp8PayloadType;
  type.name = audio ? "opus" : "VP8";
  type.clock_rate = audio ? 48000 : 90000;
  type.channels = audio ? 2 : 1;
  type.feedback.push_back({"transport-cc", ""});
  if (!audio) {
    type.feedback.push_back({"nack", ""});
    type.feedback.push_back({"nack", "pli"});
    type.feedback.push_back({"ccm", "fir"});
  }
  description.payload_types.push_back(std::move(type));
  if (!audio) {
    signaling::PayloadType rtx;
    rtx.id = kVp8RtxPayloadType;
    rtx.name = "rtx";
    rtx.clock_rate = 90000;
    rtx.parameters.emplace_back("apt", std::to_string(kVp8PayloadType));
    description.payload_types.push_back(std::move(rtx));
  }
  for (const auto& [extension, id] : kExtensions) {
    if (extension == rtp::ExtensionKind::kAudioLevel && !audio) continue;
    description.extensions.push_back({id,
                                      std::string(rtp::ExtensionUri(extension)),
                                      signaling::Senders::kBoth});
  }
  return description;
}

void DescribeSource(rtp::Ssrc ssrc, rtp::Ssrc rtx,
                    signaling::RtpDescription& description) {
  description.ssrc = ssrc;
  for (const rtp::Ssrc each : {ssrc, rtx}) {
    if (each != 0) description.sources.push_back({each, {{"cname", "bot"}}});
  }
  if (rtx != 0) description.ssrc_groups.push_back({"FID", {ssrc, rtx}});
}

}  // namespace

Bot::Bot(Config config, rtp::RandomSource& random,
         const ice::Certificate& certificate,
         std::shared_ptr<const MediaSamples> samples, XmppSink& xmpp,
         ice::DatagramSink& media)
    : config_(std::move(config)),
      random_(random),
      certificate_(certificate),
      samples_(std::move(samples)),
      xmpp_sink_(xmpp),
      media_sink_(media),
      stream_({signaling::XmppStream::Config::Mode::kAnonymousClient,
               config_.domain, "", ""},
              *this),
      room_{config_.room, config_.component, ""},
      sid_(random.NextString(16, rtp::kReadableChars)),
      ice_(random),
      audio_ssrc_(random.NextU32() | 1),
      video_ssrc_(random.NextU32() | 1),
      rtx_ssrc_(random.NextU32() | 1) {
  for (const auto& [kind, id] : kExtensions) extensions_.Set(kind, id);
}

Bot::~Bot() = default;

void Bot::Fail(std::string why) {
  if (!failure_.empty()) return;
  failure_ = std::move(why);
  audio_.reset();
  video_.reset();
}

// ---- XMPP ----

void Bot::Start(rtp::Timestamp now) {
  now_ = now;
  times_.started = now;
  stream_.Start();
}

void Bot::HandleXmpp(rtp::Timestamp now, std::string_view bytes) {
  now_ = now;
  stream_.HandleBytes(bytes);
}

void Bot::HandleXmppClosed(rtp::Timestamp now) {
  now_ = now;
  stream_.HandleDisconnect();
}

void Bot::OnXmppWrite(std::string_view bytes) { xmpp_sink_.SendXmpp(bytes); }

void Bot::OnXmppReady(const signaling::Jid& self) {
  self_ = self;
  times_.logged_in = now_;
  signaling::Presence presence;
  presence.from = self_;
  presence.to = room_;
  presence.nick = config_.name;
  stream_.Send(presence);
  if (config_.muc) {
    presence.to = config_.muc->Bare();
    presence.to.resource = config_.name;
    presence.muc_join = true;
    stream_.Send(presence);
  }
  SendIq(BuildOffer());
}

void Bot::OnXmppRejected(const signaling::RejectedStanza& stanza) {
  Fail("the XMPP server sent a stanza that is not accepted: " + stanza.reason);
}

void Bot::OnXmppClosed(const std::string& reason) {
  Fail("the XMPP connection ended: " + reason);
}

void Bot::SendIq(signaling::IqPayload payload) {
  signaling::Iq iq;
  iq.type = signaling::IqType::kSet;
  iq.from = self_;
  iq.to = room_;
  iq.id = random_.NextString(12, rtp::kReadableChars);
  iq.payload = std::move(payload);
  stream_.Send(iq);
}

void Bot::OnXmppStanza(signaling::Stanza stanza) {
  if (const auto* message = std::get_if<signaling::Message>(&stanza)) {
    return HandleHeadline(*message);
  }
  const auto* iq = std::get_if<signaling::Iq>(&stanza);
  if (iq == nullptr) return;
  if (iq->type == signaling::IqType::kError && iq->from == room_) {
    const auto error = iq->error.value_or(signaling::StanzaError());
    return Fail("refused: " + error.condition +
                (error.text.empty() ? "" : ", " + error.text));
  }
  if (iq->type != signaling::IqType::kGet &&
      iq->type != signaling::IqType::kSet) {
    return;
  }
  if (const auto* bad = std::get_if<signaling::Malformed>(&iq->payload)) {
    return Fail("the room sent what is malformed: " + bad->error.text);
  }
  signaling::Iq answer;
  answer.type = signaling::IqType::kResult;
  answer.from = self_;
  answer.to = iq->from;
  answer.id = iq->id;
  const auto* jingle = std::get_if<signaling::JingleMessage>(&iq->payload);
  const bool ours =
      jingle != nullptr && iq->from == room_ && jingle->sid == sid_;
  if (jingle != nullptr && !ours) {
    answer.type = signaling::IqType::kError;
    answer.error = signaling::StanzaError{"cancel", "item-not-found",
                                          "unknown-session", ""};
  }
  stream_.Send(answer);
  if (ours) HandleJingle(*jingle);
}

void Bot::Leave(rtp::Timestamp now) {
  now_ = now;
  if (failure_.empty() && config_.faults) SendFaults();
  if (failure_.empty() && stream_.ready()) {
    signaling::JingleMessage terminate;
    terminate.action = signaling::JingleAction::kSessionTerminate;
    terminate.sid = sid_;
    terminate.reason.emplace().condition = "success";
    SendIq(std::move(terminate));
  }
  Fail("left");
  stream_.Close();
}

// ---- Jingle ----

signaling::JingleMessage Bot::BuildOffer() const {
  signaling::JingleMessage offer;
  offer.action = signaling::JingleAction::kSessionInitiate;
  offer.sid = sid_;
  offer.initiator = self_.ToString();
  signaling::IceTransport transport;
  transport.ufrag = ice_.local().ufrag;
  transport.pwd = ice_.local().pwd;
  transport.fingerprint = signaling::Fingerprint{
      "sha-256", certificate_.sha256(), signaling::DtlsSetup::kActpass};
  if (config_.wrong_fingerprint) transport.fingerprint->digest[0] ^= 1;
  signaling::ContentGroup bundle{"BUNDLE", {}};
  const auto add = [&](rtp::MediaKind kind, size_t slots, bool sends) {
    const bool audio = kind == rtp::MediaKind::kAudio;
    for (size_t i = 0; i < std::max<size_t>(slots, sends ? 1 : 0); ++i) {
      signaling::Content content;
      content.name = (audio ? "audio" : "video") + std::to_string(i);
      const bool publishes = sends && i == 0;
      content.senders = !publishes  ? signaling::Senders::kResponder
                        : slots > 0 ? signaling::Senders::kBoth
                                    : signaling::Senders::kInitiator;
      content.description_ns = signaling::ns::kRtp;
      content.description = DescribeMedia(kind);
      if (publishes) {
        DescribeSource(audio ? audio_ssrc_ : video_ssrc_, audio ? 0 : rtx_ssrc_,
                       *content.description);
      }
      content.transport_ns = signaling::ns::kIceUdp;
      content.transport = transport;
      bundle.contents.push_back(content.name);
      offer.description.contents.push_back(std::move(content));
    }
  };
  add(rtp::MediaKind::kAudio, config_.audio_slots, config_.send_audio);
  add(rtp::MediaKind::kVideo, config_.video_slots, config_.send_video);
  offer.description.groups.push_back(std::move(bundle));
  return offer;
}

void Bot::HandleJingle(const signaling::JingleMessage& message) {
  if (message.action == signaling::JingleAction::kSessionAccept) {
    return HandleAccept(message.description);
  }
  if (message.action == signaling::JingleAction::kSessionTerminate) {
    const auto reason = message.reason.value_or(signaling::JingleReason());
    Fail("ended by the room: " + reason.condition +
         (reason.text.empty() ? "" : ", " + reason.text));
  }
}

void Bot::HandleAccept(const signaling::SessionDescription& answer) {
  if (times_.accepted != rtp::kNever) return;
  times_.accepted = now_;
  const auto& contents = answer.contents;
  if (contents.empty() || !contents.front().transport ||
      !contents.front().transport->fingerprint) {
    return Fail("the answer has no transport with a fingerprint");
  }
  const signaling::IceTransport& transport = *contents.front().transport;
  std::vector<ice::SocketAddress> candidates;
  for (const signaling::IceCandidate& candidate : transport.candidates) {
    const auto address =
        ice::SocketAddress::Parse(candidate.ip, candidate.port);
    if (address) candidates.push_back(*address);
  }
  if (candidates.empty()) return Fail("the answer has no candidate");
  const bool we_begin =
      transport.fingerprint->setup == signaling::DtlsSetup::kPassive;
  dtls_ = std::make_unique<ice::DtlsEndpoint>(
      certificate_,
      we_begin ? rtp::DtlsRole::kActive : rtp::DtlsRole::kPassive);
  dtls_->SetRemoteFingerprint(
      {transport.fingerprint->hash, transport.fingerprint->digest});
  for (const signaling::Content& content : contents) {
    const bool receives = content.senders == signaling::Senders::kBoth ||
                          content.senders == signaling::Senders::kResponder;
    if (!receives || !content.description || !content.description->ssrc) {
      continue;
    }
    MediaReceiver::Config receiver;
    receiver.content = content.name;
    const bool audio = content.description->media == signaling::Media::kAudio;
    receiver.kind = audio ? rtp::MediaKind::kAudio : rtp::MediaKind::kVideo;
    receiver.ssrc = *content.description->ssrc;
    for (const auto& group : content.description->ssrc_groups) {
      if (group.semantics == "FID" && group.ssrcs.size() == 2) {
        receiver.rtx_ssrc = group.ssrcs[1];
      }
    }
    receiver.payload_type = audio ? kOpusPayloadType : kVp8PayloadType;
    receiver.decode = config_.decode;
    receivers_.push_back(std::make_unique<MediaReceiver>(std::move(receiver)));
  }
  ice_.Start(now_, {transport.ufrag, transport.pwd}, std::move(candidates));
}

// ---- what the room tells ----

void Bot::HandleHeadline(const signaling::Message& message) {
  if (message.from != room_) return;
  if (const auto* roster = std::get_if<signaling::Roster>(&message.payload)) {
    if (!roster->self.empty()) participant_ = roster->self;
  } else if (const auto* speakers =
                 std::get_if<signaling::Speakers>(&message.payload)) {
    dominant_ = speakers->dominant;
  } else if (const auto* map =
                 std::get_if<signaling::SlotMap>(&message.payload)) {
    for (const auto& slot : map->slots) {
      std::string& source = slots_[slot.content];
      if (source == slot.source) continue;
      source = slot.source;
      slot_events_.push_back({now_, slot.content, slot.source, slot.owner});
      for (const auto& receiver : receivers_) {
        // What comes now is something else: no gap of the one before.
        if (receiver->config().content == slot.content) receiver->ResetGap();
      }
    }
  }
}

}  // namespace bot
