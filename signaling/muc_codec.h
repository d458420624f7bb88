// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "signaling/stanza.h"
#include "signaling/xml_element.h"

namespace signaling {

// The elements of a MUC (XEP-0045) in presence, messages and IQs, as far as an
// occupant needs them. What is over a limit of limits.h is left out.

// <x xmlns='http://jabber.org/protocol/muc'>: who enters, without history.
XmlElement WriteMucJoin();

// <x xmlns='http://jabber.org/protocol/muc#user'>. An affiliation or a role
// that is not known counts as none.
MucUser ParseMucUser(const XmlElement& element);
XmlElement WriteMucUser(const MucUser& user);

// <query xmlns='http://jabber.org/protocol/muc#admin'>, of outcasts.
MucOutcasts ParseMucOutcasts(const XmlElement& element);
XmlElement WriteMucOutcasts(const MucOutcasts& outcasts);

// <call xmlns='urn:carillon:room:0'> in the focus' presence.
CallPresence ParseCallPresence(const XmlElement& element);
XmlElement WriteCallPresence(const CallPresence& call);

}  // namespace signaling
