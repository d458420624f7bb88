// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/ice_restart.h"

#include <utility>

#include "signaling/negotiate.h"

namespace signaling {

bool RestartIfChanged(rtp::Timestamp now,
                      const std::optional<IceTransport>& signalled,
                      size_t transport, rtp::PeerSpec& spec,
                      std::vector<IceTransport>& local, MediaControl& media) {
  if (!signalled || signalled->ufrag.empty() || signalled->pwd.empty()) {
    return false;
  }
  rtp::TransportSpec& changed = spec.transports[transport];
  const rtp::IceCredentials remote{signalled->ufrag, signalled->pwd};
  if (changed.remote == remote) return false;
  IceTransport fresh = media.RestartIce(now, spec.peer, transport, remote);
  if (fresh.ufrag.empty()) return false;
  if (fresh.fingerprint) fresh.fingerprint->setup = SetupOf(changed.dtls_role);
  changed.remote = remote;
  changed.local = {fresh.ufrag, fresh.pwd};
  local[transport] = std::move(fresh);
  return true;
}

}  // namespace signaling
