// SPDX-License-Identifier: GPL-3.0-or-later
// The RTCP of a peer: what it sends is terminated here, what it gets is ours.
#include <algorithm>
#include <array>
#include <utility>

#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_reports.h"
#include "sfu/peer.h"

namespace sfu {
namespace {

// A compound of ours fits in one datagram on any path, tag included.
constexpr size_t kMaxCompound = 1200;

// A whole SR with its blocks and SDES; what must fit to go on in a compound.
constexpr size_t kReportSpace = 28 + 4 + 4 + 24 + 40;

}  // namespace

void Peer::HandleRtcp(rtp::Timestamp now, size_t index,
                      std::span<const uint8_t> datagram, Outbox& outbox) {
  PeerTransport& transport = *transports_[index];
  Counters& counters = context_.counters;
  if (transport.srtp() == nullptr) {
    return counters.Drop(DropReason::kBeforeKeys);
  }
  std::array<uint8_t, rtp::kMaxPacketSize> plain;
  const auto result = transport.srtp()->UnprotectRtcp(datagram, plain);
  if (result.status != rtp::SrtpStatus::kOk) {
    return counters.Drop(DropReasonOf(result.status));
  }
  transport.ice().OnMediaAuthenticated(now);
  if (!ingress_.TryTake(now)) return counters.Drop(DropReason::kRateLimited);
  counters.rtcp_in.Add();
  rtp::RtcpReader reader{std::span<const uint8_t>(plain).first(result.size)};
  while (const auto packet = reader.Next()) {
    if (const auto sr = rtp::ParseSenderReport(*packet)) {
      if (Uplink* uplink = FindUplink(sr->ssrc)) {
        uplink->HandleSenderReport(now, sr->info);
      }
      HandleReportBlocks(now, sr->blocks);
    } else if (const auto rr = rtp::ParseReceiverReport(*packet)) {
      HandleReportBlocks(now, rr->blocks);
    } else if (const auto feedback = rtp::ParseFeedback(*packet)) {
      HandleFeedback(now, *feedback, outbox);
    }
  }
  if (!reader.ok()) counters.Drop(DropReason::kRtcpMalformed);
}

void Peer::HandleReportBlocks(rtp::Timestamp now,
                              const rtp::ReportBlocks& blocks) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    const rtp::ReportBlock block = blocks[i];
    if (FindSlot(block.ssrc) == nullptr) continue;
    context_.counters.outgoing_loss.Observe(block.fraction_lost);
    if (block.last_sr == 0) continue;
    // RFC 3550 s6.4.1: A - LSR - DLSR.
    const uint32_t units = rtp::CompactNtp(context_.ntp.ToNtp(now)) -
                           block.last_sr - block.delay_since_last_sr;
    const rtp::TimeDelta rtt = rtp::FromCompactNtpDelta(units);
    if (rtt > std::chrono::seconds(10)) continue;  // below zero, or nonsense
    rtt_ = rtt;
    context_.counters.rtt.ObserveMilliseconds(rtt);
    for (const auto& content : contents_) {
      if (content->uplink != nullptr) content->uplink->set_rtt(rtt_);
    }
  }
}

void Peer::HandleFeedback(rtp::Timestamp now, const rtp::Feedback& feedback,
                          Outbox& outbox) {
  if (feedback.IsNack()) {
    if (Slot* slot = FindSlot(feedback.media)) {
      rtp::ParseNack(feedback, [&](uint16_t seq) {
        slot->HandleNack(now, seq, rtt_, outbox);
      });
    }
  } else if (feedback.IsPli()) {
    if (Slot* slot = FindSlot(feedback.media)) slot->HandleKeyFrameRequest(now);
  } else if (feedback.IsFir()) {
    rtp::ParseFir(feedback, [&](rtp::Ssrc media, uint8_t command) {
      if (Slot* slot = FindSlot(media)) {
        slot->HandleFir(now, feedback.sender, command);
      }
    });
  } else if (feedback.IsTwcc()) {
    context_.counters.feedback_in.Add();
  }
}

