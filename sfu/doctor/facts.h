// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "sfu/config.h"
#include "sfu/doctor/checks_files.h"
#include "sfu/doctor/checks_machine.h"
#include "sfu/doctor/checks_network.h"
#include "sfu/doctor/checks_xmpp.h"

namespace sfu {

// What `carillon doctor` finds out of the world; the checks judge it. Each
// call blocks, for some seconds at most.

// Asks the admin listener; nothing is answered where there is none.
ServerFacts AskServer(const Config& config);
// The body of /metrics, empty if there is none.
std::string FetchMetrics(const Config& config);
// Logs in as the component. Where a server holds that link, this can end it.
ComponentFacts TryComponent(const Config& config);
// Logs in as a guest and asks the domain of the chat rooms what it is.
GuestFacts TryGuest(const Config& config);

// Of this machine's interfaces that are up.
std::vector<std::string> OwnAddresses();
SecretFacts ReadSecretFacts(const std::string& path);
BufferFacts ReadBuffers();
DescriptorFacts ReadDescriptors(const Config& config);
OffloadFacts ReadOffload();
ClockFacts ReadClock();
CoreFacts ReadCores(const Config& config);

}  // namespace sfu
