// SPDX-License-Identifier: GPL-3.0-or-later
// A worker without its socket: one video packet in, to so many subscribers out;
// decrypted once, rewritten and encrypted for each. No system calls.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ice/certificate.h"
#include "rtp/payload/vp8.h"
#include "rtp/rtp_rewrite.h"
#include "sfu/worker.h"
#include "tests/support/media_client.h"
#include "tests/support/seeded_random.h"

namespace {

constexpr uint8_t kVp8Pt = 96;
constexpr rtp::Ssrc kSsrc = 7;
constexpr size_t kPayload = 1100;

// A publisher and its subscribers on one worker.
class Room {
 public:
  explicit Room(int subscribers)
      : server_(ice::Certificate::Make()), client_(ice::Certificate::Make()) {
    publisher_ = Join(1, /*publishes=*/true);
    for (int i = 0; i < subscribers; ++i) Join(i + 2, /*publishes=*/false);
    worker_->HandleTimeout(now_, outbox_);
    Flush();
  }

  // A packet of the publisher, encrypted. Each frame has one packet; the first
  // is a key frame.
  std::vector<uint8_t> NextPacket() {
    rtp::Vp8Descriptor descriptor;
    descriptor.start_of_partition = true;
    descriptor.picture_id = static_cast<uint16_t>(seq_ & 0x7FFF);
    descriptor.picture_id_15bit = true;
    std::vector<uint8_t> payload(6);
    payload.resize(rtp::WriteVp8Descriptor(descriptor, payload));
    if (seq_ == 0) {
      for (const int byte :
           {0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0}) {
        payload.push_back(static_cast<uint8_t>(byte));
      }
    } else {
      payload.push_back(0x11);
    }
    payload.resize(kPayload, 0x5A);
    rtp::RtpHeaderFields header;
    header.marker = true;
    header.pt = kVp8Pt;
    header.seq = static_cast<uint16_t>(seq_);
    header.timestamp = static_cast<uint32_t>(seq_ * 3000);
    header.ssrc = kSsrc;
    std::vector<uint8_t> packet(rtp::kRtpFixedHeaderSize + payload.size());
    const size_t size = rtp::WriteRtpHeader(header, {}, packet);
    std::copy(payload.begin(), payload.end(),
              packet.begin() + static_cast<ptrdiff_t>(size));
    return publisher_->ProtectRtp(packet, static_cast<uint32_t>(seq_++ >> 16));
  }

  // Returns how many datagrams the worker wants sent.
  size_t Forward(std::span<const uint8_t> packet) {
    now_ += std::chrono::milliseconds(2);  // within what a peer may send
    worker_->HandleDatagram(now_, now_, publisher_->address(), packet, outbox_);
    const size_t sent = outbox_.datagrams();
    outbox_.Clear();
    outbox_.events.clear();
    return sent;
  }

 private:
  support::MediaClient* Join(int number, bool publishes) {
    const std::array<uint8_t, 4> ip = {10, 0, static_cast<uint8_t>(number >> 8),
                                       static_cast<uint8_t>(number)};
    clients_.push_back(std::make_unique<support::MediaClient>(
        ice::SocketAddress(ip, 5000), *client_, rtp::DtlsRole::kActive));
    support::MediaClient* client = clients_.back().get();
    rtp::PeerSpec spec;
    spec.peer = rtp::PeerId(static_cast<uint64_t>(number));
    spec.conference = rtp::ConferenceId(1);
    spec.cname = "bench";
    spec.transports = {client->MakeSpec(std::to_string(number))};
    rtp::ContentSpec content;
    content.name = "0";
    content.kind = rtp::MediaKind::kVideo;
    rtp::CodecSpec vp8;
    vp8.codec = rtp::Codec::kVp8;
    vp8.payload_type = kVp8Pt;
    content.codecs = {vp8};
    if (publishes) {
      content.uplink = rtp::UplinkSpec{
          rtp::SourceId(1), rtp::SourceType::kCamera, false, {kSsrc}, {}};
    } else {
      content.slot = rtp::SlotSpec{static_cast<rtp::Ssrc>(1000 + 2 * number),
                                   static_cast<rtp::Ssrc>(1001 + 2 * number)};
    }
    spec.contents = {content};
    worker_->HandleCommand(now_, sfu::AddPeer{spec}, outbox_);
    client->StartDtls(now_, server_->sha256());
    Deliver(*client, client->Check());
    for (int i = 0; i < 20 && !client->connected(); ++i) {
      for (const auto& datagram : client->TakeDtls()) {
        Deliver(*client, datagram);
      }
    }
    for (const auto& datagram : client->TakeDtls()) {
      Deliver(*client, datagram);
    }
    return client;
  }

  void Deliver(const support::MediaClient& client,
               std::span<const uint8_t> datagram) {
    worker_->HandleDatagram(now_, now_, client.address(), datagram, outbox_);
    Flush();
  }

  void Flush() {
    for (const sfu::Outbox::Message& message : outbox_.messages()) {
      std::span<const uint8_t> rest = message.data();
      while (!rest.empty()) {
        const size_t size = std::min(message.segment_size, rest.size());
        for (const auto& client : clients_) {
          if (client->address() == message.to) {
            client->Handle(now_, rest.first(size));
          }
        }
        rest = rest.subspan(size);
      }
    }
    outbox_.Clear();
    outbox_.events.clear();
  }

  std::unique_ptr<ice::Certificate> server_;
  std::unique_ptr<ice::Certificate> client_;
  support::SeededRandom random_{1};
  rtp::Timestamp now_{std::chrono::seconds(100)};
  std::unique_ptr<sfu::Worker> worker_ = std::make_unique<sfu::Worker>(
      sfu::Worker::Config(), *server_, rtp::NtpClock(), random_);
  sfu::Outbox outbox_;
  std::vector<std::unique_ptr<support::MediaClient>> clients_;
  support::MediaClient* publisher_ = nullptr;
  uint64_t seq_ = 0;
};

void Forward(benchmark::State& state) {
  Room room(static_cast<int>(state.range(0)));
  room.Forward(room.NextPacket());
  size_t sent = 0;
  std::vector<std::vector<uint8_t>> packets(256);
  size_t next = packets.size();
  for (auto _ : state) {
    if (next == packets.size()) {
      state.PauseTiming();
      for (auto& packet : packets) packet = room.NextPacket();
      next = 0;
      state.ResumeTiming();
    }
    sent += room.Forward(packets[next++]);
  }
  if (sent < state.iterations() * static_cast<size_t>(state.range(0))) {
    state.SkipWithError("not everybody got every packet");
  }
  state.counters["per_forwarded"] = benchmark::Counter(
      static_cast<double>(sent),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(Forward)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
