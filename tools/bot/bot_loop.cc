// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/bot_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "ice/certificate.h"
#include "sfu/deadline_queue.h"
#include "sfu/monotonic_clock.h"
#include "sfu/system_random.h"
#include "tools/bot/udp_socket.h"

namespace bot {
namespace {

namespace asio = boost::asio;

}  // namespace

struct BotLoop::Impl {
  struct Member;

  Impl(XmppServer xmpp_server, std::shared_ptr<const MediaSamples> media)
      : server(std::move(xmpp_server)),
        tls(server.tls == TlsMode::kOff ? nullptr : MakeTlsContext(server)),
        samples(std::move(media)),
        certificate(ice::Certificate::Make()),
        timer(context),
        work(asio::make_work_guard(context)) {}

  Member& MakeMember();
  void Begin(Member& member);
  void Schedule(Member& member);
  void ArmTimer();
  void OnTimer();
  Member* Find(const Participant* bot);

  const XmppServer server;
  const std::shared_ptr<asio::ssl::context> tls;
  const std::shared_ptr<const MediaSamples> samples;
  const std::unique_ptr<ice::Certificate> certificate;
  sfu::SystemRandom random;
  asio::io_context context{1};
  asio::steady_timer timer;
  rtp::Timestamp armed = rtp::kNever;
  uint64_t next_member = 1;
  std::map<uint64_t, std::unique_ptr<Member>> members;
  std::map<const Participant*, uint64_t> numbers;
  sfu::DeadlineQueue<uint64_t> deadlines;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::thread thread;
};

struct BotLoop::Impl::Member : public Bot::XmppSink, public MediaSockets {
  Member(Impl& the_loop, uint64_t my_number)
      : loop(the_loop), number(my_number) {}

  // Bot::XmppSink
  void OpenXmpp() override {
    const uint64_t generation = ++connections;
    const auto current = [this, generation] {
      return connection != nullptr && generation == connections;
    };
    XmppConnection::Handler handler;
    handler.on_open = [this, current] {
      if (!current()) return;
      bot->HandleXmppOpen(Now());
      loop.Schedule(*this);
    };
    handler.on_bytes = [this, current](std::string_view bytes) {
      if (!current()) return;
      bot->HandleXmpp(Now(), bytes);
      loop.Schedule(*this);
    };
    handler.on_closed = [this, current](const std::string& why) {
      if (!current()) return;
      bot->HandleXmppClosed(Now(), why);
      loop.Schedule(*this);
    };
    connection = std::make_shared<XmppConnection>(loop.context, loop.server,
                                                  loop.tls, std::move(handler));
  }
  void SendXmpp(std::string_view bytes) override {
    if (connection) connection->Send(bytes);
  }
  void CloseXmpp() override {
    // It may be what called us.
    asio::post(loop.context, [gone = std::exchange(connection, nullptr)] {});
  }

  // MediaSockets
  size_t Open() override {
    const size_t socket = ++opened;
    Bind(socket);
    return socket;
  }
  void Close(size_t socket) override { sockets.erase(socket); }
  void Rebind(size_t socket) override { Bind(socket); }
  void SendDatagram(size_t socket, const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    const auto found = sockets.find(socket);
    if (found != sockets.end()) found->second->Send(to, datagram);
  }

  void Bind(size_t socket) {
    sockets[socket] = std::make_unique<UdpSocket>(
        loop.context,
        [this, socket](rtp::Timestamp arrival, const ice::SocketAddress& from,
                       std::span<const uint8_t> datagram) {
          // What is told to a bot never goes back in time.
          newest = std::max(newest, arrival);
          participant->HandleDatagram(newest, socket, from, datagram);
        },
        [this] { loop.Schedule(*this); });
    if (paused_until > Now()) sockets[socket]->Pause();
  }

