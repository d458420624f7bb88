// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/srtp_session.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/base/ids.h"
#include "rtp/rtp_packet.h"
#include "rtp/srtp_transform.h"

namespace rtp {
namespace {

constexpr size_t kRtcpTrailer = 4;      // E bit and index (RFC 3711 s3.4)
constexpr size_t kRtcpClearHeader = 8;  // header and sender's SSRC
constexpr uint32_t kEncryptedBit = 0x80000000;

// Which of the last packets of one stream came (RFC 3711 s3.3.2).
class ReplayWindow {
 public:
  bool started() const { return started_; }
  uint64_t newest() const { return newest_; }

  bool MayAccept(uint64_t index) const {
    if (!started_ || index > newest_) return true;
    if (newest_ - index >= SrtpSession::kReplayWindow) return false;
    return !seen_[index % SrtpSession::kReplayWindow];
  }
  void Accept(uint64_t index) {
    if (!started_ || index > newest_) {
      const uint64_t step =
          started_ ? index - newest_ : SrtpSession::kReplayWindow;
      if (step >= SrtpSession::kReplayWindow) {
        seen_.reset();
      } else {
        for (uint64_t i = newest_ + 1; i < index; ++i) {
          seen_[i % SrtpSession::kReplayWindow] = false;
        }
      }
      newest_ = index;
      started_ = true;
    }
    seen_[index % SrtpSession::kReplayWindow] = true;
  }

 private:
  std::bitset<SrtpSession::kReplayWindow> seen_;
  uint64_t newest_ = 0;
  bool started_ = false;
};

// The 48-bit index that a sequence number most likely has (RFC 3711 s3.3.1).
uint64_t EstimateIndex(const ReplayWindow& window, uint16_t seq) {
  if (!window.started()) return seq;
  const uint64_t roc = window.newest() >> 16;
  const auto newest = static_cast<uint16_t>(window.newest());
  uint64_t guess = roc;
  if (newest < 0x8000) {
    if (seq - newest > 0x8000 && roc > 0) guess = roc - 1;
  } else if (newest - 0x8000 > seq) {
    guess = roc + 1;
  }
  return guess << 16 | seq;
}

}  // namespace

struct SrtpSession::State {
  explicit State(const SrtpKeys& keys)
      : send_rtp(keys.profile, keys.local, SrtpStream::kRtp, true),
        send_rtcp(keys.profile, keys.local, SrtpStream::kRtcp, true),
        receive_rtp(keys.profile, keys.remote, SrtpStream::kRtp, false),
        receive_rtcp(keys.profile, keys.remote, SrtpStream::kRtcp, false) {
    rtp_windows.reserve(kMaxSsrcs);
    rtcp_windows.reserve(kMaxSsrcs);
  }

  struct Stream {
    Ssrc ssrc;
    ReplayWindow window;
  };
  using Streams = std::vector<Stream>;

  static Stream* Find(Streams& streams, Ssrc ssrc) {
    for (Stream& stream : streams) {
      if (stream.ssrc == ssrc) return &stream;
    }
    return nullptr;
  }
  // After authentication: remembers `index`, and the stream if it is new.
  static SrtpStatus Remember(Streams& streams, Stream* stream, Ssrc ssrc,
                             uint64_t index) {
    if (stream == nullptr) {
      if (streams.size() == kMaxSsrcs) return SrtpStatus::kTooManySsrcs;
      stream = &streams.emplace_back(Stream{ssrc, {}});
    }
    stream->window.Accept(index);
    return SrtpStatus::kOk;
  }

