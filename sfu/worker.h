// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ice/dtls_association.h"
#include "ice/socket_address.h"
#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "sfu/counters.h"
#include "sfu/deadline_queue.h"
#include "sfu/messages.h"
#include "sfu/outbox.h"
#include "sfu/peer.h"
#include "sfu/stage.h"
#include "sfu/worker_context.h"

namespace sfu {

// Everything one core does with media: finds whose a datagram is, runs the
// peers and the stages of their conferences, and says what to send and what to
// tell. Knows no socket, clock or thread: WorkerLoop gives it all three, a
// simulation can too. Thread-compatible.
class Worker {
 public:
  struct Config {
    // Packets held at once by caches and queues, about 1.7 KB each.
    size_t max_packets = 65'536;
  };

  // `identity` and `random` must outlive the worker.
  Worker(const Config& config, const ice::DtlsIdentity& identity,
         rtp::NtpClock ntp, rtp::RandomSource& random);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The way to other workers; without it there are none. Must outlive the
  // worker.
  void set_relays(RelaySink* relays) { context_.router.set_relays(relays); }

  void HandleCommand(rtp::Timestamp now, Command command, Outbox& outbox);
  // `arrival`: when the kernel got it, at or before `now`.
  void HandleDatagram(rtp::Timestamp now, rtp::Timestamp arrival,
                      const ice::SocketAddress& from,
                      std::span<const uint8_t> datagram, Outbox& outbox);

  // What worker `from` sent.
  void HandleRelay(rtp::Timestamp now, size_t from, const RelayCell& cell,
                   Outbox& outbox);

  rtp::Timestamp NextDeadline() const;
  void HandleTimeout(rtp::Timestamp now, Outbox& outbox);

  Counters& counters() { return context_.counters; }
  const Counters& counters() const { return context_.counters; }
  size_t peer_count() const { return peers_.size(); }
  size_t packets_in_use() const { return context_.pool.in_use(); }

 private:
  // A conference as this worker sees it: its stage, and who is here.
  struct Conference {
    explicit Conference(rtp::ConferenceId id) : stage(id) {}
    Stage stage;
    std::vector<Peer*> peers;  // here
    // What the peers on other workers publish.
    std::unordered_map<rtp::PeerId, std::vector<RemoteSources::Source>> remote;
    bool reports = true;  // tells the control thread who speaks
    rtp::Timestamp scheduled = rtp::kNever;
  };
  // Which transport an address or a ufrag belongs to.
  struct Path {
    Peer* peer = nullptr;
    size_t transport = 0;
  };
  struct StringHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void Add(rtp::Timestamp now, const rtp::PeerSpec& spec, Outbox& outbox);
  void Update(rtp::Timestamp now, const rtp::PeerSpec& spec, Outbox& outbox);
  void Remove(rtp::Timestamp now, rtp::PeerId id, Outbox& outbox);
  void RestartIceOf(rtp::Timestamp now, const RestartIce& command);
  void Span(SpanConference command, Outbox& outbox);
  void UpdateRemote(rtp::Timestamp now, RemoteSources command, Outbox& outbox);
  void TellSpeakers(Conference& conference, Outbox& outbox);

  void HandleStun(rtp::Timestamp now, const ice::SocketAddress& from,
                  std::span<const uint8_t> datagram, Outbox& outbox);
  void RememberAddress(const ice::SocketAddress& from, Path path);
  Peer* FindPeer(rtp::PeerId id);
  Conference& ConferenceOf(const Peer& peer);
  Conference& MakeConference(rtp::ConferenceId id);
  void Forget(Conference& conference);

  // After any input: reschedules who was woken, refills slots where the order
  // changed, tells of slots that changed.
  void Settle(rtp::Timestamp now, Outbox& outbox);
  void Schedule(Peer& peer);
  void Schedule(Conference& conference);
  void Refill(rtp::Timestamp now, Conference& conference, Outbox& outbox);

  WorkerContext context_;
  // After context_, before peers_: uplinks leave their stage as they go.
  std::unordered_map<rtp::ConferenceId, std::unique_ptr<Conference>>
      conferences_;
  std::unordered_map<rtp::SourceId, Conference*> remote_sources_;
  std::unordered_map<rtp::PeerId, std::unique_ptr<Peer>> peers_;
  std::unordered_map<ice::SocketAddress, Path> by_address_;
  std::unordered_map<std::string, Path, StringHash, std::equal_to<>> by_ufrag_;
  DeadlineQueue<rtp::PeerId> peer_deadlines_;
  DeadlineQueue<rtp::ConferenceId> conference_deadlines_;
};

}  // namespace sfu
