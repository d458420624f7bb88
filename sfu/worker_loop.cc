// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/worker_loop.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sfu/monotonic_clock.h"

namespace sfu {
namespace {

namespace asio = boost::asio;

constexpr size_t kCommandLimit = 64;     // a turn; the rest waits for the next
constexpr size_t kRelayLimit = 256;      // a turn and worker
constexpr size_t kReceiveMessages = 32;  // a recvmmsg
// UDP_GRO hands over up to 64 KiB; a smaller buffer loses the rest of a batch.
constexpr size_t kSlabBytes = 65'536;
constexpr size_t kSendMessages = 64;  // a sendmmsg
constexpr int64_t kMaxArrivalAgeNs = 100'000'000;

int64_t ClockNs(clockid_t clock) {
  timespec ts{};
  clock_gettime(clock, &ts);
  return static_cast<int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

template <typename T>
bool SetOption(int fd, int level, int name, T value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

constexpr size_t kControlBytes = 128;

struct ReceiveSlot {
  std::array<uint8_t, kSlabBytes> bytes;
  alignas(cmsghdr) std::array<char, kControlBytes> control;
  sockaddr_storage from;
  iovec vector;
};

struct SendSlot {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(uint16_t))> control;
  sockaddr_storage to;
  iovec vector;
};

}  // namespace

struct WorkerLoop::Io {
  Io(int socket_fd, int wakeup_fd)
      : context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
        socket(context, socket_fd),
        wakeup(context, wakeup_fd),
        timer(context) {}
  ~Io() {
    // Others own the descriptors.
    socket.release();
    wakeup.release();
  }

  asio::io_context context;
  asio::posix::stream_descriptor socket;
  asio::posix::stream_descriptor wakeup;
  asio::steady_timer timer;
  bool socket_armed = false;
  bool wakeup_armed = false;
  bool timer_fired = false;
  rtp::Timestamp timer_deadline = rtp::kNever;

