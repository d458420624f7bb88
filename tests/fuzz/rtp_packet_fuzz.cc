// SPDX-License-Identifier: GPL-3.0-or-later
//
// An RTP packet as a peer sends it, decrypted: header, extensions, and the
// payloads that are read for every codec (RED, RTX).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/base/check.h"
#include "rtp/base/extension_ids.h"
#include "rtp/extensions.h"
#include "rtp/red.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_rewrite.h"
#include "rtp/rtx.h"

namespace rtp {
namespace {

// Ids 1 to 15 by kind: the last does not fit the one-byte form.
ExtensionIds AllIds() {
  ExtensionIds ids;
  for (size_t i = 0; i < kExtensionKindCount; ++i) {
    SFU_CHECK(
        ids.Set(static_cast<ExtensionKind>(i), static_cast<uint8_t>(i + 1)));
  }
  return ids;
}

bool IsWithin(std::span<const uint8_t> part, std::span<const uint8_t> whole) {
  return part.empty() ||
         (part.data() >= whole.data() &&
          part.data() + part.size() <= whole.data() + whole.size());
}

bool SameBytes(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void CheckSame(const ParsedExtensions& a, const ParsedExtensions& b) {
  SFU_CHECK(a.audio_level == b.audio_level);
  SFU_CHECK(a.abs_send_time == b.abs_send_time);
  SFU_CHECK(a.transport_sequence == b.transport_sequence);
  SFU_CHECK(a.mid == b.mid);
  SFU_CHECK(a.rid == b.rid);
  SFU_CHECK(a.repaired_rid == b.repaired_rid);
  SFU_CHECK(a.video_orientation == b.video_orientation);
  SFU_CHECK(SameBytes(a.playout_delay, b.playout_delay));
  SFU_CHECK(SameBytes(a.dependency_descriptor, b.dependency_descriptor));
  SFU_CHECK(SameBytes(a.abs_capture_time, b.abs_capture_time));
  SFU_CHECK(SameBytes(a.video_layers_allocation, b.video_layers_allocation));
  SFU_CHECK(a.video_content_type == b.video_content_type);
  SFU_CHECK(SameBytes(a.video_timing, b.video_timing));
  SFU_CHECK(SameBytes(a.color_space, b.color_space));
  SFU_CHECK(a.transmission_offset == b.transmission_offset);
}

// Adds what is not absent.
void Add(ExtensionWriter& writer, ExtensionKind kind,
         std::span<const uint8_t> value) {
  if (!value.empty()) SFU_CHECK(writer.Add(kind, value));
}
void Add(ExtensionWriter& writer, ExtensionKind kind, std::string_view value) {
  if (!value.empty()) SFU_CHECK(writer.Add(kind, value));
}

// What was read, written again and read again is the same.
void CheckExtensions(const RtpView& packet, const ExtensionIds& ids) {
  const ParsedExtensions parsed = ParseExtensions(packet, ids);
  ExtensionWriter writer(ids);
  if (parsed.audio_level) SFU_CHECK(writer.AddAudioLevel(*parsed.audio_level));
  if (parsed.abs_send_time) {
    SFU_CHECK(writer.AddAbsSendTime(*parsed.abs_send_time));
  }
  if (parsed.transport_sequence) {
    SFU_CHECK(writer.AddTransportSequence(*parsed.transport_sequence));
  }
  Add(writer, ExtensionKind::kMid, parsed.mid);
  Add(writer, ExtensionKind::kRid, parsed.rid);
  Add(writer, ExtensionKind::kRepairedRid, parsed.repaired_rid);
  if (parsed.video_orientation) {
    SFU_CHECK(writer.AddU8(ExtensionKind::kVideoOrientation,
                           *parsed.video_orientation));
  }
  Add(writer, ExtensionKind::kPlayoutDelay, parsed.playout_delay);
  Add(writer, ExtensionKind::kDependencyDescriptor,
      parsed.dependency_descriptor);
  Add(writer, ExtensionKind::kAbsCaptureTime, parsed.abs_capture_time);
  Add(writer, ExtensionKind::kVideoLayersAllocation,
      parsed.video_layers_allocation);
  if (parsed.video_content_type) {
    SFU_CHECK(writer.AddU8(ExtensionKind::kVideoContentType,
                           *parsed.video_content_type));
  }
  Add(writer, ExtensionKind::kVideoTiming, parsed.video_timing);
  Add(writer, ExtensionKind::kColorSpace, parsed.color_space);
  std::array<uint8_t, 3> offset;
  if (parsed.transmission_offset) {
    StoreU24(offset, 0,
             static_cast<uint32_t>(*parsed.transmission_offset) & 0xFFFFFF);
    Add(writer, ExtensionKind::kTransmissionOffset, offset);
  }

  std::vector<uint8_t> block(writer.size());
  const auto layout = writer.Write(block);
  SFU_CHECK(layout && layout->size == block.size());
  std::vector<uint8_t> written(kRtpFixedHeaderSize + block.size());
  const RtpHeaderFields fields = {packet.marker,    packet.pt,   packet.seq,
                                  packet.timestamp, packet.ssrc, false};
  SFU_CHECK(WriteRtpHeader(fields, block, written) == written.size());
  const auto again = RtpView::Parse(written);
  SFU_CHECK(again && again->payload.empty());
  SFU_CHECK(again->marker == packet.marker && again->pt == packet.pt);
  SFU_CHECK(again->seq == packet.seq && again->ssrc == packet.ssrc);
  SFU_CHECK(again->timestamp == packet.timestamp);
  CheckSame(parsed, ParseExtensions(*again, ids));
}

void CheckRed(std::span<const uint8_t> payload) {
  const auto red = ParseRed(payload);
  if (!red) return;
  size_t size = 1 + 4 * red->redundant_count + red->primary.data.size();
  for (size_t i = 0; i < red->redundant_count; ++i) {
    SFU_CHECK(IsWithin(red->redundant[i].data, payload));
    size += red->redundant[i].data.size();
  }
  SFU_CHECK(IsWithin(red->primary.data, payload));
  SFU_CHECK(size == payload.size());

  std::vector<uint8_t> named(payload.begin(), payload.end());
  SetRedPayloadTypes(named, 0x6F);
  const auto again = ParseRed(named);
  SFU_CHECK(again && again->redundant_count == red->redundant_count);
  for (size_t i = 0; i < red->redundant_count; ++i) {
    const RedBlock& block = again->redundant[i];
    SFU_CHECK(block.pt == 0x6F);
    SFU_CHECK(block.timestamp_offset == red->redundant[i].timestamp_offset);
    SFU_CHECK(SameBytes(block.data, red->redundant[i].data));
  }
  SFU_CHECK(again->primary.pt == 0x6F);
  SFU_CHECK(SameBytes(again->primary.data, red->primary.data));
}

void CheckRtx(const RtpView& packet) {
  const auto original = UnwrapRtx(packet, packet.ssrc + 1, 96);
  SFU_CHECK(original.has_value() == (ClassifyRtx(packet) == RtxKind::kMedia));
  if (!original) return;
  SFU_CHECK(original->payload.size() + kRtxHeaderSize == packet.payload.size());
  std::array<uint8_t, kRtxHeaderSize> header;
  SFU_CHECK(WriteRtxHeader(original->seq, header) == header.size());
  SFU_CHECK(SameBytes(header, packet.payload.first(kRtxHeaderSize)));
  SFU_CHECK(!UnwrapRtx(packet, packet.ssrc, 96));
}

void Fuzz(std::span<const uint8_t> bytes) {
  IsRtcp(bytes);
  const auto header_size = RtpHeaderSize(bytes);
  SFU_CHECK(!header_size || *header_size <= bytes.size());
  const auto packet = RtpView::Parse(bytes);
  if (!packet) return;
  SFU_CHECK(header_size == packet->header_size);
  SFU_CHECK(packet->header_size + packet->payload.size() +
                packet->padding_size ==
            bytes.size());
  SFU_CHECK(IsWithin(packet->payload, bytes));
  SFU_CHECK(IsWithin(packet->extensions, bytes));
  for (size_t i = 0; i < packet->csrcs.size(); ++i) {
    SFU_CHECK(packet->csrcs[i] == LoadU32(bytes, kRtpFixedHeaderSize + i * 4));
  }
  static const ExtensionIds kIds = AllIds();
  CheckExtensions(*packet, kIds);
  CheckRed(packet->payload);
  CheckRtx(*packet);
}

}  // namespace
}  // namespace rtp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rtp::Fuzz({data, size});
  return 0;
}
