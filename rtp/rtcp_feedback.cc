// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtcp_feedback.h"

#include <algorithm>
#include <limits>

namespace rtp {
namespace {

constexpr uint32_t kRembName = 0x52454D42;  // "REMB"
constexpr int kRembMantissaBits = 18;

}  // namespace

std::optional<Feedback> ParseFeedback(const RtcpPacket& packet) {
  if ((packet.type != kRtcpTransportFeedback &&
       packet.type != kRtcpPayloadFeedback) ||
      packet.body.size() < 8) {
    return std::nullopt;
  }
  Feedback feedback;
  feedback.type = packet.type;
  feedback.format = packet.count;
  feedback.sender = LoadU32(packet.body, 0);
  feedback.media = LoadU32(packet.body, 4);
  feedback.fci = packet.body.subspan(8);
  return feedback;
}

size_t WriteNack(Ssrc sender, Ssrc media, std::span<const uint16_t> seqs,
                 RtcpWriter& out) {
  constexpr size_t kFixed = kRtcpHeaderSize + 8;
  if (seqs.empty() || out.remaining() < kFixed + 4) return 0;
  const size_t max_entries = (out.remaining() - kFixed) / 4;
  size_t used = 0;
  const bool written =
      out.Append(kRtcpTransportFeedback, kFeedbackNack, [&](ByteWriter& body) {
        body.U32(sender);
        body.U32(media);
        for (size_t entry = 0; entry < max_entries && used < seqs.size();
             ++entry) {
          const uint16_t pid = seqs[used++];
          uint16_t blp = 0;
          for (; used < seqs.size(); ++used) {
            const uint16_t distance = static_cast<uint16_t>(seqs[used] - pid);
            if (distance == 0 || distance > 16) break;
            blp = static_cast<uint16_t>(blp | 1u << (distance - 1));
          }
          body.U16(pid);
          body.U16(blp);
        }
      });
  return written ? used : 0;
}

bool WritePli(Ssrc sender, Ssrc media, RtcpWriter& out) {
  return out.Append(kRtcpPayloadFeedback, kFeedbackPli, [&](ByteWriter& body) {
    body.U32(sender);
    body.U32(media);
  });
}

bool WriteFir(Ssrc sender, Ssrc media, uint8_t command_seq, RtcpWriter& out) {
  return out.Append(kRtcpPayloadFeedback, kFeedbackFir, [&](ByteWriter& body) {
    body.U32(sender);
    body.U32(0);
    body.U32(media);
    body.U8(command_seq);
    body.Zeros(3);
  });
}

//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Unique identifier 'R' 'E' 'M' 'B'                            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Num SSRC     | BR Exp    |  BR Mantissa                      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   SSRC feedback, Num SSRC times                               |
std::optional<Remb> ParseRemb(const Feedback& feedback) {
  const std::span<const uint8_t> fci = feedback.fci;
  if (feedback.type != kRtcpPayloadFeedback ||
      feedback.format != kFeedbackApplication || fci.size() < 8 ||
      LoadU32(fci, 0) != kRembName || fci.size() != 8 + size_t{4} * fci[4]) {
    return std::nullopt;
  }
  const int exponent = fci[5] >> 2;
  const uint64_t mantissa = LoadU24(fci, 5) & 0x3FFFF;
  if (mantissa != 0 &&
      mantissa > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) >>
                     exponent) {
    return std::nullopt;
  }
  Remb remb;
  remb.sender = feedback.sender;
  remb.bitrate = DataRate::BitsPerSecond(
      static_cast<int64_t>(mantissa == 0 ? 0 : mantissa << exponent));
  remb.ssrc_bytes = fci.subspan(8);
  return remb;
}

bool WriteRemb(Ssrc sender, DataRate bitrate, std::span<const Ssrc> ssrcs,
               RtcpWriter& out) {
  if (ssrcs.size() > 255) return false;
  uint64_t mantissa =
      static_cast<uint64_t>(std::max<int64_t>(bitrate.bps(), 0));
  uint32_t exponent = 0;
  while (mantissa >> kRembMantissaBits != 0) {
    mantissa >>= 1;
    ++exponent;
  }
  return out.Append(
      kRtcpPayloadFeedback, kFeedbackApplication, [&](ByteWriter& body) {
        body.U32(sender);
        body.U32(0);
        body.U32(kRembName);
        body.U8(static_cast<uint8_t>(ssrcs.size()));
        body.U24(exponent << kRembMantissaBits |
                 static_cast<uint32_t>(mantissa));
        for (const Ssrc ssrc : ssrcs) body.U32(ssrc);
      });
}

}  // namespace rtp
