// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtx.h"

#include "rtp/base/bytes.h"

namespace rtp {

RtxKind ClassifyRtx(const RtpView& rtx) {
  if (rtx.payload.empty()) return RtxKind::kProbe;
  return rtx.payload.size() < kRtxHeaderSize ? RtxKind::kMalformed
                                             : RtxKind::kMedia;
}

std::optional<RtpView> UnwrapRtx(const RtpView& rtx, Ssrc media_ssrc,
                                 uint8_t media_pt) {
  if (ClassifyRtx(rtx) != RtxKind::kMedia || rtx.ssrc == media_ssrc) {
    return std::nullopt;
  }
  RtpView media = rtx;
  media.seq = LoadU16(rtx.payload, 0);
  media.payload = rtx.payload.subspan(kRtxHeaderSize);
  media.ssrc = media_ssrc;
  media.pt = media_pt;
  return media;
}

size_t WriteRtxHeader(uint16_t original_seq, std::span<uint8_t> out) {
  if (out.size() < kRtxHeaderSize) return 0;
  StoreU16(out, 0, original_seq);
  return kRtxHeaderSize;
}

}  // namespace rtp
