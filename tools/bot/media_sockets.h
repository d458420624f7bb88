// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ice {
class SocketAddress;
}

namespace bot {

// The UDP sockets of one client, by number: the shell's, or a simulation's.
class MediaSockets {
 public:
  virtual ~MediaSockets() = default;
  // A new one. Its number is that of no other that is open.
  virtual size_t Open() = 0;
  virtual void Close(size_t socket) = 0;
  // From now on it has another local port, as behind a NAT that forgot it.
  virtual void Rebind(size_t socket) = 0;
  virtual void SendDatagram(size_t socket, const ice::SocketAddress& to,
                            std::span<const uint8_t> datagram) = 0;
};

}  // namespace bot
