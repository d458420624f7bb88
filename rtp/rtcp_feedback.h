// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rtp/base/bytes.h"
#include "rtp/base/ids.h"
#include "rtp/base/units.h"
#include "rtp/rtcp_compound.h"

namespace rtp {

// Formats of transport feedback (RtcpPacket::count under type 205).
inline constexpr uint8_t kFeedbackNack = 1;   // RFC 4585 s6.2.1
inline constexpr uint8_t kFeedbackTwcc = 15;  // draft-holmer-01
// Formats of payload feedback (type 206).
inline constexpr uint8_t kFeedbackPli = 1;           // RFC 4585 s6.3.1
inline constexpr uint8_t kFeedbackFir = 4;           // RFC 5104 s4.3.1
inline constexpr uint8_t kFeedbackApplication = 15;  // RFC 4585 s6.4

// The common part of feedback messages (RFC 4585 s6.1).
struct Feedback {
  uint8_t type = 0;    // kRtcpTransportFeedback or kRtcpPayloadFeedback
  uint8_t format = 0;  // one of the above, or unknown
  Ssrc sender = 0;
  Ssrc media = 0;                // the stream it is about; 0 in FIR and REMB
  std::span<const uint8_t> fci;  // feedback control information

  bool IsNack() const { return Is(kRtcpTransportFeedback, kFeedbackNack); }
  bool IsTwcc() const { return Is(kRtcpTransportFeedback, kFeedbackTwcc); }
  bool IsPli() const { return Is(kRtcpPayloadFeedback, kFeedbackPli); }
  bool IsFir() const { return Is(kRtcpPayloadFeedback, kFeedbackFir); }

 private:
  bool Is(uint8_t a_type, uint8_t a_format) const {
    return type == a_type && format == a_format;
  }
};

// Nothing if the packet is not feedback or has no room for two SSRCs.
std::optional<Feedback> ParseFeedback(const RtcpPacket& packet);

// Calls on_seq(uint16_t) for each sequence number that a generic NACK asks for,
// in packet order (RFC 4585 s6.2.1).
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |        PID: first lost        |  BLP: bit i => PID+i+1 lost   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// At most 17 calls per four bytes of the packet. Returns false, calling
// nothing, unless it is a NACK of one or more whole entries.
template <typename OnSeq>
bool ParseNack(const Feedback& feedback, OnSeq&& on_seq) {
  const std::span<const uint8_t> fci = feedback.fci;
  if (!feedback.IsNack() || fci.empty() || fci.size() % 4 != 0) return false;
  for (size_t i = 0; i < fci.size(); i += 4) {
    const uint16_t pid = LoadU16(fci, i);
    const uint16_t blp = LoadU16(fci, i + 2);
    on_seq(pid);
    for (int bit = 0; bit < 16; ++bit) {
      if (blp >> bit & 1) on_seq(static_cast<uint16_t>(pid + bit + 1));
    }
  }
  return true;
}

// Asks for `seqs`, which are in ascending order on the circle. Returns how many
// of them, from the front, the packet holds: all, or as many as fit; 0 writes
// nothing.
size_t WriteNack(Ssrc sender, Ssrc media, std::span<const uint16_t> seqs,
                 RtcpWriter& out);

// Asks for a key frame: the decoder lost its picture (RFC 4585 s6.3.1).
bool WritePli(Ssrc sender, Ssrc media, RtcpWriter& out);

// Calls on_entry(Ssrc media, uint8_t command_seq) for each stream of which a
// FIR wants a key frame (RFC 5104 s4.3.1.1). A command sequence number that did
// not change is a repetition.
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                              SSRC                             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Seq nr.       |    Reserved                                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Returns false, calling nothing, unless it is a FIR of one or more whole
// entries.
template <typename OnEntry>
bool ParseFir(const Feedback& feedback, OnEntry&& on_entry) {
  const std::span<const uint8_t> fci = feedback.fci;
  if (!feedback.IsFir() || fci.empty() || fci.size() % 8 != 0) return false;
  for (size_t i = 0; i < fci.size(); i += 8) {
    on_entry(LoadU32(fci, i), fci[i + 4]);
  }
  return true;
}

// Asks for a key frame as a command; `command_seq` grows with each new one.
bool WriteFir(Ssrc sender, Ssrc media, uint8_t command_seq, RtcpWriter& out);

// A receiver's estimate of what it can take, for the sum of some streams
// (draft-alvestrand-rmcat-remb-03 s2.2).
struct Remb {
  Ssrc sender = 0;
  DataRate bitrate;
  std::span<const uint8_t> ssrc_bytes;  // in the packet, four bytes each

  size_t ssrc_count() const { return ssrc_bytes.size() / 4; }
  Ssrc ssrc(size_t i) const { return LoadU32(ssrc_bytes, i * 4); }
};

// Nothing unless it is a REMB whose count of SSRCs is that of the packet and
// whose rate fits in 63 bits.
std::optional<Remb> ParseRemb(const Feedback& feedback);

// The rate is rounded down to the 18 significant bits that the format has; a
// negative one is written as zero. Returns false, writing nothing, for over 255
// streams or if it does not fit.
bool WriteRemb(Ssrc sender, DataRate bitrate, std::span<const Ssrc> ssrcs,
               RtcpWriter& out);

}  // namespace rtp
