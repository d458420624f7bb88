// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/media_controller.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "rtp/base/check.h"

namespace sfu {
namespace {

using signaling::IceCandidate;
using signaling::IceTransport;
using signaling::PeerAllocation;

// ufrag layout (decisions.md s3.3): version, node, worker, then random. The
// routing part is two ice-chars each, so a front end can steer by it.
constexpr char kUfragVersion = '1';
constexpr size_t kUfragRandomChars = 16;  // 96 bits (RFC 8445 s5.3 asks 24)
constexpr size_t kPasswordChars = 32;     // 192 bits (RFC 8445 s5.3 asks 128)

std::string TwoIceChars(size_t value) {
  return {rtp::kIceChars[value / 64 % 64], rtp::kIceChars[value % 64]};
}

std::vector<RemoteSources::Source> SourcesOf(const rtp::PeerSpec& spec) {
  std::vector<RemoteSources::Source> sources;
  for (const rtp::ContentSpec& content : spec.contents) {
    if (!content.uplink || content.codecs.empty()) continue;
    sources.push_back({content.uplink->source, content.kind,
                       content.uplink->type, content.uplink->muted});
  }
  return sources;
}

}  // namespace

signaling::PeerFailure ToSignaling(PeerFailure why) {
  switch (why) {
    case PeerFailure::kConnectTimeout:
      return signaling::PeerFailure::kConnectTimeout;
    case PeerFailure::kFingerprintMismatch:
      return signaling::PeerFailure::kFingerprintMismatch;
    case PeerFailure::kDtlsFailed:
      return signaling::PeerFailure::kDtlsFailed;
    case PeerFailure::kConsentLost:
      return signaling::PeerFailure::kConsentLost;
    case PeerFailure::kClosedByPeer:
      return signaling::PeerFailure::kClosedByPeer;
  }
  return signaling::PeerFailure::kDtlsFailed;
}

MediaController::MediaController(Config config, rtp::RandomSource& random,
                                 CommandSink& commands)
    : config_(std::move(config)),
      random_(random),
      commands_(commands),
      workers_(config_.workers.size()) {
  SFU_CHECK(!config_.workers.empty());
}

size_t MediaController::Place(const ConferenceEntry& conference) const {
  // The first that is best: a worker under its load mark before one above it,
  // one where the conference is and has room before others, then the one with
  // the fewest peers, of this conference and of all.
  const auto rank = [&](size_t worker) {
    const size_t here = conference.peers[worker];
    const WorkerEntry& entry = workers_[worker];
    const bool stays = here > 0 && here < config_.spread_after;
    return std::make_tuple(entry.load >= config_.max_load, !stays, here,
                           entry.peers);
  };
  size_t best = 0;
  for (size_t i = 1; i < workers_.size(); ++i) {
    if (rank(i) < rank(best)) best = i;
  }
  return best;
}

IceTransport MediaController::DrawTransport(size_t worker) {
  IceTransport transport;
  transport.ufrag = kUfragVersion + TwoIceChars(config_.node) +
                    TwoIceChars(worker) +
                    random_.NextString(kUfragRandomChars, rtp::kIceChars);
  transport.pwd = random_.NextString(kPasswordChars, rtp::kIceChars);
  transport.fingerprint = config_.fingerprint;
  const Config::WorkerAddresses& addresses = config_.workers[worker];
  uint32_t local_preference = 65535;
  for (const std::string& ip : addresses.ips) {
    IceCandidate candidate;
    const std::string number = std::to_string(transport.candidates.size() + 1);
    candidate.id = "c" + number;
    candidate.foundation = number;
    candidate.ip = ip;
    candidate.port = addresses.port;
    // RFC 8445 s5.1.2.1 with type preference 126 (host), component 1.
    candidate.priority = (126u << 24) | (local_preference-- << 8) | 255u;
    transport.candidates.push_back(std::move(candidate));
  }
  return transport;
}

std::optional<size_t> MediaController::WorkerOf(rtp::PeerId peer) const {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return std::nullopt;
  return it->second.worker;
}

PeerAllocation MediaController::AllocatePeer(rtp::ConferenceId conference,
                                             size_t transports) {
  PeerAllocation allocation;
  if (peers_.size() >= config_.max_peers) return allocation;
  ConferenceEntry& room = conferences_[conference];
  room.peers.resize(workers_.size());
  PeerEntry entry;
  entry.conference = conference;
  entry.worker = Place(room);
  ++room.peers[entry.worker];
  ++workers_[entry.worker].peers;
  allocation.peer = rtp::PeerId(next_peer_++);
  for (size_t i = 0; i < transports; ++i) {
    allocation.transports.push_back(DrawTransport(entry.worker));
  }
  allocation.cname = random_.NextString(16, rtp::kReadableChars);
  peers_.emplace(allocation.peer, std::move(entry));
  return allocation;
}

std::vector<IceTransport> MediaController::AllocateTransports(rtp::PeerId peer,
                                                              size_t count) {
  std::vector<IceTransport> transports;
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return transports;
  for (size_t i = 0; i < count; ++i) {
    transports.push_back(DrawTransport(it->second.worker));
  }
  return transports;
}

rtp::Ssrc MediaController::AllocateSsrc() {
  for (;;) {
    const rtp::Ssrc ssrc = random_.NextU32();
    if (ssrc != 0 && !ssrcs_.contains(ssrc)) return ssrc;
  }
}

void MediaController::RememberSsrcs(PeerEntry& entry,
                                    const rtp::PeerSpec& spec) {
  for (const rtp::ContentSpec& content : spec.contents) {
    if (!content.slot) continue;
    for (const rtp::Ssrc ssrc : {content.slot->ssrc, content.slot->rtx_ssrc}) {
      if (ssrc != 0 && ssrcs_.insert(ssrc).second) entry.ssrcs.push_back(ssrc);
    }
  }
}

void MediaController::AddPeer(rtp::Timestamp /*now*/, rtp::PeerSpec spec) {
  const auto it = peers_.find(spec.peer);
  if (it == peers_.end() || it->second.added) return;
  PeerEntry& entry = it->second;
  ConferenceEntry& conference = conferences_[entry.conference];
  entry.added = true;
  RememberSsrcs(entry, spec);
  Span(entry.conference, conference, entry.worker);
  conference.added.insert(spec.peer);
  const rtp::PeerId peer = spec.peer;
  std::vector<RemoteSources::Source> sources = SourcesOf(spec);
  commands_.Push(entry.worker, sfu::AddPeer{std::move(spec)});
  TellSources(peer, entry, std::move(sources));
}

void MediaController::Span(rtp::ConferenceId id, ConferenceEntry& conference,
                           size_t worker) {
  if (std::find(conference.spans.begin(), conference.spans.end(), worker) !=
      conference.spans.end()) {
    return;
  }
  conference.spans.push_back(worker);
  if (conference.spans.size() == 1) return;
  TellSpans(id, conference);
  for (const rtp::PeerId peer : conference.added) {
    const PeerEntry& entry = peers_.at(peer);
    if (entry.sources.empty()) continue;
    commands_.Push(worker,
                   RemoteSources{id, peer, entry.worker, entry.sources});
  }
}

void MediaController::TellSpans(rtp::ConferenceId id,
                                const ConferenceEntry& conference) {
  for (const size_t worker : conference.spans) {
    SpanConference span;
    span.conference = id;
    span.reports = worker == conference.spans.front();
    for (const size_t other : conference.spans) {
      if (other != worker) span.others.push_back(other);
    }
    commands_.Push(worker, std::move(span));
  }
}

void MediaController::TellSources(rtp::PeerId peer, PeerEntry& entry,
                                  std::vector<RemoteSources::Source> sources) {
  if (sources == entry.sources) return;
  entry.sources = std::move(sources);
  for (const size_t worker : conferences_[entry.conference].spans) {
    if (worker == entry.worker) continue;
    commands_.Push(worker, RemoteSources{entry.conference, peer, entry.worker,
                                         entry.sources});
  }
}

void MediaController::UpdatePeer(rtp::Timestamp /*now*/, rtp::PeerSpec spec) {
  const auto it = peers_.find(spec.peer);
  if (it == peers_.end() || !it->second.added) return;
  RememberSsrcs(it->second, spec);
  const rtp::PeerId peer = spec.peer;
  std::vector<RemoteSources::Source> sources = SourcesOf(spec);
  commands_.Push(it->second.worker, sfu::UpdatePeer{std::move(spec)});
  TellSources(peer, it->second, std::move(sources));
}

void MediaController::SetReceive(rtp::Timestamp /*now*/, rtp::PeerId peer,
                                 rtp::ReceiveSpec receive) {
  const auto it = peers_.find(peer);
  if (it == peers_.end() || !it->second.added) return;
  commands_.Push(it->second.worker, sfu::SetReceive{peer, std::move(receive)});
}

IceTransport MediaController::RestartIce(rtp::Timestamp /*now*/,
                                         rtp::PeerId peer, size_t transport,
                                         rtp::IceCredentials remote) {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return {};
  ++ice_restarts_;
  IceTransport local = DrawTransport(it->second.worker);
  commands_.Push(it->second.worker,
                 sfu::RestartIce{peer, transport,
                                 rtp::IceCredentials{local.ufrag, local.pwd},
                                 std::move(remote)});
  return local;
}

void MediaController::RemovePeer(rtp::Timestamp /*now*/, rtp::PeerId peer) {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return;
  PeerEntry& entry = it->second;
  for (const rtp::Ssrc ssrc : entry.ssrcs) ssrcs_.erase(ssrc);
  --workers_[entry.worker].peers;
  ConferenceEntry& conference = conferences_[entry.conference];
  --conference.peers[entry.worker];
  if (entry.added) {
    TellSources(peer, entry, {});
    commands_.Push(entry.worker, sfu::RemovePeer{peer});
    conference.added.erase(peer);
    const bool last = std::none_of(
        conference.added.begin(), conference.added.end(),
        [&](rtp::PeerId id) { return peers_.at(id).worker == entry.worker; });
    if (last) {
      std::erase(conference.spans, entry.worker);
      TellSpans(entry.conference, conference);
    }
  }
  if (std::all_of(conference.peers.begin(), conference.peers.end(),
                  [](size_t peers) { return peers == 0; })) {
    conferences_.erase(entry.conference);
  }
  peers_.erase(it);
}

void MediaController::HandleEvent(rtp::Timestamp now, const Event& event) {
  // An event may have been under way while its peer was removed.
  const auto known = [this](rtp::PeerId peer) { return peers_.contains(peer); };
  if (const auto* connected = std::get_if<PeerConnected>(&event)) {
    if (known(connected->peer)) {
      observer_->OnPeerConnected(now, connected->peer);
    }
  } else if (const auto* failed = std::get_if<PeerFailed>(&event)) {
    if (known(failed->peer)) {
      observer_->OnPeerFailed(now, failed->peer, ToSignaling(failed->why));
    }
  } else if (const auto* silent = std::get_if<PeerSilent>(&event)) {
    if (known(silent->peer)) {
      observer_->OnPeerSilent(now, silent->peer, silent->silent);
    }
  } else if (const auto* slots = std::get_if<SlotsChanged>(&event)) {
    if (!known(slots->peer)) return;
    std::vector<signaling::SlotFill> fills;
    fills.reserve(slots->slots.size());
    for (const SlotsChanged::Fill& fill : slots->slots) {
      fills.push_back(signaling::SlotFill{fill.content, fill.source});
    }
    observer_->OnSlotsChanged(now, slots->peer, fills);
  } else if (const auto* speakers = std::get_if<SpeakersChanged>(&event)) {
    observer_->OnSpeakersChanged(now, speakers->conference, speakers->dominant,
                                 speakers->speaking);
  }
}

}  // namespace sfu
