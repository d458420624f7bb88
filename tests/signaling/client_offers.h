// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "signaling/jingle_message.h"
#include "signaling/xml_element.h"

namespace signaling {

// A client whose calls are replayed: its offer as text, and what it demands of
// the answer.
struct ClientCase {
  std::string name;
  bool recorded = false;   // else synthetic: written after the client's source
  bool announces = false;  // XEP-0353 comes first
  bool bundles = false;
  std::string initiate;  // an IQ, sid and addresses as they were
  ::testing::AssertionResult (*would_accept)(const JingleMessage&,
                                             const XmlElement&) = nullptr;
};

// Dino 0.4.2 and stanza.js 12.22 in Chromium as recorded; Conversations, Monal
// and Movim as their sources have it.
std::vector<ClientCase> AllClients();
const ClientCase& ClientNamed(const std::string& name);

}  // namespace signaling
