// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace ice {

class SocketAddress;

// Where datagrams go that are not media (STUN, DTLS). `datagram` is valid
// during the call only.
class DatagramSink {
 public:
  virtual ~DatagramSink() = default;
  virtual void SendDatagram(const SocketAddress& to,
                            std::span<const uint8_t> datagram) = 0;
};

}  // namespace ice