Slot* Peer::FindSlot(rtp::Ssrc ssrc) {
  for (const auto& content : contents_) {
    if (content->slot != nullptr && content->slot->ssrc() == ssrc) {
      return content->slot.get();
    }
  }
  return nullptr;
}

Uplink* Peer::FindUplink(rtp::Ssrc ssrc) {
  const Incoming* incoming = FindIncoming(ssrc);
  return incoming == nullptr || incoming->rtx ? nullptr
                                              : incoming->content->uplink.get();
}

rtp::Ssrc Peer::RtcpSender(const Content* content) const {
  // Dino heeds feedback only from the SSRC that it receives on the content.
  if (content != nullptr && content->slot != nullptr) {
    return content->slot->ssrc();
  }
  for (const auto& other : contents_) {
    if (other->slot != nullptr) return other->slot->ssrc();
  }
  return 1;  // sends nothing, so the number is never seen on a stream
}

void Peer::SendFeedback(rtp::Timestamp now, size_t index, Outbox& outbox) {
  PeerTransport& transport = *transports_[index];
  if (!transport.ready()) return;
  std::array<uint8_t, kMaxCompound> buffer;
  for (const auto& content : contents_) {
    if (content->transport != index || content->uplink == nullptr ||
        now < content->uplink->NextDeadline()) {
      continue;
    }
    rtp::RtcpWriter writer(buffer);
    const rtp::Ssrc sender = RtcpSender(content.get());
    // A compound begins with a report (RFC 3550 s6.1), if an empty one.
    rtp::WriteReceiverReport(sender, {}, writer);
    const size_t empty = writer.size();
    content->uplink->WriteFeedback(now, sender, writer);
    if (writer.size() > empty && transport.SendRtcp(writer.written(), outbox)) {
      context_.counters.rtcp_out.Add();
    }
  }
  const rtp::Ssrc sender = RtcpSender(nullptr);
  for (;;) {
    rtp::RtcpWriter writer(buffer);
    rtp::WriteReceiverReport(sender, {}, writer);
    if (!transport.twcc().WriteFeedback(now, sender, writer)) break;
    if (!transport.SendRtcp(writer.written(), outbox)) break;
    context_.counters.rtcp_out.Add();
    context_.counters.feedback_out.Add();
  }
}

void Peer::SendReports(rtp::Timestamp now, size_t index, Outbox& outbox) {
  PeerTransport& transport = *transports_[index];
  std::vector<rtp::ReportBlock>& blocks = report_blocks_;
  blocks.clear();
  for (const auto& content : contents_) {
    if (content->transport != index || content->uplink == nullptr) continue;
    if (const auto block = content->uplink->BuildReport(now)) {
      if (blocks.size() < rtp::kMaxReportBlocks) blocks.push_back(*block);
    }
  }
  std::array<uint8_t, kMaxCompound> buffer;
  std::optional<rtp::RtcpWriter> writer;
  const auto flush = [&] {
    if (writer && !writer->empty() &&
        transport.SendRtcp(writer->written(), outbox)) {
      context_.counters.rtcp_out.Add();
    }
    writer.emplace(buffer);
  };
  flush();
  // The blocks go with the first report of ours, whichever that is.
  for (const auto& content : contents_) {
    if (content->transport != index || content->slot == nullptr) continue;
    if (writer->remaining() < kReportSpace + blocks.size() * 24) flush();
    if (!content->slot->WriteSenderReport(now, blocks, *writer)) continue;
    blocks.clear();
    rtp::WriteSdesCname(content->slot->ssrc(), cname_, *writer);
  }
  if (!blocks.empty()) {
    if (writer->remaining() < kReportSpace + blocks.size() * 24) flush();
    const rtp::Ssrc sender = RtcpSender(nullptr);
    rtp::WriteReceiverReport(sender, blocks, *writer);
    rtp::WriteSdesCname(sender, cname_, *writer);
  }
  flush();
}

}  // namespace sfu
