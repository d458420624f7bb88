// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "signaling/stanza.h"
#include "signaling/xml_element.h"

namespace signaling {

// The elements of the room protocol (docs/room-protocol.md), in both
// directions: the server writes what clients parse and the other way round.

// What an IQ carries: Receive, Publish, SetName or Resume; Malformed for what
// breaks a limit, Unknown for another element.
IqPayload ParseRoomRequest(const XmlElement& element);
XmlElement WriteReceive(const Receive& receive);
XmlElement WritePublish(const Publish& publish);
XmlElement WriteSetName(const SetName& name);
XmlElement WriteResume(const Resume& resume);

// What a message carries: Roster, Speakers or SlotMap; else Unknown.
MessagePayload ParseRoomMessage(const XmlElement& element);
XmlElement WriteRoster(const Roster& roster);
XmlElement WriteSpeakers(const Speakers& speakers);
XmlElement WriteSlotMap(const SlotMap& slots);

}  // namespace signaling
