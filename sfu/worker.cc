// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/worker.h"

#include <algorithm>
#include <utility>

#include "ice/datagram_kind.h"
#include "ice/stun_message.h"
#include "rtp/rtp_packet.h"

namespace sfu {
namespace {

class StunSink : public ice::DatagramSink {
 public:
  explicit StunSink(Outbox& outbox) : outbox_(outbox) {}
  void SendDatagram(const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    outbox_.AppendSingle(to, datagram);
  }

 private:
  Outbox& outbox_;
};

}  // namespace

Worker::Worker(const Config& config, const ice::DtlsIdentity& identity,
               rtp::NtpClock ntp, rtp::RandomSource& random)
    : context_{.identity = identity,
               .ntp = ntp,
               .random = random,
               .pool = rtp::PacketPool(config.max_packets),
               .counters = {},
               .router = Router(context_.counters),
               .woken = {},
               .slots_changed = {}} {
  context_.counters.pool_limit.Set(config.max_packets);
}

Worker::~Worker() = default;

void Worker::HandleCommand(rtp::Timestamp now, Command command,
                           Outbox& outbox) {
  context_.counters.commands.Add();
  if (const auto* add = std::get_if<AddPeer>(&command)) {
    Add(now, add->spec, outbox);
  } else if (const auto* update = std::get_if<UpdatePeer>(&command)) {
    Update(now, update->spec, outbox);
  } else if (const auto* remove = std::get_if<RemovePeer>(&command)) {
    Remove(now, remove->peer, outbox);
  } else if (auto* receive = std::get_if<SetReceive>(&command)) {
    if (Peer* peer = FindPeer(receive->peer)) {
      peer->SetReceive(std::move(receive->receive));
      peer->FillSlots(now, outbox);
    }
  } else if (const auto* restart = std::get_if<RestartIce>(&command)) {
    RestartIceOf(now, *restart);
  } else if (auto* span = std::get_if<SpanConference>(&command)) {
    Span(std::move(*span), outbox);
  } else if (auto* remote = std::get_if<RemoteSources>(&command)) {
    UpdateRemote(now, std::move(*remote), outbox);
  }
  Settle(now, outbox);
}

void Worker::Add(rtp::Timestamp now, const rtp::PeerSpec& spec,
                 Outbox& outbox) {
  if (peers_.contains(spec.peer)) return;
  Conference& conference = MakeConference(spec.conference);
  auto peer = std::make_unique<Peer>(now, spec, conference.stage, context_);
  conference.peers.push_back(peer.get());
  for (size_t i = 0; i < spec.transports.size(); ++i) {
    by_ufrag_[spec.transports[i].local.ufrag] = Path{peer.get(), i};
  }
  peers_.emplace(spec.peer, std::move(peer));
  Refill(now, conference, outbox);
}

void Worker::Update(rtp::Timestamp now, const rtp::PeerSpec& spec,
                    Outbox& outbox) {
  Peer* peer = FindPeer(spec.peer);
  if (peer == nullptr) return;
  const size_t known = peer->transport_count();
  peer->Update(now, spec, outbox);
  for (size_t i = known; i < peer->transport_count(); ++i) {
    by_ufrag_[spec.transports[i].local.ufrag] = Path{peer, i};
  }
  Refill(now, ConferenceOf(*peer), outbox);
}

void Worker::Remove(rtp::Timestamp now, rtp::PeerId id, Outbox& outbox) {
  const auto it = peers_.find(id);
  if (it == peers_.end()) return;
  const std::unique_ptr<Peer> peer = std::move(it->second);
  peers_.erase(it);
  StunSink sink(outbox);
  for (size_t i = 0; i < peer->transport_count(); ++i) {
    peer->transport(i).ice().Close(now, sink);
  }
  std::erase_if(by_ufrag_, [&](const auto& entry) {
    return entry.second.peer == peer.get();
  });
  std::erase_if(by_address_, [&](const auto& entry) {
    return entry.second.peer == peer.get();
  });
  Conference& conference = ConferenceOf(*peer);
  std::erase(conference.peers, peer.get());
  // The peer goes first: its uplinks leave the stage, its slots their routes.
  peer->Close();
  if (conference.peers.empty()) {
    Forget(conference);
  } else {
    Refill(now, conference, outbox);
  }
}

void Worker::RestartIceOf(rtp::Timestamp now, const RestartIce& command) {
  Peer* peer = FindPeer(command.peer);
  if (peer == nullptr || command.transport >= peer->transport_count()) return;
  peer->transport(command.transport)
      .ice()
      .RestartIce(now, command.local, command.remote);
  by_ufrag_[command.local.ufrag] = Path{peer, command.transport};
  peer->WakeAt(peer->transport(command.transport).ice().NextDeadline());
}

void Worker::Span(SpanConference command, Outbox& outbox) {
  Conference& conference = MakeConference(command.conference);
  conference.stage.set_other_workers(std::move(command.others));
  // What the last one told may differ in details from what is known here.
  if (command.reports && !conference.reports) TellSpeakers(conference, outbox);
  conference.reports = command.reports;
}

void Worker::UpdateRemote(rtp::Timestamp now, RemoteSources command,
                          Outbox& outbox) {
  Conference& conference = MakeConference(command.conference);
  std::vector<RemoteSources::Source>& known = conference.remote[command.peer];
  const auto among = [](const auto& sources, rtp::SourceId source) {
    return std::any_of(sources.begin(), sources.end(),
                       [source](const auto& s) { return s.source == source; });
  };
  for (const RemoteSources::Source& old : known) {
    if (among(command.sources, old.source)) continue;
    remote_sources_.erase(old.source);
    conference.stage.RemoveSource(old.source);
    context_.router.RemoveSource(old.source);
  }
  for (const RemoteSources::Source& source : command.sources) {
    if (among(known, source.source)) {
      conference.stage.UpdateSource(source.source, source.type, source.muted);
      continue;
    }
    remote_sources_[source.source] = &conference;
    context_.router.AddRemoteSource(source.source, source.kind, command.home);
    conference.stage.AddSource(source.source, command.peer, source.kind,
                               source.type, source.muted);
  }
  known = std::move(command.sources);
  if (known.empty()) conference.remote.erase(command.peer);
  Refill(now, conference, outbox);
}

void Worker::HandleRelay(rtp::Timestamp now, size_t from, const RelayCell& cell,
                         Outbox& outbox) {
  if (cell.kind == RelayCell::Kind::kLevel) {
    const auto it = remote_sources_.find(cell.source);
    if (it == remote_sources_.end()) return;
    it->second->stage.OnAudioLevel(now, cell.source, cell.level);
    Schedule(*it->second);
    return;
  }
  context_.router.HandleRelay(now, from, cell, context_.pool, outbox);
  Settle(now, outbox);
}

void Worker::HandleDatagram(rtp::Timestamp now, rtp::Timestamp arrival,
                            const ice::SocketAddress& from,
                            std::span<const uint8_t> datagram, Outbox& outbox) {
  Counters& counters = context_.counters;
  counters.datagrams_received.Add();
  counters.bytes_received.Add(datagram.size());
  if (datagram.size() > rtp::kMaxPacketSize) {
    return counters.Drop(DropReason::kTooLarge);
  }
  const ice::DatagramKind kind = ice::ClassifyDatagram(datagram);
  if (kind == ice::DatagramKind::kUnknown) {
    return counters.Drop(DropReason::kUnclassified);
  }
  if (kind == ice::DatagramKind::kStun) {
    HandleStun(now, from, datagram, outbox);
    return Settle(now, outbox);
  }
  const auto path = by_address_.find(from);
  if (path == by_address_.end()) {
    return counters.Drop(DropReason::kUnknownAddress);
  }
  const auto [peer, transport] = path->second;
  if (kind == ice::DatagramKind::kRtp) {
    peer->HandleRtp(now, arrival, transport, datagram, outbox);
    Schedule(ConferenceOf(*peer));
  } else if (kind == ice::DatagramKind::kRtcp) {
    peer->HandleRtcp(now, transport, datagram, outbox);
  } else {
    StunSink sink(outbox);
    peer->transport(transport).ice().HandleDtls(now, from, datagram, sink);
    peer->OnTransportChanged(now, transport, outbox);
  }
  Settle(now, outbox);
}

void Worker::HandleStun(rtp::Timestamp now, const ice::SocketAddress& from,
                        std::span<const uint8_t> datagram, Outbox& outbox) {
  Path path;
  const auto ufrag = ice::StunLocalUfrag(datagram);
  if (ufrag) {
    const auto it = by_ufrag_.find(*ufrag);
    if (it != by_ufrag_.end()) path = it->second;
  } else if (const auto it = by_address_.find(from); it != by_address_.end()) {
    path = it->second;  // an indication: a keep-alive without credentials
  }
  if (path.peer == nullptr) {
    return context_.counters.Drop(DropReason::kStunRejected);
  }
  StunSink sink(outbox);
  if (!path.peer->transport(path.transport)
           .ice()
           .HandleStun(now, from, datagram, sink)) {
    if (ufrag) context_.counters.Drop(DropReason::kStunRejected);
    return;
  }
  RememberAddress(from, path);
  path.peer->OnTransportChanged(now, path.transport, outbox);
}

void Worker::RememberAddress(const ice::SocketAddress& from, Path path) {
  const auto [it, inserted] = by_address_.emplace(from, path);
  if (!inserted && it->second.peer == path.peer &&
      it->second.transport == path.transport) {
    return;
  }
  it->second = path;  // a NAT gave another's port away
  std::vector<ice::SocketAddress>& addresses =
      path.peer->transport(path.transport).addresses;
  if (addresses.size() == PeerTransport::kMaxAddresses) {
    const auto old = by_address_.find(addresses.front());
    if (old != by_address_.end() && old->second.peer == path.peer) {
      by_address_.erase(old);
    }
    addresses.erase(addresses.begin());
  }
  addresses.push_back(from);
}

Peer* Worker::FindPeer(rtp::PeerId id) {
  const auto it = peers_.find(id);
  return it == peers_.end() ? nullptr : it->second.get();
}

Worker::Conference& Worker::ConferenceOf(const Peer& peer) {
  return *conferences_.find(peer.stage().conference())->second;
}

Worker::Conference& Worker::MakeConference(rtp::ConferenceId id) {
  std::unique_ptr<Conference>& conference = conferences_[id];
  if (conference == nullptr) conference = std::make_unique<Conference>(id);
  return *conference;
}

void Worker::Forget(Conference& conference) {
  for (const auto& [peer, sources] : conference.remote) {
    for (const RemoteSources::Source& source : sources) {
      remote_sources_.erase(source.source);
      context_.router.RemoveSource(source.source);
    }
  }
  conferences_.erase(conference.stage.conference());
}

rtp::Timestamp Worker::NextDeadline() const {
  return std::min({peer_deadlines_.NextDeadline(),
                   conference_deadlines_.NextDeadline(),
                   context_.router.NextDeadline()});
}

void Worker::HandleTimeout(rtp::Timestamp now, Outbox& outbox) {
  context_.router.HandleTimeout(now);
  while (conference_deadlines_.NextDeadline() <= now) {
    const auto [deadline, id] = conference_deadlines_.Take();
    const auto it = conferences_.find(id);
    if (it == conferences_.end() || it->second->scheduled != deadline) continue;
    Conference& conference = *it->second;
    conference.scheduled = rtp::kNever;
    conference.stage.HandleTimeout(now);
    if (conference.stage.TakeOrderChanged()) Refill(now, conference, outbox);
    if (conference.stage.TakeSpeakersChanged() && conference.reports) {
      TellSpeakers(conference, outbox);
    }
    Schedule(conference);
  }
  while (peer_deadlines_.NextDeadline() <= now) {
    const auto [deadline, id] = peer_deadlines_.Take();
    Peer* peer = FindPeer(id);
    if (peer == nullptr || peer->scheduled != deadline) continue;
    peer->scheduled = rtp::kNever;
    if (peer->NextDeadline() <= now) peer->HandleTimeout(now, outbox);
    Schedule(*peer);
  }
  Settle(now, outbox);
}

void Worker::TellSpeakers(Conference& conference, Outbox& outbox) {
  outbox.events.emplace_back(SpeakersChanged{conference.stage.conference(),
                                             conference.stage.dominant(),
                                             conference.stage.speaking()});
}

void Worker::Settle(rtp::Timestamp /*now*/, Outbox& outbox) {
  for (Peer* peer : context_.woken) {
    peer->woken_ = false;
    Schedule(*peer);
  }
  context_.woken.clear();
  for (Peer* peer : context_.slots_changed) {
    outbox.events.emplace_back(peer->DescribeSlots());
  }
  context_.slots_changed.clear();
}

void Worker::Schedule(Peer& peer) {
  const rtp::Timestamp deadline = peer.NextDeadline();
  if (deadline >= peer.scheduled) return;
  peer.scheduled = deadline;
  peer_deadlines_.Add(deadline, peer.id());
}

void Worker::Schedule(Conference& conference) {
  const rtp::Timestamp deadline = conference.stage.NextDeadline();
  if (deadline >= conference.scheduled) return;
  conference.scheduled = deadline;
  conference_deadlines_.Add(deadline, conference.stage.conference());
}

void Worker::Refill(rtp::Timestamp now, Conference& conference,
                    Outbox& outbox) {
  conference.stage.TakeOrderChanged();
  for (Peer* peer : conference.peers) peer->FillSlots(now, outbox);
}

}  // namespace sfu
