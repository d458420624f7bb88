// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "ice/socket_address.h"
#include "rtp/base/time.h"

namespace boost::asio {
class io_context;
}

namespace bot {

// One UDP socket of a bot, on a port that the system chooses, for IPv4 and,
// where the system has it, IPv6. Takes runs of datagrams at once (UDP_GRO) and
// tells when the kernel got each. The loop's thread only.
class UdpSocket {
 public:
  using Take =
      std::function<void(rtp::Timestamp arrival, const ice::SocketAddress& from,
                         std::span<const uint8_t> datagram)>;

  // `take` gets each datagram, then `done` is called once for all that came
  // together. Both may destroy the socket.
  UdpSocket(boost::asio::io_context& context, Take take,
            std::function<void()> done);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  void Send(const ice::SocketAddress& to, std::span<const uint8_t> datagram);

  // Does not read any more, until Resume().
  void Pause();
  void Resume();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bot
