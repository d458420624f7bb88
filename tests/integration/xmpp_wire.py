# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough XMPP for the integration tests: blocking, standard library.

A `Stream` is a client (anonymous, over TCP or WebSocket) or a component. It
sends text and receives elements of xml.etree.
"""

import base64
import hashlib
import itertools
import os
import socket
import struct
import xml.etree.ElementTree as ElementTree

STREAMS = "http://etherx.jabber.org/streams"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
DISCO_INFO = "http://jabber.org/protocol/disco#info"
TIMEOUT = 10  # seconds until a missing answer fails the test


class Stream:
    """Common to the three kinds: whole stanzas in and out."""

    def __init__(self):
        self.jid = None
        self._ids = itertools.count(1)

    def receive_all(self, handle):
        """Hands over each stanza until the stream ends; for a thread."""
        try:
            while True:
                handle(self.receive())
        except (OSError, ConnectionError):
            pass

    def request(self, kind, to, payload):
        """Sends an IQ and returns its answer, skipping what comes between."""
        name = f"t{next(self._ids)}"
        self.send(f"<iq xmlns='{self.namespace}' type='{kind}' id='{name}'"
                  f"{self._from()} to='{to}'>{payload}</iq>")
        while True:
            stanza = self.receive()
            if stanza.tag.endswith("}iq") and stanza.get("id") == name:
                return stanza

    def _from(self):
        return ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _TcpStream(Stream):
    def __init__(self, port, namespace, to):
        super().__init__()
        self.namespace = namespace
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self._to = to
        self._open()

    def _open(self):
        self._parser = ElementTree.XMLPullParser(["start", "end"])
        self._depth = 0
        self._events = iter(())
        self.send(f"<stream:stream xmlns='{self.namespace}' to='{self._to}' "
                  f"xmlns:stream='{STREAMS}' version='1.0'>")
        self.header = self._next("start", 1)

    def send(self, text):
        self._socket.sendall(text.encode())

    def receive(self):
        return self._next("end", 1)

    def _next(self, wanted, depth):
        while True:
            for event, element in self._events:
                self._depth += 1 if event == "start" else -1
                if event == wanted and self._depth == depth:
                    return element
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the XMPP server closed the stream")
            self._parser.feed(data)
            self._events = self._parser.read_events()

    def wait_for_end(self):
        """Drops what comes until the other side ends the connection."""
        self._socket.settimeout(None)
        while self._socket.recv(65536):
            pass

    def close(self):
        self._socket.close()


class Component(_TcpStream):
    """An XEP-0114 component."""

    def __init__(self, port, name, secret):
        super().__init__(port, "jabber:component:accept", name)
        proof = hashlib.sha1((self.header.get("id") + secret).encode())
        self.send(f"<handshake>{proof.hexdigest()}</handshake>")
        answer = self.receive()
        if not answer.tag.endswith("}handshake"):
            raise ConnectionError(ElementTree.tostring(answer).decode())
        self.jid = name

    def _from(self):
        return f" from='{self.jid}'"


class _Login:
    """Logs in once the stream is open; for clients of either transport.

    `account` is a name and a password, or None for a guest."""

    account = None

    def _log_in(self):
        self._find(f"{{{SASL}}}mechanism")
        mechanism, initial = "ANONYMOUS", ""
        if self.account:
            mechanism = "PLAIN"  # RFC 4616
            words = "\0" + "\0".join(self.account)
            initial = base64.b64encode(words.encode()).decode()
        self.send(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{initial}"
                  "</auth>")
        answer = self.receive()
        if answer.tag != f"{{{SASL}}}success":
            raise ConnectionError(ElementTree.tostring(answer).decode())
        self._open()
        self._find(f"{{{BIND}}}bind")
        self.send(f"<iq xmlns='jabber:client' type='set' id='bind'>"
                  f"<bind xmlns='{BIND}'/></iq>")
        self.jid = self.receive().find(f".//{{{BIND}}}jid").text

    def _find(self, tag):
        features = self.receive()
        if features.find(f".//{tag}") is None:
            raise ConnectionError(ElementTree.tostring(features).decode())


class Client(_TcpStream, _Login):
    """A guest over TCP."""

    def __init__(self, port, domain):
        super().__init__(port, "jabber:client", domain)
        self._log_in()


class WebSocketClient(Stream, _Login):
    """A guest, or an account, over WebSocket (RFC 7395), as the page is."""

    namespace = "jabber:client"

    def __init__(self, port, domain, path="/xmpp-websocket", account=None):
        super().__init__()
        self._domain = domain
        self.account = account
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        key = base64.b64encode(os.urandom(16)).decode()
        host = f"127.0.0.1:{port}"
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: xmpp\r\n\r\n".encode())
        self._received = b""
        while b"\r\n\r\n" not in self._received:
            self._fill()
        head, self._received = self._received.split(b"\r\n\r\n", 1)
        self.status = head.split(b"\r\n")[0].decode()
        if " 101 " not in self.status + " ":
            raise ConnectionError(self.status)
        self._open()
        self._log_in()

    def _open(self):
        self.send(f"<open xmlns='{FRAMING}' to='{self._domain}' "
                  "version='1.0'/>")
        self.header = self.receive()

    def _fill(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the WebSocket was closed")
        self._received += data

    def _take(self, count):
        while len(self._received) < count:
            self._fill()
        taken, self._received = (self._received[:count],
                                 self._received[count:])
        return taken

    def send(self, text):
        payload = text.encode()
        mask = os.urandom(4)
        length = len(payload)
        head = (struct.pack("!BB", 0x81, 0x80 | length) if length < 126 else
                struct.pack("!BBH", 0x81, 0xFE, length))
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self._socket.sendall(head + mask + masked)

    def receive(self):
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            if length == 126:
                length, = struct.unpack("!H", self._take(2))
            elif length == 127:
                length, = struct.unpack("!Q", self._take(8))
            payload = self._take(length)
            if first & 0x0F == 1:
                return ElementTree.fromstring(payload)
            if first & 0x0F == 8:
                raise ConnectionError("the WebSocket was closed")

    def close(self):
        self._socket.close()