  Impl& loop;
  const uint64_t number;
  std::shared_ptr<XmppConnection> connection;
  uint64_t connections = 0;
  size_t opened = 0;
  std::map<size_t, std::unique_ptr<UdpSocket>> sockets;
  rtp::Timestamp newest;
  rtp::Timestamp scheduled = rtp::kNever;
  rtp::Timestamp paused_until;
  // Last: closes its sockets as it goes.
  std::unique_ptr<Participant> participant;
  Bot* bot = nullptr;  // the same, if it speaks Jingle
};

BotLoop::BotLoop(const XmppServer& server,
                 std::shared_ptr<const MediaSamples> samples)
    : impl_(std::make_unique<Impl>(server, std::move(samples))) {
  impl_->thread = std::thread([this] { impl_->context.run(); });
}

BotLoop::~BotLoop() {
  impl_->context.stop();
  impl_->thread.join();
  impl_->members.clear();
}

rtp::Timestamp BotLoop::Now() { return sfu::MonotonicNow(); }

void BotLoop::Post(std::function<void()> task) {
  asio::post(impl_->context, std::move(task));
}

void BotLoop::Call(const std::function<void()>& task) {
  std::promise<void> done;
  Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

BotLoop::Impl::Member& BotLoop::Impl::MakeMember() {
  const uint64_t number = next_member++;
  members[number] = std::make_unique<Member>(*this, number);
  return *members[number];
}

void BotLoop::Impl::Begin(Member& member) {
  numbers[member.participant.get()] = member.number;
  member.participant->Start(Now());
  Schedule(member);
}

Bot* BotLoop::Add(Bot::Config config) {
  Impl::Member& member = impl_->MakeMember();
  config.base.ntp = sfu::WallClock();
  auto bot = std::make_unique<Bot>(std::move(config), impl_->random,
                                   *impl_->certificate, impl_->samples, member,
                                   member);
  member.bot = bot.get();
  member.participant = std::move(bot);
  impl_->Begin(member);
  return member.bot;
}

SdpClient* BotLoop::AddSdp(SdpClient::Config config) {
  Impl::Member& member = impl_->MakeMember();
  config.ntp = sfu::WallClock();
  auto client =
      std::make_unique<SdpClient>(std::move(config), impl_->random,
                                  *impl_->certificate, impl_->samples, member);
  SdpClient* added = client.get();
  member.participant = std::move(client);
  impl_->Begin(member);
  return added;
}

void BotLoop::Remove(const Participant* bot) {
  const auto number = impl_->numbers.find(bot);
  if (number == impl_->numbers.end()) return;
  impl_->members.erase(number->second);
  impl_->numbers.erase(number);
}

void BotLoop::RemoveLater(const Participant* bot, rtp::TimeDelta after) {
  auto wait = std::make_shared<asio::steady_timer>(impl_->context);
  wait->expires_after(after);
  wait->async_wait([this, wait, bot](auto) { Remove(bot); });
}

void BotLoop::Touch(const Participant* bot) {
  if (Impl::Member* member = impl_->Find(bot)) impl_->Schedule(*member);
}

void BotLoop::StopReading(const Participant* bot, rtp::Timestamp until) {
  Impl::Member* member = impl_->Find(bot);
  if (member == nullptr) return;
  member->paused_until = until;
  for (const auto& [number, socket] : member->sockets) socket->Pause();
  auto wake = std::make_shared<asio::steady_timer>(impl_->context);
  wake->expires_after(until - Now());
  wake->async_wait([this, wake, number = member->number](auto error) {
    const auto found = impl_->members.find(number);
    if (error || found == impl_->members.end() ||
        found->second->paused_until > Now()) {
      return;
    }
    for (const auto& [socket_number, socket] : found->second->sockets) {
      socket->Resume();
    }
  });
}

bool BotLoop::Flushed() const {
  return std::all_of(impl_->members.begin(), impl_->members.end(),
                     [](const auto& entry) {
                       const auto& connection = entry.second->connection;
                       return !connection || connection->flushed();
                     });
}

// ---- time ----

BotLoop::Impl::Member* BotLoop::Impl::Find(const Participant* bot) {
  const auto number = numbers.find(bot);
  return number == numbers.end() ? nullptr : members[number->second].get();
}

void BotLoop::Impl::Schedule(Member& member) {
  const rtp::Timestamp deadline = member.participant->NextDeadline();
  if (deadline >= member.scheduled) return;
  member.scheduled = deadline;
  deadlines.Add(deadline, member.number);
  ArmTimer();
}

void BotLoop::Impl::ArmTimer() {
  const rtp::Timestamp next = deadlines.NextDeadline();
  if (next >= armed) return;
  armed = next;
  timer.expires_after(std::max(next - Now(), rtp::TimeDelta(0)));
  timer.async_wait([this](auto error) {
    if (!error) OnTimer();
  });
}

void BotLoop::Impl::OnTimer() {
  armed = rtp::kNever;
  const rtp::Timestamp now = Now();
  while (deadlines.NextDeadline() <= now) {
    const auto [at, number] = deadlines.Take();
    const auto found = members.find(number);
    if (found == members.end()) continue;
    Member& member = *found->second;
    if (at == member.scheduled) member.scheduled = rtp::kNever;
    if (member.participant->NextDeadline() <= now) {
      member.newest = std::max(member.newest, now);
      member.participant->HandleTimeout(member.newest);
    }
    Schedule(member);
  }
  ArmTimer();
}

}  // namespace bot
