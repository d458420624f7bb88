// SPDX-License-Identifier: GPL-3.0-or-later
// How the sessions of a client come of what was signalled.
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tools/bot/bot_offer.h"
#include "tools/bot/participant.h"

namespace bot {
namespace {

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

void Participant::AddSenders(const Transports& session,
                             const SourceIds& sources) {
  if (config_.send_audio) {
    MediaSender::Config sender =
        SenderOf(rtp::MediaKind::kAudio, OfferOf(rtp::Codec::kOpus));
    sender.layers[0].ssrc = sources.audio;
    sender.mid = "audio0";
    session.legs[session.contents.at(sender.mid)]->AddSender(sender, samples_);
  }
  if (config_.send_video) {
    MediaSender::Config sender =
        SenderOf(rtp::MediaKind::kVideo, OfferOf(config_.media.video_codec));
    for (size_t i = 0; i < sender.layers.size(); ++i) {
      sender.layers[i].ssrc = sources.video[i].first;
      sender.layers[i].rtx_ssrc = sources.video[i].second;
    }
    sender.mid = "video0";
    session.legs[session.contents.at(sender.mid)]->AddSender(sender, samples_);
  }
}

void Participant::ConnectLegs(const Transports& session,
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
      receiver.ntp = config_.ntp;
      receiver.decode = config_.media.decode;
      // Of sound what is late is of no use, and nothing offers it.
      receiver.nack = config_.media.feedback != Feedback::kNone &&
                      receiver.kind == rtp::MediaKind::kVideo;
      receiver.decrypt_one_in = config_.media.decrypt_one_in;
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

}  // namespace bot
