// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace sfu {
namespace {

ice::SocketAddress Address(uint16_t port) {
  return *ice::SocketAddress::Parse("192.0.2.1", port);
}

void Write(Outbox& outbox, Outbox::Egress& egress, const ice::SocketAddress& to,
           size_t size, uint8_t value) {
  const std::span<uint8_t> place = outbox.Append(egress, to, size);
  ASSERT_EQ(place.size(), size);
  std::fill(place.begin(), place.end(), value);
}

TEST(Outbox, JoinsEqualDatagramsToOneDestination) {
  Outbox outbox;
  Outbox::Egress egress;
  for (uint8_t i = 0; i < 3; ++i) Write(outbox, egress, Address(1), 100, i);
  ASSERT_EQ(outbox.messages().size(), 1u);
  const Outbox::Message& message = outbox.messages()[0];
  EXPECT_EQ(message.to, Address(1));
  EXPECT_EQ(message.segments, 3u);
  EXPECT_EQ(message.segment_size, 100u);
  EXPECT_EQ(message.data().size(), 300u);
  EXPECT_EQ(message.data()[0], 0);
  EXPECT_EQ(message.data()[299], 2);
}

TEST(Outbox, EndsAMessageWithAShorterDatagram) {
  Outbox outbox;
  Outbox::Egress egress;
  Write(outbox, egress, Address(1), 100, 1);
  Write(outbox, egress, Address(1), 60, 2);
  Write(outbox, egress, Address(1), 60, 3);
  ASSERT_EQ(outbox.messages().size(), 2u);
  EXPECT_EQ(outbox.messages()[0].segments, 2u);
  EXPECT_EQ(outbox.messages()[0].data().size(), 160u);
  EXPECT_EQ(outbox.messages()[1].segments, 1u);
  EXPECT_EQ(outbox.datagrams(), 3u);
}

TEST(Outbox, StartsAMessageForALongerDatagram) {
  Outbox outbox;
  Outbox::Egress egress;
  Write(outbox, egress, Address(1), 60, 1);
  Write(outbox, egress, Address(1), 100, 2);
  ASSERT_EQ(outbox.messages().size(), 2u);
  EXPECT_EQ(outbox.messages()[1].segment_size, 100u);
}

TEST(Outbox, StartsAMessageWhenTheDestinationMoved) {
  Outbox outbox;
  Outbox::Egress egress;
  Write(outbox, egress, Address(1), 100, 1);
  Write(outbox, egress, Address(2), 100, 2);
  ASSERT_EQ(outbox.messages().size(), 2u);
  EXPECT_EQ(outbox.messages()[1].to, Address(2));
}

TEST(Outbox, LimitsTheSegmentsOfAMessage) {
  Outbox outbox;
  Outbox::Egress egress;
  for (size_t i = 0; i <= Outbox::kMaxSegments; ++i) {
    Write(outbox, egress, Address(1), 50, 1);
  }
  ASSERT_EQ(outbox.messages().size(), 2u);
  EXPECT_EQ(outbox.messages()[0].segments, Outbox::kMaxSegments);
  EXPECT_EQ(outbox.messages()[1].segments, 1u);
}

TEST(Outbox, TakesBackTheLastDatagram) {
  Outbox outbox;
  Outbox::Egress egress;
  Write(outbox, egress, Address(1), 100, 1);
  Write(outbox, egress, Address(1), 100, 2);
  outbox.Retract(egress, 100);
  EXPECT_EQ(outbox.datagrams(), 1u);
  EXPECT_EQ(outbox.messages()[0].data().size(), 100u);
  Write(outbox, egress, Address(1), 100, 3);
  EXPECT_EQ(outbox.datagrams(), 2u);
  EXPECT_EQ(outbox.messages().back().data()[0], 3);
}

TEST(Outbox, ForgetsTheTurnBefore) {
  Outbox outbox;
  Outbox::Egress egress;
  Write(outbox, egress, Address(1), 100, 1);
  outbox.Clear();
  EXPECT_TRUE(outbox.messages().empty());
  Write(outbox, egress, Address(1), 80, 2);
  ASSERT_EQ(outbox.messages().size(), 1u);
  EXPECT_EQ(outbox.messages()[0].data().size(), 80u);
}

TEST(Outbox, RefusesWhatIsBeyondTheCap) {
  Outbox outbox;
  const std::array<uint8_t, 4> datagram{};
  for (size_t i = 0; i < Outbox::kMaxMessages; ++i) {
    outbox.AppendSingle(Address(1), datagram);
  }
  EXPECT_TRUE(outbox.NearlyFull());
  EXPECT_EQ(outbox.refused, 0u);
  Outbox::Egress egress;
  EXPECT_TRUE(outbox.Append(egress, Address(2), 100).empty());
  outbox.AppendSingle(Address(1), datagram);
  EXPECT_EQ(outbox.refused, 2u);
  EXPECT_EQ(outbox.messages().size(), Outbox::kMaxMessages);
}

TEST(Outbox, RefusesADatagramThatNoMessageHolds) {
  Outbox outbox;
  Outbox::Egress egress;
  EXPECT_TRUE(
      outbox.Append(egress, Address(1), Outbox::kMessageBytes + 1).empty());
}

}  // namespace
}  // namespace sfu
