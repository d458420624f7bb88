// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rtp/base/time.h"
#include "sfu/deadline_queue.h"
#include "sfu/media_controller.h"
#include "sfu/outbox.h"
#include "sfu/relay_mesh.h"
#include "sfu/worker.h"
#include "signaling/focus.h"
#include "signaling/xmpp_stream.h"
#include "tests/sim/fake_dtls.h"
#include "tests/sim/memory_xmpp.h"
#include "tests/support/seeded_random.h"
#include "tools/bot/bot.h"

namespace sim {

// A whole server and its clients in one thread and virtual time: workers, the
// relay rings between them, the control side, the focus on a component stream,
// an XMPP server, and bots. Everything that happens is one of a queue of
// events, ordered by time and then by when it was decided, so that the same
// seed gives the same bytes.
class World : public signaling::XmppStreamHandler,
              public signaling::StanzaSink,
              public sfu::CommandSink {
 public:
  struct Config {
    uint32_t seed = 1;
    size_t workers = 1;
    size_t spread_after = 30;  // MediaController::Config
    // Of what is said between the server and the XMPP server, and so on.
    rtp::TimeDelta xmpp_delay = std::chrono::milliseconds(2);
    // Of datagrams, each way, on top of what a bot's own links do.
    rtp::TimeDelta network_delay = std::chrono::milliseconds(1);
    // Writes each datagram and stanza to this file, for who compares runs.
    std::string trace_path = {};
  };

  explicit World(Config config);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  rtp::Timestamp now() const { return now_; }
  uint32_t seed() const { return config_.seed; }

  // One more client, which begins to join now. Lives as long as the world.
  // What the config says of login, room and clock is set by the world.
  bot::Bot& AddBot(bot::Bot::Config config);
  // A config with a name after its number.
  bot::Bot::Config NextConfig() const;

  void RunFor(rtp::TimeDelta duration);
  // Returns whether `done` became true, asked after each event.
  bool RunUntil(const std::function<bool()>& done, rtp::TimeDelta at_most);
  // Whether all bots are joined and have keys.
  bool AllJoined() const;

  // Bots that come from now on believe their wall clocks to be so much ahead.
  void SetNtpOffset(rtp::TimeDelta offset) { ntp_offset_ = offset; }
  // Nothing reaches the server, or leaves it, for so long.
  void StallServer(rtp::TimeDelta duration);
  // The XMPP link is cut; up again after a while.
  void CutXmpp(rtp::TimeDelta duration);

  sfu::Worker& worker(size_t i);
  size_t workers() const { return workers_.size(); }
  signaling::Focus& focus() { return *focus_; }
  sfu::MediaController& media() { return *controller_; }
  const std::vector<std::unique_ptr<bot::Bot>>& bots() const { return bots_; }
  // Datagrams from the server to socket addresses that nobody has any more.
  uint64_t to_nobody() const { return to_nobody_; }
  // Of all that was said so far: what two runs are compared by.
  uint64_t digest() const { return digest_; }
  uint64_t events() const { return events_; }
  uint64_t datagrams() const { return datagrams_; }

 private:
  struct WorkerHome;
  struct Client;
  struct Event {
    rtp::Timestamp at;
    uint64_t order = 0;
    std::function<void()> run;
  };
  struct Datagram {
    rtp::Timestamp at;
    uint64_t order = 0;
    bool to_server = false;
    size_t index = 0;  // of the worker, or of the slot in the pool
    ice::SocketAddress address;
    std::vector<uint8_t> bytes;
  };

  // signaling::XmppStreamHandler, of the component
  void OnXmppWrite(std::string_view bytes) override;
  void OnXmppReady(const signaling::Jid& self) override;
  void OnXmppStanza(signaling::Stanza stanza) override;
  void OnXmppRejected(const signaling::RejectedStanza& stanza) override;
  void OnXmppClosed(const std::string& reason) override;
  // signaling::StanzaSink, of the focus
  void Send(signaling::Stanza stanza) override;
  // sfu::CommandSink
  void Push(size_t worker, sfu::Command command) override;

  void ConnectComponent();
  void At(rtp::Timestamp at, std::function<void()> run);
  void Turn();
  // Sends what worker number `worker` wants sent, lets the others take what it
  // relayed, and tells its events.
  void Settle(size_t worker);
  void TellEvents(size_t worker);
  void Flush(size_t worker);
  void ToServer(size_t worker, const ice::SocketAddress& from,
                std::span<const uint8_t> bytes);
  void Deliver(const Datagram& datagram);
  void Witness(std::string_view tag, std::string_view bytes);
  rtp::Timestamp NextTime() const;
  void ScheduleBot(size_t index);

  const Config config_;
  rtp::Timestamp now_{std::chrono::seconds(1000)};
  support::SeededRandom random_;
  rtp::NtpClock ntp_{uint64_t{3'900'000'000} << 32};
  FakeIdentity server_identity_;
  std::vector<Event> heap_;
  std::vector<Datagram> wire_;  // a heap too
  std::vector<std::vector<uint8_t>> spare_;
  uint64_t order_ = 0;
  uint64_t digest_ = 14695981039346656037u;
  uint64_t events_ = 0;
  uint64_t datagrams_ = 0;
  uint64_t to_nobody_ = 0;
  rtp::Timestamp stalled_until_;
  rtp::TimeDelta ntp_offset_{};
  struct TraceFile;
  std::unique_ptr<TraceFile> trace_;

  MemoryXmpp xmpp_;
  std::unique_ptr<sfu::RelayMesh> relays_;
  std::vector<std::unique_ptr<WorkerHome>> workers_;
  std::unique_ptr<sfu::MediaController> controller_;
  std::unique_ptr<signaling::XmppStream> stream_;
  std::unique_ptr<signaling::Focus> focus_;
  size_t component_ = 0;  // its connection
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<bot::Bot>> bots_;
  // Whose address: client and socket. Only looked up, never walked.
  std::unordered_map<ice::SocketAddress, std::pair<size_t, size_t>> by_address_;
  sfu::DeadlineQueue<size_t> bot_deadlines_;
  std::vector<rtp::Timestamp> bot_scheduled_;
};

}  // namespace sim
