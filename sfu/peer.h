// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtp_packet.h"
#include "sfu/join_timer.h"
#include "sfu/messages.h"
#include "sfu/outbox.h"
#include "sfu/packet_bucket.h"
#include "sfu/peer_transport.h"
#include "sfu/slot.h"
#include "sfu/stage.h"
#include "sfu/uplink.h"
#include "sfu/worker_context.h"

namespace sfu {

// A participant's media endpoint on its worker: transports, uplinks and slots,
// and the RTCP that we terminate for them. Sans-IO; thread-compatible (one
// worker).
class Peer {
 public:
  // `stage` and `context` must outlive the peer.
  Peer(rtp::Timestamp now, const rtp::PeerSpec& spec, Stage& stage,
       WorkerContext& context);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  rtp::PeerId id() const { return id_; }
  Stage& stage() const { return stage_; }
  size_t transport_count() const { return transports_.size(); }
  PeerTransport& transport(size_t index) { return *transports_[index]; }

  // Leaves the stage and the routes; nothing is sent or taken any more.
  void Close();

  // Contents and transports as they are now, complete. Transports keep their
  // index; contents are told apart by name.
  void Update(rtp::Timestamp now, const rtp::PeerSpec& spec, Outbox& outbox);
  void SetReceive(rtp::ReceiveSpec receive) { receive_ = std::move(receive); }
  // Gives each slot the source that the stage has for it.
  void FillSlots(rtp::Timestamp now, Outbox& outbox);

  // SRTP and SRTCP from a validated address of transport `index`.
  void HandleRtp(rtp::Timestamp now, rtp::Timestamp arrival, size_t index,
                 std::span<const uint8_t> datagram, Outbox& outbox);
  void HandleRtcp(rtp::Timestamp now, size_t index,
                  std::span<const uint8_t> datagram, Outbox& outbox);
  // After ICE or DTLS moved: takes new keys, tells of what changed.
  void OnTransportChanged(rtp::Timestamp now, size_t index, Outbox& outbox);

  rtp::Timestamp NextDeadline() const { return next_deadline_; }
  void HandleTimeout(rtp::Timestamp now, Outbox& outbox);

  // Something of this peer is due at `deadline`.
  void WakeAt(rtp::Timestamp deadline);
  // A slot shows another source than before.
  void OnSlotChanged();
  // What the slots show, to tell the control thread.
  SlotsChanged DescribeSlots();

  // The worker's: when it will call HandleTimeout().
  rtp::Timestamp scheduled = rtp::kNever;

 private:
  // One content: at most one stream in and one out.
  struct Content {
    std::string name;
    size_t transport = 0;
    std::unique_ptr<Uplink> uplink;
    std::unique_ptr<Slot> slot;
    rtp::ContentSpec spec;
  };
  // Whose an SSRC is.
  struct Incoming {
    rtp::Ssrc ssrc = 0;
    Content* content = nullptr;
    bool rtx = false;
  };
  static constexpr size_t kMaxIncoming = 64;

  void UpdateContent(const rtp::ContentSpec& spec, Content& content);
  // Whether a content needs this transport; what becomes of another one, which
  // a client may never open, matters to nobody.
  bool IsServed(size_t transport) const;
  void LearnSignalledSsrcs(Content& content);
  const Incoming* FindIncoming(rtp::Ssrc ssrc) const;
  // Latches an SSRC that was not signalled (decisions.md s1.10).
  const Incoming* Latch(size_t index, const rtp::RtpView& view);
  Content* ContentOfPacket(size_t index, const rtp::RtpView& view);
  void Learn(rtp::Ssrc ssrc, Content* content, bool rtx);

  void HandleReportBlocks(rtp::Timestamp now, const rtp::ReportBlocks& blocks);
  void HandleFeedback(rtp::Timestamp now, const rtp::Feedback& feedback,
                      Outbox& outbox);
  Slot* FindSlot(rtp::Ssrc ssrc);
  Uplink* FindUplink(rtp::Ssrc ssrc);

  // The SSRC that our RTCP about `content` comes from.
  rtp::Ssrc RtcpSender(const Content* content) const;
  void SendFeedback(rtp::Timestamp now, size_t index, Outbox& outbox);
  void SendReports(rtp::Timestamp now, size_t index, Outbox& outbox);
  void FillSlotsOf(rtp::Timestamp now, rtp::MediaKind kind, Outbox& outbox);
  rtp::Timestamp ComputeDeadline() const;

  const rtp::PeerId id_;
  std::string cname_;
  Stage& stage_;
  WorkerContext& context_;
  std::vector<std::unique_ptr<PeerTransport>> transports_;
  std::vector<std::unique_ptr<Content>> contents_;
  std::vector<Incoming> incoming_;
  rtp::ReceiveSpec receive_;
  std::vector<rtp::ReportBlock> report_blocks_;  // kept for its memory
  rtp::TimeDelta rtt_ = std::chrono::milliseconds(100);
  PacketBucket ingress_;
  JoinTimer join_timer_;

  bool connected_ = false;  // told so
  bool failed_ = false;     // told so
  bool silent_ = false;     // told so
  bool slots_changed_ = false;
  bool woken_ = false;
  rtp::Timestamp next_report_ = rtp::kNever;
  rtp::Timestamp next_deadline_ = rtp::kNever;

  friend class Worker;
};

}  // namespace sfu
