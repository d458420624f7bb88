// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "signaling/muji.h"
#include "signaling/xml_element.h"

namespace signaling {

// <muji xmlns='urn:xmpp:jingle:muji:0'> of presence (XEP-0272). A content that
// is no RTP, or over a limit of limits.h, is left out.
MujiPresence ParseMuji(const XmlElement& element);
XmlElement WriteMuji(const MujiPresence& muji);

// <invite xmlns='urn:xmpp:call-invites:0'> (XEP-0482).
CallInvite ParseCallInvite(const XmlElement& element);
XmlElement WriteCallInvite(const CallInvite& invite);
// The same as clients had it before XEP-0482 was numbered (Dino 0.4).
XmlElement WriteEarlyCallInvite(const CallInvite& invite);

}  // namespace signaling
