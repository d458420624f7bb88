// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_compound.h"

namespace rtp {

inline constexpr size_t kMaxReportBlocks = 31;  // RFC 3550 s6.4.1: RC

// What a receiver says about one stream (RFC 3550 s6.4.1).
struct ReportBlock {
  static constexpr size_t kSize = 24;

  Ssrc ssrc = 0;
  uint8_t fraction_lost = 0;    // of 256, since the last report
  int32_t cumulative_lost = 0;  // 24 bits signed; writing saturates
  uint32_t extended_highest_seq = 0;
  uint32_t jitter = 0;               // in clock units
  uint32_t last_sr = 0;              // CompactNtp of the SR heard last; 0: none
  uint32_t delay_since_last_sr = 0;  // in 1/65536 s
  bool operator==(const ReportBlock&) const = default;
};

// The report blocks of a packet, read in place.
class ReportBlocks {
 public:
  ReportBlocks() = default;
  // `bytes` is a whole number of blocks.
  explicit ReportBlocks(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size() / ReportBlock::kSize; }
  ReportBlock operator[](size_t i) const;

 private:
  std::span<const uint8_t> bytes_;
};

// What a sender says about its own stream (RFC 3550 s6.4.1).
struct SenderInfo {
  NtpTime ntp = 0;             // the same instant
  uint32_t rtp_timestamp = 0;  // on both clocks
  uint32_t packet_count = 0;
  uint32_t octet_count = 0;  // payload bytes only
  bool operator==(const SenderInfo&) const = default;
};

struct SenderReport {
  Ssrc ssrc = 0;
  SenderInfo info;
  ReportBlocks blocks;
};

struct ReceiverReport {
  Ssrc ssrc = 0;
  ReportBlocks blocks;
};

// Each returns nothing if the packet is of another type or does not hold what
// its count says. Profile-specific extensions after the blocks are ignored.
std::optional<SenderReport> ParseSenderReport(const RtcpPacket& packet);
std::optional<ReceiverReport> ParseReceiverReport(const RtcpPacket& packet);

// Each returns false, writing nothing, if there are over kMaxReportBlocks or
// they do not fit.
bool WriteSenderReport(Ssrc ssrc, const SenderInfo& info,
                       std::span<const ReportBlock> blocks, RtcpWriter& out);
bool WriteReceiverReport(Ssrc ssrc, std::span<const ReportBlock> blocks,
                         RtcpWriter& out);

// One chunk of an SDES packet, reduced to what matters (RFC 3550 s6.5).
struct SdesChunk {
  Ssrc ssrc = 0;
  std::string_view cname;  // empty: none; at most 255 bytes, in the packet
};

// Walks the chunks of an SDES packet. Items other than CNAME are skipped; a
// truncated chunk ends the walk.
class SdesReader {
 public:
  explicit SdesReader(const RtcpPacket& packet);
  std::optional<SdesChunk> Next();

 private:
  std::span<const uint8_t> rest_;
  uint8_t chunks_left_ = 0;
};

// Writes an SDES packet with one chunk. Returns false, writing nothing, if
// `cname` is over 255 bytes or it does not fit.
bool WriteSdesCname(Ssrc ssrc, std::string_view cname, RtcpWriter& out);

// Streams that end (RFC 3550 s6.6).
struct Bye {
  std::array<Ssrc, 31> ssrcs{};
  size_t ssrc_count = 0;
  std::string_view reason;  // in the packet; may be empty
};

std::optional<Bye> ParseBye(const RtcpPacket& packet);

// Returns false, writing nothing, if there are over 31 streams, `reason` is
// over 255 bytes, or it does not fit.
bool WriteBye(std::span<const Ssrc> ssrcs, std::string_view reason,
              RtcpWriter& out);

// One sub-block of a DLRR block (RFC 3611 s4.5): how an SR-less receiver learns
// its round-trip time.
struct Dlrr {
  static constexpr size_t kSize = 12;

  Ssrc ssrc = 0;                     // whose reference time this answers
  uint32_t last_rr = 0;              // CompactNtp of that reference time
  uint32_t delay_since_last_rr = 0;  // in 1/65536 s
  bool operator==(const Dlrr&) const = default;
};

// The sub-blocks of a DLRR block, read in place.
class DlrrBlocks {
 public:
  DlrrBlocks() = default;
  // `bytes` is a whole number of sub-blocks.
  explicit DlrrBlocks(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size() / Dlrr::kSize; }
  Dlrr operator[](size_t i) const;

 private:
  std::span<const uint8_t> bytes_;
};

// An extended report, of which two blocks matter (RFC 3611 s4.4, s4.5); the
// last of each kind counts, other kinds are skipped.
struct ExtendedReport {
  Ssrc ssrc = 0;
  std::optional<NtpTime> receiver_reference_time;
  DlrrBlocks dlrr;
};

// Nothing if the packet is of another type or a block does not fit in it.
std::optional<ExtendedReport> ParseExtendedReport(const RtcpPacket& packet);

// Writes an extended report with a receiver reference time block.
bool WriteReceiverReferenceTime(Ssrc ssrc, NtpTime ntp, RtcpWriter& out);
// Writes an extended report with one DLRR block.
bool WriteDlrr(Ssrc ssrc, std::span<const Dlrr> dlrr, RtcpWriter& out);

}  // namespace rtp