  std::vector<ReceiveSlot> receive{kReceiveMessages};
  std::array<mmsghdr, kReceiveMessages> receive_headers{};
  std::vector<SendSlot> send{kSendMessages};
  std::array<mmsghdr, kSendMessages> send_headers{};
  std::array<const Outbox::Message*, kSendMessages> sending{};
  // Destinations whose path refused a segmented message.
  std::unordered_set<ice::SocketAddress> no_gso;
};

WorkerLoop::WorkerLoop(const Config& config, Worker& worker, WorkerRings& rings,
                       RelayMesh::Port& relays)
    : config_(config), worker_(worker), rings_(rings), relays_(relays) {
  worker_.set_relays(&relays_);
  relays_.set_wakeup(&rings_.worker_wakeup);
}

WorkerLoop::~WorkerLoop() {
  Stop();
  io_.reset();
  if (socket_ >= 0) close(socket_);
}

std::string WorkerLoop::Open() {
  const int family = config_.listen.is_ipv6() ? AF_INET6 : AF_INET;
  socket_ = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    return std::string("cannot make a UDP socket: ") + std::strerror(errno);
  }
  if (family == AF_INET6) SetOption(socket_, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  sockaddr_storage address{};
  const socklen_t length = config_.listen.ToSockaddr(family, &address);
  if (bind(socket_, reinterpret_cast<sockaddr*>(&address), length) != 0) {
    return "cannot bind media port " + config_.listen.ToString() + ": " +
           std::strerror(errno) +
           " (another server there? choose other ports with --media_port)";
  }
  // Root may go past rmem_max; others get what the system allows.
  if (!SetOption(socket_, SOL_SOCKET, SO_RCVBUFFORCE, config_.receive_buffer)) {
    SetOption(socket_, SOL_SOCKET, SO_RCVBUF, config_.receive_buffer);
  }
  if (!SetOption(socket_, SOL_SOCKET, SO_SNDBUFFORCE, config_.send_buffer)) {
    SetOption(socket_, SOL_SOCKET, SO_SNDBUF, config_.send_buffer);
  }
  socklen_t size = sizeof(effective_receive_buffer_);
  getsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &effective_receive_buffer_, &size);
  effective_receive_buffer_ /= 2;  // socket(7): told doubled
  SetOption(socket_, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  gro_ = SetOption(socket_, IPPROTO_UDP, UDP_GRO, 1);
  gso_ = SetOption(socket_, IPPROTO_UDP, UDP_SEGMENT, 0);
  io_ = std::make_unique<Io>(socket_, rings_.worker_wakeup.fd());
  for (size_t i = 0; i < kReceiveMessages; ++i) {
    ReceiveSlot& slot = io_->receive[i];
    slot.vector = {slot.bytes.data(), slot.bytes.size()};
    msghdr& header = io_->receive_headers[i].msg_hdr;
    header.msg_iov = &slot.vector;
    header.msg_iovlen = 1;
    header.msg_name = &slot.from;
    header.msg_control = slot.control.data();
  }
  return {};
}

void WorkerLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void WorkerLoop::Stop() {
  if (!thread_.joinable()) return;
  stop_.store(true);
  rings_.worker_wakeup.Notify();
  thread_.join();
}

rtp::TimeDelta WorkerLoop::CpuTime() const {
  const int clock = clock_id_.load(std::memory_order_relaxed);
  if (clock == -1) return {};
  return rtp::TimeDelta(ClockNs(clock) / 1000);
}

void WorkerLoop::Run() {
  pthread_setname_np(pthread_self(), "worker");
  clockid_t clock = 0;
  if (pthread_getcpuclockid(pthread_self(), &clock) == 0) {
    clock_id_.store(clock, std::memory_order_relaxed);
  }
  if (config_.cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<size_t>(config_.cpu), &set);
    // Pinning is for speed only: where it is refused the worker runs unpinned.
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  }
  while (!stop_.load(std::memory_order_relaxed)) {
    const rtp::Timestamp begin = MonotonicNow();
    const bool busy = RunOnce();
    if (busy) {
      worker_.counters().busy_microseconds.Add(
          static_cast<uint64_t>((MonotonicNow() - begin).count()));
    } else {
      Sleep();
    }
  }
}

bool WorkerLoop::RunOnce() {
  const rtp::Timestamp begin = MonotonicNow();
  const size_t commands = DrainCommands(begin);
  const size_t relayed = DrainRelays(begin);
  const size_t received = ReceiveBatch();
  const rtp::Timestamp now = MonotonicNow();
  const bool due = worker_.NextDeadline() <= now;
  if (due) worker_.HandleTimeout(now, outbox_);
  Flush();
  relays_.Notify();
  DeliverEvents();
  worker_.counters().pool_in_use.Set(worker_.packets_in_use());
  worker_.counters().event_backlog.Set(outbox_.events.size() -
                                       events_delivered_);
  return commands > 0 || relayed > 0 || received > 0 || due;
}

size_t WorkerLoop::DrainCommands(rtp::Timestamp now) {
  return rings_.commands.Drain(kCommandLimit, [&](Command& command) {
    worker_.HandleCommand(now, std::move(command), outbox_);
    command = std::monostate();
  });
}

size_t WorkerLoop::DrainRelays(rtp::Timestamp now) {
  return relays_.Drain(kRelayLimit, [&](size_t from, const RelayCell& cell) {
    worker_.HandleRelay(now, from, cell, outbox_);
    if (outbox_.NearlyFull()) Flush();
  });
}

size_t WorkerLoop::ReceiveBatch() {
  for (mmsghdr& header : io_->receive_headers) {
    header.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    header.msg_hdr.msg_controllen = kControlBytes;
    header.msg_hdr.msg_flags = 0;
  }
  const int count = recvmmsg(socket_, io_->receive_headers.data(),
                             kReceiveMessages, MSG_DONTWAIT, nullptr);
  if (count <= 0) return 0;
  const rtp::Timestamp now = MonotonicNow();
  const int64_t realtime_ns = ClockNs(CLOCK_REALTIME);
  worker_.counters().receive_batch.Observe(static_cast<uint64_t>(count));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    HandleMessage(i, now, realtime_ns);
    if (outbox_.NearlyFull()) Flush();
  }
  return static_cast<size_t>(count);
}

