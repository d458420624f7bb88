#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ad-hoc commands (XEP-0050) of a room, as somebody's client uses them.

ad_hoc.py HTTP_PORT DOMAIN NAME PASSWORD ROOM COMMAND [FIELD=VALUE...] does one
as that account.
"""

import sys
from xml.sax.saxutils import escape, quoteattr

from xmpp_wire import WebSocketClient

COMMANDS = "http://jabber.org/protocol/commands"
FORM = "jabber:x:data"
ITEMS = "http://jabber.org/protocol/disco#items"


class CommandError(Exception):
    """The conditions of an error."""


def nodes(client, room):
    """The commands that the room offers to this client."""
    answer = client.request(
        "get", room, f"<query xmlns='{ITEMS}' node='{COMMANDS}'/>")
    return [item.get("node") for item in answer.iter(f"{{{ITEMS}}}item")]


def _step(client, room, node, session="", action="execute", payload=""):
    session = f" sessionid={quoteattr(session)}" if session else ""
    answer = client.request(
        "set", room, f"<command xmlns='{COMMANDS}' node='{node}' "
        f"action='{action}'{session}>{payload}</command>")
    if answer.get("type") == "error":
        raise CommandError([child.tag.rpartition("}")[2]
                            for child in answer.find("*")])
    return answer.find(f"{{{COMMANDS}}}command")


def run(client, room, node, **fields):
    """Does a command, with these fields if it has a form; returns the last
    answer."""
    answer = _step(client, room, node)
    if answer.get("status") != "executing":
        return answer
    values = "".join(
        f"<field var='{name}'>" + "".join(
            f"<value>{escape(value)}</value>" for value in
            (given if isinstance(given, list) else [given])) + "</field>"
        for name, given in fields.items())
    return _step(client, room, node, answer.get("sessionid"), "complete",
                 f"<x xmlns='{FORM}' type='submit'>{values}</x>")


def table(answer):
    """The rows of a command's result."""
    return [{field.get("var"): field.findtext(f"{{{FORM}}}value")
             for field in item}
            for item in answer.iter(f"{{{FORM}}}item")]


def main(port, domain, name, password, room, node, *fields):
    with WebSocketClient(int(port), domain, account=(name, password)) as client:
        done = run(client, room, node,
                   **dict(field.split("=", 1) for field in fields))
        if done.get("status") != "completed":
            sys.exit("".join(done.itertext()))


if __name__ == "__main__":
    main(*sys.argv[1:])
