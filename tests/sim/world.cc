// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/world.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <tuple>
#include <utility>

#include "tools/bot/media_samples.h"

namespace sim {
namespace {

constexpr std::string_view kComponent = "sfu.sim";
constexpr std::string_view kGuests = "guests.sim";
constexpr std::string_view kServerIp = "198.51.100.1";
constexpr uint16_t kFirstPort = 10'000;
constexpr uint64_t kFnvPrime = 1099511628211u;

template <typename T>
bool Later(const T& a, const T& b) {
  return std::tie(a.at, a.order) > std::tie(b.at, b.order);
}

std::shared_ptr<const bot::MediaSamples> Samples() {
  static const auto samples = [] {
    std::string error;
    return bot::MakeSamples(&error);
  }();
  return samples;
}

}  // namespace

struct World::WorkerHome {
  explicit WorkerHome(uint32_t seed) : random(seed) {}
  support::SeededRandom random;
  std::unique_ptr<sfu::Worker> worker;
  sfu::Outbox outbox;
  size_t told = 0;  // events
  ice::SocketAddress address;
};

// The shell of one bot.
struct World::Client : public bot::Bot::XmppSink, public bot::MediaSockets {
  Client(World& the_world, size_t number)
      : world(the_world),
        index(number),
        random(the_world.config_.seed * 7919u + static_cast<uint32_t>(number) +
               100u),
        identity(random) {}

  // bot::Bot::XmppSink
  void OpenXmpp() override {
    world.At(world.now_ + world.config_.xmpp_delay, [this] {
      const size_t opened = ++connection_count;
      connection = world.xmpp_.Connect(false, [this, opened](std::string text) {
        world.At(world.now_ + world.config_.xmpp_delay,
                 [this, opened, text = std::move(text)] {
                   if (opened != connection_count || connection == 0) return;
                   bot->HandleXmpp(world.now_, text);
                   world.ScheduleBot(index);
                 });
      });
      bot->HandleXmppOpen(world.now_);
      world.ScheduleBot(index);
    });
  }
  void SendXmpp(std::string_view bytes) override {
    world.At(world.now_ + world.config_.xmpp_delay,
             [this, to = connection, text = std::string(bytes)] {
               world.xmpp_.Receive(to, text);
             });
  }
  void CloseXmpp() override {
    world.At(world.now_ + world.config_.xmpp_delay,
             [this, gone = connection] { world.xmpp_.Disconnect(gone); });
    connection = 0;
  }

  // bot::MediaSockets
  size_t Open() override {
    const size_t number = ++socket_count;
    Bind(number);
    return number;
  }
  void Close(size_t socket) override {
    world.by_address_.erase(sockets.at(socket));
    sockets.erase(socket);
  }
  void Rebind(size_t socket) override {
    world.by_address_.erase(sockets.at(socket));
    Bind(socket);
  }
  void SendDatagram(size_t socket, const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    const size_t worker = to.port() - kFirstPort;
    if (worker >= world.workers_.size()) return;
    world.ToServer(worker, sockets.at(socket), datagram);
  }

  void Bind(size_t socket) {
    const std::string ip = "10." + std::to_string(index / 65536) + "." +
                           std::to_string(index / 256 % 256) + "." +
                           std::to_string(index % 256);
    sockets[socket] = *ice::SocketAddress::Parse(ip, next_port++);
    world.by_address_[sockets[socket]] = {index, socket};
  }

