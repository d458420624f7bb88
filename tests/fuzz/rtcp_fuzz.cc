// SPDX-License-Identifier: GPL-3.0-or-later
//
// An RTCP datagram, decrypted. What can be written is written again from what
// was read, and must read the same.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/base/check.h"
#include "rtp/base/ids.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "rtp/rtcp_twcc.h"

namespace rtp {
namespace {

// More than any packet here takes: a TWCC message of 32768 large deltas.
constexpr size_t kBufferSize = 128 * 1024;

// One packet, written anew in a buffer of its own.
class Written {
 public:
  Written() : buffer_(kBufferSize), writer_(buffer_) {}
  RtcpWriter& writer() { return writer_; }
  // The packet, which must be the only one.
  RtcpPacket Packet() const {
    RtcpReader reader(writer_.written());
    const auto packet = reader.Next();
    SFU_CHECK(packet && !reader.Next() && reader.ok());
    return *packet;
  }

 private:
  std::vector<uint8_t> buffer_;
  RtcpWriter writer_;
};

template <typename Blocks>
auto ToVector(const Blocks& blocks) {
  std::vector<std::remove_cvref_t<decltype(blocks[0])>> out;
  for (size_t i = 0; i < blocks.size(); ++i) out.push_back(blocks[i]);
  return out;
}

void CheckReports(const RtcpPacket& packet) {
  if (const auto report = ParseSenderReport(packet)) {
    const std::vector<ReportBlock> blocks = ToVector(report->blocks);
    Written written;
    SFU_CHECK(WriteSenderReport(report->ssrc, report->info, blocks,
                                written.writer()));
    const auto again = ParseSenderReport(written.Packet());
    SFU_CHECK(again && again->ssrc == report->ssrc);
    SFU_CHECK(again->info == report->info);
    SFU_CHECK(ToVector(again->blocks) == blocks);
  }
  if (const auto report = ParseReceiverReport(packet)) {
    const std::vector<ReportBlock> blocks = ToVector(report->blocks);
    Written written;
    SFU_CHECK(WriteReceiverReport(report->ssrc, blocks, written.writer()));
    const auto again = ParseReceiverReport(written.Packet());
    SFU_CHECK(again && again->ssrc == report->ssrc);
    SFU_CHECK(ToVector(again->blocks) == blocks);
  }
}

void CheckSdes(const RtcpPacket& packet) {
  SdesReader reader(packet);
  size_t count = 0;
  while (const auto chunk = reader.Next()) {
    SFU_CHECK(++count <= packet.count);
    Written written;
    SFU_CHECK(WriteSdesCname(chunk->ssrc, chunk->cname, written.writer()));
    SdesReader second(written.Packet());
    const auto again = second.Next();
    SFU_CHECK(again && again->ssrc == chunk->ssrc);
    SFU_CHECK(again->cname == chunk->cname);
    SFU_CHECK(!second.Next());
  }
}

void CheckBye(const RtcpPacket& packet) {
  const auto bye = ParseBye(packet);
  if (!bye) return;
  SFU_CHECK(bye->ssrc_count == packet.count);
  const auto ssrcs = std::span(bye->ssrcs).first(bye->ssrc_count);
  Written written;
  SFU_CHECK(WriteBye(ssrcs, bye->reason, written.writer()));
  const auto again = ParseBye(written.Packet());
  SFU_CHECK(again && again->ssrc_count == bye->ssrc_count);
  SFU_CHECK(again->ssrcs == bye->ssrcs && again->reason == bye->reason);
}

void CheckExtended(const RtcpPacket& packet) {
  const auto report = ParseExtendedReport(packet);
  if (!report) return;
  if (report->receiver_reference_time) {
    Written written;
    SFU_CHECK(WriteReceiverReferenceTime(
        report->ssrc, *report->receiver_reference_time, written.writer()));
    const auto again = ParseExtendedReport(written.Packet());
    SFU_CHECK(again && again->ssrc == report->ssrc);
    SFU_CHECK(again->receiver_reference_time ==
              report->receiver_reference_time);
  }
  const std::vector<Dlrr> dlrr = ToVector(report->dlrr);
  Written written;
  SFU_CHECK(WriteDlrr(report->ssrc, dlrr, written.writer()));
  const auto again = ParseExtendedReport(written.Packet());
  SFU_CHECK(again && again->ssrc == report->ssrc);
  SFU_CHECK(ToVector(again->dlrr) == dlrr);
}

std::vector<uint16_t> NackedBy(const Feedback& feedback) {
  std::vector<uint16_t> seqs;
  const bool read =
      ParseNack(feedback, [&seqs](uint16_t seq) { seqs.push_back(seq); });
  SFU_CHECK(read || seqs.empty());
  return seqs;
}

void CheckNack(const Feedback& feedback) {
  const std::vector<uint16_t> seqs = NackedBy(feedback);
  SFU_CHECK(seqs.size() <= feedback.fci.size() / 4 * 17);
  if (seqs.empty()) return;
  Written written;
  SFU_CHECK(WriteNack(feedback.sender, feedback.media, seqs,
                      written.writer()) == seqs.size());
  const auto second = ParseFeedback(written.Packet());
  SFU_CHECK(second && second->sender == feedback.sender &&
            second->media == feedback.media);
  // A stranger's order need not be ascending, nor free of repetitions.
  const auto as_set = [](std::vector<uint16_t> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  };
  SFU_CHECK(as_set(NackedBy(*second)) == as_set(seqs));
}

void CheckKeyFrameRequests(const Feedback& feedback) {
  if (feedback.IsPli()) {
    Written written;
    SFU_CHECK(WritePli(feedback.sender, feedback.media, written.writer()));
    const auto again = ParseFeedback(written.Packet());
    SFU_CHECK(again && again->IsPli() && again->media == feedback.media);
  }
  ParseFir(feedback, [&feedback](Ssrc media, uint8_t command_seq) {
    Written written;
    SFU_CHECK(WriteFir(feedback.sender, media, command_seq, written.writer()));
    const auto again = ParseFeedback(written.Packet());
    size_t entries = 0;
    SFU_CHECK(again && ParseFir(*again, [&](Ssrc ssrc, uint8_t seq) {
                ++entries;
                SFU_CHECK(ssrc == media && seq == command_seq);
              }));
    SFU_CHECK(entries == 1);
  });
}

void CheckRemb(const Feedback& feedback) {
  const auto remb = ParseRemb(feedback);
  if (!remb) return;
  SFU_CHECK(remb->bitrate.bps() >= 0);
  std::vector<Ssrc> ssrcs;
  for (size_t i = 0; i < remb->ssrc_count(); ++i)
    ssrcs.push_back(remb->ssrc(i));
  Written written;
  SFU_CHECK(WriteRemb(remb->sender, remb->bitrate, ssrcs, written.writer()));
  const auto second = ParseFeedback(written.Packet());
  SFU_CHECK(second.has_value());
  const auto again = ParseRemb(*second);
  SFU_CHECK(again && again->sender == remb->sender);
  SFU_CHECK(again->bitrate.bps() == remb->bitrate.bps());
  SFU_CHECK(std::equal(again->ssrc_bytes.begin(), again->ssrc_bytes.end(),
                       remb->ssrc_bytes.begin(), remb->ssrc_bytes.end()));
}

// The arrivals of a message, on a clock on which none is before zero.
std::vector<PacketArrival> ArrivalsOf(TwccFeedback twcc) {
  // 2^24 is a whole turn of the reference time.
  const TimeDelta reference =
      (int64_t{1 << 24} + twcc.reference_time()) * kTwccReferenceUnit;
  std::vector<PacketArrival> arrivals;
  TimeDelta offset{};
  while (const auto arrival = twcc.Next()) {
    SFU_CHECK(arrival->index < twcc.status_count());
    SFU_CHECK(arrival->seq ==
              static_cast<uint16_t>(twcc.base_seq() + arrival->index));
    offset += arrival->delta;
    SFU_CHECK(arrival->offset == offset);
    SFU_CHECK(arrivals.empty() ||
              arrivals.back().seq < twcc.base_seq() + uint64_t{arrival->index});
    arrivals.push_back({twcc.base_seq() + uint64_t{arrival->index},
                        Timestamp(reference + arrival->offset)});
  }
  return arrivals;
}

void CheckTwcc(const Feedback& feedback) {
  const auto twcc = TwccFeedback::Parse(feedback);
  if (!twcc) return;
  SFU_CHECK(twcc->status_count() >= 1 &&
            twcc->status_count() <= kMaxTwccStatuses);
  const std::vector<PacketArrival> arrivals = ArrivalsOf(*twcc);
  SFU_CHECK(arrivals.size() <= feedback.fci.size());
  if (arrivals.empty()) return;
  Written written;
  SFU_CHECK(WriteTwcc(twcc->sender(), twcc->media(), twcc->feedback_count(),
                      twcc->base_seq(), arrivals,
                      written.writer()) == arrivals.size());
  const auto second = ParseFeedback(written.Packet());
  SFU_CHECK(second.has_value());
  const auto again = TwccFeedback::Parse(*second);
  SFU_CHECK(again && again->sender() == twcc->sender());
  SFU_CHECK(again->media() == twcc->media());
  SFU_CHECK(again->base_seq() == twcc->base_seq());
  SFU_CHECK(again->feedback_count() == twcc->feedback_count());
  const std::vector<PacketArrival> read = ArrivalsOf(*again);
  SFU_CHECK(read.size() == arrivals.size());
  for (size_t i = 0; i < read.size(); ++i) {
    SFU_CHECK(read[i].seq == arrivals[i].seq);
    // The reference may be another, so up to a turn of it.
    constexpr TimeDelta kTurn = (1 << 24) * kTwccReferenceUnit;
    SFU_CHECK((read[i].arrival - arrivals[i].arrival) % kTurn ==
              TimeDelta::zero());
  }
}

void Fuzz(std::span<const uint8_t> datagram) {
  RtcpReader reader(datagram);
  size_t bytes = 0;
  while (const auto packet = reader.Next()) {
    bytes += kRtcpHeaderSize + packet->body.size();
    CheckReports(*packet);
    CheckSdes(*packet);
    CheckBye(*packet);
    CheckExtended(*packet);
    if (const auto feedback = ParseFeedback(*packet)) {
      CheckNack(*feedback);
      CheckKeyFrameRequests(*feedback);
      CheckRemb(*feedback);
      CheckTwcc(*feedback);
    }
  }
  SFU_CHECK(bytes <= datagram.size());
  SFU_CHECK(!reader.Next());
}

}  // namespace
}  // namespace rtp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rtp::Fuzz({data, size});
  return 0;
}
