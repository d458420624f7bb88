// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/peer.h"

#include <algorithm>
#include <utility>

#include "rtp/extensions.h"
#include "rtp/rtx.h"

namespace sfu {
namespace {

constexpr rtp::TimeDelta kReportInterval = std::chrono::seconds(1);

PeerFailure ToFailure(ice::Transport::Failure failure) {
  switch (failure) {
    case ice::Transport::Failure::kFingerprintMismatch:
      return PeerFailure::kFingerprintMismatch;
    case ice::Transport::Failure::kDtlsFailed:
      return PeerFailure::kDtlsFailed;
    case ice::Transport::Failure::kConsentLost:
      return PeerFailure::kConsentLost;
    case ice::Transport::Failure::kClosedByPeer:
      return PeerFailure::kClosedByPeer;
    case ice::Transport::Failure::kNone:
    case ice::Transport::Failure::kConnectTimeout:
      break;
  }
  return PeerFailure::kConnectTimeout;
}

class OutboxSink : public ice::DatagramSink {
 public:
  explicit OutboxSink(Outbox& outbox) : outbox_(outbox) {}
  void SendDatagram(const ice::SocketAddress& to,
                    std::span<const uint8_t> datagram) override {
    outbox_.AppendSingle(to, datagram);
  }

 private:
  Outbox& outbox_;
};

}  // namespace

Peer::Peer(rtp::Timestamp now, const rtp::PeerSpec& spec, Stage& stage,
           WorkerContext& context)
    : id_(spec.peer),
      cname_(spec.cname),
      stage_(stage),
      context_(context),
      join_timer_(now, context.counters) {
  for (const rtp::TransportSpec& transport : spec.transports) {
    transports_.push_back(
        std::make_unique<PeerTransport>(now, transport, context_.identity));
  }
  for (const rtp::ContentSpec& content : spec.contents) {
    if (content.transport >= transports_.size()) continue;
    contents_.push_back(std::make_unique<Content>());
    UpdateContent(content, *contents_.back());
  }
  WakeAt(now);
}

Peer::~Peer() { Close(); }

void Peer::Close() {
  incoming_.clear();
  contents_.clear();
  std::erase(context_.woken, this);
  std::erase(context_.slots_changed, this);
}

void Peer::Update(rtp::Timestamp now, const rtp::PeerSpec& spec,
                  Outbox& outbox) {
  OutboxSink sink(outbox);
  for (size_t i = 0; i < spec.transports.size(); ++i) {
    const rtp::TransportSpec& transport = spec.transports[i];
    if (i == transports_.size()) {
      transports_.push_back(std::make_unique<PeerTransport>(
          now, transport, context_.identity));
    } else if (transport.remote_fingerprint) {
      transports_[i]->ice().SetRemoteFingerprint(
          now, *transport.remote_fingerprint, sink);
      OnTransportChanged(now, i, outbox);
    }
  }
  std::erase_if(contents_, [&](const std::unique_ptr<Content>& content) {
    const bool gone = std::none_of(
        spec.contents.begin(), spec.contents.end(),
        [&](const rtp::ContentSpec& s) { return s.name == content->name; });
    if (gone) {
      std::erase_if(incoming_, [&](const Incoming& in) {
        return in.content == content.get();
      });
    }
    return gone;
  });
  for (const rtp::ContentSpec& content : spec.contents) {
    if (content.transport >= transports_.size()) continue;
    const auto known =
        std::find_if(contents_.begin(), contents_.end(),
                     [&](const auto& c) { return c->name == content.name; });
    if (known != contents_.end()) {
      UpdateContent(content, **known);
    } else {
      contents_.push_back(std::make_unique<Content>());
      UpdateContent(content, *contents_.back());
    }
  }
  OnSlotChanged();
  WakeAt(now);
}

void Peer::UpdateContent(const rtp::ContentSpec& spec, Content& content) {
  // What was latched meanwhile stays until other SSRCs are signalled.
  const bool same = content.uplink != nullptr && spec.uplink &&
                    content.uplink->source() == spec.uplink->source &&
                    content.spec.uplink->ssrcs == spec.uplink->ssrcs &&
                    content.spec.uplink->rtx_ssrcs == spec.uplink->rtx_ssrcs;
  content.name = spec.name;
  content.transport = spec.transport;
  content.spec = spec;
  // Its numbers are for feedback; where that was not negotiated they are not
  // read.
  if (std::none_of(
          spec.codecs.begin(), spec.codecs.end(),
          [](const rtp::CodecSpec& codec) { return codec.transport_cc; })) {
    content.spec.extensions.Set(rtp::ExtensionKind::kTransportSequence, 0);
  }
  const bool sends = spec.uplink && !spec.codecs.empty();
  const bool receives = spec.slot && !spec.codecs.empty();
  if (!sends || (content.uplink != nullptr &&
                 content.uplink->source() != spec.uplink->source)) {
    std::erase_if(incoming_,
                  [&](const Incoming& in) { return in.content == &content; });
    content.uplink.reset();
  }
  if (sends) {
    if (content.uplink == nullptr) {
      content.uplink =
          std::make_unique<Uplink>(spec, id_, stage_, *this, context_);
    } else {
      content.uplink->Update(spec);
    }
    if (!same) LearnSignalledSsrcs(content);
  }
  if (!receives) {
    content.slot.reset();
  } else if (content.slot == nullptr) {
    content.slot = std::make_unique<Slot>(spec, *transports_[spec.transport],
                                          *this, context_);
  } else {
    content.slot->Update(spec);
  }
}

void Peer::LearnSignalledSsrcs(Content& content) {
  const rtp::UplinkSpec& uplink = *content.spec.uplink;
  if (uplink.ssrcs.empty()) return;
  // One stream per source: further signalled SSRCs are quality layers, which
  // are not taken.
  const rtp::Ssrc ssrc = uplink.ssrcs.front();
  std::erase_if(incoming_,
                [&](const Incoming& in) { return in.content == &content; });
  Learn(ssrc, &content, /*rtx=*/false);
  content.uplink->LatchSsrc(ssrc);
  for (const auto& [media, rtx] : uplink.rtx_ssrcs) {
    if (media == ssrc) Learn(rtx, &content, /*rtx=*/true);
  }
}

void Peer::Learn(rtp::Ssrc ssrc, Content* content, bool rtx) {
  if (FindIncoming(ssrc) != nullptr || incoming_.size() >= kMaxIncoming) {
    return;
  }
  incoming_.push_back(Incoming{ssrc, content, rtx});
}

const Peer::Incoming* Peer::FindIncoming(rtp::Ssrc ssrc) const {
  for (const Incoming& in : incoming_) {
    if (in.ssrc == ssrc) return &in;
  }
  return nullptr;
}

Peer::Content* Peer::ContentOfPacket(size_t index, const rtp::RtpView& view) {
  Content* only = nullptr;
  size_t count = 0;
  for (const auto& content : contents_) {
    if (content->transport != index || content->uplink == nullptr) continue;
    const rtp::ParsedExtensions extensions =
        rtp::ParseExtensions(view, content->spec.extensions);
    if (!extensions.mid.empty()) {
      if (extensions.mid == content->name) return content.get();
      continue;
    }
    only = content.get();
    ++count;
  }
  return count == 1 ? only : nullptr;
}

const Peer::Incoming* Peer::Latch(size_t index, const rtp::RtpView& view) {
  Content* content = ContentOfPacket(index, view);
  if (content == nullptr || incoming_.size() >= kMaxIncoming) return nullptr;
  const bool rtx = content->uplink->MediaPayloadType(view.pt).has_value();
  const bool known =
      std::any_of(content->spec.codecs.begin(), content->spec.codecs.end(),
                  [&](const rtp::CodecSpec& codec) {
                    return codec.payload_type == view.pt ||
                           codec.red_payload_type == view.pt;
                  });
  if (!rtx && (!known || !content->uplink->LatchSsrc(view.ssrc))) {
    return nullptr;
  }
  // A new SSRC replaces the content's old one of the same role.
  std::erase_if(incoming_, [&](const Incoming& in) {
    return in.content == content && in.rtx == rtx;
  });
  Learn(view.ssrc, content, rtx);
  return FindIncoming(view.ssrc);
}

void Peer::HandleRtp(rtp::Timestamp now, rtp::Timestamp arrival, size_t index,
                     std::span<const uint8_t> datagram, Outbox& outbox) {
  PeerTransport& transport = *transports_[index];
  Counters& counters = context_.counters;
  if (transport.srtp() == nullptr) {
    return counters.Drop(DropReason::kBeforeKeys);
  }
  rtp::PacketRef packet = context_.pool.Allocate();
  if (!packet) return counters.Drop(DropReason::kPoolFull);
  rtp::Packet& p = packet.Mutable();
  const auto result = transport.srtp()->UnprotectRtp(datagram, p.bytes);
  if (result.status != rtp::SrtpStatus::kOk) {
    return counters.Drop(DropReasonOf(result.status));
  }
  transport.ice().OnMediaAuthenticated(now);
  if (!ingress_.TryTake(now)) return counters.Drop(DropReason::kRateLimited);
  auto view = rtp::RtpView::Parse(std::span(p.bytes).first(result.size));
  if (!view) return counters.Drop(DropReason::kRtpMalformed);
  p.arrival = arrival;
  join_timer_.OnMedia(now);

  const Incoming* incoming = FindIncoming(view->ssrc);
  if (incoming == nullptr) incoming = Latch(index, *view);
  if (incoming == nullptr || incoming->content->transport != index) {
    return counters.Drop(DropReason::kUnknownSsrc);
  }
  Content& content = *incoming->content;
  const rtp::ParsedExtensions extensions =
      rtp::ParseExtensions(*view, content.spec.extensions);
  if (extensions.transport_sequence) {
    transport.twcc().OnPacket(arrival, *extensions.transport_sequence,
                              view->ssrc, view->marker);
    WakeAt(transport.twcc().NextDeadline());
  }
  if (incoming->rtx) {
    const auto media_pt = content.uplink->MediaPayloadType(view->pt);
    switch (rtp::ClassifyRtx(*view)) {
      case rtp::RtxKind::kProbe:
        return;
      case rtp::RtxKind::kMedia:
        view = media_pt
                   ? rtp::UnwrapRtx(*view, content.uplink->ssrc(), *media_pt)
                   : std::nullopt;
        break;
      case rtp::RtxKind::kMalformed:
        view.reset();
        break;
    }
    if (!view) return counters.Drop(DropReason::kRtxRejected);
  }
  content.uplink->HandlePacket(now, std::move(packet), *view, extensions,
                               incoming->rtx, outbox);
}

bool Peer::IsServed(size_t transport) const {
  return std::any_of(contents_.begin(), contents_.end(), [&](const auto& c) {
    return c->transport == transport && !c->spec.codecs.empty();
  });
}

void Peer::OnTransportChanged(rtp::Timestamp now, size_t index,
                              Outbox& outbox) {
  PeerTransport& transport = *transports_[index];
  const bool new_keys = transport.TakeKeys();
  WakeAt(transport.ice().NextDeadline());
  if (failed_) return;
  if (transport.ice().state() == ice::Transport::State::kFailed) {
    if (!IsServed(index)) return;
    failed_ = true;
    outbox.events.emplace_back(
        PeerFailed{id_, ToFailure(transport.ice().failure())});
    return;
  }
  if (transport.ice().remote_address()) join_timer_.OnPath(now);
  bool all_have_keys = true;
  for (size_t i = 0; i < transports_.size(); ++i) {
    if (IsServed(i) && transports_[i]->srtp() == nullptr) all_have_keys = false;
  }
  if (!connected_ && all_have_keys) {
    connected_ = true;
    join_timer_.OnKeys(now);
    next_report_ = now + kReportInterval / 4;
    WakeAt(next_report_);
    outbox.events.emplace_back(PeerConnected{id_});
  }
  if (new_keys) {
    WakeAt(now);
    // What a slot was offered before it could be sent is asked for anew.
    for (const auto& content : contents_) {
      if (content->slot != nullptr && content->transport == index) {
        context_.router.WantKeyFrame(now, content->slot->target());
      }
    }
  }
}

void Peer::HandleTimeout(rtp::Timestamp now, Outbox& outbox) {
  OutboxSink sink(outbox);
  const bool report = now >= next_report_;
  if (report) next_report_ = now + kReportInterval;
  for (size_t i = 0; i < transports_.size(); ++i) {
    ice::Transport& ice = transports_[i]->ice();
    if (now >= ice.NextDeadline()) {
      ice.HandleTimeout(now, sink);
      OnTransportChanged(now, i, outbox);
    }
    SendFeedback(now, i, outbox);
    if (report) SendReports(now, i, outbox);
  }
  const bool silent =
      connected_ &&
      std::any_of(transports_.begin(), transports_.end(),
                  [](const auto& t) { return t->ice().silent(); });
  if (silent != silent_) {
    silent_ = silent;
    outbox.events.emplace_back(PeerSilent{id_, silent});
  }
  next_deadline_ = ComputeDeadline();
}

rtp::Timestamp Peer::ComputeDeadline() const {
  rtp::Timestamp deadline = next_report_;
  for (const auto& transport : transports_) {
    deadline = std::min({deadline, transport->ice().NextDeadline(),
                         transport->twcc().NextDeadline()});
  }
  for (const auto& content : contents_) {
    // Before there are keys nobody can be asked for anything.
    if (content->uplink != nullptr &&
        transports_[content->transport]->ready()) {
      deadline = std::min(deadline, content->uplink->NextDeadline());
    }
  }
  return deadline;
}

void Peer::WakeAt(rtp::Timestamp deadline) {
  if (deadline >= next_deadline_) return;
  next_deadline_ = deadline;
  if (std::exchange(woken_, true)) return;
  context_.woken.push_back(this);
}

void Peer::OnSlotChanged() {
  if (std::exchange(slots_changed_, true)) return;
  context_.slots_changed.push_back(this);
}

SlotsChanged Peer::DescribeSlots() {
  slots_changed_ = false;
  SlotsChanged event;
  event.peer = id_;
  for (const auto& content : contents_) {
    if (content->slot == nullptr) continue;
    event.slots.push_back({content->name, content->slot->current()});
  }
  return event;
}

void Peer::FillSlots(rtp::Timestamp now, Outbox& outbox) {
  FillSlotsOf(now, rtp::MediaKind::kAudio, outbox);
  FillSlotsOf(now, rtp::MediaKind::kVideo, outbox);
}

void Peer::FillSlotsOf(rtp::Timestamp now, rtp::MediaKind kind,
                       Outbox& outbox) {
  std::vector<Slot*> slots;
  std::vector<rtp::SourceId> targets;
  for (const auto& content : contents_) {
    Slot* slot = content->slot.get();
    if (slot == nullptr || content->spec.kind != kind) continue;
    const bool hidden = std::any_of(
        receive_.limits.begin(), receive_.limits.end(), [&](const auto& limit) {
          return limit.content == content->name && limit.max_height == 0;
        });
    if (hidden) {
      slot->SetTarget(now, rtp::SourceId(), outbox);
      continue;
    }
    slots.push_back(slot);
    targets.push_back(slot->target());
  }
  if (slots.empty()) return;
  std::vector<rtp::SourceId> wanted;
  stage_.Wanted(id_, kind, receive_, slots.size(), wanted);
  sfu::FillSlots(wanted, targets);
  for (size_t i = 0; i < slots.size(); ++i) {
    slots[i]->SetTarget(now, targets[i], outbox);
  }
}

}  // namespace sfu
