// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ice {

// An IPv4 or IPv6 address and a port. An IPv4-mapped IPv6 address is the IPv4
// address, so that a peer has one name whatever the socket's family.
class SocketAddress {
 public:
  // 0.0.0.0, port 0.
  SocketAddress() = default;
  // `ip` is 4 or 16 bytes in network order.
  SocketAddress(std::span<const uint8_t> ip, uint16_t port);

  // Nothing for another family or a length that is too short.
  static std::optional<SocketAddress> FromSockaddr(const sockaddr* address,
                                                   socklen_t length);
  // `ip` as text without brackets; nothing if it is no address.
  static std::optional<SocketAddress> Parse(std::string_view ip,
                                            uint16_t port);

  // Fills `out` for a socket of `family` (AF_INET or AF_INET6) and returns its
  // length; 0 for an IPv6 address on an IPv4 socket.
  socklen_t ToSockaddr(int family, sockaddr_storage* out) const;

  bool is_ipv6() const { return is_ipv6_; }
  uint16_t port() const { return port_; }
  std::span<const uint8_t> ip() const {
    return std::span(ip_).first(is_ipv6_ ? 16 : 4);
  }
  // "192.0.2.1" or "2001:db8::1".
  std::string IpToString() const;
  // "192.0.2.1:4000" or "[2001:db8::1]:4000".
  std::string ToString() const;

  bool operator==(const SocketAddress&) const = default;

  size_t Hash() const {
    uint64_t a;
    uint64_t b;
    std::memcpy(&a, ip_.data(), 8);
    std::memcpy(&b, ip_.data() + 8, 8);
    uint64_t h = (a ^ (b + port_)) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h = (h + port_) * 0xD6E8FEB86659FD93u;
    return static_cast<size_t>(h ^ h >> 32);
  }

 private:
  std::array<uint8_t, 16> ip_{};
  uint16_t port_ = 0;
  bool is_ipv6_ = false;
};

}  // namespace ice

template <>
struct std::hash<ice::SocketAddress> {
  size_t operator()(const ice::SocketAddress& address) const noexcept {
    return address.Hash();
  }
};
