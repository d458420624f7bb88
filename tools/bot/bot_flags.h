// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "tools/bot/runner.h"
#include "tools/bot/scenario.h"

namespace bot {

// What the command line asks for beyond the scenario.
struct Outputs {
  std::string report;          // file for JSON; empty: none
  std::string html;            // file for the HTML report
  std::string metrics_listen;  // HOST:PORT for Prometheus
  bool live = true;            // tells how it goes while it goes
};

struct Order {
  Scenario scenario;
  Target target;
  Outputs outputs;
  bool by_sdp = false;  // another program does the signalling
};

// Reads the command line: the scenario's file, if there is one, and what flags
// change of it. Errors are lines for people; empty on success.
std::vector<std::string> ReadFlags(int argc, char** argv, Order* order);

}  // namespace bot
