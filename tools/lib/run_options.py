# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tools/run, checked and completed."""

import argparse
import ipaddress

import ports

LOOPBACK = "127.0.0.1"


def port_number(text):
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError
    return port


port_number.__name__ = "port (1 to 65535)"


def ip_address(text):
    return str(ipaddress.ip_address(text))


ip_address.__name__ = "IP address"


def parse_options(argv):
    parser = argparse.ArgumentParser(prog="tools/run", allow_abbrev=False,
                                     add_help=False)
    parser.add_argument("--state", required=True)
    parser.add_argument("--build-dir", required=True)
    parser.add_argument("--page-dir", required=True)
    parser.add_argument("--port-base", type=port_number)
    parser.add_argument("--http-port", type=port_number)
    parser.add_argument("--admin-port", type=port_number)
    parser.add_argument("--media-port", type=port_number)
    parser.add_argument("--prosody-port-base", type=port_number)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--host", type=ip_address)
    parser.add_argument("--room", default="lobby")
    parser.add_argument("server_flags", nargs="*")
    options = parser.parse_args(argv)
    if not 1 <= options.workers <= 64:
        parser.error("--workers takes 1 to 64")
    base = options.port_base
    options.http_port = options.http_port or base or 8080
    options.admin_port = options.admin_port or (base + 1 if base else 8081)
    options.media_port = options.media_port or (base + 10 if base else 10000)
    prosody = options.prosody_port_base or (base + 2 if base else None)
    (options.c2s_port, options.component_port, options.prosody_http_port) = (
        (prosody, prosody + 1, prosody + 2) if prosody
        else (5222, 5347, 5280))
    if max(options.media_port + options.workers - 1, options.admin_port,
           options.prosody_http_port) > 65535:
        parser.error("the ports go beyond 65535")
    return options


def choose_addresses(options):
    """Where the page listens, where media listens, what media advertises."""
    host = options.host
    if host is None:
        return LOOPBACK, "0.0.0.0", ports.own_addresses() + [LOOPBACK]
    if ipaddress.ip_address(host).is_loopback:
        return host, host, [host]
    everywhere = "::" if ":" in host else "0.0.0.0"
    return host if ports.is_own(host) else everywhere, everywhere, [host]
