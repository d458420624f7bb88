// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/counters.h"

namespace sfu {

std::string_view DropReasonName(DropReason reason) {
  switch (reason) {
    case DropReason::kUnclassified:
      return "unclassified";
    case DropReason::kTooLarge:
      return "too_large";
    case DropReason::kUnknownAddress:
      return "unknown_address";
    case DropReason::kStunRejected:
      return "stun_rejected";
    case DropReason::kBeforeKeys:
      return "before_keys";
    case DropReason::kSrtpAuth:
      return "srtp_auth";
    case DropReason::kSrtpReplay:
      return "srtp_replay";
    case DropReason::kSrtpTooManySsrcs:
      return "srtp_too_many_ssrcs";
    case DropReason::kRtpMalformed:
      return "rtp_malformed";
    case DropReason::kRtcpMalformed:
      return "rtcp_malformed";
    case DropReason::kUnknownSsrc:
      return "unknown_ssrc";
    case DropReason::kUnknownPayloadType:
      return "unknown_payload_type";
    case DropReason::kPayloadMalformed:
      return "payload_malformed";
    case DropReason::kRateLimited:
      return "rate_limited";
    case DropReason::kPoolFull:
      return "pool_full";
    case DropReason::kOutboxFull:
      return "outbox_full";
    case DropReason::kSendFailed:
      return "send_failed";
    case DropReason::kRtxRejected:
      return "rtx_rejected";
    case DropReason::kDuplicate:
      return "duplicate";
    case DropReason::kRelayFull:
      return "relay_full";
    case DropReason::kCount:
      break;
  }
  return "unknown";
}

DropReason DropReasonOf(rtp::SrtpStatus status) {
  switch (status) {
    case rtp::SrtpStatus::kReplay:
      return DropReason::kSrtpReplay;
    case rtp::SrtpStatus::kTooManySsrcs:
      return DropReason::kSrtpTooManySsrcs;
    case rtp::SrtpStatus::kOk:
    case rtp::SrtpStatus::kMalformed:
    case rtp::SrtpStatus::kAuth:
      break;
  }
  return DropReason::kSrtpAuth;
}

}  // namespace sfu