  World& world;
  const size_t index;
  support::SeededRandom random;
  FakeIdentity identity;
  size_t connection = 0;
  size_t connection_count = 0;
  size_t socket_count = 0;
  uint16_t next_port = 40'000;
  std::map<size_t, ice::SocketAddress> sockets;
  bot::Bot* bot = nullptr;
};

struct World::TraceFile {
  std::ofstream file;
};

World::World(Config config)
    : config_(std::move(config)),
      random_(config_.seed),
      server_identity_(random_),
      xmpp_(std::string(kComponent), std::string(kGuests),
            [this](std::string_view from, std::string_view stanza) {
              Witness(from, {stanza.data(), stanza.size()});
            }) {
  if (!config_.trace_path.empty()) {
    trace_ = std::make_unique<TraceFile>();
    trace_->file.open(config_.trace_path);
  }
  relays_ = std::make_unique<sfu::RelayMesh>(config_.workers);
  sfu::MediaController::Config media;
  for (size_t i = 0; i < config_.workers; ++i) {
    auto home = std::make_unique<WorkerHome>(config_.seed * 31u +
                                             static_cast<uint32_t>(i));
    const auto port = static_cast<uint16_t>(kFirstPort + i);
    home->address = *ice::SocketAddress::Parse(kServerIp, port);
    home->worker = std::make_unique<sfu::Worker>(
        sfu::Worker::Config(), server_identity_, ntp_, home->random);
    home->worker->set_relays(&relays_->port(i));
    workers_.push_back(std::move(home));
    media.workers.push_back({{std::string(kServerIp)}, port});
  }
  media.fingerprint = {"sha-256", server_identity_.sha256(), std::nullopt};
  media.spread_after = config_.spread_after;
  controller_ =
      std::make_unique<sfu::MediaController>(std::move(media), random_, *this);
  signaling::Focus::Config focus;
  focus.domain = kComponent;
  focus.guest_domains = {std::string(kGuests)};
  focus_ = std::make_unique<signaling::Focus>(std::move(focus), random_,
                                              *controller_, *this);
  controller_->set_observer(focus_.get());
  signaling::XmppStream::Config stream;
  stream.domain = kComponent;
  stream.secret = "secret";
  stream_ = std::make_unique<signaling::XmppStream>(std::move(stream), *this);
  ConnectComponent();
}

World::~World() = default;

sfu::Worker& World::worker(size_t i) { return *workers_[i]->worker; }

// ---- the component ----

void World::ConnectComponent() {
  component_ = xmpp_.Connect(true, [this](std::string text) {
    At(now_ + config_.xmpp_delay,
       [this, from = component_, text = std::move(text)] {
         if (from == component_) stream_->HandleBytes(text);
       });
  });
  stream_->Start();
}

void World::CutXmpp(rtp::TimeDelta duration) {
  xmpp_.Disconnect(component_);
  component_ = 0;
  stream_->HandleDisconnect();
  At(now_ + duration, [this] { ConnectComponent(); });
}

void World::OnXmppWrite(std::string_view bytes) {
  At(now_ + config_.xmpp_delay,
     [this, to = component_, text = std::string(bytes)] {
       xmpp_.Receive(to, text);
     });
}
void World::OnXmppReady(const signaling::Jid&) { focus_->OnXmppUp(now_); }
void World::OnXmppStanza(signaling::Stanza stanza) {
  focus_->HandleStanza(now_, stanza);
}
void World::OnXmppRejected(const signaling::RejectedStanza& stanza) {
  focus_->HandleRejected(now_, stanza);
}
void World::OnXmppClosed(const std::string&) { focus_->OnXmppDown(now_); }
void World::Send(signaling::Stanza stanza) { stream_->Send(stanza); }

// ---- workers ----

// In its order, but not from within the focus, as over a ring.
void World::Push(size_t worker, sfu::Command command) {
  At(now_, [this, worker,
            moved = std::make_shared<sfu::Command>(std::move(command))] {
    WorkerHome& home = *workers_[worker];
    home.worker->HandleCommand(now_, std::move(*moved), home.outbox);
    Settle(worker);
  });
}

void World::Settle(size_t worker) {
  Flush(worker);
  for (bool more = true; more && workers_.size() > 1;) {
    more = false;
    for (size_t i = 0; i < workers_.size(); ++i) {
      WorkerHome& home = *workers_[i];
      const size_t took = relays_->port(i).Drain(
          512, [&](size_t from, const sfu::RelayCell& cell) {
            home.worker->HandleRelay(now_, from, cell, home.outbox);
          });
      if (took == 0) continue;
      more = true;
      Flush(i);
      TellEvents(i);
    }
  }
  TellEvents(worker);
}

void World::TellEvents(size_t worker) {
  sfu::Outbox& outbox = workers_[worker]->outbox;
  if (outbox.events.empty()) return;
  for (sfu::Event& event : std::exchange(outbox.events, {})) {
    At(now_, [this, moved = std::make_shared<sfu::Event>(std::move(event))] {
      controller_->HandleEvent(now_, *moved);
    });
  }
}

void World::Flush(size_t worker) {
  WorkerHome& home = *workers_[worker];
  for (const sfu::Outbox::Message& message : home.outbox.messages()) {
    std::span<const uint8_t> rest = message.data();
    for (size_t i = 0; i < message.segments; ++i) {
      const auto segment =
          rest.first(std::min(message.segment_size, rest.size()));
      rest = rest.subspan(segment.size());
      Datagram datagram;
      datagram.at = now_ + config_.network_delay;
      datagram.order = ++order_;
      datagram.index = worker;
      datagram.address = message.to;
      if (!spare_.empty()) {
        datagram.bytes = std::move(spare_.back());
        spare_.pop_back();
      }
      datagram.bytes.assign(segment.begin(), segment.end());
      wire_.push_back(std::move(datagram));
      std::push_heap(wire_.begin(), wire_.end(), Later<Datagram>);
    }
  }
  home.outbox.Clear();
}

void World::ToServer(size_t worker, const ice::SocketAddress& from,
                     std::span<const uint8_t> bytes) {
  Datagram datagram;
  datagram.at = now_ + config_.network_delay;
  datagram.order = ++order_;
  datagram.to_server = true;
  datagram.index = worker;
  datagram.address = from;
  if (!spare_.empty()) {
    datagram.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  datagram.bytes.assign(bytes.begin(), bytes.end());
  wire_.push_back(std::move(datagram));
  std::push_heap(wire_.begin(), wire_.end(), Later<Datagram>);
}

void World::Deliver(const Datagram& datagram) {
  ++datagrams_;
  Witness(datagram.to_server ? ">" : "<",
          {reinterpret_cast<const char*>(datagram.bytes.data()),
           datagram.bytes.size()});
  if (datagram.to_server) {
    WorkerHome& home = *workers_[datagram.index];
    home.worker->HandleDatagram(now_, now_, datagram.address, datagram.bytes,
                                home.outbox);
    return Settle(datagram.index);
  }
  const auto found = by_address_.find(datagram.address);
  if (found == by_address_.end()) {
    ++to_nobody_;
    return;
  }
  const auto [client, socket] = found->second;
  bots_[client]->HandleDatagram(now_, socket, workers_[datagram.index]->address,
                                datagram.bytes);
  ScheduleBot(client);
}

void World::StallServer(rtp::TimeDelta duration) {
  stalled_until_ = std::max(stalled_until_, now_ + duration);
}

// ---- bots ----

bot::Bot::Config World::NextConfig() const {
  bot::Bot::Config config;
  config.base.index = bots_.size();
  config.base.name = "Bot " + std::to_string(bots_.size());
  config.base.room = "room";
  return config;
}

bot::Bot& World::AddBot(bot::Bot::Config config) {
  config.login = {signaling::XmppStream::Config::Mode::kAnonymousClient,
                  std::string(kGuests), "", ""};
  config.room = {config.base.room, std::string(kComponent), ""};
  config.base.ntp = rtp::NtpClock(
      ntp_.ToNtp({}) +
      (static_cast<uint64_t>(ntp_offset_ / std::chrono::seconds(1)) << 32));
  config.base.link_seed = config_.seed * 1009u + clients_.size();
  clients_.push_back(std::make_unique<Client>(*this, clients_.size()));
  Client& client = *clients_.back();
  bots_.push_back(std::make_unique<bot::Bot>(std::move(config), client.random,
                                             client.identity, Samples(), client,
                                             client));
  client.bot = bots_.back().get();
  bot_scheduled_.push_back(rtp::kNever);
  client.bot->Start(now_);
  ScheduleBot(client.index);
  return *client.bot;
}

void World::ScheduleBot(size_t index) {
  const rtp::Timestamp deadline = bots_[index]->NextDeadline();
  if (deadline >= bot_scheduled_[index]) return;
  bot_scheduled_[index] = deadline;
  bot_deadlines_.Add(deadline, index);
}

bool World::AllJoined() const {
  return std::all_of(bots_.begin(), bots_.end(), [](const auto& bot) {
    return bot->state() == bot::BotState::kJoined;
  });
}

// ---- time ----

void World::At(rtp::Timestamp at, std::function<void()> run) {
  heap_.push_back({at, ++order_, std::move(run)});
  std::push_heap(heap_.begin(), heap_.end(), Later<Event>);
}

void World::Witness(std::string_view tag, std::string_view bytes) {
  const auto mix = [this](std::string_view text) {
    for (const char c : text) {
      digest_ = (digest_ ^ static_cast<uint8_t>(c)) * kFnvPrime;
    }
  };
  const int64_t at = now_.time_since_epoch().count();
  mix(std::to_string(at));
  mix(tag);
  mix(bytes);
  if (trace_ == nullptr) return;
  trace_->file << at << ' ' << tag << ' ';
  for (const char c : bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    trace_->file << kHex[static_cast<uint8_t>(c) >> 4]
                 << kHex[static_cast<uint8_t>(c) & 15];
  }
  trace_->file << '\n';
}

rtp::Timestamp World::NextTime() const {
  rtp::Timestamp next = bot_deadlines_.NextDeadline();
  if (!heap_.empty()) next = std::min(next, heap_.front().at);
  if (!wire_.empty()) next = std::min(next, wire_.front().at);
  rtp::Timestamp server = focus_->NextDeadline();
  for (const auto& home : workers_) {
    server = std::min(server, home->worker->NextDeadline());
  }
  return std::min(next, std::max(server, stalled_until_));
}

// Everything that is due at now_, once.
void World::Turn() {
  const bool stalled = now_ < stalled_until_;
  while (!heap_.empty() && heap_.front().at <= now_) {
    std::pop_heap(heap_.begin(), heap_.end(), Later<Event>);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    ++events_;
    event.run();
  }
  while (!wire_.empty() && wire_.front().at <= now_) {
    std::pop_heap(wire_.begin(), wire_.end(), Later<Datagram>);
    Datagram datagram = std::move(wire_.back());
    wire_.pop_back();
    if (stalled && datagram.to_server) {
      datagram.at = stalled_until_;
      wire_.push_back(std::move(datagram));
      std::push_heap(wire_.begin(), wire_.end(), Later<Datagram>);
      continue;
    }
    ++events_;
    Deliver(datagram);
    spare_.push_back(std::move(datagram.bytes));
  }
  if (!stalled) {
    for (size_t i = 0; i < workers_.size(); ++i) {
      WorkerHome& home = *workers_[i];
      if (home.worker->NextDeadline() > now_) continue;
      ++events_;
      home.worker->HandleTimeout(now_, home.outbox);
      Settle(i);
    }
    if (focus_->NextDeadline() <= now_) focus_->HandleTimeout(now_);
  }
  while (bot_deadlines_.NextDeadline() <= now_) {
    const auto [at, index] = bot_deadlines_.Take();
    if (at == bot_scheduled_[index]) bot_scheduled_[index] = rtp::kNever;
    if (bots_[index]->NextDeadline() <= now_) {
      ++events_;
      bots_[index]->HandleTimeout(now_);
    }
    ScheduleBot(index);
  }
}

void World::RunFor(rtp::TimeDelta duration) {
  RunUntil([] { return false; }, duration);
}

bool World::RunUntil(const std::function<bool()>& done,
                     rtp::TimeDelta at_most) {
  const rtp::Timestamp end = now_ + at_most;
  for (;;) {
    if (done()) return true;
    const rtp::Timestamp next = NextTime();
    if (next > end) {
      now_ = end;
      return done();
    }
    now_ = std::max(now_, next);
    Turn();
  }
}

}  // namespace sim
