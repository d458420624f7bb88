# SPDX-License-Identifier: GPL-3.0-or-later
"""A Jingle client that calls a room and never comes with media: for what
clients do wrong."""

import secrets
import threading

import xmpp_wire

JINGLE = "urn:xmpp:jingle:1"
ROOM = "urn:carillon:room:0"


def offer(ufrag="0123"):
    """The contents of a session-initiate: one microphone."""
    fingerprint = ":".join(["AB"] * 32)
    return (
        "<content creator='initiator' name='0' senders='both'>"
        "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
        "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>"
        "<rtcp-mux/></description>"
        "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' "
        f"ufrag='{ufrag}' pwd='0123456789abcdef0123456789'>"
        "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' "
        f"setup='actpass'>{fingerprint}</fingerprint></transport></content>")


class RawCaller:
    """Answers what it is asked, in a thread: "result", "error", or nothing
    for `answers` None."""

    def __init__(self, port, domain, room, answers="result"):
        self.room = room
        self.sid = secrets.token_hex(8)
        self.token = None  # to resume with
        self.ended = None  # the reason of a session-terminate
        self.refused = None  # the condition of the last error
        self._answers = answers
        self.client = xmpp_wire.Client(port, domain)
        self.client._socket.settimeout(None)
        self._thread = threading.Thread(target=self.client.receive_all,
                         args=(self._handle,), daemon=True)
        self._thread.start()

    def _iq(self, payload, kind="set", to=None):
        self.client.send(
            f"<iq xmlns='jabber:client' type='{kind}' "
            f"id='{secrets.token_hex(4)}' to='{to or self.room}'>{payload}"
            "</iq>")

    def _jingle(self, action, payload=""):
        self._iq(f"<jingle xmlns='{JINGLE}' action='{action}' "
                 f"sid='{self.sid}' initiator='{self.client.jid}'>{payload}"
                 "</jingle>")

    def call(self):
        self._jingle("session-initiate", offer())

    def restart_ice(self):
        contents = offer(ufrag="4567")
        begin = contents.index("<description")
        end = contents.index("</description>") + len("</description>")
        self._jingle("transport-info", contents[:begin] + contents[end:])

    def resume(self, other):
        """Takes over the session of `other`, another caller."""
        self._iq(f"<resume xmlns='{ROOM}' token='{other.token}' "
                 f"sid='{other.sid}'/>")

    def ping_often(self, count):
        for _ in range(count):
            self._iq("<ping xmlns='urn:xmpp:ping'/>", "get")

    def send_too_deep(self):
        depth = 40
        self._iq("<a xmlns='urn:no'>" * depth + "</a>" * depth, "get")

    def ask_nonsense(self):
        self._iq("<q xmlns='urn:no'/>", "get")

    def close(self):
        self.client.close()

    def _handle(self, stanza):
        roster = stanza.find(f"{{{ROOM}}}roster")
        if roster is not None and roster.get("resume"):
            self.token = roster.get("resume")
        if stanza.tag.endswith("}iq") and stanza.get("type") == "error":
            self.refused = stanza.find("*/*").tag.rpartition("}")[2]
        if not stanza.tag.endswith("}iq") or stanza.get("type") != "set":
            return
        reason = stanza.find(f"{{{JINGLE}}}jingle/{{{JINGLE}}}reason")
        if reason is not None and len(reason):
            self.ended = reason[0].tag.rpartition("}")[2]
        if self._answers is None:
            return
        error = ("<error type='cancel'><not-acceptable xmlns='urn:ietf:params:"
                 "xml:ns:xmpp-stanzas'/></error>")
        self.client.send(
            f"<iq xmlns='jabber:client' type='{self._answers}' "
            f"id='{stanza.get('id')}' to='{stanza.get('from')}'>"
            f"{error if self._answers == 'error' else ''}</iq>")
