// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "signaling/command.h"
#include "signaling/xml_element.h"

namespace signaling {

// A <command/> of XEP-0050. Total: what a stranger may get wrong is told by
// the fields (Action::kUnknown, bad_form).
Command ParseCommand(const XmlElement& element);
XmlElement WriteCommand(const Command& command);

}  // namespace signaling
