// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ice/dtls_association.h"
#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "rtp/packet_pool.h"
#include "sfu/counters.h"
#include "sfu/router.h"

namespace sfu {

class Peer;

// What the peers of one worker share. Plain; owned by the worker.
struct WorkerContext {
  const ice::DtlsIdentity& identity;
  rtp::NtpClock ntp;
  rtp::RandomSource& random;
  rtp::PacketPool pool;
  Counters counters;
  Router router;
  // Peers whose deadline came nearer since the worker looked last.
  std::vector<Peer*> woken;
  // Peers whose slots show other sources than the control thread was told.
  std::vector<Peer*> slots_changed;
};

}  // namespace sfu
