// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/bot_loop.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "ice/socket_address.h"
#include "sfu/monotonic_clock.h"

namespace bot {
namespace {

// A turn ends so early for the caller to have a look.
constexpr rtp::TimeDelta kLongestTurn = std::chrono::milliseconds(20);
// Enough for a burst while the one thread does something else.
constexpr int kReceiveBuffer = 2 << 20;

volatile std::sig_atomic_t stopped = 0;

bool MakeNonBlocking(int fd) {
  return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

}  // namespace

struct BotLoop::Member : public Bot::XmppSink, public ice::DatagramSink {
  ~Member() override {
    if (tcp >= 0) close(tcp);
    if (udp >= 0) close(udp);
  }

  void SendXmpp(std::string_view bytes) override { out.append(bytes); }

  void SendDatagram(const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    sockaddr_storage address;
    const socklen_t length = to.ToSockaddr(AF_INET, &address);
    if (length == 0) return;  // IPv6; another candidate will do
    sendto(udp, datagram.data(), datagram.size(), 0,
           reinterpret_cast<const sockaddr*>(&address), length);
  }

  bool Connect(const Config& config) {
    const auto server = ice::SocketAddress::Parse(config.host, config.port);
    sockaddr_storage address;
    if (!server) return false;
    const socklen_t length = server->ToSockaddr(AF_INET, &address);
    tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer,
               sizeof(kReceiveBuffer));
    return length > 0 && udp >= 0 &&
           connect(tcp, reinterpret_cast<const sockaddr*>(&address), length) ==
               0 &&
           MakeNonBlocking(tcp);
  }

  void Flush() {
    while (!out.empty() && tcp >= 0) {
      const ssize_t sent = send(tcp, out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      out.erase(0, static_cast<size_t>(sent));
    }
  }

  void CloseTcp(rtp::Timestamp now) {
    close(tcp);
    tcp = -1;
    bot->HandleXmppClosed(now);
  }

  int tcp = -1;
  int udp = -1;
  std::string out;
  std::unique_ptr<Bot> bot;
};

BotLoop::BotLoop(Config config, std::shared_ptr<const MediaSamples> samples)
    : config_(std::move(config)),
      samples_(std::move(samples)),
      certificate_(ice::Certificate::Make()) {}

BotLoop::~BotLoop() = default;

void BotLoop::Stop() { stopped = 1; }

rtp::Timestamp BotLoop::Now() { return sfu::MonotonicNow(); }

Bot* BotLoop::Join(Bot::Config config, std::string* error) {
  auto member = std::make_unique<Member>();
  if (!member->Connect(config_)) {
    *error = "no connection to the XMPP server at " + config_.host + ":" +
             std::to_string(config_.port) + ": " + std::strerror(errno);
    return nullptr;
  }
  config.ntp = sfu::WallClock();
  member->bot = std::make_unique<Bot>(std::move(config), random_, *certificate_,
                                      samples_, *member, *member);
  Bot* bot = member->bot.get();
  members_.push_back(std::move(member));
  bot->Start(Now());
  return bot;
}

void BotLoop::Remove(Bot* bot) {
  std::erase_if(members_,
                [bot](const auto& member) { return member->bot.get() == bot; });
}

bool BotLoop::Flushed() const {
  return std::all_of(members_.begin(), members_.end(), [](const auto& member) {
    return member->tcp < 0 || member->out.empty();
  });
}

void BotLoop::Serve(Member& member, short tcp_events, short udp_events) {
  std::array<char, 16'384> buffer;
  if (tcp_events != 0) {
    const ssize_t size = recv(member.tcp, buffer.data(), buffer.size(), 0);
    if (size > 0) {
      member.bot->HandleXmpp(Now(), {buffer.data(), static_cast<size_t>(size)});
    } else if (size == 0 || errno != EAGAIN) {
      member.CloseTcp(Now());
    }
  }
  while (udp_events != 0) {
    sockaddr_storage from;
    socklen_t length = sizeof(from);
    const ssize_t size = recvfrom(member.udp, buffer.data(), buffer.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) break;
    const auto address = ice::SocketAddress::FromSockaddr(
        reinterpret_cast<const sockaddr*>(&from), length);
    if (!address) continue;
    member.bot->HandleDatagram(Now(), *address,
                               {reinterpret_cast<const uint8_t*>(buffer.data()),
                                static_cast<size_t>(size)});
  }
}

bool BotLoop::RunUntil(rtp::Timestamp deadline,
                       const std::function<bool(rtp::Timestamp)>& done) {
  std::vector<pollfd> polled;
  for (;;) {
    rtp::Timestamp now = Now();
    rtp::Timestamp next = std::min(deadline, now + kLongestTurn);
    polled.clear();
    for (const auto& member : members_) {
      if (now >= member->bot->NextDeadline()) member->bot->HandleTimeout(now);
      next = std::min(next, member->bot->NextDeadline());
      member->Flush();
      const short events =
          static_cast<short>(POLLIN | (member->out.empty() ? 0 : POLLOUT));
      // poll() passes over a negative descriptor.
      polled.push_back({member->tcp, events, 0});
      polled.push_back({member->udp, POLLIN, 0});
    }
    if (done(now)) return true;
    if (now >= deadline || stopped != 0) return false;
    timespec wait{};
    wait.tv_nsec = std::max<int64_t>((next - now).count(), 0) * 1000;
    ppoll(polled.data(), polled.size(), &wait, nullptr);
    for (size_t i = 0; i < members_.size(); ++i) {
      Serve(*members_[i], polled[2 * i].revents & (POLLIN | POLLHUP | POLLERR),
            polled[2 * i + 1].revents);
    }
  }
}

}  // namespace bot
