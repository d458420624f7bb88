// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "sfu/config.h"
#include "sfu/doctor/options.h"
#include "sfu/doctor/report.h"
#include "sfu/doctor/udp.h"

namespace sfu {

using ReportFinding = std::function<void(Finding)>;

// Where media port `index` is, on `ip`, which must be one.
ice::SocketAddress MediaAddress(const Config& config, const std::string& ip,
                                size_t index);

// Opens all media ports at `responder`, as far as they are free, and tells
// whether they all were.
bool OpenMediaPorts(const Config& config, StunResponder* responder,
                    const ReportFinding& report);

// From this machine to each advertised address: with `responder` the sockets
// of OpenMediaPorts() answer; without, a running server counts what comes.
void CheckHairpin(const Config& config, StunResponder* responder,
                  const ReportFinding& report);

// --listen: answers, or lets the running server count, what others --probe.
void ListenForProbes(const Config& config, std::chrono::seconds duration,
                     const ReportFinding& report);

// --probe: whether something answers at these ports.
void ProbePorts(const ProbeTarget& target, const ReportFinding& report);

}  // namespace sfu
