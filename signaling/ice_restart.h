// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "signaling/media_control.h"
#include "signaling/session_description.h"

namespace signaling {

// Restarts ICE (RFC 8445 s9) of a peer's transport if what is signalled has
// credentials, and not those in use. `spec` and `local`, our side by transport,
// then have the new ones. False if nothing changed.
bool RestartIfChanged(rtp::Timestamp now,
                      const std::optional<IceTransport>& signalled,
                      size_t transport, rtp::PeerSpec& spec,
                      std::vector<IceTransport>& local, MediaControl& media);

}  // namespace signaling
