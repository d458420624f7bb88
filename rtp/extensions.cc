// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/extensions.h"

#include <cstring>

#include "rtp/base/bytes.h"

namespace rtp {
namespace {

constexpr size_t kBlockHeaderSize = 4;

std::string_view AsText(std::span<const uint8_t> value) {
  if (value.size() > 32) return {};
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

std::span<const uint8_t> IfSize(std::span<const uint8_t> value, size_t a,
                                size_t b) {
  return value.size() == a || value.size() == b ? value
                                                : std::span<const uint8_t>();
}

void Take(ExtensionKind kind, std::span<const uint8_t> value,
          ParsedExtensions& out) {
  switch (kind) {
    case ExtensionKind::kAudioLevel:
      if (value.size() == 1) {
        out.audio_level = AudioLevel{(value[0] & 0x80) != 0,
                                     static_cast<uint8_t>(value[0] & 0x7F)};
      }
      return;
    case ExtensionKind::kAbsSendTime:
      if (value.size() == 3) out.abs_send_time = LoadU24(value, 0);
      return;
    case ExtensionKind::kTransportSequence:
      // The second version of the extension appends a feedback request.
      if (value.size() == 2 || value.size() == 4) {
        out.transport_sequence = LoadU16(value, 0);
      }
      return;
    case ExtensionKind::kMid:
      out.mid = AsText(value);
      return;
    case ExtensionKind::kRid:
      out.rid = AsText(value);
      return;
    case ExtensionKind::kRepairedRid:
      out.repaired_rid = AsText(value);
      return;
    case ExtensionKind::kVideoOrientation:
      if (value.size() == 1) out.video_orientation = value[0];
      return;
    case ExtensionKind::kPlayoutDelay:
      out.playout_delay = IfSize(value, 3, 3);
      return;
    case ExtensionKind::kDependencyDescriptor:
      out.dependency_descriptor = value;
      return;
    case ExtensionKind::kAbsCaptureTime:
      out.abs_capture_time = IfSize(value, 8, 16);
      return;
    case ExtensionKind::kVideoLayersAllocation:
      out.video_layers_allocation = value;
      return;
    case ExtensionKind::kVideoContentType:
      if (value.size() == 1) out.video_content_type = value[0];
      return;
    case ExtensionKind::kVideoTiming:
      out.video_timing = IfSize(value, 13, 13);
      return;
    case ExtensionKind::kColorSpace:
      out.color_space = IfSize(value, 4, 28);
      return;
    case ExtensionKind::kTransmissionOffset:
      if (value.size() == 3) {
        // 24 bits, signed (RFC 5450 s3).
        out.transmission_offset =
            static_cast<int32_t>(LoadU24(value, 0) << 8) >> 8;
      }
      return;
    case ExtensionKind::kCount:
      return;
  }
}

}  // namespace

ExtensionReader::ExtensionReader(uint16_t profile,
                                 std::span<const uint8_t> block) {
  if (profile == kOneByteExtensionProfile) {
    rest_ = block;
  } else if ((profile & 0xFFF0) == kTwoByteExtensionProfile) {
    rest_ = block;
    two_byte_ = true;
  }
}

std::optional<ExtensionElement> ExtensionReader::Next() {
  while (!rest_.empty() && rest_[0] == 0) rest_ = rest_.subspan(1);  // padding
  if (rest_.empty()) return std::nullopt;
  ExtensionElement element;
  size_t header = 1;
  size_t length = 0;
  if (two_byte_) {
    if (rest_.size() < 2) return std::nullopt;
    header = 2;
    element.id = rest_[0];
    length = rest_[1];
  } else {
    element.id = rest_[0] >> 4;
    length = (rest_[0] & 0x0F) + size_t{1};
    // RFC 8285 s4.2: 15 ends the block; 0 with a length is not an element.
    if (element.id == 15 || element.id == 0) {
      rest_ = {};
      return std::nullopt;
    }
  }
  if (rest_.size() < header + length) {
    rest_ = {};
    return std::nullopt;
  }
  element.value = rest_.subspan(header, length);
  rest_ = rest_.subspan(header + length);
  return element;
}

ParsedExtensions ParseExtensions(const RtpView& packet,
                                 const ExtensionIds& ids) {
  ParsedExtensions parsed;
  if (packet.extensions.empty()) return parsed;
  ExtensionReader reader(packet.extension_profile, packet.extensions);
  while (const auto element = reader.Next()) {
    if (const auto kind = ids.KindOf(element->id)) {
      Take(*kind, element->value, parsed);
    }
  }
  return parsed;
}

ExtensionWriter::Element* ExtensionWriter::TryAppend(ExtensionKind kind,
                                                     size_t length) {
  const uint8_t id = ids_.IdOf(kind);
  const uint32_t bit = uint32_t{1} << static_cast<unsigned>(kind);
  if (id == 0 || (added_ & bit) != 0 || length == 0 || length > 255) {
    return nullptr;
  }
  added_ |= bit;
  value_bytes_ += length;
  if (id > 14 || length > 16) two_byte_ = true;
  Element& element = elements_[count_++];
  element.kind = kind;
  element.length = static_cast<uint8_t>(length);
  return &element;
}

bool ExtensionWriter::Add(ExtensionKind kind, std::span<const uint8_t> value) {
  Element* element = TryAppend(kind, value.size());
  if (element == nullptr) return false;
  element->external = value.data();
  return true;
}

bool ExtensionWriter::Add(ExtensionKind kind, std::string_view value) {
  return Add(kind, std::span(reinterpret_cast<const uint8_t*>(value.data()),
                             value.size()));
}

bool ExtensionWriter::AddCopied(ExtensionKind kind, uint32_t value,
                                uint8_t length) {
  Element* element = TryAppend(kind, length);
  if (element == nullptr) return false;
  element->external = nullptr;
  for (size_t i = 0; i < length; ++i) {
    element->copied[i] =
        static_cast<uint8_t>(value >> (8 * (length - 1 - i)));
  }
  return true;
}

bool ExtensionWriter::AddAudioLevel(AudioLevel level) {
  return AddCopied(ExtensionKind::kAudioLevel,
                   (level.voice ? 0x80u : 0u) | (level.level & 0x7Fu), 1);
}

bool ExtensionWriter::AddTransportSequence(uint16_t seq) {
  return AddCopied(ExtensionKind::kTransportSequence, seq, 2);
}

bool ExtensionWriter::AddAbsSendTime(uint32_t abs_send_time) {
  return AddCopied(ExtensionKind::kAbsSendTime, abs_send_time, 3);
}

bool ExtensionWriter::AddU8(ExtensionKind kind, uint8_t value) {
  return AddCopied(kind, value, 1);
}

size_t ExtensionWriter::size() const {
  if (count_ == 0) return 0;
  const size_t bytes = value_bytes_ + count_ * (two_byte_ ? 2 : 1);
  return kBlockHeaderSize + (bytes + 3) / 4 * 4;
}

std::optional<ExtensionLayout> ExtensionWriter::Write(
    std::span<uint8_t> out) const {
  ExtensionLayout layout;
  layout.size = size();
  if (layout.size > out.size()) return std::nullopt;
  if (layout.size == 0) return layout;
  StoreU16(out, 0,
           two_byte_ ? kTwoByteExtensionProfile : kOneByteExtensionProfile);
  StoreU16(out, 2,
           static_cast<uint16_t>((layout.size - kBlockHeaderSize) / 4));
  size_t at = kBlockHeaderSize;
  for (size_t i = 0; i < count_; ++i) {
    const Element& element = elements_[i];
    const uint8_t id = ids_.IdOf(element.kind);
    if (two_byte_) {
      out[at++] = id;
      out[at++] = element.length;
    } else {
      out[at++] = static_cast<uint8_t>(id << 4 | (element.length - 1));
    }
    layout.offsets[static_cast<size_t>(element.kind)] =
        static_cast<uint16_t>(at);
    std::memcpy(out.data() + at,
                element.external != nullptr ? element.external
                                            : element.copied.data(),
                element.length);
    at += element.length;
  }
  std::memset(out.data() + at, 0, layout.size - at);
  return layout;
}

}  // namespace rtp
