// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/outbox.h"

#include <cstring>

namespace sfu {

std::span<uint8_t> Outbox::Append(Egress& egress, const ice::SocketAddress& to,
                                  size_t size) {
  Message* message = nullptr;
  if (egress.turn == turn_) {
    Message& open = messages_[egress.message];
    // GSO (udp(7)): all segments equal, only the last may be shorter.
    if (!open.closed && open.segments < kMaxSegments &&
        size <= open.segment_size && open.size + size <= kMessageBytes &&
        open.to == to) {
      message = &open;
    }
  }
  if (message == nullptr) {
    message = Open(to, size);
    if (message == nullptr) return {};
    egress = Egress{turn_, used_ - 1};
  }
  if (size < message->segment_size) message->closed = true;
  const std::span<uint8_t> place(message->bytes->data() + message->size, size);
  message->size += size;
  ++message->segments;
  return place;
}

void Outbox::Retract(Egress& egress, size_t size) {
  Message& message = messages_[egress.message];
  message.size -= size;
  --message.segments;
  egress = Egress();  // the next datagram opens a message of its own
}

void Outbox::AppendSingle(const ice::SocketAddress& to,
                          std::span<const uint8_t> datagram) {
  if (datagram.empty()) return;
  Message* message = Open(to, datagram.size());
  if (message == nullptr) return;
  std::memcpy(message->bytes->data(), datagram.data(), datagram.size());
  message->size = datagram.size();
  message->segments = 1;
}

size_t Outbox::datagrams() const {
  size_t count = 0;
  for (const Message& message : messages()) count += message.segments;
  return count;
}

Outbox::Message* Outbox::Open(const ice::SocketAddress& to, size_t size) {
  if (used_ == kMaxMessages || size > kMessageBytes) {
    ++refused;
    return nullptr;
  }
  if (used_ == messages_.size()) {
    messages_.emplace_back();
    messages_.back().bytes =
        std::make_unique<std::array<uint8_t, kMessageBytes>>();
  }
  Message& message = messages_[used_++];
  message.to = to;
  message.size = 0;
  message.segment_size = size;
  message.segments = 0;
  message.closed = false;
  return &message;
}

}  // namespace sfu
