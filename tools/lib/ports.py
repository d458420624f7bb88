# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens where on this machine (Linux, standard library only)."""

import errno
import fcntl
import glob
import os
import socket
import struct

_SIOCGIFADDR = 0x8915


def can_bind(kind, address, port):
    """None if `port` is free, else the OSError's text. kind: tcp or udp."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    stream = kind == "tcp"
    with socket.socket(
            family,
            socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as probe:
        if stream:  # as servers do: old connections' ports are free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is in use" + _used_by(kind, port)
            return f"cannot be used: {error.strerror}"
    return None


def _sockets(kind, port):
    """The inodes of sockets that listen (tcp) or are bound (udp) there."""
    inodes = set()
    for table in (kind, kind + "6"):
        try:
            with open(f"/proc/net/{table}", encoding="ascii") as lines:
                next(lines)
                for line in lines:
                    fields = line.split()
                    listens = kind == "udp" or fields[3] == "0A"
                    if listens and int(fields[1].split(":")[1], 16) == port:
                        inodes.add(fields[9])
        except OSError:
            continue  # no IPv6 here
    return inodes


def listens(port):
    """Whether anybody takes TCP connections on `port`, without a try."""
    return bool(_sockets("tcp", port))


def _used_by(kind, port):
    """" by NAME (pid N)" for whom holds the port, or "" if we may not know."""
    links = {f"socket:[{inode}]" for inode in _sockets(kind, port)}
    for descriptor in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(descriptor) not in links:
                continue
            pid = descriptor.split("/")[2]
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                return f" by {comm.read().strip()} (pid {pid})"
        except OSError:
            continue  # it ended, or belongs to somebody else
    return ""


def own_addresses():
    """The non-loopback IPv4 addresses of this machine's interfaces."""
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
            except OSError:
                continue  # has no IPv4 address
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                addresses.append(address)
    return addresses


def is_own(address):
    """Whether an interface of this machine has `address`."""
    return can_bind("tcp", address, 0) is None
