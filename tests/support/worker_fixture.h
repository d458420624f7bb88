// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ice/certificate.h"
#include "ice/socket_address.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "rtp/extensions.h"
#include "rtp/payload/vp8.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_rewrite.h"
#include "sfu/messages.h"
#include "sfu/outbox.h"
#include "sfu/worker.h"
#include "tests/support/media_client.h"
#include "tests/support/seeded_random.h"

namespace sfu {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::MediaClient;

inline constexpr uint8_t kOpusPt = 111;
inline constexpr uint8_t kVp8Pt = 96;
inline constexpr uint8_t kRtxPt = 97;
inline constexpr uint8_t kAudioLevelId = 1;
inline constexpr uint8_t kMidId = 4;

inline const ice::Certificate& ServerCertificate() {
  static const auto certificate = ice::Certificate::Make();
  return *certificate;
}
inline const ice::Certificate& ClientCertificate() {
  static const auto certificate = ice::Certificate::Make();
  return *certificate;
}

inline rtp::ContentSpec AudioContent(const std::string& name) {
  rtp::ContentSpec content;
  content.name = name;
  content.kind = rtp::MediaKind::kAudio;
  rtp::CodecSpec opus;
  opus.codec = rtp::Codec::kOpus;
  opus.payload_type = kOpusPt;
  opus.clock_rate = 48000;
  content.codecs = {opus};
  content.extensions.Set(rtp::ExtensionKind::kAudioLevel, kAudioLevelId);
  content.extensions.Set(rtp::ExtensionKind::kMid, kMidId);
  return content;
}

inline rtp::ContentSpec VideoContent(const std::string& name) {
  rtp::ContentSpec content;
  content.name = name;
  content.kind = rtp::MediaKind::kVideo;
  rtp::CodecSpec vp8;
  vp8.codec = rtp::Codec::kVp8;
  vp8.payload_type = kVp8Pt;
  vp8.rtx_payload_type = kRtxPt;
  vp8.nack = vp8.pli = true;
  content.codecs = {vp8};
  content.extensions.Set(rtp::ExtensionKind::kMid, kMidId);
  return content;
}

// A worker, clients around it, and a clock that is turned by hand.
class WorkerTest : public testing::Test {
 protected:
  WorkerTest() : WorkerTest(Worker::Config()) {}
  explicit WorkerTest(const Worker::Config& config)
      : worker_(config, ServerCertificate(),
                rtp::NtpClock(uint64_t{3'900'000'000} << 32), random_) {}

  struct Client {
    Client(const ice::SocketAddress& address, rtp::DtlsRole role)
        : media(address, ClientCertificate(), role) {}
    MediaClient media;
    std::unique_ptr<MediaClient> second;  // of a peer without BUNDLE
    rtp::PeerSpec spec;
    rtp::SourceId audio;
    rtp::SourceId video;
    uint16_t audio_seq = 100;
    uint16_t video_seq = 65530;  // wraps soon
    uint16_t picture_id = 0x7FFE;
    uint32_t timestamp = 1000;
  };

  // Adds a peer with one sending and receiving content of each kind, and
  // `extra_video` more slots.
  Client& Join(int extra_video = 0,
               rtp::DtlsRole role = rtp::DtlsRole::kActive) {
    Client& client = MakeClient(role);
    const auto number = static_cast<uint32_t>(client.spec.peer.value());
    for (int i = 0; i < extra_video; ++i) {
      rtp::ContentSpec extra = VideoContent(std::to_string(i + 2));
      extra.slot = rtp::SlotSpec{number * 1000u + 10 + 2u * i,
                                 number * 1000u + 11 + 2u * i};
      client.spec.contents.push_back(extra);
    }
    return Connect(client);
  }

  // As Join(), after edit(Client&) changed what was negotiated.
  template <typename Edit>
  Client& JoinWith(Edit&& edit) {
    Client& client = MakeClient(rtp::DtlsRole::kActive);
    edit(client);
    return Connect(client);
  }

  // A client that the worker does not know yet.
  Client& MakeClient(rtp::DtlsRole role) {
    const auto number = static_cast<uint8_t>(clients_.size() + 1);
    const std::array<uint8_t, 4> ip = {192, 0, 2, number};
    clients_.push_back(
        std::make_unique<Client>(ice::SocketAddress(ip, 5000), role));
    Client& client = *clients_.back();
    client.spec.peer = rtp::PeerId(number);
    client.spec.conference = rtp::ConferenceId(1);
    client.spec.cname = "server";
    client.spec.transports = {client.media.MakeSpec(std::to_string(number))};
    client.audio = rtp::SourceId(number * 10u);
    client.video = rtp::SourceId(number * 10u + 1);
    rtp::ContentSpec audio = AudioContent("0");
    audio.uplink = rtp::UplinkSpec{
        client.audio, rtp::SourceType::kMicrophone, false, {number * 100u}, {}};
    audio.slot = rtp::SlotSpec{number * 1000u, 0};
    rtp::ContentSpec video = VideoContent("1");
    video.uplink = rtp::UplinkSpec{client.video,
                                   rtp::SourceType::kCamera,
                                   false,
                                   {number * 100u + 1},
                                   {{number * 100u + 1, number * 100u + 2}}};
    video.slot = rtp::SlotSpec{number * 1000u + 1, number * 1000u + 2};
    client.spec.contents = {audio, video};
    return client;
  }

  // Gives the client's video a transport of its own (no BUNDLE).
  static void Unbundle(Client& client) {
    const auto number = static_cast<uint8_t>(client.spec.peer.value());
    const std::array<uint8_t, 4> ip = {192, 0, 2, number};
    client.second = std::make_unique<MediaClient>(ice::SocketAddress(ip, 5002),
                                                  ClientCertificate(),
                                                  rtp::DtlsRole::kActive);
    client.spec.transports.push_back(
        client.second->MakeSpec(std::to_string(number) + "-video"));
    client.spec.contents[1].transport = 1;
  }

  Client& Connect(Client& client) {
    Tell(client, AddPeer{client.spec});
    ShakeHands(client.media);
    if (client.second != nullptr) ShakeHands(*client.second);
    return client;
  }

  void ShakeHands(MediaClient& media) {
    media.StartDtls(now_, ServerCertificate().sha256());
    Deliver(media, media.Check());
    for (int i = 0; i < 20 && !media.connected(); ++i) {
      for (const auto& datagram : media.TakeDtls()) Deliver(media, datagram);
      Flush();
    }
    for (const auto& datagram : media.TakeDtls()) Deliver(media, datagram);
  }

  void Update(const Client& client) {
    Tell(client, UpdatePeer{client.spec});
    Flush();
  }

  void SendReceive(const Client& client, rtp::ReceiveSpec receive) {
    Tell(client, SetReceive{client.spec.peer, std::move(receive)});
    Flush();
  }

  void Deliver(const Client& client, std::span<const uint8_t> datagram) {
    Deliver(client.media, datagram);
  }
  void Deliver(const MediaClient& media, std::span<const uint8_t> datagram) {
    WorkerOf(media.address())
        .HandleDatagram(now_, now_, media.address(), datagram, outbox_);
    Flush();
  }

  // Hands what the workers sent to whom it was sent.
  void Flush() {
    while (Relay()) {
    }
    for (const Outbox::Message& message : outbox_.messages()) {
      std::span<const uint8_t> rest = message.data();
      while (!rest.empty()) {
        const size_t size = std::min(message.segment_size, rest.size());
        sent_bytes_[message.to.ToString()] += size;
        last_sent_[message.to.ToString()].assign(rest.begin(),
                                                 rest.begin() + size);
        for (const auto& client : clients_) {
          if (client->media.address() == message.to) {
            client->media.Handle(now_, rest.first(size));
          } else if (client->second != nullptr &&
                     client->second->address() == message.to) {
            client->second->Handle(now_, rest.first(size));
          }
        }
        rest = rest.subspan(size);
      }
    }
    outbox_.Clear();
    for (Event& event : outbox_.events) events_.push_back(std::move(event));
    outbox_.events.clear();
  }

  void RunFor(rtp::TimeDelta time) {
    const rtp::Timestamp end = now_ + time;
    for (;;) {
      Worker* next = &worker_;
      for (Worker* worker : Workers()) {
        if (worker->NextDeadline() < next->NextDeadline()) next = worker;
      }
      if (next->NextDeadline() > end) break;
      now_ = std::max(now_, next->NextDeadline());
      next->HandleTimeout(now_, outbox_);
      Flush();
    }
    now_ = end;
  }

  // Tests of several workers say more here.
  virtual void Tell(const Client& /*client*/, Command command) {
    worker_.HandleCommand(now_, std::move(command), outbox_);
  }
  virtual Worker& WorkerOf(const ice::SocketAddress& /*client*/) {
    return worker_;
  }
  virtual std::vector<Worker*> Workers() { return {&worker_}; }
  // Carries what lies between workers; false if nothing does.
  virtual bool Relay() { return false; }

  void SendAudio(Client& client, uint8_t level) {
    rtp::ExtensionWriter extensions(client.spec.contents[0].extensions);
    extensions.AddAudioLevel({true, level});
    SendRtp(client, extensions,
            {.pt = kOpusPt,
             .seq = client.audio_seq++,
             .timestamp = client.timestamp,
             .ssrc = client.spec.contents[0].uplink->ssrcs[0]},
            std::vector<uint8_t>{0x78, 1, 2, 3, 4});
  }

  std::vector<uint8_t> Vp8Payload(Client& client, bool key_frame) {
    rtp::Vp8Descriptor descriptor;
    descriptor.start_of_partition = true;
    descriptor.picture_id = client.picture_id;
    descriptor.picture_id_15bit = true;
    client.picture_id = (client.picture_id + 1) & 0x7FFF;
    std::vector<uint8_t> payload(6);
    payload.resize(rtp::WriteVp8Descriptor(descriptor, payload));
    if (key_frame) {
      for (const int byte :
           {0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0}) {
        payload.push_back(static_cast<uint8_t>(byte));
      }
    } else {
      payload.push_back(0x11);
    }
    payload.resize(600, static_cast<uint8_t>(client.spec.peer.value()));
    return payload;
  }

  // One frame in one packet.
  void SendVideo(Client& client, bool key_frame) {
    client.timestamp += 3000;
    SendRtp(client, rtp::ExtensionWriter(client.spec.contents[1].extensions),
            {.marker = true,
             .pt = kVp8Pt,
             .seq = client.video_seq++,
             .timestamp = client.timestamp,
             .ssrc = client.spec.contents[1].uplink->ssrcs[0]},
            Vp8Payload(client, key_frame));
  }

  void SendRtp(Client& client, const rtp::ExtensionWriter& extensions,
               const rtp::RtpHeaderFields& header,
               const std::vector<uint8_t>& payload) {
    // Only the video streams of these tests wrap.
    const uint32_t roc = header.pt == kVp8Pt && header.seq < 60000 ? 1 : 0;
    SendRtpOn(client.media, extensions, header, payload, roc);
  }

  // Any packet on any transport; `roc`: how often its sequence wrapped.
  void SendRtpOn(MediaClient& media, const rtp::ExtensionWriter& extensions,
                 const rtp::RtpHeaderFields& header,
                 const std::vector<uint8_t>& payload, uint32_t roc = 0) {
    Deliver(media, media.ProtectRtp(MakeRtp(extensions, header, payload), roc));
  }

  static std::vector<uint8_t> MakeRtp(const rtp::ExtensionWriter& extensions,
                                      const rtp::RtpHeaderFields& header,
                                      const std::vector<uint8_t>& payload) {
    std::array<uint8_t, 512> block;
    const size_t block_size = extensions.Write(block)->size;
    std::vector<uint8_t> packet(12 + block_size + payload.size());
    const size_t size =
        rtp::WriteRtpHeader(header, std::span(block).first(block_size), packet);
    std::copy(payload.begin(), payload.end(),
              packet.begin() + static_cast<ptrdiff_t>(size));
    return packet;
  }

  void SendFeedback(Client& client, auto&& write) {
    SendFeedbackOn(client.media, write);
  }
  void SendFeedbackOn(MediaClient& media, auto&& write) {
    std::array<uint8_t, 200> buffer;
    rtp::RtcpWriter writer(buffer);
    rtp::WriteReceiverReport(1, {}, writer);
    write(writer);
    Deliver(media, media.ProtectRtcp(
                       {writer.written().begin(), writer.written().end()}));
  }

  // The packets of one of a client's streams, in order of arrival.
  static std::vector<rtp::RtpView> Stream(const Client& client,
                                          rtp::Ssrc ssrc) {
    return Stream(client.media, ssrc);
  }
  static std::vector<rtp::RtpView> Stream(const MediaClient& media,
                                          rtp::Ssrc ssrc) {
    std::vector<rtp::RtpView> views;
    for (const auto& packet : media.rtp_received) {
      const auto view = rtp::RtpView::Parse(packet);
      if (view && view->ssrc == ssrc) views.push_back(*view);
    }
    return views;
  }

  // Calls on_packet(const rtp::RtcpPacket&) for all that came to `media`.
  static void ForEachRtcp(const MediaClient& media, auto&& on_packet) {
    for (const auto& compound : media.rtcp_received) {
      rtp::RtcpReader reader{std::span<const uint8_t>(compound)};
      while (const auto packet = reader.Next()) on_packet(*packet);
      EXPECT_TRUE(reader.ok());
    }
  }

  int CountPlis(const Client& client) {
    int count = 0;
    ForEachRtcp(client.media, [&](const rtp::RtcpPacket& packet) {
      const auto feedback = rtp::ParseFeedback(packet);
      if (feedback && feedback->IsPli()) ++count;
    });
    return count;
  }

  // The report blocks about `ssrc` that came in SR and RR, in order.
  static std::vector<rtp::ReportBlock> BlocksAbout(const MediaClient& media,
                                                   rtp::Ssrc ssrc) {
    std::vector<rtp::ReportBlock> found;
    ForEachRtcp(media, [&](const rtp::RtcpPacket& packet) {
      rtp::ReportBlocks blocks;
      if (const auto sr = rtp::ParseSenderReport(packet)) {
        blocks = sr->blocks;
      } else if (const auto rr = rtp::ParseReceiverReport(packet)) {
        blocks = rr->blocks;
      }
      for (size_t i = 0; i < blocks.size(); ++i) {
        if (blocks[i].ssrc == ssrc) found.push_back(blocks[i]);
      }
    });
    return found;
  }

  template <typename T>
  std::vector<T> Events() const {
    std::vector<T> found;
    for (const Event& event : events_) {
      if (const T* e = std::get_if<T>(&event)) found.push_back(*e);
    }
    return found;
  }

  uint64_t Drops(DropReason reason) {
    return worker_.counters().drops[static_cast<size_t>(reason)].Get();
  }

  support::SeededRandom random_{1};
  rtp::Timestamp now_{seconds(1000)};
  Worker worker_;
  Outbox outbox_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Event> events_;
  std::map<std::string, size_t> sent_bytes_;
  // The newest datagram to each address, as it left.
  std::map<std::string, std::vector<uint8_t>> last_sent_;
};

}  // namespace sfu
