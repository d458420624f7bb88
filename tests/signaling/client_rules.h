// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include "signaling/jingle_message.h"
#include "signaling/stanza.h"
#include "signaling/xml_element.h"

// Whether a client would go on with what the focus answers. The rules are what
// the sources of the clients demand, each named in the .cc with the place it
// was read in; they look at the XML that is sent, not at our own types.
namespace signaling {

// `offer`: the session-initiate that the client sent. `answer`: the IQ with
// the session-accept. Failures say which rule was broken, on which content.

// What XEP-0166, 0167, 0176, 0320 and 0338 demand of any answer.
::testing::AssertionResult AnyoneWouldAccept(const JingleMessage& offer,
                                             const XmlElement& answer);
::testing::AssertionResult DinoWouldAccept(const JingleMessage& offer,
                                           const XmlElement& answer);
::testing::AssertionResult ConversationsWouldAccept(const JingleMessage& offer,
                                                    const XmlElement& answer);
::testing::AssertionResult MonalWouldAccept(const JingleMessage& offer,
                                            const XmlElement& answer);
::testing::AssertionResult MovimWouldAccept(const JingleMessage& offer,
                                            const XmlElement& answer);
::testing::AssertionResult StanzaJsWouldAccept(const JingleMessage& offer,
                                               const XmlElement& answer);

// Whether a stanza that the focus sends in mid-call, unasked or as an answer,
// is one that a client with one audio and one video stream copes with.
::testing::AssertionResult PlainClientWouldCope(const Stanza& stanza);

}  // namespace signaling
