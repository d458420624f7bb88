// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtcp_reports.h"

#include <algorithm>

#include "rtp/base/bytes.h"

namespace rtp {
namespace {

constexpr size_t kSenderInfoSize = 20;
constexpr uint8_t kSdesCname = 1;
constexpr uint8_t kXrReceiverReferenceTime = 4;
constexpr uint8_t kXrDlrr = 5;

void WriteBlocks(std::span<const ReportBlock> blocks, ByteWriter& body) {
  for (const ReportBlock& block : blocks) {
    body.U32(block.ssrc);
    body.U8(block.fraction_lost);
    body.U24(static_cast<uint32_t>(
                 std::clamp(block.cumulative_lost, -0x800000, 0x7FFFFF)) &
             0xFFFFFF);
    body.U32(block.extended_highest_seq);
    body.U32(block.jitter);
    body.U32(block.last_sr);
    body.U32(block.delay_since_last_sr);
  }
}

}  // namespace

ReportBlock ReportBlocks::operator[](size_t i) const {
  const std::span<const uint8_t> bytes =
      bytes_.subspan(i * ReportBlock::kSize, ReportBlock::kSize);
  ReportBlock block;
  block.ssrc = LoadU32(bytes, 0);
  block.fraction_lost = bytes[4];
  block.cumulative_lost = static_cast<int32_t>(LoadU24(bytes, 5) << 8) >> 8;
  block.extended_highest_seq = LoadU32(bytes, 8);
  block.jitter = LoadU32(bytes, 12);
  block.last_sr = LoadU32(bytes, 16);
  block.delay_since_last_sr = LoadU32(bytes, 20);
  return block;
}

std::optional<SenderReport> ParseSenderReport(const RtcpPacket& packet) {
  const size_t blocks = packet.count * ReportBlock::kSize;
  if (packet.type != kRtcpSenderReport ||
      packet.body.size() < 4 + kSenderInfoSize + blocks) {
    return std::nullopt;
  }
  SenderReport report;
  report.ssrc = LoadU32(packet.body, 0);
  report.info.ntp = LoadU64(packet.body, 4);
  report.info.rtp_timestamp = LoadU32(packet.body, 12);
  report.info.packet_count = LoadU32(packet.body, 16);
  report.info.octet_count = LoadU32(packet.body, 20);
  report.blocks =
      ReportBlocks(packet.body.subspan(4 + kSenderInfoSize, blocks));
  return report;
}

std::optional<ReceiverReport> ParseReceiverReport(const RtcpPacket& packet) {
  const size_t blocks = packet.count * ReportBlock::kSize;
  if (packet.type != kRtcpReceiverReport || packet.body.size() < 4 + blocks) {
    return std::nullopt;
  }
  ReceiverReport report;
  report.ssrc = LoadU32(packet.body, 0);
  report.blocks = ReportBlocks(packet.body.subspan(4, blocks));
  return report;
}

bool WriteSenderReport(Ssrc ssrc, const SenderInfo& info,
                       std::span<const ReportBlock> blocks, RtcpWriter& out) {
  if (blocks.size() > kMaxReportBlocks) return false;
  return out.Append(kRtcpSenderReport, static_cast<uint8_t>(blocks.size()),
                    [&](ByteWriter& body) {
                      body.U32(ssrc);
                      body.U64(info.ntp);
                      body.U32(info.rtp_timestamp);
                      body.U32(info.packet_count);
                      body.U32(info.octet_count);
                      WriteBlocks(blocks, body);
                    });
}

bool WriteReceiverReport(Ssrc ssrc, std::span<const ReportBlock> blocks,
                         RtcpWriter& out) {
  if (blocks.size() > kMaxReportBlocks) return false;
  return out.Append(kRtcpReceiverReport, static_cast<uint8_t>(blocks.size()),
                    [&](ByteWriter& body) {
                      body.U32(ssrc);
                      WriteBlocks(blocks, body);
                    });
}

SdesReader::SdesReader(const RtcpPacket& packet) {
  if (packet.type != kRtcpSdes) return;
  rest_ = packet.body;
  chunks_left_ = packet.count;
}

std::optional<SdesChunk> SdesReader::Next() {
  if (chunks_left_ == 0) return std::nullopt;
  --chunks_left_;
  ByteReader reader(rest_);
  SdesChunk chunk;
  chunk.ssrc = reader.U32();
  // Items until a null one, which pads the chunk to a whole word.
  for (;;) {
    const uint8_t type = reader.U8();
    if (!reader.ok()) {
      chunks_left_ = 0;
      return std::nullopt;
    }
    if (type == 0) break;
    const std::span<const uint8_t> text = reader.Bytes(reader.U8());
    if (reader.ok() && type == kSdesCname) {
      chunk.cname = {reinterpret_cast<const char*>(text.data()), text.size()};
    }
  }
  const size_t used = (reader.position() + 3) / 4 * 4;
  rest_ = used <= rest_.size() ? rest_.subspan(used)
                               : std::span<const uint8_t>();
  return chunk;
}

bool WriteSdesCname(Ssrc ssrc, std::string_view cname, RtcpWriter& out) {
  if (cname.size() > 255) return false;
  return out.Append(kRtcpSdes, 1, [&](ByteWriter& body) {
    body.U32(ssrc);
    body.U8(kSdesCname);
    body.U8(static_cast<uint8_t>(cname.size()));
    body.Bytes(std::span(reinterpret_cast<const uint8_t*>(cname.data()),
                         cname.size()));
    body.U8(0);
  });
}

std::optional<Bye> ParseBye(const RtcpPacket& packet) {
  if (packet.type != kRtcpBye) return std::nullopt;
  ByteReader reader(packet.body);
  Bye bye;
  bye.ssrc_count = packet.count;
  for (size_t i = 0; i < bye.ssrc_count; ++i) bye.ssrcs[i] = reader.U32();
  if (!reader.ok()) return std::nullopt;
  if (reader.remaining() > 0) {
    const std::span<const uint8_t> text = reader.Bytes(reader.U8());
    if (!reader.ok()) return std::nullopt;
    bye.reason = {reinterpret_cast<const char*>(text.data()), text.size()};
  }
  return bye;
}

bool WriteBye(std::span<const Ssrc> ssrcs, std::string_view reason,
              RtcpWriter& out) {
  if (ssrcs.size() > 31 || reason.size() > 255) return false;
  return out.Append(
      kRtcpBye, static_cast<uint8_t>(ssrcs.size()), [&](ByteWriter& body) {
        for (const Ssrc ssrc : ssrcs) body.U32(ssrc);
        if (reason.empty()) return;
        body.U8(static_cast<uint8_t>(reason.size()));
        body.Bytes(std::span(reinterpret_cast<const uint8_t*>(reason.data()),
                             reason.size()));
      });
}

Dlrr DlrrBlocks::operator[](size_t i) const {
  const std::span<const uint8_t> bytes =
      bytes_.subspan(i * Dlrr::kSize, Dlrr::kSize);
  return Dlrr{LoadU32(bytes, 0), LoadU32(bytes, 4), LoadU32(bytes, 8)};
}

std::optional<ExtendedReport> ParseExtendedReport(const RtcpPacket& packet) {
  if (packet.type != kRtcpExtendedReport) return std::nullopt;
  ByteReader reader(packet.body);
  ExtendedReport report;
  report.ssrc = reader.U32();
  if (!reader.ok()) return std::nullopt;
  while (reader.remaining() > 0) {
    const uint8_t type = reader.U8();
    reader.Skip(1);
    const size_t size = size_t{4} * reader.U16();
    const std::span<const uint8_t> block = reader.Bytes(size);
    if (!reader.ok()) return std::nullopt;
    if (type == kXrReceiverReferenceTime && block.size() == 8) {
      report.receiver_reference_time = LoadU64(block, 0);
    } else if (type == kXrDlrr && block.size() % Dlrr::kSize == 0) {
      report.dlrr = DlrrBlocks(block);
    }
  }
  return report;
}

bool WriteReceiverReferenceTime(Ssrc ssrc, NtpTime ntp, RtcpWriter& out) {
  return out.Append(kRtcpExtendedReport, 0, [&](ByteWriter& body) {
    body.U32(ssrc);
    body.U8(kXrReceiverReferenceTime);
    body.U8(0);
    body.U16(2);
    body.U64(ntp);
  });
}

bool WriteDlrr(Ssrc ssrc, std::span<const Dlrr> dlrr, RtcpWriter& out) {
  return out.Append(kRtcpExtendedReport, 0, [&](ByteWriter& body) {
    body.U32(ssrc);
    body.U8(kXrDlrr);
    body.U8(0);
    body.U16(static_cast<uint16_t>(dlrr.size() * Dlrr::kSize / 4));
    for (const Dlrr& block : dlrr) {
      body.U32(block.ssrc);
      body.U32(block.last_rr);
      body.U32(block.delay_since_last_rr);
    }
  });
}

}  // namespace rtp
