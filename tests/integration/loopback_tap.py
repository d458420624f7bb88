# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the datagrams that cross the loopback interface, by port.

Needs CAP_NET_RAW; PermissionError without it.
"""

import os
import socket
import threading
import time

ETH_P_IP = 0x0800
PACKET_OUTGOING = 4
UDP = 17


def udp_ports(pid):
    """The local UDP ports of a process."""
    inodes = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(entry.path)
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for name in ("udp", "udp6"):
        with open(f"/proc/{pid}/net/{name}", encoding="ascii") as table:
            for line in list(table)[1:]:
                fields = line.split()
                if fields[9] in inodes:
                    ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def is_media(payload):
    """Whether a datagram is RTP and not RTCP (RFC 5761 s4), STUN or DTLS."""
    return (len(payload) > 12 and payload[0] >> 6 == 2
            and not 192 <= payload[1] <= 223)


class LoopbackTap:
    """Remembers when datagrams came to some ports, in a thread."""

    def __init__(self, ports):
        self._ports = set(ports)
        self._times = []  # (time, whether it is media)
        self._over = False
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                     socket.htons(ETH_P_IP))
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._over = True
        self._thread.join()
        self._socket.close()

    def times(self, since=0.0, media=False):
        """When datagrams came after `since`, by time.monotonic()."""
        return [at for at, is_rtp in list(self._times)
                if at > since and (is_rtp or not media)]

    def _run(self):
        while not self._over:
            try:
                packet, address = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            # What is sent is seen twice there.
            if address[2] == PACKET_OUTGOING or packet[9] != UDP:
                continue
            header = (packet[0] & 15) * 4
            if int.from_bytes(packet[header + 2:header + 4]) in self._ports:
                self._times.append(
                    (time.monotonic(), is_media(packet[header + 8:])))
