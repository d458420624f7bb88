// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/slot.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rtp/base/bytes.h"
#include "rtp/extensions.h"
#include "rtp/payload/vp8.h"
#include "rtp/red.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/rtx.h"
#include "sfu/peer.h"
#include "sfu/uplink.h"

namespace sfu {
namespace {

// Room for what we put before a payload: header, extensions, RTX's OSN and a
// payload descriptor.
constexpr size_t kMaxExtensionBytes = 512;

// A step of the timestamp where a source took over from another in no time.
constexpr uint32_t kMinStepMs = 20;

// Initial sequence numbers are below 2^15, so that a receiver that misses the
// first packets cannot guess the roll-over counter wrong (RFC 3711 s3.3.1).
uint64_t InitialSeq(rtp::RandomSource& random) {
  return random.NextU32() & 0x7FFF;
}

}  // namespace

Slot::Slot(const rtp::ContentSpec& content, PeerTransport& transport,
           Peer& peer, WorkerContext& context)
    : content_(content),
      transport_(transport),
      peer_(peer),
      context_(context),
      newest_out_(InitialSeq(context.random)),
      newest_timestamp_(context.random.NextU32()),
      clock_rate_(content.codecs.front().clock_rate),
      newest_picture_id_(context.random.NextU32() & 0x3FFF),
      rtx_seq_(InitialSeq(context.random)) {
  key_frame_requests_.fill(rtp::Timestamp::min());
}

Slot::~Slot() {
  Leave(current_);
  Leave(pending_);
}

void Slot::Update(const rtp::ContentSpec& content) {
  if (content.codecs != content_.codecs ||
      content.extensions != content_.extensions) {
    negotiated_at_ = newest_out_;
  }
  const rtp::SlotSpec same = *content_.slot;
  content_ = content;
  content_.slot = same;
}

void Slot::SetTarget(rtp::Timestamp now, rtp::SourceId source, Outbox& outbox) {
  if (source == target()) return;
  if (source.value() == 0) {
    Leave(pending_);
    Leave(current_);
    peer_.OnSlotChanged();
    return;
  }
  Leave(pending_);
  if (source == current_) return;
  if (!context_.router.Subscribe(now, source, this)) return;
  pending_ = source;
  pending_since_ = now;
  if (content_.kind == rtp::MediaKind::kAudio) return;
  if (!Replay(now, source, outbox)) context_.router.WantKeyFrame(now, source);
}

bool Slot::Replay(rtp::Timestamp now, rtp::SourceId source, Outbox& outbox) {
  const Route* route = context_.router.Find(source);
  const auto start = route->cache.KeyFrameStart(now);
  if (!start || route->cache.newest() - *start >= kMaxReplay) return false;
  const rtp::PacketRef first = route->cache.Find(now, *start);
  if (!first || now - first->arrival > kMaxReplayAge) return false;
  for (uint64_t seq = *start; seq <= route->cache.newest(); ++seq) {
    if (const rtp::PacketRef packet = route->cache.Find(now, seq)) {
      Offer(now, *packet, outbox);
    }
  }
  return current_ == source;
}

void Slot::OnSourceRemoved(rtp::SourceId source) {
  if (pending_ == source) pending_ = rtp::SourceId();
  if (current_ == source) SetCurrent(rtp::SourceId());
}

void Slot::Leave(rtp::SourceId& source) {
  if (source.value() == 0) return;
  context_.router.Unsubscribe(source, this);
  source = rtp::SourceId();
}

void Slot::SetCurrent(rtp::SourceId source) {
  current_ = source;
  peer_.OnSlotChanged();
}

void Slot::Offer(rtp::Timestamp now, const rtp::Packet& packet,
                 Outbox& outbox) {
  if (packet.source == pending_) {
    if (content_.kind == rtp::MediaKind::kVideo && !packet.key_frame) return;
    if (CodecOf(packet.codec) == nullptr) return;
    Leave(current_);
    pending_ = rtp::SourceId();
    SetCurrent(packet.source);
    BeginSegment(packet);
    context_.counters.slot_switches.Add();
    if (content_.kind == rtp::MediaKind::kVideo) {
      context_.counters.key_frame_wait.ObserveMilliseconds(now -
                                                           pending_since_);
    }
  }
  if (packet.source != current_) return;
  const uint64_t first = segments_[(segment_count_ - 1) % kSegments].first_in;
  if (packet.seq < first) return;  // from before the switch
  if (packet.seq >> 32 != first >> 32) {
    // The publisher began its stream anew (Uplink::LatchSsrc).
    if (content_.kind == rtp::MediaKind::kVideo && !packet.key_frame) {
      return context_.router.WantKeyFrame(now, current_);
    }
    BeginSegment(packet);
  }
  const Segment& segment = segments_[(segment_count_ - 1) % kSegments];
  if (!Send(now, packet, segment, /*resend=*/false, outbox)) return;
  context_.counters.rtp_out.Add();
}

void Slot::BeginSegment(const rtp::Packet& packet) {
  Segment segment;
  segment.source = packet.source;
  segment.first_in = packet.seq;
  segment.first_out = newest_out_ + 1;
  segment.took_over = sent_any_;
  if (packet.vp8_descriptor_size > 0 && !packet.vp8.picture_id) {
    numbered_ = false;
  }
  segment.numbered = numbered_;
  uint32_t timestamp = newest_timestamp_;
  if (sent_any_) {
    const int64_t elapsed = (packet.arrival - newest_arrival_).count();
    const int64_t ticks =
        elapsed * static_cast<int64_t>(clock_rate_) / 1'000'000;
    timestamp += static_cast<uint32_t>(
        std::max<int64_t>(ticks, clock_rate_ / 1000 * kMinStepMs));
  }
  segment.timestamp_offset = timestamp - packet.timestamp;
  segment.picture_id_offset = newest_picture_id_ + 1 - packet.picture_id;
  segment.tl0_offset = static_cast<uint8_t>(
      newest_tl0_ + 1 - packet.vp8.tl0_picture_index.value_or(0));
  segment.key_index_offset =
      newest_key_index_ + 1 - packet.vp8.key_index.value_or(0);
  segments_[segment_count_++ % kSegments] = segment;
}

const rtp::CodecSpec* Slot::CodecOf(rtp::Codec codec) const {
  for (const rtp::CodecSpec& spec : content_.codecs) {
    if (spec.codec == codec) return &spec;
  }
  return nullptr;
}

bool Slot::Send(rtp::Timestamp now, const rtp::Packet& packet,
                const Segment& segment, bool resend, Outbox& outbox) {
  const rtp::CodecSpec* codec = CodecOf(packet.codec);
  if (codec == nullptr || !transport_.ready()) return false;
  const bool rtx = resend && codec->rtx_payload_type.has_value();

  std::array<uint8_t, kMaxExtensionBytes> extensions;
  const size_t extension_size = WriteExtensions(now, packet, extensions);
  std::array<uint8_t, 8> prefix;
  const size_t prefix_size = WritePayloadPrefix(packet, segment, prefix);
  std::span<const uint8_t> payload =
      packet.At(packet.payload).subspan(packet.vp8_descriptor_size);
  // RTX is of the codec itself (RFC 4588 s8.1: apt).
  const bool unwrap_red = packet.red && (rtx || !codec->red_payload_type);
  if (unwrap_red) {
    const auto red = rtp::ParseRed(payload);
    if (!red) return false;
    payload = red->primary.data;
  }

  const uint64_t out = segment.first_out + (packet.seq - segment.first_in);
  rtp::RtpHeaderFields header;
  header.marker =
      packet.marker || (content_.kind == rtp::MediaKind::kAudio &&
                        segment.took_over && packet.seq == segment.first_in);
  header.pt = packet.red && !unwrap_red ? *codec->red_payload_type
                                        : codec->payload_type;
  header.seq = static_cast<uint16_t>(out);
  header.timestamp = packet.timestamp + segment.timestamp_offset;
  header.ssrc = content_.slot->ssrc;
  uint64_t index = out;
  if (rtx) {
    index = ++rtx_seq_;
    header.pt = *codec->rtx_payload_type;
    header.seq = static_cast<uint16_t>(index);
    header.ssrc = content_.slot->rtx_ssrc;
  }

  const size_t header_size = rtp::kRtpFixedHeaderSize + extension_size;
  const size_t plain_size = header_size + (rtx ? rtp::kRtxHeaderSize : 0) +
                            prefix_size + payload.size();
  if (plain_size + 32 > rtp::kMaxPacketSize) {
    context_.counters.Drop(DropReason::kTooLarge);
    return false;
  }
  const std::span<uint8_t> place = transport_.BeginRtp(plain_size, outbox);
  if (place.empty()) {
    context_.counters.Drop(DropReason::kOutboxFull);
    return false;
  }
  rtp::WriteRtpHeader(header, std::span(extensions).first(extension_size),
                      place);
  rtp::ByteWriter writer(place.subspan(header_size));
  if (rtx) writer.U16(static_cast<uint16_t>(out));
  writer.Bytes(std::span(prefix).first(prefix_size));
  writer.Bytes(payload);
  if (packet.red && !unwrap_red) {
    // The blocks name their codec by this receiver's payload type.
    rtp::SetRedPayloadTypes(place.subspan(header_size, payload.size()),
                            codec->payload_type);
  }
  transport_.FinishRtp(place, header_size, static_cast<uint32_t>(index >> 16));

  if (!resend) {
    resend_limiter_.OnSent(plain_size);
    if (!sent_any_ || out > newest_out_) {
      newest_out_ = out;
      newest_timestamp_ = header.timestamp;
      newest_arrival_ = packet.arrival;
      if (packet.vp8.picture_id) {
        newest_picture_id_ = packet.picture_id + segment.picture_id_offset;
      }
      if (packet.vp8.tl0_picture_index) {
        newest_tl0_ = static_cast<uint8_t>(*packet.vp8.tl0_picture_index +
                                           segment.tl0_offset);
      }
      if (packet.vp8.key_index) {
        newest_key_index_ = *packet.vp8.key_index + segment.key_index_offset;
      }
      sent_any_ = true;
    }
    ++packets_sent_;
    octets_sent_ += static_cast<uint32_t>(prefix_size + payload.size());
  }
  return true;
}

size_t Slot::WriteExtensions(rtp::Timestamp now, const rtp::Packet& packet,
                             std::span<uint8_t> out) {
  using Kind = rtp::ExtensionKind;
  const rtp::ExtensionIds& ids = content_.extensions;
  rtp::ExtensionWriter writer(ids);
  writer.Add(Kind::kMid, content_.name);
  if (packet.audio_level) writer.AddAudioLevel(*packet.audio_level);
  if (packet.video_orientation) {
    writer.AddU8(Kind::kVideoOrientation, *packet.video_orientation);
  }
  if (packet.video_content_type) {
    writer.AddU8(Kind::kVideoContentType, *packet.video_content_type);
  }
  const auto copy = [&](Kind kind, rtp::ByteRange range) {
    if (range.size > 0) writer.Add(kind, packet.At(range));
  };
  copy(Kind::kPlayoutDelay, packet.playout_delay);
  copy(Kind::kAbsCaptureTime, packet.abs_capture_time);
  copy(Kind::kDependencyDescriptor, packet.dependency_descriptor);
  if (ids.Has(Kind::kAbsSendTime)) {
    writer.AddAbsSendTime(rtp::ToAbsSendTime(now));
  }
  if (ids.Has(Kind::kTransportSequence)) {
    writer.AddTransportSequence(transport_.NextTransportSeq());
  }
  const auto layout = writer.Write(out);
  return layout ? layout->size : 0;
}

size_t Slot::WritePayloadPrefix(const rtp::Packet& packet,
                                const Segment& segment,
                                std::span<uint8_t> out) const {
  if (packet.vp8_descriptor_size == 0) return 0;
  rtp::Vp8Descriptor descriptor = packet.vp8;
  if (!segment.numbered) {
    descriptor.picture_id.reset();
    descriptor.tl0_picture_index.reset();
    descriptor.temporal_id.reset();
    descriptor.layer_sync = false;
    descriptor.key_index.reset();
  }
  if (descriptor.picture_id) {
    // Always the wide form: its space is that of the slot, not the source's.
    descriptor.picture_id =
        static_cast<uint16_t>((packet.picture_id + segment.picture_id_offset) &
                              rtp::kVp8PictureId15BitMax);
    descriptor.picture_id_15bit = true;
  }
  if (descriptor.tl0_picture_index) {
    descriptor.tl0_picture_index = static_cast<uint8_t>(
        *descriptor.tl0_picture_index + segment.tl0_offset);
  }
  if (auto& index = descriptor.key_index) {
    index = (*index + segment.key_index_offset) & 0x1F;
  }
  return rtp::WriteVp8Descriptor(descriptor, out);
}

bool Slot::ResendIsIdentical() const {
  // What changes with each sending would make another packet under the same
  // nonce (decisions.md s1.3).
  return !content_.extensions.Has(rtp::ExtensionKind::kAbsSendTime) &&
         !content_.extensions.Has(rtp::ExtensionKind::kTransportSequence);
}

void Slot::HandleNack(rtp::Timestamp now, uint16_t seq, rtp::TimeDelta rtt,
                      Outbox& outbox) {
  context_.counters.nacks_in.Add();
  // The newest 64-bit number at or before newest_out_ with these 16 bits.
  const uint64_t out =
      newest_out_ -
      static_cast<uint16_t>(static_cast<uint16_t>(newest_out_) - seq);
  const auto give_up = [this] { context_.counters.not_resent.Add(); };
  const uint64_t kept = std::min<uint64_t>(segment_count_, kSegments);
  const Segment* segment = nullptr;
  for (uint64_t i = 1; i <= kept && segment == nullptr; ++i) {
    const Segment& s = segments_[(segment_count_ - i) % kSegments];
    if (out >= s.first_out && out <= newest_out_) segment = &s;
  }
  if (!sent_any_ || segment == nullptr) return give_up();
  Route* route = context_.router.Find(segment->source);
  if (route == nullptr) return give_up();
  const rtp::PacketRef packet =
      route->cache.Find(now, segment->first_in + (out - segment->first_out));
  if (!packet) return give_up();
  const rtp::CodecSpec* codec = CodecOf(packet->codec);
  if (codec == nullptr ||
      (!codec->rtx_payload_type &&
       (out <= negotiated_at_ || !ResendIsIdentical())) ||
      !resend_limiter_.TryResend(now, out, packet->payload.size, rtt) ||
      !Send(now, *packet, *segment, /*resend=*/true, outbox)) {
    return give_up();
  }
  context_.counters.resent.Add();
}

void Slot::HandleKeyFrameRequest(rtp::Timestamp now) {
  context_.counters.key_frame_requests_in.Add();
  const rtp::SourceId source = target();
  if (source.value() == 0) return;
  // One in 200 ms and three in ten seconds (reliability.md T17).
  const rtp::Timestamp newest =
      key_frame_requests_[(next_request_ + 2) % key_frame_requests_.size()];
  rtp::Timestamp& oldest = key_frame_requests_[next_request_];
  if ((newest != rtp::Timestamp::min() &&
       now - newest < std::chrono::milliseconds(200)) ||
      (oldest != rtp::Timestamp::min() &&
       now - oldest < std::chrono::seconds(10))) {
    context_.counters.Drop(DropReason::kRateLimited);
    return;
  }
  oldest = now;
  next_request_ = (next_request_ + 1) % key_frame_requests_.size();
  context_.router.WantKeyFrame(now, source);
}

bool Slot::WriteSenderReport(rtp::Timestamp now,
                             std::span<const rtp::ReportBlock> blocks,
                             rtp::RtcpWriter& out) const {
  if (!sent_any_ || current_.value() == 0) return false;
  const Route* route = context_.router.Find(current_);
  if (route == nullptr) return false;
  rtp::SenderInfo info;
  info.ntp = context_.ntp.ToNtp(now);
  const Segment& segment = segments_[(segment_count_ - 1) % kSegments];
  if (const auto mapped = route->RtpTimestampAt(now)) {
    info.rtp_timestamp = *mapped + segment.timestamp_offset;
  } else {
    const int64_t elapsed = (now - newest_arrival_).count();
    info.rtp_timestamp =
        newest_timestamp_ +
        static_cast<uint32_t>(elapsed * static_cast<int64_t>(clock_rate_) /
                              1'000'000);
  }
  info.packet_count = packets_sent_;
  info.octet_count = octets_sent_;
  return rtp::WriteSenderReport(ssrc(), info, blocks, out);
}

}  // namespace sfu
