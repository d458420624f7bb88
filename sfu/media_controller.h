// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "rtp/base/random.h"
#include "sfu/messages.h"
#include "signaling/media_control.h"

namespace sfu {

// The same in the words of the focus.
signaling::PeerFailure ToSignaling(PeerFailure why);

// Where commands to workers go. The shell's implementation keeps a backlog
// when a ring is full, so a command is never lost.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void Push(size_t worker, Command command) = 0;
};

// The control side of the media plane: turns what the focus asks for into
// commands to workers, and their events into what the focus is told. Places
// conferences on workers and draws all identities (ICE credentials, SSRCs), so
// that an answer never waits for a worker. Holds no media state.
class MediaController : public signaling::MediaControl {
 public:
  struct Config {
    // Per worker: the addresses that clients can reach it at, best first.
    struct WorkerAddresses {
      std::vector<std::string> ips;
      uint16_t port = 0;
    };
    std::vector<WorkerAddresses> workers;
    signaling::Fingerprint fingerprint;  // of our certificate, no setup
    size_t max_peers = 2000;             // on this server
    // A room stays on one worker up to so many peers; those who come later go
    // to the next.
    size_t spread_after = 30;
    // Share of its processor from which on a worker gets no new rooms.
    double max_load = 0.8;
    uint8_t node = 0;  // of a cluster, in every ufrag
  };

  MediaController(Config config, rtp::RandomSource& random,
                  CommandSink& commands);

  // Must be set before the first event.
  void set_observer(signaling::MediaObserver* observer) {
    observer_ = observer;
  }

  void HandleEvent(rtp::Timestamp now, const Event& event);

  // The share of its processor that `worker` used lately, 0 to 1.
  void SetLoad(size_t worker, double load) { workers_[worker].load = load; }

  size_t peer_count() const { return peers_.size(); }
  // Peers on worker `worker`.
  size_t peer_count(size_t worker) const { return workers_[worker].peers; }
  // Where a peer is; nothing if it is not known.
  std::optional<size_t> WorkerOf(rtp::PeerId peer) const;
  uint64_t ice_restarts() const { return ice_restarts_; }

  // signaling::MediaControl
  signaling::PeerAllocation AllocatePeer(rtp::ConferenceId conference,
                                         size_t transports) override;
  std::vector<signaling::IceTransport> AllocateTransports(
      rtp::PeerId peer, size_t count) override;
  rtp::Ssrc AllocateSsrc() override;
  void AddPeer(rtp::Timestamp now, rtp::PeerSpec spec) override;
  void UpdatePeer(rtp::Timestamp now, rtp::PeerSpec spec) override;
  void SetReceive(rtp::Timestamp now, rtp::PeerId peer,
                  rtp::ReceiveSpec receive) override;
  signaling::IceTransport RestartIce(rtp::Timestamp now, rtp::PeerId peer,
                                     size_t transport,
                                     rtp::IceCredentials remote) override;
  void RemovePeer(rtp::Timestamp now, rtp::PeerId peer) override;

 private:
  struct PeerEntry {
    rtp::ConferenceId conference;
    size_t worker = 0;
    bool added = false;                          // the worker knows it
    std::vector<rtp::Ssrc> ssrcs;                // drawn for its slots
    std::vector<RemoteSources::Source> sources;  // that it publishes
  };
  struct ConferenceEntry {
    std::vector<size_t> peers;    // allocated, by worker
    std::set<rtp::PeerId> added;  // in order of joining
    std::vector<size_t> spans;    // workers that have added peers
  };
  struct WorkerEntry {
    size_t peers = 0;
    double load = 0;
  };

  size_t Place(const ConferenceEntry& conference) const;
  // Makes `worker` one that the conference spans: tells it what is elsewhere.
  void Span(rtp::ConferenceId id, ConferenceEntry& conference, size_t worker);
  void TellSpans(rtp::ConferenceId id, const ConferenceEntry& conference);
  // Tells the conference's other workers what a peer publishes, if it changed.
  void TellSources(rtp::PeerId peer, PeerEntry& entry,
                   std::vector<RemoteSources::Source> sources);
  signaling::IceTransport DrawTransport(size_t worker);
  void RememberSsrcs(PeerEntry& entry, const rtp::PeerSpec& spec);

  const Config config_;
  rtp::RandomSource& random_;
  CommandSink& commands_;
  signaling::MediaObserver* observer_ = nullptr;
  uint64_t next_peer_ = 1;
  uint64_t ice_restarts_ = 0;
  std::unordered_map<rtp::PeerId, PeerEntry> peers_;
  std::unordered_map<rtp::ConferenceId, ConferenceEntry> conferences_;
  std::set<rtp::Ssrc> ssrcs_;  // in use by this process's slots
  std::vector<WorkerEntry> workers_;
};

}  // namespace sfu
