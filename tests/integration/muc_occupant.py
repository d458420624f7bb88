# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody in a MUC (XEP-0045) who does not call: sees who is there, and
moderates. Reads in a thread."""

import itertools
import threading

import xmpp_wire

MUC = "http://jabber.org/protocol/muc"
ROOM = "urn:carillon:room:0"
TIMEOUT = 20  # seconds until a missing answer fails the test


def enter(client, muc, nick):
    """Lets an xmpp_wire.Client enter."""
    client.send(f"<presence xmlns='jabber:client' to='{muc}/{nick}'>"
                f"<x xmlns='{MUC}'/></presence>")


class MucOccupant:
    def __init__(self, port, domain, muc, nick):
        self.muc = muc
        self.occupants = {}  # {nick: (role, real JID)}
        self.presences = {}  # {nick: the last one}
        self._answers = {}
        self._answered = threading.Condition()
        self._ids = itertools.count(1)
        self.client = xmpp_wire.Client(port, domain)
        self.client._socket.settimeout(None)
        threading.Thread(target=self.client.receive_all,
                         args=(self._handle,), daemon=True).start()
        enter(self.client, muc, nick)

    def close(self):
        self.client.close()

    def request(self, payload, kind="set"):
        """The answer of the MUC."""
        name = f"m{next(self._ids)}"
        self.client.send(f"<iq xmlns='jabber:client' type='{kind}' "
                         f"id='{name}' to='{self.muc}'>{payload}</iq>")
        with self._answered:
            if not self._answered.wait_for(lambda: name in self._answers,
                                           TIMEOUT):
                raise AssertionError(f"{self.muc} did not answer")
            return self._answers.pop(name)

    def _change(self, payload):
        answer = self.request(payload)
        if answer.get("type") != "result":
            raise AssertionError(xmpp_wire.ElementTree.tostring(answer))

    def configure(self, **options):
        """configure(moderatedroom=1), of XEP-0045 s10.2."""
        fields = "".join(
            f"<field var='muc#roomconfig_{name}'><value>{value}</value>"
            "</field>" for name, value in options.items())
        self._change(
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' "
            "type='submit'><field var='FORM_TYPE'><value>"
            f"{MUC}#roomconfig</value></field>{fields}</x></query>")

    def set_role(self, nick, role):
        """"visitor" takes the voice, "none" kicks."""
        self._change(f"<query xmlns='{MUC}#admin'><item nick='{nick}' "
                     f"role='{role}'/></query>")

    def ban(self, jid):
        self._change(f"<query xmlns='{MUC}#admin'><item jid='{jid}' "
                     "affiliation='outcast'/></query>")

    def call(self):
        """What the focus shows: {nick or name: [kinds of sources]}; None when
        it is not there."""
        presence = self.presences.get("focus")
        call = None if presence is None else presence.find(f"{{{ROOM}}}call")
        if call is None:
            return None
        return {one.get("nick") or one.get("name"):
                sorted(source.get("kind") for source in one) for one in call}

    def status(self):
        """The focus' status text."""
        presence = self.presences.get("focus")
        return None if presence is None else presence.findtext(
            "{jabber:client}status")

    def _handle(self, stanza):
        if stanza.tag.endswith("}iq") and stanza.get("id"):
            with self._answered:
                self._answers[stanza.get("id")] = stanza
                self._answered.notify_all()
        item = stanza.find(f"{{{MUC}#user}}x/{{{MUC}#user}}item")
        if not stanza.tag.endswith("}presence") or item is None:
            return
        nick = stanza.get("from").partition("/")[2]
        if stanza.get("type") == "unavailable":
            self.occupants.pop(nick, None)
            self.presences.pop(nick, None)
        else:
            self.occupants[nick] = (item.get("role"), item.get("jid"))
            self.presences[nick] = stanza
