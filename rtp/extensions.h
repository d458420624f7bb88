// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "rtp/base/extension_ids.h"
#include "rtp/base/time.h"
#include "rtp/rtp_packet.h"

namespace rtp {

inline constexpr uint16_t kOneByteExtensionProfile = 0xBEDE;  // RFC 8285 s4.2
inline constexpr uint16_t kTwoByteExtensionProfile = 0x1000;  // RFC 8285 s4.3

// One element of an extension block, in place.
struct ExtensionElement {
  uint8_t id = 0;  // 1 to 14 in the one-byte form, 1 to 255 in the other
  std::span<const uint8_t> value;
};

// Walks the elements of an extension block of either form (RFC 8285 s4).
// Padding is skipped; the walk ends at the first thing that RFC 8285 says to
// stop at or that does not fit, and what came before stands.
class ExtensionReader {
 public:
  // `block`: RtpView::extensions. A profile of neither form has no elements.
  ExtensionReader(uint16_t profile, std::span<const uint8_t> block);

  // The next element; nothing at the end.
  std::optional<ExtensionElement> Next();

 private:
  std::span<const uint8_t> rest_;
  bool two_byte_ = false;
};

// RFC 6464 s3.
struct AudioLevel {
  bool voice = false;   // the sender's voice activity flag
  uint8_t level = 127;  // -dBov: 0 is loudest, 127 is silence
  bool operator==(const AudioLevel&) const = default;
};

// The negotiated extensions of one packet. Empty spans and strings are
// absent; all point into the packet. A value of a wrong size counts as absent.
struct ParsedExtensions {
  std::optional<AudioLevel> audio_level;
  std::optional<uint32_t> abs_send_time;  // 24 bits: seconds in 6.18, wraps
  std::optional<uint16_t> transport_sequence;
  std::string_view mid;           // RFC 9143 s15; 1 to 32 bytes
  std::string_view rid;           // RFC 8852 s3.1; 1 to 32 bytes
  std::string_view repaired_rid;  // RFC 8852 s3.2; 1 to 32 bytes
  // Camera, flip and rotation bits as on the wire (3GPP TS 26.114 s7.4.5).
  std::optional<uint8_t> video_orientation;
  std::span<const uint8_t> playout_delay;            // 3 bytes
  std::span<const uint8_t> dependency_descriptor;    // see payload/av1.h
  std::span<const uint8_t> abs_capture_time;         // 8 or 16 bytes
  std::span<const uint8_t> video_layers_allocation;  // 1 byte or more
  std::optional<uint8_t> video_content_type;         // 0 camera, 1 screen
  std::span<const uint8_t> video_timing;             // 13 bytes
  std::span<const uint8_t> color_space;              // 4 or 28 bytes
  std::optional<int32_t> transmission_offset;        // RFC 5450; clock units
};

// Reads what `ids` names out of `packet`, in one pass.
ParsedExtensions ParseExtensions(const RtpView& packet,
                                 const ExtensionIds& ids);

// The value of abs-send-time for `now`: 24 bits of seconds in 6.18 fixed point.
constexpr uint32_t ToAbsSendTime(Timestamp now) {
  const uint64_t us = static_cast<uint64_t>(now.time_since_epoch().count());
  // Whole seconds apart, so that no product overflows.
  const uint64_t fraction = ((us % 1'000'000) << 18) / 1'000'000;
  return static_cast<uint32_t>(((us / 1'000'000) << 18 | fraction) & 0xFFFFFF);
}

// Where the parts of a written extension block are.
struct ExtensionLayout {
  // Bytes written, with the four-byte block header; 0 if nothing was added.
  size_t size = 0;
  // By kind: where its value begins, from the start of the block; 0 if it was
  // not added. A header template is patched there per packet.
  std::array<uint16_t, kExtensionKindCount> offsets{};

  size_t OffsetOf(ExtensionKind kind) const {
    return offsets[static_cast<size_t>(kind)];
  }
};

// Builds an extension block: collects values, then writes them in the order of
// their adding, so that the same calls give the same offsets. Uses the one-byte
// form where every id and length allows it, else the two-byte form.
class ExtensionWriter {
 public:
  explicit ExtensionWriter(const ExtensionIds& ids) : ids_(ids) {}

  // Adds one value of 1 to 255 bytes, which must stay alive until Write().
  // Returns false, adding nothing, if `kind` was not negotiated, was added
  // before, or the length is out of range.
  bool Add(ExtensionKind kind, std::span<const uint8_t> value);
  bool Add(ExtensionKind kind, std::string_view value);  // mid and rids
  // As above, with values of one to three bytes that are copied.
  bool AddAudioLevel(AudioLevel level);
  bool AddTransportSequence(uint16_t seq);
  bool AddAbsSendTime(uint32_t abs_send_time);
  bool AddU8(ExtensionKind kind, uint8_t value);  // orientation, content type

  // The size Write() will need, a multiple of 4; 0 if nothing was added.
  size_t size() const;

  // Writes header, elements and padding. Nothing, leaving `out` as it was, if
  // the block does not fit.
  std::optional<ExtensionLayout> Write(std::span<uint8_t> out) const;

 private:
  struct Element {
    ExtensionKind kind;
    uint8_t length;
    std::array<uint8_t, 3> copied;
    const uint8_t* external;  // null: the value is in `copied`
  };

  bool AddCopied(ExtensionKind kind, uint32_t value, uint8_t length);
  Element* TryAppend(ExtensionKind kind, size_t length);

  ExtensionIds ids_;
  std::array<Element, kExtensionKindCount> elements_;
  size_t count_ = 0;
  size_t value_bytes_ = 0;
  uint32_t added_ = 0;  // a bit for each kind
  bool two_byte_ = false;
};

}  // namespace rtp
