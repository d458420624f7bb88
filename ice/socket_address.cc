// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

namespace ice {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0,    0,
                                                   0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

SocketAddress::SocketAddress(std::span<const uint8_t> ip, uint16_t port)
    : port_(port) {
  if (ip.size() == 16 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(),
                                    ip.begin())) {
    ip = ip.subspan(12);
  }
  is_ipv6_ = ip.size() == 16;
  std::copy_n(ip.begin(), std::min<size_t>(ip.size(), 16), ip_.begin());
}

std::optional<SocketAddress> SocketAddress::FromSockaddr(
    const sockaddr* address, socklen_t length) {
  if (length >= sizeof(sockaddr_in) && address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof(in));
    return SocketAddress(
        std::span(reinterpret_cast<const uint8_t*>(&in.sin_addr), 4),
        ntohs(in.sin_port));
  }
  if (length >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof(in));
    return SocketAddress(
        std::span(reinterpret_cast<const uint8_t*>(&in.sin6_addr), 16),
        ntohs(in.sin6_port));
  }
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::Parse(std::string_view ip,
                                                  uint16_t port) {
  if (ip.find('\0') != ip.npos) return std::nullopt;  // C would stop there
  const std::string text(ip);
  std::array<uint8_t, 16> bytes;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return SocketAddress(std::span(bytes).first(4), port);
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return SocketAddress(bytes, port);
  }
  return std::nullopt;
}

socklen_t SocketAddress::ToSockaddr(int family, sockaddr_storage* out) const {
  if (family == AF_INET) {
    if (is_ipv6_) return 0;
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, ip_.data(), 4);
    std::memcpy(out, &in, sizeof(in));
    return sizeof(in);
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port_);
  uint8_t* to = in.sin6_addr.s6_addr;
  if (is_ipv6_) {
    std::memcpy(to, ip_.data(), 16);
  } else {
    std::memcpy(to, kMappedPrefix.data(), kMappedPrefix.size());
    std::memcpy(to + kMappedPrefix.size(), ip_.data(), 4);
  }
  std::memcpy(out, &in, sizeof(in));
  return sizeof(in);
}

std::string SocketAddress::IpToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(is_ipv6_ ? AF_INET6 : AF_INET, ip_.data(), text, sizeof(text));
  return text;
}

std::string SocketAddress::ToString() const {
  const std::string ip = is_ipv6_ ? "[" + IpToString() + "]" : IpToString();
  return ip + ":" + std::to_string(port_);
}

}  // namespace ice
