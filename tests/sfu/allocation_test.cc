// SPDX-License-Identifier: GPL-3.0-or-later
// No allocation on the packet path after warm-up: operator new counts while a
// worker handles packets, feedback and deadlines.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/counting_allocator.h"
#include "tests/support/worker_fixture.h"

namespace sfu {
namespace {

// Cells to a worker that is not there; only the sending side matters here.
class OneCell : public RelaySink {
 public:
  RelayCell* TryCell(size_t /*to*/) override { return &cell; }
  void Relay(size_t /*to*/) override { ++sent; }
  RelayCell cell;
  uint64_t sent = 0;
};

class AllocationTest : public WorkerTest,
                       public testing::WithParamInterface<const char*> {
 protected:
  void JoinMany(int count) {
    for (int i = 0; i < count; ++i) {
      JoinWith([](Client& client) {
        if (GetParam() != nullptr) client.media.set_srtp_profiles(GetParam());
        for (rtp::ContentSpec& content : client.spec.contents) {
          content.extensions.Set(rtp::ExtensionKind::kTransportSequence, 3);
          content.codecs[0].transport_cc = true;
        }
      });
    }
  }

  // Hands a datagram to the worker, counting what that allocates.
  void Count(const MediaClient& media, std::span<const uint8_t> datagram) {
    support::counted_allocations.counting = true;
    worker_.HandleDatagram(now_, now_, media.address(), datagram, outbox_);
    support::counted_allocations.counting = false;
  }
  void CountTimeouts() {
    support::counted_allocations.counting = true;
    while (worker_.NextDeadline() <= now_) {
      worker_.HandleTimeout(now_, outbox_);
    }
    support::counted_allocations.counting = false;
  }

  // 20 ms of a meeting: the first client speaks and shows itself, all send
  // audio, and now and then somebody misses a packet.
  void Step(int step) {
    Client& first = *clients_.front();
    for (const auto& client : clients_) {
      const bool speaks = client.get() == &first;
      rtp::ExtensionWriter extensions(client->spec.contents[0].extensions);
      extensions.AddAudioLevel({true, speaks ? uint8_t{10} : uint8_t{90}});
      extensions.AddTransportSequence(transport_seq_++);
      Count(client->media,
            client->media.ProtectRtp(
                MakeRtp(extensions,
                        {.pt = kOpusPt,
                         .seq = client->audio_seq++,
                         .timestamp = static_cast<uint32_t>(step) * 960,
                         .ssrc = client->spec.contents[0].uplink->ssrcs[0]},
                        std::vector<uint8_t>{0x78, 1, 2, 3, 4}),
                0));
    }
    first.timestamp += 1800;
    for (int packet = 0; packet < 3; ++packet) {
      const uint32_t roc = first.video_seq < 60000 ? 1 : 0;
      Count(first.media,
            first.media.ProtectRtp(
                MakeRtp(rtp::ExtensionWriter(first.spec.contents[1].extensions),
                        {.marker = true,
                         .pt = kVp8Pt,
                         .seq = first.video_seq++,
                         .timestamp = first.timestamp,
                         .ssrc = first.spec.contents[1].uplink->ssrcs[0]},
                        Vp8Payload(first, step == 0 && packet == 0)),
                roc));
    }
    const Client& second = *clients_[1];
    const rtp::Ssrc slot = second.spec.contents[1].slot->ssrc;
    const auto video = Stream(second, slot);
    if (step % 10 == 5 && !video.empty()) {
      std::array<uint8_t, 200> buffer;
      rtp::RtcpWriter writer(buffer);
      rtp::WriteReceiverReport(1, {}, writer);
      const std::array<uint16_t, 1> lost = {video.back().seq};
      rtp::WriteNack(slot, slot, lost, writer);
      Count(second.media,
            clients_[1]->media.ProtectRtcp(
                {writer.written().begin(), writer.written().end()}));
    }
    Flush();
    now_ += milliseconds(20);
    CountTimeouts();
    Flush();
    for (const auto& client : clients_) {
      if (client->media.rtp_received.size() > 2000) {
        client->media.rtp_received.clear();
      }
    }
  }

  uint16_t transport_seq_ = 0;
};

TEST_P(AllocationTest, NothingIsAllocatedOnceThePathIsWarm) {
  JoinMany(10);
  OneCell cells;
  worker_.set_relays(&cells);
  worker_.HandleCommand(
      now_, SpanConference{clients_.front()->spec.conference, {1}, true},
      outbox_);
  for (int relayed = 0; relayed < 2; ++relayed) {
    // Another worker wants the picture too.
    RelayCell want;
    want.kind = RelayCell::Kind::kSubscribe;
    want.source = clients_.front()->video;
    worker_.HandleRelay(now_, 1, want, outbox_);
  }
  int step = 0;
  // Rings of packets fill in their first 2 s, one of keys in the first lap.
  for (; step < 500; ++step) Step(step);
  const uint64_t relayed = cells.sent;
  const uint64_t forwarded = worker_.counters().datagrams_sent.Get();
  support::counted_allocations.count = 0;
  for (; step < 1000; ++step) Step(step);
  EXPECT_EQ(support::counted_allocations.count, 0u);
  EXPECT_GT(cells.sent, relayed);
  EXPECT_EQ(forwarded, 0u) << "counted by the loop, which is not here";
  EXPECT_EQ(clients_[1]->media.rejected, 0);
  EXPECT_FALSE(
      Stream(*clients_[1], clients_[1]->spec.contents[1].slot->rtx_ssrc)
          .empty());
}

INSTANTIATE_TEST_SUITE_P(Profiles, AllocationTest,
                         testing::Values("SRTP_AEAD_AES_128_GCM",
                                         "SRTP_AES128_CM_SHA1_80"),
                         [](const auto& profile) {
                           return std::string(profile.param).find("GCM") !=
                                          std::string::npos
                                      ? "Gcm"
                                      : "Cm";
                         });

}  // namespace
}  // namespace sfu