  SrtpTransform send_rtp;
  SrtpTransform send_rtcp;
  SrtpTransform receive_rtp;
  SrtpTransform receive_rtcp;
  uint32_t next_rtcp_index = 1;
  Streams rtp_windows;
  Streams rtcp_windows;
};

SrtpSession::SrtpSession(const SrtpKeys& keys)
    : state_(std::make_unique<State>(keys)) {}
SrtpSession::~SrtpSession() = default;
SrtpSession::SrtpSession(SrtpSession&&) noexcept = default;
SrtpSession& SrtpSession::operator=(SrtpSession&&) noexcept = default;

size_t SrtpSession::rtp_overhead() const {
  return state_->send_rtp.tag_size();
}
size_t SrtpSession::rtcp_overhead() const {
  return state_->send_rtcp.tag_size() + kRtcpTrailer;
}

void SrtpSession::ProtectRtp(std::span<uint8_t> packet, size_t header_size,
                             uint32_t roc) {
  SrtpTransform& transform = state_->send_rtp;
  const size_t plain = packet.size() - transform.tag_size();
  const std::span<uint8_t> header = packet.first(header_size);
  const std::span<uint8_t> payload =
      packet.subspan(header_size, plain - header_size);
  const Ssrc ssrc = LoadU32(header, 8);
  const uint64_t index = static_cast<uint64_t>(roc) << 16 | LoadU16(header, 2);
  bool ok;
  if (transform.is_gcm()) {
    ok = transform.Seal(ssrc, index, header, {}, payload, payload.data(),
                        packet.subspan(plain));
  } else {
    ok = transform.Crypt(ssrc, index, payload, payload.data());
    std::array<uint8_t, 4> roc_bytes;
    StoreU32(roc_bytes, 0, roc);
    transform.Authenticate(packet.first(plain), roc_bytes,
                           packet.data() + plain);
  }
  // Rather nothing than plain text.
  if (!ok) std::fill(packet.begin(), packet.end(), uint8_t{0});
}

void SrtpSession::ProtectRtcp(std::span<uint8_t> packet) {
  SrtpTransform& transform = state_->send_rtcp;
  const uint32_t index = state_->next_rtcp_index++ & ~kEncryptedBit;
  const size_t plain = packet.size() - rtcp_overhead();
  const std::span<uint8_t> header = packet.first(kRtcpClearHeader);
  const std::span<uint8_t> body =
      packet.subspan(kRtcpClearHeader, plain - kRtcpClearHeader);
  const Ssrc ssrc = LoadU32(header, 4);
  std::array<uint8_t, kRtcpTrailer> trailer;
  StoreU32(trailer, 0, kEncryptedBit | index);
  bool ok;
  if (transform.is_gcm()) {
    // RFC 7714 s9.2: the tag comes before the index.
    ok = transform.Seal(ssrc, index, header, trailer, body, body.data(),
                        packet.subspan(plain, transform.tag_size()));
    std::copy(trailer.begin(), trailer.end(),
              packet.end() - static_cast<ptrdiff_t>(kRtcpTrailer));
  } else {
    ok = transform.Crypt(ssrc, index, body, body.data());
    std::copy(trailer.begin(), trailer.end(),
              packet.begin() + static_cast<ptrdiff_t>(plain));
    transform.Authenticate(packet.first(plain), trailer,
                           packet.data() + plain + kRtcpTrailer);
  }
  if (!ok) std::fill(packet.begin(), packet.end(), uint8_t{0});
}

SrtpSession::Unprotected SrtpSession::UnprotectRtp(
    std::span<const uint8_t> packet, std::span<uint8_t> out) {
  SrtpTransform& transform = state_->receive_rtp;
  const size_t tag_size = transform.tag_size();
  const std::optional<size_t> header_size = RtpHeaderSize(packet);
  if (!header_size || packet.size() < *header_size + tag_size ||
      out.size() < packet.size()) {
    return {SrtpStatus::kMalformed, 0};
  }
  const size_t plain = packet.size() - tag_size;
  const Ssrc ssrc = LoadU32(packet, 8);
  State::Stream* stream = State::Find(state_->rtp_windows, ssrc);
  const uint64_t index =
      EstimateIndex(stream != nullptr ? stream->window : ReplayWindow(),
                    LoadU16(packet, 2));
  if (stream != nullptr && !stream->window.MayAccept(index)) {
    return {SrtpStatus::kReplay, 0};
  }
  const std::span<const uint8_t> header = packet.first(*header_size);
  const std::span<const uint8_t> payload =
      packet.subspan(*header_size, plain - *header_size);
  const std::span<const uint8_t> tag = packet.subspan(plain);
  bool ok;
  if (transform.is_gcm()) {
    ok = transform.Open(ssrc, index, header, {}, payload,
                        out.data() + *header_size, tag);
  } else {
    std::array<uint8_t, 4> roc;
    StoreU32(roc, 0, static_cast<uint32_t>(index >> 16));
    std::array<uint8_t, 10> expected;
    transform.Authenticate(packet.first(plain), roc, expected.data());
    ok = CRYPTO_memcmp(expected.data(), tag.data(), expected.size()) == 0 &&
         transform.Crypt(ssrc, index, payload, out.data() + *header_size);
  }
  if (!ok) return {SrtpStatus::kAuth, 0};
  std::copy(header.begin(), header.end(), out.begin());
  const SrtpStatus status =
      State::Remember(state_->rtp_windows, stream, ssrc, index);
  return {status, status == SrtpStatus::kOk ? plain : 0};
}

SrtpSession::Unprotected SrtpSession::UnprotectRtcp(
    std::span<const uint8_t> packet, std::span<uint8_t> out) {
  SrtpTransform& transform = state_->receive_rtcp;
  const size_t tag_size = transform.tag_size();
  if (packet.size() < kRtcpClearHeader + tag_size + kRtcpTrailer ||
      packet[0] >> 6 != 2 || out.size() < packet.size()) {
    return {SrtpStatus::kMalformed, 0};
  }
  const size_t plain = packet.size() - tag_size - kRtcpTrailer;
  const std::span<const uint8_t> trailer =
      transform.is_gcm() ? packet.last(kRtcpTrailer)
                         : packet.subspan(plain, kRtcpTrailer);
  const std::span<const uint8_t> tag =
      transform.is_gcm() ? packet.subspan(plain, tag_size)
                         : packet.last(tag_size);
  const uint32_t word = LoadU32(trailer, 0);
  // Unencrypted SRTCP is authentic at best; WebRTC has none (RFC 8827 s6.5).
  if ((word & kEncryptedBit) == 0) return {SrtpStatus::kAuth, 0};
  const uint32_t index = word & ~kEncryptedBit;
  const Ssrc ssrc = LoadU32(packet, 4);
  State::Stream* stream = State::Find(state_->rtcp_windows, ssrc);
  if (stream != nullptr && !stream->window.MayAccept(index)) {
    return {SrtpStatus::kReplay, 0};
  }
  const std::span<const uint8_t> header = packet.first(kRtcpClearHeader);
  const std::span<const uint8_t> body =
      packet.subspan(kRtcpClearHeader, plain - kRtcpClearHeader);
  bool ok;
  if (transform.is_gcm()) {
    ok = transform.Open(ssrc, index, header, trailer, body,
                        out.data() + kRtcpClearHeader, tag);
  } else {
    std::array<uint8_t, 10> expected;
    transform.Authenticate(packet.first(plain), trailer, expected.data());
    ok = CRYPTO_memcmp(expected.data(), tag.data(), expected.size()) == 0 &&
         transform.Crypt(ssrc, index, body, out.data() + kRtcpClearHeader);
  }
  if (!ok) return {SrtpStatus::kAuth, 0};
  std::copy(header.begin(), header.end(), out.begin());
  const SrtpStatus status =
      State::Remember(state_->rtcp_windows, stream, ssrc, index);
  return {status, status == SrtpStatus::kOk ? plain : 0};
}

}  // namespace rtp
