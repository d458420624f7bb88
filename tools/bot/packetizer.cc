// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/packetizer.h"

#include <algorithm>

#include "rtp/payload/vp8.h"

namespace bot {

Payloads PacketizeVp8(const FrameHeader& header, std::span<const uint8_t> frame,
                      size_t max_size) {
  rtp::Vp8Descriptor descriptor;
  descriptor.non_reference = header.non_reference;
  descriptor.picture_id = header.picture_id;
  descriptor.picture_id_15bit = true;
  if (header.temporal_layers > 1) {
    descriptor.tl0_picture_index = header.tl0_picture_index;
    descriptor.temporal_id = header.temporal_id;
    descriptor.layer_sync = header.layer_sync;
  }
  Payloads payloads;
  while (!frame.empty()) {
    descriptor.start_of_partition = payloads.empty();
    std::vector<uint8_t>& payload = payloads.emplace_back(max_size);
    const size_t at = rtp::WriteVp8Descriptor(descriptor, payload);
    const size_t size = std::min(frame.size(), max_size - at);
    std::copy_n(frame.begin(), size,
                payload.begin() + static_cast<ptrdiff_t>(at));
    payload.resize(at + size);
    frame = frame.subspan(size);
  }
  return payloads;
}

Payloads Packetize(rtp::Codec codec, const FrameHeader& header,
                   std::span<const uint8_t> frame, size_t max_size) {
  switch (codec) {
    case rtp::Codec::kOpus:
      return {{frame.begin(), frame.end()}};
    case rtp::Codec::kVp8:
      return PacketizeVp8(header, frame, max_size);
    case rtp::Codec::kVp9:
      return PacketizeVp9(header, frame, max_size);
    case rtp::Codec::kH264:
      return PacketizeH264(frame, max_size);
    case rtp::Codec::kAv1:
      return PacketizeAv1(header, frame, max_size);
  }
  return {};
}

}  // namespace bot