void WorkerLoop::HandleMessage(size_t index, rtp::Timestamp now,
                               int64_t realtime_ns) {
  ReceiveSlot& slot = io_->receive[index];
  mmsghdr& header = io_->receive_headers[index];
  size_t segment = header.msg_len;
  int64_t age_ns = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header.msg_hdr); c != nullptr;
       c = CMSG_NXTHDR(&header.msg_hdr, c)) {
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int size;
      std::memcpy(&size, CMSG_DATA(c), sizeof(size));
      if (size > 0) segment = static_cast<size_t>(size);
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp;
      std::memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
      age_ns =
          realtime_ns -
          (static_cast<int64_t>(stamp.tv_sec) * 1'000'000'000 + stamp.tv_nsec);
    }
  }
  worker_.counters().receive_delay.Observe(
      static_cast<uint64_t>(std::max<int64_t>(age_ns, 0)) / 1000);
  worker_.counters().receive_segments.Observe(
      segment == 0 ? 0 : (header.msg_len + segment - 1) / segment);
  // decisions: the arrival on our clock, whatever the wall clock does.
  const rtp::Timestamp arrival =
      now -
      rtp::TimeDelta(std::clamp<int64_t>(age_ns, 0, kMaxArrivalAgeNs) / 1000);
  const std::optional<ice::SocketAddress> from =
      ice::SocketAddress::FromSockaddr(
          reinterpret_cast<const sockaddr*>(&slot.from),
          header.msg_hdr.msg_namelen);
  if (!from || segment == 0) return;
  std::span<const uint8_t> rest(slot.bytes.data(), header.msg_len);
  while (!rest.empty()) {
    const size_t size = std::min(segment, rest.size());
    worker_.HandleDatagram(now, arrival, *from, rest.first(size), outbox_);
    rest = rest.subspan(size);
  }
}

void WorkerLoop::Flush() {
  const int family = config_.listen.is_ipv6() ? AF_INET6 : AF_INET;
  const std::span<const Outbox::Message> messages = outbox_.messages();
  Counters& counters = worker_.counters();
  size_t next = 0;
  while (next < messages.size()) {
    unsigned filled = 0;
    for (; next < messages.size() && filled < kSendMessages; ++next) {
      const Outbox::Message& message = messages[next];
      if (message.segments == 0) continue;
      if (message.segments > 1 && (!gso_ || io_->no_gso.contains(message.to))) {
        SendSingly(message);
        continue;
      }
      SendSlot& slot = io_->send[filled];
      msghdr& header = io_->send_headers[filled].msg_hdr;
      header = {};
      slot.vector = {message.bytes->data(), message.size};
      header.msg_iov = &slot.vector;
      header.msg_iovlen = 1;
      header.msg_name = &slot.to;
      header.msg_namelen = message.to.ToSockaddr(family, &slot.to);
      if (message.segments > 1) {
        header.msg_control = slot.control.data();
        header.msg_controllen = slot.control.size();
        cmsghdr* c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = IPPROTO_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        const uint16_t segment = static_cast<uint16_t>(message.segment_size);
        std::memcpy(CMSG_DATA(c), &segment, sizeof(segment));
      }
      io_->sending[filled++] = &message;
    }
    if (filled > 0) counters.send_batch.Observe(filled);
    unsigned sent = 0;
    while (sent < filled) {
      const int count = sendmmsg(socket_, io_->send_headers.data() + sent,
                                 filled - sent, MSG_DONTWAIT);
      const unsigned ok = count > 0 ? static_cast<unsigned>(count) : 0;
      for (unsigned i = sent; i < sent + ok; ++i) {
        counters.datagrams_sent.Add(io_->sending[i]->segments);
        counters.send_segments.Observe(io_->sending[i]->segments);
        counters.bytes_sent.Add(io_->sending[i]->size);
        counters.sends.Add();
      }
      sent += ok;
      if (sent == filled || ok > 0) continue;
      // The first of the rest was refused: it alone is dealt with, the others
      // are tried again.
      const Outbox::Message& refused = *io_->sending[sent++];
      if (errno == EINTR) {
        --sent;
      } else if (refused.segments > 1 && errno != EAGAIN && errno != ENOBUFS &&
                 errno != EPERM) {
        // This path takes no segmented messages (no checksum offload, or a
        // segment above its MTU): single datagrams from now on.
        if (io_->no_gso.size() >= 4096) io_->no_gso.clear();
        io_->no_gso.insert(refused.to);
        SendSingly(refused);
      } else {
        counters.Drop(DropReason::kSendFailed, refused.segments);
      }
    }
  }
  outbox_.Clear();
}

