// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/socket_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <unordered_set>
#include <vector>

namespace ice {
namespace {

using std::string_view_literals::operator""sv;

SocketAddress Address(std::string_view ip, uint16_t port) {
  const auto address = SocketAddress::Parse(ip, port);
  EXPECT_TRUE(address) << ip;
  return address.value_or(SocketAddress());
}

TEST(SocketAddress, BeginsAsNobody) {
  const SocketAddress address;
  EXPECT_FALSE(address.is_ipv6());
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(address.ToString(), "0.0.0.0:0");
  EXPECT_EQ(address, Address("0.0.0.0", 0));
}

TEST(SocketAddress, ReadsAndWritesText) {
  EXPECT_EQ(Address("192.0.2.1", 4000).ToString(), "192.0.2.1:4000");
  EXPECT_EQ(Address("192.0.2.1", 4000).IpToString(), "192.0.2.1");
  EXPECT_EQ(Address("255.255.255.255", 65535).ToString(),
            "255.255.255.255:65535");
  EXPECT_EQ(Address("2001:db8::1", 4000).ToString(), "[2001:db8::1]:4000");
  EXPECT_EQ(Address("2001:0DB8:0:0:0:0:0:1", 1).IpToString(), "2001:db8::1");
  EXPECT_EQ(Address("::", 0).ToString(), "[::]:0");
  EXPECT_EQ(
      Address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535).ToString(),
      "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST(SocketAddress, KnowsBytesAndFamily) {
  const SocketAddress four = Address("192.0.2.1", 1);
  EXPECT_FALSE(four.is_ipv6());
  EXPECT_EQ(std::vector<uint8_t>(four.ip().begin(), four.ip().end()),
            (std::vector<uint8_t>{192, 0, 2, 1}));
  const SocketAddress six = Address("2001:db8::1", 1);
  EXPECT_TRUE(six.is_ipv6());
  ASSERT_EQ(six.ip().size(), 16u);
  EXPECT_EQ(six.ip()[0], 0x20);
  EXPECT_EQ(six.ip()[15], 0x01);
}

TEST(SocketAddress, RefusesTextThatIsNoAddress) {
  for (const std::string_view text :
       {""sv, " "sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv,
        " 192.0.2.1"sv, "192.0.2.1:80"sv, "192.0.2.1.1"sv, "0x7f.0.0.1"sv,
        "[::1]"sv, "::1]"sv, "fe80::1%eth0"sv, ":::"sv, "1::2::3"sv,
        "example.org"sv, "localhost"sv, "12345::"sv,
        // What follows a NUL is part of the text.
        "192.0.2.1\0"sv, "192.0.2.1\0.example.org"sv, "::1\0x"sv}) {
    EXPECT_FALSE(SocketAddress::Parse(text, 1)) << text;
  }
  EXPECT_FALSE(SocketAddress::Parse(std::string(100'000, '1'), 1));
}

// RFC 4291 s2.5.5.2.
TEST(SocketAddress, TakesAMappedAddressForTheIpv4One) {
  const SocketAddress mapped = Address("::ffff:192.0.2.1", 5);
  EXPECT_FALSE(mapped.is_ipv6());
  EXPECT_EQ(mapped, Address("192.0.2.1", 5));
  EXPECT_EQ(mapped.Hash(), Address("192.0.2.1", 5).Hash());
  EXPECT_EQ(mapped.ToString(), "192.0.2.1:5");
  // Compatible and translated addresses are others.
  EXPECT_TRUE(Address("::192.0.2.1", 5).is_ipv6());
  EXPECT_TRUE(Address("64:ff9b::192.0.2.1", 5).is_ipv6());
  EXPECT_TRUE(Address("::fffe:192.0.2.1", 5).is_ipv6());
}

TEST(SocketAddress, ComparesAllOfIt) {
  EXPECT_EQ(Address("192.0.2.1", 1), Address("192.0.2.1", 1));
  EXPECT_NE(Address("192.0.2.1", 1), Address("192.0.2.1", 2));
  EXPECT_NE(Address("192.0.2.1", 1), Address("192.0.2.2", 1));
  // The same first bytes in another family.
  EXPECT_NE(Address("192.0.2.1", 1), Address("c000:201::", 1));
  EXPECT_NE(Address("0.0.0.0", 1), Address("::", 1));
}

TEST(SocketAddress, GoesThroughSockaddrOfItsFamily) {
  for (const SocketAddress& address :
       {Address("192.0.2.1", 4000), Address("2001:db8::1", 65535)}) {
    sockaddr_storage storage{};
    const int family = address.is_ipv6() ? AF_INET6 : AF_INET;
    const socklen_t length = address.ToSockaddr(family, &storage);
    EXPECT_EQ(length,
              address.is_ipv6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    EXPECT_EQ(storage.ss_family, family);
    EXPECT_EQ(SocketAddress::FromSockaddr(
                  reinterpret_cast<const sockaddr*>(&storage), length),
              address);
  }
}

TEST(SocketAddress, WritesIpv4ForADualStackSocket) {
  const SocketAddress address = Address("192.0.2.1", 4000);
  sockaddr_storage storage{};
  const socklen_t length = address.ToSockaddr(AF_INET6, &storage);
  ASSERT_EQ(length, sizeof(sockaddr_in6));
  sockaddr_in6 in;
  std::memcpy(&in, &storage, sizeof(in));
  EXPECT_EQ(in.sin6_family, AF_INET6);
  EXPECT_EQ(ntohs(in.sin6_port), 4000);
  EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&in.sin6_addr));
  EXPECT_EQ(SocketAddress::FromSockaddr(
                reinterpret_cast<const sockaddr*>(&storage), length),
            address);
}

TEST(SocketAddress, HasNoIpv6ForAnIpv4Socket) {
  sockaddr_storage storage{};
  EXPECT_EQ(Address("2001:db8::1", 1).ToSockaddr(AF_INET, &storage), 0u);
}

TEST(SocketAddress, RefusesShortOrForeignSockaddrs) {
  sockaddr_storage storage{};
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  const auto reads = [&](sa_family_t family, size_t length) {
    storage.ss_family = family;
    return SocketAddress::FromSockaddr(address, static_cast<socklen_t>(length))
        .has_value();
  };
  EXPECT_TRUE(reads(AF_INET, sizeof(sockaddr_in)));
  EXPECT_FALSE(reads(AF_INET, sizeof(sockaddr_in) - 1));
  EXPECT_TRUE(reads(AF_INET6, sizeof(sockaddr_in6)));
  EXPECT_FALSE(reads(AF_INET6, sizeof(sockaddr_in6) - 1));
  EXPECT_FALSE(reads(AF_UNIX, sizeof(storage)));
  EXPECT_FALSE(reads(AF_UNSPEC, sizeof(storage)));
  EXPECT_FALSE(SocketAddress::FromSockaddr(nullptr, 0));
}

TEST(SocketAddress, HashesNeighboursApart) {
  std::unordered_set<size_t> hashes;
  std::unordered_set<size_t> low;  // what a table of 4096 slots looks at
  for (uint8_t host = 0; host < 32; ++host) {
    for (uint16_t port = 40'000; port < 40'128; ++port) {
      const std::array<uint8_t, 4> ip = {192, 0, 2, host};
      const size_t hash = std::hash<SocketAddress>()(SocketAddress(ip, port));
      hashes.insert(hash);
      low.insert(hash % 4096);
    }
  }
  EXPECT_EQ(hashes.size(), 4096u);
  // By chance 63 % of the slots are hit.
  EXPECT_GT(low.size(), 4096u / 2);
}

}  // namespace
}  // namespace ice
