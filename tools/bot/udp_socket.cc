// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <utility>

#include "sfu/monotonic_clock.h"

namespace bot {
namespace {

namespace asio = boost::asio;

// Enough for a burst while the one thread does something else.
constexpr int kReceiveBuffer = 2 << 20;
constexpr size_t kLargestRun = 65'536;
// Then others have their turn.
constexpr int kRunsAtOnce = 16;

int OpenSocket(int* family) {
  constexpr int kType = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int off = 0;
  const int on = 1;
  *family = AF_INET6;
  int fd = socket(AF_INET6, kType, 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  if (fd < 0 ||
      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
      bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0) {
    if (fd >= 0) close(fd);
    *family = AF_INET;
    fd = socket(AF_INET, kType, 0);
  }
  if (fd < 0) return fd;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer,
             sizeof(kReceiveBuffer));
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
  setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
  return fd;
}

// When the kernel got it, on our clock: its stamp is of the wall clock.
rtp::Timestamp ArrivalOf(const timespec& stamp, rtp::Timestamp now) {
  timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t age_us = (wall.tv_sec - stamp.tv_sec) * 1'000'000 +
                         (wall.tv_nsec - stamp.tv_nsec) / 1000;
  // A wall clock that was set is not believed.
  if (age_us < 0 || age_us > 10'000'000) return now;
  return now - rtp::TimeDelta(age_us);
}

}  // namespace

class UdpSocket::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, Take take, std::function<void()> done)
      : take_(std::move(take)), done_(std::move(done)), descriptor_(context) {
    const int fd = OpenSocket(&family_);
    if (fd >= 0) descriptor_.assign(fd);
  }

  void Wait() {
    if (!descriptor_.is_open() || paused_ || waiting_) return;
    waiting_ = true;
    descriptor_.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this()](boost::system::error_code error) {
          self->waiting_ = false;
          if (error || self->closed_ || self->paused_) return;
          self->Read();
          self->Wait();
        });
  }

  void Send(const ice::SocketAddress& to, std::span<const uint8_t> datagram) {
    sockaddr_storage address;
    const socklen_t length = to.ToSockaddr(family_, &address);
    if (length == 0 || !descriptor_.is_open()) return;
    sendto(descriptor_.native_handle(), datagram.data(), datagram.size(), 0,
           reinterpret_cast<const sockaddr*>(&address), length);
  }

  void set_paused(bool paused) {
    paused_ = paused;
    Wait();
  }

  void Close() {
    closed_ = true;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  void Read() {
    for (int i = 0; i < kRunsAtOnce && !closed_ && ReadRun(); ++i) continue;
    if (!closed_) done_();
  }

  bool ReadRun() {
    // Of the thread: a bot has it for the time of one run.
    thread_local std::array<uint8_t, kLargestRun> buffer;
    alignas(cmsghdr) std::array<char, 256> control;
    sockaddr_storage from;
    iovec piece{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(descriptor_.native_handle(), &message, 0);
    if (size < 0) return false;
    const rtp::Timestamp now = sfu::MonotonicNow();
    rtp::Timestamp arrival = now;
    size_t segment = static_cast<size_t>(size);
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        timespec stamp;
        std::memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
        arrival = ArrivalOf(stamp, now);
      } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
        int segment_size = 0;
        std::memcpy(&segment_size, CMSG_DATA(c), sizeof(segment_size));
        if (segment_size > 0) segment = static_cast<size_t>(segment_size);
      }
    }
    const auto address = ice::SocketAddress::FromSockaddr(
        reinterpret_cast<const sockaddr*>(&from), message.msg_namelen);
    if (!address) return true;
    std::span<const uint8_t> rest(buffer.data(), static_cast<size_t>(size));
    while (!rest.empty() && !closed_) {
      const auto datagram = rest.first(std::min(segment, rest.size()));
      rest = rest.subspan(datagram.size());
      take_(arrival, *address, datagram);
    }
    return true;
  }

  const Take take_;
  const std::function<void()> done_;
  asio::posix::stream_descriptor descriptor_;
  int family_ = AF_INET;
  bool waiting_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

UdpSocket::UdpSocket(asio::io_context& context, Take take,
                     std::function<void()> done)
    : impl_(std::make_shared<Impl>(context, std::move(take), std::move(done))) {
  impl_->Wait();
}

UdpSocket::~UdpSocket() { impl_->Close(); }

void UdpSocket::Send(const ice::SocketAddress& to,
                     std::span<const uint8_t> datagram) {
  impl_->Send(to, datagram);
}
void UdpSocket::Pause() { impl_->set_paused(true); }
void UdpSocket::Resume() { impl_->set_paused(false); }

}  // namespace bot