void WorkerLoop::SendSingly(const Outbox::Message& message) {
  const int family = config_.listen.is_ipv6() ? AF_INET6 : AF_INET;
  Counters& counters = worker_.counters();
  sockaddr_storage to{};
  const socklen_t length = message.to.ToSockaddr(family, &to);
  std::span<const uint8_t> rest = message.data();
  while (!rest.empty()) {
    const size_t size = std::min(message.segment_size, rest.size());
    if (sendto(socket_, rest.data(), size, MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&to), length) >= 0) {
      counters.datagrams_sent.Add();
      counters.send_segments.Observe(1);
      counters.bytes_sent.Add(size);
      counters.sends.Add();
    } else {
      counters.Drop(DropReason::kSendFailed);
    }
    rest = rest.subspan(size);
  }
}

void WorkerLoop::DeliverEvents() {
  if (outbox_.events.empty()) return;
  while (events_delivered_ < outbox_.events.size()) {
    // A full ring keeps the rest for the next turn: events are never lost.
    if (!rings_.events.TryPush([this](Event& cell) {
          cell = std::move(outbox_.events[events_delivered_]);
        })) {
      break;
    }
    ++events_delivered_;
  }
  if (rings_.control_wakeup != nullptr) rings_.control_wakeup->Notify();
  if (events_delivered_ == outbox_.events.size()) {
    outbox_.events.clear();
    events_delivered_ = 0;
  }
}

void WorkerLoop::Sleep() {
  rings_.worker_wakeup.PrepareToSleep();
  if (!rings_.commands.Empty() || !relays_.Empty() || stop_.load()) {
    rings_.worker_wakeup.OnAwake();
    return;
  }
  Io& io = *io_;
  if (!io.socket_armed) {
    io.socket_armed = true;
    io.socket.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [&io](const boost::system::error_code&) { io.socket_armed = false; });
  }
  if (!io.wakeup_armed) {
    io.wakeup_armed = true;
    io.wakeup.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [&io](const boost::system::error_code&) { io.wakeup_armed = false; });
  }
  rtp::Timestamp deadline = worker_.NextDeadline();
  // Events that a full ring refused are tried again soon.
  if (!outbox_.events.empty()) {
    deadline =
        std::min(deadline, MonotonicNow() + std::chrono::milliseconds(1));
  }
  io.timer_fired = false;
  if (deadline != io.timer_deadline) {
    io.timer_deadline = deadline;
    if (deadline == rtp::kNever) {
      io.timer.cancel();
    } else {
      io.timer.expires_after(
          std::max(deadline - MonotonicNow(), rtp::TimeDelta::zero()));
      io.timer.async_wait([&io](const boost::system::error_code& error) {
        if (error) return;  // moved to another deadline
        io.timer_fired = true;
        io.timer_deadline = rtp::kNever;
      });
    }
  }
  io.context.restart();
  io.context.poll();  // the handlers of moved timers, and what is ready
  if (io.socket_armed && io.wakeup_armed && !io.timer_fired) {
    io.context.run_one();
  }
  rings_.worker_wakeup.OnAwake();
}

}  // namespace sfu
