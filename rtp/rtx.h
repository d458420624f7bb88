// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/ids.h"
#include "rtp/rtp_packet.h"

namespace rtp {

// Retransmission in a stream of its own (RFC 4588 s4): the payload of an RTX
// packet is the original sequence number (OSN) and the original payload.
inline constexpr size_t kRtxHeaderSize = 2;

// What came on an RTX stream.
enum class RtxKind : uint8_t {
  kMedia,      // a packet sent again
  kProbe,      // no media: padding that probes the path
  kMalformed,  // a payload of one byte
};

RtxKind ClassifyRtx(const RtpView& rtx);

// The original of an RTX packet: `rtx` with the OSN as its sequence number, the
// OSN cut from the payload, and the identity of the media stream that the RTX
// stream belongs to. `media_pt` is the apt of the RTX payload type (RFC 4588
// s8.1). header_size still counts the bytes of the RTX packet's header.
//
// Nothing unless the packet is kMedia, nor if the media stream named is the RTX
// stream itself: a retransmission is never retransmitted as such.
std::optional<RtpView> UnwrapRtx(const RtpView& rtx, Ssrc media_ssrc,
                                 uint8_t media_pt);

// Writes what goes before the original payload in an RTX packet. Returns
// kRtxHeaderSize, 0 if it does not fit.
size_t WriteRtxHeader(uint16_t original_seq, std::span<uint8_t> out);

}  // namespace rtp
