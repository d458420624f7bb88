// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

// The XML namespaces of the protocols that we speak.
namespace signaling::ns {

inline constexpr std::string_view kStanzas =
    "urn:ietf:params:xml:ns:xmpp-stanzas";  // RFC 6120 s8.3
inline constexpr std::string_view kDiscoInfo =
    "http://jabber.org/protocol/disco#info";  // XEP-0030
inline constexpr std::string_view kDiscoItems =
    "http://jabber.org/protocol/disco#items";                   // XEP-0030
inline constexpr std::string_view kDataForm = "jabber:x:data";  // XEP-0004
inline constexpr std::string_view kCommands =
    "http://jabber.org/protocol/commands";  // XEP-0050
inline constexpr std::string_view kCaps =
    "http://jabber.org/protocol/caps";                      // XEP-0115
inline constexpr std::string_view kPing = "urn:xmpp:ping";  // XEP-0199
inline constexpr std::string_view kNick =
    "http://jabber.org/protocol/nick";                            // XEP-0172
inline constexpr std::string_view kJingle = "urn:xmpp:jingle:1";  // XEP-0166
inline constexpr std::string_view kJingleErrors =
    "urn:xmpp:jingle:errors:1";  // XEP-0166 s10
inline constexpr std::string_view kRtp =
    "urn:xmpp:jingle:apps:rtp:1";  // XEP-0167
inline constexpr std::string_view kRtpInfo =
    "urn:xmpp:jingle:apps:rtp:info:1";  // XEP-0167 s9
inline constexpr std::string_view kRtpErrors =
    "urn:xmpp:jingle:apps:rtp:errors:1";  // XEP-0167
inline constexpr std::string_view kRtcpFeedback =
    "urn:xmpp:jingle:apps:rtp:rtcp-fb:0";  // XEP-0293
inline constexpr std::string_view kHeaderExtensions =
    "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0";  // XEP-0294
inline constexpr std::string_view kSsrcAttributes =
    "urn:xmpp:jingle:apps:rtp:ssma:0";  // XEP-0339
inline constexpr std::string_view kMsid = "urn:xmpp:jingle:apps:rtp:msid:0";
inline constexpr std::string_view kGrouping =
    "urn:xmpp:jingle:apps:grouping:0";  // XEP-0338
inline constexpr std::string_view kDtls =
    "urn:xmpp:jingle:apps:dtls:0";  // XEP-0320
inline constexpr std::string_view kIceUdp =
    "urn:xmpp:jingle:transports:ice-udp:1";  // XEP-0176
inline constexpr std::string_view kCallMessage =
    "urn:xmpp:jingle-message:0";                              // XEP-0353
inline constexpr std::string_view kHints = "urn:xmpp:hints";  // XEP-0334
inline constexpr std::string_view kRawUdp =
    "urn:xmpp:jingle:transports:raw-udp:1";  // XEP-0177
inline constexpr std::string_view kMuc =
    "http://jabber.org/protocol/muc";  // XEP-0045
inline constexpr std::string_view kMucUser =
    "http://jabber.org/protocol/muc#user";  // XEP-0045
inline constexpr std::string_view kMucAdmin =
    "http://jabber.org/protocol/muc#admin";                          // XEP-0045
inline constexpr std::string_view kCoin = "urn:xmpp:coin:1";         // XEP-0298
inline constexpr std::string_view kMuji = "urn:xmpp:jingle:muji:0";  // XEP-0272
inline constexpr std::string_view kCallInvites =
    "urn:xmpp:call-invites:0";  // XEP-0482
inline constexpr std::string_view kEarlyCallInvites = "urn:xmpp:call-message:1";
inline constexpr std::string_view kAvConferences =
    "urn:xmpp:jingle:av-conferences:0";  // ProtoXEP
inline constexpr std::string_view kRoom =
    "urn:carillon:room:0";  // docs/room-protocol.md

}  // namespace signaling::ns
