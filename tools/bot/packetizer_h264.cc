// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "rtp/base/bytes.h"
#include "rtp/payload/h264.h"
#include "tools/bot/packetizer.h"

namespace bot {
namespace {

using Nal = std::span<const uint8_t>;

std::vector<Nal> SplitNals(std::span<const uint8_t> frame) {
  std::vector<Nal> nals;
  rtp::ByteReader reader(frame);
  while (reader.remaining() > 0) {
    const uint32_t size = reader.U32();
    const Nal nal = reader.Bytes(size);
    if (!reader.ok() || nal.empty()) break;
    nals.push_back(nal);
  }
  return nals;
}

uint8_t TypeOf(Nal nal) { return nal[0] & 0x1F; }

// RFC 6184 s5.8: the first byte of the unit is spread over the first two of
// each fragment.
void AddFragments(Nal nal, size_t max_size, Payloads& out) {
  const uint8_t first = nal[0];
  Nal rest = nal.subspan(1);
  for (bool start = true; !rest.empty(); start = false) {
    const size_t size = std::min(rest.size(), max_size - 2);
    const bool end = size == rest.size();
    auto& payload = out.emplace_back();
    payload.reserve(size + 2);
    payload.push_back(static_cast<uint8_t>((first & 0xE0) | rtp::kH264FuA));
    payload.push_back(static_cast<uint8_t>((start ? 0x80 : 0) |
                                           (end ? 0x40 : 0) | (first & 0x1F)));
    payload.insert(payload.end(), rest.begin(),
                   rest.begin() + static_cast<ptrdiff_t>(size));
    rest = rest.subspan(size);
  }
}

// RFC 6184 s5.7.1.
void AddTogether(std::span<const Nal> nals, Payloads& out) {
  auto& payload = out.emplace_back();
  uint8_t importance = 0;
  for (const Nal nal : nals) {
    importance = std::max<uint8_t>(importance, nal[0] & 0x60);
  }
  payload.push_back(static_cast<uint8_t>(importance | rtp::kH264StapA));
  for (const Nal nal : nals) {
    payload.push_back(static_cast<uint8_t>(nal.size() >> 8));
    payload.push_back(static_cast<uint8_t>(nal.size()));
    payload.insert(payload.end(), nal.begin(), nal.end());
  }
}

}  // namespace

Payloads PacketizeH264(std::span<const uint8_t> frame, size_t max_size) {
  const std::vector<Nal> nals = SplitNals(frame);
  Payloads payloads;
  size_t at = 0;
  size_t together = 1;
  while (at < nals.size() && (TypeOf(nals[at]) == rtp::kH264Sps ||
                              TypeOf(nals[at]) == rtp::kH264Pps)) {
    together += nals[at++].size() + 2;
  }
  if (at > 1 && together <= max_size) {
    AddTogether(std::span(nals).first(at), payloads);
  } else {
    at = 0;
  }
  for (; at < nals.size(); ++at) {
    if (nals[at].size() <= max_size) {
      payloads.emplace_back(nals[at].begin(), nals[at].end());
    } else {
      AddFragments(nals[at], max_size, payloads);
    }
  }
  return payloads;
}

}  // namespace bot
