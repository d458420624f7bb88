// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/udp.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "ice/stun_message.h"
#include "sfu/monotonic_clock.h"
#include "sfu/system_random.h"

namespace sfu {
namespace {

constexpr rtp::TimeDelta kResendEvery = std::chrono::milliseconds(300);
// Between looks at what may end a wait.
constexpr int kPollMs = 100;

int OpenSocket(bool ipv6) {
  return socket(ipv6 ? AF_INET6 : AF_INET,
                SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

const sockaddr* AsSockaddr(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr*>(&storage);
}

// One target's socket. It is connected, so that ICMP errors reach it.
struct Attempt {
  ProbeResult result;
  int fd = -1;
  ice::StunTransactionId transaction{};
  rtp::Timestamp resend_at{};
  // An error may be of an earlier moment, and answers still come; only the
  // lack of a route is final.
  bool over = false;

  explicit Attempt(const ice::SocketAddress& target) {
    result.target = target;
    SystemRandom().Fill(transaction);
    fd = OpenSocket(target.is_ipv6());
    sockaddr_storage to{};
    const socklen_t length =
        target.ToSockaddr(target.is_ipv6() ? AF_INET6 : AF_INET, &to);
    if (fd < 0 || connect(fd, AsSockaddr(to), length) != 0) {
      result.error = errno;
      over = true;
    }
  }

  void Send(rtp::Timestamp now) {
    if (over || now < resend_at) return;
    resend_at = now + kResendEvery;
    std::array<uint8_t, ice::kMaxStunSize> out;
    ice::StunWriter writer(out, ice::StunClass::kRequest, transaction);
    writer.AddFingerprint();
    const auto bytes = writer.written();
    if (send(fd, bytes.data(), bytes.size(), 0) < 0 && errno != EAGAIN) {
      result.error = errno;
    }
  }

  void Receive() {
    std::array<uint8_t, ice::kMaxStunSize> in;
    ssize_t size = 0;
    while (!over && (size = recv(fd, in.data(), in.size(), 0)) >= 0) {
      const auto message = ice::StunMessage::Parse(
          std::span(in).first(static_cast<size_t>(size)));
      if (!message || message->message_class != ice::StunClass::kSuccess ||
          message->transaction_id != transaction || !message->mapped_address) {
        continue;
      }
      result.seen_as = message->mapped_address;
      result.error = 0;
      over = true;
    }
    if (size < 0 && errno != EAGAIN) result.error = errno;
  }
};

}  // namespace

StunResponder::~StunResponder() {
  for (const Port& port : ports_) close(port.fd);
}

int StunResponder::Open(const ice::SocketAddress& listen) {
  const int fd = OpenSocket(listen.is_ipv6());
  if (fd < 0) return errno;
  ports_.push_back({fd, listen.port(), listen.is_ipv6()});
  const int off = 0;
  if (listen.is_ipv6()) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  sockaddr_storage address{};
  const socklen_t length =
      listen.ToSockaddr(listen.is_ipv6() ? AF_INET6 : AF_INET, &address);
  if (bind(fd, AsSockaddr(address), length) == 0) return 0;
  const int error = errno;
  ports_.pop_back();
  close(fd);
  return error;
}

void StunResponder::Answer(
    size_t index,
    const std::function<void(const ice::SocketAddress&)>& on_request) {
  const Port& port = ports_[index];
  std::array<uint8_t, ice::kMaxStunSize> bytes;
  for (;;) {
    sockaddr_storage from{};
    socklen_t length = sizeof(from);
    const ssize_t size = recvfrom(port.fd, bytes.data(), bytes.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return;
    const auto sender =
        ice::SocketAddress::FromSockaddr(AsSockaddr(from), length);
    const auto message = ice::StunMessage::Parse(
        std::span(bytes).first(static_cast<size_t>(size)));
    if (!sender || !message ||
        message->message_class != ice::StunClass::kRequest) {
      continue;
    }
    std::array<uint8_t, ice::kMaxStunSize> out;
    ice::StunWriter writer(out, ice::StunClass::kSuccess,
                           message->transaction_id);
    writer.AddMappedAddress(*sender);
    writer.AddFingerprint();
    const auto answer = writer.written();
    sendto(port.fd, answer.data(), answer.size(), 0, AsSockaddr(from), length);
    on_request(*sender);
  }
}

void Listen(StunResponder& responder, rtp::Timestamp until,
            const volatile int* stop,
            const std::function<void(const StunResponder::Port&,
                                     const ice::SocketAddress&)>& on_request) {
  std::vector<pollfd> waiting;
  for (const StunResponder::Port& port : responder.ports()) {
    waiting.push_back({port.fd, POLLIN, 0});
  }
  while (MonotonicNow() < until && (stop == nullptr || *stop == 0)) {
    poll(waiting.data(), waiting.size(), kPollMs);
    for (size_t i = 0; i < waiting.size(); ++i) {
      responder.Answer(i, [&](const ice::SocketAddress& from) {
        on_request(responder.ports()[i], from);
      });
    }
  }
}

std::vector<ProbeResult> Probe(const std::vector<ice::SocketAddress>& targets,
                               rtp::TimeDelta patience,
                               StunResponder* responder) {
  std::vector<Attempt> attempts;
  for (const ice::SocketAddress& target : targets) {
    attempts.emplace_back(target);
  }
  std::vector<pollfd> waiting;
  for (const Attempt& attempt : attempts) {
    waiting.push_back({attempt.fd, POLLIN, 0});  // poll skips negative ones
  }
  const size_t answering = responder == nullptr ? 0 : responder->ports().size();
  for (size_t i = 0; i < answering; ++i) {
    waiting.push_back({responder->ports()[i].fd, POLLIN, 0});
  }
  const rtp::Timestamp until = MonotonicNow() + patience;
  rtp::Timestamp now;
  while ((now = MonotonicNow()) < until &&
         !std::all_of(attempts.begin(), attempts.end(),
                      [](const Attempt& attempt) { return attempt.over; })) {
    for (Attempt& attempt : attempts) attempt.Send(now);
    poll(waiting.data(), waiting.size(), kPollMs);
    for (size_t i = 0; i < answering; ++i) {
      responder->Answer(i, [](const ice::SocketAddress&) {});
    }
    for (Attempt& attempt : attempts) attempt.Receive();
  }
  std::vector<ProbeResult> results;
  for (const Attempt& attempt : attempts) {
    results.push_back(attempt.result);
    if (attempt.fd >= 0) close(attempt.fd);
  }
  return results;
}

std::vector<std::optional<uint64_t>> StunRefused(const std::string& metrics,
                                                 size_t workers) {
  std::vector<std::optional<uint64_t>> refused(workers);
  for (const absl::string_view line : absl::StrSplit(metrics, '\n')) {
    if (!absl::StrContains(line, "reason=\"stun_rejected\"")) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    double value = 0;
    if (!absl::SimpleAtod(words.back(), &value)) continue;
    for (size_t i = 0; i < workers; ++i) {
      if (absl::StrContains(line, absl::StrCat("worker=\"", i, "\""))) {
        refused[i] = static_cast<uint64_t>(value);
      }
    }
  }
  return refused;
}

}  // namespace sfu
